"""`portal import attempts`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from portal.contact.log.files import import_attempts, receive_attempts, try_attempts
from portal.foundation.access import Permission
from portal.foundation.command_line import access, in_application
from portal.portfolio.commands import FILE, file_options, import_group, import_now
from portal.vendors.staff_files import organisation_named

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal.foundation.access import Actor
    from portal.portfolio.importing import Options

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

    def of_it(deed: Callable[..., Any]) -> Callable[..., Any]:
        def done(actor: Actor, content: IO[bytes], name: str, options: Options, **more: Any) -> Any:
            found = organisation_named(actor, organisation)
            return deed(actor, content, name, replace(options, organisation_id=found), **more)

        return done

    import_now(file, Permission.ATTEMPTS_IMPORT, of_it(receive_attempts), import_attempts, of_it(try_attempts), given)
