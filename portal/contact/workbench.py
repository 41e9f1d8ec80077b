"""What the workbench of one account shows, put together from what the room knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from portal.contact import queries
from portal.contact.advice import ADVICE
from portal.contact.arrangements import queries as arrangement_queries
from portal.contact.arrangements.labels import KINDS as ARRANGEMENTS
from portal.contact.arrangements.labels import state_tag
from portal.contact.arrangements.models import ArrangementState
from portal.contact.correcting import fill_from
from portal.contact.entries import POINT_KINDS
from portal.contact.holds.effect import hold_effect, stops_contact
from portal.contact.labels import (
    CHANNELS,
    INCOMING,
    INCOMING_CALL,
    KINDS,
    STATUSES,
    TAB_LABELS,
    may_call,
    moment_words,
    row_words,
)
from portal.contact.limits.labels import effect_words, law_words, restart_words, sue_tag, sue_words
from portal.contact.models import Channel, PromiseState
from portal.contact.outcomes import OUTCOMES, PARTIES, Outcome, fits
from portal.contact.presumptions import is_closed, reasons_to_choose
from portal.contact.queue import QueueRow, queue_page
from portal.contact.team.desks import desk_of
from portal.contact.timeline import Event, timeline_of
from portal.contact.verdict import Verdict, verdict_of
from portal.contact.wishes.lines import Line, lines_of
from portal.contact.wishes.queries import of_account as wishes_of
from portal.contact.words import finding_words
from portal.foundation.access import Permission
from portal.foundation.errors import NotFound
from portal.foundation.formats import day, money
from portal.foundation.language import Message, _l, say
from portal.foundation.states import StateTag, Tone
from portal.placement.recall_labels import RECALL_REASONS
from portal.placement.recall_queries import stopped_by
from portal.portfolio.labels import HOLD_LABELS, hold_reason
from portal.portfolio.models import PROVED_WRONG, ContactKind
from portal.portfolio.queries import limitation_for

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.contact.advice import Advice
    from portal.contact.arrangements.models import Arrangement
    from portal.contact.conduct import Decision, Pack
    from portal.contact.forms import AttemptForm
    from portal.contact.models import CarriedPromise, ContactAttempt
    from portal.contact.queries import PointCheck, Standing
    from portal.contact.team.desks import Scope
    from portal.foundation.access import Actor
    from portal.foundation.clock import Clock
    from portal.placement.models import Placement
    from portal.placement.recall_queries import Stopped
    from portal.portfolio.limitation import Limitation
    from portal.portfolio.models import Account, Customer, Hold

__all__ = ["Bench", "as_late", "fill", "open_bench", "say_closed", "tabs", "verdict_on"]

_EVER = datetime.min.replace(tzinfo=UTC)
BESIDE = 12  # accounts of the queue that stand beside the one that is open
GROUPS: dict[str, Any] = {
    "unreached": _l("not reached"), "reached": _l("reached"), "third": _l("third person"),
    "stops": _l("stops contact"), "message": _l("message"), "visit": _l("visit"), "other": _l("something else"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Way:
    """A way of contact as the form offers it; `closed` says why it is not open now."""

    value: str
    label: Any
    closed: Message | None


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything on the page of one account. `shown`: personal data that was asked for. `dealt_to`: on whose desk it lies,
    None for the pool."""

    account: Account
    customer: Customer
    placement: Placement
    standing: Standing
    timeline: list[Event]
    carried: Sequence[CarriedPromise]
    beside: tuple[QueueRow, ...]
    now: datetime
    today: date
    zone: str
    shown: Mapping[str, Any] = field(default_factory=dict)
    stopped: Stopped | None = None
    dealt_to: str | None = None
    arrangement: Arrangement | None = None
    limitation: Limitation | None = None
    cause: str = ""
    debts: Mapping[int, str] = field(default_factory=dict)
    wishes: Sequence[Any] = ()
    wish_lines: Sequence[Line] = ()
    holds: Sequence[Hold] = ()

    # --- what to offer ---------------------------------------------------------------------------------------------------

    @property
    def advice(self) -> Advice | None:
        """What fits, by why the debtor is behind; nothing once something is arranged."""
        return None if self.arrangement is not None else ADVICE.get(self.cause)

    @property
    def arrangement_tag(self) -> StateTag | None:
        return state_tag(self.arrangement, self.today) if self.arrangement else None

    @property
    def arrangement_words(self) -> Message | None:
        """What stands on the account, in a sentence."""
        row = self.arrangement
        if row is None:
            return None
        what, amount = ARRANGEMENTS[row.kind], money(row.agreed_minor, row.currency)
        if row.state is ArrangementState.AGREED and row.next_due_on:
            return say(
                "%(what)s over %(amount)s: %(paid)s paid, the next part by %(day)s", what=what, amount=amount,
                paid=money(row.paid_minor, row.currency), day=day(row.next_due_on),
            )  # fmt: skip
        return say("%(what)s over %(amount)s, stands until %(day)s", what=what, amount=amount, day=day(row.valid_until))

    @property
    def sue_tag(self) -> StateTag | None:
        """A tag where the claim can be sued for no longer, not for long, or nobody knows."""
        return sue_tag(self.limitation, self.today)

    @property
    def sue_words(self) -> Message:
        """Until when the claim can be sued for; once it is over, what that means."""
        words = sue_words(self.limitation)
        over = self.limitation is not None and self.limitation.has_expired(self.today)
        effect = effect_words(self.standing.call.facts.pack, self.account.region) if over else None
        return say("%(words)s %(effect)s", words=words, effect=effect) if effect else words

    @property
    def sue_reasons(self) -> list[Message]:
        """What begins the time to sue anew here, and on what that rests."""
        pack = self.standing.call.facts.pack
        return [restart_words(pack), *law_words(pack)]

    # --- conduct -------------------------------------------------------------------------------------------------------

    @property
    def decision(self) -> Decision:
        """Whether the debtor may be called, by the best of the debtor's numbers."""
        return self.standing.call.decision

    @property
    def is_closed(self) -> bool:
        """Whether no call is made now, whatever is said for it."""
        return is_closed(self.decision)

    @property
    def closed_words(self) -> Message:
        """Why the form for a call is closed; where nothing is open and nothing will be, that contact has ended."""
        why = _closed(self.decision) or ""
        answers = [checked.decision for checked in self.standing.channels.values()]
        if all(answer.is_blocked and answer.next_allowed is None for answer in (self.decision, *answers)):
            return say("Contact has ended: %(reason)s", reason=why)
        return say("The form for a call is closed: %(reason)s", reason=why)

    @property
    def standing_holds(self) -> list[tuple[Hold, StateTag, Message, Any]]:
        """What stands in the way beside whatever else does, what it does to contact, and why it stands: the hours of the day
        hide no hold."""
        pack = self.standing.call.facts.pack
        return [
            (hold, _hold_tag(pack, hold), hold_effect(pack, hold.flag.value), hold_reason(hold.reason))
            for hold in self.holds
            if hold.released_at is None
        ]

    @property
    def stopped_words(self) -> Message | None:
        """Why and since when the bank has stopped the work, where it has."""
        if self.stopped is None:
            return None
        recall = self.stopped.recall
        return say(
            "Work stopped by the bank since %(since)s: %(reason)s (recall %(number)s).",
            since=moment_words(self.stopped.since, self.now, self.zone), reason=RECALL_REASONS[recall.reason],
            number=recall.number,
        )  # fmt: skip

    @property
    def taken_over(self) -> list[Message]:
        """What was promised to an earlier holder and is still to come."""
        return [
            say(
                "Promised before the account came to you (round %(round)s): %(amount)s by %(day)s",
                round=promise.round, amount=money(promise.amount_minor, promise.currency), day=day(promise.promised_on),
            )
            for promise in self.carried
            if promise.state is PromiseState.OPEN and promise.kept_until >= self.today
        ]  # fmt: skip

    def row_words(self, row: QueueRow) -> Any:
        """Why an account beside this one is there, or that it may not be called now."""
        if is_closed(row.decision):
            return may_call(row.decision, self.now, self.zone).label
        return row_words(row, self.now, self.zone)

    # --- the form ------------------------------------------------------------------------------------------------------

    @property
    def ways(self) -> list[Way]:
        """Ways of contact with the reason where one is closed; what comes in is always open."""
        ways = [
            Way(Channel.CALL.value, CHANNELS[Channel.CALL], _closed(self.decision)),
            Way(INCOMING_CALL, INCOMING, None),
        ]
        for channel in list(Channel)[1:]:
            decision = self.standing.channels[channel.value].decision
            ways.append(Way(channel.value, CHANNELS[channel], _closed(decision)))
        return ways

    @property
    def outcome_groups(self) -> list[tuple[Any, list[Outcome]]]:
        """Outcomes by where they stand in the form."""
        return [(label, [o for o in OUTCOMES.values() if o.group == group]) for group, label in GROUPS.items()]

    @staticmethod
    def fitting(outcome: Outcome) -> str:
        """The ways of contact with which an outcome goes, for the page's script."""
        values = [c.value for c in Channel if fits(outcome, c)]
        return " ".join([*values, INCOMING_CALL] if fits(outcome, Channel.CALL) else values)

    @staticmethod
    def point_ways(check: PointCheck) -> str:
        """The ways of contact that a number or address serves, for the page's script."""
        values = [c.value for c in Channel if POINT_KINDS.get(c, ContactKind.PHONE) is check.point.kind]
        return " ".join([*values, INCOMING_CALL] if check.point.kind is ContactKind.PHONE else values)

    @staticmethod
    def point_words(check: PointCheck) -> tuple[Any, Any, StateTag | None]:
        """What a contact point is, whose, and its state."""
        point = check.point
        whose = None if point.relation == "self" else PARTIES.get(point.relation, point.relation)
        return KINDS[point.kind], whose, STATUSES.get(point.status)

    @staticmethod
    def is_wrong(check: PointCheck) -> bool:
        """Whether it proved wrong, so that it is chosen by hand alone."""
        return check.point.status in PROVED_WRONG

    @staticmethod
    def point_tag(check: PointCheck) -> StateTag | None:
        """Whether a number may not be called now, or with a reason only; None where nothing is to be said."""
        closed = check.call is not None and is_closed(check.call.decision)
        if closed:
            return StateTag("closed", _l("not now"), "bad")
        needs = check.call is not None and reasons_to_choose(check.call.decision)
        return StateTag("reason", _l("with a reason"), "wait") if needs else None

    @staticmethod
    def point_closed(check: PointCheck) -> Message | None:
        """Why a number may not be called now, where another of the debtor's may."""
        return _closed(check.call.decision) if check.call else None

    def correctable(self, text: str) -> ContactAttempt | None:
        """The entry of the history that is to be corrected, by its number as the address names it."""
        found = (e.attempt for e in self.timeline if e.attempt is not None and str(e.attempt.id) == text)
        return next(found, None)

    @property
    def has_notes(self) -> bool:
        """Whether there are notes that are not shown yet."""
        return "notes" not in self.shown and any(event.has_note for event in self.timeline)


def _closed(decision: Decision) -> Message | None:
    """What closes a way of contact, for the longest: a stop that no time heals before the hours of the day."""
    if not is_closed(decision):
        return None
    blocks = [finding for finding in decision.findings if finding.verdict == decision.verdict]
    return finding_words(max(blocks, key=lambda f: (f.next_allowed is None, f.next_allowed or _EVER)))


def open_bench(
    session: Session,
    actor: Actor,
    account_id: int,
    clock: Clock,
    tab: str | None,
    shown: Mapping[str, Any] | None = None,
    scope: Scope | None = None,
) -> Bench:
    """The workbench of an account that the actor's organisation holds. Raises NotFound."""
    held = queries.held_account(session, actor, account_id)
    if held is None:
        raise NotFound
    placement, account, customer = held
    now, today = clock.now(), clock.today()
    standing = queries.standing_of(session, actor, account, customer, now)
    holds = queries.holds_of(session, actor, account) if actor.can(Permission.HOLDS_VIEW) else ()
    wishes = wishes_of(session, actor, account)
    return Bench(
        account=account,
        customer=customer,
        placement=placement,
        standing=standing,
        timeline=timeline_of(session, actor, account, today, (shown or {}).get("notes"), holds, wishes),
        carried=queries.carried_promises_of(session, actor, account.id),
        beside=queue_page(session, actor, now, today, tab, size=BESIDE, scope=scope).rows,
        now=now,
        today=today,
        zone=actor.time_zone,
        shown=shown or {},
        stopped=stopped_by(session, actor, placement),
        dealt_to=desk_of(session, actor, placement.id),
        arrangement=arrangement_queries.live_on(session, actor, account.id),
        cause=arrangement_queries.cause_of(session, actor, account.id),
        debts=queries.held_debts(session, actor, customer.id),
        limitation=limitation_for(session, actor, account),
        wishes=wishes,
        wish_lines=lines_of(wishes, actor, customer, standing.call.facts.pack, now),
        holds=holds,
    )


def fill(session: Session, actor: Actor, form: AttemptForm, bench: Bench, args: Mapping[str, str]) -> None:
    """What the form begins with: a call to the first number that serves, and the entry that is to be corrected."""
    if not bench.is_closed or "late" in args:
        form.channel.data = Channel.CALL.value
    serving = [p for p in bench.standing.points if p.serves]
    serving.sort(key=lambda p: bool(p.call and p.call.decision.is_blocked))
    form.contact_point_id.data = str(serving[0].point.id) if serving else None
    form.already_happened.data = "late" in args
    old = bench.correctable(args.get("corrects", ""))
    if old is not None:
        form.already_happened.data = False  # a correction says so by itself
        promises = [p for p in queries.promises_of(session, actor, bench.account.id) if p.attempt_id == old.id]
        agreed = old.outcome == "callback_requested"
        callback_at = queries.callback_of(session, actor, bench.placement.id) if agreed else None
        fill_from(form, old, promises, callback_at, bench.zone)


def say_closed(form: AttemptForm, bench: Bench) -> None:
    """Where the page itself took the call out of the form, its error says why; to choose another way is no answer to that."""
    if bench.is_closed and form.channel.errors and not form.channel.data:
        form.channel.errors = [bench.closed_words]  # type: ignore[list-item]  # translated when shown


def as_late(form: AttemptForm) -> AttemptForm:
    """What is being entered, now as a contact that has taken place already: nothing of it is lost."""
    form.already_happened.data = True
    form.channel.data = form.channel.data or Channel.CALL.value
    return form


def _hold_tag(pack: Pack, hold: Hold) -> StateTag:
    tone: Tone = "bad" if stops_contact(pack, hold.flag.value) else "wait"
    return StateTag(hold.flag.value, HOLD_LABELS[hold.flag], tone)


def verdict_on(session: Session, actor: Actor, form: AttemptForm, bench: Bench) -> Verdict:
    """What the rules say of the contact that stands in the form; of a call where none does yet. The form offers the reasons
    for which it may go on."""
    held, known = (bench.placement, bench.account, bench.customer), bench.standing.call.facts
    verdict = verdict_of(session, actor, held, form.asked(bench.zone), bench.now, known=known, wishes=bench.wishes)
    form.offer_reasons(verdict.overrides)
    return verdict


def tabs(counts: Mapping[str, int], most: int) -> list[tuple[str, Any, int, bool]]:
    """The tabs of the queue: name, label, count, whether there are more than were counted."""
    return [(tab, TAB_LABELS[tab], count, count >= most) for tab, count in counts.items()]
