"""Reads of wishes: what binds a collector, for the rules; what stands on an account, for pages; one of them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.contact.wishes.kinds import Kind, Terms
from portal.contact.wishes.models import Wish, WishSource
from portal.contact.wishes.standing import Noted
from portal.foundation.errors import NotFound
from portal.foundation.visibility import visible
from portal.identity.models import Organisation, User
from portal.portfolio.models import Account, ContactPoint, Hold

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = [
    "account_of",
    "binding",
    "hold_of",
    "noted_in",
    "of_account",
    "raised_by",
    "source_for",
    "standing_letters",
    "terms_of",
    "wish_for",
]

MOST_OF_ACCOUNT = 100
_END = aliased(Wish, name="ending")
_SOURCE, _END_SOURCE = aliased(WishSource, name="source"), aliased(WishSource, name="end_source")
_BY, _ENDED_BY = aliased(User, name="noted_by"), aliased(User, name="ended_by")
_TOLD_TO = aliased(Organisation, name="told_to")


# --- for the rules ------------------------------------------------------------------------------------------------------


def binding(
    session: Session, actor: Actor, collector_id: int | None, customers: Collection[int], last: datetime
) -> defaultdict[int, list[Noted]]:
    """What was noted of these people up to an instant as it binds one collector, by person."""
    rows = session.execute(
        visible(Wish, actor)
        .outerjoin(_END, _END.ends_id == Wish.id)
        .outerjoin(_SOURCE, _SOURCE.wish_id == Wish.id)
        .add_columns(_END.said_at.label("ended_at"), _END.end_reason.label("ended_why"))
        .add_columns(_SOURCE.id.label("source_id"), _SOURCE.organisation_id.label("noter_id"))
        .where(Wish.customer_id.in_(customers), Wish.kind != Kind.ENDED, Wish.said_at <= last)
        .where(sa.or_(Wish.told_to_id.is_(None), Wish.told_to_id == collector_id))
        .order_by(Wish.id)
    )
    is_bank = actor.is_bank and collector_id == actor.organisation_id
    noter_id = None if is_bank else collector_id
    found: defaultdict[int, list[Noted]] = defaultdict(list)
    for row in rows:
        told = row.source_id is not None and row.noter_id == noter_id
        found[row.Wish.customer_id].append(_noted(row.Wish, row.ended_at, row.ended_why, told=told))
    return found


def noted_in(row: Any) -> Noted:
    """A wish of a list as the rules know it, by its reader, who knows of it since it was said."""
    end = row.ending
    return _noted(row.Wish, end.said_at if end else None, end.end_reason if end else None, told=True)


def _noted(wish: Wish, ended_at: datetime | None, why: Any, *, told: bool) -> Noted:
    """A wish as the rules know it. `told`: whether the collector itself was told; others are bound once they can know."""
    at_once = told or wish.told_to_id is not None or wish.kind is Kind.BREATHING_SPACE
    begins = wish.said_at if at_once else max(wish.said_at, wish.noted_at)
    return Noted(wish.kind, wish.account_id, wish.said_at, begins, terms_of(wish), ended_at, why)


def terms_of(wish: Wish) -> Terms:
    """What exactly was said."""
    return Terms(
        channel=wish.channel.value if wish.channel else "", contact_point_id=wish.contact_point_id,
        weekdays=wish.weekdays, opens=wish.opens, closes=wish.closes, place=wish.place.value if wish.place else "",
        dials=wish.dials, until=wish.until, is_crisis=wish.is_crisis,
    )  # fmt: skip


# --- for pages ----------------------------------------------------------------------------------------------------------


def _wishes(actor: Actor) -> sa.Select[Any]:
    """Wishes that the actor may read, each with what ended it, its number masked, for whom alone it counts, and who noted it
    as far as that may be known."""
    return (
        visible(Wish, actor)
        .outerjoin(_END, _END.ends_id == Wish.id)
        .outerjoin(_SOURCE, _SOURCE.wish_id == Wish.id)
        .outerjoin(_END_SOURCE, _END_SOURCE.wish_id == _END.id)
        .outerjoin(Organisation, Organisation.id == _SOURCE.organisation_id)
        .outerjoin(_BY, _BY.id == _SOURCE.by)
        .outerjoin(_ENDED_BY, _ENDED_BY.id == _END_SOURCE.by)
        .outerjoin(_TOLD_TO, _TOLD_TO.id == Wish.told_to_id)
        .outerjoin(ContactPoint, ContactPoint.id == Wish.contact_point_id)
        .outerjoin(Account, Account.id == Wish.account_id)
        .add_columns(
            _END, _SOURCE, _END_SOURCE, Organisation, _TOLD_TO, ContactPoint, Account.account_ref.label("account_ref"), _BY.name.label("who"),
            _ENDED_BY.name.label("ended_by"),
        )
        .where(Wish.kind != Kind.ENDED)
    )  # fmt: skip


def of_account(session: Session, actor: Actor, account: Account) -> Sequence[Any]:
    """What was noted about an account and its person, the latest first, as `wish_for`."""
    mine = sa.or_(Wish.account_id.is_(None), Wish.account_id == account.id)
    wanted = _wishes(actor).where(Wish.customer_id == account.customer_id, mine)
    return session.execute(wanted.order_by(Wish.said_at.desc(), Wish.id.desc()).limit(MOST_OF_ACCOUNT)).all()


def wish_for(session: Session, actor: Actor, wish_id: int) -> Any:
    """One of them; NotFound where there is none that the actor may read, or it is of an account closed to the actor."""
    seen = sa.or_(Wish.account_id.is_(None), Account.id.is_not(None))
    row = session.execute(_wishes(actor).where(Wish.id == wish_id, seen)).first()
    if row is None:
        raise NotFound
    return row


def account_of(session: Session, actor: Actor, wish: Wish) -> Account:
    """The account that a wish is about; for one of the whole person an account of theirs that the actor may see. NotFound."""
    wanted = visible(Account, actor).where(Account.customer_id == wish.customer_id)
    if wish.account_id is not None:
        wanted = wanted.where(Account.id == wish.account_id)
    account = session.scalar(wanted.order_by(Account.id).limit(1))
    if account is None:
        raise NotFound
    return account


def hold_of(session: Session, actor: Actor, wish: Wish) -> Hold | None:
    """The hold that a letter has raised, while it stands."""
    raised = visible(Hold, actor).where(Hold.customer_id == wish.customer_id, Hold.released_at.is_(None))
    return session.scalar(raised.where(Hold.reason == raised_by(wish)))


def standing_letters(session: Session, actor: Actor, customers: Collection[int]) -> list[Wish]:
    """The letters of these people that have not ended."""
    wanted = visible(Wish, actor).outerjoin(_END, _END.ends_id == Wish.id)
    wanted = wanted.where(Wish.customer_id.in_(customers), Wish.kind == Kind.CEASE, _END.id.is_(None))
    return list(session.scalars(wanted))


def raised_by(wish: Wish) -> str:
    """How a hold says that a letter has raised it."""
    return f"wish:{wish.id}"


def source_for(session: Session, actor: Actor, source_id: int) -> Any:
    """Who noted one, with whose wish it is; NotFound where there is none that the actor may read."""
    row = session.execute(
        visible(WishSource, actor)
        .join(Wish, Wish.id == WishSource.wish_id)
        .add_columns(Wish.customer_id.label("customer_id"))
        .where(WishSource.id == source_id)
    ).first()
    if row is None:
        raise NotFound
    return row
