"""What the account page shows of complaints about an account, and the way to write one down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from portal.contact.complaints import queries
from portal.contact.complaints.labels import CATEGORIES, complaint_tag
from portal.foundation import hooks
from portal.foundation.access import Permission
from portal.foundation.language import _l
from portal.foundation.panels import Panel
from portal.foundation.services import services

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.portfolio.models import Account

__all__ = ["complaints_panel"]


@hooks.account_panels.register
def complaints_panel(session: Session, actor: Actor, account: Account) -> Panel | None:
    """The latest complaints about the account; an organisation sees those that concern it."""
    if not actor.can(Permission.COMPLAINTS_VIEW):
        return None
    clock = services().clock
    rows = [
        {
            "complaint": row.Complaint,
            "what": CATEGORIES[row.Complaint.category],
            "tag": complaint_tag(row.Complaint, is_bank=actor.is_bank, now=clock.now(), today=clock.today()),
            "url": url_for("contact.complaint", complaint_id=row.Complaint.id),
        }
        for row in queries.of_account(session, actor, account.id)
    ]
    may_write = actor.can(Permission.COMPLAINTS_WRITE)
    new_url = url_for("contact.new_complaint", account_id=account.id) if may_write else None
    return Panel(_l("Complaints"), "contact/complaints_panel.html", {"rows": rows, "new_url": new_url})
