"""What a person says about an attempt, whether it can be so, and when the account's turn comes again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from portal.contact.conduct import group_of
from portal.contact.models import Channel, Direction
from portal.contact.outcomes import NEXT_ACTIONS, OUTCOMES, PARTIES, REASONS_BEHIND, Outcome, fits
from portal.foundation.errors import DomainError, Faults
from portal.foundation.free_text import check_free_text
from portal.foundation.language import say
from portal.foundation.money import parse_amount
from portal.portfolio.models import ContactKind, ContactStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal.foundation.money import Money
    from portal.portfolio.models import ContactPoint

__all__ = [
    "LONGEST_NOTE",
    "LONGEST_PROMISE_DAYS",
    "MOST_PROMISES",
    "PAUSED",
    "Entry",
    "Promised",
    "Turn",
    "check_entry",
    "check_promise",
    "next_turn",
    "party_of",
    "read_promised",
    "try_by",
    "whose_number",
]

LONGEST_NOTE = 4_000
# The bank's own limit: what is to be paid later than this is an instalment plan, which needs an agreement.
LONGEST_PROMISE_DAYS = 60
MOST_PROMISES = 4  # of one conversation; more parts are a plan
CALLBACK_LONGEST_DAYS = 60
POINT_KINDS = {
    Channel.CALL: ContactKind.PHONE,
    Channel.SMS: ContactKind.PHONE,
    Channel.EMAIL: ContactKind.EMAIL,
    Channel.VISIT: ContactKind.ADDRESS,
    Channel.LETTER: ContactKind.ADDRESS,
}  # WeCom goes by an account of its own, or by the telephone number


class Promised(NamedTuple):
    """An amount in minor units and the day by which it is to be paid, each as it was entered."""

    minor: int | None
    on: date | None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One attempt as it is logged. Amounts in minor units of the account's currency.

    `promises`: the amounts and days that were promised behind the first, `promise_minor` and `promise_on`.

    `party`: who was reached; empty: whose number it is. `at`: when it took place; None: now. `attempt_ref`: the
    agency's own reference, made up if left out. `already_happened`: it took place although the rules forbid it, and is
    kept as a breach. `corrects_id`: the entry that this one takes the place of. `initiated_by`: collector or consumer;
    empty: as the direction says. `debts_placed_for`, `debts_discussed`: accounts of the person; none named: the account
    itself (an empty tuple of discussed ones: a general talk). `again_on`: the day on which its turn comes again, for
    `next_action`. `override_reason`: for which of the rule's reasons it goes on against a presumption. `of_log`: from a dialler's log, which may not say by which number, nor when to call back.
    """

    channel: Channel
    outcome: str
    direction: Direction = Direction.OUTBOUND
    contact_point_id: int | None = None
    party: str = ""
    at: datetime | None = None
    ended_at: datetime | None = None
    note: str = ""
    reason_behind: str = ""
    promise_minor: int | None = None
    promise_on: date | None = None
    promises: tuple[Promised, ...] = ()
    callback_at: datetime | None = None
    attempt_ref: str = ""
    corrects_id: int | None = None
    already_happened: bool = False
    initiated_by: str = ""
    debts_placed_for: tuple[int, ...] = ()
    debts_discussed: tuple[int, ...] | None = None
    evidence_name: str = ""
    next_action: str = ""
    again_on: date | None = None
    override_reason: str = ""
    of_log: bool = False

    @property
    def promised(self) -> tuple[Promised, ...]:
        """All that was promised, in the order in which it was entered."""
        return (Promised(self.promise_minor, self.promise_on), *self.promises)


class Turn(NamedTuple):
    """Where the account stands in the queue from now on."""

    kind: str
    on: date
    at: datetime | None = None


def party_of(entry: Entry, point: ContactPoint | None) -> str:
    """Who was reached: as the person says, else whose number it is, else the debtor."""
    return entry.party or (point.relation if point else "") or "self"


def whose_number(point: ContactPoint) -> str:
    """Whose number or address it is by what is known now: one that turned out to be somebody else's is no longer the debtor's."""
    return (
        "other"
        if point.status is ContactStatus.THIRD_PARTY and group_of(point.relation) == "debtor"
        else point.relation
    )


def check_entry(entry: Entry, outcome: Outcome, point: ContactPoint | None, now: datetime) -> None:
    """Raises DomainError, or several, with the fields, where the parts of an entry contradict each other."""
    faults = Faults()
    for check in (
        partial(_check_outcome, entry, outcome),
        partial(_check_words, entry),
        partial(_check_reason_behind, entry),
        partial(_check_note, entry),
        partial(_check_beginner, entry),
        partial(_check_next_action, entry),
        partial(_check_again, entry, now),
        partial(_check_at, entry, now),
        partial(_check_end, entry, now),
        partial(_check_callback, entry, now),
        partial(_check_point, entry, point),
        partial(_check_party, entry, outcome, party_of(entry, point)),
    ):
        faults.read(check, None)
    faults.tell()


def _check_outcome(entry: Entry, outcome: Outcome) -> None:
    if not fits(outcome, entry.channel):
        raise DomainError("attempt.outcome", say("This outcome does not go with this way of contact."), field="outcome")


def _check_words(entry: Entry) -> None:
    if entry.party and entry.party not in PARTIES:
        raise DomainError("attempt.party", say("Choose from the list who was reached."), field="party")


def _check_reason_behind(entry: Entry) -> None:
    if entry.reason_behind and entry.reason_behind not in REASONS_BEHIND:
        raise DomainError("attempt.reason_behind", say("Choose a reason from the list."), field="reason_behind")


def _check_note(entry: Entry) -> None:
    check_free_text(entry.note, LONGEST_NOTE, "attempt.note", "note")


def _check_beginner(entry: Entry) -> None:
    if entry.initiated_by not in ("", "collector", "consumer"):
        raise DomainError("attempt.initiated_by", say("The collector or the consumer began it."), field="initiated_by")


def _check_next_action(entry: Entry) -> None:
    if entry.next_action and entry.next_action not in NEXT_ACTIONS:
        raise DomainError("attempt.next_action", say("Choose from the list what comes next."), field="next_action")


def _check_again(entry: Entry, now: datetime) -> None:
    if entry.again_on is not None and not 0 <= (entry.again_on - now.date()).days <= CALLBACK_LONGEST_DAYS:
        raise DomainError(
            "attempt.again_on",
            say("The next step lies ahead, at most %(days)s days.", days=CALLBACK_LONGEST_DAYS),
            field="again_on",
        )


def _check_at(entry: Entry, now: datetime) -> None:
    if entry.at is not None and entry.at > now:
        raise DomainError("attempt.future", say("An attempt is logged once it has taken place."), field="at")


def _check_end(entry: Entry, now: datetime) -> None:
    if entry.ended_at is not None and entry.ended_at < (entry.at or now):
        raise DomainError("attempt.ended", say("It ended before it began."), field="ended_at")


def _check_callback(entry: Entry, now: datetime) -> None:
    if entry.outcome == "callback_requested":
        if entry.callback_at is None:
            if entry.of_log:
                return
            raise DomainError("attempt.callback", say("Enter when you are to call back."), field="callback_at")
        if not now < entry.callback_at <= now + timedelta(days=CALLBACK_LONGEST_DAYS):
            raise DomainError(
                "attempt.callback",
                say("A call-back lies ahead, at most %(days)s days.", days=CALLBACK_LONGEST_DAYS),
                field="callback_at",
            )


def _check_point(entry: Entry, point: ContactPoint | None) -> None:
    wanted = POINT_KINDS.get(entry.channel)
    if point is None:
        if wanted is ContactKind.PHONE and entry.direction is Direction.OUTBOUND and not entry.of_log:
            raise DomainError("attempt.number", say("Choose the number."), field="contact_point_id")
    elif wanted is not None and point.kind is not wanted:
        raise DomainError(
            "attempt.number", say("This is no number or address for this way of contact."), field="contact_point_id"
        )


def _check_party(entry: Entry, outcome: Outcome, party: str) -> None:
    group = group_of(party)
    if outcome.right_party and group == "third_party":
        raise DomainError(
            "attempt.party",
            say("Only the debtor, a co-debtor, a guarantor or their lawyer can say that. Choose who it was."),
            field="party",
        )
    if outcome.code.startswith("third_party_") and group != "third_party":
        raise DomainError("attempt.party", say("Choose which third person it was."), field="party")
    if outcome.code == "cease_requested" and group == "third_party":
        raise DomainError(
            "attempt.party",
            say(
                "A third person who wants no calls is “third person refuses”; the debtor's own wish stops all contact."
            ),
            field="outcome",
        )


def read_promised(text: str | None, currency: Callable[[], str], field: str = "promise_amount") -> int | None:
    """The amount of a promise as it was written, in minor units; None where nothing was. DomainError with its field.

    `currency`: asked for where there is an amount.
    """
    if not (text or "").strip():
        return None
    try:
        return parse_amount(text or "", currency())
    except ValueError:
        raise DomainError(
            "promise.amount", say("Write an amount, for example 5000 or 5,000.50."), field=field
        ) from None


def check_promise(entry: Entry, owed: Money, today: date, made_on: date) -> None:
    """A promise names an amount above nought and a day from the day it was made on; one of several days names them in
    their order, each once; all together are not more than is owed.

    Raises DomainError, or several, with the fields; also where an amount or a day comes with another outcome.
    """
    if entry.outcome != "promise":
        if any(part != (None, None) for part in entry.promised):
            raise DomainError(
                "promise.outcome", say("An amount and a day go with the outcome “promise to pay”."), field="outcome"
            )
        return
    if len(entry.promised) > MOST_PROMISES:
        words = say("A promise has at most %(most)s days; more parts are an instalment plan.", most=MOST_PROMISES)
        raise DomainError("promise.many", words, field="promise_on")
    faults, so_far, before = Faults(), 0, None
    for number, part in enumerate(entry.promised, 1):
        ending = "" if number == 1 else f"_{number}"
        so_far += faults.read(partial(_promised_amount, part.minor, so_far, owed, f"promise_amount{ending}"), 0)
        day = partial(_promised_day, part.on, before, entry.at is None, today, made_on, f"promise_on{ending}")
        before = faults.read(day, before)
    faults.tell()


def _promised_amount(minor: int | None, so_far: int, owed: Money, field: str) -> int:
    if minor is None or minor <= 0:
        words = (
            say("The amount has to be more than nothing.")
            if minor is not None
            else say("Enter the amount that was promised.")
        )
        raise DomainError("promise.amount", words, field=field)
    if so_far + minor > owed.minor:
        words = say("That is more than is owed, %(owed)s.", owed=owed)
        if so_far:
            words = say("Together that is more than is owed, %(owed)s.", owed=owed)
        raise DomainError("promise.too_much", words, field=field)
    return minor


def _promised_day(on: date | None, before: date | None, is_now: bool, today: date, made_on: date, field: str) -> date:
    if on is None:
        raise DomainError("promise.day", say("Enter the day by which it is to be paid."), field=field)
    if on < made_on or (is_now and on < today):
        raise DomainError("promise.past", say("The day of a promise lies ahead."), field=field)
    if on > made_on + timedelta(days=LONGEST_PROMISE_DAYS):
        words = say("A promise reaches at most %(days)s days ahead.", days=LONGEST_PROMISE_DAYS)
        raise DomainError("promise.too_late", words, field=field)
    if before is not None and on <= before:
        raise DomainError("promise.order", say("Each day comes after the one before it."), field=field)
    return on


def next_turn(
    entry: Entry, outcome: Outcome, standing: Turn, day: date, callback_day: date | None, grace_days: int = 0
) -> Turn:
    """When the account comes up again. `day`: the attempt's, `callback_day`: the call-back's, both in the organisation's zone.

    A promise or call-back that still lies ahead outlives a reminder, and an arrangement that is kept whatever the debtor
    calls about; a promise whose day has come and did not bring an answer is looked at once its days of grace are over. A day
    that the collector chose goes before what the outcome says.
    """
    if standing.kind == "plan" and standing.on > day and not outcome.hold:
        return standing
    if outcome.code == "promise" and entry.promise_on:
        return Turn("promise", entry.promise_on)
    if outcome.code == "callback_requested" and callback_day:
        return Turn("callback", callback_day, entry.callback_at)
    if standing.kind in ("promise", "callback") and standing.on > day and not outcome.hold:
        return standing
    over = standing.on + timedelta(days=grace_days + 1)
    if standing.kind == "promise" and over > day and not outcome.hold:
        return Turn("broken", over)
    return Turn("rest", entry.again_on or day + timedelta(days=outcome.rest_days))


# Later than any day that is asked about: the clock of the work standard stands still.
PAUSED: Final = date.max


def try_by(next_on: date, touched_on: date, standard_days: int) -> date:
    """The last day on which the work standard wants an account tried: so many days after the last try, or after it came;
    where a later day was agreed, that day."""
    return max(next_on, touched_on + timedelta(days=standard_days))


def outcome_named(code: str) -> Outcome:
    """The outcome of a code. DomainError if it is none."""
    try:
        return OUTCOMES[code]
    except KeyError:
        raise DomainError("attempt.outcome", say("Choose what came of it."), field="outcome") from None
