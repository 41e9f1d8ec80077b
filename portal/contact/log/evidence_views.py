"""Pages of evidence: what was sent, sending more, and a file as it came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, redirect, request, url_for

from portal.contact.blueprint import blueprint
from portal.contact.log import evidence as keeping
from portal.contact.log.forms import EvidenceForm
from portal.contact.log.sealing import content_of
from portal.contact.models import EvidenceFile
from portal.foundation.access import OrganisationKind, Permission
from portal.foundation.database import db
from portal.foundation.downloads import uploaded_file
from portal.foundation.errors import DomainError
from portal.foundation.forms import show_error
from portal.foundation.language import _l, say, say_count
from portal.foundation.states import StateTag
from portal.foundation.table_pages import table_response
from portal.foundation.tables import Column, Empty, Filter, Table
from portal.foundation.web import actor, requires, say_flash
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    import sqlalchemy as sa

__all__ = ["evidence", "evidence_file"]

COUNTED_TO = 1_000
JOINED = StateTag("joined", _l("belongs to an attempt"), "good")
LOOSE = StateTag("loose", _l("no attempt names it yet"), "wait")
FORMS = {"audio": ("wav", "mp3", "m4a", "ogg", "amr"), "picture": ("jpg", "png"), "paper": ("pdf",)}


@blueprint.route("/evidence", methods=["GET", "POST"])
@requires(Permission.ATTEMPTS_IMPORT)
def evidence() -> Any:
    """What was sent; for an agency with a form to send more."""
    who, form = actor(), EvidenceForm()
    if form.validate_on_submit():
        uploads = [(upload.filename, upload.stream) for upload in request.files.getlist("files") if upload.filename]
        try:
            kept = keeping.keep_evidence(who, uploads)
        except DomainError as error:
            show_error(form, error)
        else:
            _say(kept)
            return redirect(url_for("contact.evidence"))
    may_send = who.organisation_kind is OrganisationKind.AGENCY
    response = table_response(
        _table(shows_whose=who.is_bank), "contact/evidence.html", form=form if may_send else None,
        missing=keeping.count_missing(db.session(), who, COUNTED_TO) if may_send else 0, counted_to=COUNTED_TO,
    )  # fmt: skip
    return (response, 422) if form.errors else response


def _say(kept: keeping.Kept) -> None:
    if kept.new:
        say_flash(say_count("%(n)s file is kept.", "%(n)s files are kept.", kept.new))
    if kept.before:
        say_flash(say_count("%(n)s file was here before.", "%(n)s files were here before.", kept.before))
    for name, words in kept.refused[:10]:
        say_flash(say("%(name)s was not kept: %(why)s", name=name, why=words), "warning")
    if len(kept.refused) > 10:
        say_flash(say("%(n)s more were not kept.", n=len(kept.refused) - 10), "warning")


def _table(*, shows_whose: bool) -> Table:
    whose = (Column("organisation", _l("Organisation"), value=lambda r: name_of(r[1])),) if shows_whose else ()
    return Table(
        "evidence",
        keeping.evidence_rows(actor()),
        columns=(
            Column("at", _l("Sent"), "instant", value=lambda r: r[0].uploaded_at, expression=EvidenceFile.uploaded_at,
                   sortable=True, nullable=False),
            *whose,
            Column("name", _l("File"), value=lambda r: r[0].name, wraps=True),
            Column("form", _l("Kind"), value=lambda r: r[0].form.upper()),
            Column("size", _l("KB"), "number", value=lambda r: -(-r[0].size // 1024)),
            Column("state", _l("State"), "state", value=lambda r: JOINED if r[2] else LOOSE),
            Column("account_ref", _l("Account"), value=lambda r: r.account_ref or ""),
            Column("called", _l("Attempt"), "instant", value=lambda r: r[2].at if r[2] else None),
        ),
        filters=(
            Filter("name", _l("File"), "text", _named),
            Filter("kind", _l("Kind"), "choice", _of_kind,
                   choices=[("audio", _l("recordings")), ("picture", _l("photos")), ("paper", _l("papers"))]),
        ),
        default_sort="-at",
        key=EvidenceFile.id,
        row_url=lambda r: url_for("contact.evidence_file", evidence_id=r[0].id),
        empty=Empty(say("No recording or photo has been sent yet.")),
    )  # fmt: skip


def _named(statement: sa.Select[Any], text: str) -> sa.Select[Any]:
    return statement.where(EvidenceFile.name.startswith(text.strip(), autoescape=True))


def _of_kind(statement: sa.Select[Any], kind: str) -> sa.Select[Any]:
    return statement.where(EvidenceFile.form.in_(FORMS[kind]))


@blueprint.get("/evidence/<int:evidence_id>/file")
@requires(Permission.ATTEMPTS_VIEW)
def evidence_file(evidence_id: int) -> Response:
    """A file as it came, to be kept: nothing that was uploaded is opened in the portal's own pages."""
    found = keeping.open_evidence(actor(), evidence_id)
    content = content_of(db.session(), actor(), found)
    return uploaded_file(content, keeping.TYPES[found.form], found.name)
