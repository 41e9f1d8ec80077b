"""What the application was set up with, for code that knows no request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import current_app

if TYPE_CHECKING:
    from portal.config import Settings
    from portal.foundation.clock import Clock
    from portal.foundation.storage import Storage
    from portal.foundation.vault import Vault

__all__ = ["Services", "services"]


@dataclass
class Services:
    """One of each per application; tests build their own."""

    settings: Settings
    clock: Clock
    storage: Storage
    vault: Vault


def services() -> Services:
    """The current application's services."""
    found: Services = current_app.extensions["portal"]
    return found
