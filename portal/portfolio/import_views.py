"""Pages of imports, the same for every kind of file: what was received, sending a file, what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask import Response, abort, redirect, render_template, request, stream_with_context, url_for

from portal.foundation.database import db
from portal.foundation.downloads import name_as_file
from portal.foundation.errors import DomainError
from portal.foundation.forms import show_error
from portal.foundation.job_pages import shown_job
from portal.foundation.jobs.queries import job_about
from portal.foundation.language import _l, from_data, say
from portal.foundation.services import services
from portal.foundation.table_pages import table_export, table_page, table_response
from portal.foundation.tables import Column, Empty, Filter, Table
from portal.foundation.web import actor, say_flash
from portal.portfolio import labels, queries, waiting
from portal.portfolio.changes import Report
from portal.portfolio.forms import ImportForm
from portal.portfolio.intake.layout import LAYOUTS
from portal.portfolio.models import ImportKind, ImportRun, ImportState, RejectedRow
from portal.portfolio.prepare_views import Preparing
from portal.portfolio.profiles import may_keep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.language import Message
    from portal.identity.models import Organisation
    from portal.portfolio.importing import FileKind

__all__ = ["ImportPages", "Listed", "Owners"]

REJECTS = {
    "rejects.csv": "text/csv",
    "rejects.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True)
class Owners:
    """Whose the files of a kind may be: those that an actor may name, and what one is called in the reader's language."""

    known: Callable[[Session, Actor], Sequence[Organisation]]
    name: Callable[[Organisation], str]


@dataclass(frozen=True)
class Onward:
    """Where the work goes on once a file has brought something, said on the import's page."""

    words: Message
    label: Any
    endpoint: str


@dataclass(frozen=True)
class Listed:
    """Lines of a file that its page tells one by one, below the changes of these names that count them."""

    names: tuple[str, ...]
    title: Any
    table: Callable[[Actor, int], Table]


@dataclass(frozen=True)
class ImportPages:
    """The pages of one kind of file; the room names them and says what reads its files."""

    kind: ImportKind
    # The blueprint that has the endpoints imports, new_import, prepare_import, drop_import, repeat_import, import_run,
    # rejects, layouts, layout, archive_layout, restore_layout.
    room: str
    title: Any
    new_title: Any
    rules: FileKind
    owners: Owners | None = None  # where each file is of one organisation
    keeps_extra: bool = True  # what feeds no field is kept with the row
    has_amounts: bool = True
    onward: Onward | None = None
    beside: tuple[Any, str] | None = None  # what such files go with: its name, and its endpoint with the room
    listed: Listed | None = None
    # The words that a column takes, where it takes only those of a list.
    words: Mapping[str, Iterable[str]] = field(default_factory=dict)
    change_labels: Mapping[str, Any] = field(default_factory=lambda: labels.CHANGE_LABELS)

    def url(self, endpoint: str, **values: Any) -> str:
        """The address of one of this kind's pages."""
        return url_for(f"{self.room}.{endpoint}", **values)

    def list(self) -> Any:
        """Files that were received, the latest first."""
        who = actor()
        states = [(state.value, tag.label) for state, tag in labels.IMPORT_STATES.items()]
        table = Table(
            name=f"imports-{self.kind.value}",
            statement=queries.import_runs(who, self.kind),
            key=ImportRun.id,
            default_sort="-number",
            columns=[
                Column("number", _l("No."), "number", expression=ImportRun.id, value="id", sortable=True),
                Column("file", _l("File"), value="file_name", wraps=True),
                *([Column("organisation", _l("Organisation"), value=self.owner_name)] if self._names_owners else []),
                Column("state", _l("State"), "state", value=labels.import_state),
                Column("layout", _l("Layout"), value=_layout, title=lambda run: run.mapping),
                Column("as_of", _l("As of"), "day", value="as_of"),
                Column("rows", _l("Rows"), "number", value=_figure("rows")),
                Column("created", _l("Created"), "number", value=_figure("created")),
                Column("updated", _l("Updated"), "number", value=_figure("updated")),
                Column("rejected", _l("Rejected"), "number", value=_figure("rejected")),
                Column("at", _l("Received"), "instant", value="requested_at"),
            ],
            filters=[Filter("state", _l("State"), "choice", _in_state, states)],
            row_url=self._url_of,
            empty=Empty(say("No file has been imported yet."), say("Import a file"), self.url("new_import")),
        )
        return table_response(table, "portfolio/imports.html", pages=self, keeps_layouts=may_keep(who))

    @property
    def _names_owners(self) -> bool:
        """Whether it has to be said whose a file is: the bank sees those of many."""
        return self.owners is not None and actor().is_bank

    def owner_name(self, run: ImportRun) -> str | None:
        """Whose file it is, in the reader's language; None: the bank's own."""
        return self.owners.name(run.organisation) if self.owners and run.organisation else None

    def _url_of(self, run: ImportRun) -> str:
        waits = run.state is ImportState.WAITING
        return self.url("prepare_import" if waits else "import_run", run_id=run.id)

    def new(self) -> Any:
        """Send a file; it is looked at, and waits for its layout."""
        owners, chosen = self._owners()
        form = ImportForm(owners if self._names_owners else (), chosen)
        if form.validate_on_submit():
            upload = form.file.data
            try:
                run = waiting.receive_waiting(actor(), self.rules, upload.stream, upload.filename, chosen)
            except DomainError as error:
                show_error(form, error)
            else:
                return redirect(self.url("prepare_import", run_id=run.id))
        layout = LAYOUTS[self.kind.value]
        page = render_template("portfolio/new_import.html", form=form, pages=self, layout=layout)
        return page, 422 if form.errors or form.form_errors else 200

    def _owners(self) -> tuple[Sequence[tuple[int, str]], int | None]:
        """Whose the file may be, and whose it is said to be (others than the bank send only their own); 404 for another's."""
        if self.owners is None:
            return [], None
        known = [(owner.id, self.owners.name(owner)) for owner in self.owners.known(db.session(), actor())]
        said = request.values.get("organisation", "")
        if said and said not in {str(key) for key, _name in known}:
            abort(404)
        own = None if actor().is_bank else actor().organisation_id
        return known, int(said) if said else own

    def prepare(self, run_id: int) -> Any:
        """How a file that waits is to be read, with its first rows beside it."""
        run = self._found(run_id)
        if run.state is not ImportState.WAITING:
            return redirect(self.url("import_run", run_id=run_id))
        if request.method == "POST":
            return Preparing.posted(self, run).take_step(request.form.get("step", ""))
        return Preparing.opened(self, run).page()

    def drop(self, run_id: int) -> Any:
        """A file that waits is not to be imported."""
        waiting.drop(actor(), self.kind, run_id)
        say_flash(say("The file is dropped; nothing of it was imported."))
        return redirect(self.url("imports"))

    def repeat(self, run_id: int) -> Any:
        """A file that was refused or dropped waits again."""
        again = waiting.prepare_again(actor(), self.kind, run_id)
        return redirect(self.url("prepare_import", run_id=again.id))

    def run(self, run_id: int) -> Any:
        """What becomes, or became, of a file."""
        found = self._found(run_id)
        if found.state is ImportState.WAITING:
            return redirect(self.url("prepare_import", run_id=run_id))
        asked = job_about(db.session(), actor(), f"import.{self.kind.value}", f"run-{run_id}")
        job = shown_job(actor(), asked) if asked and found.state is ImportState.RECEIVED else None
        report = Report.of(found.changes)
        listed = self._listed(run_id, report)
        if listed is not None and (file := table_export(listed)) is not None:
            return file
        ended = found.state in (ImportState.REFUSED, ImportState.DROPPED)
        again = found.summary and found.summary["status"] == "already_imported"
        return render_template(
            "portfolio/import_run.html",
            run=found,
            job=job,
            tag=job.state if job else labels.import_state(found),
            earlier=queries.applied_before(db.session(), actor(), found) if again else None,
            totals=sorted(found.options.get("totals", {}).items()),
            pages=self,
            labels=labels,
            refusal=from_data(found.refusal["message"]) if found.refusal else None,
            report=report,
            listed=table_page(listed) if listed else None,
            rejects_name=f"rejects.{_form_of(found)}",
            can_repeat=ended and not again,
            table=table_page(_rejected(run_id)),
        )

    def _listed(self, run_id: int, report: Report | None) -> Table | None:
        """The table of lines that are told one by one, where the file brought any."""
        if self.listed is None or report is None or not any(report.counts.get(name) for name in self.listed.names):
            return None
        return self.listed.table(actor(), run_id)

    def rejects(self, run_id: int, file_name: str) -> Response:
        """The file of rejected rows, to be mended and sent again."""
        found = self._found(run_id)
        if not found.rejects_digest or not found.summary or file_name != f"rejects.{_form_of(found)}":
            abort(404)
        content = services().storage.chunks(found.rejects_digest)
        response = Response(stream_with_context(content), content_type=REJECTS[file_name])
        return name_as_file(response, found.summary["rejects_file"])

    def _found(self, run_id: int) -> ImportRun:
        return queries.import_run_for(db.session(), actor(), self.kind, run_id)


def _rejected(run_id: int) -> Table:
    """The rows that were left out, each error with what stood there."""
    return Table(
        name="rejected",
        statement=queries.rejected_rows_of(actor(), run_id),
        key=RejectedRow.id,
        default_sort="line",
        columns=[
            Column("line", _l("Line"), "number", expression=RejectedRow.line, sortable=True),
            Column("errors", _l("What is wrong"), value=_errors, wraps=True, title=_rules),
        ],
        empty=Empty(say("No row was left out.")),
        export_allowed=False,
    )


def _form_of(run: ImportRun) -> str:
    """csv or xlsx, as the run's file of rejects is."""
    return str((run.summary or {}).get("rejects_file") or "").rpartition(".")[2]


def _in_state(statement: Any, value: str) -> Any:
    return statement.where(ImportRun.state == ImportState(value))


def _figure(name: str) -> Callable[[ImportRun], int | None]:
    return lambda run: run.summary.get(name) if run.summary else None


def _errors(row: RejectedRow) -> str:
    return labels.issue_words(row.errors)


def _rules(row: RejectedRow) -> str:
    """The names by which files and commands call what is wrong."""
    return ", ".join(dict.fromkeys(error["code"] for error in row.errors))


def _layout(run: ImportRun) -> Any:
    return labels.layout_of_run(run.mapping) if run.mapping else None
