"""`portal import staff`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from portal.foundation.access import Permission
from portal.foundation.command_line import access, in_application
from portal.portfolio.commands import FILE, file_options, import_group, import_now
from portal.vendors.staff_files import import_staff, organisation_named, receive_staff, try_staff

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal.foundation.access import Actor
    from portal.portfolio.importing import Options
    from portal.portfolio.models import ImportRun

__all__ = ["import_of_organisation", "staff"]


@import_group.command("staff")
@click.argument("file", type=FILE)
@click.option("--organisation", metavar="CODE", help="Whose staff it lists; a leader's own if left out.")
@file_options
@access(Permission.REGISTER_KEEP)
@in_application
def staff(file: Path, organisation: str | None, **given: Any) -> None:
    """Enter an agency's or law firm's staff from FILE (CSV or XLSX): people, trainings, tests, certificates."""
    import_of_organisation(
        file, Permission.REGISTER_KEEP, organisation, receive_staff, import_staff, try_staff, given
    )  # fmt: skip


def import_of_organisation(
    file: Path,
    permission: Permission,
    organisation: str | None,
    receive: Callable[..., ImportRun],
    apply: Callable[[Actor, int], dict[str, Any]],
    attempt: Callable[..., dict[str, Any]],
    given: dict[str, Any],
) -> dict[str, Any]:
    """`import_now` for a kind of file that is of one agency or law firm: that of this code, the actor's own for None."""

    def of_it(deed: Callable[..., Any]) -> Callable[..., Any]:
        def done(actor: Actor, content: IO[bytes], name: str, options: Options, **more: Any) -> Any:
            found = organisation_named(actor, organisation)
            return deed(actor, content, name, replace(options, organisation_id=found), **more)

        return done

    return import_now(file, permission, of_it(receive), apply, of_it(attempt), given)
