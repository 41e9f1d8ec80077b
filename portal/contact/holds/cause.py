"""Which hold an entry of the log raised, to leave it out where the entry is put right and to say that it still stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.foundation.visibility import visible
from portal.portfolio.models import Hold

if TYPE_CHECKING:
    from datetime import datetime

    from portal.contact.models import ContactAttempt
    from portal.foundation.work import Work

__all__ = ["cause_of", "left_by", "reason_for"]


def reason_for(outcome: str) -> str:
    """What a hold says of the outcome that raised it."""
    return f"attempt:{outcome}"


def cause_of(attempt: ContactAttempt) -> tuple[str, datetime]:
    """The reason of the hold that an attempt raised, and from when on it stands."""
    return reason_for(attempt.outcome), attempt.at


def left_by(work: Work, replaced: ContactAttempt | None, new: ContactAttempt) -> Hold | None:
    """The hold that a replaced entry raised and that stands, where the new one says nothing of the kind."""
    if replaced is None or replaced.outcome == new.outcome:
        return None
    reason, since = cause_of(replaced)
    return work.session.scalar(
        visible(Hold, work.actor)
        .where(Hold.customer_id == replaced.customer_id, Hold.reason == reason, Hold.raised_at == since)
        .where(Hold.released_at.is_(None))
    )
