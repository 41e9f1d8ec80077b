"""What follows from the result of a letter: mail that came back marks the address it was written to; a demand that arrived
begins the time to sue anew where the law says so. A result that is corrected takes that back first.

A firm sees address and account only while it holds them. What comes in later the bank's own portal does, as a job.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.contact.limits.keeping import DeliveredLetter, note_delivered, take_back_restarts
from portal.contact.points.operations import mark_point
from portal.foundation.jobs import handler
from portal.foundation.language import _l, as_data, say_count
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.legal.dispatch.models import LetterResult, ResultEffect
from portal.legal.dispatch.terms import MailResult
from portal.legal.models import Letter
from portal.portfolio.models import PROVED_WRONG, Account, ContactPoint, ContactStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portal.foundation.jobs import JobView, Progress
    from portal.foundation.work import Work

__all__ = ["follow"]

JOB = "legal.follow"


def follow(work: Work, results: Sequence[LetterResult]) -> None:
    """Do what follows from results that have just been written, here or, where the firm may not, by the bank's portal."""
    later = [result.id for result in results if not _follow_one(work, result)]
    if later:
        work.request_job(JOB, f"{later[0]}-{later[-1]}", {"results": later}, total=len(later), as_portal=True)


@handler(JOB, _l("What follows from the results of letters"))
def follow_later(job: JobView, progress: Progress) -> dict[str, Any]:
    """As the bank's portal, which sees every address and account. Run again, it finds what was done and does nothing."""
    ids = [int(key) for key in job.payload["results"]]
    with transaction(job.actor) as work:
        wanted = visible(LetterResult, job.actor).where(LetterResult.id.in_(ids)).order_by(LetterResult.id)
        for result in work.session.scalars(wanted).all():
            _follow_one(work, result)
    progress.step(len(ids))
    return {"message": as_data(say_count("%(n)s result looked at.", "%(n)s results looked at.", len(ids)))}


def _follow_one(work: Work, result: LetterResult) -> bool:
    """Whether all that follows from a result could be done (or nothing does)."""
    letter = work.session.scalars(visible(Letter, work.actor).where(Letter.id == result.letter_id)).one()
    before = _effect_of(work, result.corrects_id)
    if before is None and letter.contact_point_id is None:
        return True
    account = work.session.scalar(visible(Account, work.actor).where(Account.id == letter.account_id))
    point = work.session.scalar(visible(ContactPoint, work.actor).where(ContactPoint.id == letter.contact_point_id))
    if account is None or (letter.contact_point_id is not None and point is None):
        return False
    if before is not None:
        _take_back(work, before, letter)
    stands = not result.taken_back and not _is_corrected(work, result)
    if point is not None and stands and _effect_of(work, result.id) is None:
        _do(work, result, letter, account, point)
    return True


def _do(work: Work, result: LetterResult, letter: Letter, account: Account, point: ContactPoint) -> None:
    effect = ResultEffect(result_id=result.id, organisation_id=result.organisation_id, at=work.now)
    if result.result is MailResult.RETURNED and point.status not in PROVED_WRONG:
        effect.contact_point_id, effect.status_before = point.id, point.status
        mark_point(work, point, ContactStatus.INVALID, letter=letter.letter_no)
    elif result.result is MailResult.DELIVERED:
        said = DeliveredLetter(
            letter.letter_no or "", letter.organisation_id, result.result_on, result.proof_digest, result.proof_name
        )
        restart = note_delivered(work, account, point, said)
        effect.restart_id = restart.id if restart else None
        if restart is not None:
            work.audit(
                "limitation.noted", restart,
                after={"account": account.id, "ground": restart.ground.value, "on": result.result_on.isoformat()},
                letter=letter.letter_no,
            )  # fmt: skip
    if effect.contact_point_id is not None or effect.restart_id is not None:
        work.session.add(effect)
        work.session.flush()


def _take_back(work: Work, effect: ResultEffect, letter: Letter) -> None:
    """The result that had this effect was not true. An address that somebody has judged since stays as it is."""
    if effect.restart_id is not None:
        take_back_restarts(work, [effect.restart_id])
    if effect.contact_point_id is not None and effect.status_before is not None:
        wanted = visible(ContactPoint, work.actor).where(ContactPoint.id == effect.contact_point_id)
        point = work.session.scalar(wanted)
        if point is not None and point.status is ContactStatus.INVALID:
            mark_point(work, point, effect.status_before, letter=letter.letter_no)


def _effect_of(work: Work, result_id: int | None) -> ResultEffect | None:
    return work.session.scalar(visible(ResultEffect, work.actor).where(ResultEffect.result_id == result_id))


def _is_corrected(work: Work, result: LetterResult) -> bool:
    """Whether a later result stands in this one's place, so that nothing follows from it any more."""
    wanted = visible(LetterResult, work.actor).where(LetterResult.corrects_id == result.id)
    return work.session.scalar(wanted.with_only_columns(sa.func.count())) != 0
