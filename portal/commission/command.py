"""`portal commission`: what a plan answers to cases of a file, and statements reckoned again."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import click

from portal.commission.plan import PlanError, quote
from portal.foundation.access import Permission
from portal.foundation.command_line import in_application
from portal.foundation.declaring import PUBLIC, REFUSED, access
from portal.foundation.money import format_amount

__all__ = ["commission_group"]

FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.group("commission", help="What agencies earn.")
def commission_group() -> None:
    """The commands of commission."""


@commission_group.command("quote")
@click.argument("cases", type=FILE)
@access(PUBLIC)
def quote_cases(cases: Path) -> None:
    """Answer the cases of CASES (JSON, docs/commission.md), one JSON object a line.

    Changes nothing. A case that the notation refuses says so in its line, and the rest go on. Exit 3 where the file is no
    such file.
    """
    for case in _cases(cases):
        told: dict[str, Any] = {"id": case.get("id")}
        try:
            told |= quote(case)
        except PlanError as error:
            told["error"] = str(error)
        click.echo(json.dumps(told, ensure_ascii=False))


@commission_group.command("rerun")
@click.argument("numbers", nargs=-1)
@click.option("--period", help="All statements of a month, for example 2005-07.")
@click.option("--as", "user", required=True, metavar="USER", help="Who asks: somebody whose role sees statements.")
@access(Permission.STATEMENTS_VIEW)
@in_application
def rerun_statements(numbers: tuple[str, ...], period: str | None, user: str) -> None:
    """Reckon statements again under their own plan versions, one JSON object a line. Exit 1 where one is not equal to the cent."""
    from portal.commission.rerunning import rerun, statements_named
    from portal.identity.people import command_actor

    actor = command_actor(user, Permission.STATEMENTS_VIEW)
    unequal = False
    for statement_id in statements_named(actor, numbers, period):
        found = rerun(actor, statement_id)
        unequal = unequal or not found.is_equal
        currency = found.statement.currency
        click.echo(
            json.dumps(
                {
                    "statement": found.statement.number, "equal": found.is_equal, "lines": found.lines,
                    "issued": format_amount(found.issued, currency), "now": format_amount(found.now, currency),
                    "currency": currency,
                    "differences": [
                        {"line": each.position, "payment": each.payment_ref, "issued": each.issued, "now": each.now}
                        for each in found.differences
                    ],
                },
                ensure_ascii=False,
            )
        )  # fmt: skip
    if unequal:
        sys.exit(1)


def _cases(file: Path) -> list[dict[str, Any]]:
    """The cases of a file: a list, or a table with one. Numbers are read as they are written."""
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"), parse_float=Decimal)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        _refuse(f"{file.name}: no JSON in UTF-8 ({error})")
    cases = content.get("cases") if isinstance(content, dict) else content
    if not isinstance(cases, list) or not all(isinstance(case, dict) for case in cases):
        _refuse(f'{file.name}: no list of cases, and no table with one under "cases"')
    return cases


def _refuse(words: str) -> NoReturn:
    click.echo(words, err=True)
    sys.exit(REFUSED)
