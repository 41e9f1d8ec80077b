"""What was placed in error stands in no figure: not in what came in, not in a batch's curve, not as a round."""

from __future__ import annotations

from datetime import date

import pytest

from portal.foundation.work import reading
from portal.oversight.months import Stretch
from portal.oversight.queries import promises_in, recovery_curves
from portal.placement.codes import RecallReason
from portal.placement.recalls import Wish, ask_recall, carry_out
from portal.recovery.queries import credited_in
from tests.identity.factories import make_agency, observer
from tests.placement.factories import make_desk, placed, placements, recalled
from tests.portfolio.bringing import bring_payments
from tests.portfolio.factories import make_accounts
from tests.recovery.factories import payments_file
from tests.recovery.test_payments import paid
from tests.vendors.factories import make_contract

pytestmark = [pytest.mark.settings(today=date(2005, 7, 1)), pytest.mark.usefixtures("app")]
JULY = Stretch(date(2005, 7, 1), date(2005, 7, 31))


def test_what_was_placed_in_error_counts_in_no_figure() -> None:
    desk, receiver = make_desk(), make_agency("HT")
    make_contract(receiver)
    right, wrong = make_accounts(2, total_minor=1_000_000)
    batch_id = placed(desk, receiver)
    for account, reference in ((right, "P-1"), (wrong, "P-2")):
        bring_payments(payments_file(account, paid(reference, "1000.00", day="2005-07-01")))

    def figures() -> tuple[dict[str, int], int, int]:
        with reading(observer()) as session:
            (curve,) = recovery_curves(session, observer(), date(2005, 7, 1))
            brought = sum(amount for _, amount in curve.credits)
            return credited_in(session, observer(), JULY.first, JULY.last), curve.placed_minor, brought

    assert figures() == ({"TWD": 200_000}, 2_000_000, 200_000)
    (recall_id,) = ask_recall(desk.maker, Wish(RecallReason.ERROR, reverse=True), account_ids=[wrong.id])
    carry_out(desk.checker, recall_id)

    assert figures() == ({"TWD": 100_000}, 1_000_000, 100_000)
    with reading(observer()) as session:
        assert promises_in(session, observer(), JULY) == (0, 0)
    assert {p.reverse for p in placements(batch_id)} == {False, True}


def test_what_was_placed_in_error_is_no_round() -> None:
    desk, first, second = make_desk(), make_agency("HT"), make_agency("ZX")
    for receiver in (first, second):
        make_contract(receiver)
    make_accounts(1)
    recalled(desk, placed(desk, first), RecallReason.ERROR, reverse=True)

    assert {p.round for p in placements(placed(desk, second))} == {1}
