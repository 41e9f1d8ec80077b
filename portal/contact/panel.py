"""What this room shows on the account page of the portfolio: what was arranged with the debtor, and all that happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.contact.arrangements.income import LINES, statements_of
from portal.contact.arrangements.labels import KINDS, schedule_words, state_tag
from portal.contact.arrangements.queries import arrangements_of
from portal.contact.timeline import timeline_of
from portal.foundation import hooks
from portal.foundation.access import Permission
from portal.foundation.language import _l
from portal.foundation.panels import Panel
from portal.foundation.services import services

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.portfolio.models import Account

__all__ = ["arranged", "history"]


@hooks.account_panels.register
def arranged(session: Session, actor: Actor, account: Account) -> Panel | None:
    """Plans, settlements and waivers, and what the debtor lives on; nothing where there is none."""
    if not actor.can(Permission.ARRANGEMENTS_VIEW):
        return None
    today = services().clock.today()
    rows = [
        (row, KINDS[row.kind], state_tag(row, today), schedule_words(row))
        for row in arrangements_of(session, actor, account.id)
    ]
    statements = statements_of(session, actor, account.id)
    if not rows and not statements:
        return None
    context = {"rows": rows, "statements": statements, "lines": LINES}
    return Panel(_l("Arrangements"), "contact/arrangements_panel.html", context)


@hooks.account_panels.register
def history(session: Session, actor: Actor, account: Account) -> Panel | None:
    """The account's history as the workbench has it, for those who may see attempts; an agency sees its own."""
    if not actor.can(Permission.ATTEMPTS_VIEW):
        return None
    events = timeline_of(session, actor, account, services().clock.today())
    return Panel(_l("History"), "contact/panel.html", {"events": events})
