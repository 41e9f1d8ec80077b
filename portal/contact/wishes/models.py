"""Tables of what the debtor asked for, agreed to or was sent, and of who noted it."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, synonym

from portal.contact.models import Channel
from portal.contact.wishes.kinds import SPECS, End, Kind, Place, Subject
from portal.foundation.database import Model, choice, key_column
from portal.foundation.visibility import OwnRows, ToldPeople

__all__ = ["Wish", "WishSource"]


def _only_of(column: str, term: str) -> sa.CheckConstraint:
    """A term stands only in rows of the kinds that have it."""
    kinds = ", ".join(f"'{kind}'" for kind, spec in SPECS.items() if term in spec.terms)
    return sa.CheckConstraint(f"{column} OR kind IN ({kinds})", name=f"{term}_has_its_kind")


def _kinds(*subjects: Subject) -> str:
    return ", ".join(f"'{kind}'" for kind, spec in SPECS.items() if spec.subject in subjects)


class Wish(Model, ToldPeople):
    """One thing that the debtor asked for, agreed to or was sent, or (`ended`) what ends one. Append-only.

    It names nobody who noted it: what restricts is read by all who hold an account of the person. `told_to_id`: the
    collector for whom alone it counts.
    """

    __tablename__ = "contact_wish"
    id: Mapped[int] = key_column()
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    placed_customer_id = synonym("customer_id")
    account_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("account.id"), comment="null: the person, whatever the debt"
    )
    told_to_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("organisation.id"), comment="for whom alone it counts; null: the bank and all its agencies"
    )
    kind: Mapped[Kind] = mapped_column(choice(Kind))
    said_at: Mapped[datetime] = mapped_column(comment="when it was said, received or sent")
    noted_at: Mapped[datetime]
    by_bank: Mapped[bool] = mapped_column(comment="whether the bank wrote it down")
    channel: Mapped[Channel | None] = mapped_column(choice(Channel))
    contact_point_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contact_point.id"))
    weekdays: Mapped[int | None] = mapped_column(comment="a bit for each day, Monday is 1")
    opens: Mapped[int | None] = mapped_column(comment="minutes of the day where the debtor is")
    closes: Mapped[int | None] = mapped_column(comment="1440: midnight; before `opens`: on the next day")
    place: Mapped[Place | None] = mapped_column(choice(Place))
    dials: Mapped[int | None] = mapped_column(comment="agreed, a day")
    until: Mapped[date | None] = mapped_column(comment="the last day, where one was said")
    is_crisis: Mapped[bool] = mapped_column(default=False, comment="breathing space for a crisis of mental health")
    ends_id: Mapped[int | None] = mapped_column(unique=True, comment="the row that this one ends")
    ends_kind: Mapped[str | None] = mapped_column(sa.String(32), comment="the kind of the row that it ends")
    end_reason: Mapped[End | None] = mapped_column(choice(End))

    __table_args__ = (
        sa.UniqueConstraint("id", "customer_id", "kind"),
        # of the same person, and of the kind that the reason is checked for
        sa.ForeignKeyConstraint(
            ["ends_id", "customer_id", "ends_kind"], ["contact_wish.id", "contact_wish.customer_id", "contact_wish.kind"],
            name="fk_contact_wish_ends",
        ),
        sa.CheckConstraint("said_at <= noted_at", name="not_ahead"),
        sa.CheckConstraint("(kind = 'ended') = (ends_id IS NOT NULL)", name="end_names_one"),
        sa.CheckConstraint("(ends_id IS NULL) = (end_reason IS NULL)", name="end_has_reason"),
        sa.CheckConstraint("(ends_id IS NULL) = (ends_kind IS NULL)", name="end_has_kind"),
        sa.CheckConstraint(
            "end_reason IS NULL OR end_reason = 'mistake'"
            + "".join(
                f" OR (end_reason = '{end}' AND ends_kind IN ("
                + ", ".join(f"'{kind}'" for kind, spec in SPECS.items() if end in spec.ends) + "))"
                for end in End if end is not End.MISTAKE
            ),
            name="end_fits",
        ),
        sa.CheckConstraint("ends_kind IS NULL OR ends_kind <> 'ended'", name="end_stays"),
        sa.CheckConstraint(
            "kind = 'ended' OR (told_to_id IS NOT NULL) = (kind IN ("
            + ", ".join(f"'{kind}'" for kind, spec in SPECS.items() if spec.to_one) + "))",
            name="told_to_one",
        ),
        sa.CheckConstraint(f"account_id IS NULL OR kind = 'ended' OR kind IN ({_kinds(Subject.ACCOUNT, Subject.EITHER)})",
                           name="of_the_person"),
        sa.CheckConstraint(f"account_id IS NOT NULL OR kind NOT IN ({_kinds(Subject.ACCOUNT)})", name="of_an_account"),
        _only_of("channel IS NULL", "channel"),
        _only_of("contact_point_id IS NULL", "contact_point_id"),
        _only_of("weekdays IS NULL", "weekdays"),
        _only_of("opens IS NULL", "opens"),
        _only_of("place IS NULL", "place"),
        _only_of("dials IS NULL", "dials"),
        _only_of("until IS NULL", "until"),
        _only_of("NOT is_crisis", "is_crisis"),
        sa.CheckConstraint("kind <> 'media_stop' OR channel IS NOT NULL OR contact_point_id IS NOT NULL", name="stops_something"),
        sa.CheckConstraint("(kind = 'inconvenient_time') = (weekdays IS NOT NULL)", name="time_has_days"),
        sa.CheckConstraint("(kind = 'inconvenient_place') = (place IS NOT NULL)", name="place_is_named"),
        sa.CheckConstraint("(kind = 'agreed_frequency') = (dials IS NOT NULL)", name="frequency_is_named"),
        sa.CheckConstraint("weekdays BETWEEN 1 AND 127", name="weekdays"),
        sa.CheckConstraint("dials BETWEEN 1 AND 50", name="dials"),
        sa.CheckConstraint("(opens IS NULL) = (closes IS NULL)", name="hours_have_both_ends"),
        sa.CheckConstraint("opens BETWEEN 0 AND 1439 AND closes BETWEEN 1 AND 1440 AND opens <> closes", name="hours"),
        sa.Index("ix_contact_wish_person", "customer_id", "id"),
    )  # fmt: skip


class WishSource(Model, OwnRows):
    """Who noted a wish, in which words, and the scan that shows it. Append-only; an organisation reads its own, the bank all.
    Words and file are sealed with the person's key."""

    __tablename__ = "contact_wish_source"
    id: Mapped[int] = key_column()
    wish_id: Mapped[int] = mapped_column(sa.ForeignKey("contact_wish.id"), unique=True)
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"), comment="null: the bank")
    by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    note_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    proof_digest: Mapped[str] = mapped_column(sa.String(64), default="", comment="the file, sealed, in the storage")
    proof_name: Mapped[str] = mapped_column(sa.String(200), default="")
