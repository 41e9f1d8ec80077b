"""Saying what became of letters: that they went out, one or a whole pack, and what came of each. Nothing is edited: a
correction is one more row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.contact.proofs import KeptProof, keep_sealed
from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, Faults, Refused
from portal.foundation.free_text import check_free_text
from portal.foundation.language import say
from portal.foundation.work import reading, transaction
from portal.legal.dispatch import queries
from portal.legal.dispatch.terms import (
    LONGEST_NAME,
    LONGEST_REASON,
    Outcome,
    Sent,
    outcome_faults,
    same_item,
    sent_faults,
    tracked_twice,
)
from portal.legal.dispatch.writing import alone, write_outcomes, write_sent
from portal.legal.flags import reason_words
from portal.legal.models import LetterPack, PackState
from portal.legal.queries import obstacles_now, pack_for

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.language import Message
    from portal.foundation.work import Work
    from portal.legal.dispatch.queries import Way
    from portal.vendors.proofs import Proof

__all__ = ["dispatch_letter", "dispatch_pack", "letters_to_go", "must_stay", "record_result", "what_forbids_sending"]


def dispatch_letter(actor: Actor, pack_id: int, letter_id: int, sent: Sent, *, all_the_same: bool = False) -> bool:
    """A letter went out so; whether that is new (the same once more changes nothing). Of one that is out it is a correction.
    `all_the_same`: it has gone although something has come in the way since (a hold, a payment, a recall); else that is asked.

    NotFound for a letter that is not of a ready pack of the actor's firm; Refused where it is void and was never sent;
    DomainError naming the fields for days that cannot be and for what is missing.
    """
    demand(actor, Permission.PACKS_DISPATCH)
    with transaction(actor) as work:
        way = _way(work, pack_id, letter_id)
        _tell(
            _sent_faults(sent), sent_faults(sent, way.pack.issued_on, work.today), _result_faults(sent, way),
            _twice(work, sent, way),
        )  # fmt: skip
        if way.dispatch is None and way.void:
            raise Refused("dispatch.void", say("This letter is void and must not go out."))
        why = what_forbids_sending(work.session, way)
        if why is not None and not all_the_same:
            raise DomainError("dispatch.must_stay", must_stay(why), field="all_the_same")
        before = _said(way)
        if before == sent:
            return False
        write_sent(work, [(way, sent)])
        work.audit(
            "legal.letter_dispatched", way.letter, before=_as_data(before) if before else None, after=_as_data(sent)
        )  # fmt: skip
        return True


def dispatch_pack(actor: Actor, pack_id: int, carrier: str, on: date) -> int:
    """All letters of a pack that are neither void nor out went out by one carrier on one day; how many. Letters that must not go
    out any more are not among them: they become void before anybody takes the files.

    NotFound for another firm's pack; Refused where it is not ready or nothing is left to send; DomainError as above.
    """
    demand(actor, Permission.PACKS_DISPATCH)
    sent = Sent(carrier.strip(), "", on)
    with transaction(actor) as work:
        pack = pack_for(work.session, actor, pack_id, lock=True)
        _ready(pack)
        _tell(_sent_faults(sent), sent_faults(sent, pack.issued_on, work.today))
        alone(work, pack.organisation_id)
        ways, _stay = letters_to_go(work.session, actor, pack.id)
        if not ways:
            raise Refused("dispatch.nothing_left", say("No letter of this pack is left to be sent."))
        write_sent(work, [(way, sent) for way in ways])
        work.audit("legal.letters_dispatched", pack, after=_as_data(sent) | {"letters": len(ways)})
        return len(ways)


def record_result(actor: Actor, pack_id: int, letter_id: int, outcome: Outcome, proof: Proof | None = None) -> bool:
    """This came of a letter; whether that is new. Of one that has a result it is a correction, and what followed from the
    former is taken back. `proof`: of a delivery, sealed for the debtor.

    NotFound for a letter that is not of a ready pack of the actor's firm, and for a proof of a person whom the firm does not
    hold any more; Refused for a letter that was not sent; DomainError as above.
    """
    demand(actor, Permission.PACKS_DISPATCH)
    with reading(actor) as session:
        account_id = queries.way_for(session, actor, pack_id, letter_id).letter.account_id
    kept = keep_sealed(actor, account_id, proof)
    with transaction(actor) as work:
        way = _way(work, pack_id, letter_id)
        if way.dispatch is None:
            raise Refused("dispatch.not_sent", say("Say first when and how the letter went out."))
        _tell(_outcome_faults(outcome), outcome_faults(outcome, way.dispatch.dispatched_on, work.today))
        before = way.result
        if before and not proof and outcome == Outcome(before.result, before.result_on, before.reason):
            return False
        if before and not proof and outcome.result is before.result:  # another day or reason: the file proves it still
            kept = KeptProof(before.proof_digest, before.proof_name)
        write_outcomes(work, [(way, outcome)], kept=kept)
        after = {"result": outcome.result.value, "on": outcome.on.isoformat(), "proof": kept.digest or None}
        was = {"result": before.result.value, "on": before.result_on.isoformat()} if before else None
        work.audit("legal.letter_result", way.letter, before=was, after=after, reason=outcome.reason)
        return True


def letters_to_go(session: Session, actor: Actor, pack_id: int) -> tuple[list[Way], int]:
    """Letters of a pack that are neither void nor out and may go, and how many more must stay as things are now."""
    obstacles = obstacles_now(session, pack_id)
    waiting = queries.letters_to_send(session, actor, pack_id)
    going = [way for way in waiting if way.letter.id not in obstacles]
    return going, len(waiting) - len(going)


def what_forbids_sending(session: Session, way: Way) -> str | None:
    """Why a letter that is not out must not go out as things are now: a kept reason; None where nothing forbids it."""
    if way.dispatch is not None:
        return None
    return obstacles_now(session, way.pack.id, way.letter.id).get(way.letter.id)


def must_stay(why: str) -> Message:
    """What is said of such a letter."""
    return say(
        "This letter must not go out any more: %(why)s. Say so if it has gone all the same.", why=reason_words(why)
    )


# --- what several of these need -----------------------------------------------------------------------------------------


def _way(work: Work, pack_id: int, letter_id: int) -> Way:
    alone(work, work.actor.organisation_id or 0)
    return queries.way_for(work.session, work.actor, pack_id, letter_id)


def _ready(pack: LetterPack) -> None:
    if pack.state is not PackState.READY:
        raise Refused("dispatch.not_ready", say("Only letters of a ready pack can be sent."))


def _said(way: Way) -> Sent | None:
    row = way.dispatch
    return Sent(row.carrier, row.tracking_no, row.dispatched_on) if row else None


def _as_data(sent: Sent) -> dict[str, Any]:
    return {"carrier": sent.carrier, "tracking_no": sent.tracking_no, "on": sent.on.isoformat()}


def _result_faults(sent: Sent, way: Way) -> Iterable[DomainError]:
    """A correction may not put the dispatch behind what came of it."""
    if way.result is not None and sent.on > way.result.result_on:
        words = say("After what came of it on %(day)s.", day=way.result.result_on)
        yield DomainError("dispatch.day", words, field="dispatched_on")


def _twice(work: Work, sent: Sent, way: Way) -> Iterable[DomainError]:
    """One item of mail is one letter."""
    if not sent.tracking_no:
        return
    tracked = queries.letters_tracked(work.session, work.actor, way.letter.organisation_id, [sent.tracking_no])
    other = tracked.get(same_item(sent.carrier, sent.tracking_no))
    if other is not None and other.id != way.letter.id:
        words = tracked_twice(str(other.letter_no))
        yield DomainError("dispatch.tracked_twice", words, field="tracking_no")


def _sent_faults(sent: Sent) -> Iterable[DomainError]:
    yield from _long(sent.carrier, LONGEST_NAME, "carrier")
    if len(sent.tracking_no) > LONGEST_NAME:  # which may well look like the number of a card
        words = say("Say it in at most %(most)s characters.", most=LONGEST_NAME)
        yield DomainError("dispatch.tracking_no", words, field="tracking_no")


def _outcome_faults(outcome: Outcome) -> Iterable[DomainError]:
    yield from _long(outcome.reason, LONGEST_REASON, "reason")


def _long(text: str, most: int, field: str) -> Iterable[DomainError]:
    try:
        check_free_text(text, most, f"dispatch.{field}", field)
    except DomainError as fault:
        yield fault


def _tell(*found: Iterable[DomainError]) -> None:
    """Everything that is wrong, at once."""
    faults = Faults()
    for some in found:
        for fault in some:
            faults.add(fault)
    faults.tell()
