"""Reported payments by file: an agency sends its own. The file applies whole or not at all, but for rows that it rejects."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from portal.foundation.language import _l
from portal.foundation.visibility import actor_of, visible
from portal.portfolio.bulk import Applied, AppliesAtOnce
from portal.portfolio.importing import FileWriter, Options, named_owner, receive, run_import, try_file
from portal.portfolio.intake import Reading
from portal.portfolio.models import ImportKind, ImportRun
from portal.portfolio.operations import add_import_jobs
from portal.recovery.reported import queries
from portal.recovery.reported.matching_job import ask_to_match
from portal.recovery.reported.models import ReportedPayment
from portal.recovery.reported.operations import keep_report, write_report
from portal.recovery.reported.rows import ReportCheck, ReportRow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.tabular import Table
    from portal.foundation.work import Work
    from portal.portfolio.intake import MappingProfile
    from portal.recovery.reported.queries import Placed

__all__ = ["REPORTED", "import_reported", "receive_reported", "try_reported"]


class _Register:
    """What is on file of an agency, for the checks."""

    def __init__(self, session: Session, organisation_id: int, today: date) -> None:
        self._session = session
        self._actor = actor_of(session)
        self._organisation_id = organisation_id
        self._today = today

    def accounts(self, refs: Collection[str]) -> Mapping[str, Placed]:
        """Accounts that the agency may report payments on."""
        return queries.placed(self._session, self._actor, refs, self._today, self._organisation_id)

    def reports(self, refs: Collection[str]) -> Mapping[str, bytes]:
        """Content hashes of what it has reported."""
        wanted = visible(ReportedPayment, self._actor).where(
            ReportedPayment.organisation_id == self._organisation_id, ReportedPayment.reported_ref.in_(refs)
        )
        return {row.reported_ref: bytes(row.content_hash) for row in self._session.scalars(wanted)}


class _ReportWriter(AppliesAtOnce):
    """Keeps chunks of reports; the portal looks for their postings once the file stands."""

    def __init__(self, work: Work, run_id: int) -> None:
        self._work = work
        self._run_id = run_id
        self.applied = Applied()

    def write(self, outcomes: Iterable[ReportRow]) -> None:
        """One chunk."""
        rows = list(outcomes)
        new = [row for row in rows if not row.reported_before]
        self.applied.unchanged += len(rows) - len(new)
        self.applied.created += len(new)
        for row in new:
            currency = row.told.currency
            self.applied.totals[currency] = self.applied.totals.get(currency, 0) + row.told.amount
        write_report(
            self._work, *(keep_report(self._work, row.placed, row.account_ref, row.told, self._run_id) for row in new)
        )

    def finish(self) -> None:
        """Ask for a look at the bank's postings."""
        if self.applied.created:
            ask_to_match(self._work, f"run-{self._run_id}")


class _Reported:
    """Files of reported payments."""

    kind = ImportKind.REPORTED

    def read(
        self, table: Table, profile: MappingProfile, *, as_of: date | None, today: date, session: Session,
        organisation_id: int | None = None,
    ) -> Reading[Any]:  # fmt: skip
        """The rows, checked against what the agency holds and has reported."""
        register = _Register(session, named_owner(organisation_id), today)
        return Reading(table, profile, profile.as_of(None, today), ReportCheck(register, today))

    def writer(self, work: Work, run_id: int) -> FileWriter:
        """What keeps them."""
        return _ReportWriter(work, run_id)


REPORTED = _Reported()


def receive_reported(
    actor: Actor, content: IO[bytes], file_name: str, options: Options, *, as_job: bool = True
) -> ImportRun:
    """Keep a file of `options.organisation_id`'s reports; its import is asked for as a job, or done by the caller.

    Raises NotFound for another's, DomainError as `receive`.
    """
    return receive(actor, REPORTED, content, file_name, options, as_job=as_job)


def try_reported(actor: Actor, content: IO[bytes], file_name: str, options: Options) -> dict[str, Any]:
    """The summary that an import of this file would have."""
    return try_file(actor, REPORTED, content, file_name, options)


def import_reported(actor: Actor, run_id: int) -> dict[str, Any]:
    """Apply a received file now, for the command line. The summary. Raises as `run_import`."""
    return run_import(actor, run_id, REPORTED)


add_import_jobs(
    REPORTED, _l("Import of reported payments"), _l("Trial of an import of reported payments"), "/payments/reported/imports"
)  # fmt: skip
