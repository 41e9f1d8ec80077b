"""Pages of batches: what was sent to whom, and the answer."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from portal.foundation import hooks
from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError
from portal.foundation.forms import show_error
from portal.foundation.language import say
from portal.foundation.services import services
from portal.foundation.table_pages import table_response
from portal.foundation.web import actor, requires, say_flash
from portal.placement import batches as operations
from portal.placement import queries, recall_queries
from portal.placement.blueprint import blueprint
from portal.placement.fairness import mean_balance
from portal.placement.labels import BATCH_STATES
from portal.placement.models import BatchState, PlacementBatch
from portal.placement.recall_forms import AcceptForm
from portal.placement.recall_labels import RECALL_REASONS, RECALL_STATES, when_words
from portal.placement.tables import batches_table, placements_table
from portal.vendors.labels import KIND_LABELS, name_of
from portal.vendors.plans.summary import rates_words

__all__ = ["accept_batch", "batch", "batches", "refuse_batch"]

ARRIVED_AT_ONCE = 50


@blueprint.get("/batches")
@requires(Permission.BATCHES_VIEW)
def batches() -> Any:
    """Batches; for their organisation those that wait for its answer first, each with it."""
    who = actor()
    arrived: list[PlacementBatch] = []
    if who.can(Permission.BATCHES_ACCEPT):
        waiting = queries.batch_rows(who).where(PlacementBatch.state == BatchState.SENT)
        wanted = waiting.order_by(PlacementBatch.accept_by, PlacementBatch.id).limit(ARRIVED_AT_ONCE)
        arrived = [row.PlacementBatch for row in db.session.execute(wanted)]
    return table_response(
        batches_table(who),
        "placement/batches.html",
        arrived=arrived,
        kinds=KIND_LABELS,
        now=services().clock.now(),
    )


@blueprint.get("/batches/<int:batch_id>")
@requires(Permission.BATCHES_VIEW)
def batch(batch_id: int) -> Any:
    """One batch. Before it is accepted only what it adds up to is shown."""
    return _batch_page(batch_id, AcceptForm(formdata=None))


@blueprint.post("/batches/<int:batch_id>/accept")
@requires(Permission.BATCHES_ACCEPT)
def accept_batch(batch_id: int) -> Any:
    """Take the batch, saying what was received."""
    found = queries.batch_for(db.session(), actor(), batch_id)
    form = AcceptForm()
    if form.validate_on_submit():
        try:
            operations.accept_batch(actor(), batch_id, form.received(found))
        except DomainError as error:
            if error.field is None:
                raise
            show_error(form, error)
        else:
            say_flash(say("The batch is accepted. Its accounts are open to you now."))
            return redirect(url_for("placement.batch", batch_id=batch_id))
    return _batch_page(batch_id, form), 422


def _batch_page(batch_id: int, form: AcceptForm) -> Any:
    session, who = db.session(), actor()
    found = queries.batch_for(session, who, batch_id)
    terms = found.contract_version
    return table_response(
        placements_table(who, found),
        "placement/batch.html",
        form=form,
        batch=found,
        name=name_of(found.organisation),
        kind=KIND_LABELS[found.kind],
        state=BATCH_STATES[found.state],
        by_bucket=found.by_bucket or [],
        mean_minor=mean_balance(found.total_minor, found.account_count),
        terms=terms,
        rate=rates_words(terms.plan),
        opened=who.is_bank or found.state is not BatchState.SENT,
        recalls=[
            (recall, RECALL_STATES[recall.state], RECALL_REASONS[recall.reason], when_words(recall))
            for recall in recall_queries.open_recalls_of_batch(session, who, batch_id)
        ],
        chooses=_chooses(found),
        late=found.state is BatchState.SENT and found.accept_by < services().clock.now(),
        panels=[panel for panel in hooks.batch_panels(session, who, found) if panel is not None],
    )


def _chooses(found: PlacementBatch) -> bool:
    """Whether this person may do something with single accounts of the batch."""
    if found.state is not BatchState.ACCEPTED:
        return False
    return actor().can(Permission.PLACEMENTS_PROPOSE) or actor().can(Permission.RECALLS_ANSWER)


@blueprint.post("/batches/<int:batch_id>/refuse")
@requires(Permission.BATCHES_ACCEPT)
def refuse_batch(batch_id: int) -> Any:
    """Send the batch back."""
    operations.refuse_batch(actor(), batch_id, request.form.get("reason", ""))
    say_flash(say("The batch is refused and goes back to the bank."))
    return redirect(url_for("placement.batch", batch_id=batch_id))
