"""Words and files about an account that may hold personal data: sealed with its person's key, so that erasing the person
takes them too, and open to an organisation only while it holds the account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portal.foundation.errors import NotFound
from portal.foundation.services import services
from portal.foundation.vault import PersonKey
from portal.foundation.visibility import visible
from portal.foundation.work import reading
from portal.portfolio.models import Account, Customer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.vendors.proofs import Proof

__all__ = ["NO_PROOF", "KeptProof", "keep_sealed", "open_proof", "person_key_of"]

_PURPOSE = "proof"


@dataclass(frozen=True, slots=True)
class KeptProof:
    """A file in the storage, by its address, and the name under which it is given back."""

    digest: str
    name: str


NO_PROOF = KeptProof("", "")


def person_key_of(session: Session, actor: Actor, account_id: int) -> PersonKey:
    """The key of an account's person. NotFound where the actor may not see the account (any more)."""
    key = session.scalar(
        visible(PersonKey, actor)
        .join(Customer, Customer.person_key_id == PersonKey.id)
        .join(Account, Account.customer_id == Customer.id)
        .where(Account.id.in_(visible(Account, actor).with_only_columns(Account.id).where(Account.id == account_id)))
    )
    if key is None:
        raise NotFound
    return key


def keep_sealed(actor: Actor, account_id: int, proof: Proof | None) -> KeptProof:
    """Put a file into the storage, sealed for the account's person. Before the transaction that names it: a store far
    away must not hold its lock. NotFound as `person_key_of`."""
    if proof is None:
        return NO_PROOF
    with reading(actor) as session:
        key = person_key_of(session, actor, account_id)
        sealed = services().vault.seal_content(key, proof.content, _PURPOSE)
    return KeptProof(services().storage.put(sealed), proof.name)


def open_proof(session: Session, actor: Actor, account_id: int, row: Any) -> bytes:
    """The file that a row names (`proof_digest`). NotFound where it names none, the account is closed to the actor, or
    its person was erased."""
    if not row.proof_digest:
        raise NotFound
    key = person_key_of(session, actor, account_id)
    with services().storage.open(row.proof_digest) as stream:
        content = services().vault.open_content(key, stream.read(), _PURPOSE)
    if content is None:
        raise NotFound
    return content
