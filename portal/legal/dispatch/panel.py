"""What this room shows to others: a letter to who looks for what stands on it or on its envelope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from portal.foundation import hooks
from portal.foundation.access import Permission
from portal.foundation.language import _l
from portal.foundation.panels import Found
from portal.legal.dispatch.queries import letters_found
from portal.legal.models import PackState

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.legal.models import Letter

__all__ = ["found"]


@hooks.found.register
def found(session: Session, actor: Actor, words: str) -> list[Found]:
    """Letters by number, verification code or tracking number, for who may see packs."""
    letters = letters_found(session, actor, words) if actor.can(Permission.PACKS_VIEW) else []
    return [Found(_l("Letter"), _name(letter), _url(letter, state)) for letter, state in letters]


def _name(letter: Letter) -> str:
    return f"{letter.letter_no or letter.verify_code} · {letter.name_masked}"


def _url(letter: Letter, state: PackState) -> str:
    """To where it is on its way; before its pack is ready to the pack: to open a letter for review is a deed, and recorded."""
    if state is PackState.READY and letter.letter_no:
        return url_for("dispatch.way", pack_id=letter.pack_id, letter_id=letter.id)
    return url_for("legal.pack", pack_id=letter.pack_id)
