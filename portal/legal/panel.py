"""What this room shows to others: the letters of an account on its page, and a pack to who looks for its number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from portal.foundation import hooks
from portal.foundation.access import Permission
from portal.foundation.language import _l
from portal.foundation.panels import Found, Panel
from portal.legal.dispatch.labels import way_tag
from portal.legal.dispatch.queries import ways_by_letter
from portal.legal.labels import letter_tag
from portal.legal.queries import letters_of_account, pack_numbered

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.portfolio.models import Account

__all__ = ["found", "letters_panel"]


@hooks.found.register
def found(session: Session, actor: Actor, words: str) -> list[Found]:
    """A pack by its number."""
    pack = pack_numbered(session, actor, words) if actor.can(Permission.PACKS_VIEW) else None
    return [Found(_l("Pack"), pack.number, url_for("legal.pack", pack_id=pack.id))] if pack else []


@hooks.account_panels.register
def letters_panel(session: Session, actor: Actor, account: Account) -> Panel | None:
    """Letters with number, state, date, and where each is on its way, for who may see packs; None where there is none."""
    if not actor.can(Permission.PACKS_VIEW):
        return None
    found = letters_of_account(session, actor, account.id)
    ways = ways_by_letter(session, actor, [row.Letter.id for row in found])
    rows = [
        {
            "letter": row.Letter, "pack": row.LetterPack, "tag": letter_tag(row.state, row.Letter.flagged), "way": way,
            "way_tag": way_tag(way.dispatch, way.result, void=way.void) if way else None,
        }
        for row in found
        for way in (ways.get(row.Letter.id),)
    ]  # fmt: skip
    return Panel(_l("Letters"), "legal/account_panel.html", {"rows": rows}) if rows else None
