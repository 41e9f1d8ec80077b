"""Dialler's logs for tests, and what they leave behind."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.contact.log.files import import_attempts, receive_attempts
from portal.contact.models import ContactAttempt
from portal.foundation.services import services
from portal.foundation.work import reading
from portal.portfolio.importing import Options
from portal.portfolio.models import Account, ContactPoint, Customer, ImportRun, RejectedRow
from tests.identity.factories import observer

if TYPE_CHECKING:
    from portal.foundation.access import Actor

__all__ = ["a_log", "bring", "changes", "kept", "number_of", "ref_of", "rejected"]

HEADER = "attempt_ref,account_ref,at,channel,contact_point,party,outcome"


def a_log(*rows: str, header: str = HEADER) -> bytes:
    """A file of rows."""
    return "\n".join([header, *rows, ""]).encode()


def bring(actor: Actor, content: bytes, organisation_id: int | None = None) -> dict[str, Any]:
    """Import a log now; its summary."""
    options = Options(organisation_id=organisation_id or actor.organisation_id)
    run = receive_attempts(actor, io.BytesIO(content), "log.csv", options, as_job=False)
    return import_attempts(actor, run.id)


def kept() -> list[ContactAttempt]:
    """All attempts in the order in which they were made."""
    with reading(observer()) as session:
        return list(session.scalars(sa.select(ContactAttempt).order_by(ContactAttempt.at, ContactAttempt.id)))


def ref_of(account_id: int) -> str:
    """The account's reference."""
    with reading(observer()) as session:
        return session.get_one(Account, account_id).account_ref


def number_of(point_id: int) -> str:
    """A telephone number as the tests made it."""
    with reading(observer()) as session:
        point = session.get_one(ContactPoint, point_id)
        key = session.get_one(Customer, point.customer_id).person_key
        return services().vault.open(key, point.value_sealed, "phone") or ""


def changes() -> dict[str, int]:
    """What the last log brought, beside the attempts."""
    with reading(observer()) as session:
        last = session.scalars(sa.select(ImportRun.changes).order_by(ImportRun.id.desc())).first() or {}
        return {name: count for name, count in last["counts"].items() if count}


def rejected() -> dict[int, list[tuple[str, str]]]:
    """Column and code of what was wrong with the rows of the last log, by line."""
    with reading(observer()) as session:
        last = session.scalars(sa.select(ImportRun.id).order_by(ImportRun.id.desc())).first()
        rows = session.scalars(sa.select(RejectedRow).where(RejectedRow.import_run_id == last))
        return {row.line: [(error["column"], error["code"]) for error in row.errors] for row in rows}
