"""`portal import recalls`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from portal.foundation.access import Permission
from portal.foundation.command_line import access, in_application
from portal.placement.recall_files import import_recalls, receive_recalls, try_recalls
from portal.portfolio.commands import FILE, file_options, import_group, import_now

__all__ = ["recalls"]


@import_group.command("recalls")
@click.argument("file", type=FILE)
@file_options
@access(Permission.PLACEMENTS_PROPOSE)
@in_application
def recalls(file: Path, **given: Any) -> None:
    """Ask for the recall of the accounts in FILE (CSV or XLSX); name a vendor manager with --as."""
    import_now(file, Permission.PLACEMENTS_PROPOSE, receive_recalls, import_recalls, try_recalls, given)
