"""What the conduct rules need to know, fetched from the tables. What is kept of their answer: `evidence.py`."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.contact import looking_back
from portal.contact.conduct import Decision, Facts, Pack, Question, check
from portal.contact.conduct.events import Call
from portal.contact.evidence import decision_data
from portal.contact.models import Channel, ContactAttempt, ContactDayCount
from portal.contact.outcomes import OUTCOMES, reached_debtor
from portal.contact.pack_shelf import shelf_of
from portal.foundation.visibility import visible
from portal.placement.recall_queries import stopped_since
from portal.portfolio.models import Account, AccountStatus, ContactKind, ContactPoint, ContactStatus, Customer, Hold

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = ["Checked", "Debtor", "Known", "check_contact", "decision_data", "facts_of", "local_day", "without"]

LOG_DAYS = 30  # dials of long ago say nothing about whether the debtor can be reached now


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
    """The facts about a debtor, the pack that holds for them, and the debt by which its rules count."""

    pack: Pack
    debt: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A decision with what it was asked and what it rested on."""

    question: Question
    facts: Known
    decision: Decision


def check_contact(facts: Known, question: Question) -> Checked:
    """Ask the rules that hold for the debtor, about the debtor's debt unless the question names one."""
    question = question if question.debt else replace(question, debt=facts.debt)
    return Checked(question, facts, check(facts.pack, question, facts))


def local_day(at: datetime, zone: str, otherwise: str) -> date:
    """The day of an instant where the debtor is; in the bank's zone where that is not known."""
    try:
        return at.astimezone(ZoneInfo(zone or otherwise)).date()
    except (KeyError, ValueError, OSError):
        return at.astimezone(ZoneInfo(otherwise)).date()


def facts_of(
    session: Session, actor: Actor, debtors: Iterable[Debtor], at: datetime, *, log: bool = False
) -> dict[int, Known]:
    """The facts of each account at an instant, by account id; six statements for any number of them, one more with the log
    of one's own calls, which rules about third persons ask for, and more where a pack looks further back."""
    debtors = list(debtors)
    customers = {debtor.customer_id for debtor in debtors}
    shelf = shelf_of(session, actor)
    packs = {d.account_id: shelf.pack_for(d.region, local_day(at, d.zone, actor.time_zone)) for d in debtors}
    counts = _counts(session, actor, debtors, at)
    flags = _flags(session, actor, customers, at)
    unreachable = _without_number(session, actor, customers)
    stopped = stopped_since(session, actor, [debtor.account_id for debtor in debtors], at)
    logged = log or any(map(looking_back.asks_for_log, packs.values()))
    calls = _calls(session, actor, customers, at) if logged else None
    before = looking_back.further_back(
        session,
        actor,
        [(d.customer_id, local_day(at, d.zone, actor.time_zone), packs[d.account_id]) for d in debtors],
        at,
    )
    return {
        debtor.account_id: Known(
            pack=packs[debtor.account_id],
            debt=str(debtor.account_id),
            zone=debtor.zone or None,
            log=None if calls is None else tuple(calls[debtor.customer_id]),
            counts=looking_back.with_connected(counts[debtor.customer_id], packs[debtor.account_id]),
            earlier=before.counts.get(debtor.customer_id),
            spoken=before.spoken.get(debtor.customer_id),
            flags=frozenset(flags[debtor.customer_id, None] | flags[debtor.customer_id, debtor.account_id])
            | (frozenset() if debtor.owes else {"nothing_owed"})
            | ({"work_stopped"} if debtor.account_id in stopped else frozenset()),
            known=frozenset({"debtor_number_invalid"} if debtor.customer_id in unreachable else ()),
        )
        for debtor in debtors
    }


def _counts(
    session: Session, actor: Actor, debtors: list[Debtor], at: datetime
) -> defaultdict[int, dict[tuple[str, int | str], int]]:
    """Counts of each person's own day: people in several zones may have several days at one instant."""
    people: defaultdict[date, set[int]] = defaultdict(set)
    for debtor in debtors:
        people[local_day(at, debtor.zone, actor.time_zone)].add(debtor.customer_id)
    found: defaultdict[int, dict[tuple[str, int | str], int]] = defaultdict(dict)
    for day, ids in people.items():
        rows = session.scalars(
            visible(ContactDayCount, actor).where(ContactDayCount.customer_id.in_(ids), ContactDayCount.day == day)
        )
        for row in rows:
            found[row.customer_id][row.measure, row.contact_point_id] = row.count
    return found


def _flags(
    session: Session, actor: Actor, customers: set[int], at: datetime
) -> defaultdict[tuple[int, int | None], set[str]]:
    """Holds that stood at the instant, by person and account (None: on the person)."""
    found: defaultdict[tuple[int, int | None], set[str]] = defaultdict(set)
    for hold in session.scalars(
        visible(Hold, actor)
        .where(Hold.customer_id.in_(customers), Hold.raised_at <= at)
        .where(sa.or_(Hold.released_at.is_(None), Hold.released_at > at))
    ):
        found[hold.customer_id, hold.account_id].add(hold.flag.value)
    return found


def _without_number(session: Session, actor: Actor, customers: set[int]) -> set[int]:
    """People whose own telephone numbers are all known to be wrong, or who have none."""
    reached = session.scalars(
        sa.select(ContactPoint.customer_id)
        .where(ContactPoint.customer_id.in_(customers), ContactPoint.kind == ContactKind.PHONE)
        .where(ContactPoint.relation == "self")
        .where(ContactPoint.status.in_([ContactStatus.UNCHECKED, ContactStatus.VALID]))
        .distinct()
    )
    return customers - set(reached)


def _calls(session: Session, actor: Actor, customers: set[int], at: datetime) -> defaultdict[int, list[Call]]:
    """The actor's own calls to these people in the last `LOG_DAYS`, by whose number was dialled; what was put right counts as
    it was put right."""
    later = aliased(ContactAttempt)
    rows = session.execute(
        visible(ContactAttempt, actor)
        .outerjoin(ContactPoint, ContactPoint.id == ContactAttempt.contact_point_id)
        .add_columns(ContactPoint.relation)
        .where(ContactAttempt.customer_id.in_(customers), ContactAttempt.channel == Channel.CALL)
        .where(ContactAttempt.at >= at - timedelta(days=LOG_DAYS), ContactAttempt.at < at)
        .where(~sa.select(later.id).where(later.corrects_id == ContactAttempt.id).exists())
        .order_by(ContactAttempt.at)
    )
    found: defaultdict[int, list[Call]] = defaultdict(list)
    for attempt, relation in rows:
        found[attempt.customer_id].append(
            Call(
                attempt.at,
                "conversation" if reached_debtor(OUTCOMES[attempt.outcome], attempt.party) else attempt.outcome,
                tuple(map(str, attempt.debts_placed_for)),
                tuple(map(str, attempt.debts_discussed)),
                attempt.initiated_by,
                relation or attempt.party,
                number=str(attempt.contact_point_id or ""),
            )
        )
    return found


def without(facts: Known, attempt: ContactAttempt) -> Known:
    """The facts as they would be if the attempt had not been counted."""
    counts = dict(facts.counts)
    for point in {0, attempt.contact_point_id or 0}:
        if counts.get((attempt.counts_as, point)):
            counts[attempt.counts_as, point] -= 1
    return replace(facts, counts=looking_back.with_connected(counts, facts.pack))
