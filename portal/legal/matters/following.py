"""What follows from the course of a matter: that the claim was filed begins the time to sue anew, where the law says so (Civil
Code 195: 提起诉讼), without anybody having to note it. A filing that was corrected or taken back takes that with it.

A firm sees the account only while it holds it. What is put right later the bank's own portal does, as a job.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.contact.limits.keeping import Filed, note_filed, take_back_restarts
from portal.foundation.jobs import handler
from portal.foundation.language import _l, as_data, say
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.legal.matters.models import Matter, MatterStep, StepEffect
from portal.legal.matters.queries import course_of, steps_of
from portal.legal.matters.stages import Stage
from portal.portfolio.models import Account

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portal.foundation.jobs import JobView, Progress
    from portal.foundation.work import Work

__all__ = ["follow"]

JOB = "legal.follow_matter"


def follow(work: Work, matter: Matter, said: MatterStep) -> None:
    """Do what follows from a row that has just been written to a matter's course, here or, where the firm no longer may, by the
    bank's portal."""
    if not _bring_up(work, matter):
        work.request_job(JOB, str(said.id), {"matter": matter.id}, total=1, as_portal=True)


@handler(JOB, _l("What follows from the course of a matter"))
def follow_later(job: JobView, progress: Progress) -> dict[str, Any]:
    """As the bank's portal, which sees every account. Run again, it finds what was done and does nothing."""
    with transaction(job.actor) as work:
        wanted = visible(Matter, job.actor).where(Matter.id == int(job.payload["matter"])).with_for_update()
        _bring_up(work, work.session.scalars(wanted).one())
    progress.step(1)
    return {"message": as_data(say("The time to sue was reckoned again."))}


def _bring_up(work: Work, matter: Matter) -> bool:
    """Let what stands of the course, and nothing else, have its effect; whether that could be done, or nothing has to be."""
    rows = steps_of(work.session, work.actor, matter.id)
    effects = _effects(work, rows)
    filings = [row for row in course_of(rows) if row.stage is Stage.FILED]
    if not filings and not effects:
        return True
    account = work.session.scalar(visible(Account, work.actor).where(Account.id == matter.account_id))
    if account is None:
        return False
    standing = {row.id for row in filings}
    take_back_restarts(work, [effect.restart_id for key, effect in effects.items() if key not in standing])
    for row in filings:
        if row.id not in effects:
            _note(work, matter, account, row)
    return True


def _note(work: Work, matter: Matter, account: Account, row: MatterStep) -> None:
    restart = note_filed(work, account, Filed(matter.number, matter.organisation_id, row.happened_on))
    if restart is None:
        return
    work.session.add(
        StepEffect(step_id=row.id, organisation_id=row.organisation_id, restart_id=restart.id, at=work.now)
    )
    work.session.flush()
    after = {"account": account.id, "ground": restart.ground.value, "on": row.happened_on.isoformat()}
    work.audit("limitation.noted", restart, after=after, matter=matter.number)


def _effects(work: Work, rows: Sequence[MatterStep]) -> dict[int, StepEffect]:
    """What rows have begun anew, by the row."""
    wanted = visible(StepEffect, work.actor).where(StepEffect.step_id.in_([row.id for row in rows]))
    return {effect.step_id: effect for effect in work.session.scalars(wanted.order_by(sa.asc(StepEffect.id)))}
