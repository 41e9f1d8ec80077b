"""Tables of what is paid beside payments: costs and adjustments with their decisions, and what a statement claims of these, of
letters and of success fees. Charges and decisions are evidence; claims go with a statement that is withdrawn."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.commission.models import LineKind
from portal.foundation.database import MinorUnits, Model, choice, key_column
from portal.foundation.visibility import OwnRows
from portal.identity.models import Organisation

PAYS, TAKES_BACK = 1, 2  # turns of a claim


class ChargeKind(StrEnum):
    """What is charged without a payment."""

    ADJUSTMENT = "adjustment"  # the bank's, plus or minus
    COST = "cost"  # advanced by the organisation, with its proof


class ChargeState(StrEnum):
    """What became of a charge; one without a decision waits for it."""

    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"  # by its own side, before anybody decided


class Charge(Model, OwnRows):
    """A cost or an adjustment as it was proposed: never edited, only decided on. `amount_minor` is what the organisation gets."""

    __tablename__ = "charge"
    id: Mapped[int] = key_column()
    number: Mapped[str] = mapped_column(sa.String(32), unique=True)
    kind: Mapped[ChargeKind] = mapped_column(choice(ChargeKind))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    currency: Mapped[str] = mapped_column(sa.String(3))
    amount_minor: Mapped[int] = mapped_column(MinorUnits, comment="negative: taken from the organisation")
    charged_on: Mapped[date] = mapped_column(comment="day of the cost; of an adjustment the day it was proposed")
    reason: Mapped[str] = mapped_column(sa.String(1000))
    about: Mapped[str] = mapped_column(sa.String(200), default="", comment="statement, dispute or paper it is about")
    line_id: Mapped[int | None] = mapped_column(sa.ForeignKey("commission_line.id"))
    batch_id: Mapped[int | None] = mapped_column(sa.ForeignKey("placement_batch.id"), index=True)
    placement_id: Mapped[int | None] = mapped_column(sa.ForeignKey("placement.id"), index=True)
    proof_digest: Mapped[str] = mapped_column(sa.String(64), default="", comment="the scan, in the storage")
    proof_name: Mapped[str] = mapped_column(sa.String(200), default="")
    proposed_by: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    proposed_by_name: Mapped[str] = mapped_column(sa.String(120))
    proposed_at: Mapped[datetime]
    organisation: Mapped[Organisation] = relationship()
    decision: Mapped[ChargeEvent | None] = relationship(back_populates="charge", lazy="joined", uselist=False)

    __table_args__ = (
        sa.CheckConstraint("amount_minor <> 0", name="amount"),
        sa.CheckConstraint(
            "kind <> 'cost' OR (amount_minor > 0 AND placement_id IS NOT NULL AND proof_digest <> '')",
            name="cost_is_proved",
        ),
    )


class ChargeEvent(Model, OwnRows):
    """The decision on a charge: one, and not by who proposed it unless it is taken back (a trigger sees to it)."""

    __tablename__ = "charge_event"
    charge_id: Mapped[int] = mapped_column(sa.ForeignKey("charge.id"), primary_key=True, autoincrement=False)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    state: Mapped[ChargeState] = mapped_column(choice(ChargeState))
    by_user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(sa.String(1000), default="")
    charge: Mapped[Charge] = relationship(back_populates="decision")


class ChargeClaim(Model, OwnRows):
    """Which statement pays an approved charge: at most one."""

    __tablename__ = "charge_claim"
    charge_id: Mapped[int] = mapped_column(sa.ForeignKey("charge.id"), primary_key=True, autoincrement=False)
    statement_id: Mapped[int] = mapped_column(sa.ForeignKey("statement.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))


class LetterClaim(Model, OwnRows):
    """Which statement pays a letter (turn 1), and which takes that back because the letter became void (turn 2)."""

    __tablename__ = "letter_claim"
    id: Mapped[int] = key_column()
    letter_id: Mapped[int] = mapped_column(sa.ForeignKey("letter.id"))
    turn: Mapped[int]
    statement_id: Mapped[int] = mapped_column(sa.ForeignKey("statement.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("placement_batch.id"))
    pack_ref: Mapped[str] = mapped_column(sa.String(64))
    out_on: Mapped[date] = mapped_column(comment="when the letter was sent")

    __table_args__ = (sa.UniqueConstraint("letter_id", "turn"), sa.CheckConstraint("turn IN (1, 2)", name="turn"))


class SuccessClaim(Model, OwnRows):
    """For which letter placement a credited payment earns a success fee (turn 1), at most one, and the statement that takes it
    back because the credit is another's by now (turn 2)."""

    __tablename__ = "success_claim"
    id: Mapped[int] = key_column()
    attribution_id: Mapped[int] = mapped_column(sa.ForeignKey("attribution.id"))
    turn: Mapped[int]
    placement_id: Mapped[int] = mapped_column(sa.ForeignKey("placement.id"), index=True)
    statement_id: Mapped[int] = mapped_column(sa.ForeignKey("statement.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))

    __table_args__ = (sa.UniqueConstraint("attribution_id", "turn"), sa.CheckConstraint("turn IN (1, 2)", name="turn"))


class StatementShare(Model, OwnRows):
    """What the lines of a statement sum up to for a batch, by kind: pages add these, whose number does not grow with
    payments. Written with the lines, and unchangeable like them."""

    __tablename__ = "statement_share"
    id: Mapped[int] = key_column()
    statement_id: Mapped[int] = mapped_column(sa.ForeignKey("statement.id"))
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("placement_batch.id"), index=True)
    kind: Mapped[LineKind] = mapped_column(choice(LineKind))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    line_count: Mapped[int]
    commission_minor: Mapped[int] = mapped_column(MinorUnits)

    __table_args__ = (sa.UniqueConstraint("statement_id", "batch_id", "kind"),)
