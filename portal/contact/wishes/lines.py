"""Wishes and consents of an account as the account page and the workbench list them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from portal.contact.history import zone_for
from portal.contact.wishes import queries
from portal.contact.wishes.effect import heeds, last_day_of, stands
from portal.contact.wishes.labels import KINDS, STATES, noted_by, terms_words

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from portal.contact.conduct import Pack
    from portal.foundation.access import Actor
    from portal.foundation.states import StateTag
    from portal.portfolio.models import Customer

__all__ = ["Line", "lines_of", "tag_of"]


@dataclass(frozen=True, slots=True)
class Line:
    """One wish in a list. `until`: the last day on which it counts; `who`: as far as that may be known."""

    kind: Any
    words: Any
    since: datetime
    until: date | None
    tag: StateTag
    who: Any
    wish_id: int
    stands: bool


def tag_of(row: Any, pack: Pack, zone: ZoneInfo, now: datetime) -> tuple[StateTag, date | None]:
    """Whether a wish counts and by whom it is heeded, and its last day."""
    wish, end = row.Wish, row.ending
    noted = queries.noted_in(row)
    last = last_day_of(noted, pack, zone, now)
    if stands(noted, pack, zone, now):
        return STATES["heeded" if heeds(pack, wish.kind) else "by_hand"], last
    return STATES["ended" if end else "over"], last


def lines_of(rows: Iterable[Any], actor: Actor, customer: Customer, pack: Pack, now: datetime) -> list[Line]:
    """What was noted (`queries.of_account`), what stands before what is over. `pack`: the rules of today."""
    zone = zone_for(customer.time_zone, actor.time_zone)
    lines = []
    for row in rows:
        tag, last = tag_of(row, pack, zone, now)
        lines.append(
            Line(
                KINDS[row.Wish.kind], terms_words(row), row.Wish.said_at, last, tag, noted_by(row, actor),
                row.Wish.id, tag.code in ("heeded", "by_hand"),
            )
        )  # fmt: skip
    return sorted(lines, key=lambda line: not line.stands)
