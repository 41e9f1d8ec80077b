"""An account's history as one line of time: attempts, promises, holds, requests and payments, as far as the reader may see
them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.contact.arrangements.labels import KINDS, end_words, state_tag
from portal.contact.arrangements.models import ArrangementState
from portal.contact.arrangements.queries import arrangements_of
from portal.contact.authors import author_words
from portal.contact.history import Debtor
from portal.contact.holds.effect import stops_contact
from portal.contact.labels import CHANNELS, INCOMING, PROMISE_TAGS, promise_tag
from portal.contact.limits.labels import ground_words
from portal.contact.limits.queries import restarts_of
from portal.contact.messages.labels import FAILURES, message_title, message_tone
from portal.contact.messages.queries import messages_of_account
from portal.contact.outcomes import NEXT_ACTIONS, OUTCOMES, PARTIES, REASONS_BEHIND
from portal.contact.presumptions import reason_words
from portal.contact.queries import LONGEST_HISTORY, attempts_of, carried_promises_of, holds_of, promises_of
from portal.contact.requests.labels import ANSWERS, CODES, asked_words
from portal.contact.requests.operations import side_of
from portal.contact.requests.queries import of_account
from portal.contact.requests.thread import RequestState
from portal.contact.rules.shelf import shelf_of
from portal.contact.wishes.kinds import SPECS
from portal.contact.wishes.labels import ENDS as WISH_ENDS
from portal.contact.wishes.labels import KINDS as WISH_KINDS
from portal.contact.wishes.labels import ended_by, noted_by, wish_words
from portal.contact.wishes.queries import of_account as wishes_of
from portal.contact.words import flag_words
from portal.foundation import hooks
from portal.foundation.access import Permission
from portal.foundation.formats import day, money
from portal.foundation.language import Message, say
from portal.foundation.states import Tone

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy.orm import Session

    from portal.contact.models import ContactAttempt
    from portal.foundation.access import Actor
    from portal.portfolio.models import Account, Hold

__all__ = ["Event", "timeline_of"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `at`: an instant, or a day for what only has a day. `attempt`: what may be corrected.
    `request_id`, `wish_id`, `hold_id`: where it stands in full. `evidence_id`: its recording or photo."""

    at: datetime | date
    title: Message
    text: Any = None
    who: str | None = None
    tone: Tone = "plain"
    attempt: ContactAttempt | None = None
    has_note: bool = False
    request_id: int | None = None
    wish_id: int | None = None
    evidence_id: int | None = None
    hold_id: int | None = None


def timeline_of(
    session: Session,
    actor: Actor,
    account: Account,
    today: date,
    notes: Mapping[int, str] | None = None,
    holds: Sequence[Hold] | None = None,
    wishes: Sequence[Any] | None = None,
) -> list[Event]:
    """Everything that happened with an account and that the reader may see, latest first. `notes`: texts that were asked
    for, by attempt. `holds`, `wishes`: those of the account, where they have been read."""
    if not actor.can(Permission.HOLDS_VIEW):
        holds, wishes = (), ()
    holds = holds_of(session, actor, account) if holds is None else holds
    wishes = wishes_of(session, actor, account) if wishes is None else wishes
    written = messages_of_account(session, actor, account.id)
    events = [
        *_attempts(session, actor, account, notes or {}, {row[0].attempt_id: row for row in written}),
        *_promises(session, actor, account, today),
        *_arrangements(session, actor, account, today),
        *_messages(actor, written),
        *_holds(session, actor, account, today, holds),
        *_wishes(actor, wishes),
        *_requests(session, actor, account),
        *_payments(session, actor, account),
        *_noted(session, actor, account),
    ]
    return sorted(events, key=_moment, reverse=True)[:LONGEST_HISTORY]


def _moment(event: Event) -> datetime:
    """What has only a day stands at its end, above what happened in it."""
    return event.at if isinstance(event.at, datetime) else datetime.combine(event.at, time.max, UTC)


def _attempts(
    session: Session, actor: Actor, account: Account, notes: Mapping[int, str], written: Mapping[int | None, Any]
) -> Iterator[Event]:
    """Each by its outcome; a message that went from here by what it is and what has become of it (`written`, by attempt)."""
    for row in attempts_of(session, actor, account.id):
        attempt, sent = row[0], written.get(row[0].id)
        title = message_title(sent[0], sent.text_name) if sent else _outcome(attempt)
        if row.corrected_by:
            title = say("%(what)s (corrected later)", what=title)
        elif attempt.verdict == "block":
            title = say("%(what)s (against the conduct rules)", what=title)
        text = notes.get(attempt.id) or (say("Note, not shown") if attempt.note_sealed else None)
        if sent:
            text = FAILURES.get(sent[0].failure, text)
        if attempt.reason_behind:
            reason = REASONS_BEHIND[attempt.reason_behind]
            text = say("Behind because: %(reason)s. %(text)s", reason=reason, text=text or "")
        if attempt.override_reason:
            reason = reason_words(attempt.override_reason)
            text = say("Went on although presumed wrong: %(reason)s. %(text)s", reason=reason, text=text or "")
        if attempt.next_action:
            step = NEXT_ACTIONS[attempt.next_action]
            text = say("%(text)s Next: %(step)s.", text=text or "", step=step)
        who = author_words(row)
        if actor.is_bank:
            who = f"{who} · {row.organisation}" if who else row.organisation
        correctable = None if row.corrected_by else attempt
        yield Event(
            attempt.at, title, text, who, _tone(attempt, row, sent), correctable, attempt.note_sealed is not None,
            evidence_id=row.evidence_id,
        )  # fmt: skip


def _outcome(attempt: ContactAttempt) -> Message:
    outcome = OUTCOMES[attempt.outcome]
    channel = INCOMING if attempt.direction == "inbound" else CHANNELS[attempt.channel]
    title = say("%(channel)s: %(outcome)s", channel=channel, outcome=outcome.label)
    if outcome.contact and attempt.party != "self":
        title = say("%(what)s (%(party)s)", what=title, party=PARTIES[attempt.party])
    return title


def _tone(attempt: Any, row: Any, sent: Any) -> Tone:
    if row.corrected_by:
        return "plain"
    if attempt.verdict == "block":
        return "bad"
    if sent:
        return message_tone(sent[0])
    return "good" if attempt.outcome == "promise" else "plain"


def _promises(session: Session, actor: Actor, account: Account, today: date) -> Iterator[Event]:
    for promise in promises_of(session, actor, account.id):
        tag = promise_tag(promise, today)
        title = say(
            "Promise of %(amount)s by %(day)s: %(state)s",
            amount=money(promise.amount_minor, promise.currency), day=day(promise.promised_on), state=tag.label,
        )  # fmt: skip
        yield Event(promise.created_at, title, tone=PROMISE_TAGS[tag.code].tone)
    for carried in carried_promises_of(session, actor, account.id):
        tag = promise_tag(carried, today)
        title = say(
            "Promise of %(amount)s by %(day)s, made in round %(round)s: %(state)s",
            amount=money(carried.amount_minor, carried.currency), day=day(carried.promised_on), round=carried.round,
            state=tag.label,
        )  # fmt: skip
        yield Event(carried.made_on, title, tone=PROMISE_TAGS[tag.code].tone)


def _messages(actor: Actor, written: Sequence[Any]) -> Iterator[Event]:
    """Messages by their latest step. One that is an attempt as well stands there as that."""
    for row in written:
        message = row[0]
        if message.attempt_id is not None:
            continue
        who = row.organisation if actor.is_bank else None
        text = FAILURES.get(message.failure)
        yield Event(message.state_at, message_title(message, row.text_name), text, who, message_tone(message))


def _arrangements(session: Session, actor: Actor, account: Account, today: date) -> Iterator[Event]:
    """Each when it was drawn up, agreed to, and ended; who decided is on its own page."""
    if not actor.can(Permission.ARRANGEMENTS_VIEW):
        return
    for row in arrangements_of(session, actor, account.id):
        named = {"kind": KINDS[row.kind], "number": row.number, "amount": money(row.agreed_minor, row.currency)}
        own = actor.is_bank or row.organisation_id == actor.organisation_id
        yield Event(
            row.made_at, say("%(kind)s %(number)s over %(amount)s drawn up", **named), row.reason if own else None
        )
        if row.agreed_on is not None:
            yield Event(row.agreed_on, say("%(kind)s %(number)s over %(amount)s agreed", **named), tone="good")
        if row.ended_on is not None:
            tag = state_tag(row, today)
            title = say("%(kind)s %(number)s over %(amount)s: %(state)s", **named, state=tag.label)
            words = end_words(row.end_reason) if row.end_reason else row.answer
            says = words if own and row.state is not ArrangementState.KEPT else None
            yield Event(row.ended_on, title, says or None, tone=tag.tone)


def _holds(session: Session, actor: Actor, account: Account, today: date, holds: Sequence[Hold]) -> Iterator[Event]:
    """A hold is told as one that stops contact where the rules of the place have it stop."""
    if not holds:
        return
    pack = shelf_of(session, actor).pack_for(Debtor.of(account, account.customer).region, today)
    for hold in holds:
        what = flag_words(hold.flag.value)
        stops = stops_contact(pack, hold.flag.value)
        title = say("Hold: %(what)s", what=what) if stops else say("To be heeded: %(what)s", what=what)
        yield Event(hold.raised_at, title, tone="bad", hold_id=hold.id)
        if hold.released_at:
            title = say("Hold released: %(what)s", what=what) if stops else say("No longer: %(what)s", what=what)
            yield Event(hold.released_at, title, hold_id=hold.id)


def _wishes(actor: Actor, wishes: Sequence[Any]) -> Iterator[Event]:
    """What the debtor asked for and agreed to, and what ended it; who noted it only for those who may know."""
    for row in wishes:
        wish = row.Wish
        yield Event(
            wish.said_at, say("Noted: %(what)s", what=wish_words(row)), who=noted_by(row, actor),
            tone="go" if SPECS[wish.kind].loosens else "bad", wish_id=wish.id,
        )  # fmt: skip
        if row.ending is not None:
            title = say("%(what)s: %(why)s", what=WISH_KINDS[wish.kind], why=WISH_ENDS[row.ending.end_reason])
            yield Event(row.ending.said_at, title, who=ended_by(row, actor), wish_id=wish.id)


def _requests(session: Session, actor: Actor, account: Account) -> Iterator[Event]:
    """What was asked about the account and how it was answered; the words stand in the request itself."""
    if not actor.can(Permission.REQUESTS_VIEW):
        return
    mine = side_of(actor)
    for row in of_account(session, actor, account.id):
        request = row.Request
        yield Event(
            request.asked_at, asked_words(request.asked_side, request.code, mine), tone="wait", request_id=request.id
        )
        if request.answer is not None and request.state is not RequestState.OPEN:
            answered = say(
                "Request answered: %(what)s, %(answer)s", what=CODES[request.code], answer=ANSWERS[request.answer].label
            )
            yield Event(request.answered_at, answered, tone=ANSWERS[request.answer].tone, request_id=request.id)


def _noted(session: Session, actor: Actor, account: Account) -> Iterator[Event]:
    """What somebody noted that begins the time to sue anew; what the portal knows by itself stands where it happened."""
    for step in restarts_of(session, actor, account):
        if step.row.is_noted:
            title = say("The time to sue begins anew: %(what)s", what=ground_words(step.row.ground))
            if step.state == "back":
                title = say("%(what)s (taken back)", what=title)
            yield Event(step.row.happened_on, title, who=step.who)


def _payments(session: Session, actor: Actor, account: Account) -> Iterator[Event]:
    """What came in, as far as it was credited to the reader's house. Who calls sees how much and when, and no reference."""
    in_full = actor.can(Permission.PAYMENTS_VIEW)
    if not in_full and not actor.can(Permission.QUEUE_WORK):
        return
    for statement in hooks.credit_lines(actor):
        lines = statement.subquery()
        rows = session.execute(
            sa.select(lines)
            .where(lines.c.account_id == account.id)
            .order_by(lines.c.paid_on.desc(), lines.c.payment_ref.desc())
            .limit(LONGEST_HISTORY)
        )
        for row in rows:
            amount, reference = money(row.credit_minor, row.currency), row.payment_ref if in_full else None
            if row.credit_minor < 0:
                yield Event(row.paid_on, say("Payment taken back: %(amount)s", amount=amount), reference, tone="bad")
            else:
                yield Event(row.paid_on, say("Payment: %(amount)s", amount=amount), reference, tone="good")
