"""Whether an organisation may be given work on a day, and what will stand in the way soon. Rules over plain facts.

A paper (licence, insurance, certificate) counts from its first to its last day, both included, and no longer than to the
day before the paper that supersedes it begins.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from portal.foundation.language import Message, say
from portal.vendors.models import CredentialKind, Item

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from portal.vendors.models import PlacementKind

__all__ = [
    "NAMES", "WARNING_DAYS", "Capacity", "Ending", "Facts", "Paper", "Reason", "Standing", "covered_until", "in_force",
    "judge",
]  # fmt: skip

WARNING_DAYS = 60
ONE_DAY = timedelta(days=1)

# The word in a reason's code: `licence_ended`, `insurance_missing`.
GROUPS: dict[CredentialKind, str] = {
    CredentialKind.LICENCE: "licence",
    CredentialKind.CALL_CENTRE_LICENCE: "licence",
    CredentialKind.LIABILITY_INSURANCE: "insurance",
    CredentialKind.CYBER_INSURANCE: "insurance",
    CredentialKind.SECURITY_CERTIFICATE: "certificate",
}
# In the middle of a sentence.
NAMES: dict[CredentialKind, Message] = {
    CredentialKind.LICENCE: say("licence"),
    CredentialKind.CALL_CENTRE_LICENCE: say("call-centre licence"),
    CredentialKind.LIABILITY_INSURANCE: say("liability insurance"),
    CredentialKind.CYBER_INSURANCE: say("cyber insurance"),
    CredentialKind.SECURITY_CERTIFICATE: say("security certificate"),
}


@dataclass(frozen=True, slots=True)
class Paper:
    """A credential as far as the rules need it; `followed_from`: the first day of the one that supersedes it."""

    kind: CredentialKind
    valid_from: date
    valid_until: date | None = None
    followed_from: date | None = None

    @property
    def last_day(self) -> date:
        """The last day that it counts; the end of time where no end is written."""
        until = self.valid_until or date.max
        return until if self.followed_from is None else min(until, self.followed_from - ONE_DAY)


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a contract lets one hold at one time: accounts, and amount in minor units of its currency; None: no limit."""

    accounts: int | None
    minor: int | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an organisation. Dates are first and last days; empty sets of regions and buckets mean all."""

    active: bool = True
    listed: bool = False
    started_on: date | None = None
    exits_on: date | None = None
    papers: Sequence[Paper] = ()
    required: frozenset[Item] = frozenset()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why nothing may be placed: a stable code, and the words."""

    code: str
    words: Message


@dataclass(frozen=True, slots=True)
class Ending:
    """The last day of something that an organisation has now: a paper with no other behind it, the co-operation."""

    day: date
    what: Message


@dataclass(frozen=True)
class Standing:
    """Whether an organisation may receive on the day, or the reasons why not, and within which limits.

    `endings`: what ends without another behind it, the earliest first. `capacity`: of the contracts that hold on the day.
    """

    organisation_id: int
    reasons: tuple[Reason, ...] = ()
    warnings: tuple[Message, ...] = ()
    endings: tuple[Ending, ...] = ()
    regions: frozenset[str] = frozenset()
    buckets: frozenset[str] = frozenset()
    capacity: Mapping[tuple[PlacementKind, str], Capacity] = field(default_factory=dict)

    @property
    def may_receive(self) -> bool:
        """Whether anything may be placed with it."""
        return not self.reasons

    @property
    def reason(self) -> Reason | None:
        """The first reason why not."""
        return self.reasons[0] if self.reasons else None

    @property
    def is_over(self) -> bool:
        """Whether the bank itself has ended the work with it, so that no paper is missed."""
        return any(reason.code in {"inactive", "exited"} for reason in self.reasons)

    @property
    def valid_until(self) -> date | None:
        """The earliest day on which something ends; None: no such day is known."""
        return self.endings[0].day if self.endings else None

    def ends_soon(self, day: date) -> bool:
        """Whether something ends within the days of the warning."""
        return self.valid_until is not None and self.valid_until < day + timedelta(days=WARNING_DAYS)

    def permits(self, region: str, bucket: str) -> bool:
        """Whether accounts of a region (ISO 3166-2) and bucket may go there. A permitted country covers its parts."""
        in_region = not self.regions or region in self.regions or region[:2] in self.regions
        return in_region and (not self.buckets or bucket in self.buckets)


def in_force(papers: Iterable[Paper], day: date) -> list[Paper]:
    """The papers that count on a day."""
    return [paper for paper in papers if paper.valid_from <= day <= paper.last_day]


def covered_until(papers: Iterable[Paper], day: date) -> date | None:
    """The last day up to which papers of a kind follow one another without a gap; None where none counts on the day.

    `date.max` where no end is written.
    """
    until: date | None = None
    for paper in sorted(papers, key=lambda paper: paper.valid_from):
        reached = day if until is None else _next(until)
        if paper.valid_from <= reached <= paper.last_day:
            until = paper.last_day
    return until


def _next(day: date) -> date:
    return day if day == date.max else day + ONE_DAY


def judge(facts: Facts, day: date) -> tuple[tuple[Reason, ...], tuple[Message, ...], tuple[Ending, ...]]:
    """Reasons, warnings and endings of a standing."""
    reasons = list(_of_itself(facts, day))
    warnings: list[Message] = []
    endings = [Ending(facts.exits_on, say("co-operation"))] if facts.exits_on and facts.exits_on >= day else []
    for kind in CredentialKind:
        mine = [paper for paper in facts.papers if paper.kind is kind]
        until = covered_until(mine, day)
        if until is not None:
            endings += [Ending(until, NAMES[kind])] if until != date.max else []
            continue
        said = _missing(kind, mine, Item(kind.value) in facts.required, day)
        if isinstance(said, Reason):
            reasons.append(said)
        elif said is not None:
            warnings.append(said)
    endings.sort(key=lambda ending: ending.day)
    soon = [ending for ending in endings if ending.day < day + timedelta(days=WARNING_DAYS)]
    ahead = (say("the %(paper)s ends on %(day)s", paper=ending.what, day=ending.day) for ending in soon)
    return tuple(reasons), (*ahead, *warnings), tuple(endings)


def _of_itself(facts: Facts, day: date) -> Iterable[Reason]:
    if not facts.active:
        yield Reason("inactive", say("the organisation is not active"))
    if facts.started_on and facts.started_on > day:
        yield Reason("not_started", say("the co-operation begins on %(day)s", day=facts.started_on))
    if facts.exits_on and facts.exits_on < day:
        yield Reason("exited", say("the co-operation ended on %(day)s", day=facts.exits_on))
    if Item.LISTED in facts.required and not facts.listed:
        yield Reason("not_listed", say("it is not on the bank's published list"))


def _missing(kind: CredentialKind, papers: Sequence[Paper], required: bool, day: date) -> Reason | Message | None:
    """What follows where no paper of a kind counts. The licence to work at all stops without being asked for."""
    begun = [paper for paper in papers if paper.valid_from <= day]
    if begun:
        words = say("the %(paper)s ended on %(day)s", paper=NAMES[kind], day=max(paper.last_day for paper in begun))
        stops = required or kind is CredentialKind.LICENCE
        return Reason(f"{GROUPS[kind]}_ended", words) if stops else words
    words = say("no %(paper)s is on file", paper=NAMES[kind])
    if required:
        return Reason(f"{GROUPS[kind]}_missing", words)
    return words if kind is CredentialKind.LICENCE else None
