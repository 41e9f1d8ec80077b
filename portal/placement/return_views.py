"""Pages of what an organisation gives back, and of what is to stay past its term."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for

from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError
from portal.foundation.forms import show_error
from portal.foundation.language import say, say_count
from portal.foundation.table_pages import table_response
from portal.foundation.visibility import visible
from portal.foundation.web import actor, requires, say_flash
from portal.placement import objections, queries, recall_queries, returns
from portal.placement.blueprint import blueprint
from portal.placement.models import Placement
from portal.placement.recall_dates import LONGEST_RETENTION
from portal.placement.recall_forms import RetentionForm, ReturnForm, whole
from portal.placement.recall_labels import CLOSURE_CODES, RETENTION_STATES
from portal.placement.recall_models import RetentionState
from portal.placement.recall_tables import retention_lines_table, retentions_table
from portal.placement.recall_views import chosen, named_accounts
from portal.portfolio.models import Account
from portal.vendors.labels import name_of

__all__ = ["answer_retention", "new_retention", "new_return", "retention", "retentions"]


@blueprint.route("/returns/new", methods=["GET", "POST"])
@requires(Permission.RECALLS_ANSWER)
def new_return() -> Any:
    """Give the chosen accounts back to the bank."""
    placements = chosen("placement")
    named = named_accounts(_mine(placements))
    form = ReturnForm()
    came_with = set(db.session.scalars(_mine(placements).with_only_columns(Placement.batch_id)))
    if form.validate_on_submit():
        try:
            count = returns.return_placements(actor(), placements, form.chosen_code(), form.note.data or "")
        except DomainError as error:
            show_error(form, error)
        else:
            say_flash(
                say_count("%(n)s account is back with the bank.", "%(n)s accounts are back with the bank.", count)
            )
            if len(came_with) == 1:
                return redirect(url_for("placement.batch", batch_id=came_with.pop()))
            return redirect(url_for("portfolio.accounts"))
    holds = [CLOSURE_CODES[code] for code in returns.HOLDS]
    page = render_template(
        "placement/new_return.html", form=form, holds=holds, back=url_for("placement.batches"), **named
    )
    return page, 422 if form.errors or form.form_errors else 200


def _mine(placements: list[int]) -> Any:
    wanted = visible(Placement, actor()).join(Account, Account.id == Placement.account_id)
    return wanted.where(Placement.id.in_(placements), Placement.ended_at.is_(None))


@blueprint.get("/retentions")
@requires(Permission.RECALLS_VIEW)
def retentions() -> Any:
    """Wishes to keep accounts past their term."""
    return table_response(retentions_table(actor()), "placement/retentions.html")


@blueprint.route("/retentions/new", methods=["GET", "POST"])
@requires(Permission.RECALLS_VIEW)
def new_retention() -> Any:
    """Ask to keep a batch or chosen accounts past their term."""
    batch_id, placements = request.args.get("batch", type=int), chosen("placement")
    batch = queries.batch_for(db.session(), actor(), batch_id) if batch_id is not None else None
    named = (
        {"count": batch.account_count - batch.ended_count, "refs": []} if batch else named_accounts(_mine(placements))
    )
    form = RetentionForm()
    if form.validate_on_submit():
        try:
            ids = objections.ask_retention(
                actor(),
                whole("days", form.days.data),
                form.reason.data or "",
                placement_ids=placements,
                batch_id=batch_id,
            )
        except DomainError as error:
            if error.status == 403:
                raise
            show_error(form, error)
        else:
            say_flash(say("The wish is with the bank; another person answers it."))
            return redirect(url_for("placement.retention", retention_id=ids[0]))
    page = render_template(
        "placement/new_retention.html",
        form=form,
        batch=batch,
        most_days=LONGEST_RETENTION,
        back=url_for("placement.batches"),
        **named,
    )
    return page, 422 if form.errors or form.form_errors else 200


@blueprint.get("/retentions/<int:retention_id>")
@requires(Permission.RECALLS_VIEW)
def retention(retention_id: int) -> Any:
    """One wish, what it covers, and the answer."""
    session, who = db.session(), actor()
    row = recall_queries.retention_for(session, who, retention_id)
    found = row.Retention
    return table_response(
        retention_lines_table(who, found),
        "placement/retention.html",
        retention=found,
        name=name_of(row.Organisation),
        asker=row.asker,
        decider=row.decider,
        state=RETENTION_STATES[found.state],
        waits=found.state is RetentionState.ASKED,
        is_asker=found.asked_by is not None and found.asked_by == who.user_id,
    )


@blueprint.post("/retentions/<int:retention_id>/answer")
@requires(Permission.PLACEMENTS_APPROVE)
def answer_retention(retention_id: int) -> Any:
    """Approve, or refuse with the reason."""
    approved = request.form.get("answer") == "approve"
    objections.answer_retention(actor(), retention_id, approved, request.form.get("reason", ""))
    say_flash(say("The accounts stay for these days.") if approved else say("The retention is refused."))
    return redirect(url_for("placement.retention", retention_id=retention_id))
