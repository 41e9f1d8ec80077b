"""Rows of letters' ways, written within the operations that say them: one for a first word, one more for a correction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.contact.proofs import NO_PROOF
from portal.foundation.bulk import insert_rows, one_at_a_time
from portal.legal.dispatch.following import follow
from portal.legal.dispatch.models import LetterDispatch, LetterResult
from portal.legal.living import follow_results

if TYPE_CHECKING:
    from collections.abc import Iterable

    from portal.contact.proofs import KeptProof
    from portal.foundation.work import Work
    from portal.legal.dispatch.queries import Way
    from portal.legal.dispatch.terms import Outcome, Sent

__all__ = ["alone", "write_outcomes", "write_sent"]

_SENT = (
    "letter_id", "organisation_id", "carrier", "tracking_no", "dispatched_on", "corrects_id", "import_run_id", "by_user_id",
    "at",
)  # fmt: skip


def alone(work: Work, organisation_id: int) -> None:
    """Whoever else says something of the firm's letters waits until this transaction ends."""
    one_at_a_time(work.session, f"dispatch.{organisation_id}")


def write_sent(work: Work, found: Iterable[tuple[Way, Sent]], import_run_id: int | None = None) -> int:
    """Letters went out so; of one that is out already it is a correction. How many."""
    rows = [
        (
            way.letter.id, way.letter.organisation_id, sent.carrier, sent.tracking_no, sent.on,
            way.last_dispatch, import_run_id, work.actor.user_id, work.now,
        )
        for way, sent in found
    ]  # fmt: skip
    return insert_rows(work.session, LetterDispatch, _SENT, rows)


def write_outcomes(
    work: Work, found: Iterable[tuple[Way, Outcome]], import_run_id: int | None = None, kept: KeptProof = NO_PROOF
) -> list[LetterResult]:
    """This came of letters, and what follows from it; of one that has a result already it is a correction."""
    pairs = list(found)
    rows = [
        LetterResult(
            letter_id=way.letter.id, organisation_id=way.letter.organisation_id, result=said.result, result_on=said.on,
            reason=said.reason, proof_digest=kept.digest, proof_name=kept.name,
            corrects_id=way.last_result, import_run_id=import_run_id, by_user_id=work.actor.user_id,
            at=work.now,
        )
        for way, said in pairs
    ]  # fmt: skip
    work.session.add_all(rows)
    work.session.flush()
    follow(work, rows)
    follow_results(work, ((way.letter, way.pack, said.result, way.result is not None) for way, said in pairs))
    return rows
