"""Which of the messages that wait may go out at an instant: nothing is sent that the rules block, and nothing that what it
was about has overtaken."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from portal.contact.conduct import Question
from portal.contact.facts import check_contact, facts_of
from portal.contact.history import Debtor
from portal.contact.messages.models import OutgoingMessage
from portal.contact.models import Promise, PromiseState
from portal.foundation.visibility import visible
from portal.identity.models import Organisation
from portal.placement.models import Placement, PlacementBatch
from portal.portfolio.models import PROVED_WRONG, Account, ContactPoint, Customer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = ["LONGEST_WAIT_DAYS", "Sifted", "sift"]

LONGEST_WAIT_DAYS = 14  # the bank's own limit: what a text says of an amount is not true for longer


@dataclass(slots=True)
class Sifted:
    """`go`: rows (message, account, customer, point, organisation, batch) that may go out; `held`: how many wait on, since the
    rules forbid them now; `over`: those that are not sent any more, each with its code."""

    go: list[Any] = field(default_factory=list)
    held: int = 0
    over: list[tuple[int, str]] = field(default_factory=list)


def sift(session: Session, actor: Actor, message_ids: Sequence[int], now: datetime) -> Sifted:
    """Ask of each of these messages whether it may go out now."""
    found = Sifted()
    rows = session.execute(
        visible(OutgoingMessage, actor)
        .join(Account, Account.id == OutgoingMessage.account_id)
        .join(Customer, Customer.id == OutgoingMessage.customer_id)
        .join(ContactPoint, ContactPoint.id == OutgoingMessage.contact_point_id)
        .join(Organisation, Organisation.id == OutgoingMessage.organisation_id)
        .join(PlacementBatch, PlacementBatch.id == OutgoingMessage.batch_id)
        .join(Placement, Placement.id == OutgoingMessage.placement_id)
        .outerjoin(Promise, Promise.id == OutgoingMessage.promise_id)
        .add_columns(
            Account, Customer, ContactPoint, Organisation, PlacementBatch,
            Placement.ended_at.label("ended_at"), Promise.state.label("promise"), Promise.promised_on.label("promised_on"),
        )
        .where(OutgoingMessage.id.in_(message_ids))
        .order_by(OutgoingMessage.id)
    ).all()  # fmt: skip
    debtors = {row.Account.id: Debtor.of(row.Account, row.Customer) for row in rows}
    facts = facts_of(session, actor, debtors.values(), now)
    for row in rows:
        message, point = row.OutgoingMessage, row.ContactPoint
        code = _over(row, now)
        if code:
            found.over.append((message.id, code))
            continue
        question = Question(now, message.channel.value, to=point.relation, point=point.id)
        if check_contact(facts[row.Account.id], question).decision.is_blocked:
            found.held += 1
        else:
            found.go.append(row)
    return found


def _over(row: Any, now: datetime) -> str:
    """Why a message is not sent any more; empty where nothing has overtaken it."""
    if row.Customer.person_key.salt is None:
        return "erased"
    if row.ended_at is not None:
        return "ended"
    if row.promise is not None and row.promise is not PromiseState.OPEN:
        return "promise_over"
    if row.promised_on is not None and row.promised_on < _day_of(row, now):
        return "promise_past"
    if row.ContactPoint.status in PROVED_WRONG:
        return "address_wrong"
    return "too_late" if row.OutgoingMessage.made_at < now - timedelta(days=LONGEST_WAIT_DAYS) else ""


def _day_of(row: Any, now: datetime) -> date:
    """The day that it is where the promise was written down."""
    return now.astimezone(ZoneInfo(row.Organisation.time_zone)).date()
