"""The bank's rules for payments. A change is a new row; the latest one holds."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.foundation.database import Model, choice, key_column
from portal.foundation.visibility import Shared

__all__ = ["AboveBalance", "Pairs", "PaymentRule"]


class AboveBalance(StrEnum):
    """What becomes of a payment of more than its account owes."""

    TAKE = "take"  # with a warning
    QUEUE = "queue"  # posted, and credited to nobody until two persons have decided
    REJECT = "reject"


class Pairs(StrEnum):
    """What becomes of a payment that the same file takes back whole."""

    POST = "post"
    LEAVE_OUT = "leave_out"


class PaymentRule(Model, Shared):
    """How payments are taken, matched and chased. Both sides read it, since both are measured by it."""

    __tablename__ = "payment_rule"
    id: Mapped[int] = key_column()
    above_balance: Mapped[AboveBalance] = mapped_column(choice(AboveBalance))
    pairs: Mapped[Pairs] = mapped_column(choice(Pairs))
    match_days: Mapped[int] = mapped_column(comment="days between the two days of payment in a tolerant match")
    match_amount: Mapped[str] = mapped_column(
        sa.String(32), comment="exact decimal in units of the payment's currency, by which amounts may differ"
    )
    received_days: Mapped[int] = mapped_column(comment="days from the agency's receipt to the bank's; later is late")
    cleared_days: Mapped[int] = mapped_column(comment="from the bank's receipt to clearing")
    posted_days: Mapped[int] = mapped_column(comment="from clearing to posting")
    chase_days: Mapped[int] = mapped_column(comment="what is open for longer is to be chased")
    set_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    set_at: Mapped[datetime]

    __table_args__ = (
        sa.CheckConstraint(
            "match_days >= 0 AND received_days >= 0 AND cleared_days >= 0 AND posted_days >= 0 AND chase_days >= 0",
            name="days",
        ),
    )
