"""Reads of the numbers and addresses that agencies found: the list, the words in which each was found, how many are new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.foundation.services import services
from portal.foundation.vault import PersonKey
from portal.foundation.visibility import visible
from portal.identity.models import Organisation
from portal.portfolio.masking import mask_unknown
from portal.portfolio.models import Account, ContactPoint, ContactSource, ContactStatus, Customer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = ["found_statement", "source_words", "unchecked"]

LOOKED_BACK_ON = 1_000  # found ones among which the new ones are counted: every page asks, however many were ever found


def found_statement(actor: Actor) -> sa.Select[Any]:
    """What was found, each with its person, that person's key, who found it, and an account of the person to go to."""
    account = (
        visible(Account, actor)
        .with_only_columns(sa.func.min(Account.id))
        .where(Account.customer_id == Customer.id)
        .correlate(Customer)
        .scalar_subquery()
    )
    return (
        visible(ContactPoint, actor)
        .join(Customer, Customer.id == ContactPoint.customer_id)
        .join(PersonKey, PersonKey.id == Customer.person_key_id)
        .outerjoin(Organisation, Organisation.id == ContactPoint.found_by_id)
        .add_columns(Customer, Organisation, PersonKey, account.label("account_id"))
        .where(ContactPoint.source == ContactSource.FOUND)
    )


def source_words(row: Any) -> str:
    """Where one of them was found, as the finder wrote it, numbers in it masked; nothing where the person is erased."""
    words = services().vault.open(row.PersonKey, row.ContactPoint.found_source_sealed, "found_source")
    return mask_unknown(words) if words else ""


def unchecked(session: Session, actor: Actor) -> int:
    """How many of the latest that were found nobody has looked at yet."""
    latest = (
        visible(ContactPoint, actor)
        .with_only_columns(ContactPoint.status)
        .where(ContactPoint.source == ContactSource.FOUND)
        .order_by(ContactPoint.created_at.desc(), ContactPoint.id.desc())
        .limit(LOOKED_BACK_ON)
        .subquery()
    )
    new = sa.select(sa.func.count()).select_from(latest).where(latest.c.status == ContactStatus.UNCHECKED)
    return session.scalar(new) or 0
