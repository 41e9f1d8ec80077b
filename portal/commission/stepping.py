"""What every step of a statement's life asks for: the statement under its lock and in a state that allows it, and words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.commission.queries import state_of, statement_for
from portal.foundation.errors import Refused
from portal.foundation.free_text import given_reason
from portal.foundation.language import say

if TYPE_CHECKING:
    from collections.abc import Collection

    from portal.commission.models import Statement, StatementState
    from portal.foundation.work import Work

__all__ = ["SILENCE", "TAKEN_BACK", "WITHDRAWN_LINES", "given", "locked"]

# Codes in place of words, which the pages say.
SILENCE = "silence"  # confirmed, since nobody contested it in time
WITHDRAWN_LINES = "lines withdrawn"  # the agency took back all that it had contested
TAKEN_BACK = "settlement taken back"


def locked(work: Work, statement_id: int, allowed: Collection[StatementState]) -> Statement:
    """The statement, and nobody else moves it until this transaction ends. NotFound; Refused in another state."""
    statement = statement_for(work.session, work.actor, statement_id, lock=True)
    if state_of(work.session, statement.id) not in allowed:
        raise Refused("statement.state", say("The statement has moved on in the meantime. Look at its state."))
    return statement


def given(reason: str, field: str = "reason") -> str:
    """The words, which must be there, 1,000 characters at most. DomainError otherwise."""
    return given_reason(reason, 1_000, "statement.reason", say("Say why, so that the other side can follow."), field)
