"""The audit trail as a list: who, what, to which row, when; narrowed by each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from portal.foundation.audit import AuditEvent
from portal.foundation.filters import BadFilter, Filter
from portal.foundation.language import _l, say
from portal.foundation.local_days import within_days
from portal.foundation.tables import Column, Table
from portal.identity.models import User
from portal.oversight import queries
from portal.oversight.labels import ACTIONS, ORIGINS, SUBJECTS, SYSTEM_WORDS

if TYPE_CHECKING:
    from portal.foundation.access import Actor

__all__ = ["audit_table"]

LARGEST_NUMBER = 2**63 - 1
SYSTEM_ACTORS = frozenset({"demo", "init", "job", "sealer", "sign-in", "verification"})


def audit_table(actor: Actor) -> Table:
    """Events, the latest first by business time."""
    zone = ZoneInfo(actor.time_zone)
    return Table(
        name="audit",
        statement=queries.events(actor),
        columns=[
            Column("at", _l("When"), "instant", value="AuditEvent.at", expression=AuditEvent.at, sortable=True),
            Column("who", _l("Who"), value=_who, title=lambda row: row.AuditEvent.actor_name),
            Column("action", _l("What was done"), value=_action, title=lambda row: row.AuditEvent.action),
            Column("subject", _l("To what"), value=_subject, title=_subject_code),
            Column("origin", _l("From where"), value=_origin, title=lambda row: row.AuditEvent.origin),
        ],
        filters=[
            Filter("who", _l("User name"), "text", _by),
            Filter("action", _l("What was done"), "choice", _doing, list(ACTIONS.items())),
            Filter("kind", _l("Kind of thing"), "choice", _about, list(SUBJECTS.items())),
            Filter("number", _l("Its number"), "text", _numbered),
            Filter("day", _l("From day to day"), "period", lambda s, days: within_days(s, AuditEvent.at, days, zone)),
        ],
        default_sort="-at",
        key=AuditEvent.id,
        empty=say("Nothing has been recorded yet."),
    )


def _who(row: Any) -> str:
    name: str = row.person or row.AuditEvent.actor_name
    return name if row.person else str(SYSTEM_WORDS.get(name, name))


def _origin(row: Any) -> str:
    origin: str = row.AuditEvent.origin
    return str(ORIGINS.get(origin, origin))


def _action(row: Any) -> str:
    return str(ACTIONS.get(row.AuditEvent.action, row.AuditEvent.action))


def _subject(row: Any) -> str:
    event = row.AuditEvent
    word = str(SUBJECTS.get(event.subject_type, event.subject_type))
    return word if event.subject_id is None else f"{word} {event.subject_id}"


def _subject_code(row: Any) -> str:
    code: str = row.AuditEvent.subject_type
    return code


def _by(statement: sa.Select[Any], name: str) -> sa.Select[Any]:
    """A person by the user name, or one of the system's actors; either is one range of an index."""
    name = name.lower()
    if name in SYSTEM_ACTORS:
        return statement.where(AuditEvent.actor_user_id.is_(None), AuditEvent.actor_name == name)
    person = sa.select(User.id).where(User.user_name == name).scalar_subquery()
    return statement.where(AuditEvent.actor_user_id == person)


def _doing(statement: sa.Select[Any], action: str) -> sa.Select[Any]:
    return statement.where(AuditEvent.action == action)


def _about(statement: sa.Select[Any], kind: str) -> sa.Select[Any]:
    return statement.where(AuditEvent.subject_type == kind)


def _numbered(statement: sa.Select[Any], text: str) -> sa.Select[Any]:
    if not (text.isascii() and text.isdigit()) or int(text) > LARGEST_NUMBER:
        raise BadFilter(say("Write a number, for example 5000 or 5000.50."))
    return statement.where(AuditEvent.subject_id == int(text))
