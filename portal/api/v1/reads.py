"""Reads that only this interface asks: lists in the order of their cursors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.contact import queries
from portal.contact.models import ContactAttempt, Promise
from portal.contact.requests.models import Request
from portal.foundation.paging import Keyset
from portal.foundation.visibility import visible
from portal.identity.models import User
from portal.placement.models import Placement
from portal.placement.references import account_reference
from portal.portfolio.models import Account, Customer
from portal.vendors.models import PlacementKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.contact.requests.thread import RequestState
    from portal.foundation.access import Actor

__all__ = [
    "ACCOUNTS",
    "ATTEMPTS",
    "PROMISES",
    "REQUESTS",
    "accounts_of",
    "attempts_of_account",
    "held",
    "one_attempt",
    "promises",
    "refs_of",
    "requests",
]


def _latest_first(expression: Any, key: Any) -> Keyset:
    return Keyset(expression, key, descending=True, nullable=False)


ACCOUNTS = _latest_first(Placement.placed_on, Placement.id)
ATTEMPTS = _latest_first(ContactAttempt.at, ContactAttempt.id)
REQUESTS = _latest_first(Request.asked_at, Request.id)
PROMISES = _latest_first(Promise.promised_on, Promise.id)


def held(actor: Actor) -> sa.Select[tuple[Placement]]:
    """What the actor's organisation holds for collection now. Accounts come afterwards, by their keys, a page at a time."""
    return visible(Placement, actor).where(
        Placement.organisation_id == actor.organisation_id,
        Placement.kind == PlacementKind.COLLECTION,
        Placement.accepted_at.is_not(None),
        Placement.ended_at.is_(None),
    )


def accounts_of(session: Session, actor: Actor, keys: Iterable[int]) -> dict[int, tuple[Account, Customer]]:
    """Accounts with their people, by key."""
    wanted = (
        visible(Account, actor)
        .join(Customer, Customer.id == Account.customer_id)
        .add_columns(Customer)
        .where(Account.id.in_(list(keys)))
    )
    return {owed.id: (owed, customer) for owed, customer in session.execute(wanted)}


def attempts_of_account(actor: Actor, account_id: int) -> sa.Select[Any]:
    """An account's attempts, each with who made it and the references of what it corrects and what corrects it."""
    return _attempts(actor).where(ContactAttempt.account_id == account_id)


def one_attempt(session: Session, actor: Actor, attempt_id: int) -> Any:
    """The same of one attempt that was just logged."""
    return session.execute(_attempts(actor).where(ContactAttempt.id == attempt_id)).one()


def _attempts(actor: Actor) -> sa.Select[Any]:
    later, earlier = aliased(ContactAttempt), aliased(ContactAttempt)
    return (
        visible(ContactAttempt, actor)
        .outerjoin(User, User.id == ContactAttempt.logged_by)
        .outerjoin(later, later.corrects_id == ContactAttempt.id)
        .outerjoin(earlier, earlier.id == ContactAttempt.corrects_id)
        .add_columns(
            User.user_name.label("staff"),
            later.attempt_ref.label("corrected_by"),
            earlier.attempt_ref.label("corrects"),
        )
    )


def promises(actor: Actor, state: str | None, today: date) -> sa.Select[Any]:
    """Promises as the page lists them."""
    wanted = queries.promises_statement(actor)
    return queries.promise_state(wanted, state, today) if state else wanted


def requests(actor: Actor, state: RequestState | None) -> sa.Select[Any]:
    """Requests of the actor's organisation with their account's reference, as far as the account is open to it."""
    wanted = (
        visible(Request, actor)
        .join(Placement, Placement.id == Request.placement_id)
        .outerjoin(Account, Account.id == Request.account_id)
        .add_columns(account_reference()[0])
        .where(Request.organisation_id == actor.organisation_id)
    )
    return wanted if state is None else wanted.where(Request.state == state)


def refs_of(session: Session, actor: Actor, attempt_ids: Sequence[int]) -> dict[int, str]:
    """References of attempts, by key."""
    wanted = visible(ContactAttempt, actor).where(ContactAttempt.id.in_(attempt_ids))
    columns = wanted.with_only_columns(ContactAttempt.id, ContactAttempt.attempt_ref)
    return {row.id: row.attempt_ref for row in session.execute(columns)}
