"""What can be noted of a debtor's wishes and consents: the kinds, their terms, whom each binds, and what ends it. Pure.

**What restricts binds the bank and all its agencies at once**: a medium or number that is not to be used (12 CFR
1006.14(h): for the person and that address, whatever the debt), times and places (1006.6(b)(1), (3)), the written wish that
contact ends (1006.6(c), on receipt), breathing space (Debt Respite Scheme Regulations 2020: the creditor and everybody who
collects for it, from the day after the entry on). The American rules bind the collector who was told; the bank has all of them
heed it, since the debtor asked whoever collects for it, and CONC 7.9.4R with 7.1.3G has a firm answer for its agents. An agreed
number of dials stands in the place of a cap that counts over the bank and all its agencies (cn-card, cn.unanswered_dials), so
that it holds for the same.

**A consent counts for the collector to whom it was given, and for nobody else**: 1006.14(b)(3)(i) and comment 6(b)(4)(i)-2
want it given directly to this collector, not to the creditor nor to one of before. The Chinese guideline says nothing of whom
the consent to other hours is given to; the tighter reading holds. A notice of validation is its sender's own duty (1006.34(a)).

From when on: who was told is bound from that moment on, others from when it was noted, which is when they could know of it.
A breathing space runs by its entry in the register for everybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from typing import Final

__all__ = [
    "DAY", "LONGEST_NOTE", "MOST_DIALS", "NOTHING", "SPECS", "WEEKDAYS", "End", "Kind", "Place", "Spec", "Subject", "Terms", "clock_of", "ends_for",
    "faults_of", "weekdays_of",
]  # fmt: skip

LONGEST_NOTE: Final = 4_000  # characters
MOST_DIALS: Final = 50  # a day; who agrees to more is not being asked
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY: Final = 24 * 60  # minutes: the midnight at which a day ends


class Kind(StrEnum):
    MEDIA_STOP = "media_stop"
    INCONVENIENT_TIME = "inconvenient_time"
    INCONVENIENT_PLACE = "inconvenient_place"
    CEASE = "cease"
    BREATHING_SPACE = "breathing_space"
    AGREED_FREQUENCY = "agreed_frequency"
    MORE_CALLS = "more_calls"
    CONTACT_TIME = "contact_time"
    NOTICE_SENT = "notice_sent"
    ENDED = "ended"  # the row that ends another one


class Place(StrEnum):
    HOME = "home"
    WORK = "work"
    ELSEWHERE = "elsewhere"


class End(StrEnum):
    """What ends a wish. A mistake never was one; the treatment's end lets a breathing space run out."""

    WITHDRAWN = "withdrawn"
    MISTAKE = "mistake"
    TREATMENT_ENDED = "treatment_ended"
    CANCELLED = "cancelled"
    RETURNED = "returned"


class Subject(StrEnum):
    """Whom a wish is about: the person, whatever the debt; one account; or as it was said."""

    PERSON = "person"
    ACCOUNT = "account"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Terms:
    """What exactly was said. `weekdays`: a bit for each, Monday is 1. `opens`, `closes`: minutes of the day; hours that
    close before they open go over midnight. `dials`: a day. `until`: the last day, None where none was said."""

    channel: str = ""
    contact_point_id: int | None = None
    weekdays: int | None = None
    opens: int | None = None
    closes: int | None = None
    place: str = ""
    dials: int | None = None
    until: date | None = None
    is_crisis: bool = False


NOTHING: Final = Terms()


@dataclass(frozen=True, slots=True)
class Spec:
    """A kind: whom it is about, its terms, what ends it. `to_one`: it counts for the collector to whom it was said alone.
    `loosens`: more is allowed while it stands, so that it has to be shown how it was given, and anybody whom it binds may end
    it; what restricts only the bank ends."""

    subject: Subject
    ends: tuple[End, ...]
    needs: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    to_one: bool = False
    loosens: bool = False

    @property
    def terms(self) -> frozenset[str]:
        return self.needs | self.may


_BY_THE_DEBTOR: Final = (End.WITHDRAWN, End.MISTAKE)
SPECS: Final[dict[Kind, Spec]] = {
    Kind.MEDIA_STOP: Spec(Subject.PERSON, _BY_THE_DEBTOR, may=frozenset({"channel", "contact_point_id"})),
    Kind.INCONVENIENT_TIME: Spec(
        Subject.PERSON, _BY_THE_DEBTOR, needs=frozenset({"weekdays"}), may=frozenset({"opens", "closes", "until"})
    ),
    Kind.INCONVENIENT_PLACE: Spec(
        Subject.PERSON, _BY_THE_DEBTOR, needs=frozenset({"place"}), may=frozenset({"contact_point_id"})
    ),
    Kind.CEASE: Spec(Subject.EITHER, _BY_THE_DEBTOR),
    Kind.BREATHING_SPACE: Spec(
        Subject.EITHER, (End.TREATMENT_ENDED, End.CANCELLED, End.MISTAKE), may=frozenset({"is_crisis"})
    ),
    Kind.AGREED_FREQUENCY: Spec(
        Subject.PERSON, _BY_THE_DEBTOR, needs=frozenset({"dials"}), may=frozenset({"until"}), loosens=True
    ),
    Kind.MORE_CALLS: Spec(Subject.EITHER, _BY_THE_DEBTOR, may=frozenset({"until"}), to_one=True, loosens=True),
    Kind.CONTACT_TIME: Spec(
        Subject.PERSON, _BY_THE_DEBTOR, may=frozenset({"opens", "closes", "until"}), to_one=True, loosens=True
    ),
    Kind.NOTICE_SENT: Spec(Subject.ACCOUNT, (End.RETURNED, End.MISTAKE), to_one=True),
}


def ends_for(kind: Kind, terms: Terms) -> tuple[End, ...]:
    """What can end it: a treatment only where there is one."""
    return tuple(end for end in SPECS[kind].ends if end is not End.TREATMENT_ENDED or terms.is_crisis)


def faults_of(kind: Kind, terms: Terms) -> list[tuple[str, str]]:
    """What is wrong with the terms, each with its field: `missing`, `foreign` (not a term of this kind), `range`."""
    spec = SPECS[kind]
    given = {name for name in Terms.__slots__ if getattr(terms, name) != getattr(NOTHING, name)}
    found = [(name, "missing") for name in sorted(spec.needs - given)]
    found += [(name, "foreign") for name in sorted(given - spec.terms)]
    if kind is Kind.MEDIA_STOP and not given & {"channel", "contact_point_id"}:
        found.append(("channel", "neither"))
    found += [(name, "range") for name in ("weekdays", "dials") if not _within(name, getattr(terms, name))]
    return found + _faults_of_hours(terms)


def _within(name: str, value: int | None) -> bool:
    return value is None or 1 <= value <= {"weekdays": 127, "dials": MOST_DIALS}[name]


def _faults_of_hours(terms: Terms) -> list[tuple[str, str]]:
    opens, closes = terms.opens, terms.closes
    if opens is None or closes is None:
        return [] if opens is closes else [("opens" if opens is None else "closes", "missing")]
    if not 0 <= opens < DAY:
        return [("opens", "range")]
    return [] if 0 < closes <= DAY and closes != opens else [("closes", "range")]


def weekdays_of(bits: int | None) -> list[int]:
    """Days of the week, Monday is 0."""
    return [day for day in range(7) if (bits or 0) >> day & 1]


def clock_of(minutes: int) -> time:
    """A clock time; the day's own end is its last moment."""
    return time.max if minutes == DAY else time(minutes // 60, minutes % 60)
