"""Papers of a matter as they are uploaded: a court and finance have to read them, so each must open."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

import letters
from portal.foundation.errors import DomainError
from portal.foundation.language import say
from portal.vendors.proofs import read_proof

if TYPE_CHECKING:
    from portal.vendors.proofs import Proof

__all__ = ["read_paper"]


def read_paper(stream: IO[bytes], file_name: str | None) -> Proof:
    """The upload, if it is a PDF, PNG or JPEG whose pages can be drawn, as a bundle of evidence draws them; DomainError for the
    field `proof` otherwise."""
    proof = read_proof(stream, file_name)
    try:
        letters.on_sheets(proof.content, proof.name.rpartition(".")[2])
    except letters.Undrawable as error:
        words = say("This file cannot be opened: it is damaged, locked with a password, empty, or much too long.")
        raise DomainError("paper.proof_broken", words, field="proof") from error
    return proof
