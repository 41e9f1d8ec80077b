"""The room's pages; runs and batches in files of their own, which register on the blueprint here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from portal.foundation import hooks
from portal.foundation.access import Actor, Permission
from portal.foundation.database import db
from portal.foundation.language import _l
from portal.foundation.navigation import counts
from portal.foundation.panels import Found
from portal.placement import (
    batch_views,
    holdings,
    jobs,
    leaving_jobs,
    leaving_views,
    queries,
    recall_file_views,
    recall_queries,
    recall_views,
    return_views,
    run_views,
    segment_views,
)
from portal.placement.blueprint import blueprint
from portal.placement.panel import placements_panel

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = [
    "batch_views", "blueprint", "holdings", "jobs", "leaving_jobs", "leaving_views", "placements_panel", "recall_file_views",
    "recall_views", "return_views", "run_views",
    "segment_views",
]  # fmt: skip


@counts("placement.runs")
def runs_that_wait(actor: Actor) -> int:
    """Runs that this person may approve."""
    return queries.runs_to_approve(db.session(), actor) if actor.can(Permission.PLACEMENTS_APPROVE) else 0


@counts("placement.batches")
def batches_that_wait(actor: Actor) -> int:
    """Batches that have arrived."""
    return queries.batches_to_answer(db.session(), actor) if actor.can(Permission.BATCHES_ACCEPT) else 0


@counts("placement.recalls")
def recalls_that_wait(actor: Actor) -> int:
    """At the bank what somebody else has asked for or objected to; at an organisation what goes back."""
    session = db.session()
    if actor.can(Permission.RECALLS_ANSWER):
        return recall_queries.pending_count(session, actor)
    if not actor.can(Permission.PLACEMENTS_APPROVE):
        return 0
    counted = (
        recall_queries.recalls_to_decide, recall_queries.objections_to_decide, recall_queries.retentions_to_decide,
    )  # fmt: skip
    return sum(count(session, actor) for count in counted)


@hooks.found.register
def found(session: Session, actor: Actor, words: str) -> list[Found]:
    """A batch, a run or a recall by its number."""
    hits = []
    if actor.can(Permission.BATCHES_VIEW) and (batch := queries.batch_numbered(session, actor, words)):
        hits.append(Found(_l("Batch"), batch.number, url_for("placement.batch", batch_id=batch.id)))
    if actor.can(Permission.PLACEMENTS_VIEW) and (run := queries.run_numbered(session, actor, words)):
        hits.append(Found(_l("Run"), run.number, url_for("placement.run", run_id=run.id)))
    if actor.can(Permission.RECALLS_VIEW) and (recall := recall_queries.recall_numbered(session, actor, words)):
        hits.append(Found(_l("Recall"), recall.number, url_for("placement.recall", recall_id=recall.id)))
    return hits
