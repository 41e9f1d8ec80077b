"""What agency staff do with an account: log what they tried, and put a log right.

An attempt is evidence. It is checked against the conduct rules as of its own time and kept with the answer; one that was
against the rules is kept as well, and named a breach.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from portal.contact import queries
from portal.contact.conduct import Question
from portal.contact.entries import Entry, Turn, check_entry, check_promise, next_turn, outcome_named, party_of
from portal.contact.facts import Checked, Debtor, check_contact, decision_data, facts_of, local_day, without
from portal.contact.models import CarriedPromise, ContactAttempt, Promise, PromiseState, WorkItem
from portal.contact.outcomes import OUTCOMES, counts_as
from portal.contact.policy import policy, with_grace
from portal.contact.words import finding_words
from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.language import say
from portal.foundation.money import Money
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.placement.models import Placement
from portal.portfolio.models import Account, ContactPoint, ContactStatus, Customer, HoldFlag
from portal.portfolio.operations import add_hold

if TYPE_CHECKING:
    from portal.contact.outcomes import Outcome
    from portal.foundation.access import Actor
    from portal.foundation.work import Work

__all__ = ["Logged", "log_attempt", "reveal_notes"]


@dataclass(frozen=True, slots=True)
class Logged:
    """What was kept. `verdict` block: a breach. `hold`: what now stops contact. `is_new` False: it was logged before."""

    attempt_id: int
    verdict: str
    hold: HoldFlag | None = None
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class _Subject:
    """The rows that an attempt is about."""

    placement: Placement
    account: Account
    customer: Customer
    point: ContactPoint | None


def log_attempt(actor: Actor, account_id: int, entry: Entry) -> Logged:
    """Log an attempt on an account that the actor's organisation holds, with all that follows from it.

    Follows: the day's counts (by a trigger), a promise, a hold, the account's place in the queue. Asked again with the
    same reference, nothing happens twice. Raises NotFound for an account that is not held, Refused for a contact that
    the rules forbid now, unless the entry says that it has already taken place, and DomainError for an entry that
    cannot be so.
    """
    demand(actor, Permission.QUEUE_WORK)
    with transaction(actor) as work:
        subject = _subject(work, account_id, entry)
        known = _logged_before(work, entry, account_id)
        if known is not None:
            return Logged(known.id, known.verdict, is_new=False)
        outcome = outcome_named(entry.outcome)
        corrected = _corrected(work, entry, account_id)
        at = entry.at or (corrected.at if corrected else work.now)
        check_entry(entry, outcome, subject.point, work.now)
        _check_window(subject, at)
        owed = Money(subject.account.total_minor, subject.account.currency)
        check_promise(entry, owed, work.today, local_day(at, subject.customer.time_zone, actor.time_zone))
        checked = _check_conduct(work, subject, entry, at, corrected)
        attempt = _keep(work, subject, entry, outcome, checked, at)
        _keep_promise(work, attempt, entry, owed, corrected)
        hold = _raise_hold(work, attempt, outcome)
        _learn_about_number(subject.point, outcome, attempt.party)
        _move_in_queue(work, attempt, entry, outcome, corrected)
        return Logged(attempt.id, attempt.verdict, hold)


def reveal_notes(actor: Actor, account_id: int) -> dict[int, str]:
    """The notes on an account that the actor may see, by attempt; recorded. Raises NotFound.

    Notes of a person whose data was erased are gone.
    """
    demand(actor, Permission.PERSON_REVEAL)
    with transaction(actor) as work:
        account = work.session.scalar(visible(Account, actor).where(Account.id == account_id))
        if account is None:
            raise NotFound
        key = account.customer.person_key
        attempts = work.session.scalars(
            visible(ContactAttempt, actor)
            .where(ContactAttempt.account_id == account_id, ContactAttempt.note_sealed.is_not(None))
            .order_by(ContactAttempt.id.desc())
            .limit(queries.LONGEST_HISTORY)
        )
        notes = {a.id: text for a in attempts if (text := work.vault.open(key, a.note_sealed, "note"))}
        work.audit("person.revealed", account, field="notes", customer=account.customer_id, count=len(notes))
        return notes


def _subject(work: Work, account_id: int, entry: Entry) -> _Subject:
    found = queries.held_account(work.session, work.actor, account_id)
    if found is None:
        raise NotFound
    placement, account, customer = found
    point = None
    if entry.contact_point_id is not None:
        point = work.session.scalar(
            visible(ContactPoint, work.actor).where(
                ContactPoint.id == entry.contact_point_id, ContactPoint.customer_id == customer.id
            )
        )
        if point is None:
            raise DomainError("attempt.number", say("Choose the number."), field="contact_point_id")
    return _Subject(placement, account, customer, point)


def _logged_before(work: Work, entry: Entry, account_id: int) -> ContactAttempt | None:
    if not entry.attempt_ref:
        return None
    known = work.session.scalar(
        visible(ContactAttempt, work.actor).where(
            ContactAttempt.organisation_id == work.actor.organisation_id,
            ContactAttempt.attempt_ref == entry.attempt_ref,
        )
    )
    if known is None:
        return None
    same = (known.account_id, known.outcome, known.channel) == (account_id, entry.outcome, entry.channel)
    if not same or (entry.at is not None and entry.at != known.at):
        raise Refused(
            "attempt.conflict",
            say("The reference %(ref)s stands for another attempt already.", ref=entry.attempt_ref),
        )
    return known


def _check_window(subject: _Subject, at: datetime) -> None:
    begun = subject.placement.accepted_at or subject.placement.starts_at
    if at < begun:
        raise DomainError("attempt.before_placement", say("The account was not with you at that time."), field="at")


def _check_conduct(
    work: Work, subject: _Subject, entry: Entry, at: datetime, corrected: ContactAttempt | None
) -> Checked:
    """Ask the rules as of the attempt's time; refuse what has not happened yet and must not.

    A correction speaks of something that has happened, and is not counted beside what it corrects.
    """
    debtor = Debtor.of(subject.account, subject.customer)
    facts = facts_of(work.session, work.actor, [debtor], at, log=True)[debtor.account_id]
    if corrected is not None:
        facts = without(facts, corrected)
    to = subject.point.relation if subject.point else party_of(entry, None)
    question = Question(at, entry.channel.value, entry.direction.value, to, entry.contact_point_id)
    checked = check_contact(facts, question)
    if checked.decision.is_blocked and not entry.already_happened and corrected is None:
        raise Refused("conduct.blocked", finding_words(checked.decision.findings[0]))
    return checked


def _corrected(work: Work, entry: Entry, account_id: int) -> ContactAttempt | None:
    """The entry that is put right: one of ours on this account that nothing has corrected yet."""
    if entry.corrects_id is None:
        return None
    old = work.session.scalar(
        visible(ContactAttempt, work.actor).where(
            ContactAttempt.id == entry.corrects_id,
            ContactAttempt.account_id == account_id,
            ContactAttempt.organisation_id == work.actor.organisation_id,
        )
    )
    if old is None:
        raise NotFound
    if work.session.scalar(sa.select(ContactAttempt.id).where(ContactAttempt.corrects_id == old.id)):
        raise Refused("attempt.corrected", say("This entry has been corrected before; correct the later one."))
    return old


def _keep(
    work: Work, subject: _Subject, entry: Entry, outcome: Outcome, checked: Checked, at: datetime
) -> ContactAttempt:
    party = party_of(entry, subject.point)
    inbound = entry.direction.value == "inbound"
    attempt = ContactAttempt(
        organisation_id=subject.placement.organisation_id,
        placement_id=subject.placement.id,
        account_id=subject.account.id,
        customer_id=subject.customer.id,
        attempt_ref=entry.attempt_ref or f"W{secrets.token_hex(8)}",
        at=at,
        ended_at=entry.ended_at,
        local_date=local_day(at, subject.customer.time_zone, work.actor.time_zone),
        channel=entry.channel,
        direction=entry.direction,
        initiated_by="consumer" if inbound else "collector",
        contact_point_id=entry.contact_point_id,
        party=party,
        outcome=outcome.code,
        counts_as=counts_as(entry.channel, entry.direction, outcome, party),
        reason_behind=entry.reason_behind,
        note_sealed=work.vault.seal(subject.customer.person_key, entry.note, "note") if entry.note else None,
        debts_placed_for=[subject.account.id],
        debts_discussed=[subject.account.id],
        corrects_id=entry.corrects_id,
        verdict=checked.decision.verdict,
        decision=decision_data(checked),
        logged_at=work.now,
        logged_by=work.actor.user_id,
    )
    work.session.add(attempt)
    work.session.flush()
    work.audit(
        "attempt.logged",
        attempt,
        after={
            "account": attempt.account_id, "channel": entry.channel.value, "outcome": outcome.code,
            "verdict": attempt.verdict, "corrects": entry.corrects_id,
        },
    )  # fmt: skip
    return attempt


def _keep_promise(
    work: Work, attempt: ContactAttempt, entry: Entry, owed: Money, corrected: ContactAttempt | None
) -> None:
    """A new promise takes the place of the one that was open; a corrected one falls."""
    replaced = sa.update(Promise).where(Promise.state == PromiseState.OPEN)
    if entry.outcome == "promise":
        replaced = replaced.where(Promise.placement_id == attempt.placement_id)
    elif corrected is not None:
        replaced = replaced.where(Promise.attempt_id == corrected.id)
    else:
        return
    work.session.execute(replaced.values(state=PromiseState.REPLACED))
    if entry.outcome == "promise":
        taken_over = sa.update(CarriedPromise).where(CarriedPromise.account_id == attempt.account_id)
        work.session.execute(
            taken_over.where(CarriedPromise.state == PromiseState.OPEN).values(state=PromiseState.REPLACED)
        )
        work.session.add_all(
            Promise(
                organisation_id=attempt.organisation_id,
                attempt_id=attempt.id,
                placement_id=attempt.placement_id,
                account_id=attempt.account_id,
                amount_minor=part.minor,
                currency=owed.currency,
                made_on=attempt.local_date,
                promised_on=part.on,
                kept_until=with_grace(part.on),
                state=PromiseState.OPEN,
                created_at=attempt.at,
            )
            for part in entry.promised
            if part.on is not None  # check_promise has seen to it
        )


def _raise_hold(work: Work, attempt: ContactAttempt, outcome: Outcome) -> HoldFlag | None:
    if outcome.hold is None:
        return None
    account_id = None if outcome.on_person else attempt.account_id
    add_hold(work, attempt.customer_id, account_id, outcome.hold, f"attempt:{outcome.code}")
    return outcome.hold


def _learn_about_number(point: ContactPoint | None, outcome: Outcome, party: str) -> None:
    """A number that proves wrong is marked, since the rules on third persons ask whether the debtor's own still serve."""
    if point is None:
        return
    if outcome.code == "dead_number":
        point.status = ContactStatus.INVALID
    elif outcome.code == "wrong_number":
        point.status = ContactStatus.THIRD_PARTY
    elif outcome.contact and party == point.relation:
        point.status = ContactStatus.VALID


def _move_in_queue(
    work: Work, attempt: ContactAttempt, entry: Entry, outcome: Outcome, corrected: ContactAttempt | None
) -> None:
    item = work.session.scalar(visible(WorkItem, work.actor).where(WorkItem.placement_id == attempt.placement_id))
    if item is None:
        return
    standing = Turn(item.next_kind, item.next_on, item.next_at)
    if corrected is not None and OUTCOMES[corrected.outcome].code in ("promise", "callback_requested"):
        standing = Turn("rest", work.today)  # what the wrong entry had set is not kept
    day = entry.callback_at.astimezone(ZoneInfo(work.actor.time_zone)).date() if entry.callback_at else None
    item.next_kind, item.next_on, item.next_at = next_turn(
        entry, outcome, standing, work.today, day, policy().grace_days
    )
    item.attempts += corrected is None
    if item.last_attempt_at is None or attempt.at >= item.last_attempt_at or corrected is not None:
        item.last_attempt_at, item.last_outcome = attempt.at, outcome.code
