"""Debtors who ask for things, for tests: what is noted, and what a contact is answered then."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from portal.contact.conduct import Question
from portal.contact.facts import check_contact, facts_of
from portal.contact.history import Debtor
from portal.contact.wishes.kinds import Kind, Terms
from portal.contact.wishes.operations import Telling, note_wish
from portal.foundation.work import reading
from portal.portfolio.models import Account

if TYPE_CHECKING:
    from portal.contact.conduct import Decision
    from portal.foundation.access import Actor
    from tests.contact.factories import Desk

__all__ = ["BREAKFAST", "NEW_YORK", "checked", "codes", "tell"]

NEW_YORK = ZoneInfo("America/New_York")
BREAKFAST = datetime(2005, 7, 5, 10, 0, tzinfo=NEW_YORK)  # a Tuesday


def tell(who: Desk | Actor, kind: Kind, account_id: int | None = None, **more: Any) -> int:
    """Noted by somebody; terms by their names, what belongs to the telling as well."""
    actor = getattr(who, "actor", who)
    account = account_id or getattr(who, "account_id", 0)
    names = ("said_at", "whole_person", "note", "proof")
    told = {name: more.pop(name) for name in names if name in more}
    return note_wish(actor, account, Telling(kind=kind, terms=Terms(**more), **told))


def checked(desk: Desk, at: datetime, channel: str = "call", point: int | None = None, **more: Any) -> Decision:
    """What the rules say to the desk's people about a contact."""
    with reading(desk.actor) as session:
        account = session.get_one(Account, desk.account_id)
        debtor = Debtor.of(account, account.customer)
        facts = facts_of(session, desk.actor, [debtor], at, log=True)[desk.account_id]
        return check_contact(facts, Question(at, channel, point=point, **more)).decision


def codes(decision: Decision) -> set[str]:
    """Against what it was."""
    return {finding.code for finding in decision.findings}
