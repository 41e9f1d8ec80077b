"""What an actor may see, in one place.

Every table's class inherits exactly one of the kinds below, or the application does not start. Reads ask with
`visible(Model, actor)`; the same condition is put under every ORM statement of a session as a net, and on PostgreSQL
row policies (portal/migrations) are the wall below both. The bank sees all; the system actor sees what signing in, the
job list and the audit chain need.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, declarative_mixin, with_loader_criteria

if TYPE_CHECKING:
    from sqlalchemy.sql import ColumnElement

    from portal.foundation.access import Actor

M = TypeVar("M")

__all__ = [
    "APPLICATION_ROLE_SUFFIX",
    "BankOnly",
    "OwnRows",
    "PlacedPeople",
    "PlacedRows",
    "Shared",
    "ToldPeople",
    "actor_of",
    "bind_actor",
    "holdings",
    "visible",
]

# On PostgreSQL every transaction of the application runs as this role of its database, which owns nothing.
APPLICATION_ROLE_SUFFIX = "_app"

# Placements live in a lower room than the accounts that they make visible, so only their table's outline is known here.
_placement = sa.table(
    "placement",
    sa.column("id", sa.BigInteger()),
    sa.column("account_id", sa.BigInteger()),
    sa.column("customer_id"),
    sa.column("organisation_id"),
    sa.column("placed_on", sa.Date()),
    sa.column("placed_bucket", sa.String()),
    sa.column("placed_total_minor", sa.BigInteger()),
    sa.column("accepted_at"),
    sa.column("ended_at"),
)


class _Outline:
    """Stands for the column that every class of the kind maps; SQLAlchemy looks at the kind itself once."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, _row: Any, _kind: Any) -> Any:
        return sa.column(self.name, sa.BigInteger())


@declarative_mixin
class Shared:
    """Everybody who is signed in may read it: names of organisations, rule packs."""

    visible_to_system: ClassVar[bool] = True


@declarative_mixin
class BankOnly:
    """The bank's own: imports, runs, what it thinks of others."""

    visible_to_system: ClassVar[bool] = False


@declarative_mixin
class OwnRows:
    """Rows of one organisation, in `organisation_id`; others do not know that they exist."""

    visible_to_system: ClassVar[bool] = False
    organisation_id: Any = _Outline("organisation_id")


@declarative_mixin
class PlacedRows:
    """Rows of an account (`placed_account_id`), seen by whoever holds it now in an accepted placement."""

    visible_to_system: ClassVar[bool] = False
    placed_account_id: Any = _Outline("placed_account_id")


@declarative_mixin
class PlacedPeople:
    """Rows of a person (`placed_customer_id`), seen by whoever holds an account of that person now."""

    visible_to_system: ClassVar[bool] = False
    placed_customer_id: Any = _Outline("placed_customer_id")


@declarative_mixin
class ToldPeople:
    """Rows of a person (`placed_customer_id`), seen by whoever holds an account of that person now; where `told_to_id` names
    an organisation, by that one alone."""

    visible_to_system: ClassVar[bool] = False
    placed_customer_id: Any = _Outline("placed_customer_id")
    told_to_id: Any = _Outline("told_to_id")


KINDS: tuple[type, ...] = (Shared, BankOnly, OwnRows, PlacedRows, PlacedPeople, ToldPeople)


def _holds(column: Any, wanted: Any, organisation_id: int) -> ColumnElement[bool]:
    return (
        sa.select(sa.literal(1))
        .select_from(_placement)
        .where(
            column == wanted,
            _placement.c.organisation_id == organisation_id,
            _placement.c.accepted_at.is_not(None),
            _placement.c.ended_at.is_(None),
        )
        .exists()
    )


def _told(model: Any, organisation_id: int) -> ColumnElement[bool]:
    to_me = sa.or_(model.told_to_id.is_(None), model.told_to_id == organisation_id)
    return sa.and_(to_me, _holds(_placement.c.customer_id, model.placed_customer_id, organisation_id))


def criterion(model: type[Any], actor: Actor) -> ColumnElement[bool]:
    """The condition under which this actor may see a row of the model."""
    if actor.is_bank:
        return sa.true()
    if actor.is_system:
        return sa.true() if model.visible_to_system else sa.false()
    return _organisation_criterion(model, actor.organisation_id or 0)


def _organisation_criterion(model: type[Any], organisation_id: int) -> ColumnElement[bool]:
    if issubclass(model, OwnRows):
        condition: ColumnElement[bool] = model.organisation_id == organisation_id
        return condition
    if issubclass(model, PlacedRows):
        return _holds(_placement.c.account_id, model.placed_account_id, organisation_id)
    if issubclass(model, PlacedPeople):
        return _holds(_placement.c.customer_id, model.placed_customer_id, organisation_id)
    if issubclass(model, ToldPeople):
        return _told(model, organisation_id)
    return sa.true() if issubclass(model, Shared) else sa.false()


def visible(model: type[M], actor: Actor) -> sa.Select[tuple[M]]:
    """A select of the rows that the actor may see."""
    return sa.select(model).where(criterion(model, actor))


def holdings(actor: Actor) -> tuple[sa.Select[Any], Any]:
    """What the actor's organisation holds now, account by account, and the columns by name: `id` (unique), `account_id`,
    and of the day on which it was placed `placed_on`, `placed_bucket` and `placed_total_minor`.

    For lists of a holder, which are read in the order of this table's indexes: a list of accounts of which each is asked
    whether it is held costs what all of them cost. The bank holds nothing.
    """
    held = _placement.c
    shown = (held.id, held.account_id, held.placed_on, held.placed_bucket, held.placed_total_minor)
    mine = held.organisation_id == (None if actor.is_bank else actor.organisation_id or 0)
    return sa.select(*shown).where(mine, held.ended_at.is_(None), held.accepted_at.is_not(None)), held


def bind_actor(session: Session, actor: Actor | None) -> None:
    """From here on the session reads and writes as this actor; what another saw is forgotten."""
    if session.info.get("actor") == actor:
        return
    session.rollback()
    session.expunge_all()
    session.info["actor"] = actor


def actor_of(session: Session) -> Actor:
    """The actor of a session. A session without one is an error, never everything."""
    actor = session.info.get("actor")
    if actor is None:
        raise PermissionError("this session has no actor: use reading(actor) or transaction(actor)")
    return actor  # type: ignore[no-any-return]


def undeclared_models(models: list[type[Any]]) -> list[str]:
    """Names of tables whose class does not say exactly one kind of visibility."""
    return [m.__name__ for m in models if sum(issubclass(m, kind) for kind in KINDS) != 1]


@event.listens_for(Session, "do_orm_execute")
def _put_net_under_statement(state: ORMExecuteState) -> None:
    actor = actor_of(state.session)
    if actor.is_bank or state.is_column_load:
        return
    if not (state.is_select or state.is_update or state.is_delete):
        return
    if actor.is_system:
        options = [with_loader_criteria(kind, _for_system, include_aliases=True) for kind in KINDS]
    else:
        options = _organisation_net(actor.organisation_id or 0)
    state.statement = state.statement.options(*options)


def _for_system(cls: Any) -> Any:
    return sa.true() if cls.visible_to_system else sa.false()


def _organisation_net(organisation_id: int) -> list[Any]:
    """One condition a kind. SQLAlchemy keeps the compiled lambda and binds `organisation_id` anew each time."""
    return [
        with_loader_criteria(BankOnly, lambda cls: sa.false(), include_aliases=True),
        with_loader_criteria(OwnRows, lambda cls: cls.organisation_id == organisation_id, include_aliases=True),
        with_loader_criteria(
            PlacedRows,
            lambda cls: _holds(_placement.c.account_id, cls.placed_account_id, organisation_id),
            include_aliases=True,
        ),
        with_loader_criteria(
            PlacedPeople,
            lambda cls: _holds(_placement.c.customer_id, cls.placed_customer_id, organisation_id),
            include_aliases=True,
        ),
        with_loader_criteria(ToldPeople, lambda cls: _told(cls, organisation_id), include_aliases=True),
    ]


@event.listens_for(Session, "after_begin")
def _tell_database_who_acts(session: Session, _transaction: Any, connection: sa.Connection) -> None:
    actor = actor_of(session)
    if connection.dialect.name == "postgresql":
        connection.execute(
            sa.select(
                sa.func.set_config("role", sa.func.current_database() + APPLICATION_ROLE_SUFFIX, True),
                sa.func.set_config("portal.scope", actor.scope, True),
                sa.func.set_config("portal.organisation", str(actor.organisation_id or 0), True),
                # Policies make statements look costlier than they are, and compiling them takes longer than any page.
                sa.func.set_config("jit", "off", True),
            )
        )
