"""`portal import dispatch`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from portal.foundation.access import Permission
from portal.foundation.command_line import access, in_application
from portal.legal.dispatch.files import import_dispatch, receive_dispatch, try_dispatch
from portal.portfolio.commands import FILE, file_options
from portal.recovery.commands import import_group
from portal.vendors.commands import import_of_organisation

__all__ = ["dispatch", "import_group"]


@import_group.command("dispatch")
@click.argument("file", type=FILE)
@click.option(
    "--organisation", metavar="CODE", help="Whose letters; those of the firm's person who imports if left out."
)
@file_options
@access(Permission.PACKS_DISPATCH)
@in_application
def dispatch(file: Path, organisation: str | None, **given: Any) -> None:
    """Note from FILE (CSV or XLSX) when a law firm's letters were sent, and what came of them."""
    import_of_organisation(
        file, Permission.PACKS_DISPATCH, organisation, receive_dispatch, import_dispatch, try_dispatch, given
    )  # fmt: skip
