"""Overlays only tighten: what of a rule a rule of the same name in an overlay would loosen.

An overlay mostly adds rules, and of several findings the worst decides, so that it cannot loosen. Where it takes a rule's name,
its own wording stands in the place of the other, and has to be at least as tight in every part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from portal.contact.conduct.calls import CallCap, CallRule, CoolOff
from portal.contact.conduct.engine import FrequencyCap, HoldRule, LifetimeCap
from portal.contact.conduct.hours import TimeWindow
from portal.contact.conduct.standing import ContentRule, DisclosureRule, LimitationRule, PlacementGate, RetentionRule
from portal.contact.conduct.terms import VERDICTS, Rule, Scope, Window
from portal.contact.conduct.third_party import PartyRule
from portal.contact.conduct.wishes import CeaseRule, PreferenceRule

__all__ = ["loosened"]

R = TypeVar("R", bound=Rule)


def loosened(below: Rule, above: Rule) -> str | None:
    """What the rule `above` allows that `below` does not, by a word (`verdict`, `scope`, `hours` …); None: it is as tight.

    A kind that knows no order of tightness has to stay as it is, but for its verdict, sources and scope.
    """
    if type(below) is not type(above):
        return "kind"
    if VERDICTS.index(above.verdict) < VERDICTS.index(below.verdict):
        return "verdict"
    if above.verdict == below.verdict and not set(above.overrides) <= set(below.overrides):
        return "overrides"
    if not _covers(above.scope, below.scope):
        return "scope"
    compare = _KINDS.get(type(below), _same)
    return compare(below, above)


def _covers(wide: Scope, narrow: Scope) -> bool:
    """Whether every contact that the narrow scope is about lies in the wide one; an empty set is all."""
    return (
        (not wide.channels or (bool(narrow.channels) and narrow.channels <= wide.channels))
        and (not wide.to or (bool(narrow.to) and narrow.to <= wide.to))
        and wide.direction in ("", narrow.direction)
    )


def _same(below: Rule, above: Rule) -> str | None:
    common = {"id", "scope", "verdict", "sources", "overrides"}
    own = [name for name in below.__dataclass_fields__ if name not in common]
    return next((name for name in own if getattr(below, name) != getattr(above, name)), None)


def _first(*parts: tuple[bool, str]) -> str | None:
    """The first part that is not as tight."""
    return next((name for is_tight, name in parts if not is_tight), None)


def _hours(below: TimeWindow, above: TimeWindow) -> str | None:
    within = all(_lies_within(window, day, below) for window in above.windows for day in window.days)
    holidays = below.closed_on is None or below.closed_on == above.closed_on
    return _first(
        (within and (below.last_included or not above.last_included), "hours"),
        (above.everywhere or not below.everywhere, "zones"),
        (holidays, "holidays"),
        (below.by_consent or not above.by_consent, "except"),
    )


def _lies_within(window: Window, day: int, rule: TimeWindow) -> bool:
    return any(day in w.days and w.opens <= window.opens and window.closes <= w.closes for w in rule.windows)


def _cap(below: FrequencyCap, above: FrequencyCap) -> str | None:
    counted = below.measure == above.measure and (below.per_point or not above.per_point)
    return _first(
        (counted, "count"),
        (above.most <= below.most, "max"),
        (above.days >= below.days, "window"),
        (below.by_agreement or not above.by_agreement, "except"),
    )


def _lifetime(below: LifetimeCap, above: LifetimeCap) -> str | None:
    return _first((above.most <= below.most, "max"), (above.unless <= below.unless, "except"))


def _excluded(below: CallRule, above: CallRule) -> bool:
    """Whether nothing is left out of the count that was counted before."""
    old, new = below.excluded, above.excluded
    return (
        new.consent_days <= old.consent_days and new.unconnected <= old.unconnected and new.persons <= old.persons
    )  # fmt: skip


def _call_cap(below: CallCap, above: CallCap) -> str | None:
    return _first(
        (above.most <= below.most, "max"), (above.days >= below.days, "window"), (_excluded(below, above), "except")
    )


def _cool_off(below: CoolOff, above: CoolOff) -> str | None:
    return _first((above.days >= below.days, "days"), (_excluded(below, above), "except"))


def _hold(below: HoldRule, above: HoldRule) -> str | None:
    return _first((below.flags <= above.flags, "flags"))


def _cease(below: CeaseRule, above: CeaseRule) -> str | None:
    return _first((set(above.allowed) <= set(below.allowed), "allow"))


def _wishes(below: PreferenceRule, above: PreferenceRule) -> str | None:
    places = not above.places or (bool(below.places) and below.places <= above.places)
    return _first(
        (below.dims <= above.dims, "dims"), (places, "places"), (above.required <= below.required, "required")
    )  # fmt: skip


def _party(below: PartyRule, above: PartyRule) -> str | None:
    return _first(
        (above.needs_any <= below.needs_any, "requires_any"),
        (_way(below.failed_dials, above.failed_dials), "failed_dials"),
        (_way(below.failed_days, above.failed_days), "failed_days"),
    )


def _way(below: int, above: int) -> bool:
    """A way to third persons is as tight where it is closed (0), or asks for as many tries in vain."""
    return above == 0 or 0 < below <= above


def _retention(below: RetentionRule, above: RetentionRule) -> str | None:
    kept = {keep.record: keep for keep in above.keeps}
    for keep in below.keeps:
        new = kept.get(keep.record)
        if (
            new is None
            or new.years < keep.years
            or (keep.is_floor and not new.is_floor)
            or new.delete_on != keep.delete_on
        ):
            return keep.record
    return None


def _limitation(below: LimitationRule, above: LimitationRule) -> str | None:
    places = {"", *below.by_place, *above.by_place}
    shorter = all(0 < above.years_in(p) <= below.years_in(p) or above.years_in(p) == below.years_in(p) for p in places)
    effects = set(below.effects) <= set(above.effects) and all(
        set(told) <= set(above.effects_by_place.get(place, ())) for place, told in below.effects_by_place.items()
    )
    return _first(
        (shorter, "years"),
        (above.outer_years == below.outer_years or 0 < above.outer_years <= (below.outer_years or 999), "outer_years"),
        (above.start == below.start, "start"),
        (set(above.restart_on) <= set(below.restart_on), "restart_on"),
        (effects, "expired_effect"),
    )


def _gate(below: PlacementGate, above: PlacementGate) -> str | None:
    return _first(
        (set(below.forbid_if) <= set(above.forbid_if), "forbid_if"),
        (set(below.require) <= set(above.require), "require"),
    )


def _disclosure(below: DisclosureRule, above: DisclosureRule) -> str | None:
    return _first(
        (set(below.must_state) <= set(above.must_state), "must_state"),
        (set(below.must_not_state) <= set(above.must_not_state), "must_not_state"),
        (above.contact in ("each", below.contact), "contact"),
    )


def _content(below: ContentRule, above: ContentRule) -> str | None:
    return _first(
        (set(below.must_have) <= set(above.must_have), "must_have"),
        (set(below.forbidden) <= set(above.forbidden), "forbid"),
        (set(below.gates) <= set(above.gates), "gate"),
    )


_KINDS: dict[type[Rule], Callable[[Any, Any], str | None]] = {
    TimeWindow: _hours,
    FrequencyCap: _cap,
    LifetimeCap: _lifetime,
    CallCap: _call_cap,
    CoolOff: _cool_off,
    HoldRule: _hold,
    CeaseRule: _cease,
    PreferenceRule: _wishes,
    PartyRule: _party,
    RetentionRule: _retention,
    LimitationRule: _limitation,
    PlacementGate: _gate,
    DisclosureRule: _disclosure,
    ContentRule: _content,
}
