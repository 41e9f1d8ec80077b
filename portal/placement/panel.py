"""What the account page shows of an account's placements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.foundation.hooks import account_panels
from portal.foundation.language import _l
from portal.foundation.panels import Panel
from portal.foundation.services import services
from portal.placement.labels import placement_state
from portal.placement.queries import placements_of_account
from portal.placement.recall_labels import closure_words
from portal.placement.why import stands_now, why_here
from portal.vendors.labels import KIND_LABELS, name_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.portfolio.models import Account

__all__ = ["placements_panel"]


@account_panels.register
def placements_panel(session: Session, actor: Actor, account: Account) -> Panel | None:
    """Where the account was and is, round by round, and why; None for who sees no placement of it."""
    placements = placements_of_account(session, account.id)
    decisions = why_here(session, account.id)
    now = stands_now(session, account.id, services().clock.today()) if actor.is_bank else None
    if not placements and not decisions and now is None:
        return None
    reasons = {why.placement_id: why.sentences for why in decisions if why.placement_id}
    rows = [
        {
            "placement": placement,
            "kind": KIND_LABELS[placement.kind],
            "organisation": name_of(placement.batch.organisation),
            "state": placement_state(placement),
            "closure": closure_words(placement.closure_code) if placement.closure_code else None,
            "reasons": reasons.get(placement.id, ()),
        }
        for placement in placements
    ]
    others = [why for why in decisions if why.placement_id is None]
    live = [p.id for p in placements if p.ended_at is None and (actor.is_bank or p.accepted_at is not None)]
    context = {
        "live": live,
        "now": now,
        "rows": rows,
        "others": others,
        "currency": account.currency,
        "names": actor.is_bank,
    }
    return Panel(_l("Placements"), "placement/account_panel.html", context)
