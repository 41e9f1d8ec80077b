"""The portal in which a bank places overdue card accounts with agencies and law firms.

Importing this package loads no Flask, so that pure rules can be used without it; `create_app` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from portal.config import Settings
    from portal.foundation.clock import Clock

__all__ = ["create_app"]


def create_app(settings: Settings | None = None, clock: Clock | None = None) -> Flask:
    """Build the application from its settings (the environment's, if none are given).

    Raises ConfigurationError for settings that must not run, and RuntimeError where a view names no permission or a
    table no visibility: the application refuses to start rather than leave a door open.
    """
    from portal.application import build

    return build(settings, clock)
