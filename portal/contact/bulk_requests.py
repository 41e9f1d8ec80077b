"""Set-based work on requests: when placements end, nothing more is asked or answered about their accounts.

One of the modules that may pass the net under ORM statements: every row carries the organisation of its request.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.contact.request_models import Request, RequestMessage
from portal.contact.request_thread import RequestState, Side, Step
from portal.foundation.database import UtcDateTime, choice

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["end_requests"]


def end_requests(session: Session, ended: sa.Select[tuple[int]], now: datetime) -> None:
    """Close what is open about placements that have ended, with a message of the portal that says so."""
    theirs = sa.and_(Request.placement_id.in_(ended), Request.state != RequestState.CLOSED)
    said = sa.select(
        Request.id,
        Request.organisation_id,
        sa.literal(Step.ENDED, choice(Step)),
        sa.literal(Side.BANK, choice(Side)),
        sa.literal(now, UtcDateTime()),
        sa.literal(""),
        sa.literal(""),
    ).where(theirs)
    columns = ["request_id", "organisation_id", "step", "side", "at", "proof_digest", "proof_name"]
    session.execute(sa.insert(RequestMessage).from_select(columns, said))
    session.execute(
        sa.update(Request)
        .where(theirs)
        .values(state=RequestState.CLOSED, turn=None, due_at=None, closed_at=now, changed_at=now),
        execution_options={"synchronize_session": False},
    )
