"""Payments as they are posted: once, credited to whoever held the account, or put before somebody with the reason."""

from __future__ import annotations

import io
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from portal.foundation import hooks
from portal.foundation.language import from_data
from portal.foundation.work import reading, transaction
from portal.placement.models import Placement
from portal.portfolio.importing import ImportRefused, Options
from portal.portfolio.models import RejectedRow
from portal.recovery.models import Attribution, Decision, Payment
from portal.recovery.operations import try_payments
from portal.recovery.queries import count_exceptions, credits_of_account
from portal.vendors.models import PlacementKind
from tests.identity.factories import observer
from tests.portfolio.bringing import bring_payments, sender
from tests.recovery.factories import held_account, make_agency, make_book, payments_file, place

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

TODAY = date(2005, 10, 1)
pytestmark = [pytest.mark.settings(today=TODAY), pytest.mark.usefixtures("app")]
JULY_10 = {"paid_on": "2005-07-10"}


def decisions(session: Session) -> list[tuple[str, str, int]]:
    """Payment, decision and credit of all that stands, in order of decision."""
    superseded = sa.select(Attribution.supersedes_id).where(Attribution.supersedes_id.is_not(None))
    rows = session.scalars(sa.select(Attribution).where(Attribution.id.not_in(superseded)).order_by(Attribution.id))
    return [(row.payment_ref, row.decision.value, row.credit_minor) for row in rows]


def reversal(reference: str, of: str, amount: str = "100.00", day: str = "2005-07-20") -> dict[str, str]:
    return {"payment_ref": reference, "reverses": of, "amount": amount, "paid_on": day}


def paid(reference: str, amount: str = "100.00", day: str = "2005-07-10") -> dict[str, str]:
    return {"payment_ref": reference, "amount": amount, "paid_on": day}


def test_a_payment_is_credited_to_the_placement_that_held_the_account_on_its_day(db_session: Session) -> None:
    held = held_account()

    summary = bring_payments(payments_file(held.account, paid("P-1", "1,234.56")))

    assert (summary["status"], summary["created"], summary["total"]) == ("applied", 1, "1234.56")
    credit = db_session.scalars(sa.select(Attribution)).one()
    assert (credit.organisation_id, credit.placement_id) == (held.agency.id, held.placement_id)
    assert (credit.decision, credit.credit_minor, credit.amount_minor) == (Decision.CREDITED, 123_456, 123_456)
    why = str(from_data(credit.trace))
    assert held.agency.name in why
    assert "2005-07-01" in why
    assert "2005-07-10" in why
    assert credit.rule == "placement-window/3"


def test_a_tail_earns_after_the_end_and_the_trace_names_its_last_day(db_session: Session) -> None:
    (account,) = make_book()
    agency = make_agency()
    place(account, agency, date(2005, 6, 1), date(2005, 6, 30), tail={"days": 10})

    bring_payments(payments_file(account, paid("P-1", day="2005-07-10"), paid("P-2", day="2005-07-11")))

    assert decisions(db_session) == [("P-1", "credited", 10_000), ("P-2", "after_placement", 0)]
    credit = db_session.scalars(sa.select(Attribution).where(Attribution.payment_ref == "P-1")).one()
    assert credit.organisation_id == agency.id
    assert "tail 10 days, to 2005-07-10" in str(from_data(credit.trace))


def test_a_tail_of_months_ends_on_the_same_day_clipped_to_the_months_length(db_session: Session) -> None:
    (account,) = make_book()
    place(account, make_agency(), date(2005, 1, 1), date(2005, 1, 31), tail={"months": 1})

    bring_payments(payments_file(account, paid("P-1", day="2005-02-28"), paid("P-2", day="2005-03-01")))

    assert decisions(db_session) == [("P-1", "credited", 10_000), ("P-2", "after_placement", 0)]


def test_what_was_placed_in_error_earns_no_tail(db_session: Session) -> None:
    (account,) = make_book()
    placement = place(account, make_agency(), date(2005, 6, 1), date(2005, 6, 30), tail={"days": 10})
    with transaction(observer()) as work:
        work.session.execute(sa.update(Placement).where(Placement.id == placement).values(reverse=True))

    bring_payments(payments_file(account, paid("P-1", day="2005-06-30"), paid("P-2", day="2005-07-01")))

    assert decisions(db_session) == [("P-1", "credited", 10_000), ("P-2", "after_placement", 0)]


def test_what_nobody_is_credited_with_stands_in_the_exceptions_with_the_reason(db_session: Session) -> None:
    held = held_account(placed_on=date(2005, 7, 5), ended_on=date(2005, 7, 20))
    (stranger,) = make_book()

    bring_payments(
        payments_file(held.account, paid("P-1", day="2005-07-04"), paid("P-2", day="2005-07-21"))
        + payments_file(stranger, paid("P-3")).partition(b"\n")[2]
    )

    assert decisions(db_session) == [
        ("P-1", "before_placement", 0), ("P-2", "after_placement", 0), ("P-3", "not_placed", 0)
    ]  # fmt: skip
    with reading(observer()) as session:
        assert count_exceptions(session, observer()) == 3
        told = [str(from_data(c.trace)) for c in credits_of_account(session, observer(), held.account.id)]
    assert "2005-07-20" in told[0]
    assert "2005-07-05" in told[1]


def test_on_the_day_of_a_hand_over_the_earlier_agency_is_credited_once(db_session: Session) -> None:
    held = held_account(ended_on=date(2005, 7, 31))
    heir = place(held.account, make_agency(), date(2005, 8, 1))

    bring_payments(payments_file(held.account, paid("P-1", day="2005-07-31"), paid("P-2", day="2005-08-01")))

    rows = db_session.scalars(sa.select(Attribution).order_by(Attribution.id)).all()
    assert [row.placement_id for row in rows] == [held.placement_id, heir]


def test_a_letter_placement_takes_no_credit(db_session: Session) -> None:
    (account,) = make_book()
    place(account, make_agency(), date(2005, 7, 1), kind=PlacementKind.LETTER)

    bring_payments(payments_file(account, paid("P-1")))

    assert decisions(db_session) == [("P-1", "not_placed", 0)]


def test_a_batch_that_was_refused_is_credited_with_nothing(db_session: Session) -> None:
    (account,) = make_book()
    place(account, make_agency(), date(2005, 7, 1), date(2005, 6, 30))

    bring_payments(payments_file(account, paid("P-1")))

    assert decisions(db_session) == [("P-1", "not_placed", 0)]


def test_the_same_payments_in_another_file_change_nothing(db_session: Session) -> None:
    held = held_account()
    bring_payments(payments_file(held.account, paid("P-1"), paid("P-2")))

    again = bring_payments(payments_file(held.account, paid("P-2"), paid("P-1"), paid("P-1"), paid("P-3")))

    assert (again["created"], again["unchanged"], again["total"]) == (1, 3, "100.00")
    assert db_session.scalar(sa.select(sa.func.count()).select_from(Payment)) == 3


def test_the_same_reference_with_other_content_is_a_conflict(db_session: Session) -> None:
    held = held_account()
    bring_payments(payments_file(held.account, paid("P-1")))

    summary = bring_payments(payments_file(held.account, paid("P-1", "101.00"), paid("P-2")))

    assert (summary["rejected"], summary["errors"]) == (1, {"conflict": 1})
    assert db_session.scalars(sa.select(Payment.amount_minor).order_by(Payment.id)).all() == [10_000, 10_000]
    assert db_session.scalar(sa.select(sa.func.count()).select_from(RejectedRow)) == 1


def test_an_unknown_account_another_currency_and_a_day_to_come_are_rejected(db_session: Session) -> None:
    held = held_account()
    content = payments_file(
        held.account, {**JULY_10, "account_ref": "NOBODY"}, {**JULY_10, "currency": "CNY"}, {"paid_on": "2005-10-02"}
    )

    with pytest.raises(ImportRefused) as refused:
        bring_payments(content)

    assert refused.value.summary["errors"] == {"currency": 1, "future_date": 1, "unknown_account": 1}
    assert not db_session.scalar(sa.select(sa.func.count()).select_from(Payment))


def test_a_payment_and_its_reversal_net_to_zero_for_the_same_placement(db_session: Session) -> None:
    held = held_account(ended_on=date(2005, 7, 15))

    summary = bring_payments(payments_file(held.account, paid("P-1"), reversal("R-1", "P-1")))

    assert summary["total"] == "0.00"
    assert decisions(db_session) == [("P-1", "credited", 10_000), ("R-1", "credited", -10_000)]
    rows = db_session.scalars(sa.select(Attribution).order_by(Attribution.id)).all()
    assert rows[1].reverses_id == rows[0].id
    assert rows[1].placement_id == rows[0].placement_id


def test_a_reversal_that_comes_before_its_payment_waits_and_then_follows_it(db_session: Session) -> None:
    held = held_account()
    bring_payments(payments_file(held.account, reversal("R-1", "P-1")))
    assert decisions(db_session) == [("R-1", "original_unknown", 0)]

    bring_payments(payments_file(held.account, paid("P-1")))

    assert decisions(db_session) == [("P-1", "credited", 10_000), ("R-1", "credited", -10_000)]
    assert db_session.scalar(sa.select(sa.func.count()).select_from(Attribution)) == 3  # the first decision is kept
    bring_payments(payments_file(held.account, paid("P-2")))
    assert len(decisions(db_session)) == 3


def test_parts_of_a_payment_are_taken_back_until_nothing_is_left(db_session: Session) -> None:
    held = held_account()
    bring_payments(payments_file(held.account, paid("P-1"), reversal("R-1", "P-1", "60.00")))

    bring_payments(
        payments_file(
            held.account,
            reversal("R-2", "P-1", "40.01"),
            reversal("R-3", "P-1", "40.00"),
            reversal("R-4", "P-1", "0.01"),
        )
    )

    assert [(name, decision) for name, decision, _ in decisions(db_session)] == [
        ("P-1", "credited"), ("R-1", "credited"), ("R-2", "cannot_reverse"), ("R-3", "credited"),
        ("R-4", "cannot_reverse"),
    ]  # fmt: skip
    assert sum(credit for *_, credit in decisions(db_session)) == 0


def test_a_reversal_of_a_reversal_or_of_anothers_payment_takes_nothing(db_session: Session) -> None:
    held, other = held_account(), held_account()
    bring_payments(payments_file(held.account, paid("P-1"), reversal("R-1", "P-1", "10.00")))

    bring_payments(payments_file(held.account, reversal("R-2", "R-1", "10.00")))
    bring_payments(payments_file(other.account, reversal("R-3", "P-1", "10.00")))

    assert decisions(db_session)[2:] == [("R-2", "cannot_reverse", 0), ("R-3", "cannot_reverse", 0)]


def test_the_reversal_of_what_nobody_was_credited_with_is_credited_to_nobody(db_session: Session) -> None:
    (account,) = make_book()

    bring_payments(payments_file(account, paid("P-1"), reversal("R-1", "P-1")))

    assert decisions(db_session) == [("P-1", "not_placed", 0), ("R-1", "not_placed", 0)]


def test_a_trial_posts_nothing(db_session: Session) -> None:
    held = held_account()
    content = payments_file(held.account, paid("P-1"), reversal("R-1", "P-1", "30.00"))

    summary = try_payments(sender(), io.BytesIO(content), "p.csv", Options())

    assert (summary["status"], summary["created"], summary["total"]) == ("dry_run", 2, "70.00")
    assert not db_session.scalar(sa.select(sa.func.count()).select_from(Payment))


def test_the_control_total_counts_reversals_as_taken_back(db_session: Session) -> None:
    held = held_account()
    content = payments_file(held.account, paid("P-1"), reversal("R-1", "P-1", "30.00"))

    with pytest.raises(ImportRefused):
        bring_payments(content, control_total="130.00")
    assert not decisions(db_session)

    assert bring_payments(content, control_total="70.00")["status"] == "applied"


def test_an_agency_sees_its_own_credits_and_no_posting(db_session: Session) -> None:
    held, other = held_account(), held_account()
    bring_payments(payments_file(held.account, paid("P-1")))
    bring_payments(payments_file(other.account, paid("P-2")))

    with reading(held.actor) as session:
        assert [c.payment_ref for c in session.scalars(sa.select(Attribution))] == ["P-1"]
        assert not session.scalars(sa.select(Payment)).all()
        assert not credits_of_account(session, held.actor, other.account.id)


def test_who_waits_for_money_is_told_of_standing_credits_only() -> None:
    held = held_account()
    (stranger,) = make_book()
    bring_payments(payments_file(held.account, paid("P-1"), reversal("R-1", "P-1", "30.00")))
    bring_payments(payments_file(stranger, paid("P-2")))

    statement: Any = hooks.credit_lines.one(observer())
    with reading(observer()) as session:
        lines = session.execute(statement.order_by("payment_ref")).all()

    assert [(line.payment_ref, line.credit_minor) for line in lines] == [("P-1", 10_000), ("R-1", -3_000)]
