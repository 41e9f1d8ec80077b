"""Tables of what was said and tried, what was promised, and what counts towards the caps of a person's day."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, synonym

from portal.foundation.database import JsonData, MinorUnits, Model, choice, key_column
from portal.foundation.visibility import OwnRows, PlacedPeople, PlacedRows


class Channel(StrEnum):
    CALL = "call"
    SMS = "sms"
    EMAIL = "email"
    WECOM = "wecom"
    VISIT = "visit"
    LETTER = "letter"


class Direction(StrEnum):
    OUTBOUND = "outbound"
    INBOUND = "inbound"


class PromiseState(StrEnum):
    OPEN = "open"
    KEPT = "kept"
    BROKEN = "broken"
    REPLACED = "replaced"  # a later promise took its place
    CARRIED = "carried"  # the account went back before its day; it goes on as a CarriedPromise


class ContactAttempt(Model, OwnRows):
    """One attempt to reach a debtor, with the conduct verdict at its time. Append-only; a correction names the old one."""

    __tablename__ = "contact_attempt"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    placement_id: Mapped[int] = mapped_column(sa.ForeignKey("placement.id"), index=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    attempt_ref: Mapped[str] = mapped_column(sa.String(64), comment="the agency's own reference")
    at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    local_date: Mapped[date] = mapped_column(comment="the day of `at` where the debtor is")
    channel: Mapped[Channel] = mapped_column(choice(Channel))
    direction: Mapped[Direction] = mapped_column(choice(Direction))
    initiated_by: Mapped[str] = mapped_column(sa.String(16), comment="collector or consumer")
    contact_point_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contact_point.id"))
    party: Mapped[str] = mapped_column(sa.String(16), default="self")
    outcome: Mapped[str] = mapped_column(sa.String(32), comment="code of reference/files.md")
    counts_as: Mapped[str] = mapped_column(
        sa.String(16), default="", comment="conversation, unanswered, visit or nothing: what the daily caps count"
    )
    reason_behind: Mapped[str] = mapped_column(sa.String(32), default="")
    note_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    debts_placed_for: Mapped[list[Any]] = mapped_column(JsonData, comment="account ids")
    debts_discussed: Mapped[list[Any]] = mapped_column(JsonData, comment="account ids")
    corrects_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("contact_attempt.id"), unique=True, comment="the entry that this one takes the place of"
    )
    evidence_name: Mapped[str] = mapped_column(
        sa.String(255), default="", comment="the file of the organisation's evidence that belongs to it"
    )
    next_action: Mapped[str] = mapped_column(sa.String(16), default="", comment="call, sms, visit, letter, wait, bank")
    again_on: Mapped[date | None] = mapped_column(comment="the day chosen for it; null: as the outcome says")
    override_reason: Mapped[str] = mapped_column(
        sa.String(32), default="", comment="for which of the rule's reasons it went on against a presumption"
    )
    content_hash: Mapped[bytes | None] = mapped_column(
        sa.LargeBinary(16), comment="of the row of a log; the same reference with another is a conflict"
    )
    # No foreign key: SQLite adds one only by copying the table, and evidence is never copied.
    import_run_id: Mapped[int | None] = mapped_column(comment="the import of the log that it came with")
    import_line: Mapped[int | None] = mapped_column(comment="where it stood in that log")
    verdict: Mapped[str] = mapped_column(sa.String(24), comment="allow … block, as of `at`")
    decision: Mapped[dict[str, Any]] = mapped_column(JsonData, comment="pack, version, rule, facts, reason")
    logged_at: Mapped[datetime]
    logged_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))

    __table_args__ = (
        sa.UniqueConstraint("organisation_id", "attempt_ref"),
        sa.CheckConstraint(
            "length(override_reason) <= 32 AND override_reason = lower(override_reason) AND override_reason NOT LIKE '% %'",
            name="override_reason",
        ),
        sa.Index("ix_contact_attempt_day", "organisation_id", "logged_by", "at"),
        sa.Index("ix_contact_attempt_team_day", "organisation_id", "at", "id"),
        sa.Index("ix_contact_attempt_person", "customer_id", "at"),
        sa.Index(
            "ix_contact_attempt_evidence",
            "organisation_id",
            "evidence_name",
            sqlite_where=sa.text("evidence_name <> ''"),
            postgresql_where=sa.text("evidence_name <> ''"),
        ),
        # what of a log was against the rules, in the log's order
        sa.Index(
            "ix_contact_attempt_found",
            "import_run_id",
            "import_line",
            sqlite_where=sa.text("import_run_id IS NOT NULL AND verdict IN ('block', 'presume')"),
            postgresql_where=sa.text("import_run_id IS NOT NULL AND verdict IN ('block', 'presume')"),
        ),
    )


class AttemptDay(Model, OwnRows):
    """What one person logged on a day, corrected entries taken off: months are summed from these."""

    __tablename__ = "attempt_day"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    user_id: Mapped[int] = mapped_column(comment="who made them; 0: nobody is named")
    day: Mapped[date] = mapped_column(comment="where the organisation is")
    logged: Mapped[int]
    reached: Mapped[int]
    breaches: Mapped[int]

    __table_args__ = (sa.UniqueConstraint("organisation_id", "day", "user_id"),)


class EvidenceFile(Model, OwnRows):
    """A recording or photo that an organisation keeps with us, by the name that its log gives it. Append-only: another
    content under the same name is another file and needs another name."""

    __tablename__ = "evidence_file"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    name: Mapped[str] = mapped_column(sa.String(255))
    digest: Mapped[str] = mapped_column(sa.String(64), comment="SHA-256 of the content")
    stored: Mapped[str | None] = mapped_column(
        sa.String(64), comment="address in the storage, sealed with its own key; null: as it came, under its digest"
    )
    size: Mapped[int] = mapped_column(sa.BigInteger, comment="bytes")
    form: Mapped[str] = mapped_column(sa.String(8), comment="what its first bytes say: wav, mp3, jpg, pdf …")
    uploaded_at: Mapped[datetime]
    uploaded_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))

    __table_args__ = (
        sa.UniqueConstraint("organisation_id", "name"),
        sa.Index("ix_evidence_file_latest", "organisation_id", "id"),
    )


class EvidenceKey(Model, OwnRows):
    """The key of one file of evidence. Once the last person that the file is about is erased, a trigger on `person_key`
    deletes it: from then on nobody can read the file, while the row that names it stays."""

    __tablename__ = "evidence_key"
    evidence_file_id: Mapped[int] = mapped_column(
        sa.ForeignKey("evidence_file.id"), primary_key=True, autoincrement=False
    )
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), comment="the file's")
    key_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)


class Promise(Model, OwnRows):
    """A promise to pay an amount by a date, born of an attempt; an attempt may bring several, for different days."""

    __tablename__ = "promise"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    attempt_id: Mapped[int] = mapped_column(sa.ForeignKey("contact_attempt.id"))
    placement_id: Mapped[int] = mapped_column(sa.ForeignKey("placement.id"), index=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    amount_minor: Mapped[int] = mapped_column(MinorUnits)
    currency: Mapped[str] = mapped_column(sa.String(3))
    made_on: Mapped[date] = mapped_column(comment="the debtor's day on which it was made")
    promised_on: Mapped[date] = mapped_column(comment="the day by which it is to be paid")
    kept_until: Mapped[date] = mapped_column(comment="the last value date that keeps it: with the days of grace")
    state: Mapped[PromiseState] = mapped_column(choice(PromiseState), default=PromiseState.OPEN)
    created_at: Mapped[datetime]

    __table_args__ = (
        sa.UniqueConstraint("attempt_id", "promised_on"),
        sa.CheckConstraint("amount_minor > 0", name="amount"),
        sa.CheckConstraint("kept_until >= promised_on", name="grace"),
        sa.Index("ix_promise_due", "organisation_id", "state", "promised_on", "id"),
        sa.Index("ix_promise_day", "organisation_id", "promised_on", "id"),
    )


class CarriedPromise(Model, PlacedRows):
    """A promise that was open when its placement ended: a fact of the account, for whoever holds it next.

    It does not say to whom it was made. Kept by any payment, whoever is credited with it.
    """

    __tablename__ = "carried_promise"
    id: Mapped[int] = key_column()
    promise_id: Mapped[int] = mapped_column(sa.ForeignKey("promise.id"), unique=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    placed_account_id = synonym("account_id")
    round: Mapped[int] = mapped_column(comment="the round of the account in which it was made")
    amount_minor: Mapped[int] = mapped_column(MinorUnits)
    currency: Mapped[str] = mapped_column(sa.String(3))
    made_on: Mapped[date]
    promised_on: Mapped[date]
    kept_until: Mapped[date] = mapped_column(comment="with the days of grace")
    state: Mapped[PromiseState] = mapped_column(choice(PromiseState), default=PromiseState.OPEN)
    carried_at: Mapped[datetime]

    __table_args__ = (
        sa.CheckConstraint("amount_minor > 0", name="amount"),
        sa.CheckConstraint("state <> 'carried'", name="is_carried_once"),
        sa.Index("ix_carried_promise_due", "state", "promised_on", "id"),
    )


class WorkItem(Model, OwnRows):
    """Where a placement stands in its holder's queue; kept up to date by what happens, so that the queue is one index."""

    __tablename__ = "work_item"
    id: Mapped[int] = key_column()
    placement_id: Mapped[int] = mapped_column(sa.ForeignKey("placement.id"), unique=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    open: Mapped[bool] = mapped_column(default=True, comment="false once the placement has ended")
    next_kind: Mapped[str] = mapped_column(sa.String(16), comment="new, promise, callback, rest")
    next_on: Mapped[date] = mapped_column(
        comment="the day its turn comes: accepted, promised, agreed, or to be tried again"
    )
    next_at: Mapped[datetime | None] = mapped_column(comment="the hour of a call-back, where one was agreed")
    assigned_to: Mapped[int | None] = mapped_column(
        sa.ForeignKey("user_account.id"), comment="the collector to whom it was dealt; null: the pool"
    )
    standard_days: Mapped[int] = mapped_column(comment="the contract's work standard: days from one try to the next")
    try_by: Mapped[date] = mapped_column(
        comment="the last day of the work standard; not before its turn. Behind it the account is untouched"
    )
    value_minor: Mapped[int] = mapped_column(MinorUnits)
    currency: Mapped[str] = mapped_column(sa.String(3), comment="of the value")
    attempts: Mapped[int] = mapped_column(default=0)
    last_attempt_at: Mapped[datetime | None]
    last_outcome: Mapped[str] = mapped_column(sa.String(32), default="")


# One range of this index is one segment of the queue, in its order.
sa.Index(
    "ix_work_item_queue",
    WorkItem.organisation_id,
    WorkItem.open,
    WorkItem.next_kind,
    WorkItem.next_on,
    WorkItem.value_minor.desc(),
    WorkItem.id,
)
# The same of one collector, and of the pool. Each place stands in one of the two; the pool's needs its own, since for
# PostgreSQL the rows where a column is NULL are not in the order of the columns behind it.
_DEALT, _POOL = WorkItem.assigned_to.is_not(None), WorkItem.assigned_to.is_(None)
_TURN = (WorkItem.next_kind, WorkItem.next_on, WorkItem.value_minor.desc(), WorkItem.id)
_STANDARD = (WorkItem.try_by, WorkItem.id)
_OPEN = (WorkItem.organisation_id, WorkItem.open)
_DESK = (*_OPEN, WorkItem.assigned_to)
sa.Index("ix_work_item_desk", *_DESK, *_TURN, sqlite_where=_DEALT, postgresql_where=_DEALT)
sa.Index("ix_work_item_pool", *_OPEN, *_TURN, sqlite_where=_POOL, postgresql_where=_POOL)
# By the work standard: what waits longest first.
sa.Index("ix_work_item_untouched", *_OPEN, *_STANDARD)
sa.Index("ix_work_item_desk_untouched", *_DESK, *_STANDARD, sqlite_where=_DEALT, postgresql_where=_DEALT)
sa.Index("ix_work_item_pool_untouched", *_OPEN, *_STANDARD, sqlite_where=_POOL, postgresql_where=_POOL)


class DeskTotal(Model, OwnRows):
    """How much stands open in a collector's queue, or in the pool, in one currency. Kept by a trigger on `work_item`, so
    that the team's page adds nothing up."""

    __tablename__ = "desk_total"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    user_id: Mapped[int] = mapped_column(comment="0: the pool")
    currency: Mapped[str] = mapped_column(sa.String(3))
    accounts: Mapped[int]
    value_minor: Mapped[int] = mapped_column(MinorUnits)

    __table_args__ = (sa.UniqueConstraint("organisation_id", "user_id", "currency"),)


class TeamRule(Model, OwnRows):
    """What an agency's leader has settled for the team. Without a row: collectors work their own accounts and the pool."""

    __tablename__ = "team_rule"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), unique=True)
    own_only: Mapped[bool] = mapped_column(
        comment="collectors have their own accounts in their queue, without the pool"
    )
    changed_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    changed_at: Mapped[datetime]


class ContactTally(Model, PlacedPeople):
    """A contact that counts towards the caps of a person's day, over the bank and all agencies. Kept by a trigger.

    It names no organisation: the Chinese daily cap counts over all of them without showing one another's log. It has the
    instant, so that a log which comes late is judged by what stood before each of its attempts. What was corrected is gone.
    """

    __tablename__ = "contact_tally"
    attempt_id: Mapped[int] = mapped_column(sa.ForeignKey("contact_attempt.id"), primary_key=True, autoincrement=False)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    placed_customer_id = synonym("customer_id")
    day: Mapped[date] = mapped_column(comment="where the debtor is")
    at: Mapped[datetime]
    measure: Mapped[str] = mapped_column(sa.String(16), comment="conversation, unanswered or visit")
    contact_point_id: Mapped[int | None]

    __table_args__ = (sa.Index("ix_contact_tally_person_day", "customer_id", "day"),)
