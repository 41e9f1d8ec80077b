"""The itemization of a debt on a US letter: 12 CFR 1006.34(b)(3), (c)(2)(vi)-(viii). Pure: no database, no Flask.

The amount is stated as of one of the dates that the regulation knows (last statement, charge-off, last payment), and what
interest, fees, payments and credits came since. It is stated only where the bank's files say it exactly: there must be a balance
of that very day, and nothing paid or bought since, which would hide interest in a sum. Otherwise the letter stands aside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

__all__ = ["Balance", "Itemization", "itemized"]

LAST_STATEMENT = "date of the last statement"
CHARGE_OFF = "charge-off date"
LAST_PAYMENT = "date of the last payment"


class Balance(NamedTuple):
    """What was owed on a day, in minor units."""

    principal: int
    interest: int
    fees: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.principal + self.interest + self.fees


class Itemization(NamedTuple):
    """The date and what it is, what was owed then, and what came since; all in minor units."""

    on: date
    event: str
    then: int
    interest: int
    fees: int
    credits: int = 0


def itemized(
    now: Balance,
    as_of: date,
    known: Mapping[date, Balance],
    *,
    last_statement: date | None,
    charged_off: date | None,
    last_payment: date | None,
) -> Itemization | None:
    """What a letter states of a balance `now` of a day; the latest reference date that can be stated, None where none can.

    `known`: balances of other days.
    """
    dates = [(last_statement, LAST_STATEMENT), (charged_off, CHARGE_OFF), (last_payment, LAST_PAYMENT)]
    for on, event in sorted(((day, words) for day, words in dates if day is not None and day <= as_of), reverse=True):
        then = now if on == as_of else known.get(on)
        if then is None or (on < as_of and last_payment is not None and on < last_payment):
            continue
        if then.principal == now.principal and then.interest <= now.interest and then.fees <= now.fees:
            return Itemization(on, event, then.total, now.interest - then.interest, now.fees - then.fees)
    return None
