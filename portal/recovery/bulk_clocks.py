"""Days of payment on the clocks of limitation: a part payment begins a claim's limitation anew, until it is taken back.

The statements here go past the net under ORM statements: they read and write rows of one file of payments, for the bank.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.contact.limits.models import LimitationRestart
from portal.foundation.bulk import among, in_chunks, insert_for
from portal.foundation.visibility import actor_of
from portal.portfolio.models import LimitationClock
from portal.recovery.decisions import not_superseded
from portal.recovery.models import Attribution, Decision, Payment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.orm import Session

__all__ = ["note_payments"]

AT_ONCE = 5_000  # accounts
POSTED = sa.func.coalesce(
    Payment.posted_on, Payment.paid_on
)  # where the file does not say, it was posted on its value date


def note_payments(session: Session, run_id: int) -> Sequence[int]:
    """Put the last value dates and days of posting of a file's payments on the clocks of their accounts; where a payment was ever taken back,
    that of the last one that still stands. The accounts on which something else begins the limitation anew as well, and
    counts or not by what was paid before."""
    actor_of(session)
    _put_latest(session, run_id)
    restarted: list[int] = []
    for some in in_chunks(_accounts_of_file(session, run_id), AT_ONCE):
        _put_standing(session, _which(session, some, Payment.account_id, Payment.reverses_ref.is_not(None)))
        restarted += _which(session, some, LimitationRestart.account_id, sa.true())
    return restarted


def _accounts_of_file(session: Session, run_id: int) -> Iterable[int]:
    """Named one by one in what follows: of a file that has just come in the planner knows nothing, and joined the whole of
    the payments to itself, row by row. Some at a time, so that memory does not grow with the file."""
    wanted = sa.select(Payment.account_id).where(Payment.import_run_id == run_id).distinct()
    return session.scalars(wanted.execution_options(yield_per=AT_ONCE))


def _which(session: Session, accounts: list[int], column: Any, condition: sa.ColumnElement[bool]) -> list[int]:
    """Of these accounts those that a table has with a condition."""
    return list(session.scalars(sa.select(column).where(among(session, column, accounts), condition).distinct()))


def _put_standing(session: Session, accounts: list[int]) -> None:
    if accounts:
        statement = sa.update(LimitationClock).where(among(session, LimitationClock.account_id, accounts))
        days = {"paid_on": _standing(Payment.paid_on), "posted_on": _standing(POSTED)}
        session.execute(statement.values(**days), execution_options={"synchronize_session": False})


def _put_latest(session: Session, run_id: int) -> None:
    paid = (
        sa.select(Payment.account_id, sa.func.max(Payment.paid_on), sa.func.max(POSTED))
        .where(Payment.import_run_id == run_id, Payment.reverses_ref.is_(None))
        .group_by(Payment.account_id)
    )
    clock: Any = LimitationClock.__table__
    statement = insert_for(session)(clock).from_select(["account_id", "paid_on", "posted_on"], paid)
    later = {}
    for name in ("paid_on", "posted_on"):
        new = statement.excluded[name]
        later[name] = sa.case((clock.c[name] > new, clock.c[name]), else_=new)
    session.connection().execute(statement.on_conflict_do_update(index_elements=["account_id"], set_=later))


def _standing(day: Any) -> sa.ScalarSelect[Any]:
    """The last such day of an account's payments that were not taken back whole."""
    first, back = aliased(Attribution), aliased(Attribution)
    taken = (
        sa.select(sa.func.coalesce(sa.func.sum(back.amount_minor), 0))
        .join(first, back.reverses_id == first.id)
        .where(first.payment_id == Payment.id, back.decision != Decision.CANNOT_REVERSE)
        .where(not_superseded(back.id))
        .correlate(Payment)
        .scalar_subquery()
    )
    return (
        sa.select(sa.func.max(day))
        .where(Payment.account_id == LimitationClock.account_id, Payment.reverses_ref.is_(None))
        .where(Payment.amount_minor + taken > 0)
        .correlate(LimitationClock)
        .scalar_subquery()
    )
