"""`portal conduct`: what the rules answer to cases of a file, and to what was decided before."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from portal.contact.rules.cases import CaseError, answer
from portal.contact.rules.packs import pack_named, pack_names
from portal.foundation.declaring import PUBLIC, REFUSED, access

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from portal.contact.rules.replaying import Again
    from portal.foundation.access import Actor

__all__ = ["conduct_group"]

FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
DAY = click.DateTime(["%Y-%m-%d"])


@click.group("conduct", help="The rules of conduct towards debtors.")
def conduct_group() -> None:
    """The commands of the conduct rules."""


@conduct_group.command("check")
@click.option("--pack", "name", required=True, type=click.Choice(pack_names()), help="Under the rules of this pack.")
@click.argument("cases", type=FILE)
@access(PUBLIC)
def check(name: str, cases: Path) -> None:
    """Answer the cases of CASES (JSON, docs/conduct.md), one JSON object a line, each for the rule that it names.

    Changes nothing. Exit 0; 3 where the file is no such file, or a case of it cannot be read: its line says why.
    """
    pack, refused = pack_named(name), False
    for case in _cases(cases):
        found: dict[str, Any] = {"id": case.get("id")}
        try:
            found |= answer(pack, case)
        except CaseError as error:
            found["error"], refused = str(error), True
        click.echo(_json(found))
    if refused:
        sys.exit(REFUSED)


@conduct_group.command("replay")
@click.option("--since", type=DAY, help="Contacts from this day on, in the bank's zone.")
@click.option("--pack", "name", help="With --version: decisions of this pack …")
@click.option("--version", help="… under this version of it, a draft too, to see what would change.")
@access(PUBLIC)
def replay_decisions(since: datetime | None, name: str | None, version: str | None) -> None:
    """Ask stored decisions again, each under the version that it was made under; they have to be equal.

    Prints a JSON object for each that differs and one with the sums. Exit 1 where one differs. With --pack and --version it
    counts what another version would decide otherwise, and exits 0; 3 where there is no such version. Changes nothing.
    """
    from portal.foundation.command_line import application

    if (name is None) != (version is None):
        raise click.UsageError("--pack and --version go together.")
    with application().app_context():
        found = _what_if(since, name, version) if name and version else _replay(since)
    if found:
        sys.exit(found)


@conduct_group.command("audit")
@click.option("--from", "first", type=DAY, required=True, help="From this day on, where the debtor is …")
@click.option("--to", "last", type=DAY, required=True, help="… to this day, both included.")
@access(PUBLIC)
def audit(first: datetime, last: datetime) -> None:
    """Sum up what the rules found against logged contacts: breaches (block) and presumptions, a JSON object for each month,
    organisation and rule. Entries that were put right count as they were put right."""
    from portal.contact.rules.finding_queries import sums_of
    from portal.foundation.command_line import application
    from portal.foundation.work import reading

    with application().app_context():
        actor = _portal()
        with reading(actor) as session:
            for one in sums_of(session, actor, first.date(), last.date()):
                told = {"month": f"{one.month:%Y-%m}", "organisation": one.organisation.code, "rule": one.rule}
                click.echo(_json({**told, "breaches": one.breaches, "presumptions": one.presumptions}))


def _portal() -> Actor:
    """The bank's portal itself: what is printed holds numbers and codes, and no person's data."""
    from portal.foundation.daily import portal_itself

    actor = portal_itself("cli")
    if actor is None:
        _refuse("There is no bank yet. Run “portal init” first.")
    return actor


def _since(day: datetime | None, actor: Actor) -> datetime | None:
    from zoneinfo import ZoneInfo

    return day.replace(tzinfo=ZoneInfo(actor.time_zone)) if day else None


def _replay(since: datetime | None) -> int:
    from portal.contact.rules.replaying import replay
    from portal.contact.rules.shelf import shelf_of
    from portal.foundation.work import reading

    actor = _portal()
    sums: Counter[str] = Counter(equal=0, differ=0, not_kept=0)
    with reading(actor) as session:
        for one in replay(session, actor, shelf_of(session, actor), _since(since, actor)):
            sums["not_kept" if one.decision is None else "differ" if one.differs else "equal"] += 1
            if one.differs:
                click.echo(_json({**_told(one), "differs": list(one.differs)}))
    click.echo(_json(dict(sums)))
    return 1 if sums["differ"] else 0


def _what_if(since: datetime | None, name: str, version: str) -> int:
    from portal.contact.rules.queries import pack_of, version_named
    from portal.contact.rules.replaying import what_if
    from portal.foundation.services import services
    from portal.foundation.work import reading

    actor = _portal()
    with reading(actor) as session:
        row = version_named(session, actor, name, version)
        if row is not None:
            pack = pack_of(session, actor, row, services().clock.today())
        elif name in pack_names() and pack_named(name).version == version:
            pack = pack_named(name)
        else:
            _refuse(f"There is no version {version} of a pack {name}.")
        _print_what_if(what_if(session, actor, pack, _since(since, actor)))
    return 0


def _print_what_if(found: Iterable[Again]) -> None:
    sums: Counter[str] = Counter(asked=0, changed=0, not_kept=0)
    changes: Counter[str] = Counter()
    for one in found:
        sums["asked"] += 1
        if one.decision is None:
            sums["not_kept"] += 1
        elif one.decision.verdict != one.stored:
            sums["changed"] += 1
            changes[f"{one.stored} -> {one.decision.verdict}"] += 1
            click.echo(_json(_told(one)))
    click.echo(_json({**sums, "changes": dict(sorted(changes.items()))}))


def _told(one: Again) -> dict[str, Any]:
    return {"attempt": one.attempt_id, "stored": one.stored, "now": one.decision.verdict if one.decision else None}


def _json(found: Any) -> str:
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def _cases(path: Path) -> list[dict[str, Any]]:
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        _refuse(f"{path.name} is no JSON in UTF-8: {error}")
    found = document.get("cases") if isinstance(document, dict) else None
    if not isinstance(found, list) or not all(isinstance(case, dict) for case in found):
        _refuse(f"{path.name} holds no list “cases”.")
    return found


def _refuse(said: str) -> NoReturn:
    click.echo(said, err=True)
    sys.exit(REFUSED)
