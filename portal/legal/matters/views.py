"""Pages of matters: the list, one matter with what is to be done next, its course."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import redirect, render_template, request, url_for

from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError
from portal.foundation.forms import show_error
from portal.foundation.language import _l, say
from portal.foundation.money import format_amount
from portal.foundation.navigation import counts
from portal.foundation.services import services
from portal.foundation.table_pages import table_response
from portal.foundation.web import actor, key, requires, say_flash
from portal.legal.matters import (
    bundle_views,
    calendar_views,
    cost_views,
    hearing_views,
    operations,
    panel,
    queries,
)
from portal.legal.matters.blueprint import blueprint
from portal.legal.matters.forms import OpeningForm, StepForm
from portal.legal.matters.labels import OUTCOMES, SAY_SO, STAGES
from portal.legal.matters.page import matter_page, not_sued_for, steps_ahead
from portal.legal.matters.queries import course_of, steps_of
from portal.legal.matters.stages import Stage
from portal.legal.matters.tables import matters_table
from portal.legal.queries import lawyers
from portal.portfolio.queries import account_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal.foundation.access import Actor
    from portal.foundation.language import Message
    from portal.legal.matters.models import Matter

__all__ = ["blueprint", "bundle_views", "calendar_views", "cost_views", "hearing_views", "panel"]


@blueprint.get("/matters")
@requires(Permission.MATTERS_VIEW)
def index() -> Any:
    """Matters of the firm; at the bank of all firms."""
    who = actor()
    return table_response(matters_table(who), "legal/matters.html", not_sued_for=not_sued_for(db.session(), who))


@blueprint.get("/matters/<int:matter_id>")
@requires(Permission.MATTERS_VIEW)
def matter(matter_id: int) -> str:
    """One matter: what is to be done, how far it is, its hearings, costs and documents."""
    return render_template("legal/matter.html", **matter_page(db.session(), actor(), matter_id))


@blueprint.route("/accounts/<int:account_id>/matters/new", methods=["GET", "POST"])
@requires(Permission.MATTERS_RUN)
def new_matter(account_id: int) -> Any:
    """Open a matter about an account."""
    session, who, today = db.session(), actor(), services().clock.today()
    account = account_for(session, who, account_id)
    form = OpeningForm((one.id, one.name) for one in lawyers(session, who, who.organisation_id or 0, today))
    if not form.is_submitted():
        form.claimed.data, form.opened_on.data = format_amount(account.total_minor, account.currency), today
        form.lawyer_id.data = str(who.user_id)
    if form.validate_on_submit():
        try:
            matter_id = operations.open_matter(who, account_id, form.opening())
        except DomainError as error:
            _show(form, error)
        else:
            return _done(matter_id, say("The matter is open."))
    may_sue = queries.placement_for_suit(session, who, account_id) is not None
    page = render_template(
        "legal/new_matter.html", form=form, account=account, courts=queries.courts(session, who), may_sue=may_sue,
        open_matter=queries.open_matter_of(session, who, account_id),
        back=url_for("portfolio.account", account_id=account_id),
    )  # fmt: skip
    return page, _status(form)


@blueprint.post("/matters/<int:matter_id>/lawyer")
@requires(Permission.MATTERS_RUN)
def assign(matter_id: int) -> Any:
    """Another lawyer handles it from now on."""
    operations.assign_lawyer(actor(), matter_id, request.form.get("lawyer_id", 0, type=key))
    return _done(matter_id, say("The lawyer is changed."))


# --- the course ---------------------------------------------------------------------------------------------------------


@blueprint.route("/matters/<int:matter_id>/steps/new", methods=["GET", "POST"])
@requires(Permission.MATTERS_RUN)
def new_step(matter_id: int) -> Any:
    """The matter came to a stage."""
    session, who = db.session(), actor()
    found = queries.matter_for(session, who, matter_id)
    ahead = steps_ahead(session, who, found)
    form = StepForm(ahead)
    if not form.is_submitted():
        form.stage.data, form.court.data = request.args.get("stage", ""), found.court
        form.happened_on.data = services().clock.today()
    known = form.chosen if form.chosen in ahead else None
    return _entered(
        form, found, lambda: operations.add_step(who, matter_id, form.said()), say("The step is noted."),
        SAY_SO[known] if known else _l("New step"), known=known,
    )  # fmt: skip


@blueprint.route("/matters/<int:matter_id>/steps/<int:step_id>/correct", methods=["GET", "POST"])
@requires(Permission.MATTERS_RUN)
def correct_step(matter_id: int, step_id: int) -> Any:
    """What was said of a step was not right."""
    session, who = db.session(), actor()
    found = queries.matter_for(session, who, matter_id)
    row = queries.step_for(session, who, matter_id, step_id)
    form = StepForm(Stage)
    if not form.is_submitted():
        form.fill_from(row, found.currency)
    sentence = say("The correction is noted; what was said before stays in the history.")
    return _entered(
        form, found, lambda: operations.correct_step(who, matter_id, step_id, form.said()), sentence,
        _l("Correct a step"), corrected=row,
    )  # fmt: skip


@blueprint.post("/matters/<int:matter_id>/steps/<int:step_id>/take-back")
@requires(Permission.MATTERS_RUN)
def take_back_step(matter_id: int, step_id: int) -> Any:
    """It was not so at all."""
    operations.take_back_step(actor(), matter_id, step_id, request.form.get("reason", ""))
    return _done(matter_id, say("The step is taken back; it stays in the history."))


@counts("matters.index")
def waiting(who: Actor) -> int:
    """For who decides on costs: those that wait."""
    return queries.count_waiting_costs(db.session(), who) if who.can(Permission.CHARGES_DECIDE) else 0


# --- what several of these need -----------------------------------------------------------------------------------------


def _entered(
    form: StepForm, found: Matter, enter: Callable[[], object], sentence: Message, title: Any, **shown: Any
) -> Any:
    if form.validate_on_submit():
        try:
            enter()
        except DomainError as error:
            _show(form, error)
        else:
            return _done(found.id, sentence)
    form.mark_needed()
    last = course_of(steps_of(db.session(), actor(), found.id))[-1]
    page = render_template(
        "legal/matter_step.html", form=form, matter=found, title=title, last=last, stages=STAGES, outcomes=OUTCOMES,
        courts=queries.courts(db.session(), actor()), back=url_for("matters.matter", matter_id=found.id), **shown,
    )  # fmt: skip
    return page, _status(form)


def _done(matter_id: int, sentence: Message) -> Any:
    say_flash(sentence)
    return redirect(url_for("matters.matter", matter_id=matter_id))


def _status(form: Any) -> int:
    return 422 if form.errors or form.form_errors else 200


def _show(form: Any, error: DomainError) -> None:
    if error.status == 404:
        raise error
    show_error(form, error)
