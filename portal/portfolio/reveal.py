"""Showing a person's data in full: asked for one piece at a time, and each time recorded."""

from __future__ import annotations

from portal.foundation.access import Actor, Permission
from portal.foundation.errors import DomainError, NotFound
from portal.foundation.language import say
from portal.foundation.vault import PersonKey
from portal.foundation.visibility import visible
from portal.foundation.work import Work, transaction
from portal.portfolio.models import ContactPoint, Customer

__all__ = ["ERASED", "reveal_contact_point", "reveal_name"]

ERASED = say("This person's data has been erased.")


def reveal_contact_point(actor: Actor, contact_point_id: int) -> str:
    """A number or address in full. Raises NotFound for what the actor may not see, DomainError where it was erased."""
    with transaction(actor) as work:
        _may_reveal(actor)
        point = work.session.scalar(visible(ContactPoint, actor).where(ContactPoint.id == contact_point_id))
        if point is None:
            raise NotFound
        customer = _customer(work, point.customer_id)
        value = _open(work, customer.person_key, point.value_sealed, point.kind.value)
        work.audit("person.revealed", point, field=point.kind.value, customer=customer.id)
        return value


def reveal_name(actor: Actor, customer_id: int) -> str:
    """A person's name in full. Raises as `reveal_contact_point` does."""
    with transaction(actor) as work:
        _may_reveal(actor)
        customer = _customer(work, customer_id)
        name = _open(work, customer.person_key, customer.name_sealed, "name")
        work.audit("person.revealed", customer, field="name", customer=customer.id)
        return name


def _customer(work: Work, customer_id: int) -> Customer:
    customer = work.session.scalar(visible(Customer, work.actor).where(Customer.id == customer_id))
    if customer is None:
        raise NotFound
    return customer


def _open(work: Work, key: PersonKey, sealed: bytes, purpose: str) -> str:
    value = work.vault.open(key, sealed, purpose)
    if value is None:
        raise DomainError("person.erased", ERASED, status=410)
    return value


def _may_reveal(actor: Actor) -> None:
    if not actor.can(Permission.PERSON_REVEAL):
        raise DomainError(
            "access.forbidden",
            say("Your role does not include this. Ask your administrator if you need it."),
            status=403,
        )
