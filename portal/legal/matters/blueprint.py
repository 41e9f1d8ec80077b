"""The blueprint that the pages of matters register on."""

from __future__ import annotations

from flask import Blueprint

__all__ = ["blueprint"]

blueprint = Blueprint("matters", __name__)
