"""What an organisation sees: its own, through every door; the database is the wall behind the application's net."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, aliased

from portal.foundation.access import system_actor
from portal.foundation.database import db
from portal.foundation.visibility import bind_actor, undeclared_models, visible
from portal.foundation.work import reading, transaction
from portal.identity.models import User
from portal.placement.models import Placement
from portal.portfolio.models import Account, Customer, ImportRun
from portal.recovery.models import Attribution, Payment
from tests.identity.factories import observer
from tests.portfolio.bringing import bring_payments
from tests.recovery.factories import Held, held_account, payments_file
from tests.recovery.test_payments import paid

if TYPE_CHECKING:
    from flask import Flask

    from portal.foundation.access import Actor

pytestmark = [pytest.mark.settings(today=date(2005, 10, 1)), pytest.mark.usefixtures("app")]


@pytest.fixture
def both(app: Flask) -> tuple[Held, Held]:
    """Two agencies with an account and a credited payment each."""
    pair = held_account(), held_account()
    for number, held in enumerate(pair, 1):
        bring_payments(payments_file(held.account, paid(f"P-{number}")))
    return pair


def count(actor: Actor, model: type[Any]) -> int:
    with reading(actor) as session:
        return len(session.scalars(sa.select(model)).all())


# --- the net in the application ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [Account, Customer, Placement, Attribution])
def test_a_plain_select_gives_an_agency_its_own_rows_and_the_bank_all(
    model: type[Any], both: tuple[Held, Held]
) -> None:
    assert [count(held.actor, model) for held in both] == [1, 1]
    assert count(observer(), model) == 2


@pytest.mark.parametrize("model", [Payment, ImportRun])
def test_what_is_the_banks_alone_is_empty_for_others(model: type[Any], both: tuple[Held, Held]) -> None:
    assert count(both[0].actor, model) == 0
    assert count(observer(), model) == 2


def test_the_system_sees_nobodys_accounts(both: tuple[Held, Held]) -> None:
    system = system_actor("sealer")

    assert count(system, Account) == count(system, Attribution) == 0
    assert count(system, User) > 0


def test_the_net_holds_under_joins_aliases_subqueries_and_aggregates(both: tuple[Held, Held]) -> None:
    mine, other = both
    again = aliased(Account)
    with reading(mine.actor) as session:
        joined = sa.select(Placement.id).join(again, again.id == Placement.account_id)
        assert session.scalars(joined).all() == [mine.placement_id]
        inner = sa.select(Account.id).where(Account.id == other.account.id)
        assert session.scalar(sa.select(sa.func.count()).select_from(inner.subquery())) == 0
        assert session.scalar(sa.select(sa.func.sum(Attribution.credit_minor))) == 10_000
        assert session.scalar(sa.select(inner.exists())) is False


def test_an_update_or_delete_reaches_ones_own_rows_only(both: tuple[Held, Held]) -> None:
    with transaction(both[0].actor) as work:
        changed = work.session.execute(sa.update(Placement).values(round=2))
        assert changed.rowcount == 1  # type: ignore[attr-defined]


def test_after_a_placement_ends_the_person_is_gone_and_the_credit_stays() -> None:
    held = held_account(ended_on=date(2005, 7, 31))
    bring_payments(payments_file(held.account, paid("P-1")))

    assert (count(held.actor, Account), count(held.actor, Customer)) == (0, 0)
    assert (count(held.actor, Attribution), count(held.actor, Placement)) == (1, 1)


def test_visible_says_the_same_as_the_net(both: tuple[Held, Held]) -> None:
    with reading(observer()) as session:
        asked = session.scalars(visible(Account, both[0].actor)).all()
    assert [account.id for account in asked] == [both[0].account.id]


def test_a_session_without_an_actor_is_an_error_and_not_everything() -> None:
    with Session(db.engine) as session, pytest.raises(PermissionError):
        session.scalars(sa.select(Account)).all()


def test_another_actor_in_the_same_session_does_not_find_what_the_first_had_read(both: tuple[Held, Held]) -> None:
    session = db.session()
    bind_actor(session, observer())
    assert len(session.scalars(sa.select(Account)).all()) == 2

    bind_actor(session, both[0].actor)

    assert session.get(Account, both[1].account.id) is None
    session.rollback()


def test_every_table_says_one_kind_of_visibility() -> None:
    class Nothing:
        pass

    assert undeclared_models([mapper.class_ for mapper in db.Model.registry.mappers]) == []
    assert undeclared_models([Nothing]) == ["Nothing"]


# --- the wall in PostgreSQL --------------------------------------------------------------------------------------------


def ask(actor: Actor, statement: str, **values: Any) -> Any:
    """Raw SQL in a transaction of the actor, past everything that the application puts under it."""
    with transaction(actor) as work:
        return work.session.connection().execute(sa.text(statement), values).all()


@pytest.mark.databases("postgresql")
@pytest.mark.parametrize("table", ["account", "customer", "placement", "attribution", "contract", "person_key"])
def test_raw_sql_of_an_agency_finds_its_own_rows_only(table: str, both: tuple[Held, Held]) -> None:
    everything = ask(observer(), f"SELECT count(*) FROM {table}")[0][0]
    mine = ask(both[0].actor, f"SELECT count(*) FROM {table}")[0][0]

    assert (everything, mine) == (2, 1)


@pytest.mark.databases("postgresql")
@pytest.mark.parametrize("table", ["payment", "import_run", "allocation_run"])
def test_raw_sql_of_an_agency_finds_nothing_of_the_banks(table: str, both: tuple[Held, Held]) -> None:
    assert ask(both[0].actor, f"SELECT count(*) FROM {table}") == [(0,)]


@pytest.mark.databases("postgresql")
def test_raw_sql_cannot_write_into_anothers_rows(both: tuple[Held, Held]) -> None:
    mine, other = both
    changed = ask(
        mine.actor, "UPDATE placement SET round = 9 WHERE organisation_id = :other RETURNING id", other=other.agency.id
    )
    assert changed == []
    with pytest.raises(DBAPIError, match="row-level security"):
        ask(
            mine.actor,
            "UPDATE placement SET organisation_id = :other WHERE organisation_id = :mine RETURNING id",
            other=other.agency.id,
            mine=mine.agency.id,
        )
    with pytest.raises(DBAPIError, match="row-level security"):
        ask(
            mine.actor,
            "INSERT INTO contract (organisation_id, number, kind, currency, started_on, created_at) "
            "VALUES (:other, 'X', 'collection', 'TWD', now(), now()) RETURNING id",
            other=other.agency.id,
        )


@pytest.mark.databases("postgresql")
def test_the_role_of_a_transaction_owns_nothing_and_can_lift_no_wall(both: tuple[Held, Held]) -> None:
    for statement in (
        "ALTER TABLE account DISABLE ROW LEVEL SECURITY",
        "DROP POLICY account_visible ON account",
        "ALTER TABLE payment DISABLE TRIGGER ALL",
        "DELETE FROM alembic_version",
    ):
        with pytest.raises(DBAPIError, match=r"must be owner|permission denied"):
            ask(both[0].actor, statement)
    (role,) = ask(
        both[0].actor, "SELECT current_user, rolbypassrls, rolsuper FROM pg_roles WHERE rolname = current_user"
    )
    assert role[0].endswith("_app")
    assert role[1:] == (False, False)


@pytest.mark.databases("postgresql")
def test_a_transaction_without_a_scope_sees_nothing(both: tuple[Held, Held]) -> None:
    with db.engine.begin() as connection:
        connection.execute(sa.text("SELECT set_config('role', current_database() || '_app', true)"))
        assert connection.scalar(sa.text("SELECT count(*) FROM account")) == 0
        assert connection.scalar(sa.text("SELECT count(*) FROM organisation")) == 0
