"""Pages of letters on their way: a pack's list, one letter, what was sent and what came of it, and files of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, redirect, render_template, request, url_for

from portal.contact.proofs import person_key_of
from portal.contact.requests.views import sealed_file
from portal.foundation.access import OrganisationKind, Permission
from portal.foundation.database import db
from portal.foundation.downloads import name_as_file
from portal.foundation.errors import DomainError
from portal.foundation.exports import csv_stream, xlsx_stream
from portal.foundation.forms import show_error
from portal.foundation.language import _l, say, say_count
from portal.foundation.table_pages import table_export, table_page
from portal.foundation.visibility import visible
from portal.foundation.web import actor, requires, say_flash
from portal.identity.models import Organisation
from portal.legal.dispatch import operations, panel, queries, taking_back
from portal.legal.dispatch.files import CHANGE_LABELS, DISPATCH, PAGES
from portal.legal.dispatch.forms import PackSentForm, ResultForm, SentForm
from portal.legal.dispatch.labels import RESULTS, ROWS, way_tag
from portal.legal.dispatch.rows import RESULT_WORDS
from portal.legal.dispatch.tables import dispatch_table, template_head, template_rows
from portal.legal.queries import pack_for
from portal.legal.verification.queries import asked_of_letter
from portal.portfolio.import_routes import add_import_pages
from portal.portfolio.import_views import ImportPages, Owners
from portal.portfolio.models import ImportKind
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = ["blueprint", "panel"]

blueprint = Blueprint("dispatch", __name__)
LETTER = "/packs/<int:pack_id>/letters/<int:letter_id>"
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def _own(session: Session, who: Actor) -> list[Organisation]:
    """Whose file it may be: a law firm's own."""
    if who.organisation_kind is not OrganisationKind.LAW_FIRM:
        return []
    wanted = visible(Organisation, who).where(Organisation.id == who.organisation_id).order_by(Organisation.id)
    return list(session.scalars(wanted))


IMPORTS = ImportPages(
    ImportKind.DISPATCH, "dispatch", _l("Files of dispatches and results"), _l("Dispatches and results by file"), DISPATCH,
    owners=Owners(_own, name_of), keeps_extra=False, has_amounts=False, words={"result": RESULT_WORDS},
    change_labels=CHANGE_LABELS,
)  # fmt: skip
add_import_pages(blueprint, IMPORTS, PAGES, Permission.PACKS_DISPATCH)


# --- a pack -------------------------------------------------------------------------------------------------------------


@blueprint.get("/packs/<int:pack_id>/dispatch")
@requires(Permission.PACKS_VIEW)
def index(pack_id: int) -> Any:
    """Where the letters of a pack are."""
    session, who = db.session(), actor()
    pack = pack_for(session, who, pack_id)
    table = dispatch_table(who, pack)
    export = table_export(table)
    if export is not None:
        return export
    counts = queries.counts_of(session, who, pack_id)
    return render_template("legal/dispatch.html", pack=pack, table=table_page(table), counts=counts)


@blueprint.route("/packs/<int:pack_id>/dispatch/all", methods=["GET", "POST"])
@requires(Permission.PACKS_DISPATCH)
def send_all(pack_id: int) -> Any:
    """One carrier and one day for every letter that is neither void nor out."""
    session, who = db.session(), actor()
    pack = pack_for(session, who, pack_id)
    form, back = PackSentForm(), url_for("dispatch.index", pack_id=pack_id)
    if form.validate_on_submit() and form.dispatched_on.data is not None:
        try:
            count = operations.dispatch_pack(who, pack_id, form.carrier.data or "", form.dispatched_on.data)
        except DomainError as error:
            _show(form, error)
        else:
            say_flash(say_count("%(n)s letter is noted as sent.", "%(n)s letters are noted as sent.", count))
            return redirect(back)
    going, must_stay = operations.letters_to_go(session, who, pack_id)
    page = render_template(
        "legal/send_all.html", pack=pack, form=form, to_send=len(going), must_stay=must_stay, back=back
    )
    return page, _status(form)


@blueprint.get("/packs/<int:pack_id>/dispatch/<any('dispatch.csv', 'dispatch.xlsx'):file_name>")
@requires(Permission.PACKS_DISPATCH)
def template(pack_id: int, file_name: str) -> Response:
    """The form of a file of dispatches with the pack's numbers, and what is on file already, filled in."""
    who = actor()
    pack = pack_for(db.session(), who, pack_id)
    form = file_name.rpartition(".")[2]
    # Drawn up while the request's session is there; ten thousand short rows.
    rows = list(template_rows(db.session(), who, pack_id))
    stream = csv_stream if form == "csv" else xlsx_stream
    response = Response(stream(template_head(), rows), content_type=TYPES[form])
    return name_as_file(response, f"{pack.number}-{file_name}")


# --- a letter -----------------------------------------------------------------------------------------------------------


@blueprint.get(f"{LETTER}/way")
@requires(Permission.PACKS_VIEW)
def way(pack_id: int, letter_id: int) -> str:
    """One letter's way, with all that was ever said of it."""
    session, who = db.session(), actor()
    found = queries.way_for(session, who, pack_id, letter_id)
    dispatches, results = queries.history_of(session, who, letter_id)
    return render_template(
        "legal/way.html", way=found, tag=way_tag(found.dispatch, found.result, void=found.void), results=results,
        dispatches=dispatches, labels=RESULTS, rows=ROWS, may_write=who.can(Permission.PACKS_DISPATCH),
        effect=queries.effect_of(session, who, found.result), asked=asked_of_letter(session, who, letter_id),
        opens_proof=_holds(session, who, found.letter.account_id),
    )  # fmt: skip


@blueprint.route(f"{LETTER}/dispatch", methods=["GET", "POST"])
@requires(Permission.PACKS_DISPATCH)
def send_letter(pack_id: int, letter_id: int) -> Any:
    """How one letter went out, or a correction of that."""
    who = actor()
    found, form = queries.way_for(db.session(), who, pack_id, letter_id), SentForm()
    if not form.is_submitted():
        form.fill_from(found)
    if form.validate_on_submit():
        try:
            is_new = operations.dispatch_letter(
                who, pack_id, letter_id, form.sent(), all_the_same=bool(form.all_the_same.data)
            )
        except DomainError as error:
            _show(form, error)
        else:
            say_flash(say("The letter is noted as sent.") if is_new else say("This was on file already."))
            return redirect(url_for("dispatch.way", pack_id=pack_id, letter_id=letter_id))
    why = operations.what_forbids_sending(db.session(), found)
    return _form_page("legal/send_letter.html", found, form, must_stay=operations.must_stay(why) if why else None)


@blueprint.route(f"{LETTER}/result", methods=["GET", "POST"])
@requires(Permission.PACKS_DISPATCH)
def note_result(pack_id: int, letter_id: int) -> Any:
    """What came of one letter, or a correction of that."""
    who = actor()
    found, form = queries.way_for(db.session(), who, pack_id, letter_id), ResultForm()
    if not form.is_submitted():
        form.fill_from(found)
    if form.validate_on_submit():
        try:
            is_new = operations.record_result(who, pack_id, letter_id, form.outcome(), form.file())
        except DomainError as error:
            _show(form, error)
        else:
            say_flash(say("The result is noted.") if is_new else say("This was on file already."))
            return redirect(url_for("dispatch.way", pack_id=pack_id, letter_id=letter_id))
    return _form_page("legal/note_result.html", found, form)


@blueprint.post(f"{LETTER}/dispatch/take-back")
@requires(Permission.PACKS_DISPATCH)
def take_back_dispatch(pack_id: int, letter_id: int) -> Any:
    """The letter has not gone out after all."""
    taking_back.take_back_dispatch(actor(), pack_id, letter_id, request.form.get("reason", ""))
    say_flash(say("The dispatch is taken back: the letter is to be sent."))
    return redirect(url_for("dispatch.way", pack_id=pack_id, letter_id=letter_id))


@blueprint.post(f"{LETTER}/result/take-back")
@requires(Permission.PACKS_DISPATCH)
def take_back_result(pack_id: int, letter_id: int) -> Any:
    """Nothing is known of the letter after all."""
    taking_back.take_back_result(actor(), pack_id, letter_id, request.form.get("reason", ""))
    say_flash(say("The result is taken back, with what had followed from it."))
    return redirect(url_for("dispatch.way", pack_id=pack_id, letter_id=letter_id))


@blueprint.get(f"{LETTER}/results/<int:result_id>/proof")
@requires(Permission.PACKS_VIEW)
def proof(pack_id: int, letter_id: int, result_id: int) -> Response:
    """The file that proves a delivery, to be kept; while one may see the account."""
    session, who = db.session(), actor()
    row = queries.result_for(session, who, pack_id, letter_id, result_id)
    letter = queries.way_for(session, who, pack_id, letter_id).letter
    return sealed_file(person_key_of(session, who, letter.account_id), row)


# --- what several of these need -----------------------------------------------------------------------------------------


def _form_page(template: str, found: queries.Way, form: Any, **more: Any) -> Any:
    back = url_for("dispatch.way", pack_id=found.pack.id, letter_id=found.letter.id)
    return render_template(template, way=found, form=form, back=back, **more), _status(form)


def _status(form: Any) -> int:
    return 422 if form.errors or form.form_errors else 200


def _show(form: Any, error: DomainError) -> None:
    if error.status == 404:
        raise error
    show_error(form, error)


def _holds(session: Session, who: Actor, account_id: int) -> bool:
    """Whether what is sealed for the account's person is open to the reader."""
    try:
        person_key_of(session, who, account_id)
    except DomainError:
        return False
    return True
