"""What happened between a collector and a person, as the rules look back on it. Instants have a zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

__all__ = [
    "AgreedFrequency", "BreathingSpace", "Call", "CeaseReceived", "Consent", "ConsentRevoked", "ConsentToTime", "Event", "InconvenientPlace",
    "InconvenientTime", "MediaStop", "NoticeReturned", "NoticeSent", "PersonWrote", "Replied", "Session", "WrongNumber",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call:
    """A telephone call. `by`: the collector, or the person (`consumer`). `number`: which one was dialled.

    `placed_for`: the debts for which it was placed. `discussed`: those talked of; none in a general talk. `allocated_to`: the
    debt for which the collector counts a call that could have been for several; "" where it says nothing. `intended`: the
    debts for any of which it could have been, where nothing in it says for which.
    """

    at: datetime
    outcome: str
    placed_for: tuple[str, ...]
    discussed: tuple[str, ...] = ()
    by: str = "collector"
    to: str = "consumer"
    allocated_to: str = ""
    number: str = ""
    channel: str = "call"
    intended: tuple[str, ...] = ()

    @property
    def is_conversation(self) -> bool:
        """Whether the two talked with each other, whoever began."""
        return self.outcome == "conversation"


@dataclass(frozen=True, slots=True)
class Consent:
    """Given by the person directly to this collector: more calls about these debts (none named: all). `valid_on`: only then."""

    at: datetime
    debts: tuple[str, ...] = ()
    valid_on: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class ConsentRevoked:
    """`what`: `calls` where only the consent to more calls was taken back; "": every consent."""

    at: datetime
    debts: tuple[str, ...] = ()
    what: str = ""


@dataclass(frozen=True, slots=True)
class ConsentToTime:
    """Given by the person: contact also in these hours of any day (none named: at any hour), up to a last day if one was said."""

    at: datetime
    hours: tuple[time, time] | None = None
    until: date | None = None

    def covers(self, here: datetime) -> bool:
        """Whether a moment of the person's own time is within it; hours that end before they begin go over midnight."""
        if self.until is not None and here.date() > self.until:
            return False
        if self.hours is None:
            return True
        clock, (start, end) = here.time().replace(second=0, microsecond=0), self.hours
        return start <= clock < end if start < end else clock >= start or clock < end


@dataclass(frozen=True, slots=True)
class AgreedFrequency:
    """The person and the creditor have agreed on so many dials a day, up to a last day if one was said."""

    at: datetime
    dials_a_day: int
    until: date | None = None


@dataclass(frozen=True, slots=True)
class BreathingSpace:
    """A moratorium was entered in the register on this day. `ended_on`: for a crisis of mental health, when the treatment
    ended; None: it goes on."""

    at: datetime
    is_crisis: bool = False
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class WrongNumber:
    """It was learned that the number is not this person's, so that calls to it were not calls to the person."""

    at: datetime
    number: str
    person: str = "consumer"


@dataclass(frozen=True, slots=True)
class InconvenientTime:
    """Times at which the person is not to be disturbed: hours by weekday (Monday is 0), up to a last day if one was said."""

    at: datetime
    hours: Mapping[int, tuple[tuple[time, time], ...]]
    until: date | None = None

    def covers(self, here: datetime) -> bool:
        """Whether a moment of the person's own time is one of them; hours end before their last minute begins."""
        if self.until is not None and here.date() > self.until:
            return False
        clock = here.time().replace(second=0, microsecond=0)
        return any(start <= clock < end for start, end in self.hours.get(here.weekday(), ()))


@dataclass(frozen=True, slots=True)
class InconvenientPlace:
    at: datetime
    place: str


@dataclass(frozen=True, slots=True)
class PersonWrote:
    """The person began: a message, or a call. `place`: from where, if that is known."""

    at: datetime
    channel: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Replied:
    """The collector answered by this channel."""

    at: datetime
    channel: str


@dataclass(frozen=True, slots=True)
class Session:
    """The person begins or ends to use the collector's own site or application."""

    at: datetime
    begins: bool


@dataclass(frozen=True, slots=True)
class MediaStop:
    """“Do not use this”: a channel, or one address or number of it; for the person, whatever the debt."""

    at: datetime
    channel: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class CeaseReceived:
    """The written refusal to pay, or wish that contact ends, has reached the collector."""

    at: datetime


@dataclass(frozen=True, slots=True)
class NoticeSent:
    at: datetime


@dataclass(frozen=True, slots=True)
class NoticeReturned:
    """The notice sent last could not be delivered."""

    at: datetime


Event = (
    Call | Consent | ConsentRevoked | ConsentToTime | WrongNumber | InconvenientTime | InconvenientPlace | PersonWrote | Replied
    | Session | MediaStop | CeaseReceived | BreathingSpace | NoticeSent | NoticeReturned | AgreedFrequency
)  # fmt: skip
