"""The bank's overdue accounts in the demo, and the files that tell of them month by month. Pure.

Everybody is made up (`portfolio.madeup`). Amounts are in fen.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from portal.portfolio.madeup import MadeUpPerson, invent

__all__ = ["Debt", "accounts_file", "make_book"]

SEED_OF_PEOPLE: Final = "demo"
# Days past due when an account first comes to the bank's file: M1 … M7+, and how many of a hundred.
_BUCKETS: Final = ((1, 30), (31, 60), (61, 90), (91, 120), (121, 150), (151, 180), (181, 900))
_OF_A_HUNDRED: Final = (30, 22, 16, 10, 8, 6, 8)
# Principal in fen, from and to, and how many of a thousand.
_SIZES: Final = ((30_000, 500_000), (500_000, 2_500_000), (2_500_000, 9_000_000), (9_000_000, 60_000_000))
_OF_A_THOUSAND: Final = (330, 450, 205, 15)
_HUGE: Final = (888_888_888, 500_000_000, 1_234_567_890)
_PRODUCTS: Final = ("标准信用卡", "金卡", "白金卡", "汽车分期卡", "装修分期")
_FLAGS: Final = ("dispute", "complaint", "hardship", "plan", "represented", "deceased", "bankrupt", "do_not_contact")
_JOINS: Final = (0, 0, 0, 0, 0, 0, 1, 1, 2, 2)  # the month in which an account first stands in the file
_RELATIONS: Final = ("配偶", "父母", "同事", "朋友")
_LONG_ADDRESS: Final = (
    "(东门岗亭旁,收件请先致电,门牌与身份证地址不一致,以此为准;若无人,请交由物业服务中心代收并登记)" * 2
)
_LONG_NAME: Final = "买合木提江·阿不都热依木·吐尔洪·艾力·沙吾提·麦麦提明·肉孜巴柯·托合提"
_HEADER: Final = (
    "account_ref customer_ref name id_no phone_1 phone_2 phone_2_relation email address postcode region product card_last4 "
    "currency principal interest fees total days_past_due opened_on balance_as_of flags"
).split()


@dataclass(frozen=True, slots=True)
class Debt:
    """An account as it stands in the first file that has it; `joins` counts months from the history's first."""

    number: int
    customer: int
    joins: int
    principal: int
    days_past_due: int
    product: str
    flags: str

    @property
    def account_ref(self) -> str:
        return f"HY{self.number:07d}"

    @property
    def customer_ref(self) -> str:
        return f"C{self.customer:07d}"

    @property
    def person(self) -> MadeUpPerson:
        """Who owes it."""
        return invent(SEED_OF_PEOPLE, self.customer_ref)

    def parts(self, months: int, paid: int) -> tuple[int, int, int]:
        """Principal, interest and fees after some months and payments: interest 1.5 % a month, fees are paid first."""
        interest = self.principal * 15 * (self.days_past_due // 30 + months) // 1000
        fees = 2_000 * (1 + months)
        left = paid
        after = []
        for part in (fees, interest, self.principal):
            after.append(max(part - left, 0))
            left = max(left - part, 0)
        return after[2], after[1], after[0]


def make_book(count: int, dice: Random) -> list[Debt]:
    """So many accounts; about one in twelve belongs to somebody who has one already."""
    book: list[Debt] = []
    for number in range(1, count + 1):
        customer = book[dice.randrange(len(book))].customer if book and dice.random() < 0.08 else number
        low, high = dice.choices(_SIZES, _OF_A_THOUSAND)[0]
        principal = _HUGE[number // 700 % 3] if number % 700 == 350 else dice.randrange(low, high)
        book.append(
            Debt(
                number, customer, dice.choice(_JOINS), principal,
                dice.randint(*dice.choices(_BUCKETS, _OF_A_HUNDRED)[0]), dice.choice(_PRODUCTS),
                dice.choice(_FLAGS) if dice.random() < 0.015 else "",
            )
        )  # fmt: skip
    return book


def accounts_file(book: Sequence[Debt], month: int, as_of: date, paid: Mapping[str, int]) -> bytes:
    """The month's file in the standard layout, with a few rows that cannot be taken. `paid`: fen by account."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_HEADER)
    writer.writerows(_row(debt, month, as_of, paid.get(debt.account_ref, 0)) for debt in book if debt.joins <= month)
    writer.writerows(_bad_rows(book, month, as_of))
    return text.getvalue().encode()


def _row(debt: Debt, month: int, as_of: date, paid: int) -> list[str]:
    person, months = debt.person, month - debt.joins
    parts = debt.parts(months, paid)
    days = debt.days_past_due + 30 * months if sum(parts) else 0
    second = f"154{debt.number * 7919 % 10**8:08d}" if debt.number % 3 == 0 else ""
    # the holder of many accounts gives the same name with each
    name = _LONG_NAME if debt.customer % 500 == 77 else person.name
    address = person.address + (_LONG_ADDRESS if debt.customer % 250 == 33 else "")
    return [
        debt.account_ref, debt.customer_ref, name, person.id_no, person.phone, second,
        _RELATIONS[debt.number % 4] if second else "", person.email, address, person.postcode, person.region,
        debt.product, f"{debt.number * 37 % 10_000:04d}", "CNY", *map(_yuan, parts), _yuan(sum(parts)), str(days),
        (as_of - timedelta(days=800 + debt.number % 2000)).isoformat(), as_of.isoformat(), debt.flags,
    ]  # fmt: skip


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def _bad_rows(book: Sequence[Debt], month: int, as_of: date) -> Iterator[list[str]]:
    """What the bank's own system sends wrong now and then: a mistyped identity number, a sum that is none."""
    for n in range(min(4, len(book) // 50)):
        debt = book[n * 11 + month]
        row = _row(debt, debt.joins, as_of, 0)
        row[0] = f"HYX{month}{n:05d}"
        if n % 2:
            row[3] = row[3][:-1] + ("0" if row[3][-1] != "0" else "1")
        else:
            row[17] = "1.00"
        yield row
