"""The blueprint of compliance's pages about the conduct rules; their views register on it."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("conduct", __name__)
