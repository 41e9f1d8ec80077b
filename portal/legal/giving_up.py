"""A pack that was approved is given up: its template is not the one that was read any more, its validation period would be too
short, or it must not go out for another reason. What has gone out stays what it was; the other numbers are void and stay used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.foundation.access import Permission, demand
from portal.foundation.errors import Refused
from portal.foundation.language import say
from portal.foundation.work import transaction
from portal.legal import bulk
from portal.legal.dispatch.queries import is_out
from portal.legal.dispatch.writing import alone
from portal.legal.models import Letter, LetterState, PackState
from portal.legal.operations import given
from portal.legal.queries import current_state, pack_for

if TYPE_CHECKING:
    from portal.foundation.access import Actor

__all__ = ["give_pack_up"]


def give_pack_up(actor: Actor, pack_id: int, reason: str) -> int:
    """Void every letter of an approved pack that has not gone out; how many. Their accounts can be chosen for a new pack. A pack of
    which nothing went out is refused then; of another the letters that are out keep their way, and no file is left to take.

    NotFound for another firm's pack; Refused where it was not approved or nothing is left to be void; DomainError without a reason.
    """
    demand(actor, Permission.PACKS_APPROVE)
    reason = given(reason)
    with transaction(actor) as work:
        alone(work, actor.organisation_id or 0)
        pack = pack_for(work.session, actor, pack_id, lock=True)
        if pack.state not in (PackState.APPROVED, PackState.READY):
            raise Refused("legal.not_given_up", say("Only an approved pack can be given up."))
        numbered = (
            sa.select(Letter.id, is_out().label("sent"))
            .where(Letter.pack_id == pack.id, Letter.letter_no.is_not(None), current_state() == LetterState.APPROVED)
            .order_by(Letter.number)
        )
        rows = work.session.execute(numbered).all()
        unsent = [letter_id for letter_id, is_sent in rows if not is_sent]
        if not unsent:
            raise Refused("legal.nothing_unsent", say("Every letter of this pack is out or void already."))
        bulk.add_events(work, pack.organisation_id, LetterState.VOID, ((letter_id, reason) for letter_id in unsent))
        before = pack.state
        pack.state = PackState.READY if len(unsent) < len(rows) else PackState.REFUSED
        pack.refusal = reason
        pack.given_up_by, pack.given_up_at = actor.user_id, work.now
        pack.edition += 1
        pack.print_digest = pack.labels_digest = pack.singles_digest = None
        pack.manifest_digest = pack.manifest_xlsx_digest = None
        work.audit("legal.pack_given_up", pack, before={"state": before.value}, after={"state": pack.state.value},
                   void=len(unsent), reason=reason)  # fmt: skip
        return len(unsent)
