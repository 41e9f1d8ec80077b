"""A statement to take away: as a workbook with all its lines, and as a PDF to be signed. Each is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, redirect, request, stream_with_context, url_for
from flask_babel import get_locale

from portal.commission import papers
from portal.commission.blueprint import blueprint
from portal.commission.life_queries import paper_of
from portal.commission.queries import statement_for
from portal.commission.workbook import workbook
from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.downloads import name_as_file
from portal.foundation.errors import NotFound, Refused
from portal.foundation.language import say
from portal.foundation.services import services
from portal.foundation.web import actor, requires
from portal.foundation.work import reading, transaction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from portal.foundation.access import Actor

__all__ = ["make_paper", "statement_paper", "statement_workbook"]

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("/statements/<int:statement_id>.xlsx")
@requires(Permission.STATEMENTS_VIEW)
def statement_workbook(statement_id: int) -> Response:
    """All lines with their why, and the totals."""
    number = _record(actor(), statement_id, "xlsx")
    response = Response(stream_with_context(_sheets(actor(), statement_id)), content_type=XLSX)
    response.headers["Cache-Control"] = "no-store"
    return name_as_file(response, f"{number}.xlsx")


def _sheets(who: Actor, statement_id: int) -> Iterator[bytes]:
    with reading(who) as session:
        yield from workbook(session, who, statement_for(session, who, statement_id))


@blueprint.get("/statements/<int:statement_id>.pdf")
@requires(Permission.STATEMENTS_VIEW)
def statement_paper(statement_id: int) -> Response:
    """The PDF in the language that the address names, else the reader's."""
    language, who = _language(request.args.get("language", "")), actor()
    statement = statement_for(db.session(), who, statement_id)
    found = paper_of(db.session(), who, statement.id, language)
    if found is None and statement.line_count > papers.AT_ONCE:
        raise Refused("statement.paper_first", say("This PDF takes a while. Ask for it on the page of the statement."))
    paper = found or papers.keep_paper(who, statement_id, language)
    digest, size = paper.digest, paper.size
    number = _record(who, statement_id, f"pdf {language}", digest)
    response = Response(stream_with_context(services().storage.chunks(digest)), content_type="application/pdf")
    response.headers["Cache-Control"] = "no-store"
    response.content_length = size
    return name_as_file(response, f"{number}-{language}.pdf")


@blueprint.post("/statements/<int:statement_id>/paper")
@requires(Permission.STATEMENTS_VIEW)
def make_paper(statement_id: int) -> Any:
    """Ask for the PDF of a statement with many lines."""
    job = papers.ask_for_paper(actor(), statement_id, _language(request.form.get("language", "")))
    return redirect(url_for("jobs.job", job_id=job.id))


def _language(wanted: str) -> str:
    language = wanted or ("zh" if str(get_locale() or "en").startswith("zh") else "en")
    if language not in papers.LANGUAGES:
        raise NotFound
    return language


def _record(who: Actor, statement_id: int, file: str, digest: str | None = None) -> str:
    """Who took which file of a statement away; the statement's number."""
    with transaction(who) as work:
        statement = statement_for(work.session, work.actor, statement_id)
        work.audit("statement.taken", statement, after={"file": file, "digest": digest})
        return statement.number
