"""The base of a payment is counted once, whatever later statements change of what it earned."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.commission import drawing, life_queries
from portal.commission.due import Reckoning
from portal.commission.models import CommissionLine, Statement
from portal.commission.queries import statement_for
from portal.foundation.money import divided_half_up
from portal.foundation.work import reading, transaction
from portal.placement.models import EndReason, Placement
from portal.recovery.again import decide_again
from portal.recovery.models import Attribution
from portal.recovery.models import Payment as Posting
from portal.recovery.queries import standing
from tests.commission.factories import JULY, make_finance, released
from tests.commission.test_plans_paid import (
    AUGUST,
    LADDER,
    OCTOBER,
    SEPTEMBER,
    assert_reruns_are_equal,
    lines,
    post,
    why,
)
from tests.identity.factories import observer
from tests.recovery.factories import Held, held_account
from tests.recovery.test_payments import paid, reversal

TODAY = date(2005, 12, 1)
MONTHS = [JULY, AUGUST, SEPTEMBER, OCTOBER]
PRINCIPAL: dict[str, Any] = {"rate": "0.10", "basis": "principal"}
pytestmark = [pytest.mark.settings(today=TODAY), pytest.mark.usefixtures("app")]


def bases(statement_id: int) -> dict[str, int]:
    with reading(observer()) as session:
        wanted = sa.select(CommissionLine).where(CommissionLine.statement_id == statement_id)
        return {line.payment_ref: line.base_minor for line in session.scalars(wanted.order_by(CommissionLine.position))}


def in_parts(reference: str, amount: int, principal: int, day: str) -> dict[str, str]:
    """A posting in minor units of which the rest is interest."""
    rest = {"principal": f"{principal / 100:.2f}", "interest": f"{(amount - principal) / 100:.2f}", "fees": "0"}
    return paid(reference, f"{amount / 100:.2f}", day) | rest


def end(held: Held, day: date | None) -> None:
    """From now on the placement ended on this day, or has not; its payments are decided anew."""
    ended: dict[str, Any] = {"ended_on": day, "ended_at": None, "end_reason": None}
    if day is not None:
        ended |= {"ended_at": datetime(day.year, day.month, day.day, 16, tzinfo=UTC), "end_reason": EndReason.RECALLED}
    with transaction(observer()) as work:
        work.session.execute(sa.update(Placement).where(Placement.id == held.placement_id).values(**ended))
        decide_again(work, [held.account.id])


def test_a_line_that_only_puts_a_rate_right_adds_nothing_to_the_base_and_says_it_in_its_words() -> None:
    held, finance = held_account(plan=LADDER), make_finance()
    post(held, paid("P-1", "10000.00"))
    (july,) = released(finance)
    post(held, paid("P-2", "6000.00", "2005-08-10"))

    (august,) = released(finance, AUGUST)

    assert (bases(july), bases(august)) == ({"P-1": 1_000_000}, {"P-1": 0, "P-2": 600_000})
    assert "paid so far TWD 200.00 for TWD 10000.00" in why(august, 1)
    with reading(observer()) as session:
        (part,) = life_queries.totals_of(session, observer(), statement_for(session, observer(), august))
    assert (part.lines, part.recovered, part.base) == (2, 600_000, 600_000)
    assert_reruns_are_equal()


def test_what_is_taken_back_takes_the_base_that_was_counted_and_not_the_amount() -> None:
    held, finance = held_account(plan=PRINCIPAL), make_finance()
    post(held, in_parts("P-1", 10_000, 8_000, "2005-07-20"), in_parts("P-2", 5_000, 1_000, "2005-07-05"))
    (july,) = released(finance)
    end(held, date(2005, 7, 10))

    (august,) = released(finance, AUGUST)

    assert bases(july) == {"P-2": 1_000, "P-1": 8_000}
    assert bases(august) == {"P-1": -8_000}
    assert_reruns_are_equal()


def test_a_reversal_takes_its_share_of_the_part_that_earns_off_the_base_and_names_its_own_amount() -> None:
    held, finance = held_account(plan=PRINCIPAL), make_finance()
    post(held, in_parts("P-1", 10_000, 8_000, "2005-07-20"), reversal("R-1", "P-1", "50.00", "2005-07-25"))

    (july,) = released(finance)

    assert bases(july) == {"P-1": 8_000, "R-1": -4_000}
    assert "reversal of TWD 50.00 takes back TWD 4.00" in why(july, 2)


def test_statements_of_before_a_base_was_counted_once_are_reckoned_as_they_were(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held, principal, finance = held_account(plan=LADDER), held_account(plan=PRINCIPAL), make_finance()
    monkeypatch.setattr(drawing, "Reckoning", partial(Reckoning, counts_bases=False))
    post(held, paid("P-1", "10000.00"))
    post(principal, in_parts("Q-1", 10_000, 8_000, "2005-07-20"), in_parts("Q-2", 5_000, 1_000, "2005-07-05"))
    released(finance)
    post(held, paid("P-2", "6000.00", "2005-08-10"))
    post(principal, reversal("R-2", "Q-2", "50.00", "2005-08-25"))
    end(principal, date(2005, 7, 10))
    repeated, taken = released(finance, AUGUST)
    assert bases(repeated) == {"P-1": 1_000_000, "P-2": 600_000}
    assert bases(taken) == {"R-2": -5_000, "Q-1": -10_000}
    monkeypatch.undo()
    post(held, paid("P-3", "30000.00", "2005-09-10"))

    (september,) = released(finance, SEPTEMBER)

    assert lines(september)[0] == ("P-1", 20_000, "true_up")
    assert bases(september) == {"P-1": 0, "P-2": 0, "P-3": 3_000_000}
    assert_reruns_are_equal()


def test_totals_of_statements_that_kept_none_count_each_base_once(monkeypatch: pytest.MonkeyPatch) -> None:
    held, finance = held_account(plan=LADDER), make_finance()
    monkeypatch.setattr(drawing, "Reckoning", partial(Reckoning, counts_bases=False))
    post(held, paid("P-1", "10000.00"))
    released(finance)
    post(held, paid("P-2", "6000.00", "2005-08-10"))
    (august,) = released(finance, AUGUST)

    with reading(observer()) as session:
        found = statement_for(session, observer(), august)
        session.expunge(found)
        found.basis = {}
        (part,) = life_queries.totals_of(session, observer(), found)
    assert part.base == 600_000


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize("plan", [LADDER, PRINCIPAL], ids=["a ladder", "on principal"])
def test_over_all_statements_the_bases_of_a_payment_add_up_to_what_of_it_still_stands(
    plan: dict[str, Any], data: st.DataObject
) -> None:
    held, finance = held_account(plan=plan), make_finance()
    posted: list[list[dict[str, str]]] = [[] for _ in MONTHS]
    for amount in data.draw(st.lists(st.integers(3, 20_000_00), min_size=1, max_size=4)):
        reference = f"P-{held.account.id}-{sum(map(len, posted))}"
        arrives = data.draw(st.integers(0, 3))
        day = MONTHS[data.draw(st.integers(0, arrives))].replace(day=data.draw(st.integers(1, 27)))
        posted[arrives].append(in_parts(reference, amount, data.draw(st.integers(0, amount)), day.isoformat()))
        for n, taken in enumerate(data.draw(st.lists(st.integers(1, amount // 3), max_size=3))):
            month = data.draw(st.integers(arrives, 3))
            back = f"{taken / 100:.2f}"
            posted[month].append(reversal(f"R{reference}-{n}", reference, back, f"{MONTHS[month]:%Y-%m}-28"))
    for month, rows in zip(MONTHS, posted, strict=True):
        if rows:
            post(held, *rows)
        if data.draw(st.booleans()):
            end(held, data.draw(st.sampled_from([None, date(2005, 7, 14), date(2005, 8, 20)])))
        released(finance, month)

    assert counted(held) == expected(held, plan)
    assert_reruns_are_equal()


def counted(held: Held) -> dict[str, int]:
    """What the lines of all statements count of each payment, its reversals included; what is nothing is left out."""
    with reading(observer()) as session:
        wanted = (
            sa.select(Posting.payment_ref, Posting.reverses_ref, CommissionLine.base_minor)
            .join(Attribution, Attribution.id == CommissionLine.attribution_id)
            .join(Posting, Posting.id == Attribution.payment_id)
            .where(CommissionLine.organisation_id == held.agency.id)
        )
        found: dict[str, int] = {}
        for reference, reverses, base in session.execute(wanted):
            found[reverses or reference] = found.get(reverses or reference, 0) + base
    return {reference: base for reference, base in found.items() if base}


def expected(held: Held, plan: dict[str, Any]) -> dict[str, int]:
    """Of each payment that is credited: its base less the share of it that was taken back, worked out apart from the engine."""
    with reading(observer()) as session:
        wanted = standing(observer()).join(Posting, Posting.id == Attribution.payment_id)
        rows = session.execute(
            wanted.where(Attribution.organisation_id == held.agency.id)
            .with_only_columns(Posting.payment_ref, Posting.reverses_ref, Posting.amount_minor, Posting.principal_minor)
        ).all()  # fmt: skip
    found: dict[str, int] = {}
    for reference, reverses, amount, principal in rows:
        if reverses is None:
            base = principal if plan is PRINCIPAL else amount
            back = sum(taken for _, of, taken, _ in rows if of == reference)
            found[reference] = base - divided_half_up(base * back, amount)
    return {reference: base for reference, base in found.items() if base}


def test_a_statement_keeps_that_its_bases_are_counted_once() -> None:
    held, finance = held_account(), make_finance()
    post(held, paid("P-1"))
    (july,) = released(finance)
    with reading(observer()) as session:
        basis = session.scalars(sa.select(Statement.basis).where(Statement.id == july)).one()
    assert basis is not None and basis["counts_bases"] is True
