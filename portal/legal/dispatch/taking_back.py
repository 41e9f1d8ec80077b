"""What was said of a letter's way in error is taken back: one more row that says why, and what had followed from it is undone. The
rows before stay, as evidence of what was said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.commission.charge_models import LetterClaim
from portal.foundation.access import Permission, demand
from portal.foundation.errors import Refused
from portal.foundation.language import say
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.legal.dispatch.following import follow
from portal.legal.dispatch.models import LetterDispatch, LetterResult
from portal.legal.dispatch.queries import way_for
from portal.legal.dispatch.writing import alone
from portal.legal.living import CAME_BACK, take_again
from portal.legal.models import LiveLetter
from portal.legal.operations import given

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from portal.foundation.work import Work
    from portal.legal.dispatch.queries import Way

__all__ = ["take_back_dispatch", "take_back_result"]


def take_back_dispatch(actor: Actor, pack_id: int, letter_id: int, reason: str) -> None:
    """The letter has not gone out after all; it is to be sent again, and is not paid for.

    NotFound for a letter that is not of a ready pack of the actor's firm; DomainError without a reason; Refused where no dispatch
    stands, a result does, or a statement has paid the letter.
    """
    demand(actor, Permission.PACKS_DISPATCH)
    reason = given(reason)
    with transaction(actor) as work:
        way = _way(work, pack_id, letter_id)
        row = way.dispatch
        if row is None:
            raise Refused("dispatch.not_sent", say("This letter is not noted as sent."))
        if way.result is not None:
            raise Refused("dispatch.has_result", say("Take back first what came of it."))
        if _is_paid(work, letter_id):
            words = say("A statement has paid this letter. Have the amount corrected by an adjustment instead.")
            raise Refused("dispatch.paid", words)
        work.session.add(
            LetterDispatch(
                letter_id=letter_id, organisation_id=row.organisation_id, carrier=row.carrier, tracking_no=row.tracking_no,
                dispatched_on=row.dispatched_on, corrects_id=row.id, taken_back=True, why=reason,
                by_user_id=actor.user_id, at=work.now,
            )
        )  # fmt: skip
        before = {"carrier": row.carrier, "tracking_no": row.tracking_no, "on": row.dispatched_on.isoformat()}
        work.audit("legal.dispatch_taken_back", way.letter, before=before, after=None, reason=reason)


def take_back_result(actor: Actor, pack_id: int, letter_id: int, reason: str) -> None:
    """Nothing is known of the letter after all: an address that the result had marked and a time to sue that it had begun anew are
    as they were, unless somebody has judged the address since.

    NotFound and DomainError as above; Refused where no result stands, or where another letter was written because of it.
    """
    demand(actor, Permission.PACKS_DISPATCH)
    reason = given(reason)
    with transaction(actor) as work:
        way = _way(work, pack_id, letter_id)
        row = way.result
        if row is None:
            raise Refused("dispatch.no_result", say("Nothing is noted of what came of this letter."))
        if row.result in CAME_BACK and _is_written_again(work, way):
            words = say(
                "Another letter was written since, because this one had come back. Correct what came of it instead."
            )
            raise Refused("dispatch.written_again", words)
        back = LetterResult(
            letter_id=letter_id, organisation_id=row.organisation_id, result=row.result, result_on=row.result_on,
            reason=row.reason, corrects_id=row.id, taken_back=True, why=reason, by_user_id=actor.user_id, at=work.now,
        )  # fmt: skip
        work.session.add(back)
        work.session.flush()
        follow(work, [back])
        if row.result in CAME_BACK:
            take_again(work, way.letter, way.pack)
        before = {"result": row.result.value, "on": row.result_on.isoformat()}
        work.audit("legal.result_taken_back", way.letter, before=before, after=None, reason=reason)


def _way(work: Work, pack_id: int, letter_id: int) -> Way:
    alone(work, work.actor.organisation_id or 0)
    return way_for(work.session, work.actor, pack_id, letter_id)


def _is_paid(work: Work, letter_id: int) -> bool:
    paid = visible(LetterClaim, work.actor).where(LetterClaim.letter_id == letter_id)
    return bool(work.session.scalar(paid.with_only_columns(sa.func.count())))


def _is_written_again(work: Work, way: Way) -> bool:
    """Whether another letter of the template has the placement's place."""
    other = visible(LiveLetter, work.actor).where(
        LiveLetter.placement_id == way.letter.placement_id, LiveLetter.template == way.pack.template,
        LiveLetter.letter_id != way.letter.id,
    )  # fmt: skip
    return bool(work.session.scalar(other.with_only_columns(sa.func.count())))
