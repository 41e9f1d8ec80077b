"""`portal import payments`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from portal.contact import commands as _attempts  # noqa: F401  # adds its file to the group
from portal.foundation.access import Permission
from portal.foundation.command_line import access, in_application
from portal.placement import commands as _recalls  # noqa: F401  # adds its file to the group
from portal.portfolio.commands import FILE, file_options, import_group, import_now
from portal.recovery.operations import import_payments, receive_payments, try_payments
from portal.recovery.reported.files import import_reported, receive_reported, try_reported
from portal.vendors.commands import import_of_organisation

__all__ = ["import_group"]


@import_group.command("reported")
@click.argument("file", type=FILE)
@click.option(
    "--organisation", metavar="CODE", help="Whose file it is; that of the agency's person who imports if left out."
)
@file_options
@access(Permission.REPORTED_WRITE)
@in_application
def reported(file: Path, organisation: str | None, **given: Any) -> None:
    """Report payments of an agency from FILE (CSV or XLSX)."""
    import_of_organisation(
        file, Permission.REPORTED_WRITE, organisation, receive_reported, import_reported, try_reported, given
    )


@import_group.command("payments")
@click.argument("file", type=FILE)
@file_options
@access(Permission.PAYMENTS_IMPORT)
@in_application
def payments(file: Path, **given: Any) -> None:
    """Import the bank's payments from FILE (CSV or XLSX)."""
    import_now(file, Permission.PAYMENTS_IMPORT, receive_payments, import_payments, try_payments, given)
