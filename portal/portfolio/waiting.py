"""Files that wait: received and looked at, nothing applied, until somebody has said how they are to be read.

A person may look again with another sheet or encoding, try the import without doing it, import, or drop the file. What was
refused or dropped can be prepared again without being sent again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from portal.foundation.access import demand
from portal.foundation.errors import DomainError, NotFound
from portal.foundation.language import say
from portal.foundation.services import services
from portal.foundation.visibility import visible
from portal.foundation.work import reading, transaction
from portal.portfolio.importing import file_name_of, line_ends, owner_of
from portal.portfolio.intake import parse_profile
from portal.portfolio.intake.control import parse_total
from portal.portfolio.models import ImportRun, ImportState
from portal.portfolio.profiles import PERMISSIONS, content_of, find
from portal.portfolio.sample import Sample, take

if TYPE_CHECKING:
    from datetime import date

    from portal.foundation.access import Actor
    from portal.foundation.work import Work
    from portal.portfolio.importing import FileKind
    from portal.portfolio.intake import MappingProfile
    from portal.portfolio.models import ImportKind

__all__ = ["Choice", "drop", "look_again", "prepare_again", "receive_waiting", "sample_of", "start", "try_first"]


@dataclass(frozen=True)
class Choice:
    """How a file is to be read and what its sender says it holds. `own`: the parts of a mapping for this file only, in
    place of a known one by its `name@version`."""

    mapping: str = ""
    own: dict[str, Any] | None = None
    as_of: date | None = None
    control_count: int | None = None
    control_total: str | None = None


def receive_waiting(
    actor: Actor, rules: FileKind, content: IO[bytes], file_name: str, organisation_id: int | None = None
) -> ImportRun:
    """Keep a file and its head. DomainError, and nothing kept, for what is no table or cannot be read from the start on;
    an encoding or a sheet that has to be named is asked for afterwards. NotFound where it cannot be that organisation's."""
    demand(actor, PERMISSIONS[rules.kind])
    with reading(actor) as session:
        whose = owner_of(session, actor, rules.kind, organisation_id)
    sample = take(content)
    rows = line_ends(content)
    content.seek(0)
    digest = services().storage.put(content)
    head = services().storage.put(sample.to_json())
    with transaction(actor) as work:
        run = _new(work, rules.kind, whose, file_name_of(file_name), digest, {"sample": head, "lines": rows})
        work.audit("import.received", run, after={"file": digest}, kind=rules.kind.value)
    return run


def _new(
    work: Work, kind: ImportKind, organisation_id: int | None, file_name: str, digest: str, options: dict[str, Any]
) -> ImportRun:
    run = ImportRun(
        kind=kind, organisation_id=organisation_id, state=ImportState.WAITING, file_name=file_name,
        content_sha256=digest, mapping="", options=options, requested_by=work.actor.user_id, requested_at=work.now,
    )  # fmt: skip
    work.session.add(run)
    work.session.flush()
    return run


def sample_of(run: ImportRun) -> Sample:
    """The kept head of a file that waits."""
    with services().storage.open(run.options["sample"]) as file:
        return Sample.from_json(file.read())


def look_again(actor: Actor, kind: ImportKind, run_id: int, sheet: str | None, encoding: str | None) -> None:
    """Read the head with another sheet or encoding. NotFound; DomainError as `receive_waiting`."""
    demand(actor, PERMISSIONS[kind])
    with reading(actor) as session:
        digest = _waiting(visible(ImportRun, actor), session, kind, run_id).content_sha256
    with services().storage.open(digest) as file:
        sample = take(file, sheet, encoding)
    head = services().storage.put(sample.to_json())
    with transaction(actor) as work:
        run = _waiting(visible(ImportRun, actor).with_for_update(), work.session, kind, run_id)
        run.options = run.options | {"sample": head, "sheet": sheet, "encoding": encoding}


def _waiting(statement: Any, session: Any, kind: ImportKind, run_id: int) -> ImportRun:
    run: ImportRun | None = session.scalar(statement.where(ImportRun.id == run_id, ImportRun.kind == kind))
    if run is None:
        raise NotFound
    if run.state is not ImportState.WAITING:
        raise DomainError("import.not_waiting", say("This file does not wait any more."), status=409)
    return run


def start(actor: Actor, rules: FileKind, run_id: int, choice: Choice) -> None:
    """Import a file that waits, as a job. NotFound; DomainError, with its field, where the choice cannot be."""
    _chosen(actor, rules, run_id, choice, is_trial=False)


def try_first(actor: Actor, rules: FileKind, run_id: int, choice: Choice) -> None:
    """Try it, as a job, and change nothing; the file goes on waiting, with what it would do beside it."""
    _chosen(actor, rules, run_id, choice, is_trial=True)


def _chosen(actor: Actor, rules: FileKind, run_id: int, choice: Choice, *, is_trial: bool) -> None:
    demand(actor, PERMISSIONS[rules.kind])
    with transaction(actor) as work:
        run = _waiting(visible(ImportRun, actor).with_for_update(), work.session, rules.kind, run_id)
        profile, own = _profile(work, rules.kind, choice)
        _look_at(work, rules, run, profile, choice)
        run.mapping, run.as_of, run.trial = profile.label, choice.as_of, None
        trials = int(run.options.get("trials", 0)) + is_trial
        run.options = run.options | {
            "mapping": profile.label,
            "mapping_file": work.storage.put(own.encode()) if own else None,
            "control_count": choice.control_count,
            "control_total": choice.control_total,
            "trials": trials,
        }
        kind, total = rules.kind.value, run.options.get("lines")
        if is_trial:
            work.request_job(f"trial.{kind}", f"run-{run.id}-{trials}", {"run": run.id}, total=total)
            return
        run.state = ImportState.RECEIVED
        work.audit("import.started", run, after={"file": run.content_sha256, "mapping": profile.label}, kind=kind)
        work.request_job(f"import.{kind}", f"run-{run.id}", {"run": run.id}, total=total)


def _profile(work: Work, kind: ImportKind, choice: Choice) -> tuple[MappingProfile, str | None]:
    """The chosen profile; one for this file only is named by its content, so that the same one is the same mapping."""
    if choice.own is None:
        return find(work.session, work.actor, choice.mapping, kind), None
    rest = {key: value for key, value in choice.own.items() if key not in ("name", "version", "kind", "title")}
    name = f"once-{hashlib.sha256(content_of(rest).encode()).hexdigest()[:12]}"
    content = content_of({"name": name, "version": 1, "kind": kind.value} | rest)
    return parse_profile(content), content


def _look_at(work: Work, rules: FileKind, run: ImportRun, profile: MappingProfile, choice: Choice) -> None:
    sample = sample_of(run)
    if sample.trouble is not None:
        raise DomainError("import.head", sample.trouble, field=sample.trouble_field)
    rules.read(
        sample.table(), profile, as_of=choice.as_of, today=work.today, session=work.session,
        organisation_id=run.organisation_id,
    )  # fmt: skip
    if choice.control_total:
        try:
            parse_total(choice.control_total)
        except ValueError:
            raise DomainError(
                "intake.control_total",
                say("The control total is not an exact amount; write it like 1,234,567.89."),
                field="control_total",
            ) from None


def drop(actor: Actor, kind: ImportKind, run_id: int) -> None:
    """A file that waits is not to be imported. NotFound; DomainError where it does not wait any more."""
    demand(actor, PERMISSIONS[kind])
    with transaction(actor) as work:
        run = _waiting(visible(ImportRun, actor).with_for_update(), work.session, kind, run_id)
        run.state, run.finished_at = ImportState.DROPPED, work.now
        work.audit("import.dropped", run, after={"file": run.content_sha256})


def prepare_again(actor: Actor, kind: ImportKind, run_id: int) -> ImportRun:
    """A file that was refused or dropped waits again, as a run of its own, with what was chosen for it. NotFound."""
    demand(actor, PERMISSIONS[kind])
    with transaction(actor) as work:
        run = work.session.scalar(
            visible(ImportRun, actor)
            .where(ImportRun.id == run_id, ImportRun.kind == kind)
            .where(ImportRun.state.in_((ImportState.REFUSED, ImportState.DROPPED)))
        )
        if run is None:
            raise NotFound
        options = {key: value for key, value in run.options.items() if key not in ("totals", "trials", "warnings")}
        if not options.get("sample"):  # it came by command
            with work.storage.open(run.content_sha256) as file:
                sample = take(file, options.get("sheet"), options.get("encoding"))
                options |= {"sample": work.storage.put(sample.to_json()), "lines": line_ends(file)}
        again = _new(work, kind, run.organisation_id, run.file_name, run.content_sha256, options)
        again.as_of, again.mapping = run.as_of, run.mapping
        work.audit("import.received", again, after={"file": run.content_sha256}, again=run.id)
        return again
