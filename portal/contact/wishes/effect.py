"""What a pack makes of a wish: whether any of its rules asks for it, and until when it counts. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from portal.contact.conduct import (
    CallRule,
    CeaseRule,
    FrequencyCap,
    HoldRule,
    MoratoriumRule,
    PreferenceRule,
    TimeWindow,
    ValidationRule,
    validation_period,
)
from portal.contact.conduct.events import BreathingSpace
from portal.contact.conduct.moratorium import last_day
from portal.contact.wishes.kinds import End, Kind
from portal.contact.wishes.standing import events_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from portal.contact.conduct import Pack, Rule
    from portal.contact.wishes.standing import Noted

__all__ = ["heeds", "kinds_for", "last_day_of", "stands"]


def _stops_by_hold(rule: Rule) -> bool:
    """Whether it stops contact while the hold stands that a letter raises."""
    return isinstance(rule, HoldRule) and rule.verdict == "block" and "do_not_contact" in rule.flags


_ASKED_BY: dict[Kind, Callable[[Rule], bool]] = {
    Kind.MEDIA_STOP: lambda rule: isinstance(rule, PreferenceRule) and "channel" in rule.dims,
    Kind.INCONVENIENT_TIME: lambda rule: isinstance(rule, PreferenceRule) and "time" in rule.dims,
    Kind.INCONVENIENT_PLACE: lambda rule: isinstance(rule, PreferenceRule) and "place" in rule.dims,
    Kind.CEASE: lambda rule: isinstance(rule, CeaseRule) or _stops_by_hold(rule),
    Kind.BREATHING_SPACE: lambda rule: isinstance(rule, MoratoriumRule),
    Kind.AGREED_FREQUENCY: lambda rule: isinstance(rule, FrequencyCap) and rule.by_agreement,
    Kind.MORE_CALLS: lambda rule: isinstance(rule, CallRule) and bool(rule.excluded.consent),
    Kind.CONTACT_TIME: lambda rule: isinstance(rule, TimeWindow) and rule.by_consent,
    Kind.NOTICE_SENT: lambda rule: isinstance(rule, ValidationRule),
}
# These mean something in one country's law alone, and are offered where its rules hold; anybody may ask for the others.
_OF_A_LAW = frozenset({Kind.BREATHING_SPACE, Kind.AGREED_FREQUENCY, Kind.MORE_CALLS, Kind.NOTICE_SENT})


def heeds(pack: Pack, kind: Kind) -> bool:
    """Whether a rule of the pack asks for it; if none does, it is for people to heed."""
    return any(map(_ASKED_BY[kind], pack.rules))


def kinds_for(pack: Pack) -> list[Kind]:
    """What can be noted of a debtor for whom the pack holds."""
    return [kind for kind in _ASKED_BY if kind not in _OF_A_LAW or heeds(pack, kind)]


def stands(noted: Noted, pack: Pack, zone: ZoneInfo, now: datetime) -> bool:
    """Whether it counts now: not ended, unless its end lets it run out, and its last day not over."""
    if noted.ended_at is not None and noted.end_reason is not End.TREATMENT_ENDED:
        return False
    last = last_day_of(noted, pack, zone, now)
    return last is None or now.astimezone(zone).date() <= last


def last_day_of(noted: Noted, pack: Pack, zone: ZoneInfo, now: datetime) -> date | None:
    """The last day on which it counts where the person is, by what was said and what the pack says; None: nobody has said."""
    said_on, until = noted.said_at.astimezone(zone).date(), noted.terms.until
    if noted.kind is Kind.MORE_CALLS:
        days = max((rule.excluded.consent_days for rule in pack.rules if isinstance(rule, CallRule)), default=0)
        by_rule = said_on + timedelta(days=max(days - 1, 0))
        return by_rule if until is None else min(by_rule, until)
    if noted.kind is Kind.BREATHING_SPACE:
        return _of_breathing_space(noted, pack, zone, now)
    if noted.kind is Kind.NOTICE_SENT:
        rule = next((rule for rule in pack.rules if isinstance(rule, ValidationRule)), None)
        period = validation_period(rule, events_of([noted], noted.account_id or 0, now, zone), zone) if rule else None
        return period[1] if period else None
    return until


def _of_breathing_space(noted: Noted, pack: Pack, zone: ZoneInfo, now: datetime) -> date | None:
    rule = next((rule for rule in pack.rules if isinstance(rule, MoratoriumRule)), None)
    spaces = [e for e in events_of([noted], noted.account_id or 0, now, zone) if isinstance(e, BreathingSpace)]
    if rule is None or not spaces:
        return None
    return last_day(rule, spaces[0], noted.said_at.astimezone(zone).date())
