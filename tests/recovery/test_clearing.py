"""What no rule decides is proposed by one person and checked by another; every cent has its place, and reversals follow."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from portal.foundation.access import Role
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.language import from_data
from portal.foundation.work import reading, transaction
from portal.placement.models import EndReason, Placement
from portal.portfolio.models import Account
from portal.recovery.again import decide_again
from portal.recovery.clearing import approve, propose_nobody, propose_placement, propose_split, send_back
from portal.recovery.clearing_models import ClearingDecision
from portal.recovery.models import Attribution, Decision, SecondLook
from portal.recovery.queries import count_exceptions, payment_lines, standing
from tests.identity.factories import actor_of, make_user, observer
from tests.portfolio.bringing import bring_payments
from tests.recovery.factories import held_account, make_agency, make_book, payments_file, place
from tests.recovery.test_day_credits import decided, summed
from tests.recovery.test_payments import decisions, paid, reversal

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

pytestmark = [pytest.mark.settings(today=date(2005, 10, 1)), pytest.mark.usefixtures("app")]


@pytest.fixture
def maker() -> Actor:
    return actor_of(make_user(Role.FINANCE))


@pytest.fixture
def checker() -> Actor:
    return actor_of(make_user(Role.FINANCE))


def exception_of(reference: str) -> int:
    with reading(observer()) as session:
        found = session.scalar(standing(observer()).where(Attribution.payment_ref == reference))
        assert found is not None
        return found.id


def waiting() -> int:
    with reading(observer()) as session:
        return count_exceptions(session, observer())


def trace_of(reference: str) -> str:
    with reading(observer()) as session:
        found = session.scalar(standing(observer()).where(Attribution.payment_ref == reference))
        assert found is not None
        return str(from_data(found.trace))


def test_a_payment_is_credited_by_hand_and_its_reversal_follows(
    db_session: Session, maker: Actor, checker: Actor
) -> None:
    held = held_account(placed_on=date(2005, 7, 15))
    bring_payments(payments_file(held.account, paid("P-1"), reversal("R-1", "P-1", "30.00")))
    assert waiting() == 1  # the reversal is decided with its payment

    number = propose_placement(maker, exception_of("P-1"), held.placement_id, "The promise was theirs.")
    assert waiting() == 1
    approve(checker, number)

    assert decisions(db_session) == [("P-1", "credited", 10_000), ("R-1", "credited", -3_000)]
    assert waiting() == 0
    assert summed(db_session) == decided(db_session)
    words = trace_of("P-1")
    for part in (maker.name, checker.name, "“The promise was theirs”.", held.agency.name):
        assert part in words
    stands = db_session.scalars(standing(observer()).where(Attribution.payment_ref == "P-1")).one()
    assert stands.rule == "by-hand/1"


def test_nobody_approves_what_he_proposed(db_session: Session, maker: Actor) -> None:
    (account,) = make_book()
    bring_payments(payments_file(account, paid("P-1")))
    number = propose_nobody(maker, [exception_of("P-1")], "In-house.")

    with pytest.raises(Refused, match="another person"):
        approve(maker, number)
    with pytest.raises(Refused, match="another person"):
        send_back(maker, number, "no")
    with pytest.raises(sa.exc.IntegrityError), transaction(observer()) as work:
        work.session.add(
            ClearingDecision(
                clearing_id=number,
                proposed_by=maker.user_id,
                approved=True,
                decided_by=maker.user_id,
                decided_at=work.now,
            )
        )


def test_several_payments_are_nobodys_at_once_and_stay_so(db_session: Session, maker: Actor, checker: Actor) -> None:
    (account,) = make_book()
    bring_payments(payments_file(account, paid("P-1"), paid("P-2"), paid("P-3"), reversal("R-3", "P-3")))
    number = propose_nobody(maker, [exception_of("P-1"), exception_of("P-3")], "In-house recovery.")
    with pytest.raises(Refused, match="proposal already"):
        propose_nobody(maker, [exception_of("P-1")], "again")

    approve(checker, number)

    assert {name: decision for name, decision, _ in decisions(db_session)} == {
        "P-1": "nobody", "P-2": "not_placed", "P-3": "nobody", "R-3": "nobody"
    }  # fmt: skip
    assert waiting() == 1
    with pytest.raises(NotFound):
        propose_nobody(maker, [exception_of("P-1")], "once more")
    with pytest.raises(Refused, match="decided already"):
        approve(checker, number)


def test_what_is_sent_back_waits_again_with_the_reason_kept(db_session: Session, maker: Actor, checker: Actor) -> None:
    (account,) = make_book()
    bring_payments(payments_file(account, paid("P-1")))
    number = propose_nobody(maker, [exception_of("P-1")], "In-house.")

    send_back(checker, number, "It was with Hengtong.")

    assert decisions(db_session) == [("P-1", "not_placed", 0)]
    assert db_session.scalars(sa.select(ClearingDecision.reason)).all() == ["It was with Hengtong."]
    db_session.rollback()
    propose_nobody(maker, [exception_of("P-1")], "It was not.")


def accounts_of_one_customer() -> list[Account]:
    """Two accounts of a customer that owe 100.00 each."""
    first, second = make_book(2, total_minor=10_000)
    with transaction(observer()) as work:
        work.session.execute(sa.update(Account).where(Account.id == second.id).values(customer_id=first.customer_id))
    second.customer_id = first.customer_id
    return [first, second]


def test_a_payment_beyond_its_accounts_balance_waits_for_its_shares(
    db_session: Session, maker: Actor, checker: Actor
) -> None:
    first, second = accounts_of_one_customer()
    one, other = make_agency(), make_agency()
    place(first, one, date(2005, 7, 1))
    place(second, other, date(2005, 7, 1))
    bring_payments(payments_file(first, paid("P-1", "150.01"), paid("P-2", "100.00")))
    assert [(name, decision) for name, decision, _ in decisions(db_session)] == [
        ("P-1", "split_needed"), ("P-2", "credited")
    ]  # fmt: skip
    with transaction(observer()) as work:
        assert decide_again(work, [first.id]).changed == 0

    with pytest.raises(DomainError, match="every cent"):
        propose_split(maker, exception_of("P-1"), [(first.id, 10_000), (second.id, 5_000)], "As the debtor said.")
    number = propose_split(maker, exception_of("P-1"), [(first.id, 10_000), (second.id, 5_001)], "As the debtor said.")
    approve(checker, number)

    shares = db_session.scalars(
        standing(observer()).where(Attribution.payment_ref == "P-1").order_by(Attribution.share)
    ).all()
    assert [(s.share, s.account_id, s.organisation_id, s.credit_minor) for s in shares] == [
        (0, first.id, one.id, 10_000), (1, second.id, other.id, 5_001)
    ]  # fmt: skip
    assert summed(db_session) == decided(db_session)
    assert waiting() == 0
    db_session.rollback()

    bring_payments(payments_file(first, reversal("R-1", "P-1", "60.01")))
    bring_payments(payments_file(first, reversal("R-2", "P-1", "90.00", "2005-07-21")))
    bring_payments(payments_file(first, reversal("R-3", "P-1", "0.01", "2005-07-22")))

    found = [(name, decision, credit) for name, decision, credit in decisions(db_session) if name.startswith("R")]
    assert found == [
        ("R-1", "credited", -5_001), ("R-1", "credited", -1_000), ("R-2", "credited", -9_000), ("R-3", "cannot_reverse", 0)
    ]  # fmt: skip
    assert summed(db_session) == decided(db_session)
    with reading(observer()) as session:
        lines = payment_lines(observer()).subquery()
        assert session.scalar(sa.select(sa.func.sum(lines.c.amount_minor))) == 10_000


def test_one_account_alone_needs_no_shares(db_session: Session) -> None:
    first, second = accounts_of_one_customer()
    place(first, make_agency(), date(2005, 7, 1))
    place(second, make_agency(), date(2005, 8, 1))  # later than the payment
    bring_payments(payments_file(first, paid("P-1", "150.00")))
    assert decisions(db_session) == [("P-1", "credited", 15_000)]


def test_no_rule_overturns_what_two_persons_decided_but_it_is_put_down(
    db_session: Session, maker: Actor, checker: Actor
) -> None:
    held = held_account(placed_on=date(2005, 7, 15))
    bring_payments(payments_file(held.account, paid("P-1")))
    approve(checker, propose_nobody(maker, [exception_of("P-1")], "In-house."))
    with transaction(observer()) as work:
        work.session.execute(sa.update(Placement).values(placed_on=date(2005, 7, 1)))
        assert decide_again(work, [held.account.id]).changed == 0

    assert decisions(db_session) == [("P-1", "nobody", 0)]
    look = db_session.scalars(sa.select(SecondLook)).one()
    assert "credited to" in str(from_data(look.trace))
    db_session.rollback()
    with transaction(observer()) as work:
        work.session.execute(sa.update(Placement).values(placed_on=date(2005, 7, 15)))
        decide_again(work, [held.account.id])
    assert not db_session.scalars(sa.select(SecondLook)).all()


def test_a_proposal_about_what_was_decided_in_the_meantime_goes_back(
    db_session: Session, maker: Actor, checker: Actor
) -> None:
    (account,) = make_book()
    bring_payments(payments_file(account, paid("P-1")))
    number = propose_nobody(maker, [exception_of("P-1")], "In-house.")
    place(account, make_agency(), date(2005, 7, 1))
    with transaction(observer()) as work:
        decide_again(work, [account.id])

    with pytest.raises(Refused, match="in the meantime"):
        approve(checker, number)
    send_back(checker, number, "The batch was back-dated.")
    assert decisions(db_session) == [("P-1", "credited", 10_000)]


def test_what_cannot_be_proposed(db_session: Session, maker: Actor) -> None:
    held, other = held_account(placed_on=date(2005, 7, 15)), held_account()
    bring_payments(payments_file(held.account, paid("P-1"), reversal("R-9", "P-9")))
    bring_payments(payments_file(other.account, paid("P-2")))

    with pytest.raises(DomainError, match="Say why"):
        propose_nobody(maker, [exception_of("P-1")], "  ")
    with pytest.raises(DomainError, match="placement of this account"):
        propose_placement(maker, exception_of("P-1"), other.placement_id, "theirs")
    with pytest.raises(DomainError, match="accounts of this customer"):
        propose_split(maker, exception_of("P-1"), [(other.account.id, 10_000)], "theirs")
    with pytest.raises(DomainError, match="follows the payment"):
        propose_placement(maker, exception_of("R-9"), held.placement_id, "theirs")
    with pytest.raises(NotFound):
        propose_nobody(maker, [exception_of("P-2")], "it is credited")
    with pytest.raises(Refused):
        propose_nobody(held.actor, [exception_of("P-1")], "mine")


def test_an_agency_that_lost_a_credit_does_not_see_it_stand(db_session: Session) -> None:
    held = held_account()
    bring_payments(payments_file(held.account, paid("P-1", day="2005-07-20")))
    ended: dict[str, Any] = {"ended_on": date(2005, 7, 15), "ended_at": datetime(2005, 7, 16, tzinfo=UTC)}
    with transaction(observer()) as work:
        work.session.execute(sa.update(Placement).values(end_reason=EndReason.RECALLED, **ended))
        decide_again(work, [held.account.id])

    with reading(held.actor) as session:
        assert not session.scalars(standing(held.actor)).all()
        assert session.scalars(sa.select(Attribution.decision)).all() == [Decision.CREDITED]
