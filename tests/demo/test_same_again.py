"""The demo is the same bank each time it is built at the same date."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.running import running

# What the bank's business is; keys, nonces and codes are drawn anew each time.
BUSINESS = (
    "SELECT account_ref, total_minor, days_past_due, bucket, status FROM account ORDER BY account_ref",
    "SELECT customer_ref, name_masked FROM customer ORDER BY customer_ref",
    "SELECT account_id, organisation_id, placed_on, ended_on, end_reason FROM placement ORDER BY id",
    "SELECT account_id, at, channel, outcome, verdict FROM contact_attempt ORDER BY id",
    "SELECT account_id, amount_minor, promised_on, state FROM promise ORDER BY id",
    "SELECT payment_ref, organisation_id, decision, credit_minor FROM attribution ORDER BY id",
    "SELECT number, recovered_minor, total_minor, line_count FROM statement ORDER BY id",
    "SELECT statement_id, state, by_name FROM statement_event ORDER BY id",
    "SELECT account_ref, letter_no, in_sample, flagged FROM letter ORDER BY id",
)


def demo(home: Path) -> list[list[Any]]:
    with running(home, {"PORTAL_TODAY": "2005-07-01"}) as portal:
        portal.command("demo", "--accounts", "200")
    with closing(sqlite3.connect(home / "portal.sqlite3")) as database:
        return [database.execute(question).fetchall() for question in BUSINESS]


@pytest.mark.load
def test_two_demos_at_one_date_hold_the_same_business(tmp_path: Path) -> None:
    first, second = demo(tmp_path / "first"), demo(tmp_path / "second")

    assert all(first)
    assert first == second
