"""Staff files for tests, and what they leave behind."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.foundation.access import Role
from portal.foundation.audit import AuditEvent
from portal.foundation.work import reading
from portal.portfolio.importing import Options
from portal.portfolio.models import ImportRun, RejectedRow
from portal.vendors.models import StaffMember, StaffRecord
from portal.vendors.staff_files import import_staff, receive_staff
from tests.identity.factories import actor_of, make_user, observer

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from portal.identity.models import Organisation

__all__ = [
    "HAN",
    "LI",
    "NOBODY",
    "a_file",
    "bring",
    "counts",
    "deeds",
    "last_changes",
    "leader_of",
    "members",
    "records",
    "rejected",
]

WIDE = (
    "employee_no,name,position,started_on,ended_on,user_name,training,trained_on,training_valid_until,test,tested_on,"
    "test_score,test_result,test_valid_until,certificate,certificate_no,certified_on,certificate_valid_until"
)
LI = "E1,李雷,collector,2005-01-10,,,Conduct,2005-01-11,2006-01-10,Conduct test,2005-01-12,88,passed,,Debt work,C-1,2004-06-01,2007-05-31"
NOBODY = "E5,,,,,,,,,,,,,,,,,"  # without a name and a first day
HAN = "E2,韩梅,,2005-02-01,,,,,,,,,,,,,,"


def leader_of(organisation: Organisation) -> Actor:
    return actor_of(make_user(Role.AGENCY_LEADER, organisation))


def a_file(*rows: str, header: str = WIDE) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def bring(actor: Actor, organisation: Organisation | int, content: bytes) -> dict[str, Any]:
    whose = organisation if isinstance(organisation, int) else organisation.id
    options = Options(organisation_id=whose)
    run = receive_staff(actor, io.BytesIO(content), "staff.csv", options, as_job=False)
    return import_staff(actor, run.id)


def counts(summary: dict[str, Any]) -> tuple[int, ...]:
    return tuple(summary[name] for name in ("created", "updated", "unchanged", "rejected"))


def members() -> list[StaffMember]:
    with reading(observer()) as session:
        return list(session.scalars(sa.select(StaffMember).order_by(StaffMember.id)))


def records() -> list[tuple[Any, ...]]:
    with reading(observer()) as session:
        columns = (StaffRecord.kind, StaffRecord.title, StaffRecord.number, StaffRecord.taken_on, StaffRecord.score)
        return list(session.execute(sa.select(*columns).order_by(StaffRecord.id)).tuples())


def last_changes() -> dict[str, int]:
    with reading(observer()) as session:
        changes = session.scalars(sa.select(ImportRun.changes).order_by(ImportRun.id.desc())).first() or {}
        return {name: count for name, count in changes["counts"].items() if count}


def rejected() -> list[tuple[int, list[tuple[str, str, str]]]]:
    """Lines with column, value and rule of each error."""
    with reading(observer()) as session:
        rows = session.scalars(sa.select(RejectedRow).order_by(RejectedRow.line))
        return [(row.line, [(e["column"], e["value"], e["code"]) for e in row.errors]) for row in rows]


def deeds() -> list[AuditEvent]:
    with reading(observer()) as session:
        wanted = sa.select(AuditEvent).where(AuditEvent.action.like("register.%"))
        return list(session.scalars(wanted.order_by(AuditEvent.id)))
