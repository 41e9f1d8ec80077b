"""What this room shows on the page of a batch: the notices that its accounts are entrusted, and their dispatch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.contact.messages.notices import ENTRUSTED, notice_text
from portal.contact.messages.queries import notice_of_batch
from portal.foundation import hooks
from portal.foundation.access import Permission
from portal.foundation.language import _l
from portal.foundation.panels import Panel
from portal.placement.models import BatchState

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.placement.models import PlacementBatch

__all__ = ["notices_panel"]


@hooks.batch_panels.register
def notices_panel(session: Session, actor: Actor, batch: PlacementBatch) -> Panel | None:
    """How many notices were drawn up and went out; at the bank also that none were, and why."""
    if batch.kind not in ENTRUSTED:
        return None
    notice = notice_of_batch(session, actor, batch.id)
    if notice is None and not (actor.is_bank and batch.state in (BatchState.SENT, BatchState.ACCEPTED)):
        return None
    text = notice_text(session, actor, actor.organisation_id) if notice is None else None
    context = {
        "id": "notices",
        "notice": notice,
        "batch_id": batch.id,
        "may_ask": text is not None and actor.can(Permission.PLACEMENTS_PROPOSE),
        "no_text": notice is None and text is None,
        "chooses": actor.can(Permission.TEXTS_WRITE),
    }
    return Panel(_l("Notices of entrusting"), "contact/notices_panel.html", context)
