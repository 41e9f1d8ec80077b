"""Words and files about an account that may hold personal data: sealed with its person's key, so that erasing the person
takes them too, and open to an organisation only while it holds the account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.foundation.errors import NotFound
from portal.foundation.services import services
from portal.foundation.vault import PersonKey
from portal.foundation.visibility import visible
from portal.foundation.work import reading
from portal.portfolio.models import Account, Customer

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.vendors.proofs import Proof

__all__ = [
    "NO_PROOF", "KeptProof", "keep_for_customer", "keep_sealed", "key_of_customer", "open_proof", "person_key_of",
]  # fmt: skip

_PURPOSE = "proof"


@dataclass(frozen=True, slots=True)
class KeptProof:
    """A file in the storage, by its address, and the name under which it is given back."""

    digest: str
    name: str


NO_PROOF = KeptProof("", "")


def person_key_of(session: Session, actor: Actor, account_id: int) -> PersonKey:
    """The key of an account's person. NotFound where the actor may not see the account (any more)."""
    seen = visible(Account, actor).with_only_columns(Account.customer_id).where(Account.id == account_id)
    return _key(session, actor, Customer.id.in_(seen))


def key_of_customer(session: Session, actor: Actor, customer_id: int) -> PersonKey:
    """A person's key. NotFound where the actor may not see the person (any more)."""
    return _key(session, actor, Customer.id == customer_id)


def _key(session: Session, actor: Actor, whose: sa.ColumnElement[bool]) -> PersonKey:
    wanted = visible(PersonKey, actor).join(Customer, Customer.person_key_id == PersonKey.id).where(whose)
    key = session.scalar(wanted)
    if key is None:
        raise NotFound
    return key


def keep_sealed(actor: Actor, account_id: int, proof: Proof | None) -> KeptProof:
    """Put a file into the storage, sealed for the account's person. Before the transaction that names it: a store far
    away must not hold its lock. NotFound as `person_key_of`."""
    return _kept(actor, proof, lambda session: person_key_of(session, actor, account_id))


def keep_for_customer(actor: Actor, customer_id: int, proof: Proof | None) -> KeptProof:
    """The same for a person. NotFound as `key_of_customer`."""
    return _kept(actor, proof, lambda session: key_of_customer(session, actor, customer_id))


def _kept(actor: Actor, proof: Proof | None, key_in: Callable[[Session], PersonKey]) -> KeptProof:
    if proof is None:
        return NO_PROOF
    with reading(actor) as session:
        sealed = services().vault.seal_content(key_in(session), proof.content, _PURPOSE)
    return KeptProof(services().storage.put(sealed), proof.name)


def open_proof(key: PersonKey, row: Any) -> bytes:
    """The file that a row names (`proof_digest`). NotFound where it names none, or its person was erased."""
    if not row.proof_digest:
        raise NotFound
    with services().storage.open(row.proof_digest) as stream:
        content = services().vault.open_content(key, stream.read(), _PURPOSE)
    if content is None:
        raise NotFound
    return content
