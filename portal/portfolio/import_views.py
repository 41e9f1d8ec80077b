"""Pages of imports, the same for every kind of file: what was received, sending a file, what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Response, abort, redirect, render_template, stream_with_context, url_for

from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.downloads import name_as_file
from portal.foundation.errors import DomainError
from portal.foundation.forms import show_error
from portal.foundation.job_pages import shown_job
from portal.foundation.jobs.queries import job_about
from portal.foundation.language import _l, from_data, say, translate
from portal.foundation.services import services
from portal.foundation.table_pages import table_page, table_response
from portal.foundation.tables import Column, Empty, Table
from portal.foundation.web import actor, requires
from portal.portfolio import labels, operations, queries
from portal.portfolio.blueprint import blueprint
from portal.portfolio.forms import ImportForm
from portal.portfolio.models import ImportKind, ImportRun, ImportState, RejectedRow

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ImportPages"]


@dataclass(frozen=True)
class ImportPages:
    """The three pages of one kind of file; the room names them and says what receives a file."""

    kind: ImportKind
    room: str  # the blueprint that has the endpoints imports, new_import, import_run, rejects
    title: Any
    new_title: Any
    receive: Callable[..., ImportRun]

    def url(self, endpoint: str, **values: Any) -> str:
        """The address of one of this kind's pages."""
        return url_for(f"{self.room}.{endpoint}", **values)

    def list(self) -> Any:
        """Files that were received, the latest first."""
        table = Table(
            name=f"imports-{self.kind.value}",
            statement=queries.import_runs(actor(), self.kind),
            key=ImportRun.id,
            default_sort="-number",
            columns=[
                Column("number", _l("No."), "number", expression=ImportRun.id, value="id", sortable=True),
                Column("file", _l("File"), value="file_name"),
                Column("state", _l("State"), "state", value="state", states=labels.IMPORT_STATES),
                Column("as_of", _l("As of"), "day", value="as_of"),
                Column("rows", _l("Rows"), "number", value=_figure("rows")),
                Column("created", _l("Created"), "number", value=_figure("created")),
                Column("updated", _l("Updated"), "number", value=_figure("updated")),
                Column("rejected", _l("Rejected"), "number", value=_figure("rejected")),
                Column("at", _l("Received"), "instant", value="requested_at"),
            ],
            row_url=lambda run: self.url("import_run", run_id=run.id),
            empty=Empty(say("No file has been imported yet."), say("Import a file"), self.url("new_import")),
        )
        return table_response(table, "portfolio/imports.html", pages=self)

    def new(self) -> Any:
        """Send a file; its import is a job."""
        form = ImportForm.for_kind(self.kind)
        if form.validate_on_submit():
            upload = form.file.data
            try:
                run = self.receive(actor(), upload.stream, upload.filename, form.options())
            except DomainError as error:
                show_error(form, error)
            else:
                return redirect(self.url("import_run", run_id=run.id))
        page = render_template("portfolio/new_import.html", form=form, pages=self)
        return page, 422 if form.errors or form.form_errors else 200

    def run(self, run_id: int) -> Any:
        """What becomes, or became, of a file."""
        found = queries.import_run_for(db.session(), actor(), self.kind, run_id)
        rejected = Table(
            name="rejected",
            statement=queries.rejected_rows_of(actor(), run_id),
            key=RejectedRow.id,
            default_sort="line",
            columns=[
                Column("line", _l("Line"), "number", expression=RejectedRow.line, sortable=True),
                Column("errors", _l("What is wrong"), value=_errors, wraps=True),
            ],
            empty=Empty(say("No row was left out.")),
            export_allowed=False,
        )
        asked = job_about(db.session(), actor(), f"import.{self.kind.value}", f"run-{run_id}")
        job = shown_job(actor(), asked) if asked and found.state is ImportState.RECEIVED else None
        return render_template(
            "portfolio/import_run.html",
            run=found,
            job=job,
            tag=job.state if job else labels.IMPORT_STATES[found.state],
            totals=sorted(found.options.get("totals", {}).items()),
            pages=self,
            labels=labels,
            refusal=from_data(found.refusal["message"]) if found.refusal else None,
            table=table_page(rejected),
        )

    def rejects(self, run_id: int) -> Response:
        """The file of rejected rows, to be mended and sent again."""
        found = queries.import_run_for(db.session(), actor(), self.kind, run_id)
        if not found.rejects_digest or not found.summary:
            abort(404)
        content = services().storage.chunks(found.rejects_digest)
        response = Response(stream_with_context(content), content_type="text/csv; charset=utf-8")
        return name_as_file(response, found.summary["rejects_file"])


def _figure(name: str) -> Callable[[ImportRun], int | None]:
    return lambda run: run.summary.get(name) if run.summary else None


def _errors(row: RejectedRow) -> str:
    said = [(e["column"], translate(from_data(e["message"]))) for e in row.errors]
    return " ".join(f"{column}: {words}" if column else words for column, words in said)


ACCOUNTS = ImportPages(
    ImportKind.ACCOUNTS, "portfolio", _l("Imports of accounts"), _l("Import accounts"), operations.receive_accounts
)


@blueprint.get("/imports")
@requires(Permission.ACCOUNTS_IMPORT)
def imports() -> Any:
    """Files of accounts."""
    return ACCOUNTS.list()


@blueprint.route("/imports/new", methods=["GET", "POST"])
@requires(Permission.ACCOUNTS_IMPORT)
def new_import() -> Any:
    """Send a file of accounts."""
    return ACCOUNTS.new()


@blueprint.get("/imports/<int:run_id>")
@requires(Permission.ACCOUNTS_IMPORT)
def import_run(run_id: int) -> Any:
    """What became of a file of accounts."""
    return ACCOUNTS.run(run_id)


@blueprint.get("/imports/<int:run_id>/rejects.csv")
@requires(Permission.ACCOUNTS_IMPORT)
def rejects(run_id: int) -> Any:
    """Rejected rows of a file of accounts."""
    return ACCOUNTS.rejects(run_id)
