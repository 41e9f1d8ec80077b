"""Dispatches and results by file: a firm sends its own, for letters of all its packs at once. The file applies whole or not at
all, but for rows that it rejects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Final

from portal.foundation.language import _l
from portal.foundation.visibility import actor_of
from portal.legal.dispatch.queries import letters_by_number, letters_tracked
from portal.legal.dispatch.rows import DispatchCheck, DispatchRow
from portal.legal.dispatch.writing import alone, write_outcomes, write_sent
from portal.portfolio.bulk import Applied, AppliesAtOnce
from portal.portfolio.importing import FileWriter, Options, named_owner, receive, run_import, try_file
from portal.portfolio.intake import Reading
from portal.portfolio.models import ImportKind, ImportRun
from portal.portfolio.operations import add_import_jobs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.tabular import Table
    from portal.foundation.work import Work
    from portal.legal.dispatch.queries import Way
    from portal.legal.models import Letter
    from portal.portfolio.intake import MappingProfile

__all__ = ["CHANGE_LABELS", "DISPATCH", "PAGES", "import_dispatch", "receive_dispatch", "try_dispatch"]

PAGES: Final = "/dispatch/imports"
# What a file brought, in the order in which a page says it.
CHANGE_LABELS: Final[dict[str, Any]] = {
    "sent": _l("Letters sent"),
    "tracking_no": _l("Tracking numbers written in"),
    "delivered": _l("Letters delivered"),
    "returned": _l("Letters returned"),
    "refused": _l("Letters refused by the addressee"),
    "unclaimed": _l("Letters not fetched"),
}


@dataclass
class DispatchChanges:
    """How much of each a file brought."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CHANGE_LABELS, 0))

    def as_data(self) -> dict[str, Any]:
        """As JSON, to be kept with the run; no amounts move."""
        return {"counts": self.counts, "moves": [], "balances": {}}


class _DispatchWriter(AppliesAtOnce):
    """Writes chunks of rows."""

    def __init__(self, work: Work, run_id: int) -> None:
        self._work = work
        self._run_id = run_id
        self._changes = DispatchChanges()
        self.applied = Applied(changes=self._changes)

    def write(self, outcomes: Iterable[DispatchRow]) -> None:
        """One chunk."""
        rows = list(outcomes)
        for organisation_id in {row.way.letter.organisation_id for row in rows}:
            alone(self._work, organisation_id)
        write_sent(self._work, ((row.way, row.sent) for row in rows if row.sent), self._run_id)
        write_outcomes(self._work, ((row.way, row.outcome) for row in rows if row.outcome), self._run_id)
        for row in rows:
            self._count(row)

    def finish(self) -> None:
        """What follows from results was done with them."""

    def _count(self, row: DispatchRow) -> None:
        counts = self._changes.counts
        is_first = row.sent is not None and row.way.dispatch is None
        self.applied.created += is_first
        self.applied.updated += not is_first and bool(row.sent or row.outcome)
        self.applied.unchanged += not (row.sent or row.outcome)
        counts["sent"] += is_first
        counts["tracking_no"] += row.sent is not None and not is_first
        if row.outcome:
            counts[row.outcome.result.value] += 1


class _Dispatch:
    """Files of dispatches and results."""

    kind = ImportKind.DISPATCH

    def read(
        self, table: Table, profile: MappingProfile, *, as_of: date | None, today: date, session: Session,
        organisation_id: int | None = None,
    ) -> Reading[Any]:  # fmt: skip
        """The rows, checked against the firm's letters."""
        firm_id, actor = named_owner(organisation_id), actor_of(session)

        def letters(numbers: Collection[str]) -> Mapping[str, Way]:
            return letters_by_number(session, actor, firm_id, numbers)

        def tracked(numbers: Collection[str]) -> Mapping[tuple[str, str], Letter]:
            return letters_tracked(session, actor, firm_id, numbers)

        return Reading(table, profile, profile.as_of(None, today), DispatchCheck(letters, tracked, today))

    def writer(self, work: Work, run_id: int) -> FileWriter:
        """What writes them."""
        return _DispatchWriter(work, run_id)


DISPATCH = _Dispatch()


def receive_dispatch(
    actor: Actor, content: IO[bytes], file_name: str, options: Options, *, as_job: bool = True
) -> ImportRun:
    """Keep a file of `options.organisation_id`'s letters; its import is asked for as a job, or done by the caller.

    Raises NotFound for another's, DomainError as `receive`.
    """
    return receive(actor, DISPATCH, content, file_name, options, as_job=as_job)


def try_dispatch(actor: Actor, content: IO[bytes], file_name: str, options: Options) -> dict[str, Any]:
    """The summary that an import of this file would have."""
    return try_file(actor, DISPATCH, content, file_name, options)


def import_dispatch(actor: Actor, run_id: int) -> dict[str, Any]:
    """Apply a received file now, for the command line. The summary. Raises as `run_import`."""
    return run_import(actor, run_id, DISPATCH)


add_import_jobs(
    DISPATCH, _l("Import of dispatches and results"), _l("Trial of an import of dispatches and results"), PAGES
)  # fmt: skip
