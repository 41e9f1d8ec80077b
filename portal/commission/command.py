"""`portal commission`: what a plan answers to cases of a file."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import click

from portal.commission.plan import PlanError, quote
from portal.foundation.declaring import PUBLIC, REFUSED, access

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
