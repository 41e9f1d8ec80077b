"""The lists of people and of organisations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import url_for

from portal.foundation.access import OrganisationKind, Permission, Role
from portal.foundation.language import _l, say
from portal.foundation.tables import Column, Empty, Filter, Table
from portal.identity import queries
from portal.identity.labels import KIND_LABELS, ROLE_LABELS, organisation_state, user_state
from portal.identity.models import Organisation, User

if TYPE_CHECKING:
    import sqlalchemy as sa

    from portal.foundation.access import Actor

__all__ = ["organisations_table", "users_table"]


def _of(kind: type[Any], column: Any) -> Any:
    """A filter's condition on a column of an enumeration."""

    def narrow(statement: sa.Select[Any], value: Any) -> sa.Select[Any]:
        return statement.where(column == kind(value))

    return narrow


def _is_active(column: Any) -> Any:
    def narrow(statement: sa.Select[Any], value: Any) -> sa.Select[Any]:
        return statement.where(column.is_(value == "yes"))

    return narrow


_ACTIVE = (("yes", _l("active")), ("no", _l("inactive")))


def users_table(actor: Actor, organisation_id: int | None = None) -> Table:
    """People that the actor may see, of one organisation or of all."""
    statement = queries.users(actor)
    if organisation_id is not None:
        statement = statement.where(User.organisation_id == organisation_id)
    columns = [
        Column("name", _l("Name"), value="User.name", expression=User.name, sortable=True),
        Column("user_name", _l("User name"), value="User.user_name", expression=User.user_name, sortable=True),
        Column("role", _l("Role"), value=lambda row: ROLE_LABELS[row.User.role]),
        Column("state", _l("State"), "state", value=lambda row: user_state(row.User)),
        Column("created_at", _l("Added"), "day", value="User.created_at", expression=User.created_at, sortable=True),
    ]
    if actor.is_bank and organisation_id is None:
        columns.insert(2, Column("organisation", _l("Organisation"), value="Organisation.name"))
    return Table(
        name="users",
        statement=statement,
        key=User.id,
        default_sort="user_name",
        columns=columns,
        filters=_users_filters(actor, organisation_id),
        row_url=_user_url(actor),
        empty=say("Nobody has been added yet."),
        caption=_l("Users"),
    )


def _users_filters(actor: Actor, organisation_id: int | None) -> list[Filter]:
    active = Filter("active", _l("State"), "choice", _is_active(User.active), choices=_ACTIVE)
    if not actor.is_bank or organisation_id is not None:
        return [active]
    roles = [(role.value, ROLE_LABELS[role]) for role in Role]
    kinds = [(kind.value, KIND_LABELS[kind]) for kind in OrganisationKind]
    return [
        Filter("kind", _l("Kind"), "choice", _of(OrganisationKind, Organisation.kind), choices=kinds),
        Filter("role", _l("Role"), "choice", _of(Role, User.role), choices=roles),
        active,
    ]


def _user_url(actor: Actor) -> Any:
    if not actor.can(Permission.USERS_VIEW):
        return None
    return lambda row: url_for("identity.user", user_id=row.User.id)


def organisations_table(actor: Actor) -> Table:
    """The bank, its agencies and law firms."""
    kinds = [(kind.value, KIND_LABELS[kind]) for kind in OrganisationKind]
    may_add = actor.can(Permission.ORGANISATIONS_MANAGE)
    return Table(
        name="organisations",
        statement=queries.organisations(actor),
        key=Organisation.id,
        default_sort="code",
        columns=[
            Column("name", _l("Organisation"), expression=Organisation.name, sortable=True),
            Column("code", _l("Code"), expression=Organisation.code, sortable=True),
            Column("kind", _l("Kind"), value=lambda row: KIND_LABELS[row.kind]),
            Column("phone", _l("Telephone")),
            Column("state", _l("State"), "state", value=organisation_state),
        ],
        filters=[
            Filter("kind", _l("Kind"), "choice", _of(OrganisationKind, Organisation.kind), choices=kinds),
            Filter("active", _l("State"), "choice", _is_active(Organisation.active), choices=_ACTIVE),
        ],
        row_url=lambda row: url_for("identity.organisation", organisation_id=row.id),
        empty=Empty(
            say("No agency or law firm has been added yet."),
            say("Add an organisation") if may_add else None,
            url_for("identity.new_organisation") if may_add else None,
        ),
        caption=_l("Organisations"),
    )
