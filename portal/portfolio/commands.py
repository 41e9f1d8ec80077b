"""`portal import accounts`, and the way that every kind of file is imported from the command line."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portal.foundation.access import Permission
from portal.foundation.command_line import REFUSED, access, in_application
from portal.foundation.errors import DomainError
from portal.foundation.language import translate
from portal.foundation.services import services
from portal.foundation.visibility import visible
from portal.foundation.work import reading
from portal.identity.people import command_actor
from portal.portfolio.importing import ImportRefused, Options
from portal.portfolio.intake import Summary
from portal.portfolio.models import ImportRun
from portal.portfolio.operations import import_accounts, receive_accounts, try_accounts

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal.foundation.access import Actor

__all__ = ["accounts", "file_options", "import_group", "import_now"]

FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.group("import")
def import_group() -> None:
    """Import a file; prints a JSON summary. Exit 0: applied or imported before; 3: refused."""


def file_options(command: Any) -> Any:
    """The options that every kind of file takes."""
    options: list[Callable[[Any], Any]] = [
        click.option("--as", "user_name", metavar="USER", help="Who imports; the first administrator if left out."),
        click.option("--control-total", metavar="AMOUNT", help="Sum of the file's amounts; a difference refuses it."),
        click.option("--control-count", type=int, help="Rows of the file; a difference refuses it."),
        click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing."),
        click.option("--encoding", help="Encoding of a text file that is neither UTF-8 nor GB18030."),
        click.option("--sheet", help="Sheet of a workbook; the first one if left out."),
        click.option(
            "--mapping", metavar="NAME[@VERSION]_OR_FILE", help="Mapping profile; the standard layout if left out."
        ),
        click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The date that the file speaks of."),
    ]
    for option in options:
        command = option(command)
    return command


@import_group.command("accounts")
@click.argument("file", type=FILE)
@file_options
@access(Permission.ACCOUNTS_IMPORT)
@in_application
def accounts(file: Path, **given: Any) -> None:
    """Import overdue accounts from FILE (CSV or XLSX)."""
    import_now(file, Permission.ACCOUNTS_IMPORT, receive_accounts, import_accounts, try_accounts, given)


def import_now(
    file: Path,
    permission: Permission,
    receive: Callable[..., ImportRun],
    apply: Callable[[Actor, int], dict[str, Any]],
    attempt: Callable[..., dict[str, Any]],
    given: dict[str, Any],
) -> dict[str, Any]:
    """Receive and apply a file in this process, and print its summary, whatever becomes of it. The summary of a file that
    was taken; a refusal ends the command."""
    actor = command_actor(given.pop("user_name"), permission)
    dry_run = given.pop("dry_run")
    options = Options(**given | {"as_of": _day(given["as_of"])})
    run_id: int | None = None
    try:
        with file.open("rb") as content:
            if dry_run:
                summary = attempt(actor, content, file.name, options)
            else:
                run_id = receive(actor, content, file.name, options, as_job=False).id
                summary = apply(actor, run_id)
    except DomainError as error:
        _tell(actor, run_id, file, error.summary if isinstance(error, ImportRefused) else Summary().as_dict("refused"))
        click.echo(translate(error.message), err=True)
        click.get_current_context().exit(REFUSED)
    _tell(actor, run_id, file, summary)
    return summary


def _day(given: datetime | None) -> date | None:
    return given.date() if given else None


def _tell(actor: Actor, run_id: int | None, file: Path, summary: dict[str, Any]) -> None:
    """The summary as JSON; the rejected rows are written beside the file, or into the portal's home if that is closed."""
    run = _run(actor, run_id)
    if run is not None and run.rejects_digest and summary["rejected"]:
        form = str(summary["rejects_file"]).rpartition(".")[2]
        summary = summary | {"rejects_file": str(_write_rejects(run.rejects_digest, file, form))}
    click.echo(json.dumps(summary, ensure_ascii=False))


def _run(actor: Actor, run_id: int | None) -> ImportRun | None:
    if run_id is None:
        return None
    with reading(actor) as session:
        return session.scalar(visible(ImportRun, actor).where(ImportRun.id == run_id))


def _write_rejects(digest: str, file: Path, form: str) -> Path:
    target = file.with_name(f"{file.stem}.rejects.{form}")
    for place in (target, services().settings.home / target.name):
        try:
            with place.open("wb") as stream:
                for piece in services().storage.chunks(digest):
                    stream.write(piece)
        except OSError:
            continue
        return place
    raise click.ClickException(f"The rejected rows cannot be written to {target}.")
