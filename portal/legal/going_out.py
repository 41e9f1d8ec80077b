"""Which letters have gone out, for the room that pays for them: those of a pack whose print file the firm has taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.foundation import hooks
from portal.foundation.visibility import visible
from portal.identity.models import User
from portal.legal.models import Letter, LetterEvent, LetterPack, LetterState, PackDownload
from portal.legal.taking import PACK_FILES

if TYPE_CHECKING:
    from portal.foundation.access import Actor

__all__ = ["letters_out"]

PRINT_FILE = PACK_FILES["print.pdf"].code


@hooks.letters_out.register
def letters_out(actor: Actor) -> sa.Select[Any]:
    """Numbered letters of packs whose print file somebody of the firm has taken, with the first time that was; see the hook.

    It is the strongest fact that the portal knows of a letter on its way; what the bank takes for itself is none.
    """
    taken = (
        sa.select(PackDownload.pack_id, sa.func.min(PackDownload.at).label("out_at"))
        .join(User, User.id == PackDownload.user_id)
        .where(PackDownload.file == PRINT_FILE, User.organisation_id == PackDownload.organisation_id)
        .group_by(PackDownload.pack_id)
        .subquery("taken")
    )
    void = sa.select(LetterEvent.id).where(LetterEvent.letter_id == Letter.id, LetterEvent.state == LetterState.VOID)
    return (
        visible(Letter, actor)
        .join(LetterPack, LetterPack.id == Letter.pack_id)
        .join(taken, taken.c.pack_id == Letter.pack_id)
        .where(Letter.letter_no.is_not(None))
        .with_only_columns(
            Letter.id.label("letter_id"),
            Letter.pack_id,
            LetterPack.number.label("pack_ref"),
            LetterPack.batch_id,
            Letter.organisation_id,
            LetterPack.currency,
            taken.c.out_at,
            void.exists().label("is_void"),
        )
    )
