"""Words about limits of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.contact.conduct import Ground, limitation_of
from portal.contact.rules.labels import EFFECT_WORDS, RESTART_WORDS
from portal.contact.rules.pack_words import joined
from portal.contact.words import source_words
from portal.foundation.language import Message, _l, say
from portal.foundation.states import StateTag
from portal.portfolio.labels import limitation_state, limitation_words

if TYPE_CHECKING:
    from datetime import date

    from portal.contact.conduct import Pack
    from portal.portfolio.limitation import Limitation

__all__ = [
    "GROUNDS",
    "STEP_TAGS",
    "effect_words",
    "ground_words",
    "law_words",
    "restart_words",
    "sue_tag",
    "sue_words",
    "why_words",
]

GROUNDS: dict[Ground, Any] = {
    Ground.DEMAND: _l("demand in writing to a reserved number or address"),
    Ground.AUTODEBIT: _l("agreed debit"),
    Ground.DEBTOR_AGREES: _l("the debtor agreed: promise, plan, request for time"),
    Ground.PART_PAYMENT: _l("part payment"),
    Ground.LAWSUIT: _l("lawsuit filed"),
    Ground.ARBITRATION: _l("arbitration asked for"),
    Ground.ACKNOWLEDGEMENT: _l("acknowledgement in writing, signed"),
}
STEP_TAGS = {
    "runs": StateTag("runs", _l("runs from here"), "good"),
    "counted": StateTag("counted", _l("began anew"), "plain"),
    "overtaken": StateTag("overtaken", _l("before the last payment"), "plain"),
    "late": StateTag("late", _l("after the end: a lawyer judges"), "wait"),
    "back": StateTag("back", _l("taken back"), "bad"),
}
_WHY = {
    "corrected": say("the entry was corrected"),
    "undelivered": say("the message did not arrive"),
}


def ground_words(ground: Ground) -> Any:
    """What happened."""
    return GROUNDS[ground]


def why_words(why: str) -> Any:
    """Why something is taken back: a code of ours, or somebody's words."""
    return _WHY.get(why, why)


def restart_words(pack: Pack) -> Message:
    """What begins the time to sue anew under a pack."""
    rule = limitation_of(pack)
    if rule is None or not rule.restart_on:
        return say("These rules name nothing that begins it anew.")
    words = say("Begun anew by: %(what)s.", what=joined(rule.restart_on, RESTART_WORDS))
    if Ground.DEMAND not in rule.restart_on:
        return say("%(words)s A demand does not.", words=words)
    return say("%(words)s A demand sent to any other number or address does not.", words=words)


def law_words(pack: Pack) -> list[Message]:
    """What the limitation of a pack rests on."""
    rule = limitation_of(pack)
    return [source_words(source) for source in rule.sources] if rule else []


def effect_words(pack: Pack, region: str) -> Message | None:
    """What follows once the time to sue is over, in a place; None where a pack says nothing."""
    rule = limitation_of(pack)
    effects = rule.effects_in(region) if rule else ()
    return say("Once it is over: %(what)s.", what=joined(effects, EFFECT_WORDS)) if effects else None


def sue_tag(found: Limitation | None, today: date) -> StateTag | None:
    """A tag where the time to sue is over, nearly so, or not known."""
    if found is None:
        return StateTag("unknown", _l("time to sue not known"), "wait")
    return limitation_state(found, today)


def sue_words(found: Limitation | None) -> Message:
    """Until when a claim can be sued for, and from when that is reckoned."""
    if found is None:
        return say("No law is known for the region, and none is guessed.")
    return say("Can be sued for until %(day)s: %(why)s.", day=found.expires_on, why=limitation_words(found))
