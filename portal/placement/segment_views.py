"""Pages of saved segments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import redirect, render_template, request, url_for

from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError
from portal.foundation.formats import number
from portal.foundation.forms import show_error
from portal.foundation.language import _l, say, translate
from portal.foundation.money import Money
from portal.foundation.services import services
from portal.foundation.table_pages import table_response
from portal.foundation.tables import Column, Empty, Filter, Table
from portal.foundation.web import actor, requires, say_flash
from portal.placement import queries
from portal.placement import segment_queries as reads
from portal.placement import segments as operations
from portal.placement.blueprint import blueprint
from portal.placement.labels import reason_words
from portal.placement.recall_queries import recall_numbered, recall_numbers
from portal.placement.segment_forms import SegmentForm, fields_of
from portal.placement.segment_models import Segment
from portal.placement.segment_words import described
from portal.portfolio.limitation import SOON_DAYS
from portal.vendors.labels import name_of
from portal.vendors.queries import work_organisations

if TYPE_CHECKING:
    from sqlalchemy import Select
    from werkzeug.datastructures import MultiDict

    from portal.foundation.access import Actor
    from portal.foundation.language import Message
    from portal.placement.criteria import Criteria

__all__ = ["archive_segment", "count_segment", "edit_segment", "new_segment", "segment", "segments"]


@blueprint.get("/segments")
@requires(Permission.PLACEMENTS_VIEW)
def segments() -> Any:
    """All segments that are offered, and on demand those that are archived."""
    return table_response(_segments_table(), "placement/segments.html")


@blueprint.get("/segments/<int:segment_id>")
@requires(Permission.PLACEMENTS_VIEW)
def segment(segment_id: int) -> str:
    """One segment: its question, what it finds now, and what stands in the way."""
    session, who, today = db.session(), actor(), services().clock.today()
    found = reads.segment_for(session, who, segment_id)
    criteria = reads.criteria_of(found)
    return render_template(
        "placement/segment.html",
        segment=found,
        criteria=criteria,
        words=_words(criteria),
        changer=reads.changer_of(session, who, found),
        scrubbed=reads.scrub(session, criteria, today),
        today=today,
        reason_words=reason_words,
        soon_days=SOON_DAYS,
    )


@blueprint.get("/segments/<int:segment_id>/count.json")
@requires(Permission.PLACEMENTS_VIEW)
def count_segment(segment_id: int) -> dict[str, str]:
    """What a segment finds now, for the list, which does not wait for it."""
    session = db.session()
    criteria = reads.criteria_of(reads.segment_for(session, actor(), segment_id))
    tally = reads.count_of(session, criteria)
    words = say(
        "%(accounts)s accounts · %(amount)s", accounts=number(tally.accounts),
        amount=Money(tally.total_minor, criteria.currency),
    )  # fmt: skip
    return {"words": translate(words)}


@blueprint.route("/segments/new", methods=["GET", "POST"])
@requires(Permission.PLACEMENTS_PROPOSE)
def new_segment() -> Any:
    """Try a question, and keep it under a name."""
    form = _form(request.form if request.method == "POST" else request.args)
    if request.method == "POST":
        try:
            written = (form.name.data or "", form.criteria(), form.note.data or "")
            segment_id = operations.save_segment(actor(), *written)
        except DomainError as error:
            return _form_page(form, None, error)
        say_flash(say("The segment is saved."))
        return redirect(url_for("placement.segment", segment_id=segment_id))
    return _form_page(form, None)


@blueprint.route("/segments/<int:segment_id>/edit", methods=["GET", "POST"])
@requires(Permission.PLACEMENTS_PROPOSE)
def edit_segment(segment_id: int) -> Any:
    """Change a question; runs that were made from it stay as they are."""
    found = reads.segment_for(db.session(), actor(), segment_id)
    if request.method == "POST":
        form = _form(request.form)
        version = request.form.get("version", 0, type=int)
        try:
            written = (form.name.data or "", form.criteria(), form.note.data or "")
            operations.change_segment(actor(), segment_id, version, *written)
        except DomainError as error:
            return _form_page(form, reads.segment_for(db.session(), actor(), segment_id, fresh=True), error)
        say_flash(say("The segment is saved."))
        return redirect(url_for("placement.segment", segment_id=segment_id))
    asked = request.args if "currency" in request.args else _fields(found)
    return _form_page(_form(asked), found)


@blueprint.post("/segments/<int:segment_id>/archive")
@requires(Permission.PLACEMENTS_PROPOSE)
def archive_segment(segment_id: int) -> Any:
    """Offer it no longer."""
    operations.archive_segment(actor(), segment_id)
    say_flash(say("The segment is archived. Runs that were made from it stay as they are."))
    return redirect(url_for("placement.segments"))


# --- the form -----------------------------------------------------------------------------------------------------------


def _form(asked: MultiDict[str, str]) -> SegmentForm:
    session, who = db.session(), actor()

    def recall(number: str) -> int | None:
        found = recall_numbered(session, who, number)
        return found.id if found else None

    holders = [(organisation.id, name_of(organisation)) for organisation in work_organisations(session, who)]
    return SegmentForm(asked, queries.currencies(session), holders, recall)


def _fields(found: Segment) -> MultiDict[str, str]:
    criteria = reads.criteria_of(found)
    recall_id = criteria.conditions.returned_by
    numbers = recall_numbers(db.session(), actor(), [recall_id] if recall_id else [])
    return fields_of(found.name, found.note, criteria, numbers.get(recall_id or 0, ""))


def _form_page(form: SegmentForm, found: Segment | None, error: DomainError | None = None) -> Any:
    """The form with what its question finds now; with an error it is shown at its field, and what was entered stays."""
    count = None
    try:
        count = reads.count_of(db.session(), form.criteria())
    except DomainError as problem:
        error = error or problem
    if error is not None:
        show_error(form, error)
    page = render_template(
        "placement/segment_form.html", form=form, segment=found, count=count, currency=form.currency.data,
        entries=form.entries(*([("version", str(found.version))] if found else [])),
    )  # fmt: skip
    return page, (error.status if error is not None and request.method == "POST" else 200)


# --- words and the list -------------------------------------------------------------------------------------------------


def _words(criteria: Criteria) -> list[Message]:
    session, who, asked = db.session(), actor(), criteria.conditions
    names = {}
    if asked.former_holders:
        names = {organisation.id: name_of(organisation) for organisation in work_organisations(session, who)}
    recalls = recall_numbers(session, who, [asked.returned_by]) if asked.returned_by else {}
    return described(criteria, names, recalls)


def _said(row: Any) -> str:
    return " · ".join(translate(words) for words in _words(reads.criteria_of(row)))


def _segments_table() -> Table:
    return Table(
        name="segments",
        statement=reads.segment_rows(actor()),
        key=Segment.id,
        default_sort="name",
        page_size=10,
        export_allowed=False,
        columns=[
            Column("name", _l("Segment"), expression=Segment.name, value="name", sortable=True, wraps=True),
            Column("question", _l("Accounts that it finds"), value=_said, wraps=True),
            Column("now", _l("Now"), "later", value=lambda row: url_for("placement.count_segment", segment_id=row.id)),
            Column("changed_at", _l("Changed"), "instant", value="changed_at"),
        ],
        filters=[
            Filter(
                "state",
                _l("State"),
                "choice",
                _in_state,
                [("offered", _l("in use")), ("archived", _l("archived"))],
                default="offered",
            ),
        ],
        row_url=lambda row: url_for("placement.segment", segment_id=row.id),
        empty=_nothing(actor()),
    )


def _nothing(who: Actor) -> Empty:
    sentence = say("No segment is in use. Save a question that you ask the book again and again.")
    if who.can(Permission.PLACEMENTS_PROPOSE):
        return Empty(sentence, say("New segment"), url_for("placement.new_segment"))
    return Empty(sentence)


def _in_state(statement: Select[Any], value: str) -> Select[Any]:
    over = Segment.archived_at.is_not(None)
    return statement.where(over if value == "archived" else ~over)
