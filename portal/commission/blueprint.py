"""The blueprint of the room: its pages stand in several files."""

from flask import Blueprint

__all__ = ["blueprint"]

blueprint = Blueprint("commission", __name__)
