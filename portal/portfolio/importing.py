"""One file, read once: received, stored, checked, applied whole or refused whole.

The same path for every kind of file (accounts here, payments in the recovery room) and every way in (page, command):
`receive` keeps the file and remembers the run, `run_import` does the work and may be started again after a crash, since
nothing of it stands before its one transaction does.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

from portal.foundation.bulk import in_chunks
from portal.foundation.errors import DomainError, NotFound
from portal.foundation.language import as_data, say, translate
from portal.foundation.services import services
from portal.foundation.tabular import CsvWriter, open_table
from portal.foundation.visibility import visible
from portal.foundation.work import reading, transaction
from portal.portfolio.bulk import CHUNK, Applied
from portal.portfolio.intake import (
    RejectedRow,
    RejectsFile,
    Summary,
    find_profile,
    load_profile,
    parse_profile,
    shipped_profiles,
)
from portal.portfolio.models import ImportKind, ImportRun, ImportState
from portal.portfolio.models import RejectedRow as RejectedRowRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.tabular import Table
    from portal.foundation.work import Work
    from portal.portfolio.intake import MappingProfile, Reading

__all__ = ["FileKind", "FileWriter", "Options", "Stopped", "receive", "run_import", "try_file"]

MOST_REJECTS_KEPT = 1_000  # rows whose reasons are kept beside the run; the file of rejects has them all


@dataclass(frozen=True)
class Options:
    """How a file is to be read, and what its sender says it holds."""

    mapping: str | None = None
    as_of: date | None = None
    sheet: str | None = None
    encoding: str | None = None
    control_count: int | None = None
    control_total: str | None = None


class FileWriter(Protocol):
    """Applies chunks of good rows in the run's transaction."""

    applied: Applied

    def write(self, outcomes: Iterable[Any]) -> None:
        """One chunk."""


class FileKind(Protocol):
    """What a room knows about its kind of file."""

    kind: ImportKind

    def read(
        self, table: Table, profile: MappingProfile, *, as_of: date | None, today: date, session: Session
    ) -> Reading[Any]:
        """The rows of an open file, checked."""

    def writer(self, work: Work, run_id: int) -> FileWriter:
        """What applies them."""

    def finish(self, work: Work, run_id: int) -> None:
        """What follows in the same transaction once all rows stand."""


class Stopped(Exception):
    """A trial run has seen all it wanted; its transaction is rolled back."""


def receive(actor: Actor, kind: ImportKind, content: IO[bytes], file_name: str, options: Options) -> ImportRun:
    """Keep a file and remember that it is to be imported. The run is asked for as a job by the caller's room.

    Raises DomainError where the mapping is unknown. A file of no bytes is refused at once.
    """
    profile = find_profile(options.mapping, kind.value)
    digest = services().storage.put(content)
    if services().storage.size(digest) == 0:
        raise DomainError("file.empty", say("The file is empty. Choose another one."), field="file")
    with transaction(actor) as work:
        run = ImportRun(
            kind=kind,
            state=ImportState.RECEIVED,
            file_name=file_name[-255:],
            content_sha256=digest,
            mapping=profile.label,
            as_of=options.as_of,
            options=_kept(work, options),
            requested_by=actor.user_id,
            requested_at=work.now,
        )
        work.session.add(run)
        work.audit("import.received", run, after={"file": digest, "mapping": profile.label}, kind=kind.value)
        work.request_job(f"import.{kind.value}", f"run-{run.id}", {"run": run.id})
    return run


def _kept(work: Work, options: Options) -> dict[str, Any]:
    """The options as JSON. A mapping that came as a file is kept by its hash, since the run may be started elsewhere."""
    kept: dict[str, Any] = {
        "mapping": options.mapping,
        "sheet": options.sheet,
        "encoding": options.encoding,
        "control_count": options.control_count,
        "control_total": options.control_total,
    }
    if options.mapping and options.mapping not in shipped_profiles():
        with Path(options.mapping).open("rb") as file:
            kept["mapping_file"] = work.storage.put(file)
    return kept


def run_import(
    actor: Actor, run_id: int, rules: FileKind, progress: Callable[[int], None] = lambda done: None
) -> dict[str, Any]:
    """Apply a received file in one transaction; the summary with the keys of reference/files.md.

    A file that was applied before changes nothing and says so. Where the file as a whole cannot be taken (unreadable,
    control figures that differ, no good row), nothing of it stands, the run says why, and the DomainError goes on.
    """
    with reading(actor) as session:
        run = _run(session, actor, run_id)
        if run.state is ImportState.APPLIED:
            return dict(run.summary or {})
        earlier = _applied_before(session, actor, run)
    if earlier is not None:
        return _close(actor, run_id, ImportState.REFUSED, Summary.already_imported(earlier))
    try:
        return _apply(actor, run_id, rules, progress)
    except DomainError as error:
        refused = Summary().as_dict("refused")
        _close(actor, run_id, ImportState.REFUSED, getattr(error, "summary", refused), error)
        raise


def _run(session: Session, actor: Actor, run_id: int) -> ImportRun:
    run = session.scalar(visible(ImportRun, actor).where(ImportRun.id == run_id))
    if run is None:
        raise NotFound
    return run


def _applied_before(session: Session, actor: Actor, run: ImportRun) -> dict[str, Any] | None:
    same = session.scalar(
        visible(ImportRun, actor)
        .where(ImportRun.kind == run.kind, ImportRun.content_sha256 == run.content_sha256)
        .where(ImportRun.mapping == run.mapping, ImportRun.state == ImportState.APPLIED)
        .where(ImportRun.as_of.is_not_distinct_from(_as_of(run)))
    )
    return dict(same.summary or {}) if same else None


def _profile(options: dict[str, Any], kind: ImportKind) -> MappingProfile:
    if options.get("mapping_file"):
        with services().storage.open(options["mapping_file"]) as file:
            return parse_profile(file.read())
    return load_profile(options.get("mapping"), kind.value)


def _as_of(run: ImportRun) -> date | None:
    """The date the file speaks of, as the mapping decides it; None where it is simply today's."""
    profile = _profile(run.options, run.kind)
    return profile.as_of(run.as_of, services().clock.today()) if run.as_of or profile.as_of_choices else None


def _apply(actor: Actor, run_id: int, rules: FileKind, progress: Callable[[int], None]) -> dict[str, Any]:
    with transaction(actor) as work:
        run = _run(work.session, actor, run_id)
        profile = _profile(run.options, run.kind)
        run.as_of = _as_of(run)
        with work.storage.open(run.content_sha256) as file, tempfile.TemporaryFile() as scratch:
            table = open_table(file, sheet=run.options.get("sheet"), encoding=run.options.get("encoding"))
            rows = rules.read(table, profile, as_of=run.as_of, today=work.today, session=work.session)
            rejects = RejectsFile(CsvWriter(scratch), rows.header, translate)
            summary = _write_rows(work, run, rules, rows, rejects, progress)
            rows.check_control(count=run.options.get("control_count"), total=run.options.get("control_total"))
            _keep_rejects(work, run, summary, scratch)
        _refuse_if_nothing_good(summary)
        rules.finish(work, run_id)
        run.state, run.summary, run.finished_at = ImportState.APPLIED, summary.as_dict("applied"), work.now
        work.audit("import.applied", run, after=run.summary, file=run.content_sha256)
        return dict(run.summary)


def _write_rows(
    work: Work, run: ImportRun, rules: FileKind, rows: Reading[Any], rejects: RejectsFile,
    progress: Callable[[int], None],
) -> Summary:  # fmt: skip
    """All rows of the file, chunk by chunk: good ones to the writer, rejected ones to the file of rejects."""
    summary = Summary(rows.unknown_columns)
    writer = rules.writer(work, run.id)
    for chunk in in_chunks(rows, CHUNK):
        good = []
        for outcome in chunk:
            summary.note(outcome)
            if isinstance(outcome, RejectedRow):
                rejects.write(outcome)
                if summary.rejected <= MOST_REJECTS_KEPT:
                    work.session.add(_record(run.id, outcome))
            else:
                good.append(outcome)
        writer.write(good)
        progress(rows.rows)
    done = writer.applied
    summary.known_after_all(done.known_skips)
    summary.applied(created=done.created, updated=done.updated, unchanged=done.unchanged, totals=done.totals)
    return summary


def _record(run_id: int, row: RejectedRow) -> RejectedRowRecord:
    errors = [{"column": e.column, "code": e.code, "message": as_data(e.message)} for e in row.errors]
    return RejectedRowRecord(import_run_id=run_id, line=row.line, errors=errors)


def _keep_rejects(work: Work, run: ImportRun, summary: Summary, scratch: IO[bytes]) -> None:
    if summary.rejected:
        scratch.seek(0)
        run.rejects_digest = work.storage.put(scratch)
        summary.rejects_file = f"{run.file_name.rsplit('.', 1)[0]}.rejects.csv"


def _refuse_if_nothing_good(summary: Summary) -> None:
    if summary.rows and summary.rejected < summary.rows:
        return
    error = DomainError(
        "import.nothing_good",
        say("No row of the file can be imported, so nothing was changed. The rejected rows say why.")
        if summary.rows
        else say("The file has a header and no rows, so nothing was changed."),
        field="file",
    )
    error.summary = summary.as_dict("refused")  # type: ignore[attr-defined]
    raise error


def _close(
    actor: Actor, run_id: int, state: ImportState, summary: dict[str, Any], error: DomainError | None = None
) -> dict[str, Any]:
    """Remember how a run ended that applied nothing."""
    with transaction(actor) as work:
        run = _run(work.session, actor, run_id)
        run.state, run.summary, run.finished_at = state, summary, work.now
        run.refusal = {"code": error.code, "message": as_data(error.message)} if error else None
        work.audit("import.ended", run, after={"status": summary["status"], "code": error.code if error else None})
    return summary


def try_file(actor: Actor, rules: FileKind, content: IO[bytes], file_name: str, options: Options) -> dict[str, Any]:
    """What an import of this file would do, without doing it: the summary with status `dry_run`.

    It runs the import itself and takes it back, so that a trial cannot say anything else than the run.
    """
    found: dict[str, Any] = {}
    try:
        with transaction(actor) as work:
            profile = find_profile(options.mapping, rules.kind.value)
            run = ImportRun(
                kind=rules.kind, state=ImportState.RUNNING, file_name=file_name, content_sha256="0" * 64,
                mapping=profile.label, as_of=options.as_of, options={}, requested_at=work.now,
            )  # fmt: skip
            work.session.add(run)
            work.session.flush()
            table = open_table(content, sheet=options.sheet, encoding=options.encoding)
            rows = rules.read(table, profile, as_of=options.as_of, today=work.today, session=work.session)
            with tempfile.TemporaryFile() as scratch:
                rejects = RejectsFile(CsvWriter(scratch), rows.header, translate)
                summary = _write_rows(work, run, rules, rows, rejects, lambda done: None)
            rows.check_control(count=options.control_count, total=options.control_total)
            found = summary.as_dict("dry_run")
            raise Stopped
    except Stopped:
        return found
