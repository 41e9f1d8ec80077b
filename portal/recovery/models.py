"""Tables of money that came in and of who is credited for it. All of it is evidence: append-only."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.foundation.database import JsonData, MinorUnits, Model, choice, key_column
from portal.foundation.visibility import BankOnly, OwnRows


class Receiver(StrEnum):
    BANK = "bank"
    AGENCY = "agency"


class Decision(StrEnum):
    """What became of a payment's credit. What no rule can decide, and nobody has yet, stands in the exception list."""

    CREDITED = "credited"
    EXCLUDED = (
        "excluded"  # it belongs to the placement, and the contract leaves it out: `exclusion` says by which clause
    )
    NOBODY = "nobody"  # two persons decided that nobody is credited
    SPLIT_NEEDED = "split_needed"  # it pays more accounts than one, and nobody has named the shares yet
    ABOVE_BALANCE = "above_balance"  # more than its account owes, which the bank's rules put before somebody
    NOT_PLACED = "not_placed"
    BEFORE_PLACEMENT = "before_placement"
    AFTER_PLACEMENT = "after_placement"
    ORIGINAL_UNKNOWN = "original_unknown"  # a reversal whose payment has not been posted
    CANNOT_REVERSE = "cannot_reverse"  # it takes back more than is left, or another reversal


EXCEPTIONS = (
    Decision.NOT_PLACED, Decision.BEFORE_PLACEMENT, Decision.AFTER_PLACEMENT, Decision.ORIGINAL_UNKNOWN,
    Decision.CANNOT_REVERSE, Decision.SPLIT_NEEDED, Decision.ABOVE_BALANCE,
)  # fmt: skip


class Payment(Model, BankOnly):
    """A posting of the bank: positive `amount_minor`; a reversal names its original in `reverses_ref`."""

    __tablename__ = "payment"
    id: Mapped[int] = key_column()
    payment_ref: Mapped[str] = mapped_column(sa.String(64), unique=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    amount_minor: Mapped[int] = mapped_column(MinorUnits)
    principal_minor: Mapped[int | None] = mapped_column(MinorUnits)
    interest_minor: Mapped[int | None] = mapped_column(MinorUnits)
    fees_minor: Mapped[int | None] = mapped_column(MinorUnits)
    currency: Mapped[str] = mapped_column(sa.String(3))
    paid_on: Mapped[date] = mapped_column(comment="value date: when the debtor paid")
    received_on: Mapped[date | None]
    cleared_on: Mapped[date | None]
    posted_on: Mapped[date | None]
    received_by: Mapped[Receiver] = mapped_column(choice(Receiver))
    channel: Mapped[str] = mapped_column(sa.String(64), default="")
    reverses_ref: Mapped[str | None] = mapped_column(sa.String(64), index=True)
    content_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(16), comment="same reference, other content: conflict")
    import_run_id: Mapped[int] = mapped_column(sa.ForeignKey("import_run.id"), index=True)
    created_at: Mapped[datetime]

    __table_args__ = (
        sa.CheckConstraint("amount_minor > 0", name="amount"),
        sa.Index("ix_payment_day", "paid_on", "id"),
    )


class Attribution(Model, OwnRows):
    """To whom a payment is credited, and why. A later decision names the one that it supersedes.

    A payment of one account has one decision that stands, its share 0. One that was split has one for each share, with the
    share's account and amount; what stands of a payment always adds up to its amount. A reversal that takes back from
    several shares has as many decisions.
    """

    __tablename__ = "attribution"
    id: Mapped[int] = key_column()
    payment_id: Mapped[int] = mapped_column(sa.ForeignKey("payment.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"))
    placement_id: Mapped[int | None] = mapped_column(sa.ForeignKey("placement.id"), index=True)
    batch_id: Mapped[int | None] = mapped_column(sa.ForeignKey("placement_batch.id"), index=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    decision: Mapped[Decision] = mapped_column(choice(Decision))
    exclusion: Mapped[str] = mapped_column(
        sa.String(32), default="", server_default="", comment="code of the clause that leaves it out; see attribution/"
    )
    share: Mapped[int] = mapped_column(
        sa.SmallInteger, default=0, server_default="0", comment="0, and 1 … n of a payment that was split"
    )
    # The payment's facts stand here again, since an agency sees its credits and not the bank's postings.
    payment_ref: Mapped[str] = mapped_column(sa.String(64))
    paid_on: Mapped[date]
    currency: Mapped[str] = mapped_column(sa.String(3))
    credit_minor: Mapped[int] = mapped_column(MinorUnits, comment="negative for a reversal; 0 where not credited")
    amount_minor: Mapped[int] = mapped_column(MinorUnits, comment="the payment's, negative for a reversal")
    reverses_id: Mapped[int | None] = mapped_column(sa.ForeignKey("attribution.id"), index=True)
    rule: Mapped[str] = mapped_column(sa.String(64), comment="rule and version")
    trace: Mapped[dict[str, Any]] = mapped_column(JsonData, comment="message data in words a person reads")
    supersedes_id: Mapped[int | None] = mapped_column(sa.ForeignKey("attribution.id"), unique=True)
    decided_at: Mapped[datetime]
    payment: Mapped[Payment] = relationship()

    __table_args__ = (
        sa.CheckConstraint(
            "(decision IN ('credited', 'excluded')) = (placement_id IS NOT NULL) "
            "AND (placement_id IS NULL) = (organisation_id IS NULL)",
            name="credit_names_placement",
        ),
        sa.CheckConstraint("(decision = 'excluded') = (exclusion <> '')", name="exclusion_has_clause"),
        sa.CheckConstraint("length(exclusion) <= 32 AND share >= 0", name="exclusion_and_share"),
        sa.CheckConstraint("decision = 'credited' OR credit_minor = 0", name="no_credit_without_decision"),
        sa.Index(
            "uq_attribution_first",
            "payment_id",
            "share",
            unique=True,
            sqlite_where=sa.text("supersedes_id IS NULL"),
            postgresql_where=sa.text("supersedes_id IS NULL"),
        ),
        sa.Index("ix_attribution_credit", "organisation_id", "currency", "paid_on", "id"),
        sa.Index("ix_attribution_exception", "decision", "paid_on", "id"),
        sa.Index("ix_attribution_day", "paid_on", "id"),
        sa.Index("ix_attribution_holder_day", "organisation_id", "paid_on", "id"),
    )


class DayCredit(Model, OwnRows):
    """What a file of payments credited to a batch for one value date: months are summed from these, whose number does not
    grow with the payments. Appended with the attributions that it sums; what was placed in error is in it. What a decision
    that took another's place changed is a row without a file, of the difference."""

    __tablename__ = "day_credit"
    id: Mapped[int] = key_column()
    import_run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("import_run.id"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("placement_batch.id"))
    currency: Mapped[str] = mapped_column(sa.String(3))
    paid_on: Mapped[date]
    credit_minor: Mapped[int] = mapped_column(MinorUnits, comment="reversals taken off, so it may be negative")

    __table_args__ = (
        sa.UniqueConstraint("import_run_id", "batch_id", "currency", "paid_on"),
        sa.Index("ix_day_credit_holder", "organisation_id", "paid_on"),
        sa.Index("ix_day_credit_batch", "batch_id", "paid_on"),
    )


class EndedCredit(Model, OwnRows):
    """Another decision has taken this one's place. Kept beside it for the organisation that it named, which does not see what
    is credited to others. Appended with the decision that ends it."""

    __tablename__ = "ended_credit"
    attribution_id: Mapped[int] = mapped_column(sa.ForeignKey("attribution.id"), primary_key=True, autoincrement=False)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    ended_at: Mapped[datetime]


class AccountTouch(Model, OwnRows):
    """An account of whose payments decisions have to be made anew: its placement came, ended or was moved in the past. Gone
    once that is done. `organisation_id`: whose placement it was, since an organisation may end one itself."""

    __tablename__ = "account_touch"
    id: Mapped[int] = key_column()
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    touched_at: Mapped[datetime]


class DecisionRound(Model, BankOnly):
    """A time at which decisions were made anew: over how many accounts, and how many came out otherwise. Evidence."""

    __tablename__ = "decision_round"
    id: Mapped[int] = key_column()
    at: Mapped[datetime]
    last_attempt_id: Mapped[int] = mapped_column(comment="logs were looked through up to this entry")
    accounts: Mapped[int]
    changed: Mapped[int] = mapped_column(comment="decisions that took another's place")
    doubted: Mapped[int] = mapped_column(comment="decisions by hand that the rules would now make otherwise")


class SecondLook(Model, BankOnly):
    """A decision by hand that stands, though the rules would now decide otherwise; gone once they agree again."""

    __tablename__ = "second_look"
    attribution_id: Mapped[int] = mapped_column(sa.ForeignKey("attribution.id"), primary_key=True, autoincrement=False)
    found_at: Mapped[datetime]
    trace: Mapped[dict[str, Any]] = mapped_column(JsonData, comment="what the rules say now, message data")
