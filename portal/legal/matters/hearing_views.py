"""Pages of hearings: the list, and what becomes of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import redirect, render_template, request, url_for

from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError
from portal.foundation.forms import show_error
from portal.foundation.language import _l, say
from portal.foundation.services import services
from portal.foundation.table_pages import table_response
from portal.foundation.web import actor, requires, say_flash
from portal.legal.matters import hearings, queries
from portal.legal.matters.blueprint import blueprint
from portal.legal.matters.forms import HearingForm, MoveForm
from portal.legal.matters.tables import hearings_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal.foundation.language import Message
    from portal.legal.matters.models import Matter

__all__ = ["hearings_list"]

HEARING = "/matters/<int:matter_id>/hearings/<int:hearing_id>"


@blueprint.get("/hearings", endpoint="hearings")
@requires(Permission.MATTERS_VIEW)
def hearings_list() -> Any:
    """Days in court, those to come first."""
    return table_response(hearings_table(actor(), services().clock.now()), "legal/hearings.html")


@blueprint.route("/matters/<int:matter_id>/hearings/new", methods=["GET", "POST"])
@requires(Permission.MATTERS_RUN)
def new_hearing(matter_id: int) -> Any:
    """The court has fixed a day."""
    who = actor()
    found = queries.matter_for(db.session(), who, matter_id)
    form = HearingForm()
    if not form.is_submitted():
        form.court.data = found.court
    return _entered(
        form, found, lambda: hearings.fix_hearing(who, matter_id, form.chosen_kind(), form.summons()),
        say("The hearing is noted."), _l("New hearing"),
    )  # fmt: skip


@blueprint.route(f"{HEARING}/move", methods=["GET", "POST"])
@requires(Permission.MATTERS_RUN)
def move_hearing(matter_id: int, hearing_id: int) -> Any:
    """Another time or room."""
    session, who = db.session(), actor()
    found = queries.matter_for(session, who, matter_id)
    hearing = queries.hearing_for(session, who, matter_id, hearing_id)
    form = MoveForm()
    if not form.is_submitted():
        form.fill_from(hearing)
    return _entered(
        form, found, lambda: hearings.move_hearing(who, matter_id, hearing_id, form.summons()),
        say("The hearing is moved; calendars hear of it by themselves."), _l("Move the hearing"), hearing=hearing,
    )  # fmt: skip


@blueprint.post(f"{HEARING}/held")
@requires(Permission.MATTERS_RUN)
def hold_hearing(matter_id: int, hearing_id: int) -> Any:
    """It took place."""
    hearings.hold_hearing(actor(), matter_id, hearing_id, request.form.get("note", ""))
    return _done(matter_id, say("The hearing is noted as held."))


@blueprint.post(f"{HEARING}/cancel")
@requires(Permission.MATTERS_RUN)
def cancel_hearing(matter_id: int, hearing_id: int) -> Any:
    """It does not take place."""
    hearings.cancel_hearing(actor(), matter_id, hearing_id, request.form.get("reason", ""))
    return _done(matter_id, say("The hearing is cancelled; calendars hear of it by themselves."))


def _entered(
    form: MoveForm, found: Matter, enter: Callable[[], object], sentence: Message, title: Any, **shown: Any
) -> Any:
    if form.validate_on_submit():
        try:
            enter()
        except DomainError as error:
            if error.status == 404:
                raise
            show_error(form, error)
        else:
            return _done(found.id, sentence)
    page = render_template(
        "legal/matter_hearing.html", form=form, matter=found, title=title,
        back=url_for("matters.matter", matter_id=found.id), **shown,
    )  # fmt: skip
    return page, 422 if form.errors or form.form_errors else 200


def _done(matter_id: int, sentence: Message) -> Any:
    say_flash(sentence)
    return redirect(url_for("matters.matter", matter_id=matter_id, _anchor="hearings"))
