"""What an agency tells of a payment, and what is wrong with it: the same for page, file and interface."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from portal.foundation.errors import DomainError
from portal.foundation.language import say
from portal.foundation.values import card_number_in
from portal.portfolio.intake.seen import digest_of
from portal.recovery.reported.models import ReportKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

__all__ = ["LONGEST_CHANNEL", "LONGEST_NOTE", "LONGEST_REF", "MOST_AHEAD", "Telling", "content_of", "faults_of"]

LONGEST_REF: Final = 64
LONGEST_CHANNEL: Final = 64
LONGEST_NOTE: Final = 1_000
MOST_AHEAD: Final = 92  # days ahead for which a payment can be expected


@dataclass(frozen=True, slots=True)
class Telling:
    """`amount` in minor units of `currency`. `received_on`: of money in the agency's account, when it was there."""

    reported_ref: str
    kind: ReportKind
    amount: int
    currency: str
    paid_on: date
    received_on: date | None = None
    channel: str = ""


def content_of(account_ref: str, told: Telling) -> bytes:
    """What makes two reports of one reference the same."""
    return digest_of(
        account_ref, told.kind.value, told.amount, told.currency, told.paid_on, told.received_on, told.channel
    )


def faults_of(told: Telling, today: date, currency: str | None) -> Iterator[DomainError]:
    """What is wrong with a report, each with its field. `currency`: the account's; None where there is no account."""
    if not told.reported_ref:
        yield DomainError("reported.missing", say("A required value is missing."), field="reported_ref")
    if told.amount <= 0:
        yield DomainError("reported.negative", say("The amount of a payment is above zero."), field="amount")
    if currency is not None and told.currency != currency:
        words = say("The account is kept in %(currency)s.", currency=currency)
        yield DomainError("reported.currency", words, field="currency")
    yield from _day_faults(told, today)
    for field, text in (("reported_ref", told.reported_ref), ("channel", told.channel)):
        if card_number_in(text):
            yield DomainError("reported.card_number", say("Leave card numbers out."), field=field)


def _day_faults(told: Telling, today: date) -> Iterator[DomainError]:
    code = "reported.future_date"
    if told.kind is ReportKind.EXPECTED:
        if told.paid_on > today + timedelta(days=MOST_AHEAD):
            words = say("A payment is expected within %(most)s days at the most.", most=MOST_AHEAD)
            yield DomainError(code, words, field="paid_on")
        if told.received_on is not None:
            words = say("Only money that you have received has a day of receipt.")
            yield DomainError("reported.received_on", words, field="received_on")
        return
    if told.paid_on > today:
        yield DomainError(code, say("The date is still to come."), field="paid_on")
    if told.received_on is None:
        yield DomainError("reported.missing", say("A required value is missing."), field="received_on")
    elif told.received_on > today:
        yield DomainError(code, say("The date is still to come."), field="received_on")
