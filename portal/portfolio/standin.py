"""A stand-in for the real card data, for tests and the demo where that is not there.

`write_accounts` writes a file of the same header and the same lone carriage returns as `uci_credit_card.csv`;
`write_payments` what its overdue holders then paid, in the standard payment layout. Both are the same for the same
seed, and return what an import of them must find.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

__all__ = ["MONTH_ENDS", "MonthEnd", "StandInPayments", "write_accounts", "write_payments"]

# Newest first, as the file's columns stand.
MONTH_ENDS: Final = (
    date(2005, 9, 30),
    date(2005, 8, 31),
    date(2005, 7, 31),
    date(2005, 6, 30),
    date(2005, 5, 31),
    date(2005, 4, 30),
)
_STATUS: Final = ("PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6")
_HEADER: Final = (
    "ID",
    "LIMIT_BAL",
    "SEX",
    "EDUCATION",
    "MARRIAGE",
    "AGE",
    *_STATUS,
    *(f"BILL_AMT{n}" for n in range(1, 7)),
    *(f"PAY_AMT{n}" for n in range(1, 7)),
    "default.payment.next.month",
)
_JUNE: Final = 3  # the month end from which payments run: July, August, September
_PAYING_MONTHS: Final = (2, 1, 0)


@dataclass(frozen=True, slots=True)
class MonthEnd:
    """What an import as at a month end must find: holders overdue, those with a balance, their sum in minor units."""

    overdue: int
    with_balance: int
    total: int


@dataclass(frozen=True, slots=True)
class StandInPayments:
    """Payments in the file and their sum in minor units (TWD)."""

    count: int
    total: int


@dataclass(frozen=True, slots=True)
class _Holder:
    number: int
    limit: int
    person: tuple[int, int, int, int]
    statuses: tuple[int, ...]
    bills: tuple[int, ...]
    paid: tuple[int, ...]

    def cells(self) -> list[int]:
        return [
            self.number,
            self.limit,
            *self.person,
            *self.statuses,
            *self.bills,
            *self.paid,
            int(self.statuses[0] > 1),
        ]


def _holders(count: int, seed: str) -> Iterator[_Holder]:
    dice = random.Random(f"stand-in:{seed}")
    for number in range(1, count + 1):
        limit = dice.randrange(1, 51) * 10_000
        person = (dice.randint(1, 2), dice.randint(1, 4), dice.randint(1, 3), dice.randint(21, 75))
        status, statuses, bills, paid = dice.choice((-2, -1, 0, 0, 0, 1, 2)), [], [], []
        bill = dice.randrange(0, limit)
        for _ in MONTH_ENDS:  # from April on; turned round below
            status = _next_status(dice, status)
            bill = max(bill + dice.randrange(-limit // 5, limit // 6), -500)
            statuses.append(status)
            bills.append(0 if status == -2 else bill)
            paid.append(dice.randrange(1, 6) * 500 + dice.randrange(0, 500) if dice.random() < 0.65 else 0)
        yield _Holder(number, limit, person, tuple(statuses[::-1]), tuple(bills[::-1]), tuple(paid[::-1]))


def _next_status(dice: random.Random, status: int) -> int:
    if status > 0:
        return dice.choice((status + 1, status, status, 0)) if status < 8 else 8
    return dice.choice((-2, -1, 0, 0, 0, 0, 0, 0, 1, 2))


def write_accounts(path: Path, count: int = 3_000, seed: str = "1") -> dict[date, MonthEnd]:
    """Writes `count` holders to `path`; returns what each month end must give."""
    found = {day: [0, 0, 0] for day in MONTH_ENDS}
    with path.open("w", encoding="ascii", newline="") as file:
        writer = csv.writer(file, lineterminator="\r")
        writer.writerow(_HEADER)
        for holder in _holders(count, seed):
            writer.writerow(holder.cells())
            for month, day in enumerate(MONTH_ENDS):
                if holder.statuses[month] < 1:
                    continue
                found[day][0] += 1
                if holder.bills[month] > 0:
                    found[day][1] += 1
                    found[day][2] += holder.bills[month] * 100
    return {day: MonthEnd(*counts) for day, counts in found.items()}


def write_payments(path: Path, count: int = 3_000, seed: str = "1") -> StandInPayments:
    """Writes what the overdue holders of 2005-06-30 paid in the next three months; the day of the month is made up."""
    payments = total = 0
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(("payment_ref", "account_ref", "amount", "currency", "paid_on", "received_by"))
    for holder in _holders(count, seed):
        if holder.statuses[_JUNE] < 1 or holder.bills[_JUNE] <= 0:
            continue
        for month in _PAYING_MONTHS:
            amount = holder.paid[month]
            if not amount:
                continue
            day = MONTH_ENDS[month].replace(day=1 + holder.number * 7 % 28)
            ref = f"UCI-P-{holder.number}-{day:%m}"
            writer.writerow((ref, f"UCI-{holder.number}", f"{amount}.00", "TWD", day.isoformat(), "bank"))
            payments += 1
            total += amount * 100
    path.write_text(text.getvalue(), encoding="ascii", newline="")
    return StandInPayments(payments, total)
