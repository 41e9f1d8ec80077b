"""A plan tried on what was paid: equal to what statements would have paid, and nothing is issued by it."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from portal.commission import trying
from portal.commission.models import Statement
from portal.commission.score_models import PlanTrial, PlanTrialRow
from portal.commission.trying import Asked, ask_trial
from portal.foundation.access import Role
from portal.foundation.errors import DomainError, NotFound
from portal.foundation.jobs import run_pending
from portal.foundation.work import reading
from portal.placement.models import Placement
from portal.vendors.models import Contract, ContractVersion
from tests.commission.factories import JULY, make_finance, released, total
from tests.commission.test_plans_paid import AUGUST, LADDER, post
from tests.identity.factories import actor_of, make_user, observer
from tests.recovery.factories import Held, held_account
from tests.recovery.test_payments import paid, reversal

if TYPE_CHECKING:
    from flask import Flask

    from portal.foundation.access import Actor

pytestmark = [pytest.mark.settings(today=date(2005, 12, 1)), pytest.mark.usefixtures("app")]


def manager() -> Actor:
    return actor_of(make_user(Role.VENDOR_MANAGER))


def contract_of(held: Held) -> int:
    with reading(observer()) as session:
        wanted = (
            sa.select(Contract.id)
            .join(ContractVersion, ContractVersion.contract_id == Contract.id)
            .join(Placement, Placement.contract_version_id == ContractVersion.id)
            .where(Placement.id == held.placement_id)
        )
        return session.scalars(wanted).one()


def asked(held: Held, first: date, last: date, plan: dict[str, Any] | None = None, version: int | None = None) -> Asked:
    return Asked(contract_of(held), first, last, version, json.dumps(plan) if plan else "")


def came_to(trial_id: int) -> tuple[int | None, ...]:
    """Payments, recovered, under its own plan, under the tried one; and its rows add up to it."""
    with reading(observer()) as session:
        found = session.scalars(sa.select(PlanTrial).where(PlanTrial.id == trial_id)).one()
        rows = session.scalars(sa.select(PlanTrialRow).where(PlanTrialRow.trial_id == trial_id)).all()
        assert found.done_at is not None
        assert found.tried_minor == sum(row.tried_minor for row in rows)
        assert found.own_minor == sum(row.own_minor for row in rows)
        return found.payments, found.recovered_minor, found.own_minor, found.tried_minor


def test_a_plan_tried_on_a_month_gives_what_it_would_have_paid_beside_what_its_own_does() -> None:
    held = held_account("0.20")
    post(held, paid("P-1", "1000.00"), paid("P-2", "500.00", "2005-08-01"))

    trial = ask_trial(manager(), asked(held, JULY, date(2005, 7, 31), {"rate": "0.14"}))

    assert came_to(trial) == (1, 100_000, 20_000, 14_000)


def test_steps_see_the_batch_from_its_beginning_and_months_add_up_to_the_whole() -> None:
    held, finance = held_account(plan=LADDER), make_finance()
    post(held, paid("P-1", "10000.00"))
    (july,) = released(finance)
    post(held, paid("P-2", "6000.00", "2005-08-10"), reversal("R-1", "P-1", "500.00", "2005-08-20"))
    (august,) = released(finance, AUGUST)
    who = manager()

    months = [
        came_to(ask_trial(who, asked(held, first, last, LADDER)))
        for first, last in ((JULY, date(2005, 7, 31)), (AUGUST, date(2005, 8, 31)))
    ]
    whole = came_to(ask_trial(who, asked(held, JULY, date(2005, 8, 31), version=1)))

    assert [month[3] for month in months] == [total(july), total(august)]
    assert whole[2] == whole[3] == total(july) + total(august)
    assert whole[1] == 1_550_000


def test_trying_changes_nothing() -> None:
    held = held_account("0.20")
    post(held, paid("P-1", "1000.00"))

    ask_trial(manager(), asked(held, JULY, AUGUST, {"rate": "0.5"}))

    with reading(observer()) as session:
        assert session.scalar(sa.select(sa.func.count(Statement.id))) == 0
    assert total(released(make_finance())[0]) == 20_000


def test_free_days_and_caps_of_the_tried_plan_count() -> None:
    held = held_account("0.20")
    post(held, paid("P-1", "100.00", "2005-07-02"), paid("P-2", "1000.00", "2005-07-20"))
    who = manager()

    free = ask_trial(who, asked(held, JULY, AUGUST, {"rate": "0.10", "free_days": 10}))
    capped = ask_trial(who, asked(held, JULY, AUGUST, {"rate": "0.10", "cap": {"per": "contract", "amount": "60"}}))

    assert came_to(free)[3] == 10_000
    assert came_to(capped)[3] == 6_000


def test_many_payments_are_a_job(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "AT_ONCE", 1)
    held = held_account("0.20")
    post(held, paid("P-1", "1000.00"), paid("P-2", "500.00"))

    trial = ask_trial(manager(), asked(held, JULY, AUGUST, {"rate": "0.10"}))
    with reading(observer()) as session:
        assert session.scalars(sa.select(PlanTrial.done_at)).one() is None
    run_pending(app)

    assert came_to(trial) == (2, 150_000, 30_000, 15_000)


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ("{", "no JSON"),
        ('{"rate": "2"}', "rate: A rate goes from 0 to 1"),
        ('{"rate": "0.1", "currency": "EUR"}', "This plan is in EUR, the contract in"),
    ],
)
def test_what_is_no_plan_is_said_at_its_field(plan: str, words: str) -> None:
    held = held_account()
    with pytest.raises(DomainError) as error:
        ask_trial(manager(), Asked(contract_of(held), JULY, AUGUST, None, plan))
    assert error.value.field == "plan" and words in str(error.value.message)


def test_a_version_or_contract_that_is_not_there_and_days_the_wrong_way_round_are_refused() -> None:
    held, who = held_account(), manager()
    agency = held.actor
    for wanted, field in (
        (asked(held, JULY, AUGUST, version=7), "version"),
        (asked(held, AUGUST, JULY, version=1), "last_on"),
    ):
        with pytest.raises(DomainError) as error:
            ask_trial(who, wanted)
        assert error.value.field == field
    with pytest.raises(NotFound):
        ask_trial(who, Asked(999_999, JULY, AUGUST, 1))
    with pytest.raises(DomainError):
        ask_trial(agency, asked(held, JULY, AUGUST, version=1))


def test_a_plan_that_asks_for_what_payments_do_not_say_is_refused_and_leaves_nothing() -> None:
    held = held_account("0.20")
    post(held, paid("P-1", "1000.00"))
    with pytest.raises(DomainError):
        ask_trial(manager(), asked(held, JULY, AUGUST, {"rate": "0.1", "basis": "principal"}))
    with reading(observer()) as session:
        assert session.scalar(sa.select(sa.func.count(PlanTrial.id))) == 0
