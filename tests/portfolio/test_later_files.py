"""A later file of the same accounts: what it refreshes, closes and opens again, and that it says so."""

from __future__ import annotations

import io
from datetime import date, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from portal.foundation.clock import FrozenClock
from portal.foundation.services import services
from portal.portfolio.changes import Changes, Report, moves_of
from portal.portfolio.importing import Options
from portal.portfolio.models import Account, AccountStatus, ContactPoint, Hold
from portal.portfolio.operations import release_hold, try_accounts
from portal.portfolio.standin import write_accounts
from tests.portfolio.bringing import bring_accounts, last_run, sender
from tests.portfolio.intake.files import TODAY, accounts_file

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session

with_app = pytest.mark.usefixtures("app")
pytestmark = [pytest.mark.settings(today=TODAY)]


def report() -> Report:
    found = Report.of(last_run().changes)
    assert found is not None
    return found


def counts(**expected: int) -> dict[str, int]:
    names = ("created", "refreshed", "closed", "reopened", "up", "down", "older", "contact_points", "holds")
    return dict.fromkeys(names, 0) | expected


@with_app
def test_a_first_file_says_what_it_brought() -> None:
    bring_accounts(accounts_file({}, {"days_past_due": "95", "flags": "dispute"}))

    found = report()
    assert found.counts == counts(created=2, holds=1)
    assert {where: (move.count, move.minor) for where, move in found.moves.items()} == {
        ("CNY", "new", "M2"): (1, 100_000), ("CNY", "new", "M4"): (1, 100_000),
    }  # fmt: skip
    assert found.balances == {}


@with_app
def test_a_later_file_says_what_moved_closed_rose_and_fell(db_session: Session) -> None:
    earlier = {"balance_as_of": "2026-10-31"}
    bring_accounts(accounts_file(*(earlier | {"days_past_due": d} for d in ("45", "45", "45", "95", "45", "0"))))
    bring_accounts(
        accounts_file(
            {"days_past_due": "75", "principal": "1100"},  # up, rose
            {"principal": "0", "days_past_due": "0"},  # paid
            {},  # refreshed, the same bucket
            {"days_past_due": "20", "principal": "400", "phone_2": "13900139000"},  # down, fell; a new number
            {"balance_as_of": "2026-10-01"},  # older than what is known
            {"days_past_due": "31", "flags": "hardship"},  # overdue again
            {"days_past_due": "5", "currency": "JPY", "principal": "9"},  # new, another currency
        )
    )

    found = report()
    assert found.counts == counts(
        created=1, refreshed=5, closed=1, reopened=1, up=1, down=1, older=1, contact_points=1, holds=1
    )
    assert found.balances == {"CNY": {"up": (1, 10_000), "down": (2, 160_000)}}
    assert found.moves["CNY", "M2", "closed"].minor == 100_000  # what was owed
    assert found.moves["CNY", "closed", "M2"].count == found.moves["CNY", "M2", "M2"].count == 1
    assert (found.rows("CNY"), found.columns("CNY")) == (["M2", "M4", "closed"], ["M1", "M2", "M3", "closed"])
    assert (found.rows("JPY"), found.columns("JPY")) == (["new"], ["M1"])
    states = dict(db_session.execute(sa.select(Account.account_ref, Account.status)).tuples().all())
    assert (states["A-2"], states["A-6"]) == (AccountStatus.CLOSED, AccountStatus.OPEN)


@with_app
def test_every_contact_point_knows_the_file_that_brought_it(db_session: Session) -> None:
    bring_accounts(accounts_file({"balance_as_of": "2026-10-31"}))
    first = last_run().id
    bring_accounts(accounts_file({"phone_2": "13900139000", "email": "a@example.com"}))
    second = last_run().id

    brought = db_session.execute(sa.select(ContactPoint.position, ContactPoint.import_run_id).order_by(ContactPoint.id))
    assert dict(brought.tuples().all()) == {1: first, 2: second, 8: second}
    assert report().counts["contact_points"] == 2


@with_app
def test_a_trial_says_what_would_change_and_the_run_then_says_the_same() -> None:
    bring_accounts(accounts_file({"balance_as_of": "2026-10-31"}))
    later = accounts_file({"days_past_due": "75"}, {})
    summary = try_accounts(sender(), io.BytesIO(later), "later.csv", Options())

    assert "changes" not in summary  # its keys are those of files.md
    assert bring_accounts(later)["updated"] == 1
    assert report().counts == counts(created=1, refreshed=1, up=1)


@with_app
def test_an_older_file_does_not_raise_again_what_was_released_since(db_session: Session) -> None:
    day = timedelta(days=1)
    services().clock = FrozenClock(at=services().clock.now() - 10 * day)
    bring_accounts(accounts_file({"balance_as_of": "2026-11-10", "flags": "dispute"}))
    services().clock = FrozenClock(at=services().clock.now() + 5 * day)
    release_hold(sender(), db_session.scalars(sa.select(Hold.id)).one(), "settled")
    services().clock = FrozenClock(at=services().clock.now() + 5 * day)

    bring_accounts(accounts_file({"balance_as_of": "2026-11-01", "flags": "dispute;deceased"}))

    standing = db_session.scalars(sa.select(Hold.flag).where(Hold.released_at.is_(None))).all()
    assert [flag.value for flag in standing] == ["deceased"]  # news all the same, and rather one hold too many
    assert report().counts == counts(older=1, holds=1)


@with_app
@pytest.mark.settings(today=date(2005, 10, 1))
def test_three_months_of_a_book_add_up_month_by_month(tmp_path: Path, db_session: Session) -> None:
    ends = write_accounts(tmp_path / "book.csv", 400)
    open_before = 0
    for day in (date(2005, 6, 30), date(2005, 8, 31), date(2005, 9, 30)):
        summary = bring_accounts(tmp_path / "book.csv", mapping="uci-default", as_of=day)
        found = report()
        n = found.counts
        assert (n["created"], n["refreshed"]) == (summary["created"], summary["updated"])
        assert sum(move.count for move in found.moves.values()) == n["created"] + n["refreshed"]
        still_open = open_before + n["created"] + n["reopened"] - n["closed"]
        assert still_open == ends[day].with_balance
        owed = sum(move.minor for (_, _, to), move in found.moves.items() if to != "closed")
        assert owed == ends[day].total
        open_before = still_open


# --- the figures themselves ---------------------------------------------------------------------------------------------


def row(total: int, days: int) -> Any:
    return SimpleNamespace(currency="CNY", total=total, total_minor=total, days_past_due=days)


@given(
    st.lists(
        st.tuples(
            st.tuples(st.integers(0, 500), st.integers(0, 400)), st.tuples(st.integers(0, 500), st.integers(0, 400))
        )
    )
)
def test_the_matrix_has_every_account_once_and_its_way_is_counted_once(pairs: list[Any]) -> None:
    changes = Changes()
    for before, after in pairs:
        changes.refresh(row(*after), row(*before))
    found = Report.of(changes.as_data())
    assert found is not None
    n = found.counts

    assert sum(move.count for move in found.moves.values()) == n["refreshed"] == len(pairs)
    moved = sum(move.count for (_, was, to), move in found.moves.items() if was != to)
    assert n["closed"] + n["reopened"] + n["up"] + n["down"] == moved
    difference = sum(after[0] - before[0] for before, after in pairs)
    ways = found.balances.get("CNY", {"up": (0, 0), "down": (0, 0)})
    assert ways["up"][1] - ways["down"][1] == difference


def snapshot(day: int, days_past_due: int, total: int = 100) -> Any:
    return SimpleNamespace(as_of=date(2005, 6, day), days_past_due=days_past_due, total_minor=total)


def test_the_way_of_an_account_is_told_in_stays() -> None:
    seen = [snapshot(1, 5), snapshot(2, 6), snapshot(3, 35), snapshot(4, 0, 0), snapshot(5, 95), snapshot(5, 20)]

    assert [(stay.place, stay.since.day, stay.until.day, stay.way) for stay in moves_of(seen[::-1])] == [
        ("M1", 1, 2, ""), ("M2", 3, 3, "up"), ("closed", 4, 4, "down"), ("M1", 5, 5, "up"),
    ]  # fmt: skip
    assert moves_of([]) == []
