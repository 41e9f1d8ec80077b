"""Tables of matters: the matter, its steps, hearings, costs and documents, the calendars of those who attend, and bundles of
evidence. What was said is append-only; a correction is a row that names the one before."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.foundation.database import MinorUnits, Model, choice, key_column
from portal.foundation.visibility import OwnRows
from portal.identity.models import Organisation, User
from portal.legal.matters.stages import Outcome, Stage

__all__ = [
    "CalendarFeed",
    "CostKind",
    "CostState",
    "DocumentKind",
    "DocumentWithdrawal",
    "EvidenceBundle",
    "Hearing",
    "HearingEvent",
    "HearingKind",
    "HearingState",
    "Matter",
    "MatterCost",
    "MatterCostEvent",
    "MatterDocument",
    "MatterStep",
    "StepEffect",
]  # fmt: skip


class HearingKind(StrEnum):
    """What one is called to the court for."""

    TRIAL = "trial"  # 开庭审理
    PRETRIAL = "pretrial"  # 庭前会议
    MEDIATION = "mediation"
    PRONOUNCEMENT = "pronouncement"  # 宣判
    ENFORCEMENT = "enforcement"  # 执行谈话
    OTHER = "other"


class HearingState(StrEnum):
    """Rows of `hearing_event`."""

    FIXED = "fixed"
    MOVED = "moved"  # to another time or room
    HELD = "held"
    CANCELLED = "cancelled"


class CostKind(StrEnum):
    """What a cost is for."""

    COURT_FEE = "court_fee"  # 案件受理费
    PRESERVATION = "preservation"  # 财产保全费
    SERVICE = "service"  # 送达费, by publication too
    ENFORCEMENT_FEE = "enforcement_fee"
    TRAVEL = "travel"
    OTHER = "other"


class CostState(StrEnum):
    """Rows of `matter_cost_event`; a cost without one waits for the bank."""

    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    ADVANCED = "advanced"  # the firm has paid it; from here on it is a charge (commission)


class DocumentKind(StrEnum):
    """What a document of a matter is."""

    COMPLAINT = "complaint"  # 起诉状
    EVIDENCE = "evidence"
    ACCEPTANCE = "acceptance"  # 受理案件通知书
    SUMMONS = "summons"  # 传票
    RECORD = "record"  # 庭审笔录
    MEDIATION = "mediation"  # 调解书
    JUDGMENT = "judgment"
    RULING = "ruling"  # 裁定书
    ENFORCEMENT = "enforcement"  # 执行申请、执行裁定
    OTHER = "other"


class Matter(Model, OwnRows):
    """A suit about one account, run by one firm. The firm keeps it after the account has gone back, as it keeps its letters:
    what the person is called and what was filed about them is closed to it then."""

    __tablename__ = "matter"
    id: Mapped[int] = key_column()
    number: Mapped[str] = mapped_column(sa.String(64), unique=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    placement_id: Mapped[int] = mapped_column(sa.ForeignKey("placement.id"), index=True)
    account_ref: Mapped[str] = mapped_column(sa.String(64))
    name_masked: Mapped[str] = mapped_column(sa.String(64))
    currency: Mapped[str] = mapped_column(sa.String(3))
    claimed_minor: Mapped[int] = mapped_column(MinorUnits, comment="what is sued for")
    lawyer_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), comment="who handles it")
    # As the standing steps have it, for lists; written with each of them.
    stage: Mapped[Stage] = mapped_column(choice(Stage))
    stage_on: Mapped[date]
    court: Mapped[str] = mapped_column(sa.String(120), default="")
    case_no: Mapped[str] = mapped_column(sa.String(64), default="", comment="the latest that a court has given")
    outcome: Mapped[Outcome | None] = mapped_column(choice(Outcome))
    opened_by: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    opened_at: Mapped[datetime]
    organisation: Mapped[Organisation] = relationship()
    lawyer: Mapped[User] = relationship(foreign_keys=[lawyer_id])

    __table_args__ = (
        sa.Index(
            "uq_matter_open", "account_id", "organisation_id", unique=True,
            sqlite_where=sa.text("stage <> 'closed'"), postgresql_where=sa.text("stage <> 'closed'"),
        ),
        sa.Index("ix_matter_firm", "organisation_id", "id"),
        sa.CheckConstraint("claimed_minor > 0", name="claimed"),
        sa.CheckConstraint("(stage = 'closed') = (outcome IS NOT NULL)", name="closed_says_how"),
    )  # fmt: skip


class MatterStep(Model, OwnRows):
    """A stage that a matter came to. Append-only: a correction names the row that it takes the place of, and may say that it
    was not so at all (`taken_back`)."""

    __tablename__ = "matter_step"
    id: Mapped[int] = key_column()
    matter_id: Mapped[int] = mapped_column(sa.ForeignKey("matter.id"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    stage: Mapped[Stage] = mapped_column(choice(Stage))
    happened_on: Mapped[date]
    court: Mapped[str] = mapped_column(sa.String(120), default="")
    case_no: Mapped[str] = mapped_column(sa.String(64), default="")
    note: Mapped[str] = mapped_column(sa.String(400), default="", comment="no personal data")
    outcome: Mapped[Outcome | None] = mapped_column(choice(Outcome))
    awarded_principal_minor: Mapped[int | None] = mapped_column(MinorUnits)
    awarded_interest_minor: Mapped[int | None] = mapped_column(MinorUnits)
    awarded_fees_minor: Mapped[int | None] = mapped_column(MinorUnits)
    awarded_costs_minor: Mapped[int | None] = mapped_column(MinorUnits)
    corrects_id: Mapped[int | None] = mapped_column(sa.ForeignKey("matter_step.id"), unique=True)
    taken_back: Mapped[bool] = mapped_column(default=False)
    by_user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[datetime]

    __table_args__ = (
        sa.Index("ix_matter_step_matter", "matter_id", "id"),
        sa.CheckConstraint("(stage = 'closed') = (outcome IS NOT NULL)", name="closed_says_how"),
        sa.CheckConstraint("NOT taken_back OR corrects_id IS NOT NULL", name="takes_back_one"),
        sa.CheckConstraint(
            "(awarded_principal_minor IS NULL) = (awarded_interest_minor IS NULL)"
            " AND (awarded_principal_minor IS NULL) = (awarded_fees_minor IS NULL)"
            " AND (awarded_principal_minor IS NULL) = (awarded_costs_minor IS NULL)",
            name="awarded_whole",
        ),
        sa.CheckConstraint(
            "awarded_principal_minor IS NULL OR (awarded_principal_minor >= 0 AND awarded_interest_minor >= 0"
            " AND awarded_fees_minor >= 0 AND awarded_costs_minor >= 0)",
            name="awarded",
        ),
    )


class StepEffect(Model, OwnRows):
    """The row by which the time to sue began anew because a step says that the claim was filed. Append-only; a step that is
    corrected takes it back."""

    __tablename__ = "matter_step_effect"
    id: Mapped[int] = key_column()
    step_id: Mapped[int] = mapped_column(sa.ForeignKey("matter_step.id"), unique=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    restart_id: Mapped[int] = mapped_column(sa.ForeignKey("limitation_restart.id"), unique=True)
    at: Mapped[datetime]


class Hearing(Model, OwnRows):
    """A day in court, as it stands now; what was said of it one after the other is in `hearing_event`."""

    __tablename__ = "hearing"
    id: Mapped[int] = key_column()
    matter_id: Mapped[int] = mapped_column(sa.ForeignKey("matter.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    kind: Mapped[HearingKind] = mapped_column(choice(HearingKind))
    starts_at: Mapped[datetime]
    court: Mapped[str] = mapped_column(sa.String(120))
    room: Mapped[str] = mapped_column(sa.String(120), default="")
    state: Mapped[HearingState] = mapped_column(choice(HearingState))
    edition: Mapped[int] = mapped_column(default=0, comment="SEQUENCE of the calendar: how often it was changed")
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    __table_args__ = (sa.Index("ix_hearing_when", "organisation_id", "starts_at", "id"),)


class HearingEvent(Model, OwnRows):
    """That a hearing was fixed, moved, held or cancelled. Append-only."""

    __tablename__ = "hearing_event"
    id: Mapped[int] = key_column()
    hearing_id: Mapped[int] = mapped_column(sa.ForeignKey("hearing.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    state: Mapped[HearingState] = mapped_column(choice(HearingState))
    starts_at: Mapped[datetime]
    court: Mapped[str] = mapped_column(sa.String(120))
    room: Mapped[str] = mapped_column(sa.String(120), default="")
    note: Mapped[str] = mapped_column(sa.String(400), default="", comment="no personal data")
    by_user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[datetime]


class MatterCost(Model, OwnRows):
    """A cost that a firm asks leave for. Append-only; what came of it is in `matter_cost_event`."""

    __tablename__ = "matter_cost"
    id: Mapped[int] = key_column()
    matter_id: Mapped[int] = mapped_column(sa.ForeignKey("matter.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    kind: Mapped[CostKind] = mapped_column(choice(CostKind))
    currency: Mapped[str] = mapped_column(sa.String(3))
    amount_minor: Mapped[int] = mapped_column(MinorUnits)
    reason: Mapped[str] = mapped_column(sa.String(400))
    proof_digest: Mapped[str] = mapped_column(
        sa.String(64), default="", comment="the court's demand, sealed for the person, in the storage"
    )
    proof_name: Mapped[str] = mapped_column(sa.String(200), default="")
    asked_by: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    asked_by_name: Mapped[str] = mapped_column(sa.String(120))
    asked_at: Mapped[datetime]
    events: Mapped[list[MatterCostEvent]] = relationship(order_by="MatterCostEvent.id", lazy="selectin")

    __table_args__ = (sa.CheckConstraint("amount_minor > 0", name="amount"),)

    @property
    def state(self) -> CostState | None:
        """Where it stands; None while it waits for the bank."""
        return self.events[-1].state if self.events else None


class MatterCostEvent(Model, OwnRows):
    """The decision on a cost, or that the firm has paid it: then it goes on as a charge. Append-only."""

    __tablename__ = "matter_cost_event"
    id: Mapped[int] = key_column()
    cost_id: Mapped[int] = mapped_column(sa.ForeignKey("matter_cost.id"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    state: Mapped[CostState] = mapped_column(choice(CostState))
    reason: Mapped[str] = mapped_column(sa.String(400), default="")
    charge_id: Mapped[int | None] = mapped_column(sa.ForeignKey("charge.id"), unique=True)
    by_user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[datetime]

    __table_args__ = (
        sa.UniqueConstraint("cost_id", "state"),
        sa.CheckConstraint("(state = 'advanced') = (charge_id IS NOT NULL)", name="advanced_is_a_charge"),
        # One decision of a cost; what is advanced comes behind it.
        sa.Index(
            "uq_matter_cost_decided", "cost_id", unique=True,
            sqlite_where=sa.text("state <> 'advanced'"), postgresql_where=sa.text("state <> 'advanced'"),
        ),
    )  # fmt: skip


class MatterDocument(Model, OwnRows):
    """A file of a matter, sealed for the person. Append-only; that one was put there in error is a row beside it."""

    __tablename__ = "matter_document"
    id: Mapped[int] = key_column()
    matter_id: Mapped[int] = mapped_column(sa.ForeignKey("matter.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    kind: Mapped[DocumentKind] = mapped_column(choice(DocumentKind))
    proof_digest: Mapped[str] = mapped_column(sa.String(64), comment="the file, sealed for the person, in the storage")
    proof_name: Mapped[str] = mapped_column(sa.String(200))
    sha256: Mapped[str] = mapped_column(sa.String(64), comment="of the file as it was sent")
    size: Mapped[int]
    by_user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[datetime]
    withdrawal: Mapped[DocumentWithdrawal | None] = relationship(lazy="selectin", uselist=False)


class DocumentWithdrawal(Model, OwnRows):
    """That a document was put to a matter in error, and why. The file stays sealed where it is and goes to nobody any more.
    Append-only."""

    __tablename__ = "matter_document_withdrawal"
    id: Mapped[int] = key_column()
    document_id: Mapped[int] = mapped_column(sa.ForeignKey("matter_document.id"), unique=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    reason: Mapped[str] = mapped_column(sa.String(400), comment="no personal data")
    by_user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[datetime]


class CalendarFeed(Model, OwnRows):
    """The private address of a person's calendar of hearings; the secret in it is shown once and kept as its hash. Whoever has
    it sees what the person sees, until it is renewed or ended."""

    __tablename__ = "calendar_feed"
    visible_to_system: ClassVar[bool] = True
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True, comment="SHA-256")
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        sa.Index(
            "uq_calendar_feed_standing", "user_id", unique=True,
            sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )  # fmt: skip


class EvidenceBundle(Model, OwnRows):
    """All that is known of an account as one PDF, as its maker could see it. It lies in the storage under a key of its own,
    which is sealed for the person: erased, nobody opens it any more. Append-only."""

    __tablename__ = "evidence_bundle"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(
        sa.ForeignKey("organisation.id"), comment="whose it is: the maker's, or the firm's that the bank made it for"
    )
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    account_ref: Mapped[str] = mapped_column(sa.String(64))
    matter_id: Mapped[int | None] = mapped_column(sa.ForeignKey("matter.id"), index=True)
    job_id: Mapped[int] = mapped_column(unique=True, comment="that made it: run again, it makes no second one")
    language: Mapped[str] = mapped_column(sa.String(2))
    stored: Mapped[str] = mapped_column(sa.String(64), comment="address in the storage, of the sealed file")
    key_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    sha256: Mapped[str] = mapped_column(sa.String(64), comment="of the PDF")
    size: Mapped[int]
    pages: Mapped[int]
    by_user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[datetime]

    __table_args__ = (sa.CheckConstraint("language IN ('zh', 'en')", name="language"),)
