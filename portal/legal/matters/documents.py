"""Files of a matter: taken in, sealed for the person, kept; withdrawn where one was put there in error."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sqlalchemy.exc import IntegrityError

from portal.contact.proofs import keep_sealed
from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, Refused
from portal.foundation.free_text import given_reason
from portal.foundation.language import say
from portal.foundation.work import reading, transaction
from portal.legal.matters import queries
from portal.legal.matters.models import DocumentKind, DocumentWithdrawal, MatterDocument

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from portal.vendors.proofs import Proof

__all__ = ["add_document", "withdraw_document"]

LONGEST = 400


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


def withdraw_document(actor: Actor, matter_id: int, document_id: int, reason: str) -> None:
    """It was put there in error: it stays where it is, sealed, goes to nobody any more, and no bundle annexes it. NotFound;
    Refused for one that is withdrawn; DomainError without a reason."""
    demand(actor, Permission.MATTERS_RUN)
    reason = given_reason(reason, LONGEST, "document.reason", say("Say why it does not belong here."))
    with transaction(actor) as work:
        matter = queries.matter_for(work.session, actor, matter_id)
        document = queries.document_for(work.session, actor, matter.id, document_id)
        withdrawal = DocumentWithdrawal(
            document_id=document.id, organisation_id=document.organisation_id, reason=reason, by_user_id=actor.user_id,
            by_name=actor.name, at=work.now,
        )  # fmt: skip
        work.session.add(withdrawal)
        try:
            work.session.flush()
        except IntegrityError as error:
            raise Refused("document.withdrawn", say("This document is withdrawn already.")) from error
        after = {"matter": matter.number, "kind": document.kind.value, "sha256": document.sha256}
        work.audit("legal.document_withdrawn", document, after=after, reason=reason)
