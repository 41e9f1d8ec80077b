"""What kinds, states and reasons of arrangements are called on pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.contact.arrangements.models import ArrangementState
from portal.contact.arrangements.rules import Beyond, Kind, Rhythm, share_paid
from portal.foundation.formats import percent
from portal.foundation.language import Message, _l, say
from portal.foundation.money import Money
from portal.foundation.states import StateTag

if TYPE_CHECKING:
    from datetime import date

    from portal.contact.arrangements.models import Arrangement, Instalment

__all__ = [
    "BEYOND", "KINDS", "RHYTHMS", "STATES", "end_words", "floor_label", "instalment_tag", "schedule_words", "share_words", "state_tag",
]  # fmt: skip

KINDS: dict[Kind, Any] = {
    Kind.INSTALMENTS: _l("Instalment plan"), Kind.SETTLEMENT: _l("Settlement"), Kind.WAIVER: _l("Waiver"),
}  # fmt: skip
RHYTHMS: dict[Rhythm, Any] = {Rhythm.MONTHLY: _l("every month"), Rhythm.FORTNIGHTLY: _l("every two weeks")}

STATES: dict[str, StateTag] = {
    "proposed": StateTag("proposed", _l("waits for the bank"), "wait"),
    "offered": StateTag("offered", _l("offered to the debtor"), "go"),
    "agreed": StateTag("agreed", _l("in force"), "go"),
    "late": StateTag("late", _l("in force, a part is late"), "wait"),
    "kept": StateTag("kept", _l("kept to the end"), "good"),
    "breached": StateTag("breached", _l("broken"), "bad"),
    "lapsed": StateTag("lapsed", _l("lapsed"), "plain"),
    "refused": StateTag("refused", _l("refused by the bank"), "bad"),
    "withdrawn": StateTag("withdrawn", _l("withdrawn"), "plain"),
}

BEYOND: dict[str, Message] = {
    Beyond.NO_AUTHORITY: say("The contract lets nothing be given up without the bank's consent."),
    Beyond.BELOW_FLOOR: say("It is less than the contract lets be agreed to without asking."),
    Beyond.INTEREST: say("The contract does not let interest be waived."),
    Beyond.FEES: say("The contract does not let fees be waived."),
    Beyond.LONG: say("It runs for longer than the bank leaves to agencies."),
}

_ENDED: dict[str, Message] = {
    "replaced": say("A later one took its place."),
    "placement_ended": say("The account went back before it was agreed to."),
}
_PARTS: dict[str, StateTag] = {
    "paid": StateTag("paid", _l("paid"), "good"),
    "today": StateTag("today", _l("due today"), "wait"),
    "grace": StateTag("grace", _l("due, in the days of grace"), "wait"),
    "missed": StateTag("missed", _l("not paid"), "bad"),
    "ahead": StateTag("ahead", _l("still ahead"), "plain"),
}


def state_tag(row: Arrangement, today: date) -> StateTag:
    """An arrangement's state as people see it: one of which a part is late says so."""
    if row.state is ArrangementState.AGREED and row.next_due_on is not None and row.next_due_on < today:
        return STATES["late"]
    return STATES[row.state.value]


def instalment_tag(part: Instalment, today: date) -> StateTag:
    """How a part stands on a day."""
    if part.paid_minor == part.amount_minor:
        return _PARTS["paid"]
    if part.due_on > today:
        return _PARTS["ahead"]
    if part.kept_until < today:
        return _PARTS["missed"]
    return _PARTS["today" if part.due_on == today else "grace"]


def end_words(reason: str) -> Message | str:
    """Why an arrangement ended: words for the portal's own codes, else what a person wrote."""
    return _ENDED.get(reason, reason)


def floor_label(row: Arrangement) -> Any:
    """What the least amount of an arrangement is: that of the bank's consent, or what the agency may accept without one."""
    if row.kind is Kind.SETTLEMENT and row.decided_at is not None and row.state is not ArrangementState.REFUSED:
        return _l("The least that the bank consents to")
    return _l("The least that the agency may accept without asking")


def schedule_words(row: Arrangement) -> Message:
    """The schedule in a few words."""
    if row.parts == 1:
        return say("in one sum by %(day)s", day=row.first_on)
    span = {"n": row.parts, "first": row.first_on, "last": row.last_on}
    if row.rhythm is Rhythm.FORTNIGHTLY:
        return say("%(n)s parts every two weeks, %(first)s to %(last)s", **span)
    return say("%(n)s parts every month, %(first)s to %(last)s", **span)


def share_words(agreed: int, balance: int, currency: str) -> Message:
    """What part of the balance is paid and what is given up."""
    return say(
        "%(part)s of the balance; %(waived)s is given up", part=percent(share_paid(agreed, balance)),
        waived=Money(balance - agreed, currency),
    )  # fmt: skip
