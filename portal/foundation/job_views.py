"""Pages of the jobs: the list, one job with its progress, cancel and retry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, redirect, render_template, url_for

from portal.foundation.access import Actor, Permission
from portal.foundation.database import db
from portal.foundation.errors import NotFound
from portal.foundation.job_pages import JOB_STATES, ShownJob, leads_to, outcome, shown_job
from portal.foundation.jobs import Job, JobState, cancel_job, retry_job, title_of
from portal.foundation.jobs.queries import visible_job, visible_jobs
from portal.foundation.language import _l, say
from portal.foundation.table_pages import table_response
from portal.foundation.tables import Column, Empty, Filter, Table
from portal.foundation.web import actor, requires, say_flash

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue
    from sqlalchemy import Select

__all__ = ["blueprint"]

blueprint = Blueprint("jobs", __name__, url_prefix="/jobs")


@blueprint.get("")
@requires(Permission.JOBS_VIEW)
def index() -> ResponseReturnValue:
    """Jobs, the latest first."""
    return table_response(_table(actor()), "jobs/list.html")


@blueprint.get("/<int:job_id>")
@requires(Permission.JOBS_VIEW)
def job(job_id: int) -> ResponseReturnValue:
    """One job: how far it is, or how it ended."""
    found = _find(job_id)
    return render_template("jobs/job.html", job=shown_job(actor(), found), row=found)


@blueprint.get("/<int:job_id>.json")
@requires(Permission.JOBS_VIEW)
def status(job_id: int) -> ResponseReturnValue:
    """How far it is, for the page that shows it."""
    return _shown(job_id).as_json()


@blueprint.get("/<int:job_id>/result")
@requires(Permission.JOBS_VIEW)
def result(job_id: int) -> ResponseReturnValue:
    """On to where its result is, which says what came of it: the job's own page is gone before anybody can read it."""
    found = _find(job_id)
    url = leads_to(found)
    if url is None:
        return redirect(url_for("jobs.job", job_id=found.id))
    said = outcome(found)
    if said is not None:
        say_flash(said)
    return redirect(url)


@blueprint.post("/<int:job_id>/cancel")
@requires(Permission.JOBS_VIEW)
def cancel(job_id: int) -> ResponseReturnValue:
    """Stop it; what it has not committed is as if it had never begun."""
    cancel_job(actor(), job_id)
    say_flash(say("The job is told to stop."))
    return redirect(url_for("jobs.job", job_id=job_id))


@blueprint.post("/<int:job_id>/retry")
@requires(Permission.JOBS_VIEW)
def retry(job_id: int) -> ResponseReturnValue:
    """Begin it once more."""
    retry_job(actor(), job_id)
    say_flash(say("The job is in the queue again."))
    return redirect(url_for("jobs.job", job_id=job_id))


def _find(job_id: int) -> Job:
    found = db.session.scalar(visible_job(actor(), job_id))
    if found is None:
        raise NotFound
    return found


def _shown(job_id: int) -> ShownJob:
    return shown_job(actor(), _find(job_id))


def _table(who: Actor) -> Table:
    states = [(state.value, tag.label) for state, tag in JOB_STATES.items()]
    return Table(
        name="jobs",
        statement=visible_jobs(who),
        columns=[
            Column("id", _l("Job number"), "number", expression=Job.id, sortable=True),
            Column("title", _l("Job"), value=lambda row: title_of(row.kind), title=lambda row: row.kind),
            Column("state", _l("State"), "state", states=JOB_STATES),
            Column("created_at", _l("Asked for at"), "instant"),
            Column("started_at", _l("Started at"), "instant"),
            Column("finished_at", _l("Ended at"), "instant"),
            Column("attempts", _l("Times started"), "number"),
        ],
        filters=[Filter("state", _l("State"), "choice", _in_state, states)],
        default_sort="-id",
        key=Job.id,
        row_url=lambda row: url_for("jobs.job", job_id=row.id),
        empty=Empty(say("No long work has been asked for yet.")),
    )


def _in_state(statement: Select[Any], value: str) -> Select[Any]:
    return statement.where(Job.state == JobState(value))
