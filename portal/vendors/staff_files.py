"""The staff register by file: people of one organisation, what they have taken, and when it ends.

Sent by the organisation's leader, or by the bank for it. Whom the register does not know is entered; of whom it knows,
details that differ are changed and new records added. Nobody and nothing is taken away by a file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.foundation.access import OrganisationKind
from portal.foundation.errors import DomainError
from portal.foundation.language import _l, say
from portal.foundation.visibility import visible
from portal.foundation.work import reading
from portal.identity.models import Organisation
from portal.portfolio.bulk import Applied, AppliesAtOnce
from portal.portfolio.importing import FileWriter, Options, named_owner, receive, run_import, try_file
from portal.portfolio.intake import Reading
from portal.portfolio.models import ImportKind, ImportRun
from portal.portfolio.operations import add_import_jobs
from portal.vendors.models import StaffMember
from portal.vendors.register import MemberDetails, change_member, put_member, put_record
from portal.vendors.staff_rows import DETAILS, StaffCheck, StaffRow, details_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.tabular import Table
    from portal.foundation.work import Work
    from portal.portfolio.intake import MappingProfile

__all__ = ["CHANGE_LABELS", "STAFF", "import_staff", "organisation_named", "receive_staff", "try_staff"]

# What a file changed, in the order in which a page says it: people, their details, their records.
CHANGE_LABELS: dict[str, Any] = {
    "created": _l("New people"),
    "name": _l("Names changed"),
    "employee_no": _l("Employee numbers written in"),
    "position": _l("Positions changed"),
    "started_on": _l("First days changed"),
    "ended_on": _l("Last days written in"),
    "user_id": _l("Sign-ins joined"),
    "training": _l("Trainings added"),
    "test": _l("Tests added"),
    "certificate": _l("Certificates added"),
}


@dataclass
class RegisterChanges:
    """How much of each a file changed."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CHANGE_LABELS, 0))

    def as_data(self) -> dict[str, Any]:
        """As JSON, to be kept with the run; a register has no amounts that move."""
        return {"counts": self.counts, "moves": [], "balances": {}}


class _StaffWriter(AppliesAtOnce):
    """Writes chunks of rows into the register of the run's organisation."""

    def __init__(self, work: Work, run_id: int) -> None:
        self._work = work
        self._run_id = run_id
        self._changes = RegisterChanges()
        self.applied = Applied(changes=self._changes)

    def write(self, outcomes: Iterable[StaffRow]) -> None:
        """One chunk."""
        rows = list(outcomes)
        wanted = sa.select(StaffMember).where(StaffMember.id.in_({row.member_id for row in rows} - {None}))
        known = {member.id: member for member in self._work.session.scalars(wanted.with_for_update())}
        for row in rows:
            self._write_row(row, known.get(row.member_id or 0))

    def finish(self) -> None:
        """Nothing follows: whoever may come in is asked of the register at every request."""

    def _write_row(self, row: StaffRow, member: StaffMember | None) -> None:
        about = {"import_run": self._run_id}
        changed: frozenset[str] = frozenset()
        if member is None:
            member = put_member(self._work, self._organisation_id, MemberDetails(**row.given), **about)
            self._changes.counts["created"] += 1
            self.applied.created += 1
        else:
            changed = change_member(self._work, member, details_of(member, row.given), **about)
            self.applied.updated += bool(changed or row.records)
            self.applied.unchanged += not (changed or row.records)
        for record in row.records:
            put_record(self._work, member, record, **about)
        for name in (*(name for name in DETAILS if name in changed), *(record.kind.value for record in row.records)):
            self._changes.counts[name] += 1

    @property
    def _organisation_id(self) -> int:
        run = self._work.session.get_one(ImportRun, self._run_id)
        return named_owner(run.organisation_id)


class _Staff:
    """Files of staff."""

    kind = ImportKind.STAFF

    def read(
        self, table: Table, profile: MappingProfile, *, as_of: date | None, today: date, session: Session,
        organisation_id: int | None = None,
    ) -> Reading[Any]:  # fmt: skip
        """The rows, checked against the organisation's register."""
        check = StaffCheck(session, named_owner(organisation_id), today)
        return Reading(table, profile, profile.as_of(None, today), check)

    def writer(self, work: Work, run_id: int) -> FileWriter:
        """What enters and changes them."""
        return _StaffWriter(work, run_id)


STAFF = _Staff()


def receive_staff(
    actor: Actor, content: IO[bytes], file_name: str, options: Options, *, as_job: bool = True
) -> ImportRun:
    """Keep a file of `options.organisation_id`'s staff; its import is asked for as a job, or done by the caller.

    Raises NotFound for another's, DomainError as `receive`.
    """
    return receive(actor, STAFF, content, file_name, options, as_job=as_job)


def try_staff(actor: Actor, content: IO[bytes], file_name: str, options: Options) -> dict[str, Any]:
    """The summary that an import of this file would have."""
    return try_file(actor, STAFF, content, file_name, options)


def import_staff(actor: Actor, run_id: int) -> dict[str, Any]:
    """Apply a received file now, for the command line. The summary. Raises as `run_import`."""
    return run_import(actor, run_id, STAFF)


def organisation_named(actor: Actor, code: str | None) -> int:
    """The organisation of a code, for the command line; without one the actor's own. DomainError where there is none."""
    if not code:
        return named_owner(None if actor.is_bank else actor.organisation_id)
    with reading(actor) as session:
        found = session.scalar(
            visible(Organisation, actor).where(Organisation.code == code, Organisation.kind != OrganisationKind.BANK)
        )
        if found is None:
            raise DomainError(
                "import.organisation", say("There is no agency or law firm of this code."), field="organisation"
            )
        return found.id


add_import_jobs(STAFF, _l("Import of a staff register"), _l("Trial of an import of a staff register"), "/staff/imports")
