"""Looking at what is masked: asked for by click, one value at a time, and recorded each time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.foundation.errors import NotFound
from portal.foundation.vault import PersonKey
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.portfolio.models import ContactPoint, Customer

if TYPE_CHECKING:
    from portal.foundation.access import Actor

__all__ = ["reveal_contact_point", "reveal_identity_number", "reveal_name"]


def reveal_name(actor: Actor, customer_id: int) -> str:
    """The person's name. NotFound where the actor may not see the person, or the person is erased. Audited."""
    return _reveal(actor, customer_id, Customer.name_sealed, "name")


def reveal_identity_number(actor: Actor, customer_id: int) -> str:
    """The person's identity number. NotFound as `reveal_name`, and where none is on file. Audited."""
    return _reveal(actor, customer_id, Customer.id_no_sealed, "id_no")


def _reveal(actor: Actor, customer_id: int, sealed: Any, field: str) -> str:
    with transaction(actor) as work:
        row = work.session.execute(
            sa.select(sealed, PersonKey)
            .join(PersonKey, PersonKey.id == Customer.person_key_id)
            .where(Customer.id.in_(visible(Customer, actor).with_only_columns(Customer.id)), Customer.id == customer_id)
        ).first()
        value = work.vault.open(row[1], row[0], field) if row else None
        if value is None:
            raise NotFound
        work.audit("person.revealed", ("customer", customer_id), field=field)
        return value


def reveal_contact_point(actor: Actor, contact_point_id: int) -> str:
    """A phone number (with `;ext=`), e-mail or address. NotFound as `reveal_name`. Audited."""
    with transaction(actor) as work:
        row = work.session.execute(
            sa.select(ContactPoint, PersonKey)
            .join(Customer, Customer.id == ContactPoint.customer_id)
            .join(PersonKey, PersonKey.id == Customer.person_key_id)
            .where(ContactPoint.id == contact_point_id)
            .where(ContactPoint.id.in_(visible(ContactPoint, actor).with_only_columns(ContactPoint.id)))
        ).first()
        value = work.vault.open(row[1], row[0].value_sealed, row[0].kind.value) if row else None
        if row is None or value is None:
            raise NotFound
        work.audit("person.revealed", ("contact_point", contact_point_id), field=row[0].kind.value)
        return value
