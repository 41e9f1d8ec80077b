"""Decisions on payments as rows: put together, inserted by the thousand, and summed up by day."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.foundation.bulk import insert_rows, one_at_a_time
from portal.foundation.language import as_data
from portal.recovery.models import Attribution, DayCredit, Decision, EndedCredit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from portal.foundation.language import Message
    from portal.foundation.work import Work
    from portal.recovery.attribution import Credit
    from portal.recovery.places import Held

__all__ = ["COLUMNS", "Decisions", "alone", "not_ended", "not_superseded", "row_of"]

COLUMNS = (
    "payment_id", "organisation_id", "placement_id", "batch_id", "account_id", "decision", "exclusion", "share",
    "payment_ref", "paid_on", "currency", "credit_minor", "amount_minor", "reverses_id", "rule", "trace",
    "supersedes_id", "decided_at",
)  # fmt: skip
DAY_COLUMNS = ("import_run_id", "organisation_id", "batch_id", "currency", "paid_on", "credit_minor")
DAY = tuple(COLUMNS.index(name) for name in DAY_COLUMNS[1:-1])
CREDIT, DECIDED = COLUMNS.index("credit_minor"), COLUMNS.index("decided_at")


def alone(work: Work) -> None:
    """Until this transaction ends no other one decides about payments: of two that would decide on the same, the second one
    sees what the first has decided."""
    one_at_a_time(work.session, "recovery.decide")


def not_superseded(attribution_id: Any = Attribution.id) -> sa.ColumnElement[bool]:
    """Whether no later decision has taken an attribution's place, as the bank sees it: an organisation does not see what is
    credited to others."""
    later = aliased(Attribution)
    return ~sa.select(later.id).where(later.supersedes_id == attribution_id).exists()


def not_ended(attribution_id: Any) -> sa.ColumnElement[bool]:
    """The same of a decision that names an organisation, for the organisation and the bank alike."""
    return ~sa.select(EndedCredit.attribution_id).where(EndedCredit.attribution_id == attribution_id).exists()


def row_of(
    payment: Any, account_id: int, amount: int, credit: Credit, holder: Held | None, trace: Message, rule: str,
    now: datetime, *, payment_id: int, decision: str = "", share: int = 0, supersedes: int | None = None,
) -> tuple[Any, ...]:  # fmt: skip
    """The values of `COLUMNS` for a payment, or a share of one. `payment` has payment_ref, paid_on and currency; `decision`
    stands for the rule's where it is another."""
    decided = decision or credit.decision
    return (
        payment_id,
        holder.organisation_id if holder else None,
        holder.place.window.placement_id if holder else None,
        holder.batch_id if holder else None,
        account_id, decided, credit.exclusion if decided == Decision.EXCLUDED else "", share,
        payment.payment_ref, payment.paid_on, payment.currency,
        amount if decided == Decision.CREDITED else 0,
        amount, None, rule, as_data(trace), supersedes, now,
    )  # fmt: skip


class Decisions:
    """Inserts decisions and sums up, for each batch and value date, what they credit."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._days: defaultdict[tuple[Any, ...], int] = defaultdict(int)

    def insert(self, values: Sequence[tuple[Any, ...]], instead_of: Sequence[Attribution] = ()) -> None:
        """One chunk, each a tuple of `COLUMNS`. `instead_of`: the decisions whose place they take."""
        insert_rows(self._session, Attribution, COLUMNS, values)
        for each in values:
            if each[CREDIT]:
                self._days[tuple(each[at] for at in DAY)] += each[CREDIT]
        ended = [(old.id, old.organisation_id, values[0][DECIDED]) for old in instead_of if old.organisation_id]
        insert_rows(self._session, EndedCredit, ("attribution_id", "organisation_id", "ended_at"), ended)
        for old in instead_of:
            if old.credit_minor:
                self._days[old.organisation_id, old.batch_id, old.currency, old.paid_on] -= old.credit_minor

    def sum_up(self, run_id: int | None = None) -> None:
        """One row for each batch, currency and day; a day on which all was taken back again has none. Without a file they are
        differences."""
        rows = [(run_id, *day, credit) for day, credit in sorted(self._days.items()) if credit]
        insert_rows(self._session, DayCredit, DAY_COLUMNS, rows)
        self._days.clear()
