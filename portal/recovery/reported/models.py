"""Tables of what agencies report of payments. Content and events are append-only; where a report stands follows from them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.foundation.database import MinorUnits, Model, choice, key_column
from portal.foundation.visibility import OwnRows
from portal.recovery.models import Receiver

__all__ = [
    "AgencyReceipt",
    "Remits",
    "ReportKind",
    "ReportStanding",
    "ReportState",
    "ReportStep",
    "ReportedEvent",
    "ReportedPayment",
    "Unreported",
    "Way",
]  # fmt: skip


class ReportKind(StrEnum):
    """What the agency says."""

    EXPECTED = "expected"  # the debtor says that it is paid, or will be on that day, to the bank
    RECEIVED = "received"  # the money is in the agency's account

    @property
    def received_by(self) -> Receiver:
        """Whom the bank's posting of it will name."""
        return Receiver.AGENCY if self is ReportKind.RECEIVED else Receiver.BANK


class ReportState(StrEnum):
    """Where a report stands."""

    OPEN = "open"
    MATCHED = "matched"
    WITHDRAWN = "withdrawn"


class ReportStep(StrEnum):
    """What happened to a report."""

    REPORTED = "reported"
    MATCHED = "matched"
    UNDONE = "undone"  # a match that was taken back
    WITHDRAWN = "withdrawn"


class Way(StrEnum):
    """How a match was found."""

    EXACT = "exact"
    TOLERANT = "tolerant"
    BY_HAND = "by_hand"


class Remits(StrEnum):
    """What an agency hands over of the money that it receives."""

    GROSS = "gross"  # all of it
    NET = "net"  # less its commission


class ReportedPayment(Model, OwnRows):
    """A payment as an agency tells of it. Append-only; words and file are sealed with the key of the account's person."""

    __tablename__ = "reported_payment"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    reported_ref: Mapped[str] = mapped_column(sa.String(64), comment="the agency's own, unique with it")
    kind: Mapped[ReportKind] = mapped_column(choice(ReportKind))
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"), index=True)
    placement_id: Mapped[int] = mapped_column(sa.ForeignKey("placement.id"))
    amount_minor: Mapped[int] = mapped_column(MinorUnits)
    currency: Mapped[str] = mapped_column(sa.String(3))
    paid_on: Mapped[date] = mapped_column(comment="when the debtor paid, or says it will have")
    received_on: Mapped[date | None] = mapped_column(comment="when it was in the agency's account")
    channel: Mapped[str] = mapped_column(sa.String(64), default="")
    note_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    proof_digest: Mapped[str] = mapped_column(sa.String(64), default="", comment="the file, sealed, in the storage")
    proof_name: Mapped[str] = mapped_column(sa.String(200), default="")
    content_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(16), comment="same reference, other content: conflict")
    import_run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("import_run.id"), index=True)
    reported_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    reported_at: Mapped[datetime]
    reported_on: Mapped[date] = mapped_column(comment="its business date, from which its age is counted")

    __table_args__ = (
        sa.UniqueConstraint("organisation_id", "reported_ref"),
        sa.CheckConstraint("amount_minor > 0", name="amount"),
        sa.CheckConstraint("(kind = 'received') = (received_on IS NOT NULL)", name="received_has_day"),
        sa.Index("ix_reported_payment_told", "reported_on", "id"),
        sa.Index("ix_reported_payment_own", "organisation_id", "reported_on", "id"),
    )


class ReportedEvent(Model, OwnRows):
    """What happened to a report, by whom, and why. Append-only."""

    __tablename__ = "reported_event"
    id: Mapped[int] = key_column()
    reported_id: Mapped[int] = mapped_column(sa.ForeignKey("reported_payment.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), comment="the report's")
    step: Mapped[ReportStep] = mapped_column(choice(ReportStep))
    way: Mapped[Way | None] = mapped_column(choice(Way))
    payment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("payment.id"), index=True)
    payment_ref: Mapped[str] = mapped_column(sa.String(64), default="")
    rule: Mapped[str] = mapped_column(sa.String(64), default="", comment="rule and version of a match by the portal")
    reason: Mapped[str] = mapped_column(sa.String(1000), default="")
    by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"), comment="null: the portal itself")
    at: Mapped[datetime]

    __table_args__ = (
        sa.CheckConstraint("(step IN ('matched', 'undone')) = (payment_id IS NOT NULL)", name="match_names_posting"),
        sa.CheckConstraint("(step = 'matched') = (way IS NOT NULL)", name="match_has_way"),
    )


class ReportStanding(Model, OwnRows):
    """Where a report stands: follows from its events, kept for lists, counts, and so that no posting is matched twice.

    The posting's facts stand here again, since an agency sees the postings that its own reports were matched with and no
    others of the bank's.
    """

    __tablename__ = "report_standing"
    reported_id: Mapped[int] = mapped_column(
        sa.ForeignKey("reported_payment.id"), primary_key=True, autoincrement=False
    )
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    state: Mapped[ReportState] = mapped_column(choice(ReportState))
    way: Mapped[Way | None] = mapped_column(choice(Way))
    differs: Mapped[bool] = mapped_column(default=False, comment="amount or a day that both sides tell")
    late: Mapped[bool] = mapped_column(
        default=False, comment="a step between its dates took longer than the rules allow"
    )
    payment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("payment.id"), unique=True)
    payment_ref: Mapped[str] = mapped_column(sa.String(64), default="")
    posting_minor: Mapped[int | None] = mapped_column(MinorUnits)
    posting_paid_on: Mapped[date | None]
    posting_received_on: Mapped[date | None]
    posting_cleared_on: Mapped[date | None]
    posting_posted_on: Mapped[date | None]

    __table_args__ = (
        sa.CheckConstraint("(state = 'matched') = (payment_id IS NOT NULL)", name="matched_names_posting"),
        sa.CheckConstraint("(payment_id IS NULL) = (way IS NULL)", name="matched_has_way"),
        sa.Index("ix_report_standing_state", "state", "organisation_id", "reported_id"),
        sa.Index(
            "ix_report_standing_open",
            "customer_id",
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        ),
    )


class AgencyReceipt(Model, OwnRows):
    """A posting of money that the credited agency received, as that agency may see it. Append-only, one for each decision
    that credits it; what a later decision supersedes counts no more."""

    __tablename__ = "agency_receipt"
    attribution_id: Mapped[int] = mapped_column(sa.ForeignKey("attribution.id"), primary_key=True, autoincrement=False)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    payment_id: Mapped[int] = mapped_column(sa.ForeignKey("payment.id"), index=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    placement_id: Mapped[int] = mapped_column(sa.ForeignKey("placement.id"))
    payment_ref: Mapped[str] = mapped_column(sa.String(64))
    currency: Mapped[str] = mapped_column(sa.String(3))
    amount_minor: Mapped[int] = mapped_column(MinorUnits, comment="negative for a reversal")
    paid_on: Mapped[date]
    received_on: Mapped[date | None]
    cleared_on: Mapped[date | None]
    posted_on: Mapped[date | None]
    noted_on: Mapped[date] = mapped_column(
        comment="the business date on which it came in, from which its age is counted"
    )
    remittance: Mapped[Remits] = mapped_column(choice(Remits), comment="by the placement's contract version")
    remit_days: Mapped[int | None] = mapped_column(comment="days for remitting it by that version; null: none agreed")

    __table_args__ = (sa.Index("ix_agency_receipt_own", "organisation_id", "currency", "paid_on", "attribution_id"),)


class Unreported(Model, OwnRows):
    """A receipt that its agency has not reported: it stands here until a report is matched with it."""

    __tablename__ = "unreported_receipt"
    attribution_id: Mapped[int] = mapped_column(
        sa.ForeignKey("agency_receipt.attribution_id"), primary_key=True, autoincrement=False
    )
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    payment_id: Mapped[int] = mapped_column(sa.ForeignKey("payment.id"), unique=True)
