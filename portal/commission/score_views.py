"""Pages of the scores of a month: who did how well, proposed by one person, fixed by another."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from portal.commission import score_queries as queries
from portal.commission import scoring as operations
from portal.commission.score_models import Scoring, ScoringState
from portal.foundation.access import Actor, Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError
from portal.foundation.language import Message, _l, say
from portal.foundation.navigation import counts
from portal.foundation.services import services
from portal.foundation.states import StateTag
from portal.foundation.table_pages import table_response
from portal.foundation.tables import Column, Empty, Table
from portal.foundation.web import actor, requires, say_flash
from portal.vendors.labels import name_of

blueprint = Blueprint("scores", __name__)

STATES = {
    ScoringState.PROPOSED: StateTag("proposed", _l("waits for a second person"), "wait"),
    ScoringState.FIXED: StateTag("fixed", _l("fixed"), "good"),
    ScoringState.REFUSED: StateTag("refused", _l("refused"), "bad"),
}


@blueprint.get("/scores")
@requires(Permission.SCORES_MANAGE)
def index() -> Any:
    """Scores of all months, the latest first."""
    return table_response(_table(actor()), "commission/scores.html")


@blueprint.route("/scores/new", methods=["GET", "POST"])
@requires(Permission.SCORES_MANAGE)
def new_scoring() -> Any:
    """Choose a month and currency, then give marks for administrative work; the rest is counted."""
    written, currency = (
        request.values.get("period", f"{_last_month():%Y-%m}"),
        request.values.get("currency", "CNY").upper(),
    )
    error: Message | None = None
    if request.method == "POST":
        try:
            marks = {
                int(name.removeprefix("mark-")): _mark(value)
                for name, value in request.form.items()
                if name.startswith("mark-") and name.removeprefix("mark-").isdigit()
            }
            scoring_id = operations.propose_scoring(
                actor(), _month(written), currency, marks, request.form.get("note", "")
            )
        except DomainError as found:
            if found.field is None:
                raise
            error = found.message
        else:
            say_flash(say("The scores wait for a second person now."))
            return redirect(url_for("scores.scoring", scoring_id=scoring_id))
    try:
        panel = queries.panel(db.session(), actor(), _month(written), currency)
    except DomainError as found:
        panel, error = [], error or found.message
    page = render_template(
        "commission/score_form.html", period=written, currency=currency, panel=panel, error=error, name_of=name_of,
        marks=request.form,
    )  # fmt: skip
    return (page, 422) if error else page


@blueprint.get("/scores/<int:scoring_id>")
@requires(Permission.SCORES_MANAGE)
def scoring(scoring_id: int) -> Any:
    """One month's scores."""
    who = actor()
    found = queries.scoring_for(db.session(), who, scoring_id)
    return render_template(
        "commission/score.html",
        scoring=found,
        tag=STATES[found.state],
        is_own=found.made_by == who.user_id,
        name_of=name_of,
        points=lambda hundredths: f"{Decimal(hundredths) / 100:.2f}",
    )


@blueprint.post("/scores/<int:scoring_id>/fix")
@requires(Permission.SCORES_MANAGE)
def fix(scoring_id: int) -> Any:
    """Let the month's statements go by it."""
    operations.fix_scoring(actor(), scoring_id)
    say_flash(say("The scores are fixed; the statements of the month go by them."))
    return redirect(url_for("scores.scoring", scoring_id=scoring_id))


@blueprint.post("/scores/<int:scoring_id>/refuse")
@requires(Permission.SCORES_MANAGE)
def refuse(scoring_id: int) -> Any:
    """Send it back."""
    operations.refuse_scoring(actor(), scoring_id, request.form.get("reason", ""))
    say_flash(say("The scores are refused."))
    return redirect(url_for("scores.scoring", scoring_id=scoring_id))


@counts("scores.index")
def waiting(who: Actor) -> int:
    """Proposals for this person to decide."""
    return queries.count_waiting(db.session(), who) if who.can(Permission.SCORES_MANAGE) else 0


def _mark(written: str) -> int:
    """Marks in hundredths; nothing written is none."""
    try:
        value = Decimal(written.strip() or "0") * 100
    except InvalidOperation as error:
        raise DomainError("scoring.marks", say("Marks go from 0 to 100."), field="marks") from error
    if not value.is_finite() or value != int(value):
        raise DomainError("scoring.marks", say("Marks go from 0 to 100."), field="marks")
    return int(value)


def _month(written: str) -> date:
    try:
        return date.fromisoformat(f"{written}-01")
    except ValueError:
        raise DomainError(
            "scoring.period", say("Write the month as year and month, for example 2005-07."), field="period"
        ) from None


def _last_month() -> date:
    first = services().clock.today().replace(day=1)
    return date.fromordinal(first.toordinal() - 1).replace(day=1)


def _table(who: Actor) -> Table:
    return Table(
        name="scores",
        statement=queries.scorings(who),
        key=Scoring.id,
        default_sort="-period",
        columns=[
            Column("period", _l("Month"), "month", expression=Scoring.period, sortable=True, value="period"),
            Column("currency", _l("Currency"), value="currency"),
            Column("state", _l("State"), "state", value="state", states=STATES),
            Column("maker", _l("Proposed by"), value="made_by_name"),
            Column("made_at", _l("Proposed at"), "instant", value="made_at"),
            Column("checker", _l("Decided by"), value=lambda row: row.decided_by_name or None),
        ],
        row_url=lambda row: url_for("scores.scoring", scoring_id=row.id),
        empty=Empty(say("No month has been scored yet."), _l("Score a month"), url_for("scores.new_scoring")),
    )
