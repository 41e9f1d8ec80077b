"""Decisions made anew where placements or logs have changed: appended, never edited, and the same whatever came first."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.contact.models import Channel, ContactAttempt, Direction
from portal.foundation import hooks
from portal.foundation.language import from_data
from portal.foundation.work import reading, transaction
from portal.placement.ending import Ending, end_placements
from portal.placement.models import EndReason, Placement, PlacementBatch
from portal.recovery.again import decide_again, decide_touched, due, touch_accounts, touch_ended_since
from portal.recovery.attribution import CREDITED, Paid, Place, Window, decide
from portal.recovery.decisions import alone
from portal.recovery.models import AccountTouch, Attribution, Decision, DecisionRound
from portal.recovery.queries import count_exceptions, credited_in, standing
from tests.identity.factories import observer
from tests.portfolio.bringing import bring_payments
from tests.recovery.factories import held_account, make_agency, make_book, payments_file, place
from tests.recovery.test_day_credits import decided, summed
from tests.recovery.test_payments import decisions, paid, reversal

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

TODAY = date(2005, 10, 1)
pytestmark = [pytest.mark.settings(today=TODAY), pytest.mark.usefixtures("app")]


def again(*account_ids: int) -> int:
    with transaction(observer()) as work:
        alone(work)
        return decide_again(work, account_ids).changed


def move(placement_id: int, **values: object) -> None:
    with transaction(observer()) as work:
        work.session.execute(sa.update(Placement).where(Placement.id == placement_id).values(**values))


def test_a_back_dated_placement_is_credited_with_what_was_posted_before_it(db_session: Session) -> None:
    (account,) = make_book()
    bring_payments(payments_file(account, paid("P-1"), reversal("R-1", "P-1", "30.00")))
    placement = place(account, make_agency(), date(2005, 7, 1))

    assert again(account.id) == 2

    assert decisions(db_session) == [("P-1", "credited", 10_000), ("R-1", "credited", -3_000)]
    rows = db_session.scalars(sa.select(Attribution).order_by(Attribution.id)).all()
    assert [row.supersedes_id for row in rows] == [None, None, rows[0].id, rows[1].id]
    assert rows[3].reverses_id == rows[2].id
    assert {row.placement_id for row in rows[2:]} == {placement}
    assert summed(db_session) == decided(db_session)
    assert again(account.id) == 0


def test_a_corrected_end_takes_a_credit_away_as_a_difference(db_session: Session) -> None:
    held = held_account()
    bring_payments(payments_file(held.account, paid("P-1", day="2005-07-20"), reversal("R-1", "P-1", "1.00")))
    move(
        held.placement_id,
        ended_on=date(2005, 7, 15),
        ended_at=datetime(2005, 7, 16, tzinfo=UTC),
        end_reason=EndReason.RECALLED,
    )

    assert again(held.account.id) == 2

    assert decisions(db_session) == [("P-1", "after_placement", 0), ("R-1", "after_placement", 0)]
    assert summed(db_session) == decided(db_session)
    with reading(observer()) as session:
        assert credited_in(session, observer(), date(2005, 7, 1), date(2005, 7, 31)) == {"TWD": 0}


def test_what_changes_nothing_is_decided_once(db_session: Session) -> None:
    held = held_account()
    bring_payments(payments_file(held.account, paid("P-1")))
    move(
        held.placement_id,
        ended_on=date(2005, 9, 1),
        ended_at=datetime(2005, 9, 2, tzinfo=UTC),
        end_reason=EndReason.RECALLED,
    )
    assert again(held.account.id) == 0
    assert db_session.scalar(sa.select(sa.func.count()).select_from(Attribution)) == 1


def test_a_placement_that_ends_before_a_posted_payment_marks_its_account_and_the_round_decides(
    db_session: Session,
) -> None:
    held = held_account()
    bring_payments(payments_file(held.account, paid("P-1", day="2005-09-30"), paid("P-2", day="2005-08-01")))
    with transaction(observer()) as work:
        wanted = sa.select(Placement.id).where(Placement.id == held.placement_id)
        end_placements(work, wanted, Ending(EndReason.RECALLED, last_on=date(2005, 9, 15)))
    assert db_session.scalars(sa.select(AccountTouch.account_id)).all() == [held.account.id]
    db_session.rollback()

    done = decide_touched(observer())

    assert done.changed == 1
    assert decisions(db_session) == [("P-2", "credited", 10_000), ("P-1", "after_placement", 0)]
    assert not db_session.scalars(sa.select(AccountTouch)).all()
    assert db_session.scalars(sa.select(DecisionRound.changed)).all() == [1]
    assert decide_touched(observer()).changed == 0


def test_a_batch_sent_for_days_that_were_paid_already_marks_those_accounts_alone(db_session: Session) -> None:
    held, quiet = held_account(), held_account()
    bring_payments(payments_file(held.account, paid("P-1")))
    bring_payments(payments_file(quiet.account, paid("P-2", day="2005-06-30")))
    with transaction(observer()) as work:
        for batch in work.session.scalars(sa.select(PlacementBatch)).all():
            hooks.batch_sent(work, batch)
    assert db_session.scalars(sa.select(AccountTouch.account_id)).all() == [held.account.id]
    assert any("touch" in key for key in _due())


def _due() -> list[str]:
    with reading(observer()) as session:
        return [piece.key for piece in due(session, observer(), datetime(2005, 10, 1, tzinfo=UTC), TODAY)]


def test_the_day_asks_for_the_round(db_session: Session) -> None:
    held = held_account()
    with transaction(observer()) as work:
        touch_accounts(work, [(held.account.id, held.agency.id)])
    assert [key.partition("-")[0] for key in _due()] == ["touch"]  # nothing was decided yet that a log could change
    bring_payments(payments_file(held.account, paid("P-1")))
    assert [key.partition("-")[0] for key in _due()] == ["day", "touch"]


def test_a_batch_that_came_while_its_payments_were_posted_is_found_by_the_next_round(db_session: Session) -> None:
    (account,) = make_book()
    bring_payments(payments_file(account, paid("P-1")))
    place(account, make_agency(), date(2005, 7, 1))  # nothing has marked the account
    assert decide_touched(observer()).changed == 1
    assert decisions(db_session) == [("P-1", "credited", 10_000)]


def test_a_placement_that_ended_while_a_file_was_posted_marks_its_account(db_session: Session) -> None:
    held = held_account()
    bring_payments(payments_file(held.account, paid("P-1", day="2005-09-30")))
    move(
        held.placement_id,
        ended_on=date(2005, 9, 15),
        ended_at=datetime(2099, 1, 1, tzinfo=UTC),
        end_reason=EndReason.RECALLED,
    )
    with transaction(observer()) as work:
        touch_ended_since(work, 1)
    assert db_session.scalars(sa.select(AccountTouch.account_id)).all() == [held.account.id]


def test_a_contact_that_is_logged_late_credits_what_was_left_out(db_session: Session) -> None:
    (account,) = make_book()
    agency = make_agency()
    placement_id = place(account, agency, date(2005, 7, 1), recovery={"exclude_before_contact": True})
    bring_payments(payments_file(account, paid("P-1"), reversal("R-1", "P-1", "1.00")))
    assert decisions(db_session) == [("P-1", "excluded", 0), ("R-1", "excluded", 0)]
    first = db_session.scalars(sa.select(Attribution).order_by(Attribution.id)).first()
    assert first is not None
    assert (first.exclusion, first.placement_id) == ("before_first_contact", placement_id)
    assert "no contact with a person" in str(from_data(first.trace))
    db_session.rollback()
    log_contact(account.id, account.customer_id, placement_id, agency.id, date(2005, 7, 8))

    assert decide_touched(observer()).changed == 2

    assert decisions(db_session) == [("P-1", "credited", 10_000), ("R-1", "credited", -100)]
    assert summed(db_session) == decided(db_session)


def log_contact(account_id: int, customer_id: int, placement_id: int, organisation_id: int, day: date) -> None:
    at = datetime(day.year, day.month, day.day, 2, tzinfo=UTC)
    with transaction(observer()) as work:
        work.session.add(
            ContactAttempt(
                organisation_id=organisation_id, placement_id=placement_id, account_id=account_id, customer_id=customer_id,
                attempt_ref="L-1", at=at, local_date=day, channel=Channel.CALL, direction=Direction.OUTBOUND,
                initiated_by="collector", outcome="promise", debts_placed_for=[], debts_discussed=[], verdict="allow",
                decision={}, logged_at=at,
            )
        )  # fmt: skip


def test_what_a_contract_leaves_out_counts_as_no_recovery_and_is_no_exception(db_session: Session) -> None:
    (account,) = make_book()
    place(account, make_agency(), date(2005, 7, 1), free_days={"bank": 30, "agency": 0})
    bring_payments(payments_file(account, paid("P-1"), {**paid("P-2"), "received_by": "agency"}))
    assert decisions(db_session) == [("P-1", "excluded", 0), ("P-2", "credited", 10_000)]
    with reading(observer()) as session:
        assert credited_in(session, observer(), date(2005, 7, 1), date(2005, 7, 31)) == {"TWD": 10_000}
        assert count_exceptions(session, observer()) == 0


def test_reversals_end_the_same_whichever_came_first(db_session: Session) -> None:
    held = held_account()
    bring_payments(payments_file(held.account, paid("P-1")))
    bring_payments(payments_file(held.account, reversal("R-1", "P-1", "80.00", "2005-07-25")))
    bring_payments(payments_file(held.account, reversal("R-2", "P-1", "50.00", "2005-07-20")))

    found = {name: (decision, credit) for name, decision, credit in decisions(db_session)}
    assert found == {"P-1": ("credited", 10_000), "R-2": ("credited", -5_000), "R-1": ("cannot_reverse", 0)}
    assert summed(db_session) == decided(db_session)


# --- whatever comes in whatever order -----------------------------------------------------------------------------------

DAYS = st.integers(0, 40)
HOLDINGS = st.lists(st.tuples(st.integers(0, 15), st.integers(-1, 15), st.none() | st.integers(1, 8)), max_size=3)
PAYMENTS = st.lists(st.tuples(DAYS, st.integers(1, 5_000)), min_size=1, max_size=4)
REVERSALS = st.lists(st.tuples(st.integers(0, 3), DAYS, st.integers(1, 4_000)), max_size=5)
BEGIN = date(2005, 7, 1)


def test_the_order_of_arrival_changes_no_credit_and_nothing_is_lost(db_session: Session) -> None:
    round_ = 0

    @settings(max_examples=8, deadline=None)
    @given(HOLDINGS, PAYMENTS, REVERSALS, st.randoms(use_true_random=False))
    def check(
        holdings: list[tuple[int, int, int | None]], payments: list[tuple[int, int]], reversals: list[tuple[int, int, int]],
        random: object,
    ) -> None:  # fmt: skip
        nonlocal round_
        round_ += 1
        (account,) = make_book()
        rows = [
            paid(f"A{round_}-P{n}", f"{cents / 100:.2f}", (BEGIN + timedelta(days=day)).isoformat())
            for n, (day, cents) in enumerate(payments)
        ]
        rows += [
            reversal(f"A{round_}-R{n}", f"A{round_}-P{of}", f"{cents / 100:.2f}", (BEGIN + timedelta(days=day)).isoformat())
            for n, (of, day, cents) in enumerate(reversals)
        ]  # fmt: skip
        events: list[object] = [*rows, *windows_of(holdings)]
        random.shuffle(events)  # type: ignore[attr-defined]
        windows = []
        for event in events:
            if isinstance(event, dict):
                bring_payments(payments_file(account, {"reverses": "", **event}))
            else:
                start, end, tail = event  # type: ignore[misc]
                placement_id = place(account, make_agency(), start, end, tail={"days": tail} if tail else None)
                last = end + timedelta(days=tail) if tail else None
                windows.append(Window(placement_id, start, end, last))
                again(account.id)
        db_session.expire_all()
        stands = {
            row.payment_ref: row
            for row in db_session.scalars(standing(observer()).where(Attribution.account_id == account.id))
        }
        by_the_rule(stands, [Place(window) for window in windows])
        assert sum(row.amount_minor for row in stands.values() if row.amount_minor > 0) == sum(c for _, c in payments)
        assert summed(db_session) == decided(db_session)
        db_session.rollback()

    check()


def windows_of(holdings: list[tuple[int, int, int | None]]) -> list[tuple[date, date, int | None]]:
    """Placements that follow each other; one of -1 days was refused."""
    day, found = BEGIN, []
    for gap, length, tail in holdings:
        start = day + timedelta(days=gap)
        found.append((start, start + timedelta(days=length), tail))
        day = start + timedelta(days=max(length, 0) + 1)
    return found


def by_the_rule(stands: dict[str, Attribution], places: list[Place]) -> None:
    """Each payment as the pure rule has it; of its reversals, by day and reference, those that fit."""
    for name, row in stands.items():
        if row.amount_minor < 0:
            continue
        credit = decide(Paid(row.paid_on), places)
        assert row.decision == credit.decision
        assert row.placement_id == (
            credit.window.placement_id if credit.window and credit.decision == CREDITED else None
        )
        left = row.amount_minor
        of_it = [back for back in stands.values() if back.amount_minor < 0 and back.payment.reverses_ref == name]
        for back in sorted(of_it, key=lambda each: (each.paid_on, each.payment_ref)):
            if -back.amount_minor <= left:
                left += back.amount_minor
                assert (back.decision, back.reverses_id) == (row.decision, row.id)
                assert back.credit_minor == (back.amount_minor if row.decision is Decision.CREDITED else 0)
            else:
                assert back.decision is Decision.CANNOT_REVERSE
