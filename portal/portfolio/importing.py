"""One file, read once: received, stored, checked, applied whole or refused whole.

The same path for every kind of file (accounts here, payments in the recovery room) and every way in (page, command):
`receive` looks at the file, keeps it and remembers the run, `run_import` does the work and may be started again after a
crash, since nothing of it stands before its one transaction does.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

from portal.foundation.access import OrganisationKind
from portal.foundation.bulk import in_chunks, one_at_a_time
from portal.foundation.errors import DomainError, NotFound
from portal.foundation.language import as_data, say, translate
from portal.foundation.services import services
from portal.foundation.tabular import open_table
from portal.foundation.visibility import visible
from portal.foundation.work import reading, transaction
from portal.identity.models import Organisation
from portal.portfolio.bulk import CHUNK, Applied
from portal.portfolio.intake import RejectedRow, RejectsFile, SkippedRow, Summary, parse_profile, writer_like
from portal.portfolio.intake.layout import LAYOUTS
from portal.portfolio.masking import mask_field
from portal.portfolio.models import OF_ORGANISATIONS, ImportKind, ImportRun, ImportState
from portal.portfolio.models import RejectedRow as RejectedRowRecord
from portal.portfolio.profiles import find
from portal.portfolio.queries import applied_before

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.tabular import Table
    from portal.foundation.work import Work
    from portal.portfolio.intake import MappingProfile, Reading, RowIssue

__all__ = [
    "FileKind", "FileWriter", "ImportRefused", "Options", "file_name_of", "line_ends", "named_owner", "owner_of", "receive", "run_import",
    "run_trial", "try_file",
]  # fmt: skip

_FIELDS = frozenset(column.field for layout in LAYOUTS.values() for column in layout)
MOST_SHOWN_OF_A_TRIAL = 50
MOST_WARNINGS_KEPT = 200
MOST_REJECTS_KEPT = 1_000  # rows whose reasons are kept beside the run; the file of rejects has them all
PIECE = 1 << 20

Step = Callable[[int], None]


@dataclass(frozen=True)
class Options:
    """How a file is to be read, and what its sender says it holds."""

    mapping: str | None = None
    as_of: date | None = None
    sheet: str | None = None
    encoding: str | None = None
    control_count: int | None = None
    control_total: str | None = None
    organisation_id: int | None = None  # whose file it is, where the kind is of one


class FileWriter(Protocol):
    """Applies chunks of good rows in the run's transaction."""

    applied: Applied

    def write(self, outcomes: Iterable[Any]) -> None:
        """One chunk."""

    def complete(self, tell: Callable[[], None]) -> None:
        """All rows have been read: apply what was kept back (`applied.waiting`), and tell now and then how far it is."""

    def finish(self) -> None:
        """What follows in the same transaction once all rows stand; never of a trial."""


class FileKind(Protocol):
    """What a room knows about its kind of file."""

    kind: ImportKind

    def read(
        self, table: Table, profile: MappingProfile, *, as_of: date | None, today: date, session: Session,
        organisation_id: int | None = None,
    ) -> Reading[Any]:  # fmt: skip
        """The rows of an open file, checked; `organisation_id` says whose it is where kinds of it are of one."""

    def writer(self, work: Work, run_id: int) -> FileWriter:
        """What applies them."""


class ImportRefused(DomainError):
    """A file that cannot be taken as a whole; `summary` says how far it was read, `issues` what was wrong with its first
    rows (of a trial)."""

    def __init__(self, cause: DomainError, summary: dict[str, Any], issues: dict[str, Any] | None = None) -> None:
        super().__init__(cause.code, cause.message, field=cause.field, status=cause.status)
        self.summary = summary
        self.issues = issues or {}


class _TakenBack(Exception):
    """A trial has seen all it wanted; its transaction is rolled back."""


# --- receiving ---------------------------------------------------------------------------------------------------------


def receive(
    actor: Actor, rules: FileKind, content: IO[bytes], file_name: str, options: Options, *, as_job: bool = True
) -> ImportRun:
    """Keep a file and remember that it is to be imported: as a job, or at once by the caller (`as_job=False`).

    Raises DomainError, and keeps nothing, where the mapping is unknown or the file cannot be read: no table, no rows, an
    unknown encoding, a missing column.
    """
    with reading(actor) as session:
        whose = owner_of(session, actor, rules.kind, options.organisation_id)
        profile = find(session, actor, options.mapping, rules.kind, files=True)
        _look_at(content, rules, profile, options, session)
    rows = line_ends(content)
    content.seek(0)
    digest = services().storage.put(content)
    with transaction(actor) as work:
        run = ImportRun(
            kind=rules.kind,
            organisation_id=whose,
            state=ImportState.RECEIVED,
            file_name=file_name_of(file_name),
            content_sha256=digest,
            mapping=profile.label,
            as_of=options.as_of,
            options=_kept(work, options, profile),
            requested_by=actor.user_id,
            requested_at=work.now,
        )
        work.session.add(run)
        work.session.flush()
        work.audit("import.received", run, after={"file": digest, "mapping": profile.label}, kind=rules.kind.value)
        if as_job:
            work.request_job(f"import.{rules.kind.value}", f"run-{run.id}", {"run": run.id}, total=rows)
    return run


def owner_of(session: Session, actor: Actor, kind: ImportKind, organisation_id: int | None) -> int | None:
    """Whose a file of a kind is: an agency or law firm that the actor may see (NotFound otherwise), or the bank's, None."""
    if kind not in OF_ORGANISATIONS:
        return None
    found = session.scalar(
        visible(Organisation, actor).where(
            Organisation.id == organisation_id, Organisation.kind != OrganisationKind.BANK
        )
    )
    if found is None:
        raise NotFound
    return found.id


def named_owner(organisation_id: int | None) -> int:
    """Whose a file is, of a kind that is always somebody's. DomainError where it is not said."""
    if organisation_id is None:
        raise DomainError("import.organisation", say("Say whose file it is."), field="organisation")
    return organisation_id


def _look_at(content: IO[bytes], rules: FileKind, profile: MappingProfile, options: Options, session: Session) -> None:
    """Head and first row, so that whoever sends a wrong file hears of it at once."""
    table = open_table(content, sheet=options.sheet, encoding=options.encoding)
    rules.read(
        table, profile, as_of=options.as_of, today=services().clock.today(), session=session,
        organisation_id=options.organisation_id,
    )  # fmt: skip


def line_ends(content: IO[bytes]) -> int | None:
    """About how many rows a text file has, for the progress bar; None for a workbook."""
    content.seek(0)
    if content.read(2) == b"PK":
        return None
    content.seek(0)
    feeds = returns = 0  # files of old systems end their lines by a carriage return alone
    while piece := content.read(PIECE):
        feeds += piece.count(b"\n")
        returns += piece.count(b"\r")
    return max(feeds, returns, 2) - 1


def file_name_of(given: str) -> str:
    """A file's name without its path and without what no name needs."""
    name = "".join(c for c in given.replace("\\", "/").rpartition("/")[2] if c.isprintable()).strip()
    return name[-255:] or "file"


def _kept(work: Work, options: Options, profile: MappingProfile) -> dict[str, Any]:
    """The options as JSON. A mapping that came as a file is kept by its hash, since the run may be started elsewhere."""
    kept: dict[str, Any] = {
        "mapping": options.mapping,
        "sheet": options.sheet,
        "encoding": options.encoding,
        "control_count": options.control_count,
        "control_total": options.control_total,
    }
    if options.mapping and Path(options.mapping).is_file():
        content = Path(options.mapping).read_bytes()
        if hashlib.sha256(content).hexdigest() == profile.digest:
            kept["mapping_file"] = work.storage.put(content)
    return kept


# --- applying ----------------------------------------------------------------------------------------------------------


@dataclass
class _Walk:
    """One walk through a file: the counts, and the rows that were left out."""

    scratch: IO[bytes]
    form: str = "csv"  # of the file, and so of the file of rejects
    summary: Summary = field(default_factory=Summary)
    rejected: list[RejectedRow] = field(default_factory=list)
    warnings: list[dict[str, Any]] = field(default_factory=list)  # of rows that were taken all the same


@contextmanager
def _walking() -> Iterator[_Walk]:
    with tempfile.TemporaryFile() as scratch:
        yield _Walk(scratch)


def run_import(actor: Actor, run_id: int, rules: FileKind, step: Step = lambda done: None) -> dict[str, Any]:
    """Apply a received file in one transaction; the summary with the keys of reference/files.md.

    A file that was applied before changes nothing and says so. Where the file as a whole cannot be taken (unreadable,
    control figures that differ, no good row), nothing of it stands, the run says why, and ImportRefused is raised.
    """
    with _walking() as walk:
        try:
            return _apply(actor, run_id, rules, step, walk)
        except NotFound:
            raise
        except DomainError as error:
            raise _refuse(actor, run_id, walk, error) from error


def _apply(actor: Actor, run_id: int, rules: FileKind, step: Step, walk: _Walk) -> dict[str, Any]:
    with transaction(actor) as work:
        # One file of a kind after the other: two with the same references, or the same file twice, meet nowhere.
        one_at_a_time(work.session, f"import.{rules.kind.value}")
        run = _run(work.session, actor, run_id)
        if run.state is ImportState.APPLIED:
            return dict(run.summary or {})
        profile = _profile(work.session, actor, run)
        run.as_of = _as_of(profile, run.as_of, work.today)
        earlier = applied_before(work.session, actor, run)
        if earlier is not None:
            return _end(work, run, ImportState.REFUSED, Summary.already_imported(earlier.summary or {}))
        with work.storage.open(run.content_sha256) as file:
            writer = _write_rows(work, run, rules, profile, file, Options(**_read_as(run)), walk, step)
        run.changes = writer.applied.changes.as_data() if writer.applied.changes else None
        _keep_rejects(work, run, walk)
        # By currency in minor units, for the page: the summary has the form that files and commands print.
        run.options = run.options | {"totals": dict(walk.summary.totals), "warnings": walk.warnings}
        writer.finish()
        return _end(work, run, ImportState.APPLIED, walk.summary.as_dict("applied"))


def _refuse(actor: Actor, run_id: int, walk: _Walk, error: DomainError) -> ImportRefused:
    """Remember why a run applied nothing, with the rows that were wrong; what was written of it is rolled back."""
    with transaction(actor) as work:
        run = _run(work.session, actor, run_id)
        _keep_rejects(work, run, walk)
        run.refusal = {"code": error.code, "message": as_data(error.message)}
        return ImportRefused(error, _end(work, run, ImportState.REFUSED, walk.summary.as_dict("refused")))


def _run(session: Session, actor: Actor, run_id: int) -> ImportRun:
    run = session.scalar(visible(ImportRun, actor).where(ImportRun.id == run_id))
    if run is None:
        raise NotFound
    return run


def _end(work: Work, run: ImportRun, state: ImportState, summary: dict[str, Any]) -> dict[str, Any]:
    run.state, run.summary, run.finished_at = state, summary, work.now
    if run.state is ImportState.APPLIED:
        run.refusal = None
    work.audit(f"import.{state.value}", run, after=summary, file=run.content_sha256)
    return summary


def _profile(session: Session, actor: Actor, run: ImportRun) -> MappingProfile:
    """How a run reads its file: by a mapping of its own, or by the very version that it names."""
    if run.options.get("mapping_file"):
        with services().storage.open(run.options["mapping_file"]) as file:
            return parse_profile(file.read())
    return find(session, actor, run.mapping, run.kind)


def _as_of(profile: MappingProfile, wanted: date | None, today: date) -> date | None:
    """The date the file speaks of, as the mapping decides it; None where it is simply today's."""
    return profile.as_of(wanted, today) if wanted or profile.as_of_choices else None


def _read_as(run: ImportRun) -> dict[str, Any]:
    """A run's options as `Options` takes them."""
    names = ("mapping", "sheet", "encoding", "control_count", "control_total")
    kept = {name: run.options.get(name) for name in names}
    return kept | {"as_of": run.as_of, "organisation_id": run.organisation_id}


def _write_rows(
    work: Work, run: ImportRun, rules: FileKind, profile: MappingProfile, file: IO[bytes], options: Options,
    walk: _Walk, step: Step,
) -> FileWriter:  # fmt: skip
    """All rows of the file, chunk by chunk: good ones to the writer, rejected ones to the file of rejects. The writer."""
    table = open_table(file, sheet=options.sheet, encoding=options.encoding)
    rows = rules.read(
        table, profile, as_of=options.as_of, today=work.today, session=work.session,
        organisation_id=run.organisation_id,
    )  # fmt: skip
    summary = walk.summary = Summary(rows.unknown_columns)
    walk.form = table.kind
    writer = rules.writer(work, run.id)
    with writer_like(table, walk.scratch) as target:
        rejects = RejectsFile(target, rows.header, translate)
        for chunk in in_chunks(rows, CHUNK):
            writer.write(_good_ones(chunk, walk, rejects))
            step(rows.rows - writer.applied.waiting)
    rows.check_control(count=options.control_count, total=options.control_total)
    if summary.rejected == summary.rows:
        raise DomainError(
            "import.nothing_good",
            say("No row of the file can be imported, so nothing was changed. The rejected rows say why."),
            field="file",
        )
    done = writer.applied
    writer.complete(lambda: step(rows.rows - done.waiting))
    summary.known_after_all(done.known_skips)
    for reason, issues in done.late_skips.items():
        summary.left_out(reason, len(issues))
        walk.warnings += [{"line": e.line, "errors": _issues([e])} for e in issues[:MOST_WARNINGS_KEPT]]
    summary.applied(created=done.created, updated=done.updated, unchanged=done.unchanged, totals=done.totals)
    summary.breach = done.breach
    return writer


def _good_ones(chunk: list[Any], walk: _Walk, rejects: RejectsFile) -> list[Any]:
    good = []
    for outcome in chunk:
        walk.summary.note(outcome)
        if not isinstance(outcome, RejectedRow):
            good.append(outcome)
            row = outcome.row if isinstance(outcome, SkippedRow) else outcome
            if row.warnings and len(walk.warnings) < MOST_WARNINGS_KEPT:
                walk.warnings.append({"line": row.line, "errors": _issues(row.warnings)})
            continue
        rejects.write(outcome)
        if len(walk.rejected) < MOST_REJECTS_KEPT:
            walk.rejected.append(outcome)
    return good


def _keep_rejects(work: Work, run: ImportRun, walk: _Walk) -> None:
    if not walk.rejected:
        return
    work.session.add_all(_record(run, row) for row in walk.rejected)
    walk.scratch.seek(0)
    run.rejects_digest = work.storage.put(walk.scratch)
    walk.summary.rejects_file = f"{run.file_name.rsplit('.', 1)[0]}.rejects.{walk.form}"


def _record(run: ImportRun, row: RejectedRow) -> RejectedRowRecord:
    return RejectedRowRecord(
        import_run_id=run.id, organisation_id=run.organisation_id, line=row.line, errors=_issues(row.errors)
    )


def _issues(found: Iterable[RowIssue]) -> list[dict[str, Any]]:
    """What is wrong with a row, as JSON to be shown in either language."""
    return [{"column": e.column, "value": _masked(e), "code": e.code, "message": as_data(e.message)} for e in found]


def _masked(issue: RowIssue) -> str:
    """What stood there, as it may be shown; a column that no field takes may hold anything."""
    return mask_field(issue.field if issue.field in _FIELDS else "", issue.value)


# --- trying ------------------------------------------------------------------------------------------------------------


def try_file(actor: Actor, rules: FileKind, content: IO[bytes], file_name: str, options: Options) -> dict[str, Any]:
    """What an import of this file would do, without doing it: the summary with status `dry_run`.

    It runs the import itself and takes it back, so that a trial cannot say anything else than the run: ImportRefused where
    that would be refused.
    """
    with reading(actor) as session:
        owner_of(session, actor, rules.kind, options.organisation_id)
        profile = find(session, actor, options.mapping, rules.kind, files=True)
    content.seek(0)
    digest = hashlib.file_digest(content, "sha256").hexdigest()  # type: ignore[arg-type]  # IO[bytes] reads
    tried = _try(actor, rules, profile, content, digest, file_name, options, lambda done: None)
    return dict(tried["summary"])


def run_trial(actor: Actor, run_id: int, rules: FileKind, step: Step = lambda done: None) -> dict[str, Any]:
    """Try the import of a file that waits, and keep beside it what it would do. The trial as it is kept."""
    with reading(actor) as session:
        run = _run(session, actor, run_id)
        profile = _profile(session, actor, run)
        options = Options(**_read_as(run))
        label, digest, file_name = run.mapping, run.content_sha256, run.file_name
    trial: dict[str, Any] = {"mapping": label, "refusal": None, "changes": None}
    try:
        with services().storage.open(digest) as file:
            trial |= _try(actor, rules, profile, file, digest, file_name, options, step)
    except ImportRefused as refused:
        trial |= {"summary": refused.summary, "refusal": as_data(refused.message)} | refused.issues
    with transaction(actor) as work:
        run = _run(work.session, actor, run_id)
        run.trial = trial
        work.audit("import.tried", run, after=trial["summary"], file=digest)
    return trial


def _try(
    actor: Actor, rules: FileKind, profile: MappingProfile, content: IO[bytes], digest: str, file_name: str,
    options: Options, step: Step,
) -> dict[str, Any]:  # fmt: skip
    """Summary and changes of an import that is taken back, with the first rows that are wrong."""
    changes: dict[str, Any] | None = None
    with _walking() as walk:
        try:
            with transaction(actor) as work:
                run = _trial(work, rules, profile, digest, file_name, options)
                earlier = applied_before(work.session, actor, run)
                if earlier is not None:
                    return {"summary": Summary.already_imported(earlier.summary or {})}
                work.session.add(run)
                work.session.flush()
                applied = _write_rows(work, run, rules, profile, content, options, walk, step).applied
                changes = applied.changes.as_data() if applied.changes else None
                raise _TakenBack
        except _TakenBack:
            return {"summary": walk.summary.as_dict("dry_run"), "changes": changes} | _first_issues(walk)
        except DomainError as error:
            raise ImportRefused(error, walk.summary.as_dict("refused"), _first_issues(walk)) from error


def _first_issues(walk: _Walk) -> dict[str, Any]:
    rejected = [{"line": row.line, "errors": _issues(row.errors)} for row in walk.rejected[:MOST_SHOWN_OF_A_TRIAL]]
    return {"rejected": rejected, "warnings": walk.warnings[:MOST_SHOWN_OF_A_TRIAL]}


def _trial(
    work: Work, rules: FileKind, profile: MappingProfile, digest: str, file_name: str, options: Options
) -> ImportRun:
    return ImportRun(
        kind=rules.kind,
        organisation_id=options.organisation_id,
        state=ImportState.RUNNING,
        file_name=file_name_of(file_name),
        content_sha256=digest,
        mapping=profile.label,
        as_of=_as_of(profile, options.as_of, work.today),
        options={},
        requested_at=work.now,
    )
