"""The long work of placing, as jobs. Each can be run again after its worker died: the operations see what is done."""

from __future__ import annotations

from typing import Any

from portal.foundation.jobs import JobView, Progress, handler
from portal.foundation.language import _l, as_data, say, say_count
from portal.placement.batches import expire_batch
from portal.placement.operations import ALLOCATE, SEND, allocate_run
from portal.placement.recall_days import EXPIRE, FINALS, TERMS, end_finals, recall_at_term
from portal.placement.sending import send_run

__all__ = ["allocate", "expire", "finals", "send", "terms"]


@handler(ALLOCATE, _l("Splitting the accounts of a run"))
def allocate(job: JobView, progress: Progress) -> dict[str, Any]:
    """Freeze the lines of a large draft."""
    run = allocate_run(job.actor, job.payload["run_id"], progress.step)
    progress.step(4, 4)
    return {
        "url": _address(run.id),
        "message": as_data(
            say_count("%(n)s account is to be placed.", "%(n)s accounts are to be placed.", run.account_count)
        ),
    }


@handler(SEND, _l("Sending an approved run"))
def send(job: JobView, progress: Progress) -> dict[str, Any]:
    """Write the batches and placements of an approved run."""
    done = send_run(job.actor, job.payload["run_id"], progress.step)
    progress.step(3, 3)
    if done["again"]:
        message = say("The run had been sent already.")
    else:
        message = say(
            "%(batches)s batches with %(placed)s accounts are sent; %(left_out)s accounts were left out.",
            batches=done["batches"], placed=done["placed"], left_out=done["left_out"],
        )  # fmt: skip
    return {"url": _address(job.payload["run_id"]), "message": as_data(message)} | done


@handler(EXPIRE, _l("Batch that was not answered comes back"))
def expire(job: JobView, progress: Progress) -> dict[str, Any]:
    """End a batch whose deadline has passed."""
    ended = expire_batch(job.actor, job.payload["batch_id"])
    progress.step(ended, ended)
    message = say_count("%(n)s account has come back unanswered.", "%(n)s accounts have come back unanswered.", ended)
    return {"url": f"/batches/{job.payload['batch_id']}", "message": as_data(message)}


@handler(TERMS, _l("Recall at the end of the term"))
def terms(job: JobView, progress: Progress) -> dict[str, Any]:
    """Make pending recalls of the placements whose term is reached."""
    count = recall_at_term(job.actor)
    progress.step(count, count)
    return {
        "url": "/recalls",
        "message": as_data(
            say_count(
                "%(n)s account has reached the end of its term.",
                "%(n)s accounts have reached the end of their term.",
                count,
            )
        ),
    }


@handler(FINALS, _l("Final recall"))
def finals(job: JobView, progress: Progress) -> dict[str, Any]:
    """End the placements whose last day has passed."""
    count = end_finals(job.actor)
    progress.step(count, count)
    return {
        "url": "/recalls",
        "message": as_data(
            say_count(
                "%(n)s account has gone back on its last day.",
                "%(n)s accounts have gone back on their last day.",
                count,
            )
        ),
    }


def _address(run_id: int) -> str:
    """The run's page; a job knows no request and so cannot ask for it."""
    return f"/placements/{run_id}"
