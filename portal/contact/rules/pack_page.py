"""A version of a pack as a reader looks at it, rule by rule; and the places with the packs that hold there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portal.contact.rules.decision_page import Cited
from portal.contact.rules.labels import CHANGE_TAGS, KIND_WORDS, place_words
from portal.contact.rules.pack_words import about_words, override_words, rule_sentences
from portal.contact.rules.queries import rules_changed
from portal.contact.rules.shelf import ELSEWHERE, shipped_choices
from portal.contact.words import VERDICT_TAGS
from portal.foundation.language import say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from portal.contact.conduct import Rule
    from portal.contact.rules.models import RulePackChoice
    from portal.contact.rules.packs import Draft
    from portal.contact.rules.shelf import Shelf
    from portal.foundation.language import Message
    from portal.foundation.states import StateTag

__all__ = ["Asked", "Place", "Rules", "ShownRule", "chosen_places", "places_of", "rules_shown"]


@dataclass(frozen=True, slots=True)
class ShownRule:
    """One rule in words. `before`: what it said in the version before, where it has changed."""

    id: str
    kind: Message
    about: Message | None
    says: Sequence[Message]
    overrides: Message | None
    verdict: StateTag
    sources: Sequence[Cited]
    change: StateTag | None
    before: Sequence[Message]


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a version: its own, those that are gone, and those of the pack below."""

    own: Sequence[ShownRule]
    gone: Sequence[ShownRule]
    below: Sequence[ShownRule]


def rules_shown(draft: Draft, before: Sequence[Rule]) -> Rules:
    """`before`: the own rules of the version before; none for the first one, where nothing is told to be new."""
    changes = rules_changed(before, draft.own) if before else {}
    old = {rule.id: rule for rule in before}
    mine = {rule.id for rule in draft.own}
    return Rules(
        own=[_shown(rule, changes.get(rule.id), old.get(rule.id)) for rule in draft.own],
        gone=[_shown(rule, "gone", None) for name, rule in old.items() if name not in mine],
        below=[_shown(rule, None, None) for rule in draft.pack.rules if rule not in draft.own],
    )


def _shown(rule: Rule, change: str | None, old: Rule | None) -> ShownRule:
    return ShownRule(
        rule.id,
        KIND_WORDS[type(rule)],
        about_words(rule),
        rule_sentences(rule),
        override_words(rule),
        VERDICT_TAGS[rule.verdict],
        [Cited.of(source) for source in rule.sources],
        CHANGE_TAGS.get(change or ""),
        rule_sentences(old) if change == "changed" and old is not None and old != rule else (),
    )


@dataclass(frozen=True, slots=True)
class Place:
    """A place with the pack and version that hold there today, and what has been chosen or asked for it."""

    region: str
    name: Any
    pack: str
    version: str
    since: Any
    waiting: Sequence[Asked]
    coming: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A choice that waits for a second person, and what is said before that person confirms it."""

    row: Any
    words: Message


def chosen_places(shelf: Shelf, choices: Sequence[Any], today: date) -> list[Place]:
    """Every place that has a pack of its own, those that were asked for included; every other place last."""
    named = {*shipped_choices(), *(row.RulePackChoice.region for row in choices)}
    return [
        _place(shelf, region, choices, today)
        for region in sorted(named, key=lambda region: (region == ELSEWHERE, region))
    ]


def places_of(pack: str, places: Sequence[Place]) -> list[Any]:
    """The names of the places that use a pack today."""
    return [place.name for place in places if place.pack == pack]


def _place(shelf: Shelf, region: str, choices: Sequence[Any], today: date) -> Place:
    mine = [row for row in choices if row.RulePackChoice.region == region]
    confirmed = [row for row in mine if row.RulePackChoice.confirmed_at is not None]
    begun = [row for row in confirmed if (row.RulePackChoice.effective_from or today) <= today]
    pack = shelf.pack_for(region, today)
    return Place(
        region,
        place_words(region),
        pack.id,
        pack.version,
        begun[0].RulePackChoice.effective_from if begun else None,
        [
            Asked(row, _before(shelf, row.RulePackChoice, today))
            for row in mine
            if row.RulePackChoice.confirmed_at is None
        ],
        [row for row in confirmed if row not in begun],
    )


def _before(shelf: Shelf, choice: RulePackChoice, today: date) -> Message:
    """What a choice would change: from when on, for whom, and how much of what holds there would hold no more."""
    day = choice.effective_from or today
    old, new = shelf.pack_for(choice.region, day), shelf.named(choice.pack, day)
    gone = [name for name, change in rules_changed(old.rules, new.rules).items() if change == "gone"]
    return say(
        "From %(day)s on %(new)s holds instead of %(old)s, for: %(place)s. Rules that fall away: %(n)s. Confirm?",
        day=day, new=choice.pack, old=old.id, place=place_words(choice.region), n=len(gone),
    )  # fmt: skip
