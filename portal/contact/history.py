"""What the tables know about people, read once for a span of time and told as of any instant in it.

A log that comes late is judged by what stood at the time of each attempt: contacts before it count, those after it do not.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.contact import looking_back
from portal.contact.conduct import Facts, Pack, zone_named
from portal.contact.conduct.events import Call, PersonWrote, Replied
from portal.contact.holds.cause import cause_of, reason_for
from portal.contact.models import Channel, ContactAttempt, ContactTally
from portal.contact.outcomes import OUTCOMES, reached_debtor
from portal.contact.rules.shelf import shelf_of
from portal.contact.wishes.queries import binding
from portal.contact.wishes.standing import events_of, places_of
from portal.foundation.visibility import visible
from portal.placement.recall_queries import stops_of
from portal.portfolio.models import Account, AccountStatus, ContactKind, ContactPoint, ContactStatus, Customer, Hold

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.contact.conduct.events import Event
    from portal.foundation.access import Actor

__all__ = ["Debtor", "History", "Known", "local_day", "pack_of", "zone_for"]

LOG_DAYS = 30  # dials of long ago say nothing about whether the debtor can be reached now

_SPOKEN = sorted(code for code, outcome in OUTCOMES.items() if outcome.contact)
# Made once: making it costs more than asking by it.
_LATER = aliased(ContactAttempt)
# Not the whole row: with each attempt stands what its own decision rested on.
_OF_AN_ATTEMPT = (
    ContactAttempt.id, ContactAttempt.customer_id, ContactAttempt.at, ContactAttempt.outcome, ContactAttempt.party,
    ContactAttempt.debts_placed_for, ContactAttempt.debts_discussed, ContactAttempt.initiated_by,
    ContactAttempt.contact_point_id, ContactAttempt.channel,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Debtor:
    """The account and person that a contact would be about."""

    account_id: int
    customer_id: int
    zone: str
    owes: bool
    region: str = ""

    @classmethod
    def of(cls, account: Account, customer: Customer) -> Debtor:
        owes = account.status is AccountStatus.OPEN and account.total_minor > 0
        return cls(account.id, customer.id, customer.time_zone, owes, customer.region or account.region)


@dataclass(frozen=True, kw_only=True)
class Known(Facts):
    """The facts about a debtor, the pack that holds for them, and the debt by which its rules count. `point_places`: which
    numbers and addresses reach them where they are not to be disturbed."""

    pack: Pack
    debt: str
    point_places: Mapping[int, str] = field(default_factory=dict)


class _Tally(NamedTuple):
    """A contact that counts: when, as what, by which number."""

    attempt_id: int
    day: date
    at: datetime
    measure: str
    point: int | None


class _Span(NamedTuple):
    """A flag, on one account or (None) on the person, from an instant to another (None: still)."""

    account_id: int | None
    flag: str
    begins: datetime
    ends: datetime | None
    reason: str

    def stands(self, at: datetime) -> bool:
        return self.begins <= at and (self.ends is None or self.ends > at)


def local_day(at: datetime, zone: str, otherwise: str) -> date:
    """The day of an instant where the debtor is; in the bank's zone where that is not known."""
    return at.astimezone(zone_for(zone, otherwise)).date()


def zone_for(zone: str | None, otherwise: str) -> ZoneInfo:
    """The zone in which the debtor's days are counted: the bank's where theirs is not known."""
    return zone_named(zone) or ZoneInfo(otherwise)


def pack_of(session: Session, actor: Actor, debtor: Debtor, at: datetime) -> Pack:
    """The rules that hold for a debtor on the day of an instant, where no history of theirs is read."""
    return shelf_of(session, actor).pack_for(debtor.region, local_day(at, debtor.zone, actor.time_zone))


class History:
    """Six statements for any number of people, one more for their wishes and consents where a pack asks for any, one with the
    `log` of the organisation's own calls, which rules about third persons ask for, and more where a pack looks further back.
    `organisation_id`: who collects; the actor's own if left out."""

    def __init__(
        self, session: Session, actor: Actor, debtors: Iterable[Debtor], first: datetime, last: datetime | None = None,
        *, log: bool = False, organisation_id: int | None = None,
    ) -> None:  # fmt: skip
        self._session, self._actor = session, actor
        self._organisation_id = organisation_id or actor.organisation_id
        self._first, self._last = first, last or first
        debtors = list(debtors)
        customers = {debtor.customer_id for debtor in debtors}
        self._shelf = shelf_of(session, actor)
        packs = [self._pack(debtor, at) for debtor in debtors for at in {self._first, self._last}]
        self._days_back = max(map(looking_back.days_back, packs), default=0)
        self._tallies = self._read_tallies(customers)
        self._holds = self._read_holds(customers)
        self._unreachable = self._without_number(customers)
        self._stops = stops_of(session, actor, self._organisation_id, [debtor.account_id for debtor in debtors])
        self._with_messages = any(map(looking_back.asks_for_messages, packs))
        self._own = self._read_own(customers) if log or any(map(looking_back.asks_for_log, packs)) else None
        wished = any(map(looking_back.asks_for_wishes, packs))
        self._wishes = (
            binding(session, actor, self._organisation_id, customers, self._last) if wished else defaultdict(list)
        )
        asks = any(map(looking_back.asks_whom_we_spoke_to, packs))
        self._spoken = self._read_spoken(customers) if asks else None

    def facts(self, debtor: Debtor, at: datetime, *, but: ContactAttempt | None = None) -> Known:
        """What the rules may know of a debtor at an instant of the span. `but`: an attempt that is left out with the hold that
        it raised, since what is asked about takes its place."""
        but_id = but.id if but is not None else None
        pack, today = self._pack(debtor, at), self._day(debtor, at)
        counts: defaultdict[date, Counter[tuple[str, int | str]]] = defaultdict(Counter)
        for tally in self._tallies[debtor.customer_id]:
            if tally.at <= at and tally.attempt_id != but_id:
                for point in {0, tally.point or 0}:
                    counts[tally.day][tally.measure, point] += 1
        back = [today - timedelta(days=days) for days in range(1, looking_back.days_back(pack) + 1)]
        earlier = {day: looking_back.with_connected(dict(counts[day]), pack) for day in back}
        return Known(
            pack=pack,
            debt=str(debtor.account_id),
            zone=debtor.zone or None,
            counts=looking_back.with_connected(dict(counts[today]), pack),
            earlier=earlier if back else None,
            flags=self._flags(debtor, at, but),
            known=frozenset({"debtor_number_invalid"} if debtor.customer_id in self._unreachable else ()),
            log=self._log(debtor, at, but_id),
            point_places=places_of(self._wishes[debtor.customer_id], at),
            spoken=self._spoken_to(debtor, pack, at, but_id),
        )

    def _day(self, debtor: Debtor, at: datetime) -> date:
        return local_day(at, debtor.zone, self._actor.time_zone)

    def _pack(self, debtor: Debtor, at: datetime) -> Pack:
        """The rules that held for the debtor on that day of theirs."""
        return self._shelf.pack_for(debtor.region, self._day(debtor, at))

    def _spoken_to(self, debtor: Debtor, pack: Pack, at: datetime, but: int | None) -> dict[int | str, int] | None:
        """How often somebody was spoken to by each number; which of them are third persons' the question says."""
        if self._spoken is None or not looking_back.asks_whom_we_spoke_to(pack):
            return None
        found: Counter[int | str] = Counter()
        for key, point, when in self._spoken[debtor.customer_id]:
            if when < at and key != but:
                found[point] += 1
        return dict(found)

    def note(self, attempt: ContactAttempt, relation: str = "") -> None:
        """From here on an attempt that was just made is part of what is known, and what it corrects is not. `relation`: whose
        number it was."""
        tallies = self._tallies[attempt.customer_id]
        tallies[:] = [tally for tally in tallies if tally.attempt_id != attempt.corrects_id]
        if attempt.counts_as:
            tallies.append(
                _Tally(attempt.id, attempt.local_date, attempt.at, attempt.counts_as, attempt.contact_point_id)
            )
        hold = OUTCOMES[attempt.outcome].hold
        if hold is not None:
            account_id = None if OUTCOMES[attempt.outcome].on_person else attempt.account_id
            self._holds[attempt.customer_id].append(
                _Span(account_id, hold.value, attempt.at, None, reason_for(attempt.outcome))
            )
        if self._own is not None:
            own = self._own[attempt.customer_id]
            own[:] = [each for each in own if each[0] != attempt.corrects_id]
            own += [(attempt.id, event) for event in self._events(attempt, relation)]
        if self._spoken is not None:
            spoken = self._spoken[attempt.customer_id]
            spoken[:] = [each for each in spoken if each[0] != attempt.corrects_id]
            if attempt.channel is Channel.CALL and attempt.contact_point_id and attempt.outcome in _SPOKEN:
                spoken.append((attempt.id, attempt.contact_point_id, attempt.at))

    def _flags(self, debtor: Debtor, at: datetime, but: ContactAttempt | None) -> frozenset[str]:
        cause = cause_of(but) if but is not None else None
        flags = {
            hold.flag
            for hold in self._holds[debtor.customer_id]
            if hold.stands(at) and hold.account_id in (None, debtor.account_id) and (hold.reason, hold.begins) != cause
        }
        if not debtor.owes:
            flags.add("nothing_owed")
        if any(begins <= at and (ends is None or ends > at) for begins, ends in self._stops.get(debtor.account_id, ())):
            flags.add("work_stopped")
        return frozenset(flags)

    def _log(self, debtor: Debtor, at: datetime, but: int | None) -> tuple[Event, ...] | None:
        """What was wished and agreed, and the organisation's own log where it was read. Where it was not, no rule of the pack
        looks at it before a contact with the debtor, and those on third persons take it for empty, as they do for unknown."""
        zone = zone_for(debtor.zone, self._actor.time_zone)
        wished = events_of(self._wishes[debtor.customer_id], debtor.account_id, at, zone)
        if self._own is None:
            return tuple(sorted(wished, key=_instant)) or None
        since = at - timedelta(days=LOG_DAYS)
        own = [event for key, event in self._own[debtor.customer_id] if since <= event.at <= at and key != but]
        return tuple(sorted([*wished, *own], key=_instant))

    def _read_tallies(self, customers: set[int]) -> defaultdict[int, list[_Tally]]:
        """By person. A person's day begins and ends up to a day beside the one of the instant in UTC."""
        first = self._first.date() - timedelta(days=self._days_back + 1)
        last = self._last.date() + timedelta(days=1)
        rows = self._session.scalars(
            visible(ContactTally, self._actor).where(
                ContactTally.customer_id.in_(customers), ContactTally.day.between(first, last)
            )
        )
        found: defaultdict[int, list[_Tally]] = defaultdict(list)
        for row in rows:
            found[row.customer_id].append(_Tally(row.attempt_id, row.day, row.at, row.measure, row.contact_point_id))
        return found

    def _read_holds(self, customers: set[int]) -> defaultdict[int, list[_Span]]:
        found: defaultdict[int, list[_Span]] = defaultdict(list)
        for hold in self._session.scalars(
            visible(Hold, self._actor)
            .where(Hold.customer_id.in_(customers), Hold.raised_at <= self._last)
            .where(sa.or_(Hold.released_at.is_(None), Hold.released_at > self._first))
        ):
            found[hold.customer_id].append(
                _Span(hold.account_id, hold.flag.value, hold.raised_at, hold.released_at, hold.reason)
            )
        return found

    def _without_number(self, customers: set[int]) -> set[int]:
        """People whose own telephone numbers are all known to be wrong, or who have none."""
        reached = self._session.scalars(
            sa.select(ContactPoint.customer_id)
            .where(ContactPoint.customer_id.in_(customers), ContactPoint.kind == ContactKind.PHONE)
            .where(ContactPoint.relation == "self")
            .where(ContactPoint.status.in_([ContactStatus.UNCHECKED, ContactStatus.VALID]))
            .distinct()
        )
        return customers - set(reached)

    def _read_own(self, customers: set[int]) -> defaultdict[int, list[tuple[int, Event]]]:
        """The organisation's own calls with these people (where a pack asks for them, its messages too), each with its attempt,
        by whose number was dialled; what was put right counts as it was put right."""
        rows = self._session.execute(
            visible(ContactAttempt, self._actor)
            .outerjoin(ContactPoint, ContactPoint.id == ContactAttempt.contact_point_id)
            .with_only_columns(*_OF_AN_ATTEMPT, ContactPoint.relation)
            .where(ContactAttempt.customer_id.in_(customers))
            .where(sa.true() if self._with_messages else ContactAttempt.channel == Channel.CALL)
            .where(ContactAttempt.organisation_id == self._organisation_id)
            .where(ContactAttempt.at >= self._first - timedelta(days=LOG_DAYS), ContactAttempt.at <= self._last)
            .where(~sa.select(_LATER.id).where(_LATER.corrects_id == ContactAttempt.id).exists())
            .order_by(ContactAttempt.at, ContactAttempt.id)
        )
        found: defaultdict[int, list[tuple[int, Event]]] = defaultdict(list)
        for row in rows:
            found[row.customer_id] += [(row.id, event) for event in self._events(row, row.relation or "")]
        return found

    def _events(self, attempt: Any, relation: str) -> Iterator[Event]:
        """What an attempt is for the rules: a call; and who began, where that may be answered. A talk is its own answer."""
        call = _call(attempt, relation) if attempt.channel is Channel.CALL else None
        if call is not None:
            yield call
        if not self._with_messages:
            return
        if attempt.initiated_by != "consumer":
            yield Replied(attempt.at, attempt.channel.value)
        elif call is None or not call.is_conversation:
            yield PersonWrote(attempt.at, attempt.channel.value)

    def _read_spoken(self, customers: set[int]) -> defaultdict[int, list[tuple[int, int, datetime]]]:
        """The organisation's own conversations with anybody, by person: attempt, number, when."""
        rows = self._session.execute(
            visible(ContactAttempt, self._actor)
            .where(ContactAttempt.customer_id.in_(customers), ContactAttempt.at <= self._last)
            .where(ContactAttempt.organisation_id == self._organisation_id)
            .where(ContactAttempt.channel == Channel.CALL, ContactAttempt.outcome.in_(_SPOKEN))
            .where(ContactAttempt.contact_point_id.is_not(None))
            .with_only_columns(
                ContactAttempt.customer_id, ContactAttempt.id, ContactAttempt.contact_point_id, ContactAttempt.at
            )
        )
        found: defaultdict[int, list[tuple[int, int, datetime]]] = defaultdict(list)
        for customer_id, key, point, when in rows:
            found[customer_id].append((key, point or 0, when))
        return found


def _instant(event: Event) -> datetime:
    return event.at


def _call(attempt: Any, relation: str) -> Call:
    """A call as the rules look back on it, from an attempt or the columns `_OF_AN_ATTEMPT`."""
    return Call(
        attempt.at,
        "conversation" if reached_debtor(OUTCOMES[attempt.outcome], attempt.party) else attempt.outcome,
        tuple(map(str, attempt.debts_placed_for)),
        tuple(map(str, attempt.debts_discussed)),
        attempt.initiated_by,
        relation or attempt.party,
        number=str(attempt.contact_point_id or ""),
    )
