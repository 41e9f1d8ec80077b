"""Tables of rule packs that two people publish, and of what the rules found against contacts."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.foundation.database import Model, key_column
from portal.foundation.visibility import OwnRows, Shared

__all__ = ["ConductDayCount", "ConductFinding", "RulePackChoice", "RulePackVersion", "RulePackWithdrawal"]


class RulePackVersion(Model, Shared):
    """One version of a pack, as its text. A draft until a second person publishes it; from then on nothing of it changes.

    Everybody's contacts are asked about under it, so everybody may read it; drafts are shown by no page but the bank's.
    """

    __tablename__ = "rule_pack_version"
    id: Mapped[int] = key_column()
    pack: Mapped[str] = mapped_column(sa.String(40), comment="cn-card")
    version: Mapped[str] = mapped_column(sa.String(32))
    jurisdiction: Mapped[str] = mapped_column(sa.String(8))
    extends: Mapped[str] = mapped_column(sa.String(40), default="", comment="the pack below; empty: none")
    content: Mapped[str] = mapped_column(sa.Text, comment="YAML")
    sha256: Mapped[str] = mapped_column(sa.String(64), comment="of the content in UTF-8")
    shipped: Mapped[bool] = mapped_column(default=False, comment="came with the portal")
    note: Mapped[str] = mapped_column(sa.String(2000), default="", comment="why it is proposed")
    proposed_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"), comment="null: the portal itself")
    proposed_at: Mapped[datetime]
    published_by: Mapped[int | None] = mapped_column(
        sa.ForeignKey("user_account.id"), comment="null: the portal itself"
    )
    published_at: Mapped[datetime | None]
    effective_from: Mapped[date | None] = mapped_column(
        comment="the first day, where the debtor is; null: from the beginning"
    )
    sign_off: Mapped[str] = mapped_column(
        sa.String(2000), default="", comment="why it is published although a source was not read in full"
    )
    signed_off_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))

    __table_args__ = (
        sa.UniqueConstraint("pack", "version"),
        sa.CheckConstraint(
            "published_by IS NULL OR proposed_by IS NULL OR published_by <> proposed_by", name="maker_is_not_checker"
        ),
        sa.CheckConstraint("published_at IS NOT NULL OR effective_from IS NULL", name="draft_has_no_day"),
        sa.CheckConstraint(
            "published_at IS NULL OR published_by IS NOT NULL OR shipped", name="somebody_publishes"
        ),
    )  # fmt: skip


class RulePackWithdrawal(Model, Shared):
    """A published version that was taken back before its first day."""

    __tablename__ = "rule_pack_withdrawal"
    id: Mapped[int] = key_column()
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("rule_pack_version.id"), unique=True)
    reason: Mapped[str] = mapped_column(sa.String(2000))
    withdrawn_by: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    withdrawn_at: Mapped[datetime]


class RulePackChoice(Model, Shared):
    """Which pack holds for debtors of a place, from a day on; asked for by one person and confirmed by another."""

    __tablename__ = "rule_pack_choice"
    id: Mapped[int] = key_column()
    region: Mapped[str] = mapped_column(sa.String(8), comment="CN, US-MA; empty: every other and every unknown place")
    pack: Mapped[str] = mapped_column(sa.String(40))
    effective_from: Mapped[date | None] = mapped_column(comment="null: from the beginning")
    proposed_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"), comment="null: the portal itself")
    proposed_at: Mapped[datetime]
    confirmed_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    confirmed_at: Mapped[datetime | None]

    __table_args__ = (
        sa.CheckConstraint(
            "confirmed_by IS NULL OR proposed_by IS NULL OR confirmed_by <> proposed_by", name="maker_is_not_checker"
        ),
    )


class ConductFinding(Model, OwnRows):
    """What one rule found against an attempt that was logged: a breach (block) or a presumption. Kept by a trigger."""

    __tablename__ = "conduct_finding"
    id: Mapped[int] = key_column()
    attempt_id: Mapped[int] = mapped_column(sa.ForeignKey("contact_attempt.id"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(comment="when the contact took place")
    day: Mapped[date] = mapped_column(comment="of it, where the debtor is")
    pack: Mapped[str] = mapped_column(sa.String(40))
    rule: Mapped[str] = mapped_column(sa.String(64))
    verdict: Mapped[str] = mapped_column(sa.String(24), comment="block or presume")
    code: Mapped[str] = mapped_column(sa.String(24))

    __table_args__ = (
        sa.UniqueConstraint("attempt_id", "rule"),
        # the orders of the list: all, of an organisation, of a rule
        sa.Index("ix_conduct_finding_at", "at", "id"),
        sa.Index("ix_conduct_finding_organisation", "organisation_id", "at", "id"),
        sa.Index("ix_conduct_finding_rule", "rule", "at", "id"),
    )


class ConductDayCount(Model, OwnRows):
    """How many findings of a rule an organisation had on a day, corrected entries taken off. Kept by the same trigger."""

    __tablename__ = "conduct_day_count"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    day: Mapped[date]
    rule: Mapped[str] = mapped_column(sa.String(64))
    verdict: Mapped[str] = mapped_column(sa.String(24))
    count: Mapped[int]

    __table_args__ = (
        sa.UniqueConstraint("organisation_id", "day", "rule", "verdict"),
        sa.Index("ix_conduct_day_count_day", "day"),
    )
