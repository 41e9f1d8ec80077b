"""The job that carries an exit out. It can be run again after its worker died: it goes on with what still lives."""

from __future__ import annotations

from typing import Any

from portal.foundation.jobs import JobView, Progress, handler
from portal.foundation.language import _l, as_data, say_count
from portal.placement.exits import EXIT
from portal.placement.leaving import carry_out_exit

__all__ = ["leave"]


@handler(EXIT, _l("Exit of an organisation"))
def leave(job: JobView, progress: Progress) -> dict[str, Any]:
    """Send back what may not stay any longer."""
    exit_id = int(job.payload["exit_id"])
    gone = carry_out_exit(job.actor, exit_id, progress.step)
    message = say_count("%(n)s account has gone back to the bank.", "%(n)s accounts have gone back to the bank.", gone)
    return {"url": f"/exits/{exit_id}", "message": as_data(message)}
