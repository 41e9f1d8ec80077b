"""What agency staff do with an account: log what they tried, and put a log right.

An attempt is evidence. It is checked against the conduct rules as of its own time and kept with the answer; one that was
against the rules is kept as well, and named a breach.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.contact import queries
from portal.contact.bulk import count_days
from portal.contact.conduct import Question, TimeWindow, ask
from portal.contact.correcting import change_words
from portal.contact.entries import Entry, check_entry, check_promise, outcome_named
from portal.contact.facts import Checked, facts_of
from portal.contact.history import Debtor, Known, local_day
from portal.contact.holds.cause import left_by
from portal.contact.limits.keeping import note_attempts
from portal.contact.models import ContactAttempt, Promise, PromiseState, WorkItem
from portal.contact.numbers import learn_about_number, unlearn_about_number
from portal.contact.presumptions import kept_reason
from portal.contact.recording import (
    Subject,
    attempt_of,
    check_window,
    checked_entry,
    move_in_queue,
    owed_by,
    raise_hold,
    take_over_carried,
    take_place,
)
from portal.contact.words import finding_words
from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, Faults, NotFound, Refused
from portal.foundation.language import say
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.portfolio.models import Account, ContactPoint, HoldFlag

if TYPE_CHECKING:
    from datetime import datetime

    from portal.contact.conduct import Decision
    from portal.contact.outcomes import Outcome
    from portal.foundation.access import Actor
    from portal.foundation.language import Message
    from portal.foundation.work import Work

__all__ = ["Blocked", "Kept", "Logged", "check_attempt", "log_attempt", "record_attempt", "reveal_notes"]


class Blocked(Refused):
    """A contact that the rules forbid now, with all that they say of it."""

    def __init__(self, decision: Decision) -> None:
        super().__init__("conduct.blocked", finding_words(decision.findings[0]))
        self.decision = decision


@dataclass(frozen=True, slots=True)
class Logged:
    """What was kept. `verdict` block: a breach. `hold`: what now stops contact. `is_new` False: it was logged before."""

    attempt_id: int
    verdict: str
    hold: HoldFlag | None = None
    is_new: bool = True
    kept: Kept | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What a new entry is about, to say so to whoever made it. `changed`: what it put right of the way of contact or the day.
    `left`: the hold that the replaced entry raised and that stands."""

    account_ref: str
    name_masked: str
    currency: str
    override_reason: str = ""
    changed: Message | None = None
    left: LeftHold | None = None

    @classmethod
    def of(cls, subject: Subject, attempt: ContactAttempt, was: ContactAttempt | None, left: LeftHold | None) -> Kept:
        changed = change_words(was, attempt.channel, attempt.direction, attempt.local_date) if was else None
        account, reason = subject.account, attempt.override_reason
        return cls(account.account_ref, subject.customer.name_masked, account.currency, reason, changed, left)


@dataclass(frozen=True, slots=True)
class LeftHold:
    """A hold that outlives the entry that raised it: the bank alone releases it."""

    id: int
    flag: HoldFlag


@dataclass(frozen=True, slots=True)
class _Judged:
    """An entry that can be so. `reason`: for which it goes on against a presumption."""

    at: datetime
    corrected: ContactAttempt | None
    checked: Checked
    reason: str


def log_attempt(
    actor: Actor, account_id: int, entry: Entry, *, staff_id: int | None = None, faults: Faults | None = None
) -> Logged:
    """Log an attempt on an account that the actor's organisation holds, with all that follows from it.

    `staff_id`: who of the organisation made it, where it is not the actor. `faults`: what is wrong with what somebody wrote
    before it became an entry; nothing is kept then, and all that is wrong is told at once.
    Follows: the day's counts (by a trigger), a promise, a hold, the account's place in the queue. Asked again with the
    same reference, nothing happens twice. Raises NotFound for an account that is not held, Refused for a contact that
    the rules forbid now, or presume to be wrong where nobody says why it goes on, unless the entry says that it has
    already taken place, and DomainError for an entry that cannot be so.
    """
    demand(actor, Permission.QUEUE_WORK)
    with transaction(actor) as work:
        return record_attempt(work, account_id, entry, staff_id=staff_id, faults=faults)


def check_attempt(actor: Actor, account_id: int, entry: Entry, faults: Faults) -> None:
    """Raises what `log_attempt` would raise, and keeps nothing: for a file that is to be kept with it only where it stands."""
    demand(actor, Permission.QUEUE_WORK)
    with transaction(actor) as work:
        _judge(work, *_subject(work, account_id, entry, faults), faults)


def record_attempt(
    work: Work,
    account_id: int,
    entry: Entry,
    *,
    staff_id: int | None = None,
    faults: Faults | None = None,
    is_message: bool = False,
) -> Logged:
    """The same within a transaction that does more: what is sent and the log of it stand together or not at all.

    `is_message`: it tells of a message that waits in the outbox, which itself says when it has gone.
    """
    actor, faults = work.actor, Faults() if faults is None else faults
    subject, entry = _subject(work, account_id, entry, faults)
    known = _logged_before(work, entry, account_id)
    if known is not None:
        return Logged(known.id, known.verdict, is_new=False)
    judged = _judge(work, subject, entry, faults)
    corrected, outcome = judged.corrected, outcome_named(entry.outcome)
    entry = replace(entry, override_reason=judged.reason)
    if corrected is not None:
        unlearn_about_number(work, corrected)
    attempt = _keep(work, subject, entry, outcome, judged, staff_id or actor.user_id)
    count_days(work.session, actor.time_zone, [attempt], [corrected] if corrected else [])
    _keep_promise(work, attempt, entry, subject.account.currency, corrected)
    hold = raise_hold(work, attempt, outcome)
    of_limits = [] if is_message else [(attempt, subject.point, judged.checked.facts.pack)]
    note_attempts(work, of_limits, [corrected.id] if corrected else ())
    learn_about_number(subject.point, outcome, attempt.party)
    item = work.session.scalar(visible(WorkItem, actor).where(WorkItem.placement_id == attempt.placement_id))
    if item is not None:
        moved_from = corrected.outcome if corrected else None
        move_in_queue(item, attempt, entry, outcome, moved_from, actor.time_zone, work.today)
    left = left_by(work, corrected, attempt)
    kept = Kept.of(subject, attempt, corrected, LeftHold(left.id, left.flag) if left else None)
    return Logged(attempt.id, attempt.verdict, hold, kept=kept)


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


def _subject(work: Work, account_id: int, entry: Entry, faults: Faults) -> tuple[Subject, Entry]:
    """What an entry is about. A number that is not the person's is a fault, and none of the entry's any more."""
    found = queries.held_account(work.session, work.actor, account_id)
    if found is None:
        raise NotFound
    placement, account, customer = found
    point = faults.read(partial(_point, work, customer.id, entry.contact_point_id), None)
    entry = replace(entry, contact_point_id=point.id if point else None)
    return Subject(placement, account, customer, point, work.actor.time_zone), entry


def _point(work: Work, customer_id: int, point_id: int | None) -> ContactPoint | None:
    point = queries.point_of_person(work.session, work.actor, customer_id, point_id)
    if point is None and point_id is not None:
        raise DomainError("attempt.number", say("Choose the number."), field="contact_point_id")
    return point


# What decides the question that the rules are asked; where it cannot be read they are not asked.
_ASKED = frozenset({"channel", "contact_point_id", "party", "at", "debts_placed_for", "override_reason"})


def _judge(work: Work, subject: Subject, entry: Entry, faults: Faults) -> _Judged:
    """Whether an entry can be so and may be. Raises all that is wrong with it, with what was known to be wrong before."""
    corrected = _corrected(work, entry, subject.account.id)
    at = entry.at or (corrected.at if corrected else work.now)
    made_on = local_day(at, subject.customer.time_zone, work.actor.time_zone)
    faults.read(partial(_check_outcome, entry, subject.point, work.now), None)
    faults.read(partial(check_window, subject.placement, at), None)
    faults.read(partial(_check_debts, work, subject, entry), None)
    faults.read(partial(check_promise, entry, owed_by(subject, entry), work.today, made_on), None)
    asks = partial(_check_conduct, work, subject, entry, at, corrected)
    if faults and not faults.fields & _ASKED:
        faults.read(asks, None)
    faults.tell()
    checked, reason = asks()
    return _Judged(at, corrected, checked, reason)


def _check_outcome(entry: Entry, point: ContactPoint | None, now: datetime) -> None:
    check_entry(entry, outcome_named(entry.outcome), point, now)


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


def _check_debts(work: Work, subject: Subject, entry: Entry) -> None:
    """Debts that an attempt is said to be about are the person's, and with the organisation."""
    named = {*entry.debts_placed_for, *(entry.debts_discussed or ())} - {subject.account.id}
    if not named:
        return
    found = queries.held_debts(work.session, work.actor, subject.customer.id)
    if not named <= found.keys():
        raise DomainError(
            "attempt.debts", say("Choose accounts of the same person that are with you."), field="debts_placed_for"
        )


def _check_conduct(
    work: Work, subject: Subject, entry: Entry, at: datetime, corrected: ContactAttempt | None
) -> tuple[Checked, str]:
    """Ask the rules as of the attempt's time; refuse what has not happened yet and must not. With the answer the reason for
    which it goes on against a presumption.

    A correction speaks of something that has happened, and is not counted beside what it corrects; nor is it
    judged by the hold that this raised.
    """
    debtor = Debtor.of(subject.account, subject.customer)
    facts = facts_of(work.session, work.actor, [debtor], at, log=True, but=corrected)[debtor.account_id]
    checked = checked_entry(facts, subject, entry, at)
    planned = not entry.already_happened and corrected is None
    faults = Faults()
    faults.read(partial(_check_call_back, entry, facts), None)
    reason = faults.read(partial(_check_verdict, checked.decision, entry.override_reason, planned), "")
    faults.tell()
    return checked, reason


def _check_verdict(decision: Decision, reason: str, planned: bool) -> str:
    if decision.is_blocked and planned:
        raise Blocked(decision)
    return kept_reason(decision, reason, planned=planned)


def _check_call_back(entry: Entry, facts: Known) -> None:
    """Nobody agrees to call at an hour at which nobody may call; the debtor's consent to it is a fact that the rules know."""
    if entry.callback_at is None:
        return
    asked = Question(entry.callback_at, "call", debt=facts.debt)
    hours = [rule for rule in facts.pack.rules if isinstance(rule, TimeWindow)]
    against = next((found for rule in hours if (found := ask(rule, asked, facts))), None)
    if against is not None and against.verdict == "block":
        raise DomainError("attempt.callback_hours", finding_words(against), field="callback_at")


def _corrected(work: Work, entry: Entry, account_id: int) -> ContactAttempt | None:
    """The entry that is put right: one of ours on this account that nothing has corrected yet."""
    if entry.corrects_id is None:
        return None
    old = queries.own_attempt(work.session, work.actor, account_id, entry.corrects_id)
    if old is None:
        raise NotFound
    is_own = old.logged_by in (None, work.actor.user_id) or work.actor.user_id is None
    if not is_own and not work.actor.can(Permission.QUEUE_DEAL):
        words = say("Somebody else made this entry. Who made it corrects it, or your team's leader.")
        raise Refused("attempt.not_yours", words)
    if work.session.scalar(sa.select(ContactAttempt.id).where(ContactAttempt.corrects_id == old.id)):
        raise Refused("attempt.corrected", say("This entry has been corrected before; correct the later one."))
    return old


def _keep(
    work: Work, subject: Subject, entry: Entry, outcome: Outcome, judged: _Judged, by: int | None
) -> ContactAttempt:
    attempt = attempt_of(work, subject, entry, outcome, judged.checked, judged.at, logged_by=by)
    work.session.add(attempt)
    work.session.flush()
    work.audit(
        "attempt.logged",
        attempt,
        after={
            "account": attempt.account_id, "channel": entry.channel.value, "outcome": outcome.code,
            "verdict": attempt.verdict, "corrects": entry.corrects_id,
        } | ({"override_reason": entry.override_reason} if entry.override_reason else {}),
    )  # fmt: skip
    return attempt


def _keep_promise(
    work: Work, attempt: ContactAttempt, entry: Entry, currency: str, corrected: ContactAttempt | None
) -> None:
    if entry.outcome != "promise" and corrected is None:
        return
    standing = visible(Promise, work.actor).where(
        Promise.placement_id == attempt.placement_id, Promise.state == PromiseState.OPEN
    )
    made, _ = take_place(work.session.scalars(standing).all(), attempt, entry, currency, corrected)
    work.session.add_all(made)
    if made:
        take_over_carried(work, attempt.account_id)
