"""What the account page shows of wishes and consents, and the way to note one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from portal.contact.history import Debtor, pack_of
from portal.contact.wishes.lines import lines_of
from portal.contact.wishes.queries import of_account
from portal.foundation import hooks
from portal.foundation.access import Permission
from portal.foundation.language import _l
from portal.foundation.panels import Panel
from portal.foundation.services import services

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.portfolio.models import Account

__all__ = ["wishes_panel"]


@hooks.account_panels.register
def wishes_panel(session: Session, actor: Actor, account: Account) -> Panel | None:
    """What the debtor asked for and agreed to; an organisation reads what binds it."""
    if not actor.can(Permission.HOLDS_VIEW):
        return None
    now, customer = services().clock.now(), account.customer
    pack = pack_of(session, actor, Debtor.of(account, customer), now)
    rows = lines_of(of_account(session, actor, account), actor, customer, pack, now)
    new_url = url_for("contact.new_wish", account_id=account.id) if actor.can(Permission.HOLDS_RAISE) else None
    return Panel(_l("Wishes and consents"), "contact/wishes_panel.html", {"rows": rows, "new_url": new_url})
