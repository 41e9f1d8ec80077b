"""What may be said of a letter on its way: which days can be, and what has to be said. Pure: no database, no Flask."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from portal.foundation.errors import DomainError
from portal.foundation.language import say
from portal.foundation.values import plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from portal.foundation.language import Message

__all__ = [
    "LONGEST_NAME",
    "LONGEST_REASON",
    "MailResult",
    "Outcome",
    "Sent",
    "outcome_faults",
    "same_item",
    "sent_faults",
    "tracked_twice",
]

LONGEST_NAME = 64  # of a carrier, and of a tracking number
LONGEST_REASON = 200


class MailResult(StrEnum):
    """What a carrier reports."""

    DELIVERED = "delivered"
    RETURNED = "returned"  # nobody of that name there, no such address, moved
    REFUSED = "refused"  # the addressee did not take it
    UNCLAIMED = "unclaimed"  # nobody fetched it in time


@dataclass(frozen=True, slots=True)
class Sent:
    """A letter was handed to a carrier; without a tracking number where it went by ordinary mail."""

    carrier: str
    tracking_no: str
    on: date


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the carrier reports, and on which day it came to be."""

    result: MailResult
    on: date
    reason: str = ""


def same_item(carrier: str, tracking_no: str) -> tuple[str, str]:
    """By what two items of mail are told to be one: the carrier and its number, however their letters are written."""
    return "".join(plain(carrier).casefold().split()), plain(tracking_no).upper()


def tracked_twice(letter_no: str) -> Message:
    """What is said of a tracking number that another letter has."""
    return say(
        "The letter %(number)s is out under this number of the same carrier. Compare both with the receipts.",
        number=letter_no,
    )


def sent_faults(sent: Sent, issued_on: date, today: date) -> Iterator[DomainError]:
    """What cannot be about a dispatch of a letter of a day; each names its field."""
    if not sent.carrier:
        yield DomainError("dispatch.carrier", say("Say who carries the letter."), field="carrier")
    if sent.on > today:
        yield DomainError("dispatch.future_date", say("The day is still to come."), field="dispatched_on")
    elif sent.on < issued_on:
        words = say("Before the date of the letter, %(day)s.", day=issued_on)
        yield DomainError("dispatch.early", words, field="dispatched_on")


def outcome_faults(outcome: Outcome, dispatched_on: date, today: date) -> Iterator[DomainError]:
    """What cannot be about what came of a letter that went out on a day; each names its field."""
    if outcome.on > today:
        yield DomainError("dispatch.future_date", say("The day is still to come."), field="result_on")
    elif outcome.on < dispatched_on:
        words = say("Before the letter went out on %(day)s.", day=dispatched_on)
        yield DomainError("dispatch.early", words, field="result_on")
    if outcome.result is MailResult.RETURNED and not outcome.reason:
        yield DomainError("dispatch.reason", say("Say why it came back."), field="reason")
