"""Set-based work on requests and complaints: when placements end, nobody is asked about their accounts any more.

One of the modules that may pass the net under ORM statements: every row carries the organisation of its request or complaint.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.contact.complaints.models import Complaint
from portal.contact.requests.models import Request, RequestMessage
from portal.contact.requests.thread import RequestState, Side, Step
from portal.foundation.database import UtcDateTime, choice

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["end_questions", "end_requests"]


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


def end_questions(session: Session, ended: sa.Select[tuple[int]]) -> None:
    """Take back what organisations were asked about complaints: who does not hold the account cannot read it."""
    session.execute(
        sa.update(Complaint)
        .where(Complaint.placement_id.in_(ended), Complaint.question_due_at.is_not(None))
        .values(question_due_at=None),
        execution_options={"synchronize_session": False},
    )
