"""Long work as jobs: a row that is the truth, a queue that carries its number, workers that may die.

@handler("portfolio.import", _l("Import of accounts"))
def run(job: JobView, progress: Progress) -> dict | None: …

with transaction(actor) as work:
    work.request_job("portfolio.import", key=digest, payload={"run": 7}, total=30_000)
"""

from __future__ import annotations

from portal.foundation.jobs.handlers import JobView, handler, title_of
from portal.foundation.jobs.models import Job, JobState
from portal.foundation.jobs.progress import Cancelled, Progress, Superseded
from portal.foundation.jobs.requests import cancel_job, request_job, retry_job
from portal.foundation.jobs.runner import run_job, run_pending, run_to_end
from portal.foundation.jobs.sweeper import sweep

__all__ = [
    "Cancelled", "Job", "JobState", "JobView", "Progress", "Superseded", "cancel_job", "handler", "request_job",
    "retry_job", "run_job", "run_pending", "run_to_end", "sweep", "title_of",
]  # fmt: skip
