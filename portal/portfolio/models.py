"""Tables of people, what they owe, what stands in the way, and the files that said so."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship, synonym

from portal.foundation.database import JsonData, MinorUnits, Model, choice, key_column
from portal.foundation.vault import PersonKey
from portal.foundation.visibility import BankOnly, OwnRows, PlacedPeople, PlacedRows, Shared
from portal.identity.models import Organisation


class ContactKind(StrEnum):
    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"


class ContactSource(StrEnum):
    RESERVED = "reserved"  # given to the bank by the holder
    FOUND = "found"


class ContactStatus(StrEnum):
    UNCHECKED = "unchecked"
    VALID = "valid"
    INVALID = "invalid"
    THIRD_PARTY = "third_party"


# Such a number or address is no longer the debtor's, or never was, or is dead.
PROVED_WRONG = frozenset({ContactStatus.INVALID, ContactStatus.THIRD_PARTY})


class PartyKind(StrEnum):
    HOLDER = "holder"
    CO_DEBTOR = "co_debtor"
    GUARANTOR = "guarantor"
    SUPPLEMENTARY = "supplementary"


class AccountStatus(StrEnum):
    OPEN = "open"
    CLOSED = "closed"  # paid or cured


class HoldFlag(StrEnum):
    """The flags of the standard file (reference/files.md) and what outcomes of calls raise."""

    DISPUTE = "dispute"
    COMPLAINT = "complaint"
    DECEASED = "deceased"
    BANKRUPT = "bankrupt"
    REPRESENTED = "represented"
    PLAN = "plan"
    DO_NOT_CONTACT = "do_not_contact"
    HARDSHIP = "hardship"
    IMPRISONED = "imprisoned"
    FRAUD_CLAIMED = "fraud_claimed"


# What people put on an account themselves. A plan is agreed, and a complaint is written down as one; both raise their own.
RAISED_BY_HAND = tuple(flag for flag in HoldFlag if flag not in (HoldFlag.PLAN, HoldFlag.COMPLAINT))


class ImportKind(StrEnum):
    ACCOUNTS = "accounts"
    PAYMENTS = "payments"
    RECALLS = "recalls"
    STAFF = "staff"
    ATTEMPTS = "attempts"
    REPORTED = "reported"
    DISPATCH = "dispatch"


# Kinds whose files are of one agency or law firm, which may send them itself; all others are the bank's.
OF_ORGANISATIONS = frozenset({ImportKind.STAFF, ImportKind.ATTEMPTS, ImportKind.REPORTED, ImportKind.DISPATCH})


class ImportState(StrEnum):
    """`waiting` is for its mapping; `applied`, `refused` and `dropped` are ends. A run that dies is taken up again."""

    WAITING = "waiting"
    RECEIVED = "received"
    RUNNING = "running"
    APPLIED = "applied"
    REFUSED = "refused"
    DROPPED = "dropped"


class StoredMapping(Model, BankOnly):
    """How another system's files are read, by a name of ours. What it says stands in its versions."""

    __tablename__ = "mapping_profile"
    id: Mapped[int] = key_column()
    kind: Mapped[ImportKind] = mapped_column(choice(ImportKind))
    name: Mapped[str] = mapped_column(sa.String(48), unique=True)
    created_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime]
    archived_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    archived_at: Mapped[datetime | None]


class StoredMappingVersion(Model, BankOnly):
    """What a profile says from a version on. Append-only: a change is a new version, so that every run can be re-read."""

    __tablename__ = "mapping_profile_version"
    id: Mapped[int] = key_column()
    mapping_profile_id: Mapped[int] = mapped_column(sa.ForeignKey("mapping_profile.id"))
    version: Mapped[int]
    content: Mapped[str] = mapped_column(sa.Text, comment="YAML, the grammar of intake/profile.py")
    content_sha256: Mapped[str] = mapped_column(sa.String(64))
    note: Mapped[str] = mapped_column(sa.String(200), default="", comment="why this version")
    created_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime]
    mapping: Mapped[StoredMapping] = relationship()

    __table_args__ = (sa.UniqueConstraint("mapping_profile_id", "version"),)


class ImportRun(Model, OwnRows):
    """One file, read once. The same bytes under the same mapping and date are one run, for each organisation."""

    __tablename__ = "import_run"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("organisation.id"), index=True, comment="whose file it is; null: the bank's own"
    )
    kind: Mapped[ImportKind] = mapped_column(choice(ImportKind))
    state: Mapped[ImportState] = mapped_column(choice(ImportState))
    file_name: Mapped[str] = mapped_column(sa.String(255))
    content_sha256: Mapped[str] = mapped_column(sa.String(64))
    mapping: Mapped[str] = mapped_column(sa.String(64), comment="name@version")
    as_of: Mapped[date | None]
    options: Mapped[dict[str, Any]] = mapped_column(JsonData, comment="sheet, encoding, control count and total")
    summary: Mapped[dict[str, Any] | None] = mapped_column(JsonData, comment="keys of reference/files.md")
    refusal: Mapped[dict[str, Any] | None] = mapped_column(JsonData, comment="the message, where refused")
    rejects_digest: Mapped[str | None] = mapped_column(sa.String(64), comment="file of rejected rows, in storage")
    changes: Mapped[dict[str, Any] | None] = mapped_column(
        JsonData, comment="what the file changed; see portfolio/changes.py"
    )
    trial: Mapped[dict[str, Any] | None] = mapped_column(
        JsonData, comment="the latest trial: mapping, summary, refusal"
    )
    requested_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    requested_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    organisation: Mapped[Organisation | None] = relationship()

    __table_args__ = (
        sa.Index(
            "uq_import_run_applied",
            "kind",
            "content_sha256",
            "mapping",
            sa.text("coalesce(as_of, '0001-01-01')"),
            sa.text("coalesce(organisation_id, 0)"),
            unique=True,
            sqlite_where=sa.text("state = 'applied'"),
            postgresql_where=sa.text("state = 'applied'"),
        ),
    )


class RejectedRow(Model, OwnRows):
    """A row that was left out, by line, value and rule. The row's whole text is in the run's file of rejects."""

    __tablename__ = "rejected_row"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"), comment="the run's")
    import_run_id: Mapped[int] = mapped_column(sa.ForeignKey("import_run.id"), index=True)
    line: Mapped[int]
    errors: Mapped[list[Any]] = mapped_column(JsonData, comment="[{column, value, code, message}], values masked")


class Customer(Model, PlacedPeople):
    """A person who owes. Name and identity number are sealed; `made_up` says that the data is invented."""

    __tablename__ = "customer"
    id: Mapped[int] = key_column()
    placed_customer_id = synonym("id")
    customer_ref: Mapped[str] = mapped_column(sa.String(64), unique=True)
    person_key_id: Mapped[int] = mapped_column(sa.ForeignKey("person_key.id"))
    name_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    name_masked: Mapped[str] = mapped_column(sa.String(64), comment="王*, shown until revealed")
    id_no_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    region: Mapped[str] = mapped_column(sa.String(64), default="")
    time_zone: Mapped[str] = mapped_column(sa.String(64), default="Asia/Shanghai")
    made_up: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    person_key: Mapped[PersonKey] = relationship()


class PersonIndex(Model, PlacedPeople):
    """Keyed hashes by which a person is found: whole number, last four digits, name."""

    __tablename__ = "person_index"
    id: Mapped[int] = key_column()
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"), index=True)
    placed_customer_id = synonym("customer_id")
    kind: Mapped[str] = mapped_column(sa.String(16), comment="name, id_no, phone, phone_last4")
    hash: Mapped[bytes] = mapped_column(sa.LargeBinary(16))

    __table_args__ = (
        sa.Index("ix_person_index_lookup", "kind", "hash"),
        sa.UniqueConstraint("customer_id", "kind", "hash"),
    )


class ContactPoint(Model, PlacedPeople):
    """A phone, e-mail or address of a person, with where it came from and whether it is still theirs."""

    __tablename__ = "contact_point"
    id: Mapped[int] = key_column()
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"), index=True)
    placed_customer_id = synonym("customer_id")
    kind: Mapped[ContactKind] = mapped_column(choice(ContactKind))
    relation: Mapped[str] = mapped_column(sa.String(16), default="self")
    value_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    value_masked: Mapped[str] = mapped_column(sa.String(120), comment="138****0012")
    value_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(16))
    postcode: Mapped[str] = mapped_column(sa.String(16), default="")
    source: Mapped[ContactSource] = mapped_column(choice(ContactSource))
    status: Mapped[ContactStatus] = mapped_column(choice(ContactStatus), default=ContactStatus.UNCHECKED)
    position: Mapped[int] = mapped_column(default=1, comment="order on the page, 1 first")
    made_up: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    import_run_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("import_run.id"), comment="the file that brought it"
    )
    found_by_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("organisation.id"), comment="who found it; shown to the bank alone"
    )
    found_source_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary, comment="where it was found, in words")
    lawful_ground: Mapped[str] = mapped_column(
        sa.String(24), default="", comment="on what ground it may be used: contract, authorisation …"
    )

    __table_args__ = (
        sa.UniqueConstraint("customer_id", "kind", "value_hash"),
        sa.CheckConstraint("source <> 'found' OR lawful_ground <> ''", name="found_on_a_ground"),
        sa.Index(
            "ix_contact_point_found",
            "created_at",
            "id",
            sqlite_where=sa.text("source = 'found'"),
            postgresql_where=sa.text("source = 'found'"),
        ),
    )


class Account(Model, PlacedRows):
    """An overdue card account as the bank's latest file has it. Amounts in minor units of `currency`."""

    __tablename__ = "account"
    id: Mapped[int] = key_column()
    placed_account_id = synonym("id")
    account_ref: Mapped[str] = mapped_column(sa.String(64), unique=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"), index=True)
    product: Mapped[str] = mapped_column(sa.String(64), default="")
    card_last4: Mapped[str] = mapped_column(sa.String(4))
    currency: Mapped[str] = mapped_column(sa.String(3))
    principal_minor: Mapped[int] = mapped_column(MinorUnits)
    interest_minor: Mapped[int] = mapped_column(MinorUnits, default=0)
    fees_minor: Mapped[int] = mapped_column(MinorUnits, default=0)
    total_minor: Mapped[int] = mapped_column(MinorUnits)
    days_past_due: Mapped[int]
    bucket: Mapped[str] = mapped_column(sa.String(4), comment="M0, M1 … M6, M7+; from days_past_due")
    due_date: Mapped[date | None]
    opened_on: Mapped[date | None]
    charged_off_on: Mapped[date | None]
    last_paid_on: Mapped[date | None]
    last_paid_minor: Mapped[int | None] = mapped_column(MinorUnits)
    balance_as_of: Mapped[date]
    region: Mapped[str] = mapped_column(sa.String(64), default="")
    status: Mapped[AccountStatus] = mapped_column(choice(AccountStatus), default=AccountStatus.OPEN)
    made_up: Mapped[bool] = mapped_column(default=False, comment="person, contact points and last four are invented")
    extra: Mapped[dict[str, Any] | None] = mapped_column(JsonData, comment="unknown columns of the file")
    import_run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("import_run.id"))
    created_at: Mapped[datetime]
    customer: Mapped[Customer] = relationship()

    __table_args__ = (
        sa.CheckConstraint("principal_minor + interest_minor + fees_minor = total_minor", name="parts_add_up"),
        sa.CheckConstraint("days_past_due >= 0", name="days_past_due"),
        sa.Index("ix_account_segment", "currency", "status", "bucket", "total_minor", "id"),
        # the orders of the list of accounts: all, of a bucket, of a state
        sa.Index("ix_account_owed", "total_minor", "id"),
        sa.Index("ix_account_bucket_owed", "bucket", "total_minor", "id"),
        sa.Index("ix_account_status_owed", "status", "total_minor", "id"),
    )


class LimitationClock(Model, PlacedRows):
    """What began the limitation of an account's claim anew, beyond what the bank's file says. Kept by what happens, so that
    lists of a million accounts ask one key each; the evidence stands where it happened (contact/limits, payments).

    No row: nothing did. What it means is said in `limitation.py`.
    """

    __tablename__ = "limitation_clock"
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), primary_key=True, autoincrement=False)
    placed_account_id = synonym("account_id")
    paid_on: Mapped[date | None] = mapped_column(comment="value date of the last payment that was not taken back")
    posted_on: Mapped[date | None] = mapped_column(
        comment="the last day on which such a payment was posted: no balance of an earlier day holds it"
    )
    restarted_on: Mapped[date | None] = mapped_column(
        comment="the last other day that began it anew while the claim stood; null: none, or a payment came later"
    )


class AccountParty(Model, PlacedRows):
    """Who stands behind an account and as what."""

    __tablename__ = "account_party"
    id: Mapped[int] = key_column()
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    placed_account_id = synonym("account_id")
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"), index=True)
    party: Mapped[PartyKind] = mapped_column(choice(PartyKind))

    __table_args__ = (sa.UniqueConstraint("account_id", "customer_id", "party"),)


class BalanceSnapshot(Model, PlacedRows):
    """What a file said about an account on a date; kept when the account moves on."""

    __tablename__ = "balance_snapshot"
    id: Mapped[int] = key_column()
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    placed_account_id = synonym("account_id")
    import_run_id: Mapped[int] = mapped_column(sa.ForeignKey("import_run.id"))
    as_of: Mapped[date]
    principal_minor: Mapped[int] = mapped_column(MinorUnits)
    interest_minor: Mapped[int] = mapped_column(MinorUnits)
    fees_minor: Mapped[int] = mapped_column(MinorUnits)
    total_minor: Mapped[int] = mapped_column(MinorUnits)
    days_past_due: Mapped[int]
    bucket: Mapped[str] = mapped_column(sa.String(4))

    __table_args__ = (sa.UniqueConstraint("account_id", "as_of", "import_run_id"),)


class Hold(Model, PlacedPeople):
    """Something that stops placing or contact: of one account, or of the person where `account_id` is null."""

    __tablename__ = "hold"
    id: Mapped[int] = key_column()
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"), index=True)
    placed_customer_id = synonym("customer_id")
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"), index=True)
    flag: Mapped[HoldFlag] = mapped_column(choice(HoldFlag))
    reason: Mapped[str] = mapped_column(sa.String(200), default="", comment="a code or short word; no personal data")
    raised_at: Mapped[datetime]
    raised_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    due_on: Mapped[date | None] = mapped_column(comment="by when it is decided about; null: it has no clock")
    released_at: Mapped[datetime | None]
    released_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    release_reason: Mapped[str] = mapped_column(sa.String(200), default="")

    __table_args__ = (
        sa.Index(
            "uq_hold_open",
            "customer_id",
            sa.text("coalesce(account_id, 0)"),
            "flag",
            unique=True,
            sqlite_where=sa.text("released_at IS NULL"),
            postgresql_where=sa.text("released_at IS NULL"),
        ),
        sa.Index(
            "ix_hold_due",
            "due_on",
            "id",
            sqlite_where=sa.text("released_at IS NULL"),
            postgresql_where=sa.text("released_at IS NULL"),
        ),
        sa.Index(
            "ix_hold_open",
            "raised_at",
            "id",
            sqlite_where=sa.text("released_at IS NULL"),
            postgresql_where=sa.text("released_at IS NULL"),
        ),
    )


class HoldTerm(Model, Shared):
    """How many days the bank gives itself to decide about holds of a kind. No row: the usual ones (hold_terms.py)."""

    __tablename__ = "hold_term"
    id: Mapped[int] = key_column()
    flag: Mapped[HoldFlag] = mapped_column(choice(HoldFlag), unique=True)
    days: Mapped[int | None] = mapped_column(comment="null: such holds have no clock")

    __table_args__ = (sa.CheckConstraint("days BETWEEN 1 AND 3650", name="days"),)
