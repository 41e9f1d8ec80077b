"""What kinds and states of this room are called on pages."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from portal.contact.entries import PAUSED
from portal.contact.models import Channel, PromiseState
from portal.contact.presumptions import is_closed
from portal.foundation.formats import day
from portal.foundation.language import Message, _l, say
from portal.foundation.states import StateTag
from portal.portfolio.labels import CONTACT_STATES
from portal.portfolio.models import ContactKind, ContactStatus

if TYPE_CHECKING:
    from portal.contact.conduct import Decision
    from portal.contact.models import CarriedPromise, Promise, WorkItem
    from portal.contact.queue import QueueRow

__all__ = [
    "CHANNELS",
    "INCOMING",
    "INCOMING_CALL",
    "KINDS",
    "PROMISE_TAGS",
    "STATUSES",
    "TAB_LABELS",
    "WORK_KINDS",
    "may_call",
    "moment_words",
    "promise_tag",
    "row_words",
    "untouched_tag",
]  # fmt: skip

CHANNELS: dict[Channel, Any] = {
    Channel.CALL: _l("Call"), Channel.SMS: _l("SMS"), Channel.EMAIL: _l("E-mail"), Channel.WECOM: _l("WeCom"),
    Channel.VISIT: _l("Visit"), Channel.LETTER: _l("Letter"),
}  # fmt: skip
INCOMING = _l("They called us")
INCOMING_CALL = "call_in"  # what the form sends for it; no channel of its own, but a direction

KINDS: dict[ContactKind, Any] = {
    ContactKind.PHONE: _l("telephone"), ContactKind.EMAIL: _l("e-mail"), ContactKind.ADDRESS: _l("address"),
}  # fmt: skip
# What is known of a number, in the words of the account page; of one that nobody has tried there is nothing to say.
STATUSES: dict[ContactStatus, StateTag] = {
    status: tag for status, tag in CONTACT_STATES.items() if status is not ContactStatus.UNCHECKED
}

PROMISE_TAGS: dict[str, StateTag] = {
    "open": StateTag("open", _l("still ahead"), "go"),
    "today": StateTag("today", _l("due today"), "wait"),
    "grace": StateTag("grace", _l("due, in the days of grace"), "wait"),
    "kept": StateTag("kept", _l("kept"), "good"),
    "broken": StateTag("broken", _l("not kept"), "bad"),
    "replaced": StateTag("replaced", _l("no longer counts"), "plain"),
    "carried": StateTag("carried", _l("the account went back before"), "plain"),
}

TAB_LABELS: dict[str, Any] = {
    "due": _l("Promises due"),
    "broken": _l("Promises not kept"),
    "callback": _l("Call back"),
    "new": _l("New accounts"),
    "rest": _l("The rest"),
    "later": _l("Not before later"),
    "untouched": _l("Untouched"),
}

WORK_KINDS: dict[str, Any] = {
    "new": _l("new"), "promise": _l("promise"), "broken": _l("promise not kept"), "callback": _l("call-back"),
    "rest": _l("the rest"), "plan": _l("plan in force"),
}  # fmt: skip


def promise_tag(promise: Promise | CarriedPromise, today: date) -> StateTag:
    """A promise's state as people see it: one that is open behind its days of grace was not kept."""
    if promise.state is PromiseState.OPEN and promise.promised_on <= today:
        waits = "today" if promise.promised_on == today else "grace"
        return PROMISE_TAGS[waits if promise.kept_until >= today else "broken"]
    return PROMISE_TAGS[promise.state.value]


def moment_words(value: datetime, now: datetime, zone: str) -> Message | str:
    """An instant near to now in the reader's zone: 08:00, tomorrow 08:00, 25 Nov 08:00."""
    here, today = value.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    clock = f"{here:%H:%M}"
    if here.date() == today:
        return clock
    if here.date() == today + timedelta(days=1):
        return say("tomorrow %(clock)s", clock=clock)
    return say("%(day)s %(clock)s", day=day(here.date(), short=True), clock=clock)


def may_call(decision: Decision, now: datetime, zone: str) -> StateTag:
    """Whether an account may be called, in a word or two for a list."""
    if decision.verdict == "presume":
        opens = not is_closed(decision)
        return StateTag("presume", _l("with a reason") if opens else _l("not now"), "wait" if opens else "bad")
    if not decision.is_blocked:
        careful = decision.verdict != "allow"
        return StateTag(decision.verdict, _l("now, with care") if careful else _l("now"), "wait" if careful else "good")
    if decision.next_allowed is None:
        return StateTag("block", _l("not while the hold stands"), "bad")
    label = say("from %(when)s", when=moment_words(decision.next_allowed, now, zone))
    return StateTag("block", label, "plain")


def untouched_tag(item: WorkItem, today: date) -> StateTag:
    """Whether an account was tried within the contract's work standard."""
    if item.try_by == PAUSED:
        return StateTag("paused", _l("stands still: no contact"), "plain")
    if item.try_by < today:
        return StateTag("untouched", _l("untouched"), "bad")
    return StateTag("within", _l("within it"), "good")


def row_words(row: QueueRow, now: datetime, zone: str) -> Message:
    """Why an account stands in the queue, and what was promised before it came."""
    words = next_words(row.item, row.tab, now, zone)
    if row.broken_on is not None and row.item.next_kind != "plan":  # what was arranged since stands in its place
        broken = say("promised for %(day)s, not kept", day=day(row.broken_on, short=True))
        words = broken if row.tab == "broken" else say("%(broken)s; %(words)s", broken=broken, words=words)
    if row.is_untouched:
        words = say("%(words)s; untouched", words=words)
    if row.promised_on is None:
        return words
    return say("%(words)s; promised before for %(day)s", words=words, day=day(row.promised_on, short=True))


def next_words(item: WorkItem, tab: str, now: datetime, zone: str) -> Message:
    """Why and when an account's turn comes."""
    short = day(item.next_on, short=True)
    if tab == "due":
        return (
            say("promised for today")
            if item.next_on == now.astimezone(ZoneInfo(zone)).date()
            else say("promised for %(day)s, in the days of grace", day=short)
        )
    if item.next_kind == "broken":  # ahead: the day of the promise had come and the debtor has been reminded
        return say("promised, reminded") if tab == "later" else say("promise not kept")
    if item.next_kind == "plan":
        return say("arrangement in force") if tab == "later" else say("arrangement not kept")
    if item.next_kind == "promise":
        return say("promised for %(day)s", day=short)
    if item.next_kind == "callback":
        when = moment_words(item.next_at, now, zone) if item.next_at else short
        return say("call back %(when)s", when=when)
    if item.next_kind == "new":
        return say("new since %(day)s", day=short)
    return say("again from %(day)s", day=short) if tab == "later" else say("again since %(day)s", day=short)
