"""Bringing files into the portal as people do, without a worker: for the tests of every room that needs a book."""

from __future__ import annotations

import io
from datetime import date
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.foundation.access import Role
from portal.foundation.work import reading
from portal.portfolio.importing import Options
from portal.portfolio.models import ImportRun
from portal.portfolio.operations import import_accounts, receive_accounts
from portal.recovery.operations import import_payments, receive_payments
from tests.identity.factories import actor_of, make_user, observer

if TYPE_CHECKING:
    from pathlib import Path

    from portal.foundation.access import Actor

__all__ = ["bring_accounts", "bring_payments", "last_run", "sender", "standin_as_of"]

standin_as_of = date(2005, 6, 30)


def sender(role: Role = Role.VENDOR_MANAGER) -> Actor:
    """Somebody of the bank who sends a file."""
    return actor_of(make_user(role))


def bring_accounts(content: bytes | Path, actor: Actor | None = None, **options: Any) -> dict[str, Any]:
    """The summary of importing a file of accounts at once. Raises ImportRefused."""
    actor = actor or sender()
    run = receive_accounts(actor, _stream(content), "accounts.csv", Options(**options), as_job=False)
    return import_accounts(actor, run.id)


def bring_payments(content: bytes | Path, actor: Actor | None = None, **options: Any) -> dict[str, Any]:
    """The summary of importing a file of payments at once. Raises ImportRefused."""
    actor = actor or sender(Role.FINANCE)
    run = receive_payments(actor, _stream(content), "payments.csv", Options(**options), as_job=False)
    return import_payments(actor, run.id)


def _stream(content: bytes | Path) -> io.BytesIO:
    return io.BytesIO(content if isinstance(content, bytes) else content.read_bytes())


def last_run() -> ImportRun:
    """The run that was received last, as it stands."""
    with reading(observer()) as session:
        run = session.scalars(sa.select(ImportRun).order_by(ImportRun.id.desc()).limit(1)).one()
        session.expunge_all()
    return run
