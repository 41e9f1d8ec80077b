"""Files of a matter: taken in, sealed for the person, kept."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from portal.contact.proofs import keep_sealed
from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError
from portal.foundation.language import say
from portal.foundation.work import reading, transaction
from portal.legal.matters import queries
from portal.legal.matters.models import DocumentKind, MatterDocument

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from portal.vendors.proofs import Proof

__all__ = ["add_document"]


def add_document(actor: Actor, matter_id: int, kind: DocumentKind, proof: Proof | None) -> int:
    """Put a file to a matter; its id. NotFound for a matter that is not the firm's, and once the account has gone back: what is
    sealed for its person is closed to the firm then. DomainError without a file."""
    demand(actor, Permission.MATTERS_RUN)
    if proof is None:
        raise DomainError("document.proof", say("Choose the file."), field="proof")
    with reading(actor) as session:
        account_id = queries.matter_for(session, actor, matter_id).account_id
    kept = keep_sealed(actor, account_id, proof)
    with transaction(actor) as work:
        matter = queries.matter_for(work.session, actor, matter_id)
        document = MatterDocument(
            matter_id=matter.id, organisation_id=matter.organisation_id, kind=kind, proof_digest=kept.digest,
            proof_name=kept.name, sha256=hashlib.sha256(proof.content).hexdigest(), size=len(proof.content),
            by_user_id=actor.user_id, by_name=actor.name, at=work.now,
        )  # fmt: skip
        work.session.add(document)
        work.session.flush()
        after = {"matter": matter.number, "kind": kind.value, "sha256": document.sha256, "size": document.size}
        work.audit("legal.document_added", document, after=after)
        return document.id
