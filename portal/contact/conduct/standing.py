"""Rules that do not speak of one contact: what is kept and for how long, until when a claim stands, what letters say, what may
be placed at all. Data of a pack, of which other rooms ask.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from portal.contact.conduct.terms import Pack, Rule

__all__ = [
    "ContentRule", "DisclosureRule", "Gate", "Keep", "LimitationRule", "PlacementGate", "RetentionRule", "Wording",
    "limitation_of", "placement_gates_of", "retention_of", "wording_of",
]  # fmt: skip

K = TypeVar("K", bound=Rule)


@dataclass(frozen=True, slots=True)
class Keep:
    """How long a class of records is kept: `years` from `since`, at least (`is_floor`) or just so long; or until `delete_on`.

    `years` 0: no number of years is said.
    """

    record: str
    years: int = 0
    since: str = ""
    is_floor: bool = False
    delete_on: str = ""


@dataclass(frozen=True, kw_only=True)
class RetentionRule(Rule):
    """How long which records are kept."""

    keeps: tuple[Keep, ...]


@dataclass(frozen=True, kw_only=True)
class LimitationRule(Rule):
    """Until when a claim stands: `years` from `start`, begun anew by any of `restart_on`, never beyond `outer_years` (0: none).

    `by_place`: years of places with a law of their own. No years at all: the law of the place says, and no number is guessed.
    `effects`: what follows once it is over; `effects_by_place` where places differ.
    """

    years: int = 0
    by_place: Mapping[str, int] = field(default_factory=dict)
    outer_years: int = 0
    start: str = "due_date"
    restart_on: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    effects_by_place: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def years_in(self, region: str) -> int:
        """The years of a region (GB-SCT); 0 where the pack knows none."""
        place = _nearest(region, self.by_place)
        return self.by_place[place] if place else self.years

    def effects_in(self, region: str) -> tuple[str, ...]:
        """What follows in a region once the period is over."""
        place = _nearest(region, self.effects_by_place)
        return self.effects_by_place[place] if place else self.effects


def _nearest(region: str, places: Mapping[str, object]) -> str:
    """The nearest of the places that a region lies in; empty where it lies in none."""
    fitting = [place for place in places if region == place or region.startswith(f"{place}-")]
    return max(fitting, key=len, default="")


@dataclass(frozen=True, kw_only=True)
class PlacementGate(Rule):
    """What may be given to an agency at all: never where one of `forbid_if` holds, only where all of `require` do."""

    forbid_if: tuple[str, ...] = ()
    require: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DisclosureRule(Rule):
    """What each contact says of itself, and never says. `contact`: the first one, or each."""

    must_state: tuple[str, ...] = ()
    must_not_state: tuple[str, ...] = ()
    contact: str = "each"


@dataclass(frozen=True, slots=True)
class Gate:
    """A passage that is allowed only where the figures bear it and somebody says why.

    `principal_min`: whole units of the currency. `demands`: effective demands, `gap_days` apart, the last one `months` ago.
    """

    passage: str
    needs: str
    principal_min: int = 0
    demands: int = 0
    gap_days: int = 0
    months: int = 0


@dataclass(frozen=True, kw_only=True)
class ContentRule(Rule):
    """What a letter or message holds, the phrases that it never holds, and the passages that need a person's reason."""

    must_have: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    gates: tuple[Gate, ...] = ()


@dataclass(frozen=True, slots=True)
class Wording:
    """All that a pack says about the words of a channel."""

    must_state: tuple[str, ...]
    must_not_state: tuple[str, ...]
    must_have: tuple[str, ...]
    forbidden: tuple[str, ...]
    gates: tuple[Gate, ...]


def retention_of(pack: Pack, record: str) -> Keep | None:
    """How long a class of records is kept under a pack; of several rules the longest, None where none speaks of it."""
    keeps = [keep for rule in _rules(pack, RetentionRule) for keep in rule.keeps if keep.record == record]
    return max(keeps, key=lambda keep: (keep.years, keep.is_floor), default=None)


def limitation_of(pack: Pack) -> LimitationRule | None:
    """What a pack says about limitation; of an overlay's own rule and its base's the overlay's. None where it says nothing."""
    return next(reversed(list(_rules(pack, LimitationRule))), None)


def placement_gates_of(pack: Pack) -> tuple[PlacementGate, ...]:
    """What must be asked before an account is placed."""
    return tuple(_rules(pack, PlacementGate))


def wording_of(pack: Pack, channel: str) -> Wording:
    """What is said, and never said, by a channel; the sum of all rules that speak of it."""
    states = [rule for rule in _rules(pack, DisclosureRule) if _speaks_of(rule, channel)]
    contents = [rule for rule in _rules(pack, ContentRule) if _speaks_of(rule, channel)]
    return Wording(
        _once(word for rule in states for word in rule.must_state),
        _once(word for rule in states for word in rule.must_not_state),
        _once(word for rule in contents for word in rule.must_have),
        _once(word for rule in contents for word in rule.forbidden),
        tuple(gate for rule in contents for gate in rule.gates),
    )


def _rules(pack: Pack, kind: type[K]) -> Iterator[K]:
    return (rule for rule in pack.rules if isinstance(rule, kind))


def _speaks_of(rule: Rule, channel: str) -> bool:
    return not rule.scope.channels or channel in rule.scope.channels


def _once(words: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
