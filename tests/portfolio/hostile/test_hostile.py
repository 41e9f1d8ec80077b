"""Files that a bank could really send, each through the whole import, beside what reference/files.md says of it.

`expected.json` holds the summaries: figures that are left out are nothing (`rejected` 0, no errors). `refused` is the
code of a file that is not taken as a whole.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from portal.foundation.errors import DomainError
from portal.portfolio.importing import ImportRefused
from portal.portfolio.models import Account, Customer, PersonIndex
from tests.portfolio.bringing import bring_accounts
from tests.portfolio.hostile.books import BOOKS
from tests.portfolio.hostile.texts import TEXTS
from tests.portfolio.intake.files import TODAY, accounts_file

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

EXPECTED: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("expected.json").read_text("utf-8"))
FILES = TEXTS | BOOKS
NOTHING = {"rejected": 0, "errors": {}, "warnings": {}, "skips": {}, "unknown_columns": []}

pytestmark = pytest.mark.settings(today=TODAY)


def _outcome(content: bytes, **options: Any) -> dict[str, Any]:
    """The summary, with `refused` where the file was not taken."""
    try:
        return bring_accounts(content, **options)
    except ImportRefused as refusal:
        return refusal.summary | {"refused": refusal.code}
    except DomainError as refusal:
        return {"status": "refused", "refused": refusal.code}


def test_each_file_has_its_expectation() -> None:
    assert FILES.keys() == EXPECTED.keys()


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_hostile_file_is_taken_or_refused_as_the_reference_says(name: str, app: Flask, db_session: Session) -> None:
    expected = dict(EXPECTED[name])
    due = expected.pop("due", None)

    found = _outcome(FILES[name]())

    if "refused" in expected:
        assert {key: found.get(key) for key in expected} == expected
        assert found["status"] == "refused"
        assert not db_session.scalar(sa.select(sa.func.count()).select_from(Account))
        assert not db_session.scalar(sa.select(sa.func.count()).select_from(PersonIndex))
        return
    wanted = NOTHING | {"status": "applied"} | expected
    assert {key: found[key] for key in wanted} == wanted
    assert found["rows"] == found["created"] + found["rejected"]
    assert db_session.scalar(sa.select(sa.func.count()).select_from(Account)) == wanted["created"]
    if due is not None:
        assert [day.isoformat() for day in db_session.scalars(sa.select(Account.due_date).order_by(Account.id))] == due


def test_big5_whose_name_is_given_comes_in(app: Flask) -> None:
    assert _outcome(FILES["big5"](), encoding="big5")["created"] == 3


def test_control_figures_are_compared_with_all_rows_of_the_file(app: Flask) -> None:
    two = accounts_file({}, {"name": ""})

    assert _outcome(two, control_count=1)["refused"] == "intake.control_count"
    assert _outcome(two, control_total="1000.00")["refused"] == "intake.control_total"
    assert _outcome(two, control_count=2, control_total="2,000.00")["created"] == 1


def test_a_known_account_does_not_change_its_currency(app: Flask, db_session: Session) -> None:
    bring_accounts(accounts_file({}))

    found = _outcome(accounts_file({"currency": "USD"}, {}))

    assert (found["created"], found["rejected"], found["errors"]) == (1, 1, {"currency": 1})
    assert db_session.scalar(sa.select(Account.currency).where(Account.account_ref == "A-1")) == "CNY"


def test_the_first_name_of_a_customer_stands_and_the_second_finds_the_person_too(
    app: Flask, db_session: Session
) -> None:
    bring_accounts(FILES["one_customer_two_names"]())

    assert db_session.scalars(sa.select(Customer.name_masked)).all() == ["王**"]
    assert db_session.scalar(sa.select(sa.func.count()).where(PersonIndex.kind == "name")) == 2
