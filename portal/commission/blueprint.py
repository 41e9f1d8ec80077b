"""The blueprint that the room's pages register on."""

from __future__ import annotations

from flask import Blueprint

__all__ = ["blueprint"]

blueprint = Blueprint("commission", __name__)
