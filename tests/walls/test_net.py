"""The net under every ORM statement, and on PostgreSQL the wall under the net: both let through the same rows.

What each actor may see is worked out here once more, in plain Python over all rows, and not by the code that is tested.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import sqlalchemy as sa
from psycopg import errors
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from portal.application import load_models
from portal.foundation import submissions
from portal.foundation.access import Role, system_actor
from portal.foundation.database import Model, db
from portal.foundation.sealing import seal
from portal.foundation.visibility import (
    APPLICATION_ROLE_SUFFIX,
    BankOnly,
    OwnRows,
    PlacedPeople,
    PlacedRows,
    Shared,
    ToldPeople,
    bind_actor,
    visible,
)
from portal.foundation.work import reading, transaction
from portal.identity import throttle
from portal.identity.models import Organisation
from portal.legal.taking import record_download
from portal.placement.models import Placement
from portal.portfolio.models import Account, AccountParty, Customer
from tests.identity.factories import observer
from tests.walls.padding import pad_money

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from tests.walls.world import World

load_models()
MODELS = sorted((mapper.class_ for mapper in Model.registry.mappers), key=lambda model: str(model.__tablename__))
VIEWERS = (("EASTAG", Role.AGENCY_STAFF), ("WESTAG", Role.AGENCY_LEADER), ("EASTLF", Role.LEGAL_PARTNER))
NOT_FORCED = {"contact_tally"}  # its trigger writes as the owner

every_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__tablename__)
every_single_key = pytest.mark.parametrize(  # rows of the others are asked for by conditions alone
    "model",
    [model for model in MODELS if len(model.__table__.primary_key.columns) == 1],
    ids=lambda model: model.__tablename__,
)
Way = Callable[[Session, Any], int]


class Truth(NamedTuple):
    """Who may see which keys, of every table."""

    keys: dict[tuple[str, str], set[Any]]

    def of(self, model: type[Any], viewer: str) -> set[Any]:
        return self.keys[(viewer, model.__tablename__)]


@pytest.fixture(scope="module")
def truth(world: World) -> Truth:
    """All rows, read as the bank, sorted by the rule of their kind."""
    with world.app.app_context():
        _fill_what_pages_fill(world)
        return _sorted_out(world)


def _sorted_out(world: World) -> Truth:
    with reading(observer()) as session:
        live = session.execute(
            sa.select(Placement.organisation_id, Placement.account_id, Placement.customer_id).where(
                Placement.accepted_at.is_not(None), Placement.ended_at.is_(None)
            )
        ).all()
        rows = {model: session.execute(sa.select(_key(model), *_column(model))).all() for model in MODELS}
    keys: dict[tuple[str, str], set[Any]] = {}
    for model, found in rows.items():
        keys["bank", model.__tablename__] = {row[0] for row in found}
        keys["system", model.__tablename__] = {row[0] for row in found} if model.visible_to_system else set()
        for mark, _role in VIEWERS:
            if issubclass(model, Shared):
                keys[mark, model.__tablename__] = {row[0] for row in found}
                continue
            mine = world.organisations[mark].id
            accounts = {account for holder, account, _person in live if holder == mine}
            people = {person for holder, _account, person in live if holder == mine}
            if issubclass(model, ToldPeople):
                mine_alone = {row[0] for row in found if row[1] in people and row[2] in (None, mine)}
                keys[mark, model.__tablename__] = mine_alone
                continue
            allowed = {OwnRows: {mine}, PlacedRows: accounts, PlacedPeople: people, BankOnly: set()}
            kind = next(kind for kind in allowed if issubclass(model, kind))
            keys[mark, model.__tablename__] = {row[0] for row in found if len(row) > 1 and row[1] in allowed[kind]}
    return Truth(keys)


def _fill_what_pages_fill(world: World) -> None:
    """Rows that only a browser, a thief or a worker makes."""
    seal(world.app)
    submissions.claim(submissions.new_token(), None)
    with transaction(system_actor("sign-in")) as work:
        throttle.count_attempt(work, (throttle.by_person("walls", 1),))
    lawyers = [world.person(Role.LEGAL_PARTNER, mark) for mark in ("EASTLF", "WESTLF")]
    for lawyer in lawyers:
        record_download(lawyer.actor, world.one("worked pack", lawyer.mark), "print.pdf")
    pad_money(world)


def _key_name(model: type[Any]) -> str:
    mapper = sa.inspect(model)
    return str(mapper.get_property_by_column(mapper.primary_key[0]).key)


def _key(model: type[Any]) -> Any:
    return getattr(model, _key_name(model))


def _column(model: type[Any]) -> list[Any]:
    """The column by which a row belongs to somebody."""
    if issubclass(model, OwnRows):
        return [model.id if model is Organisation else model.organisation_id]
    if issubclass(model, PlacedRows):
        return [model.placed_account_id]
    if issubclass(model, ToldPeople):
        return [model.placed_customer_id, model.told_to_id]
    return [model.placed_customer_id] if issubclass(model, PlacedPeople) else []


def _actors(world: World) -> list[tuple[str, Actor]]:
    named = [(mark, world.person(role, mark).actor) for mark, role in VIEWERS]
    return [*named, ("system", system_actor("walls")), ("bank", observer())]


def test_the_world_has_rows_of_every_kind_for_both_sides(truth: Truth) -> None:
    empty = {model.__tablename__ for model in MODELS if not truth.of(model, "bank")}
    assert not empty, "the world has none of these, so nothing is proved about them"
    for model in MODELS:
        if issubclass(model, Shared):
            assert all(truth.of(model, mark) == truth.of(model, "bank") for mark, _role in VIEWERS), model
        elif not issubclass(model, BankOnly):
            assert any(truth.of(model, mark) for mark, _role in VIEWERS), model
            assert all(truth.of(model, mark) < truth.of(model, "bank") for mark, _role in VIEWERS), model


# --- every way to ask ------------------------------------------------------------------------------------------------------


def _subquery(session: Session, model: Any) -> int:
    inner = sa.select(_key(model)).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(inner)) or 0


def _common_table(session: Session, model: Any) -> int:
    inner = sa.select(_key(model).label("k")).cte()
    return len(session.scalars(sa.select(inner.c.k)).all())


def _in_another(session: Session, model: Any) -> int:
    """All organisations' rows asked for inside a condition on something that is always there."""
    other = aliased(model)
    wanted = sa.select(sa.select(sa.func.count(_key_of(other, model))).scalar_subquery())
    return session.scalar(wanted) or 0


def _joined_to_itself(session: Session, model: Any) -> int:
    other = aliased(model)
    key = _key(model)
    wanted = sa.select(_key_of(other, model)).select_from(model).join(other, _key_of(other, model) == key)
    return len(session.execute(wanted).all())


def _outer_joined(session: Session, model: Any) -> int:
    """Nothing comes in on the other side of an outer join."""
    other = aliased(model)
    one = sa.select(sa.literal(1).label("n")).subquery()
    wanted = sa.select(_key_of(other, model)).select_from(one).outerjoin(other, sa.true())
    return sum(key is not None for key in session.scalars(wanted))


def _united(session: Session, model: Any) -> int:
    both = sa.union(sa.select(_key(model)), sa.select(_key(model)))
    return len(session.execute(both).all())


def _key_of(alias: Any, model: Any) -> Any:
    return getattr(alias, _key_name(model))


WAYS: dict[str, Way] = {
    "rows": lambda session, model: len(session.scalars(sa.select(model)).all()),
    "columns": lambda session, model: len(session.execute(sa.select(_key(model))).all()),
    "count": lambda session, model: session.scalar(sa.select(sa.func.count()).select_from(model)) or 0,
    "count of a column": lambda session, model: session.scalar(sa.select(sa.func.count(_key(model)))) or 0,
    "alias": lambda session, model: len(session.scalars(sa.select(aliased(model))).all()),
    "a query of the old kind": lambda session, model: session.query(model).count(),
    "subquery": _subquery,
    "common table": _common_table,
    "scalar subquery": _in_another,
    "join": _joined_to_itself,
    "outer join": _outer_joined,
    "union": _united,
    "a page at a time": lambda session, model: len(list(session.scalars(sa.select(model)).yield_per(2))),
}


@every_model
def test_every_way_to_ask_for_all_rows_brings_what_the_actor_may_see(
    world: World, truth: Truth, model: type[Any]
) -> None:
    for viewer, actor in _actors(world):
        wanted = truth.of(model, viewer)
        with reading(actor) as session:
            assert set(session.scalars(visible(model, actor).with_only_columns(_key(model)))) == wanted, viewer
            assert set(session.scalars(sa.select(_key(model)))) == wanted, viewer
            for name, way in WAYS.items():
                assert way(session, model) == len(wanted), f"{name} as {viewer}"


@every_single_key
def test_a_row_by_its_key_is_there_only_for_who_may_see_it(world: World, truth: Truth, model: type[Any]) -> None:
    everything = sorted(truth.of(model, "bank"))
    asked = everything if len(everything) < 12 else [*everything[:6], *everything[-6:]]
    for viewer, actor in _actors(world)[:3]:
        with reading(actor) as session:
            there = {key for key in asked if session.get(model, key) is not None}
            assert there == set(asked) & truth.of(model, viewer), viewer


def test_what_another_has_loaded_is_not_found_in_the_session(world: World, truth: Truth) -> None:
    session = db.session()
    bind_actor(session, observer())
    kept = session.scalars(sa.select(Account)).all()  # held, so that the session does not forget them by itself
    keys = {account.id for account in kept}
    bind_actor(session, world.person(Role.AGENCY_STAFF).actor)
    assert {key for key in keys if session.get(Account, key) is not None} == truth.of(Account, "EASTAG")
    session.rollback()


@pytest.mark.parametrize("how", [None, joinedload, selectinload], ids=["lazy", "joined", "selectin"])
def test_relationships_lead_nowhere_that_is_closed(world: World, truth: Truth, how: Any) -> None:
    """From an ended or not accepted placement to the account, and on to the person."""
    for mark, role in VIEWERS:
        actor = world.person(role, mark).actor
        with reading(actor) as session:
            session.expunge_all()
            wanted = sa.select(Placement)
            if how:
                wanted = wanted.options(how(Placement.account).options(how(Account.customer)))
            placements = session.scalars(wanted).unique().all()
            assert {p.id for p in placements} == truth.of(Placement, mark)
            for placement in placements:
                is_open = placement.accepted_at is not None and placement.ended_at is None
                assert (placement.account is not None) is is_open
                assert not is_open or placement.account.customer is not None
                assert placement.batch.organisation_id == placement.organisation_id


def test_a_change_to_all_rows_changes_ones_own(world: World, truth: Truth) -> None:
    actor = world.person(Role.AGENCY_LEADER).actor
    with pytest.raises(_Enough), transaction(actor) as work:
        changed = work.session.execute(sa.update(Customer).values(region="CN-BJ"))
        assert changed.rowcount == len(truth.of(Customer, "EASTAG"))  # type: ignore[attr-defined]
        gone = work.session.execute(sa.delete(AccountParty))
        assert gone.rowcount == len(truth.of(AccountParty, "EASTAG"))  # type: ignore[attr-defined]
        raise _Enough


class _Enough(Exception):
    """Nothing of this is kept."""


@pytest.mark.parametrize(
    "deed",
    [
        lambda session: session.execute(sa.select(Account)),
        lambda session: session.execute(sa.text("SELECT count(*) FROM account")),
        lambda session: session.get(Account, 1),
        lambda session: session.connection(),
        lambda session: session.execute(sa.update(Account).values(region="")),
        lambda session: (session.add(Organisation(code="X", name="X")), session.flush()),
    ],
    ids=["select", "text", "get", "connection", "update", "insert"],
)
def test_a_session_of_nobody_is_an_error_and_never_everything(world: World, deed: Callable[[Session], object]) -> None:
    with Session(db.engine) as session, pytest.raises(PermissionError):
        deed(session)


# --- PostgreSQL's own wall -----------------------------------------------------------------------------------------------


on_postgresql = pytest.mark.parametrize("world", ["postgresql"], indirect=True)


def _be(connection: sa.Connection, scope: str, organisation_id: int = 0) -> None:
    """From here to the end of the transaction, as the application's role for an organisation."""
    role = connection.scalar(sa.text("SELECT current_database()")) + APPLICATION_ROLE_SUFFIX
    connection.execute(sa.select(sa.func.set_config("role", role, True)))
    connection.execute(sa.select(sa.func.set_config("portal.scope", scope, True)))
    connection.execute(sa.select(sa.func.set_config("portal.organisation", str(organisation_id), True)))


def _count(connection: sa.Connection, table: str) -> int:
    return connection.scalar(sa.text(f'SELECT count(*) FROM "{table}"')) or 0


@on_postgresql
def test_sql_by_hand_sees_as_many_rows_as_the_net(world: World, truth: Truth) -> None:
    viewers = [(mark, "organisation", world.organisations[mark].id) for mark, _role in VIEWERS]
    for viewer, scope, organisation_id in [*viewers, ("system", "system", 0), ("bank", "bank", 0)]:
        with db.engine.connect() as connection:
            _be(connection, scope, organisation_id)
            for model in MODELS:
                seen = _count(connection, model.__tablename__)
                assert seen == len(truth.of(model, viewer)), f"{model.__tablename__} as {viewer}"


@on_postgresql
def test_without_a_scope_nothing_is_seen_not_even_by_the_owner(world: World, truth: Truth) -> None:
    for scope in (None, "", "organisation", "everything"):
        with db.engine.connect() as connection:
            if scope is not None:
                _be(connection, scope)
            for model in MODELS:
                if issubclass(model, Shared) and scope == "organisation":
                    continue  # every organisation sees these
                if scope is not None or model.__tablename__ not in NOT_FORCED:
                    assert _count(connection, model.__tablename__) == 0, f"{model.__tablename__} as {scope!r}"


@on_postgresql
def test_every_table_of_ours_has_its_policy(world: World) -> None:
    with db.engine.connect() as connection:
        rows = connection.execute(
            sa.text("SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class WHERE relkind = 'r' "
                    "AND relnamespace = 'public'::regnamespace")
        ).all()  # fmt: skip
    protected = {name: (enabled, forced) for name, enabled, forced in rows if name != "alembic_version"}
    assert set(protected) == {model.__tablename__ for model in MODELS}
    assert {name for name, (enabled, _forced) in protected.items() if not enabled} == set()
    assert {name for name, (_enabled, forced) in protected.items() if not forced} == NOT_FORCED


OWN = [model for model in MODELS if issubclass(model, OwnRows) and model is not Organisation]


@on_postgresql
@pytest.mark.parametrize("model", OWN, ids=lambda model: model.__tablename__)
def test_a_row_for_another_organisation_is_refused(world: World, truth: Truth, model: type[Any]) -> None:
    mark = next(mark for mark, _role in VIEWERS if truth.of(model, mark))
    other = next(other for other, _role in VIEWERS if other != mark)
    mine, theirs = world.organisations[mark].id, world.organisations[other].id
    table, key = model.__tablename__, _key_name(model)
    copied = sa.text(
        f"INSERT INTO \"{table}\" SELECT (jsonb_populate_record(x, jsonb_build_object('{key}', 999999, "
        f"'organisation_id', {theirs}))).* FROM \"{table}\" x LIMIT 1"
    )
    with db.engine.connect() as connection:
        _be(connection, "organisation", mine)
        with pytest.raises(ProgrammingError) as refused:
            connection.execute(copied)
    assert isinstance(refused.value.orig, errors.InsufficientPrivilege)
    assert "row-level security" in str(refused.value.orig)


@on_postgresql
@pytest.mark.parametrize("statement", ["SET LOCAL row_security = off", "ALTER TABLE account DISABLE ROW LEVEL SECURITY",
    "DROP POLICY account_visible ON account", "CREATE TABLE hole (id int)", "TRUNCATE account CASCADE",
    "UPDATE alembic_version SET version_num = ''"])  # fmt: skip
def test_the_applications_role_cannot_take_the_wall_down(world: World, statement: str) -> None:
    with db.engine.connect() as connection:
        _be(connection, "organisation", world.organisations["EASTAG"].id)
        with pytest.raises(ProgrammingError):
            connection.execute(sa.text(statement))
            _count(connection, "account")  # with row security off, reading is the error
