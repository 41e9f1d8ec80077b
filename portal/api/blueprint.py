"""The pages about the interface. Its operations stand on a blueprint of their own, under v1/."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("api", __name__)
