"""What requests may hold. The words are those of reference/files.md; what they mean together, the operations judge."""

from __future__ import annotations

from typing import Any, Final

from portal.api.v1.fields import Asked, Day, Flag, Instant, Key, Place, Rows, Text, Texts, Whole, Word
from portal.api.v1.paging import MOST, USUAL
from portal.contact.entries import LONGEST_NOTE
from portal.contact.models import Channel, Direction
from portal.contact.outcomes import NEXT_ACTIONS, OUTCOMES, PARTIES, REASONS_BEHIND
from portal.contact.points.operations import GROUNDS, LONGEST_SOURCE, LONGEST_VALUE
from portal.contact.queue import TABS
from portal.contact.requests.thread import LONGEST_TEXT, Answer, RequestCode, RequestState
from portal.contact.wishes.kinds import LONGEST_NOTE as LONGEST_WISH_NOTE
from portal.contact.wishes.kinds import MOST_DIALS, End, Kind
from portal.contact.wishes.kinds import Place as WishPlace
from portal.portfolio.intake.layout import ATTEMPT_COLUMNS, PAYMENT_COLUMNS, REPORT_COLUMNS
from portal.portfolio.models import RAISED_BY_HAND, ContactKind
from portal.recovery.reported.models import ReportState

__all__ = [
    "LONGEST_REF",
    "MOST_ROWS",
    "PROMISE_STATES",
    "AttemptAsked",
    "CheckAsked",
    "FoundAsked",
    "LogAsked",
    "MessageAsked",
    "PageAsked",
    "PaymentsAsked",
    "PromisesAsked",
    "QueueAsked",
    "ReportedAsked",
    "ReportsAsked",
    "RequestAsked",
    "RequestsAsked",
    "RowAsked",
    "WishAsked",
    "WishEndAsked",
]  # fmt: skip

LONGEST_REF: Final = 64
LONGEST_CODE: Final = 32
LONGEST_CELL: Final = 8_000
MOST_ROWS: Final = 1_000
MOST_DEBTS: Final = 50
PROMISE_STATES: Final = ("today", "open", "broken", "kept", "carried")


def _told(words: str) -> dict[str, Any]:
    return {"description": words}


class PageAsked(Asked):
    """Which page of a list."""

    cursor = Place(load_default="", metadata=_told("`next` of the page before; left out: the first page."))
    limit = Whole(1, MOST, in_address=True, load_default=USUAL, metadata=_told("Rows of a page."))


class QueueAsked(PageAsked):
    """Which part of the queue."""

    tab = Word(TABS, load_default=None, metadata=_told("One part of the day; left out: the whole day in its order."))


class PromisesAsked(PageAsked):
    """Which promises."""

    state = Word(
        PROMISE_STATES, load_default=None, metadata=_told("As people see it; left out: all but replaced ones.")
    )


class CheckAsked(Asked):
    """A contact that somebody is about to make."""

    account_ref = Text(LONGEST_REF, shortest=1, required=True)
    channel = Word([c.value for c in Channel], required=True)
    direction = Word([d.value for d in Direction], load_default=Direction.OUTBOUND.value)
    contact_point_id = Key(load_default=None, metadata=_told("Of the account; left out: before a number is chosen."))


class AttemptAsked(Asked):
    """One attempt, as it is logged on the page."""

    attempt_ref = Text(LONGEST_REF, shortest=1, required=True, metadata=_told(
        "Your own reference, unique in your organisation. Sent again it is the same attempt."))  # fmt: skip
    account_ref = Text(LONGEST_REF, shortest=1, required=True)
    at = Instant(load_default=None, metadata=_told("When it took place; left out: now."))
    ended_at = Instant(load_default=None)
    channel = Word([c.value for c in Channel], required=True)
    direction = Word([d.value for d in Direction], load_default=Direction.OUTBOUND.value)
    initiated_by = Word(("collector", "consumer"), load_default="")
    contact_point_id = Key(load_default=None, metadata=_told(
        "Of the account. An outbound call or SMS needs the number: this, or `contact_point`."))  # fmt: skip
    contact_point = Text(
        LONGEST_VALUE, load_default="", metadata=_told("A number or address on file, in place of its key.")
    )
    party = Word(PARTIES, load_default="", metadata=_told("Who was reached; left out: whose number it is."))
    debts_placed_for = Texts(LONGEST_REF, MOST_DEBTS, load_default=())
    debts_discussed = Texts(LONGEST_REF, MOST_DEBTS, load_default=None)
    reason_behind = Word(REASONS_BEHIND, load_default="")
    corrects = Text(LONGEST_REF, load_default="", metadata=_told("attempt_ref of the entry that this one replaces."))
    evidence = Text(255, load_default="", metadata=_told("The name of a file that is sent beside it."))
    outcome = Word(OUTCOMES, required=True)
    promise_amount = Text(28, load_default="", metadata=_told("An exact decimal in the account's currency."))
    promise_on = Day(load_default=None)
    callback_at = Instant(load_default=None)
    next_action = Word(NEXT_ACTIONS, load_default="")
    again_on = Day(load_default=None)
    staff = Text(64, load_default="", metadata=_told("User name of who made it."))
    note = Text(LONGEST_NOTE, load_default="")
    override_reason = Text(LONGEST_CODE, load_default="", metadata=_told(
        "For which of the rule's `overrides` it goes on against a presumption."))  # fmt: skip
    already_happened = Flag(load_default=False, metadata=_told(
        "It took place although the rules forbid it: it is kept as a breach in place of being refused."))  # fmt: skip


RowAsked = Asked.from_dict({column.field: Text(LONGEST_CELL) for column in ATTEMPT_COLUMNS}, name="RowAsked")
RowAsked.__doc__ = (
    "One row of a log, by the columns of the file of attempts; every value as text, judged as the file's."
)


class LogAsked(Asked):
    """Rows of a dialler's log."""

    rows = Rows(RowAsked, MOST_ROWS, required=True)


PaymentRowAsked = Asked.from_dict(
    {column.field: Text(LONGEST_CELL) for column in PAYMENT_COLUMNS}, name="PaymentRowAsked"
)
PaymentRowAsked.__doc__ = (
    "One payment, by the columns of the file of payments; every value as text, judged as the file's."
)
ReportRowAsked = Asked.from_dict({column.field: Text(LONGEST_CELL) for column in REPORT_COLUMNS}, name="ReportRowAsked")
ReportRowAsked.__doc__ = (
    "One report, by the columns of the file of reported payments; every value as text, judged as the file's."
)


class PaymentsAsked(Asked):
    """Rows of the bank's payments."""

    rows = Rows(PaymentRowAsked, MOST_ROWS, required=True)


class ReportsAsked(Asked):
    """Rows of an agency's reports of payments."""

    rows = Rows(ReportRowAsked, MOST_ROWS, required=True)


class ReportedAsked(PageAsked):
    """Which reports."""

    state = Word([s.value for s in ReportState], load_default=None, metadata=_told("Left out: all."))


class RequestsAsked(PageAsked):
    """Which requests."""

    state = Word([s.value for s in RequestState], load_default=None, metadata=_told("Left out: all."))


class RequestAsked(Asked):
    """What is asked of the bank."""

    code = Word([c.value for c in RequestCode], required=True)
    text = Text(
        LONGEST_TEXT, load_default="", metadata=_told("Needed with the code `other`; the rest say what is asked.")
    )


class MessageAsked(Asked):
    """A word in a thread."""

    text = Text(LONGEST_TEXT, load_default="")
    answer = Word([a.value for a in Answer], load_default=None, metadata=_told("Left out: no answer, only words."))
    flag = Word([f.value for f in RAISED_BY_HAND], load_default=None, metadata=_told(
        "Which hold: needed where `granted` or `done` answers a request for one; the hold stands with the answer."))  # fmt: skip
    whole_person = Flag(load_default=False, metadata=_told("The hold is for all accounts of the person."))


class WishAsked(Asked):
    """What the debtor asked for, agreed to or was sent; which terms belong to which kind stands in docs/api.md."""

    kind = Word([k.value for k in Kind if k is not Kind.ENDED], required=True)
    said_at = Instant(load_default=None, metadata=_told("When it was said, received or sent; left out: now."))
    whole_person = Flag(load_default=False, metadata=_told("For all accounts of the person, where it may be of one."))
    channel = Word([c.value for c in Channel], load_default="")
    contact_point_id = Key(load_default=None, metadata=_told("Of the account."))
    weekdays = Texts(3, 7, load_default=(), metadata=_told("mon, tue, wed, thu, fri, sat, sun."))
    opens = Text(5, load_default="", metadata=_told("Hours where the debtor is, HH:MM; left out: the whole day."))
    closes = Text(5, load_default="", metadata=_told("24:00: midnight. Before `opens`: on the next day."))
    place = Word([p.value for p in WishPlace], load_default="")
    dials = Whole(1, MOST_DIALS, load_default=None, metadata=_told("A day."))
    until = Day(load_default=None, metadata=_told("The last day, where one was said."))
    is_crisis = Flag(load_default=False, metadata=_told("A breathing space for a crisis of mental health."))
    note = Text(LONGEST_WISH_NOTE, load_default="", metadata=_told("Kept sealed. A consent needs it."))


class WishEndAsked(Asked):
    """What ends one."""

    reason = Word([e.value for e in End], required=True)
    at = Instant(load_default=None, metadata=_told("Since when; left out: now."))
    note = Text(LONGEST_WISH_NOTE, load_default="", metadata=_told("Kept sealed."))


class FoundAsked(Asked):
    """A contact point that was found."""

    kind = Word([k.value for k in ContactKind], required=True)
    value = Text(LONGEST_VALUE, shortest=1, required=True)
    relation = Word(PARTIES, load_default="self", metadata=_told("Whose it is."))
    source = Text(LONGEST_SOURCE, shortest=1, required=True, metadata=_told("Where it was found."))
    lawful_ground = Word(GROUNDS, required=True)
