"""Tables of vendors: what was agreed with an agency or a law firm, and what the bank knows of it and its staff."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.foundation.access import OrganisationKind
from portal.foundation.database import JsonData, MinorUnits, Model, choice, key_column
from portal.foundation.visibility import OwnRows, Shared
from portal.identity.models import Organisation


class PlacementKind(StrEnum):
    """What an organisation is asked to do with an account. The first two exclude each other."""

    COLLECTION = "collection"
    LITIGATION = "litigation"
    LETTER = "letter"


class Tier(StrEnum):
    """How the bank ranks a vendor within its panel."""

    FIRST = "first"
    SECOND = "second"
    THIRD = "third"


class CredentialKind(StrEnum):
    """What an organisation can prove with a paper that ends."""

    LICENCE = "licence"
    CALL_CENTRE_LICENCE = "call_centre_licence"
    LIABILITY_INSURANCE = "liability_insurance"
    CYBER_INSURANCE = "cyber_insurance"
    SECURITY_CERTIFICATE = "security_certificate"


class RecordKind(StrEnum):
    """What a member of the staff has taken."""

    TRAINING = "training"
    TEST = "test"
    CERTIFICATE = "certificate"


class Item(StrEnum):
    """What the bank can require of all organisations of a kind: a place on its list, papers, and things of their staff."""

    LISTED = "listed"
    LICENCE = "licence"
    CALL_CENTRE_LICENCE = "call_centre_licence"
    LIABILITY_INSURANCE = "liability_insurance"
    CYBER_INSURANCE = "cyber_insurance"
    SECURITY_CERTIFICATE = "security_certificate"
    REGISTER = "register"
    TRAINING = "training"
    TEST = "test"
    CERTIFICATE = "certificate"


class Contract(Model, OwnRows):
    """An agreement with one organisation about one kind of placement in one currency."""

    __tablename__ = "contract"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    number: Mapped[str] = mapped_column(sa.String(64), unique=True)
    kind: Mapped[PlacementKind] = mapped_column(choice(PlacementKind))
    currency: Mapped[str] = mapped_column(sa.String(3))
    started_on: Mapped[date]
    ended_on: Mapped[date | None]
    created_at: Mapped[datetime]
    organisation: Mapped[Organisation] = relationship()
    versions: Mapped[list[ContractVersion]] = relationship(
        back_populates="contract", order_by="ContractVersion.effective_from"
    )


class ContractVersion(Model, OwnRows):
    """The terms from a date on. Append-only: new terms are a new version."""

    __tablename__ = "contract_version"
    id: Mapped[int] = key_column()
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    version: Mapped[int]
    effective_from: Mapped[date]
    plan: Mapped[dict[str, Any]] = mapped_column(JsonData, comment="notation of reference/commission.md")
    letter_fee_minor: Mapped[int] = mapped_column(MinorUnits, default=0)
    term_days: Mapped[int] = mapped_column(default=90, comment="length of a placement")
    capacity_accounts: Mapped[int | None]
    capacity_minor: Mapped[int | None] = mapped_column(MinorUnits, comment="amount that may be held at one time")
    answer_hours: Mapped[int] = mapped_column(default=48, comment="hours in which a batch is to be answered")
    recall_notice_days: Mapped[int] = mapped_column(default=0, comment="days from the pending to the final recall")
    objection_days: Mapped[int] = mapped_column(default=30, comment="most days that an objection may ask for")
    payment_extends_days: Mapped[int] = mapped_column(
        default=0, comment="days by which a payment moves the recall; 0: none"
    )
    clauses: Mapped[dict[str, Any]] = mapped_column(
        JsonData, default=dict, comment="settlement authority, tail, data; see vendors/terms.py"
    )
    created_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime]
    contract: Mapped[Contract] = relationship(back_populates="versions")

    __table_args__ = (
        sa.UniqueConstraint("contract_id", "version"),
        sa.UniqueConstraint("contract_id", "effective_from"),
    )


class Vendor(Model, OwnRows):
    """What the bank keeps of an agency or law firm beside its name. Without a row: no tier, not listed, no limits."""

    __tablename__ = "vendor"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), unique=True)
    tier: Mapped[Tier | None] = mapped_column(choice(Tier))
    listed: Mapped[bool] = mapped_column(default=False, comment="on the bank's published list")
    started_on: Mapped[date | None] = mapped_column(comment="first day of the co-operation")
    exits_on: Mapped[date | None] = mapped_column(comment="last day of the co-operation")
    regions: Mapped[list[str]] = mapped_column(JsonData, default=list, comment="ISO 3166-2; empty: all")
    buckets: Mapped[list[str]] = mapped_column(JsonData, default=list, comment="empty: all")
    note: Mapped[str] = mapped_column(sa.String(2000), default="")


class VendorContact(Model, OwnRows):
    """Somebody at an organisation whom the bank may ask."""

    __tablename__ = "vendor_contact"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    duty: Mapped[str] = mapped_column(sa.String(120))
    phone: Mapped[str] = mapped_column(sa.String(64), default="")
    email: Mapped[str] = mapped_column(sa.String(254), default="")
    removed_at: Mapped[datetime | None] = mapped_column(comment="not asked any more")


class Credential(Model, OwnRows):
    """A licence, insurance or certificate of an organisation. Append-only: what follows it names it.

    A paper counts from `valid_from` to `valid_until`, both included, but no longer than to the day before the paper that
    supersedes it begins: a renewal lets it run out, a correction from the same day takes its place.
    """

    __tablename__ = "credential"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    kind: Mapped[CredentialKind] = mapped_column(choice(CredentialKind))
    number: Mapped[str] = mapped_column(sa.String(64))
    issuer: Mapped[str] = mapped_column(sa.String(200), default="")
    insured_minor: Mapped[int | None] = mapped_column(MinorUnits)
    currency: Mapped[str] = mapped_column(sa.String(3), default="", comment="of the insured amount")
    valid_from: Mapped[date]
    valid_until: Mapped[date | None] = mapped_column(comment="null: no end is written on it")
    proof_digest: Mapped[str] = mapped_column(sa.String(64), default="", comment="the scan, in the storage")
    proof_name: Mapped[str] = mapped_column(sa.String(200), default="")
    supersedes_id: Mapped[int | None] = mapped_column(sa.ForeignKey("credential.id"), unique=True)
    created_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime]

    __table_args__ = (
        sa.CheckConstraint("valid_until IS NULL OR valid_until >= valid_from", name="ends_after_it_begins"),
        sa.CheckConstraint("(insured_minor IS NULL) = (currency = '')", name="amount_has_currency"),
    )


class StaffMember(Model, OwnRows):
    """Somebody who works for the bank's accounts at an agency or law firm, with or without sign-in."""

    __tablename__ = "staff_member"
    visible_to_system: ClassVar[bool] = True
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    employee_no: Mapped[str | None] = mapped_column(sa.String(64))
    position: Mapped[str] = mapped_column(sa.String(120), default="")
    started_on: Mapped[date]
    ended_on: Mapped[date | None] = mapped_column(comment="last day")
    barred_at: Mapped[datetime | None] = mapped_column(comment="the bank does not permit this person")
    barred_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    barred_reason: Mapped[str] = mapped_column(sa.String(400), default="")
    created_at: Mapped[datetime]
    organisation: Mapped[Organisation] = relationship()
    records: Mapped[list[StaffRecord]] = relationship(order_by="StaffRecord.taken_on.desc(), StaffRecord.id.desc()")

    __table_args__ = (sa.UniqueConstraint("organisation_id", "employee_no"),)


class StaffRecord(Model, OwnRows):
    """A training, test or certificate of somebody. A wrong one is withdrawn, not changed."""

    __tablename__ = "staff_record"
    visible_to_system: ClassVar[bool] = True
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("staff_member.id"), index=True)
    kind: Mapped[RecordKind] = mapped_column(choice(RecordKind))
    title: Mapped[str] = mapped_column(sa.String(200), comment="what was taught, asked or certified")
    number: Mapped[str] = mapped_column(sa.String(64), default="", comment="of a certificate")
    taken_on: Mapped[date]
    score: Mapped[int | None] = mapped_column(comment="points out of 100, of a test")
    passed: Mapped[bool] = mapped_column(default=True)
    valid_until: Mapped[date | None]
    created_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

    __table_args__ = (sa.Index("ix_staff_record_expiry", "valid_until", "member_id"),)


class Requirement(Model, Shared):
    """What the bank requires of all organisations of a kind from a day on. No row: not required."""

    __tablename__ = "requirement"
    id: Mapped[int] = key_column()
    organisation_kind: Mapped[OrganisationKind] = mapped_column(choice(OrganisationKind))
    item: Mapped[Item] = mapped_column(choice(Item))
    from_on: Mapped[date] = mapped_column(comment="until then there is time to hand it in")

    __table_args__ = (sa.UniqueConstraint("organisation_kind", "item"),)
