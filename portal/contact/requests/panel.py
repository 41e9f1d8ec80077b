"""What the account page shows of an account's requests, and the way to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from portal.contact.requests import queries
from portal.contact.requests.labels import CODES, request_tag, side_words
from portal.contact.requests.operations import side_of
from portal.foundation import hooks
from portal.foundation.access import Permission
from portal.foundation.language import _l
from portal.foundation.panels import Panel
from portal.foundation.services import services
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.portfolio.models import Account

__all__ = ["requests_panel"]


@hooks.account_panels.register
def requests_panel(session: Session, actor: Actor, account: Account) -> Panel | None:
    """The latest requests about the account, for those who may see requests; an organisation sees its own."""
    if not actor.can(Permission.REQUESTS_VIEW):
        return None
    now, mine = services().clock.now(), side_of(actor)
    rows = [
        {
            "request": row.Request,
            "what": CODES[row.Request.code],
            "tag": request_tag(row.Request.state, row.Request.turn, row.Request.due_at, row.Request.answer, mine, now),
            "asked_by": side_words(row.Request.asked_side, name_of(row.Organisation), mine),
            "organisation": name_of(row.Organisation),
            "url": url_for("contact.request_page", request_id=row.Request.id),
        }
        for row in queries.of_account(session, actor, account.id)
    ]
    may_ask = actor.can(Permission.REQUESTS_WRITE) and bool(queries.holders(session, actor, account.id))
    context = {
        "rows": rows,
        "names": actor.is_bank,
        "ask_url": url_for("contact.new_request", account_id=account.id) if may_ask else None,
    }
    return Panel(_l("Requests"), "contact/requests_panel.html", context)
