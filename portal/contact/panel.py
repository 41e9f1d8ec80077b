"""What this room shows on the account page of the portfolio: the contact history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.contact.timeline import contacts_of
from portal.foundation import hooks
from portal.foundation.access import Permission
from portal.foundation.language import _l
from portal.foundation.panels import Panel
from portal.foundation.services import services

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.portfolio.models import Account

__all__ = ["contact_history"]


@hooks.account_panels.register
def contact_history(session: Session, actor: Actor, account: Account) -> Panel | None:
    """Attempts and promises, for those who may see attempts; an agency sees its own."""
    if not actor.can(Permission.ATTEMPTS_VIEW):
        return None
    events = contacts_of(session, actor, account, services().clock.today())
    return Panel(_l("Contact history"), "contact/panel.html", {"events": events})
