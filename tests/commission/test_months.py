"""Payments and what takes them back, told in whatever month: all statements together pay what the plan gives for what is left."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.commission.models import Statement
from portal.foundation.work import reading, transaction
from portal.placement.models import Placement
from portal.portfolio.models import Account
from tests.commission.factories import JULY, make_finance, released
from tests.commission.test_plans_paid import AUGUST, LADDER, OCTOBER, SEPTEMBER, assert_reruns_are_equal
from tests.identity.factories import observer
from tests.portfolio.bringing import bring_payments
from tests.recovery.factories import Held, held_account, make_book, payments_file, place
from tests.recovery.test_payments import paid, reversal

if TYPE_CHECKING:
    from collections.abc import Sequence

MONTHS = [JULY, AUGUST, SEPTEMBER, OCTOBER]
Row = dict[str, str]
pytestmark = [pytest.mark.settings(today=date(2005, 12, 1)), pytest.mark.usefixtures("app")]


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize("mode", ["whole", "marginal"])
def test_whatever_the_months_in_which_payments_come_all_statements_sum_to_the_plan_of_the_total(
    mode: str, data: st.DataObject
) -> None:
    """Over two batches of one contract, with payments that come months after their day and are taken back whole or in part."""
    held, finance = held_account(plan={"bands": LADDER["bands"] | {"mode": mode}}), make_finance()
    accounts = [held.account, another_batch(held)]
    left = [0, 0]
    posted: list[list[tuple[int, Row]]] = [[] for _ in MONTHS]
    payments = st.tuples(st.integers(0, 1), st.integers(1, 40_000_00) | st.integers(1, 99))
    for number, (whose, amount) in enumerate(data.draw(st.lists(payments, min_size=1, max_size=6))):
        reference, arrives = f"P-{held.account.id}-{number}", data.draw(st.integers(0, 3))
        day = MONTHS[data.draw(st.integers(0, arrives))].replace(day=data.draw(st.integers(1, 28)))
        posted[arrives].append((whose, paid(reference, written(amount), day.isoformat())))
        back = data.draw(st.sampled_from([0, amount]) | st.integers(0, amount))
        if back:
            taken = data.draw(st.integers(arrives, 3))
            last = MONTHS[taken].replace(day=28).isoformat()
            posted[taken].append((whose, reversal(f"R{reference}", reference, written(back), last)))
        left[whose] += amount - back
    for month, rows in zip(MONTHS, posted, strict=True):
        bring(accounts, rows)
        released(finance, month)

    assert sums_of(held) == (sum(left), sum(due_for(mode, recovered) for recovered in left))
    assert_reruns_are_equal()


def another_batch(held: Held) -> Account:
    """Another account, with the same agency under the same plan version, that came with a batch of its own."""
    (account,) = make_book(currency=held.account.currency)
    with transaction(observer()) as work:
        wanted = sa.select(Placement.contract_version_id).where(Placement.id == held.placement_id)
        version = work.session.scalars(wanted).one()
    place(account, held.agency, JULY, version_id=version)
    return account


def bring(accounts: Sequence[Account], rows: Sequence[tuple[int, Row]]) -> None:
    for whose, account in enumerate(accounts):
        mine = [row for owner, row in rows if owner == whose]
        if mine:
            assert bring_payments(payments_file(account, *mine))["status"] == "applied"


def written(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"


def sums_of(held: Held) -> tuple[int, int]:
    """Recovered and paid over all statements of an agency."""
    with reading(observer()) as session:
        sums = sa.select(sa.func.sum(Statement.recovered_minor), sa.func.sum(Statement.total_minor))
        row = session.execute(sums.where(Statement.organisation_id == held.agency.id)).one()
        return int(row[0]), int(row[1])


def due_for(mode: str, recovered: int) -> int:
    """What the ladder gives for an amount of 100,000.00 placed, worked out apart from the engine; minor units."""
    second, third = 1_500_000, 3_000_000
    if mode == "whole":
        due = recovered * Fraction(2 if recovered < second else 3 if recovered <= third else 5, 100)
    else:
        slices = min(recovered, second), min(recovered, third) - second, recovered - third
        due = sum(max(part, 0) * Fraction(rate, 100) for part, rate in zip(slices, (2, 3, 5), strict=True)) + Fraction(
            0
        )
    return (due + Fraction(1, 2)).__floor__()
