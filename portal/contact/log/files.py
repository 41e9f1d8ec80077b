"""The dialler's log by file: the same checks as on the page, as of each attempt's own time.

What the log tells has happened, so a contact against the rules is kept and named a breach; it is never left out. Rows are
kept back until all are read and then applied in the order of their time, since what a row's verdict rests on may stand
behind it in the file.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import IO, TYPE_CHECKING, Any

from portal.contact.log.register import AgencyRegister
from portal.contact.log.rows import AttemptCheck, AttemptRow
from portal.contact.log.spool import Spool
from portal.contact.log.writing import ChunkOfAttempts
from portal.foundation.bulk import in_chunks
from portal.foundation.language import _l
from portal.foundation.services import services
from portal.identity.models import Organisation
from portal.portfolio.bulk import Applied
from portal.portfolio.importing import FileWriter, Options, named_owner, receive, run_import, try_file
from portal.portfolio.intake import Reading
from portal.portfolio.models import ImportKind, ImportRun
from portal.portfolio.operations import add_import_jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.tabular import Table
    from portal.foundation.work import Work
    from portal.portfolio.intake import MappingProfile

__all__ = ["ATTEMPTS", "CHANGE_LABELS", "import_attempts", "receive_attempts", "try_attempts"]

CHUNK = 1_000

# What a log brought, in the order in which a page says it.
CHANGE_LABELS: dict[str, Any] = {
    "corrected": _l("Entries corrected"),
    "promise": _l("Promises"),
    "hold": _l("Holds raised"),
    "contact_point": _l("Contact points found"),
    "breach": _l("Contacts against the conduct rules"),
    "presumed": _l("Contacts presumed to be against the rules"),
}


@dataclass
class LogChanges:
    """How much of each a log brought."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CHANGE_LABELS, 0))

    def as_data(self) -> dict[str, Any]:
        """As JSON, to be kept with the run; a log has no amounts that move."""
        return {"counts": self.counts, "moves": [], "balances": {}}


class _AttemptWriter:
    """Keeps rows back, and applies them in the order of their time."""

    def __init__(self, work: Work, run_id: int) -> None:
        self._work = work
        self._organisation = work.session.get_one(Organisation, _owner(work.session, run_id))
        self._run_id = run_id
        self._spool = Spool()
        self._changes = LogChanges()
        self.applied = Applied(changes=self._changes)

    def write(self, outcomes: Iterable[AttemptRow]) -> None:
        """One chunk."""
        for row in outcomes:
            if row.logged_before:
                self.applied.unchanged += 1
            else:
                # Warnings are told already; the rest is all that the row brings.
                self._spool.add(replace(row, warnings=()))
                self.applied.waiting += 1

    def complete(self, tell: Callable[[], None]) -> None:
        """Judge and keep them, a thousand at a time."""
        for rows in in_chunks(self._spool.in_order(), CHUNK):
            chunk = ChunkOfAttempts(self._work, self._organisation, self._run_id, rows, self._changes.counts)
            chunk.apply()
            self.applied.created += len(rows)
            self.applied.waiting -= len(rows)
            tell()
        self.applied.breach = self._changes.counts["breach"]

    def finish(self) -> None:
        """Nothing follows: queues, holds and promises moved with each row."""


def _owner(session: Session, run_id: int) -> int:
    return named_owner(session.get_one(ImportRun, run_id).organisation_id)


class _Attempts:
    """Files of attempts (reference/files.md, Attempts)."""

    kind = ImportKind.ATTEMPTS

    def read(
        self, table: Table, profile: MappingProfile, *, as_of: date | None, today: date, session: Session,
        organisation_id: int | None = None,
    ) -> Reading[Any]:  # fmt: skip
        """The rows, checked against what the organisation holds and has logged."""
        owner = session.get_one(Organisation, named_owner(organisation_id))
        register = AgencyRegister(session, owner.id)
        check = AttemptCheck(register, owner.time_zone, services().clock.now())
        return Reading(table, profile, profile.as_of(None, today), check)

    def writer(self, work: Work, run_id: int) -> FileWriter:
        """What judges and keeps them."""
        return _AttemptWriter(work, run_id)


ATTEMPTS = _Attempts()


def receive_attempts(
    actor: Actor, content: IO[bytes], file_name: str, options: Options, *, as_job: bool = True
) -> ImportRun:
    """Keep a log of `options.organisation_id`; its import is asked for as a job, or done by the caller.

    Raises NotFound for another's, DomainError as `receive`.
    """
    return receive(actor, ATTEMPTS, content, file_name, options, as_job=as_job)


def try_attempts(actor: Actor, content: IO[bytes], file_name: str, options: Options) -> dict[str, Any]:
    """The summary that an import of this log would have."""
    return try_file(actor, ATTEMPTS, content, file_name, options)


def import_attempts(actor: Actor, run_id: int) -> dict[str, Any]:
    """Apply a received log now, for the command line. The summary. Raises as `run_import`."""
    return run_import(actor, run_id, ATTEMPTS)


add_import_jobs(
    ATTEMPTS, _l("Import of contact attempts"), _l("Trial of an import of contact attempts"), "/attempts/imports"
)
