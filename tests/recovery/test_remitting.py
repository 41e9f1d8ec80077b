"""What an agency holds, owes and kept; gross and net leave the bank the same cash."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from portal.recovery.remitting import GROSS, NET, Balance, Receipt, balance, dues, oldest_first, settle

DAY = date(2005, 7, 1)


def receipt(key: int, amount: int, days: int = 0, commission: int = 0, way: str = GROSS) -> Receipt:
    return Receipt(key, DAY + timedelta(days=days), amount, commission, way, days=3)


def test_gross_owes_all_and_net_all_but_its_commission() -> None:
    assert balance([receipt(1, 10_000, commission=2_000)], 0) == Balance(10_000, 0, 0)
    net = balance([receipt(1, 10_000, commission=2_000, way=NET)], 3_000)
    assert (net.kept, net.holds) == (2_000, 5_000)


def test_what_is_remitted_pays_the_oldest_first() -> None:
    left = dues([receipt(2, 500, 2), receipt(1, 1_000)], {}, unassigned=1_200)
    assert [(due.receipt.id, due.left, due.by) for due in left] == [(2, 300, DAY + timedelta(days=5))]


def test_what_was_said_to_be_covered_is_not_asked_for_again() -> None:
    assert [(d.receipt.id, d.left) for d in dues([receipt(1, 1_000), receipt(2, 500, 2)], {2: 500})] == [(1, 1_000)]


def test_a_reversal_takes_off_what_is_owed() -> None:
    receipts = [receipt(1, 1_000, commission=200, way=NET), receipt(2, -1_000, 1, commission=-200, way=NET)]
    assert balance(receipts, 0).holds == 0
    assert not dues(receipts, {})


def test_what_is_over_stays_over() -> None:
    assert oldest_first([(1, 300), (2, 200)], 600) == ([(1, 300), (2, 200)], 100)
    assert balance([receipt(1, 500)], 600).holds == -100


PAYMENTS = st.lists(
    st.tuples(st.sampled_from(["bank", "agency"]), st.integers(-50_000, 50_000), st.integers(-20_000, 20_000))
)


@given(PAYMENTS)
def test_gross_and_net_leave_the_bank_the_same_cash(payments: list[tuple[str, int, int]]) -> None:
    gross, net = settle(payments, GROSS), settle(payments, NET)
    assert gross.bank_net == net.bank_net == sum(p[1] for p in payments) - sum(p[2] for p in payments)
    assert gross.remitted - gross.invoice == net.remitted - net.invoice


@given(
    st.lists(st.tuples(st.integers(-900, 900), st.integers(0, 9), st.booleans()), max_size=12), st.integers(0, 4_000)
)
def test_what_is_left_by_receipt_is_what_the_agency_holds(rows: list[tuple[int, int, bool]], remitted: int) -> None:
    receipts = [
        receipt(n, amount, days, amount // 5, NET if net else GROSS) for n, (amount, days, net) in enumerate(rows)
    ]
    held = balance(receipts, remitted).holds
    assert sum(due.left for due in dues(receipts, {}, remitted)) == max(held, 0)
