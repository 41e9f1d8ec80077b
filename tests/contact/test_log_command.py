"""`portal import attempts`: what was against the rules is counted in the summary and said beside it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from portal.cli import main
from tests.contact.factories import NOON, Desk, Person, at_time, make_desk, make_person
from tests.contact.logs import a_log, kept, number_of, ref_of

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask


@pytest.fixture
def person(app: Flask) -> Person:
    at_time(NOON)
    return make_person()


@pytest.fixture
def desk(person: Person) -> Desk:
    return make_desk(person)


def brought(app: Flask, desk: Desk, file: Path, *options: str) -> tuple[dict[str, Any], str]:
    """The summary, and what was said beside it."""
    asked = ["import", "attempts", str(file), "--as", desk.user.user_name, *options]
    result = CliRunner().invoke(main, asked, obj=app)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout), result.stderr


def test_breaches_are_counted_and_said_in_a_trial_and_in_the_import(
    app: Flask, desk: Desk, person: Person, tmp_path: Path
) -> None:
    file, ref, number = tmp_path / "log.csv", ref_of(desk.account_id), number_of(person.mobile)
    times = ("07:00", "07:10", "10:00")
    rows = (f"L-{n},{ref},2005-07-01 {time},call,{number},self,no_answer" for n, time in enumerate(times))
    file.write_bytes(a_log(*rows))
    words = "2 contacts were against the conduct rules"

    summary, said = brought(app, desk, file, "--dry-run")
    assert (summary["status"], summary["breach"], kept()) == ("dry_run", 2, []) and words in said
    summary, said = brought(app, desk, file)
    assert (summary["created"], summary["breach"]) == (3, 2) and words in said
    again, said = brought(app, desk, file)
    assert (again["status"], again["breach"], said) == ("already_imported", 0, "")
