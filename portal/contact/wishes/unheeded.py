"""What the debtor asked for that no rule of the place heeds, where it is against the contact at hand: people are told before it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from portal.contact.conduct import PreferenceRule, Scope, ask
from portal.contact.history import zone_for
from portal.contact.wishes import queries
from portal.contact.wishes.effect import heeds
from portal.contact.wishes.kinds import Kind
from portal.contact.wishes.labels import wish_words
from portal.contact.wishes.standing import events_of, places_of
from portal.foundation.language import Message, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from portal.contact.conduct import Question
    from portal.contact.history import Known
    from portal.contact.wishes.standing import Noted
    from portal.foundation.access import Actor
    from portal.portfolio.models import Account

__all__ = ["asked_against"]

_DIMENSIONS = {Kind.MEDIA_STOP: "channel", Kind.INCONVENIENT_TIME: "time", Kind.INCONVENIENT_PLACE: "place"}


def asked_against(
    rows: Iterable[Any], actor: Actor, account: Account, facts: Known, *questions: Question
) -> tuple[Message, ...]:
    """Of what was noted about the account (`queries.of_account`) the wishes that speak against one of these contacts and that
    no rule of the pack asks for."""
    zone = zone_for(facts.zone, actor.time_zone)
    facts, found = replace(facts, zone=str(zone)), []
    for row in rows:
        noted = queries.noted_in(row)
        if noted.kind not in _DIMENSIONS or heeds(facts.pack, noted.kind):
            continue
        if any(_is_against(noted, question, facts, account.id, zone) for question in questions):
            words = say(
                "The debtor asked: %(wish)s. No rule here heeds it, so it is for people to.", wish=wish_words(row)
            )
            found.append(words)
    return tuple(found)


def _is_against(noted: Noted, question: Question, facts: Known, account_id: int, zone: ZoneInfo) -> bool:
    """Asked of the rule that other places have for it, with nothing else in play."""
    if question.direction != "outbound":
        return False
    dimension = frozenset({_DIMENSIONS[noted.kind]})
    rule = PreferenceRule(id="", scope=Scope(), verdict="warn", sources=(), dims=dimension)
    place = places_of([noted], question.at).get(question.point) if isinstance(question.point, int) else None
    asked = replace(question, place=place or question.place)
    return ask(rule, asked, replace(facts, log=tuple(events_of([noted], account_id, question.at, zone)))) is not None
