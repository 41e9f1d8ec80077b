"""What an arrangement with a debtor is worth, who may agree to it, when it falls due, and what payments make of it.

Pure: no database, no Flask. Amounts are whole minor units of one currency. A personalised plan of a Chinese card debt
runs for at most sixty months (商业银行信用卡业务监督管理办法 第70条), and while it is kept nobody collects.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "MOST_INSTALMENTS", "Authority", "Beyond", "Due", "Judgement", "Kind", "Offer", "Paid", "Part", "Policy", "Rhythm",
    "Standing", "beyond_authority", "due_dates", "equal_parts", "floor_of", "is_long", "judge", "needs_income", "schedule_of",
    "share_paid",
]  # fmt: skip

MOST_INSTALMENTS = 60
FORTNIGHT = timedelta(days=14)
# Reasons for which the bank gives something up only where it has seen what the debtor lives on.
HARDSHIP = frozenset({"lost_income", "illness", "over_indebted"})


class Kind(StrEnum):
    """`instalments`: all that is owed, in parts. `settlement`: a part of it, the rest is given up. `waiver`: interest or
    fees, or some of them, are given up and the rest is paid."""

    INSTALMENTS = "instalments"
    SETTLEMENT = "settlement"
    WAIVER = "waiver"


class Rhythm(StrEnum):
    """How the parts follow each other."""

    MONTHLY = "monthly"
    FORTNIGHTLY = "fortnightly"


class Beyond(StrEnum):
    """Why an arrangement is not the agency's alone to make."""

    NO_AUTHORITY = "no_authority"  # the contract lets nothing be given up
    BELOW_FLOOR = "below_floor"  # less than the lowest part of the balance
    INTEREST = "interest"  # interest is given up, and the contract does not let it
    FEES = "fees"
    LONG = "long"  # runs for longer than the bank leaves to the agency


class Standing(StrEnum):
    """How an arrangement that was agreed stands on a day."""

    ON_TIME = "on_time"
    LATE = "late"  # a day has passed without its amount, within the days of grace
    COMPLETED = "completed"
    BREACHED = "breached"


@dataclass(frozen=True, slots=True)
class Policy:
    """The bank's settings. `grace_days` behind a day on which a payment still keeps it; `free_months` that a plan may run
    for without the bank's decision and a statement of income and outgoings."""

    grace_days: int = 3
    free_months: int = 12


@dataclass(frozen=True, slots=True)
class Part:
    """One payment of a schedule."""

    due_on: date
    amount: int


@dataclass(frozen=True, slots=True)
class Offer:
    """What is to be agreed about a balance with its interest and fees. What is given up is named by its part for a waiver."""

    kind: Kind
    balance: int
    agreed: int
    parts: tuple[Part, ...]
    waived_interest: int = 0
    waived_fees: int = 0

    @property
    def waived(self) -> int:
        """What is given up once it is kept."""
        return self.balance - self.agreed


@dataclass(frozen=True, slots=True)
class Authority:
    """What the contract leaves to the agency. `lowest` part of the balance from which it may agree without asking; None:
    nothing may be given up. `bank_floor`: the amount to which the bank has consented for this account, where it has."""

    lowest: Decimal | None = None
    waive_interest: bool = False
    waive_fees: bool = False
    bank_floor: int | None = None


# --- the schedule -------------------------------------------------------------------------------------------------------


def due_dates(first: date, count: int, rhythm: Rhythm) -> list[date]:
    """The days of `count` parts. Months are counted from the first day, so that a plan from the 31st comes back to it
    after a shorter month. ValueError past the calendar's end."""
    if rhythm is Rhythm.FORTNIGHTLY:
        try:
            return [first + n * FORTNIGHT for n in range(count)]
        except OverflowError as error:
            raise ValueError("past the calendar's end") from error
    return [_months_after(first, n) for n in range(count)]


def _months_after(first: date, months: int) -> date:
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    if year > date.max.year:
        raise ValueError("past the calendar's end")
    return date(year, month + 1, min(first.day, calendar.monthrange(year, month + 1)[1]))


def equal_parts(total: int, count: int) -> list[int]:
    """`count` amounts whose sum is `total`: all the same, the last takes what does not divide. ValueError where one would
    be nothing."""
    each = total // count
    if count < 1 or each < 1:
        raise ValueError("too little for so many parts")
    return [each] * (count - 1) + [total - each * (count - 1)]


def schedule_of(
    total: int, count: int, rhythm: Rhythm, first: date, own_amounts: Sequence[int] = ()
) -> tuple[Part, ...]:
    """The schedule of an amount: in equal parts, or in amounts of one's own that make up the total.

    ValueError where they do not, where one is not above nought, or where there are more than sixty.
    """
    amounts = list(own_amounts) or equal_parts(total, count)
    if len(amounts) != count or not 1 <= count <= MOST_INSTALMENTS:
        raise ValueError("not so many parts")
    if sum(amounts) != total or min(amounts) < 1:
        raise ValueError("the parts do not make up the amount")
    return tuple(Part(*pair) for pair in zip(due_dates(first, count, rhythm), amounts, strict=True))


# --- what it is worth, and who may agree to it ----------------------------------------------------------------------------


def floor_of(balance: int, lowest: Decimal) -> int:
    """The smallest amount that is not less than this part of a balance."""
    numerator, denominator = lowest.as_integer_ratio()
    return -(-balance * numerator // denominator)


def share_paid(agreed: int, balance: int) -> Decimal:
    """What part of the balance is paid, to four digits, cut off: 79.996 % is not shown as 80 %."""
    return Decimal(agreed * 10_000 // balance) / 10_000


def is_long(parts: Sequence[Part], policy: Policy) -> bool:
    """Whether a plan runs for more months than the bank leaves to the agency, the month of its first day included."""
    return parts[-1].due_on > _months_after(parts[0].due_on, policy.free_months - 1)


def beyond_authority(offer: Offer, authority: Authority, policy: Policy) -> tuple[Beyond, ...]:
    """Why the bank has to decide; nothing where the agency may agree by itself.

    To what the bank has consented for this account the agency may agree, and to no less.
    """
    found = [Beyond.LONG] if is_long(offer.parts, policy) else []
    if offer.waived <= 0 or (authority.bank_floor is not None and offer.agreed >= authority.bank_floor):
        return tuple(found)
    if authority.lowest is None:
        return (Beyond.NO_AUTHORITY, *found)
    if offer.agreed < floor_of(offer.balance, authority.lowest):
        found.insert(0, Beyond.BELOW_FLOOR)
    if offer.waived_interest and not authority.waive_interest:
        found.append(Beyond.INTEREST)
    if offer.waived_fees and not authority.waive_fees:
        found.append(Beyond.FEES)
    return tuple(found)


def needs_income(offer: Offer, beyond: Iterable[Beyond], reason_behind: str, policy: Policy) -> bool:
    """Whether the bank wants to see what the debtor lives on: for a long plan, and for giving up more than the contract
    lets because of hardship."""
    asks = offer.waived > 0 and any(code is not Beyond.LONG for code in beyond)
    return is_long(offer.parts, policy) or (asks and reason_behind in HARDSHIP)


# --- what payments make of it ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Due:
    """A part as it was agreed; `kept_until`: the last value date that keeps it."""

    due_on: date
    kept_until: date
    amount: int


@dataclass(frozen=True, slots=True)
class Paid:
    """What was paid, by value date; negative where it was taken back."""

    on: date
    amount: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """How an arrangement stands. `paid`: of each part; `paid_on`: the day on which each was paid in full. `ended_on`: the
    day of its completion, or the first day behind a part that was not paid. `next_due_on`: of the first part that is open;
    `judge_on`: the day on which it is broken if nothing more comes."""

    standing: Standing
    total: int
    paid: tuple[int, ...]
    paid_on: tuple[date | None, ...]
    ended_on: date | None = None
    next_due_on: date | None = None
    judge_on: date | None = None


def judge(dues: Sequence[Due], payments: Iterable[Paid], today: date) -> Judgement:
    """Payments go to the oldest part first, whatever they were meant for.

    A part is kept when, by its last day of grace, all that was due up to it has been paid by value date; so a payment that
    is posted late breaks nothing. One that is not kept when that day has passed breaks the arrangement, as does a payment
    that is taken back from under a part whose days are over. What is completed in time is completed.
    """
    events = sorted((p for p in payments if p.on <= today), key=lambda p: p.on)
    total = sum(p.amount for p in events)
    goals = _running(due.amount for due in dues)
    paid = tuple(min(max(total - goal + due.amount, 0), due.amount) for due, goal in zip(dues, goals, strict=True))
    paid_on = tuple(_reached(events, goal) if total >= goal else None for goal in goals)
    broken = [_broken_on(due, goal, events, total, today) for due, goal in zip(dues, goals, strict=True)]
    first = min((day for day in broken if day), default=None)
    if first is not None:
        return Judgement(Standing.BREACHED, total, paid, paid_on, first)
    if total >= goals[-1]:
        return Judgement(Standing.COMPLETED, total, paid, paid_on, paid_on[-1])
    waiting = next(due for due, goal in zip(dues, goals, strict=True) if total < goal)
    standing = Standing.LATE if waiting.due_on < today else Standing.ON_TIME
    judge_on = waiting.kept_until + timedelta(days=1)
    return Judgement(standing, total, paid, paid_on, None, waiting.due_on, judge_on)


def _running(amounts: Iterable[int]) -> list[int]:
    found, so_far = [], 0
    for amount in amounts:
        so_far += amount
        found.append(so_far)
    return found


def _reached(events: Sequence[Paid], goal: int) -> date | None:
    """The day since which the goal has been reached for good."""
    so_far, since = 0, None
    for event in events:
        so_far += event.amount
        if so_far < goal:
            since = None
        elif since is None:
            since = event.on
    return since


def _broken_on(due: Due, goal: int, events: Sequence[Paid], total: int, today: date) -> date | None:
    """The day on which a part broke the arrangement, if it did."""
    if due.kept_until >= today:
        return None
    if sum(event.amount for event in events if event.on <= due.kept_until) < goal:
        return due.kept_until + timedelta(days=1)
    if total < goal:  # it was there in time, and was taken back
        return max(event.on for event in events if event.amount < 0)
    return None
