"""Tables of letter packs: frozen letters, who opened and approved them, their numbers, and each download."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.foundation.database import JsonData, MinorUnits, Model, choice, key_column
from portal.foundation.visibility import OwnRows
from portal.identity.models import Organisation


class PackState(StrEnum):
    BUILDING = "building"
    REVIEW = "review"
    REFUSED = "refused"
    APPROVED = "approved"  # numbers are drawn, the print file is being made
    READY = "ready"


class LetterState(StrEnum):
    """Rows of `letter_event`; a letter without one waits for review."""

    APPROVED = "approved"
    REFUSED = "refused"
    VOID = "void"


class LetterPack(Model, OwnRows):
    """Letters to accounts of one accepted letter batch, frozen as of a day, for the lawyers' approval. A batch has several:
    which accounts, and by which template, was chosen when each was built."""

    __tablename__ = "letter_pack"
    id: Mapped[int] = key_column()
    number: Mapped[str] = mapped_column(sa.String(64), unique=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("placement_batch.id"), index=True)
    state: Mapped[PackState] = mapped_column(choice(PackState))
    template: Mapped[str] = mapped_column(sa.String(64))
    template_version: Mapped[str] = mapped_column(sa.String(32))
    jurisdiction: Mapped[str] = mapped_column(
        sa.String(8), default="cn", server_default="cn", comment="cn, us, uk: of its template"
    )
    criteria: Mapped[dict[str, Any]] = mapped_column(
        JsonData, default=dict, server_default="{}", comment="which accounts, as of which day"
    )
    head: Mapped[dict[str, Any]] = mapped_column(JsonData, comment="firm, client, dates: what all letters share")
    balance_as_of: Mapped[date]
    issued_on: Mapped[date]
    pay_within_days: Mapped[int]
    currency: Mapped[str] = mapped_column(sa.String(3))
    letter_count: Mapped[int] = mapped_column(default=0)
    flagged_count: Mapped[int] = mapped_column(default=0)
    total_minor: Mapped[int] = mapped_column(MinorUnits, default=0)
    must_open: Mapped[int] = mapped_column(default=0, comment="letters that the firm's policy wants opened")
    built_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    built_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None]
    given_up_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    given_up_at: Mapped[datetime | None] = mapped_column(comment="an approved pack that must not go out after all")
    lawyer_licence_no: Mapped[str] = mapped_column(sa.String(64), default="", comment="under which it was approved")
    refusal: Mapped[str] = mapped_column(sa.String(400), default="")
    content_sha256: Mapped[str | None] = mapped_column(sa.String(64), comment="over the letters' hashes, as approved")
    edition: Mapped[int] = mapped_column(default=1, comment="how often its files were made, from 1")
    duplex: Mapped[bool] = mapped_column(default=False, comment="each letter begins on the front of a sheet")
    postal: Mapped[bool] = mapped_column(default=False, comment="printed by postcode, not by number")
    print_digest: Mapped[str | None] = mapped_column(sa.String(64))
    print_pages: Mapped[int | None]
    manifest_digest: Mapped[str | None] = mapped_column(sa.String(64))
    manifest_xlsx_digest: Mapped[str | None] = mapped_column(sa.String(64))
    labels_digest: Mapped[str | None] = mapped_column(sa.String(64))
    singles_digest: Mapped[str | None] = mapped_column(sa.String(64), comment="ZIP of sealed single letters")
    organisation: Mapped[Organisation] = relationship()


class Letter(Model, OwnRows):
    """One letter's frozen data, sealed under the debtor's key. Unchangeable once it has a number."""

    __tablename__ = "letter"
    id: Mapped[int] = key_column()
    pack_id: Mapped[int] = mapped_column(sa.ForeignKey("letter_pack.id"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    placement_id: Mapped[int] = mapped_column(sa.ForeignKey("placement.id"), index=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    contact_point_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("contact_point.id"), comment="the address it was written to; null: not known, or there is none"
    )
    position: Mapped[int] = mapped_column(comment="1 … n in the pack, those that stand aside first")
    account_ref: Mapped[str] = mapped_column(sa.String(64))
    name_masked: Mapped[str] = mapped_column(sa.String(64))
    total_minor: Mapped[int] = mapped_column(MinorUnits)
    currency: Mapped[str] = mapped_column(sa.String(3))
    as_of: Mapped[date | None] = mapped_column(
        comment="the day of the balance that it states; null: before release 0056"
    )
    frozen_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary, comment="the letter's data as JSON")
    content_sha256: Mapped[str] = mapped_column(sa.String(64))
    flagged: Mapped[bool] = mapped_column(default=False, comment="stands aside: is not approved and gets no number")
    flags: Mapped[list[Any]] = mapped_column(JsonData, comment="[{code, params}] why it stands aside, see flags.py")
    in_sample: Mapped[bool] = mapped_column(default=False, comment="must be opened before approval")
    year: Mapped[int | None]
    number: Mapped[int | None]
    letter_no: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    verify_code: Mapped[str] = mapped_column(sa.String(32), unique=True, comment="part of what is approved")

    __table_args__ = (
        sa.UniqueConstraint("pack_id", "position"),
        sa.UniqueConstraint("organisation_id", "year", "number"),
        sa.CheckConstraint(
            "(number IS NULL) = (letter_no IS NULL) AND (number IS NULL) = (year IS NULL)", name="number_is_whole"
        ),
    )


class LiveLetter(Model, OwnRows):
    """A letter that may still go out, or has gone out and did not come back. It keeps its placement's place: there is one of a
    template. The row goes when the letter is left out, void or returned, or its pack refused; then another can be written."""

    __tablename__ = "live_letter"
    letter_id: Mapped[int] = mapped_column(sa.ForeignKey("letter.id"), primary_key=True, autoincrement=False)
    placement_id: Mapped[int] = mapped_column(sa.ForeignKey("placement.id"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    template: Mapped[str] = mapped_column(sa.String(64))

    __table_args__ = (sa.UniqueConstraint("placement_id", "template"),)


class LetterApproval(Model, OwnRows):
    """A lawyer's approval of that letter alone, where the law asks for it (US): under which licence, and how long it was read.
    Append-only."""

    __tablename__ = "letter_approval"
    id: Mapped[int] = key_column()
    letter_id: Mapped[int] = mapped_column(sa.ForeignKey("letter.id"), unique=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    content_sha256: Mapped[str] = mapped_column(sa.String(64), comment="of the letter as it was read")
    licence_no: Mapped[str] = mapped_column(sa.String(64), comment="the lawyer's own")
    seconds: Mapped[int] = mapped_column(comment="for which the lawyer had it open")
    by_user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    at: Mapped[datetime]


class LetterEvent(Model, OwnRows):
    """Approval, refusal or voiding of a letter, with its reason. Append-only."""

    __tablename__ = "letter_event"
    id: Mapped[int] = key_column()
    letter_id: Mapped[int] = mapped_column(sa.ForeignKey("letter.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    state: Mapped[LetterState] = mapped_column(choice(LetterState))
    by_user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(sa.String(400), default="")


class LetterRelease(Model, OwnRows):
    """A lawyer let a letter go on that a check had put aside, and says why. Append-only."""

    __tablename__ = "letter_release"
    id: Mapped[int] = key_column()
    letter_id: Mapped[int] = mapped_column(sa.ForeignKey("letter.id"), unique=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    flags: Mapped[list[Any]] = mapped_column(JsonData, comment="why it stood aside, as letter.flags")
    reason: Mapped[str] = mapped_column(sa.String(400))
    by_user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    at: Mapped[datetime]


class LetterOpening(Model, OwnRows):
    """Somebody opened a letter in review. Append-only."""

    __tablename__ = "letter_opening"
    id: Mapped[int] = key_column()
    letter_id: Mapped[int] = mapped_column(sa.ForeignKey("letter.id"), index=True)
    pack_id: Mapped[int] = mapped_column(sa.ForeignKey("letter_pack.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    at: Mapped[datetime]


class LetterCounter(Model, OwnRows):
    """The last number a firm has used in a year; its row is locked while numbers are drawn, so there is no gap."""

    __tablename__ = "letter_counter"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    year: Mapped[int]
    last_number: Mapped[int] = mapped_column(default=0)

    __table_args__ = (sa.UniqueConstraint("organisation_id", "year"),)


class PackDownload(Model, OwnRows):
    """Who took which file of a pack, when, from where. Append-only."""

    __tablename__ = "pack_download"
    id: Mapped[int] = key_column()
    pack_id: Mapped[int] = mapped_column(sa.ForeignKey("letter_pack.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    at: Mapped[datetime]
    origin: Mapped[str] = mapped_column(sa.String(64))
    file: Mapped[str] = mapped_column(sa.String(32), comment="print, manifest_csv, manifest_xlsx")
    digest: Mapped[str] = mapped_column(sa.String(64))
