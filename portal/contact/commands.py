"""`portal import attempts`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from portal.contact.log.files import import_attempts, receive_attempts, try_attempts
from portal.foundation.access import Permission
from portal.foundation.command_line import access, in_application
from portal.foundation.language import Message, say_count, translate
from portal.portfolio.commands import FILE, file_options, import_group
from portal.vendors.commands import import_of_organisation

__all__ = ["attempts"]


@import_group.command("attempts")
@click.argument("file", type=FILE)
@click.option(
    "--organisation", metavar="CODE", help="Whose log it is; that of the agency's person who imports if left out."
)
@file_options
@access(Permission.ATTEMPTS_IMPORT)
@in_application
def attempts(file: Path, organisation: str | None, **given: Any) -> None:
    """Log an agency's contact attempts from FILE (CSV or XLSX), judged as of the time of each."""
    summary = import_of_organisation(
        file, Permission.ATTEMPTS_IMPORT, organisation, receive_attempts, import_attempts, try_attempts, given
    )
    if summary.get("breach"):
        click.echo(translate(_breaches(summary["breach"])), err=True)


def _breaches(count: int) -> Message:
    return say_count(
        "%(n)s contact was against the conduct rules. It is kept and named a breach.",
        "%(n)s contacts were against the conduct rules. They are kept and named breaches.",
        count,
    )
