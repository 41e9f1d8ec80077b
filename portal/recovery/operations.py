"""Posting the bank's payments: imported, credited, or put before somebody with the reason."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from portal.foundation.language import _l
from portal.portfolio.importing import FileWriter, Options, receive, run_import, try_file
from portal.portfolio.models import ImportKind, ImportRun
from portal.portfolio.operations import add_import_jobs
from portal.recovery.bulk import BankLedger, PaymentWriter
from portal.recovery.posting import read_payments

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.tabular import Table
    from portal.foundation.work import Work
    from portal.portfolio.intake import MappingProfile, Reading

__all__ = ["PAYMENTS", "import_payments", "receive_payments", "try_payments"]


class _Payments:
    """Files of payments (reference/files.md, Payments)."""

    kind = ImportKind.PAYMENTS

    def read(
        self, table: Table, profile: MappingProfile, *, as_of: date | None, today: date, session: Session,
        organisation_id: int | None = None,
    ) -> Reading[Any]:  # fmt: skip
        """The rows, checked against the accounts and payments on file."""
        return read_payments(table, profile, today=today, ledger=BankLedger(session))

    def writer(self, work: Work, run_id: int) -> FileWriter:
        """What posts and attributes them."""
        return PaymentWriter(work, run_id)


PAYMENTS = _Payments()


def receive_payments(
    actor: Actor, content: IO[bytes], file_name: str, options: Options, *, as_job: bool = True
) -> ImportRun:
    """Keep a file of payments; its import is asked for as a job, or done by the caller. Raises DomainError as `receive`."""
    return receive(actor, PAYMENTS, content, file_name, options, as_job=as_job)


def try_payments(actor: Actor, content: IO[bytes], file_name: str, options: Options) -> dict[str, Any]:
    """The summary that an import of this file would have."""
    return try_file(actor, PAYMENTS, content, file_name, options)


def import_payments(actor: Actor, run_id: int) -> dict[str, Any]:
    """Apply a received file now, for the command line. The summary. Raises as `run_import`."""
    return run_import(actor, run_id, PAYMENTS)


add_import_jobs(PAYMENTS, _l("Import of payments"), _l("Trial of an import of payments"), "/payments/imports")
