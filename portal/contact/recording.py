"""What an attempt brings about, one at a time or by the thousand: the same pieces for the page, the interface and a log's file.

But for holds and carried promises nothing here reads or writes by itself: operations.py and log/ fetch the rows.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from portal.contact.conduct import VERDICTS, Question
from portal.contact.entries import PAUSED, Turn, next_turn, party_of, try_by, whose_number
from portal.contact.facts import check_contact, decision_data
from portal.contact.history import local_day
from portal.contact.holds.cause import reason_for
from portal.contact.models import CarriedPromise, ContactAttempt, Promise, PromiseState
from portal.contact.numbers import KEPT_AS
from portal.contact.outcomes import counts_as
from portal.contact.policy import policy, with_grace
from portal.foundation.errors import DomainError
from portal.foundation.language import say
from portal.foundation.money import Money
from portal.portfolio.operations import add_hold

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from portal.contact.entries import Entry
    from portal.contact.facts import Checked
    from portal.contact.history import Known
    from portal.contact.models import WorkItem
    from portal.contact.outcomes import Outcome
    from portal.foundation.work import Work
    from portal.placement.models import Placement
    from portal.portfolio.models import Account, ContactPoint, Customer, HoldFlag

__all__ = [
    "Subject", "attempt_of", "check_window", "checked_entry", "move_in_queue", "owed_by", "question_of",
    "raise_hold", "take_over_carried", "take_place",
]  # fmt: skip

# By which number is not known: what is counted by number is then counted over all of them.
SOME_NUMBER = 0


@dataclass(frozen=True, slots=True)
class Subject:
    """The rows that an attempt is about. `zone`: of the organisation that made it."""

    placement: Placement
    account: Account
    customer: Customer
    point: ContactPoint | None
    zone: str


def check_window(placement: Placement, at: datetime) -> None:
    """Raises DomainError where the account was not with the organisation at that time."""
    begun = placement.accepted_at or placement.starts_at
    if at < begun or (placement.ended_at is not None and at >= placement.ended_at):
        raise DomainError("attempt.before_placement", say("The account was not with you at that time."), field="at")


def owed_by(subject: Subject, entry: Entry) -> Money:
    """What may be promised at most: what is owed, for a late entry what was placed where that was more."""
    account = subject.account
    placed = subject.placement.placed_total_minor if entry.at is not None else 0
    return Money(max(account.total_minor, placed), account.currency)


def checked_entry(facts: Known, subject: Subject, entry: Entry, at: datetime, *, chosen: bool = True) -> Checked:
    """What the rules say of a contact, about each of the debts that it is for: the gravest answer stands. `chosen`: False
    before a number is chosen, when each number is asked about by itself."""
    question = question_of(subject, entry, at)
    if not chosen:
        question = replace(question, point=None)
    debts = [str(debt) for debt in entry.debts_placed_for] or [facts.debt]
    answers = [check_contact(facts, replace(question, debt=debt)) for debt in debts]
    return max(answers, key=lambda checked: VERDICTS.index(checked.decision.verdict))


def question_of(subject: Subject, entry: Entry, at: datetime) -> Question:
    """What the conduct rules are asked about an entry. What is planned goes by whose number it is known to be now; what has
    happened by whose it was placed as, since nobody has kept since when it is known to be somebody else's."""
    if subject.point is None:
        to = party_of(entry, None)
    else:
        has_happened = entry.at is not None or entry.corrects_id is not None
        to = subject.point.relation if has_happened else whose_number(subject.point)
    point = entry.contact_point_id if subject.point else SOME_NUMBER
    return Question(at, entry.channel.value, entry.direction.value, to, point)


def attempt_of(
    work: Work, subject: Subject, entry: Entry, outcome: Outcome, checked: Checked, at: datetime, **more: Any
) -> ContactAttempt:
    """The row that is kept of an entry. `more`: columns that only some ways in know."""
    party = party_of(entry, subject.point)
    inbound = entry.direction.value == "inbound"
    account_id = subject.account.id
    values: dict[str, Any] = {
        "organisation_id": subject.placement.organisation_id,
        "placement_id": subject.placement.id,
        "account_id": account_id,
        "customer_id": subject.customer.id,
        "attempt_ref": entry.attempt_ref or f"W{secrets.token_hex(8)}",
        "at": at,
        "ended_at": entry.ended_at,
        "local_date": local_day(at, subject.customer.time_zone, subject.zone),
        "channel": entry.channel,
        "direction": entry.direction,
        "initiated_by": entry.initiated_by or ("consumer" if inbound else "collector"),
        "contact_point_id": subject.point.id if subject.point else None,
        "party": party,
        "outcome": outcome.code,
        "counts_as": counts_as(entry.channel, entry.direction, outcome, party),
        "reason_behind": entry.reason_behind,
        "note_sealed": work.vault.seal(subject.customer.person_key, entry.note, "note") if entry.note else None,
        "debts_placed_for": list(entry.debts_placed_for) or [account_id],
        "debts_discussed": [account_id] if entry.debts_discussed is None else list(entry.debts_discussed),
        "corrects_id": entry.corrects_id,
        "evidence_name": entry.evidence_name,
        "next_action": entry.next_action,
        "again_on": entry.again_on,
        "verdict": checked.decision.verdict,
        "decision": decision_data(checked, entry.override_reason) | _number_before(subject.point),
        "override_reason": entry.override_reason,
        "logged_at": work.now,
        "logged_by": work.actor.user_id,
    }
    return ContactAttempt(**(values | more))


def _number_before(point: ContactPoint | None) -> dict[str, str]:
    """What was known of the number before the attempt, to which a correction goes back; no part of the answer either."""
    return {KEPT_AS: point.status.value} if point is not None else {}


def take_place(
    standing: Iterable[Promise], attempt: ContactAttempt, entry: Entry, currency: str, corrected: ContactAttempt | None
) -> tuple[list[Promise], list[Promise]]:
    """New promises take the place of those of the placement that stood open, unless these were made later; those of a
    corrected entry fall. What is to be added, and what stands now."""
    fallen = [p for p in standing if corrected is not None and p.attempt_id == corrected.id]
    left = [promise for promise in standing if promise not in fallen]
    if entry.outcome != "promise":
        _replace(fallen)
        return [], left
    later = [promise for promise in left if promise.created_at > attempt.at]
    _replace([*fallen, *(promise for promise in left if promise not in later)])
    made = _promises_of(attempt, entry, currency, PromiseState.REPLACED if later else PromiseState.OPEN)
    return made, later or made


def _replace(promises: Iterable[Promise]) -> None:
    for promise in promises:
        promise.state = PromiseState.REPLACED


def take_over_carried(work: Work, account_id: int) -> None:
    """What was promised to an earlier holder and is open is replaced by what was promised now."""
    carried = sa.update(CarriedPromise).where(CarriedPromise.account_id == account_id)
    work.session.execute(carried.where(CarriedPromise.state == PromiseState.OPEN).values(state=PromiseState.REPLACED))


def _promises_of(attempt: ContactAttempt, entry: Entry, currency: str, state: PromiseState) -> list[Promise]:
    """The promises that an attempt brought, one for each day that was named; `check_promise` has seen that each has one."""
    return [
        Promise(
            organisation_id=attempt.organisation_id,
            attempt_id=attempt.id,
            placement_id=attempt.placement_id,
            account_id=attempt.account_id,
            amount_minor=part.minor,
            currency=currency,
            made_on=attempt.local_date,
            promised_on=part.on,
            kept_until=with_grace(part.on),
            state=state,
            created_at=attempt.at,
        )
        for part in entry.promised
        if part.on is not None
    ]


def raise_hold(work: Work, attempt: ContactAttempt, outcome: Outcome) -> HoldFlag | None:
    """The hold that an outcome raises, from the moment on at which it was said."""
    if outcome.hold is None:
        return None
    account_id = None if outcome.on_person else attempt.account_id
    add_hold(work, attempt.customer_id, account_id, outcome.hold, reason_for(outcome.code), since=attempt.at)
    return outcome.hold


def move_in_queue(
    item: WorkItem,
    attempt: ContactAttempt,
    entry: Entry,
    outcome: Outcome,
    corrected: str | None,
    zone: str,
    today: date,
) -> None:
    """When the account's turn comes again. `corrected`: the outcome of the entry that this one takes the place of.

    An entry that comes late, behind one that is known already, is counted and moves nothing.
    """
    day = attempt.at.astimezone(ZoneInfo(zone)).date()
    item.attempts += corrected is None
    if corrected is None and item.last_attempt_at is not None and attempt.at < item.last_attempt_at:
        return
    standing = Turn(item.next_kind, item.next_on, item.next_at)
    if corrected in ("promise", "callback_requested"):
        standing = Turn("rest", today)  # what the wrong entry had set is not kept
    callback_day = entry.callback_at.astimezone(ZoneInfo(zone)).date() if entry.callback_at else None
    item.next_kind, item.next_on, item.next_at = next_turn(
        entry, outcome, standing, day, callback_day, policy().grace_days
    )
    item.last_attempt_at, item.last_outcome = attempt.at, outcome.code
    if item.try_by != PAUSED:
        item.try_by = try_by(item.next_on, day, item.standard_days)
