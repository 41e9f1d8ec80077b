"""Words for what the debtor asked for, agreed to or was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from portal.contact.labels import CHANNELS
from portal.contact.rules.labels import DAY_WORDS
from portal.contact.rules.pack_words import joined
from portal.contact.wishes.kinds import SPECS, End, Kind, Place, Subject, weekdays_of
from portal.foundation.formats import day
from portal.foundation.language import Message, _l, say
from portal.foundation.states import StateTag
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from portal.contact.wishes.models import Wish
    from portal.foundation.access import Actor

__all__ = [
    "ENDS", "KINDS", "PLACES", "SAID_AT", "STATES", "ended_by", "noted_by", "subject_words", "terms_words", "whom_words",
    "wish_words",
]  # fmt: skip

KINDS: Final[dict[Kind, Any]] = {
    Kind.MEDIA_STOP: _l("Not by this way or number"),
    Kind.INCONVENIENT_TIME: _l("Not at these times"),
    Kind.INCONVENIENT_PLACE: _l("Not at this place"),
    Kind.CEASE: _l("Letter that contact ends"),
    Kind.BREATHING_SPACE: _l("Breathing space"),
    Kind.AGREED_FREQUENCY: _l("Agreed number of dials"),
    Kind.MORE_CALLS: _l("Consent to more calls"),
    Kind.CONTACT_TIME: _l("Consent to other hours"),
    Kind.NOTICE_SENT: _l("Validation notice sent"),
}
ENDS: Final[dict[End, Any]] = {
    End.WITHDRAWN: _l("taken back by the debtor"),
    End.MISTAKE: _l("entered by mistake"),
    End.TREATMENT_ENDED: _l("the treatment has ended"),
    End.CANCELLED: _l("cancelled in the register"),
    End.RETURNED: _l("the notice came back"),
}
PLACES: Final[dict[Place, Any]] = {
    Place.HOME: _l("at home"),
    Place.WORK: _l("at work"),
    Place.ELSEWHERE: _l("at another place"),
}
# What the instant is, by kind.
SAID_AT: Final[dict[Kind, Any]] = {
    Kind.CEASE: _l("Received"),
    Kind.BREATHING_SPACE: _l("Entered in the register"),
    Kind.NOTICE_SENT: _l("Sent"),
}
SAID: Final = _l("When it was said")
STATES: Final[dict[str, StateTag]] = {
    "heeded": StateTag("heeded", _l("the rules heed it"), "go"),
    "by_hand": StateTag("by_hand", _l("for people to heed"), "wait"),
    "over": StateTag("over", _l("over"), "plain"),
    "ended": StateTag("ended", _l("ended"), "plain"),
}


def wish_words(row: Any) -> Message:
    """What it is, with its terms, in a line."""
    terms = terms_words(row)
    what = KINDS[row.Wish.kind]
    return say("%(what)s: %(terms)s", what=what, terms=terms) if terms else say("%(one)s", one=what)


def terms_words(row: Any) -> Message | None:
    """What exactly was said; None where the kind says it all."""
    wish: Wish = row.Wish
    words: Message | None = _TERMS[wish.kind](row)
    if wish.until is None:
        return words
    last = day(wish.until)
    return say("%(words)s, until %(day)s", words=words, day=last) if words else say("until %(day)s", day=last)


def _media(row: Any) -> Message:
    wish, point = row.Wish, row.ContactPoint
    if point is None:
        return say("%(one)s", one=CHANNELS[wish.channel])
    if wish.channel is None:
        return say("%(number)s, by any way", number=point.value_masked)
    return say("%(channel)s to %(number)s", channel=CHANNELS[wish.channel], number=point.value_masked)


def _time(row: Any) -> Message:
    days = weekdays_of(row.Wish.weekdays)
    hours = _hours(row.Wish, say("the whole day"))
    return say("%(days)s, %(hours)s", days=_days(days), hours=hours)


def _days(days: list[int]) -> Message:
    if len(days) == 7:
        return say("every day")
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return say("%(first)s to %(last)s", first=DAY_WORDS[str(days[0])], last=DAY_WORDS[str(days[-1])])
    return joined(map(str, days), DAY_WORDS)


def _hours(wish: Wish, otherwise: Message) -> Message:
    if wish.opens is None or wish.closes is None:
        return otherwise
    return say("%(opens)s to %(closes)s", opens=_clock(wish.opens), closes=_clock(wish.closes))


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _place(row: Any) -> Message:
    place = PLACES[row.Wish.place]
    if row.ContactPoint is None:
        return say("%(one)s", one=place)
    return say("%(place)s, by %(number)s", place=place, number=row.ContactPoint.value_masked)


def _breathing(row: Any) -> Message:
    return say("for a crisis of mental health") if row.Wish.is_crisis else say("the standard one")


_TERMS: Final[dict[Kind, Any]] = {
    Kind.MEDIA_STOP: _media,
    Kind.INCONVENIENT_TIME: _time,
    Kind.INCONVENIENT_PLACE: _place,
    Kind.CEASE: lambda row: None,
    Kind.BREATHING_SPACE: _breathing,
    Kind.AGREED_FREQUENCY: lambda row: say("%(dials)s a day", dials=row.Wish.dials),
    Kind.MORE_CALLS: lambda row: None,
    Kind.CONTACT_TIME: lambda row: _hours(row.Wish, say("at any hour")),
    Kind.NOTICE_SENT: lambda row: None,
}


def subject_words(row: Any) -> Message:
    """About which debts."""
    if row.Wish.account_id is not None:
        return say("%(one)s", one=row.account_ref)
    whole = SPECS[row.Wish.kind].subject is Subject.PERSON
    return say("the person, whatever the debt") if whole else say("all accounts of the person")


def whom_words(row: Any) -> Message:
    """Whom it binds, or for whom alone it counts."""
    if row.told_to is None:
        return say("the bank and all who collect for it")
    return say("%(name)s alone", name=name_of(row.told_to))


def noted_by(row: Any, actor: Actor) -> Any:
    """Who wrote it down; None where it was another organisation, of which nobody is told."""
    return _who(row.source, row.Wish.by_bank, row.Organisation, row.who, actor)


def ended_by(row: Any, actor: Actor) -> Any:
    """Who noted its end, as `noted_by`; the bank reads the organisation with the entry itself."""
    return _who(row.end_source, row.ending.by_bank, None, row.ended_by, actor)


def _who(source: Any, by_bank: bool, organisation: Any, name: str | None, actor: Actor) -> Any:
    if by_bank and not actor.is_bank:
        return _l("the bank")
    if source is None:
        return None
    if organisation is not None and actor.is_bank:
        return f"{name} · {name_of(organisation)}" if name else name_of(organisation)
    return name
