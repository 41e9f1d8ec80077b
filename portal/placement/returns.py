"""What an organisation gives back of its own accord: a closure code, a note, and it ends at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.language import say
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.placement.bulk_recalls import stage_numbers
from portal.placement.codes import ClosureCode
from portal.placement.ending import Ending, alone, end_placements
from portal.placement.models import EndReason, Placement
from portal.portfolio.models import HoldFlag
from portal.portfolio.operations import add_hold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portal.foundation.access import Actor
    from portal.foundation.work import Work

__all__ = ["HOLDS", "MOST_AT_ONCE", "return_placements"]

LONGEST_NOTE = 400
MOST_AT_ONCE = 1_000

# The hold that a code raises, as the same outcome of a call does: True on the person, False on the account alone.
HOLDS: dict[ClosureCode, tuple[HoldFlag, bool]] = {
    ClosureCode.DECEASED: (HoldFlag.DECEASED, True),
    ClosureCode.BANKRUPT: (HoldFlag.BANKRUPT, True),
    ClosureCode.DISPUTE: (HoldFlag.DISPUTE, False),
    ClosureCode.DO_NOT_CONTACT: (HoldFlag.DO_NOT_CONTACT, True),
    ClosureCode.FRAUD: (HoldFlag.FRAUD_CLAIMED, False),
    ClosureCode.HARDSHIP: (HoldFlag.HARDSHIP, True),
}


def return_placements(actor: Actor, placement_ids: Sequence[int], code: ClosureCode, note: str = "") -> int:
    """Give accounts back to the bank: they end now, and a code that means a hold raises it. How many.

    All or none: NotFound for what the actor's organisation does not have; Refused where one has ended meanwhile;
    DomainError for nothing chosen or a note that is too long.
    """
    demand(actor, Permission.RECALLS_ANSWER)
    wanted = set(placement_ids)
    if not wanted:
        raise DomainError("return.nothing", say("Choose the accounts first."))
    if len(wanted) > MOST_AT_ONCE:
        raise DomainError("return.many", say("At most %(most)s accounts in one step.", most=MOST_AT_ONCE))
    if len(note) > LONGEST_NOTE:
        raise DomainError("return.note", say("Say it in at most %(most)s characters.", most=LONGEST_NOTE), field="note")
    with transaction(actor) as work:
        alone(work)
        found = work.session.scalars(
            visible(Placement, actor)
            .where(Placement.id.in_(wanted), Placement.organisation_id == actor.organisation_id)
            .order_by(Placement.id)
            .execution_options(populate_existing=True)
        ).all()
        if len(found) != len(wanted):
            raise NotFound
        if any(placement.ended_at is not None or placement.accepted_at is None for placement in found):
            words = say("One of these accounts is not with you any more. Look at the list again.")
            raise Refused("return.ended", words)
        _raise_holds(work, found, code)
        named = stage_numbers(work.session, "returned_placement", wanted)
        ending = Ending(EndReason.RETURNED, closure_code=code.value, closure_note=note.strip())
        ended = end_placements(work, sa.select(Placement.id).where(Placement.id.in_(named)), ending)
        work.audit(
            "placement.returned", ("organisation", actor.organisation_id), placements=ended, reason=code.value,
            accounts=[placement.account_id for placement in found],
        )  # fmt: skip
        return ended


def _raise_holds(work: Work, placements: Sequence[Placement], code: ClosureCode) -> None:
    """While the organisation still sees the person: afterwards it could not."""
    if code not in HOLDS:
        return
    flag, on_person = HOLDS[code]
    for placement in placements:
        add_hold(work, placement.customer_id, None if on_person else placement.account_id, flag, f"return:{code.value}")
