"""Which letters have gone out, and when, for the room that pays for them: by their dispatch as the firm has noted it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.foundation import hooks
from portal.foundation.visibility import visible
from portal.legal.dispatch.models import LetterDispatch
from portal.legal.dispatch.queries import is_void
from portal.legal.models import Letter, LetterPack

if TYPE_CHECKING:
    from portal.foundation.access import Actor

__all__ = ["letters_out"]


@hooks.letters_out.register
def letters_out(actor: Actor) -> sa.Select[Any]:
    """Numbered letters with the day of their dispatch as it was noted first (again after it was taken back), none while there is
    none; see the hook. A later correction moves no letter into another statement. What was paid before dispatches were noted may still become void, so
    letters without one are among them."""
    said, back = aliased(LetterDispatch), aliased(LetterDispatch)
    taken_back = sa.select(sa.func.max(back.id)).where(back.letter_id == Letter.id, back.taken_back).correlate(Letter)
    first = (
        sa.select(sa.func.min(said.id))
        .where(said.letter_id == Letter.id, said.id > sa.func.coalesce(taken_back.scalar_subquery(), 0))
        .correlate(Letter)
        .scalar_subquery()
    )
    return (
        visible(Letter, actor)
        .join(LetterPack, LetterPack.id == Letter.pack_id)
        .outerjoin(LetterDispatch, LetterDispatch.id == first)
        .where(Letter.letter_no.is_not(None))
        .with_only_columns(
            Letter.id.label("letter_id"),
            Letter.pack_id,
            LetterPack.number.label("pack_ref"),
            LetterPack.batch_id,
            Letter.organisation_id,
            LetterPack.currency,
            LetterDispatch.dispatched_on.label("out_on"),
            is_void().label("is_void"),
        )
    )
