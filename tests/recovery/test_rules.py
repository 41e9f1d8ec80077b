"""The bank's rules for payments: more than is owed, and what its own file takes back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from portal.foundation.access import Role
from portal.foundation.errors import DomainError, Refused
from portal.foundation.work import reading, transaction
from portal.recovery.again import decide_again
from portal.recovery.clearing import approve, propose_placement
from portal.recovery.rule_models import AboveBalance, Pairs
from portal.recovery.rules import USUAL, PaymentRules, rules_now, set_rules
from tests.identity.factories import actor_of, make_user, observer
from tests.portfolio.bringing import bring_payments, last_run
from tests.recovery.factories import held_account, make_agency, payments_file, place
from tests.recovery.test_clearing import accounts_of_one_customer, exception_of, trace_of, waiting
from tests.recovery.test_day_credits import decided, summed
from tests.recovery.test_payments import decisions, paid, reversal

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

pytestmark = [pytest.mark.settings(today=date(2005, 10, 1)), pytest.mark.usefixtures("app")]


def finance() -> Actor:
    return actor_of(make_user(Role.FINANCE))


def setting(**rules: Any) -> None:
    set_rules(finance(), PaymentRules(**rules))


def test_without_a_setting_the_usual_rules_hold_and_the_latest_setting_afterwards() -> None:
    with reading(observer()) as session:
        assert rules_now(session, observer()) == USUAL
    setting(match_days=5, match_amount=Decimal("0.5"))
    setting(match_days=6)
    with reading(observer()) as session:
        assert rules_now(session, observer()).match_days == 6
    assert not set_rules(finance(), PaymentRules(match_days=6))


@pytest.mark.parametrize(
    ("rules", "field"),
    [({"match_days": -1}, "match_days"), ({"chase_days": 999}, "chase_days"), ({"match_amount": Decimal("-1")}, "match_amount"),
     ({"match_amount": Decimal("NaN")}, "match_amount"), ({"match_amount": Decimal("0.0001")}, "match_amount")],
)  # fmt: skip
def test_a_rule_that_cannot_be_meant_is_refused_by_its_field(rules: dict[str, Any], field: str) -> None:
    with pytest.raises(DomainError) as error:
        setting(**rules)
    assert error.value.field == field


def test_only_finance_and_the_administrator_set_them() -> None:
    assert set_rules(actor_of(make_user(Role.ADMINISTRATOR)), PaymentRules(match_days=1))
    with pytest.raises(Refused):
        set_rules(actor_of(make_user(Role.VENDOR_MANAGER)), PaymentRules(match_days=2))


def test_the_tolerance_is_counted_in_units_of_each_currency() -> None:
    limits = PaymentRules(match_amount=Decimal("1.5")).limits
    assert (limits.amount("TWD"), limits.amount("JPY"), limits.amount("KWD")) == (150, 1, 1_500)


def test_more_than_is_owed_is_taken_with_a_warning_or_rejected() -> None:
    held = held_account()
    above = payments_file(held.account, paid("P-1", "100000.01"), paid("P-2", "5.00"))
    assert bring_payments(above)["warnings"] == {"above_balance": 1}
    setting(above_balance=AboveBalance.REJECT)
    summary = bring_payments(
        payments_file(held.account, paid("P-3", "100000.01"), paid("P-4"), paid("P-1", "100000.01"))
    )
    assert (summary["errors"], summary["created"], summary["unchanged"]) == ({"above_balance": 1}, 1, 1)


def test_a_pair_of_one_file_is_posted_unless_the_rules_leave_it_out() -> None:
    held = held_account()
    assert bring_payments(payments_file(held.account, paid("P-1"), reversal("R-1", "P-1", "100.00")))["created"] == 2
    setting(pairs=Pairs.LEAVE_OUT)
    rows = (reversal("R-2", "P-2", "100.00"), paid("P-2", "100.00"), paid("P-3", "30.00"))
    summary = bring_payments(payments_file(held.account, *rows))
    assert (summary["created"], summary["skipped"], summary["skips"]) == (1, 2, {"reversed_in_file": 2})
    assert (summary["rows"], summary["total"]) == (3, "30.00")
    told = last_run().options["warnings"]
    assert sorted(row["line"] for row in told) == [2, 3]
    assert {row["errors"][0]["value"] for row in told} == {"P-2", "R-2"}


@pytest.mark.parametrize(
    "rows",
    [
        (paid("P-1", "100.00"), reversal("R-1", "P-1", "40.00")),  # a part of it
        (paid("P-1", "100.00"), reversal("R-1", "P-1", "60.00"), reversal("R-2", "P-1", "40.00")),
        (paid("P-1", "100.00"), reversal("R-1", "P-1", "100.00"), reversal("R-2", "R-1", "100.00")),
        (paid("P-1", "100.00"), reversal("R-1", "P-0", "100.00")),
    ],
)
def test_what_is_no_whole_pair_is_posted_all_the_same(rows: tuple[dict[str, str], ...]) -> None:
    setting(pairs=Pairs.LEAVE_OUT)
    assert bring_payments(payments_file(held_account().account, *rows))["created"] == len(rows)


def test_a_payment_whose_reversal_is_rejected_is_posted() -> None:
    setting(pairs=Pairs.LEAVE_OUT)
    rows = (paid("P-1", "100.00"), reversal("R-1", "P-1", "100.00", "2005-12-01"))
    summary = bring_payments(payments_file(held_account().account, *rows))
    assert (summary["created"], summary["skipped"], summary["errors"]) == (1, 0, {"future_date": 1})


def test_the_reversal_of_what_was_posted_before_is_posted() -> None:
    setting(pairs=Pairs.LEAVE_OUT)
    held = held_account()
    bring_payments(payments_file(held.account, paid("P-1", "100.00")))
    summary = bring_payments(payments_file(held.account, paid("P-1", "100.00"), reversal("R-1", "P-1", "100.00")))
    assert (summary["created"], summary["unchanged"], summary["skipped"]) == (1, 1, 0)


@pytest.mark.parametrize(
    ("currency", "amount", "code"),
    [("XYZ", "100.00", "unknown_value"), ("JPY", "100", "currency"), ("JPY", "100.50", "unreadable"), ("円", "100", "unknown_value")],
)  # fmt: skip
def test_currencies_that_cannot_be_are_refused_clearly(currency: str, amount: str, code: str) -> None:
    rows = ({**paid("P-1", amount), "currency": currency}, {**paid("P-2"), "currency": ""})
    summary = bring_payments(payments_file(held_account().account, *rows))
    assert code in summary["errors"] and summary["created"] == 1


def test_a_currency_without_a_minor_unit_is_posted_in_whole_numbers() -> None:
    held = held_account(currency="JPY")
    rows = ({**paid("P-1", "100"), "currency": "JPY"}, {**paid("P-2", "100.50"), "currency": "JPY"})
    summary = bring_payments(payments_file(held.account, *rows))
    assert (summary["created"], summary["total"], summary["errors"]) == (1, "100", {"unreadable": 1})


@pytest.mark.parametrize("pairs", list(Pairs))
def test_a_dry_run_and_control_figures_see_all_rows(pairs: Pairs) -> None:
    setting(pairs=pairs)
    held = held_account()
    content = payments_file(held.account, paid("P-1", "100.00"), reversal("R-1", "P-1", "100.00"), paid("P-2", "3.00"))
    assert bring_payments(content, control_count=3, control_total="3.00")["rows"] == 3


# --- more than is owed, put before two persons -------------------------------------------------------------------------


def test_what_is_more_than_owed_is_posted_credited_to_nobody_and_cleared_by_two_persons(db_session: Session) -> None:
    held, checker = held_account(), finance()
    setting(above_balance=AboveBalance.QUEUE)

    summary = bring_payments(payments_file(held.account, paid("P-1", "100000.01"), paid("P-2", "100000.00")))

    assert (summary["created"], summary["total"], summary["warnings"]) == (2, "200000.01", {"above_balance": 1})
    assert decisions(db_session) == [("P-1", "above_balance", 0), ("P-2", "credited", 10_000_000)]
    assert "TWD 100000.01 is more than the account owes (TWD 100000.00)" in trace_of("P-1")
    with transaction(observer()) as work:
        assert decide_again(work, [held.account.id]).changed == 0  # no placement makes or unmakes it
    number = propose_placement(finance(), exception_of("P-1"), held.placement_id, "Interest since the last balance.")
    approve(checker, number)
    assert decisions(db_session)[1:] == [("P-1", "credited", 10_000_001)]
    assert summed(db_session) == decided(db_session)


def test_what_takes_back_a_payment_that_waits_waits_with_it_and_follows_its_decision(db_session: Session) -> None:
    held = held_account()
    setting(above_balance=AboveBalance.QUEUE)
    bring_payments(payments_file(held.account, paid("P-1", "100000.01"), reversal("R-1", "P-1", "0.01")))
    assert decisions(db_session) == [("P-1", "above_balance", 0), ("R-1", "above_balance", 0)]
    assert waiting() == 1

    approve(finance(), propose_placement(finance(), exception_of("P-1"), held.placement_id, "Theirs."))

    assert decisions(db_session) == [("P-1", "credited", 10_000_001), ("R-1", "credited", -1)]


def test_what_is_on_file_already_is_unchanged_and_shares_are_asked_for_where_others_are_placed(
    db_session: Session,
) -> None:
    first, second = accounts_of_one_customer()
    place(first, make_agency(), date(2005, 7, 1))
    place(second, make_agency(), date(2005, 7, 1))
    bring_payments(payments_file(first, paid("P-1", "100.00")))
    setting(above_balance=AboveBalance.QUEUE)
    again = bring_payments(payments_file(first, paid("P-1", "100.00"), paid("P-2", "150.00")))
    assert (again["created"], again["unchanged"]) == (1, 1)
    assert decisions(db_session) == [("P-1", "credited", 10_000), ("P-2", "split_needed", 0)]


def test_a_pair_that_is_left_out_leaves_the_rest_of_its_file_to_the_same_rule(db_session: Session) -> None:
    held = held_account()
    setting(above_balance=AboveBalance.QUEUE, pairs=Pairs.LEAVE_OUT)
    bring_payments(
        payments_file(held.account, paid("P-1", "5.00"), reversal("R-1", "P-1", "5.00"), paid("P-2", "100000.01"))
    )
    assert decisions(db_session) == [("P-2", "above_balance", 0)]
