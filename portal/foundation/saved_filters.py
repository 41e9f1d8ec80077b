"""Filters that a person keeps: a list's filters and order under a name, opened again with a click.

A list offers what its own address says of its filters, signed, so that nothing is kept that the list itself did not
understand. What a list has forgotten since is left out when the filter is opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

import sqlalchemy as sa
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from portal.foundation.access import Permission, demand
from portal.foundation.database import Model, key_column
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.language import say
from portal.foundation.services import services
from portal.foundation.visibility import OwnRows, visible
from portal.foundation.work import transaction

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = ["Offer", "SavedFilter", "delete_filter", "filters_of", "known_query", "offered", "read_offer", "save_filter"]

LONGEST_NAME = 60
MOST_ON_A_PAGE = 30
LONGEST_QUERY = 2_000


class SavedFilter(Model, OwnRows):
    """The filters of a list as one person keeps them under a name."""

    __tablename__ = "saved_filter"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    page: Mapped[str] = mapped_column(sa.String(64), comment="the list's endpoint")
    name: Mapped[str] = mapped_column(sa.String(LONGEST_NAME))
    query: Mapped[str] = mapped_column(sa.String(LONGEST_QUERY), comment="what the address says of filters and order")
    created_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("user_id", "page", "name"),)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a list offers to keep: its endpoint, and what its address says of filters and order."""

    page: str
    query: str


def known_query(pairs: Iterable[tuple[str, str]], names: Collection[str]) -> str:
    """The query string of those pairs that a list understands, in one order, so that the same filters are the same text."""
    return urlencode(sorted((name, value) for name, value in pairs if name in names))


def offered(page: str, query: str) -> str:
    """An offer in a form's field, which nobody else can make."""
    return str(_signer().dumps([page, query]))


def read_offer(text: str) -> Offer:
    """DomainError for what no list has offered."""
    try:
        page, query = _signer().loads(text)
    except (BadSignature, ValueError, TypeError):
        words = say("This filter did not come from a list. Open the list again and save it there.")
        raise DomainError("filter.offer", words) from None
    return Offer(str(page), str(query))


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(services().settings.secret_key, salt="saved-filter")


def filters_of(session: Session, actor: Actor, page: str, names: Collection[str]) -> Sequence[tuple[SavedFilter, str]]:
    """What the person keeps for a list, by name, each with the query of what the list still knows of it."""
    if actor.user_id is None:
        return []
    mine = visible(SavedFilter, actor).where(SavedFilter.user_id == actor.user_id, SavedFilter.page == page)
    rows = session.scalars(mine.order_by(SavedFilter.name, SavedFilter.id))
    return [(row, known_query(parse_qsl(row.query, keep_blank_values=True), names)) for row in rows]


def save_filter(actor: Actor, offer: Offer, name: str) -> SavedFilter:
    """Keep a list's filters under a name.

    DomainError where nothing is filtered, the name is none or too long, Refused where it is taken or too many are kept.
    """
    demand(actor, Permission.SELF_MANAGE)
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        words = say("Give the filter a name of 1 to %(most)s characters.", most=LONGEST_NAME)
        raise DomainError("filter.name", words, field="name")
    if not offer.query or len(offer.query) > LONGEST_QUERY:
        raise DomainError("filter.empty", say("Nothing is filtered here. Choose a filter first, then save it."))
    try:
        with transaction(actor) as work:
            mine = visible(SavedFilter, actor).where(
                SavedFilter.user_id == actor.user_id, SavedFilter.page == offer.page
            )
            kept = list(work.session.scalars(mine))
            if any(row.name == name for row in kept):
                raise _taken(name)
            if len(kept) >= MOST_ON_A_PAGE:
                words = say("A list keeps at most %(most)s filters. Delete one first.", most=MOST_ON_A_PAGE)
                raise Refused("filter.too_many", words)
            row = SavedFilter(
                organisation_id=actor.organisation_id, user_id=actor.user_id, page=offer.page, name=name,
                query=offer.query, created_at=work.now,
            )  # fmt: skip
            work.session.add(row)
            work.session.flush()
            # Its name is the person's own words and stays out of the trail.
            work.audit("filter.saved", row, after={"page": offer.page})
            return row
    except IntegrityError:  # the same name from another window at the same moment
        raise _taken(name) from None


def delete_filter(actor: Actor, filter_id: int) -> Offer:
    """Forget a filter of one's own; what it was. NotFound for another's."""
    demand(actor, Permission.SELF_MANAGE)
    with transaction(actor) as work:
        mine = visible(SavedFilter, actor).where(SavedFilter.id == filter_id, SavedFilter.user_id == actor.user_id)
        row = work.session.scalar(mine)
        if row is None:
            raise NotFound
        was = Offer(row.page, row.query)
        work.audit("filter.deleted", row, before={"page": row.page})
        work.session.delete(row)
        return was


def _taken(name: str) -> Refused:
    return Refused(
        "filter.name_taken",
        say("You keep a filter “%(name)s” for this list already. Take another name, or delete that one.", name=name),
        field="name",
    )
