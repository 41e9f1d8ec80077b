"""Posting the bank's payments: imported, credited, or put before somebody with the reason."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from portal.foundation.bulk import in_chunks
from portal.foundation.language import _l
from portal.foundation.visibility import actor_of
from portal.portfolio.bulk import CHUNK
from portal.portfolio.importing import FileWriter, Options, receive, run_import, try_file
from portal.portfolio.models import ImportKind, ImportRun
from portal.portfolio.operations import add_import_jobs
from portal.recovery.bulk import BankLedger, PaymentWriter
from portal.recovery.pairs import REVERSED_IN_FILE, WaitingRows, told_of
from portal.recovery.posting import read_payments
from portal.recovery.rule_models import Pairs
from portal.recovery.rules import rules_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.tabular import Table
    from portal.foundation.work import Work
    from portal.portfolio.intake import MappingProfile, Reading
    from portal.recovery.posting import PaymentRow

__all__ = ["PAYMENTS", "import_payments", "receive_payments", "try_payments"]


class _PairsLeftOut:
    """Keeps rows back until all are read, and posts those that their own file does not take back whole."""

    def __init__(self, writer: PaymentWriter) -> None:
        self._writer = writer
        self._waiting = WaitingRows()
        self.applied = writer.applied

    def write(self, outcomes: Iterable[PaymentRow]) -> None:
        """One chunk."""
        for row in outcomes:
            self._waiting.add(row)
            self.applied.waiting += 1

    def complete(self, tell: Callable[[], None]) -> None:
        """Post what is left, in the file's order."""
        pairs = self._waiting.left_out()
        if pairs:
            self.applied.late_skips[REVERSED_IN_FILE] = [told_of(row) for row in pairs.values()]
        posted = (row for row in self._waiting.rows() if row.posted_before or row.payment_ref not in pairs)
        for chunk in in_chunks(posted, CHUNK):
            self._writer.write(chunk)
            self.applied.waiting -= len(chunk)
            tell()
        self.applied.waiting = 0
        self._writer.complete(tell)

    def finish(self) -> None:
        """What follows of what was posted."""
        self._writer.finish()


class _Payments:
    """Files of payments (reference/files.md, Payments)."""

    kind = ImportKind.PAYMENTS

    def read(
        self, table: Table, profile: MappingProfile, *, as_of: date | None, today: date, session: Session,
        organisation_id: int | None = None,
    ) -> Reading[Any]:  # fmt: skip
        """The rows, checked against the accounts and payments on file."""
        rule = rules_now(session, actor_of(session)).above_balance
        return read_payments(table, profile, today=today, ledger=BankLedger(session), above_balance=rule)

    def writer(self, work: Work, run_id: int) -> FileWriter:
        """What posts and attributes them."""
        writer = PaymentWriter(work, run_id)
        if rules_now(work.session, work.actor).pairs is Pairs.LEAVE_OUT:
            return _PairsLeftOut(writer)
        return writer


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
