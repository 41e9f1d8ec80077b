"""Who logged an attempt, also where it was no person: a token's deed has none, and says that it came by the interface."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from portal.contact.messages.models import OutgoingMessage
from portal.contact.models import ContactAttempt
from portal.foundation.language import say, translate
from portal.portfolio.models import ImportRun

__all__ = ["author_words", "by_interface"]


def by_interface() -> sa.ColumnElement[bool]:
    """Whether an agency's own system logged the attempt and named nobody. What the bank imports for an agency has no name
    either, but its log was brought by a person; a reminder is the portal's own."""
    of_a_token = sa.exists().where(ImportRun.id == ContactAttempt.import_run_id, ImportRun.requested_by.is_(None))
    unnamed = ContactAttempt.logged_by.is_(None)
    of_the_portal = sa.exists().where(OutgoingMessage.attempt_id == ContactAttempt.id)
    return sa.and_(unnamed, sa.or_(ContactAttempt.import_run_id.is_(None), of_a_token), ~of_the_portal)


def author_words(row: Any) -> str | None:
    """The name in a row with `who` and `by_interface`; None where nobody knows it."""
    return row.who or (translate(say("interface")) if row.by_interface else None)
