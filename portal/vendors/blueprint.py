"""The room's blueprint, on which its pages register."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("vendors", __name__)
