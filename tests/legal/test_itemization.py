"""What a US letter states of the debt's past: only what the bank's files say exactly (12 CFR 1006.34)."""

from __future__ import annotations

from datetime import date

import pytest

from portal.legal.itemization import CHARGE_OFF, LAST_PAYMENT, LAST_STATEMENT, Balance, Itemization, itemized

TODAY, APRIL, MAY = date(2005, 6, 30), date(2005, 4, 30), date(2005, 5, 31)
NOW = Balance(1000, 60, 20)


def of(
    known: dict[date, Balance], *, statement: date | None = None, off: date | None = None, paid: date | None = None
) -> Itemization | None:
    return itemized(NOW, TODAY, known, last_statement=statement, charged_off=off, last_payment=paid)


def test_interest_and_fees_since_the_charge_off_are_stated() -> None:
    assert of({APRIL: Balance(1000, 40, 20)}, off=APRIL) == Itemization(APRIL, CHARGE_OFF, 1060, 20, 0)


def test_the_latest_date_that_can_be_stated_is_taken() -> None:
    known = {APRIL: Balance(1000, 40, 20), MAY: Balance(1000, 50, 20)}
    assert of(known, statement=MAY, off=APRIL) == Itemization(MAY, LAST_STATEMENT, 1070, 10, 0)
    assert of({APRIL: known[APRIL]}, statement=MAY, off=APRIL) == Itemization(APRIL, CHARGE_OFF, 1060, 20, 0)


def test_a_date_on_the_day_of_the_balance_needs_no_other_file() -> None:
    assert of({}, off=TODAY) == Itemization(TODAY, CHARGE_OFF, 1080, 0, 0)


def test_nothing_is_stated_from_before_a_payment_since_interest_may_hide_in_it() -> None:
    known = {APRIL: Balance(1000, 40, 20), MAY: Balance(1000, 50, 20)}
    assert of({APRIL: known[APRIL]}, off=APRIL, paid=MAY) is None
    assert of(known, off=APRIL, paid=MAY) == Itemization(MAY, LAST_PAYMENT, 1070, 10, 0)


@pytest.mark.parametrize("then", [Balance(900, 40, 20), Balance(1000, 70, 20), Balance(1000, 40, 30)])
def test_nothing_is_stated_where_something_was_bought_or_credited_since(then: Balance) -> None:
    assert of({APRIL: then}, off=APRIL) is None


def test_nothing_is_stated_without_a_date_or_a_balance_of_it() -> None:
    assert of({}) is None
    assert of({}, off=APRIL) is None
    assert of({}, off=date(2005, 7, 1)) is None
