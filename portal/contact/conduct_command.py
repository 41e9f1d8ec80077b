"""`portal conduct check`: what the rules of a pack answer to cases of a file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, NoReturn

import click

from portal.contact.cases import CaseError, answer
from portal.contact.packs import pack_named, pack_names
from portal.foundation.declaring import PUBLIC, REFUSED, access

__all__ = ["conduct_group"]

FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


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
        click.echo(json.dumps(found, ensure_ascii=False, separators=(",", ":")))
    if refused:
        sys.exit(REFUSED)


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
