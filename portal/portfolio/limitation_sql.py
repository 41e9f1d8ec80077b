"""The limitation of many accounts at once, in SQL. What it means is said in `limitation.py`; a test holds them equal.

No database reckons with years here: for a business date Python says on which day the oldest claim that still stands began,
and the database compares days. So it is the same on both, and an index can answer it. What restarted a claim stands in
`limitation_clock`, one row an account by its key, which is asked only of claims that are over by the bank's file.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from portal.portfolio.limitation import LAWS, MOST_DAYS, SOON_DAYS, Law, first_running
from portal.portfolio.models import Account, LimitationClock

if TYPE_CHECKING:
    from sqlalchemy.sql.compiler import SQLCompiler

__all__ = ["expired", "expires_soon", "unknown"]


def expired(today: date) -> sa.ColumnElement[bool]:
    """Accounts whose limitation has expired by that day."""
    return sa.or_(*(sa.and_(_under(law), _begun_before(law, today)) for law in LAWS))


def expires_soon(today: date) -> sa.ColumnElement[bool]:
    """Accounts whose limitation ends within `SOON_DAYS` of that day and has not expired."""
    return sa.and_(expired(today + timedelta(days=SOON_DAYS)), sa.not_(expired(today)))


def unknown() -> sa.ColumnElement[bool]:
    """Accounts of regions whose law nobody has told the portal."""
    return sa.not_(sa.or_(*(_under(law) for law in LAWS)))


def _under(law: Law) -> sa.ColumnElement[bool]:
    return sa.and_(_within(law.region), *(sa.not_(_within(part)) for part in law.besides))


def _within(area: str) -> sa.ColumnElement[bool]:
    # a slice rather than LIKE, which on SQLite takes cn-gd for CN-GD
    return sa.or_(Account.region == area, sa.func.substr(Account.region, 1, len(area) + 1) == f"{area}-")


def _begun_before(law: Law, today: date) -> sa.ColumnElement[bool]:
    """The due date is before the first day that may still run, and so are the last payment and the last day that began it
    anew; or the outer limit is past."""
    due = sa.func.coalesce(Account.due_date, _DaysBefore(Account.balance_as_of, Account.days_past_due), type_=sa.Date())
    first = sa.literal(first_running(today, law.years), sa.Date())
    later = sa.exists().where(
        LimitationClock.account_id == Account.id,
        sa.or_(LimitationClock.paid_on >= first, LimitationClock.restarted_on >= first),
    )
    unpaid = sa.or_(Account.last_paid_on.is_(None), Account.last_paid_on < first)
    ended = sa.and_(due < first, unpaid, ~later)
    if law.outer_years is None:
        return ended
    return sa.or_(ended, due < sa.literal(first_running(today, law.outer_years), sa.Date()))


class _DaysBefore(FunctionElement[date]):
    """A day, so many days back."""

    type = sa.Date()
    inherit_cache = True
    name = "days_before"


@compiles(_DaysBefore, "postgresql")
def _on_postgresql(element: _DaysBefore, compiler: SQLCompiler, **given: Any) -> str:
    day, days = (compiler.process(clause, **given) for clause in element.clauses)
    return f"({day} - CAST(LEAST({days}, {MOST_DAYS}) AS INTEGER))"


@compiles(_DaysBefore, "sqlite")
def _on_sqlite(element: _DaysBefore, compiler: SQLCompiler, **given: Any) -> str:
    day, days = (compiler.process(clause, **given) for clause in element.clauses)
    return f"date({day}, '-' || min({days}, {MOST_DAYS}) || ' days')"
