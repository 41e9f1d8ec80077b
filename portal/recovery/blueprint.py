"""The pages of this room, which register here from several files."""

from __future__ import annotations

from flask import Blueprint

__all__ = ["blueprint"]

blueprint = Blueprint("recovery", __name__)
