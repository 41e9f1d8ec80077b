"""Every cent that was paid has one place at any moment, whatever comes in whatever order: credited, left out, nobody's, or
waiting; shares of a payment over several accounts included."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.foundation.access import Role
from portal.foundation.work import transaction
from portal.portfolio.models import Account
from portal.recovery.attribution import Clauses, Paid, Place, Window, decide, share_faults, take_back
from portal.recovery.clearing import approve, propose_split
from portal.recovery.models import Attribution, Decision
from portal.recovery.queries import standing
from tests.identity.factories import actor_of, make_user, observer
from tests.portfolio.bringing import bring_payments
from tests.recovery.factories import make_agency, payments_file, place
from tests.recovery.test_again import again
from tests.recovery.test_attribution import histories
from tests.recovery.test_clearing import accounts_of_one_customer
from tests.recovery.test_day_credits import decided, summed
from tests.recovery.test_payments import paid, reversal

if TYPE_CHECKING:
    from random import Random

    from sqlalchemy.orm import Session

    from portal.recovery.attribution import TakeBack

BEGIN = date(2005, 1, 1)
CHANCE = st.randoms(use_true_random=False)


# --- the rules alone --------------------------------------------------------------------------------------------------------

CLAUSES = st.builds(
    Clauses, free_days=st.integers(0, 10), exclude_automatic=st.booleans(), exclude_before_contact=st.booleans()
)
CONTACTS = st.lists(st.none() | st.integers(0, 60), min_size=6, max_size=6)
PAYMENTS = st.lists(
    st.tuples(
        st.integers(-5, 300), st.sampled_from(["bank", "agency"]), st.sampled_from(["", "autopay", "counter"]),
        st.lists(st.integers(1, 10_000), min_size=1, max_size=4), st.lists(st.integers(1, 12_000), max_size=4),
    ),
    min_size=1, max_size=8,
)  # fmt: skip


@given(histories(), st.lists(CLAUSES, min_size=6, max_size=6), CONTACTS, PAYMENTS, CHANCE)
def test_credits_and_what_is_nobodys_are_what_was_paid_less_what_was_taken_back(
    windows: list[Window], clauses: list[Clauses], contacts: list[int | None], payments: list[Any], chance: Random
) -> None:
    """Each payment with its shares and reversals has one outcome for each cent, however the placements are told."""
    places = [
        Place(
            w,
            clauses[w.placement_id],
            None if (day := contacts[w.placement_id]) is None else w.placed_on + timedelta(day),
        )
        for w in windows
    ]
    outcomes: Counter[str] = Counter()
    by_placement: Counter[int] = Counter()
    in_all = 0
    for offset, receiver, channel, shares, reversals in payments:
        told = Paid(BEGIN + timedelta(days=offset), receiver, channel)
        credit = decide(told, places)
        chance.shuffle(places)
        assert decide(told, places) == credit
        assert share_faults(sum(shares), list(enumerate(shares))) == ""
        left = list(shares)
        for amount in reversals:
            for part in _taken(left, amount):
                left[part.share] -= part.amount
        in_all += sum(shares) - (sum(shares) - sum(left))
        outcomes[credit.decision] += sum(left)
        if credit.decision == "credited":
            assert credit.window is not None
            by_placement[credit.window.placement_id] += sum(left)

    assert sum(outcomes.values()) == in_all
    assert sum(by_placement.values()) == outcomes["credited"]
    assert all(amount >= 0 for amount in outcomes.values())


def _taken(left: list[int], amount: int) -> list[TakeBack]:
    """What fits; and it is all of the amount, from shares that have it."""
    parts = take_back(left, amount)
    if parts is None:
        assert amount > sum(left)
        return []
    assert sum(part.amount for part in parts) == amount
    assert all(0 < part.amount <= left[part.share] for part in parts)
    return parts


# --- posted, shared out and decided anew ------------------------------------------------------------------------------------

EVENTS = st.lists(
    st.tuples(st.booleans(), st.integers(0, 40), st.integers(1, 30_000), st.lists(st.integers(1, 20_000), max_size=2)),
    max_size=3,
)  # fmt: skip
# One that is more than its account owes, while the other account is placed, and one that is taken back beyond what it was.
ALWAYS = [(False, 30, 25_001, [5_000]), (True, 30, 100, [200])]


@pytest.mark.settings(today=date(2005, 10, 1))
@pytest.mark.usefixtures("app")
def test_what_stands_of_each_payment_is_its_amount_shares_and_what_waits_included(db_session: Session) -> None:
    maker, checker = (actor_of(make_user(Role.FINANCE)) for _ in range(2))
    seen: Counter[Decision] = Counter()
    turn = 0

    @settings(max_examples=8, deadline=None)
    @given(EVENTS, st.integers(0, 20), CHANCE)
    def check(events: list[tuple[bool, int, int, list[int]]], placed_after: int, chance: Random) -> None:
        nonlocal turn
        turn += 1
        accounts = loaded(*(account.id for account in accounts_of_one_customer()))
        rows: list[tuple[int, dict[str, str]]] = []
        for number, (is_second, offset, cents, backs) in enumerate([*ALWAYS, *events]):
            day = (date(2005, 7, 1) + timedelta(days=offset)).isoformat()
            rows.append((int(is_second), {"reverses": "", **paid(f"S{turn}-P{number}", money(cents), day)}))
            rows += [
                (int(is_second), reversal(f"S{turn}-R{number}-{n}", f"S{turn}-P{number}", money(back), day))
                for n, back in enumerate(backs)
            ]
        chance.shuffle(rows)
        later = chance.randint(0, len(rows))
        place(accounts[1], make_agency(), date(2005, 7, 5))
        for number, (whose, row) in enumerate(rows):
            if number == later:
                place(accounts[0], make_agency(), date(2005, 7, 1) + timedelta(days=placed_after))
                again(*(account.id for account in accounts))
            bring_payments(payments_file(accounts[whose], row))
            share_out(chance)
            stands(db_session, seen)
        assert summed(db_session) == decided(db_session)
        db_session.rollback()

    def share_out(chance: Random) -> None:
        """Two persons give every second payment that waits for its shares to both accounts."""
        with transaction(observer()) as work:
            wanted = standing(observer()).where(
                Attribution.decision == Decision.SPLIT_NEEDED, Attribution.amount_minor > 1
            )
            found = [
                (row.id, row.amount_minor, row.account_id)
                for row in work.session.scalars(wanted.order_by(Attribution.id))
            ]
        for number, amount, account in found:
            if chance.randint(0, 1):
                with transaction(observer()) as work:
                    pair = owners(work.session, account)
                part = chance.randint(1, amount - 1)
                shares = list(zip(pair, (part, amount - part), strict=True))
                approve(checker, propose_split(maker, number, shares, "As the debtor said."))

    check()
    assert {Decision.CREDITED, Decision.SPLIT_NEEDED, Decision.CANNOT_REVERSE} <= set(seen)


def loaded(*account_ids: int) -> list[Account]:
    """Accounts with all that they are, whatever session comes and goes."""
    with transaction(observer()) as work:
        found = list(work.session.scalars(sa.select(Account).where(Account.id.in_(account_ids)).order_by(Account.id)))
        work.session.expunge_all()
    return found


def owners(session: Session, account_id: int) -> list[int]:
    """All accounts of a customer, by one of them."""
    customer = sa.select(Account.customer_id).where(Account.id == account_id).scalar_subquery()
    return list(session.scalars(sa.select(Account.id).where(Account.customer_id == customer).order_by(Account.id)))


def stands(session: Session, seen: Counter[Decision]) -> None:
    """For each row that was posted, what stands of it is its amount; credit is that of what is credited and of nothing else."""
    session.expire_all()
    amounts: Counter[str] = Counter()
    posted: Counter[str] = Counter()
    for row in session.scalars(standing(observer()).order_by(Attribution.id)):
        seen[row.decision] += 1
        amounts[row.payment_ref] += row.amount_minor
        posted[row.payment_ref] = row.payment.amount_minor * (-1 if row.payment.reverses_ref else 1)
        assert row.credit_minor == (row.amount_minor if row.decision is Decision.CREDITED else 0)
    assert amounts == posted
    session.rollback()


def money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
