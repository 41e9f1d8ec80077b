"""An arrangement as somebody enters it, and the offer that it becomes; every fault is told with its field.

No database, no Flask. What an offer is worth and who may agree to it is in arrangement_rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import NamedTuple

from portal.contact.arrangements.rules import MOST_INSTALMENTS, Kind, Offer, Part, Rhythm, schedule_of
from portal.contact.outcomes import REASONS_BEHIND
from portal.foundation.errors import DomainError, Faults
from portal.foundation.free_text import given_reason
from portal.foundation.language import say
from portal.foundation.money import Money

__all__ = [
    "FIRST_WITHIN_DAYS",
    "LONGEST_REASON",
    "VALID_DAYS",
    "Owed",
    "Wish",
    "check_reason",
    "least_parts",
    "no_such_parts",
    "offer_of",
    "valid_until_of",
]

LONGEST_REASON = 400
FIRST_WITHIN_DAYS = 92  # a first part may wait for a season's wages, not longer
VALID_DAYS = 14  # how long an offer stands where nothing else is said
LONGEST_VALID_DAYS = 92


class Owed(NamedTuple):
    """What is owed on the account, in minor units."""

    total: int
    interest: int
    fees: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is to be arranged. `agreed_minor`: what is paid in all, of a settlement; `waive_interest_minor` and
    `waive_fees_minor`: what is given up, of a waiver. `own_amounts`: of each part, where they differ; else equal parts.
    `valid_until`: None: fourteen days, and not behind the first part."""

    kind: Kind
    first_on: date | None
    parts: int | None = 1
    rhythm: Rhythm = Rhythm.MONTHLY
    agreed_minor: int | None = None
    waive_interest_minor: int = 0
    waive_fees_minor: int = 0
    own_amounts: tuple[int, ...] = ()
    reason_behind: str = ""
    reason: str = ""
    valid_until: date | None = None


def offer_of(wish: Wish, owed: Owed, today: date) -> Offer:
    """The offer that a wish comes to on a day. DomainError, or several, naming the fields of what cannot be meant."""
    faults = Faults()
    agreed = faults.read(partial(_agreed, wish, owed), owed.total)
    parts = faults.read(partial(_parts, wish), 1)
    first = faults.read(partial(_first, wish, today), today)
    if wish.reason_behind and wish.reason_behind not in REASONS_BEHIND:
        faults.read(partial(_raise, "reason_behind", "reason_behind"), None)
    faults.tell()
    schedule = _schedule(wish, agreed, parts, first, owed.currency)
    waiver = wish.kind is Kind.WAIVER
    return Offer(
        wish.kind,
        owed.total,
        agreed,
        schedule,
        wish.waive_interest_minor if waiver else 0,
        wish.waive_fees_minor if waiver else 0,
    )


def _agreed(wish: Wish, owed: Owed) -> int:
    if wish.kind is Kind.INSTALMENTS:
        return owed.total
    if wish.kind is Kind.SETTLEMENT:
        if wish.agreed_minor is None or not 0 < wish.agreed_minor < owed.total:
            words = say("Enter what is to be paid in all: less than is owed, %(owed)s.", owed=_money(owed.total, owed))
            raise DomainError("arrangement.agreed", words, field="agreed")
        return wish.agreed_minor
    for field, given_up, most in (
        ("waive_interest", wish.waive_interest_minor, owed.interest),
        ("waive_fees", wish.waive_fees_minor, owed.fees),
    ):
        if not 0 <= given_up <= most:
            words = say("At most %(most)s can be waived here: no more is owed of it.", most=_money(most, owed))
            raise DomainError(f"arrangement.{field}", words, field=field)
    waived = wish.waive_interest_minor + wish.waive_fees_minor
    if not 0 < waived < owed.total:
        words = say("Enter how much of the interest or the fees is waived; something has to be left to pay.")
        raise DomainError("arrangement.waived", words, field="waive_interest")
    return owed.total - waived


def _parts(wish: Wish) -> int:
    if wish.parts is None or not least_parts(wish.kind) <= wish.parts <= MOST_INSTALMENTS:
        raise no_such_parts(wish.kind)
    return wish.parts


def least_parts(kind: Kind) -> int:
    """In how few parts it is paid: a plan in more than one."""
    return 2 if kind is Kind.INSTALMENTS else 1


def no_such_parts(kind: Kind) -> DomainError:
    """What is said of a number of parts that cannot be, or that is no number."""
    words = say("A number from %(least)s to %(most)s.", least=least_parts(kind), most=MOST_INSTALMENTS)
    return DomainError("arrangement.parts", words, field="parts")


def _first(wish: Wish, today: date) -> date:
    latest = today + timedelta(days=FIRST_WITHIN_DAYS)
    if wish.first_on is None or not today <= wish.first_on <= latest:
        words = say("The first day lies between today and %(latest)s.", latest=latest)
        raise DomainError("arrangement.first_on", words, field="first_on")
    return wish.first_on


def _raise(field: str, code: str) -> None:
    raise DomainError(f"arrangement.{code}", say("Choose a reason from the list."), field=field)


def _schedule(wish: Wish, agreed: int, parts: int, first: date, currency: str) -> tuple[Part, ...]:
    if wish.own_amounts:
        if len(wish.own_amounts) != parts:
            words = say(
                "There are %(found)s amounts for %(parts)s parts: write one a line.",
                found=len(wish.own_amounts),
                parts=parts,
            )
            raise DomainError("arrangement.own_amounts", words, field="own_amounts")
        if min(wish.own_amounts) < 1:
            raise DomainError("arrangement.own_amounts", say("Each part is above nought."), field="own_amounts")
        found = sum(wish.own_amounts)
        if found != agreed:
            words = say(
                "The parts make up %(found)s; together they must be %(agreed)s.", found=Money(found, currency),
                agreed=Money(agreed, currency),
            )  # fmt: skip
            raise DomainError("arrangement.own_amounts", words, field="own_amounts")
    elif agreed < parts:
        raise DomainError("arrangement.parts", say("That is too little for so many parts."), field="parts")
    return schedule_of(agreed, parts, wish.rhythm, first, wish.own_amounts)


def valid_until_of(wanted: date | None, first_on: date, today: date) -> date:
    """The last day on which an offer can be agreed to. DomainError where it has passed, lies behind the first part or is
    too far ahead."""
    until = wanted or min(today + timedelta(days=VALID_DAYS), first_on)
    latest = min(first_on, today + timedelta(days=LONGEST_VALID_DAYS))
    if not today <= until <= latest:
        words = say("The offer stands until a day between today and %(latest)s.", latest=latest)
        raise DomainError("arrangement.valid_until", words, field="valid_until")
    return until


def check_reason(reason: str, field: str = "reason") -> str:
    """A reason that says something, without spaces around it and without a card number. DomainError naming the field."""
    return given_reason(reason, LONGEST_REASON, "arrangement.reason", say("Say why: the others read it."), field)


def _money(minor: int, owed: Owed) -> Money:
    return Money(minor, owed.currency)
