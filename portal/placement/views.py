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
from portal.placement import batch_views, holdings, jobs, leaving_jobs, leaving_views, queries, run_views
from portal.placement.blueprint import blueprint
from portal.placement.panel import placements_panel

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = [
    "batch_views",
    "blueprint",
    "holdings",
    "jobs",
    "leaving_jobs",
    "leaving_views",
    "placements_panel",
    "run_views",
]


@counts("placement.runs")
def runs_that_wait(actor: Actor) -> int:
    """Runs that this person may approve."""
    return queries.runs_to_approve(db.session(), actor) if actor.can(Permission.PLACEMENTS_APPROVE) else 0


@counts("placement.batches")
def batches_that_wait(actor: Actor) -> int:
    """Batches that have arrived; at the bank, recalls that somebody else has asked for."""
    if actor.can(Permission.BATCHES_ACCEPT):
        return queries.batches_to_answer(db.session(), actor)
    return queries.recalls_to_decide(db.session(), actor) if actor.can(Permission.PLACEMENTS_APPROVE) else 0


@hooks.found.register
def found(session: Session, actor: Actor, words: str) -> list[Found]:
    """A batch or a run by its number."""
    hits = []
    if actor.can(Permission.BATCHES_VIEW) and (batch := queries.batch_numbered(session, actor, words)):
        hits.append(Found(_l("Batch"), batch.number, url_for("placement.batch", batch_id=batch.id)))
    if actor.can(Permission.PLACEMENTS_VIEW) and (run := queries.run_numbered(session, actor, words)):
        hits.append(Found(_l("Run"), run.number, url_for("placement.run", run_id=run.id)))
    return hits
