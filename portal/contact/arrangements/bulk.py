"""Arrangements as sets: which of them payments or days have moved, and those whose placement ends.

One of the modules that may pass the net under ORM statements; but for `withdraw_ending`, called as the bank.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.contact.arrangements.models import HOLD_REASON, LIVE, Arrangement, ArrangementState
from portal.contact.arrangements.rules import Paid
from portal.portfolio.models import Account, AccountStatus, Hold, HoldFlag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

__all__ = ["MENDED_WITHIN_DAYS", "booked", "due_to_judge", "lapsed", "moved", "payments_for", "withdraw_ending"]

MENDED_WITHIN_DAYS = 90  # one that was broken may still turn out kept, when its payment is posted late


def moved(session: Session, lines: sa.Select[Any], today: date) -> list[int]:
    """Arrangements that have to be judged anew: more or less was paid than when they were last, or their day has come.

    `lines`: see `hooks.payment_lines`. One that was broken counts as long as nothing else was arranged since.
    """
    brought = lines.subquery()
    paid = (
        sa.select(sa.func.coalesce(sa.func.sum(brought.c.amount_minor), 0))
        .where(brought.c.account_id == Arrangement.account_id, brought.c.currency == Arrangement.currency)
        .where(brought.c.paid_on >= Arrangement.agreed_on, brought.c.paid_on <= today)
        .correlate(Arrangement)
        .scalar_subquery()
    )
    later = aliased(Arrangement)
    alone = ~sa.exists().where(later.account_id == Arrangement.account_id, later.id > Arrangement.id)
    recent = sa.and_(
        Arrangement.state == ArrangementState.BREACHED,
        Arrangement.ended_on >= today - timedelta(days=MENDED_WITHIN_DAYS),
        alone,
    )
    late = sa.and_(Arrangement.state == ArrangementState.AGREED, Arrangement.judge_on <= today)
    in_force = Arrangement.state == ArrangementState.AGREED
    changed = sa.and_(sa.or_(in_force, recent), paid != Arrangement.paid_minor)
    return list(session.scalars(sa.select(Arrangement.id).where(sa.or_(late, changed)).order_by(Arrangement.id)))


def payments_for(session: Session, lines: sa.Select[Any], arrangements: Sequence[Arrangement]) -> dict[int, list[Paid]]:
    """What was paid on the accounts of these arrangements since each was agreed to, by arrangement."""
    brought = lines.subquery()
    by_account = {(row.account_id, row.currency): row for row in arrangements}
    found: dict[int, list[Paid]] = defaultdict(list)
    rows = session.execute(
        sa.select(brought.c.account_id, brought.c.currency, brought.c.paid_on, brought.c.amount_minor).where(
            brought.c.account_id.in_([row.account_id for row in arrangements])
        )
    )
    for account_id, currency, paid_on, amount in rows:
        row = by_account.get((account_id, currency))
        if row is not None and row.agreed_on is not None and paid_on >= row.agreed_on:
            found[row.id].append(Paid(paid_on, amount))
    return found


def lapsed(today: date) -> sa.Select[tuple[Arrangement]]:
    """What waited for the bank or the debtor until a day that has passed."""
    waiting = (ArrangementState.PROPOSED, ArrangementState.OFFERED)
    return sa.select(Arrangement).where(Arrangement.state.in_(waiting), Arrangement.valid_until < today)


def booked() -> sa.Select[tuple[Arrangement]]:
    """Settlements and waivers that are kept, whose rest the bank's books do not show any more while they still hold the
    account."""
    held = sa.exists().where(
        Hold.account_id == Arrangement.account_id, Hold.flag == HoldFlag.PLAN, Hold.released_at.is_(None),
        Hold.reason.startswith(HOLD_REASON, autoescape=True),
    )  # fmt: skip
    return (
        sa.select(Arrangement)
        .join(Account, Account.id == Arrangement.account_id)
        .where(Arrangement.state == ArrangementState.KEPT, held)
        .where(sa.or_(Account.total_minor <= 0, Account.status == AccountStatus.CLOSED))
    )


def due_to_judge(today: date) -> sa.Select[tuple[Arrangement]]:
    """What is in force and broken today unless something was paid."""
    return sa.select(Arrangement).where(Arrangement.state == ArrangementState.AGREED, Arrangement.judge_on <= today)


def withdraw_ending(session: Session, ending: sa.Select[tuple[int]], today: date) -> None:
    """What waits for the bank or the debtor ends with its placement; what is in force stays with the account."""
    waiting = [state for state in LIVE if state is not ArrangementState.AGREED]
    session.execute(
        sa.update(Arrangement)
        .where(Arrangement.placement_id.in_(ending), Arrangement.state.in_(waiting))
        .values(state=ArrangementState.WITHDRAWN, ended_on=today, end_reason="placement_ended"),
        execution_options={"synchronize_session": False},
    )
