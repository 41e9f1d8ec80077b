"""A pack in review: its letters are opened, left out one by one, or refused as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.foundation.access import Permission, demand
from portal.foundation.errors import Refused
from portal.foundation.free_text import given_reason
from portal.foundation.language import Message, say
from portal.foundation.services import services
from portal.foundation.work import reading, transaction
from portal.legal import bulk, flags
from portal.legal.living import give_back_unapproved
from portal.legal.models import LetterOpening, LetterPack, LetterState, PackState
from portal.legal.numbering import draw_sample
from portal.legal.queries import event_of, letter_for, open_packs_of, pack_for, sealed_letter, unsampled
from portal.legal.reading import Opened, unsealed

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from portal.foundation.work import Work
    from portal.legal.models import Letter
    from portal.placement.models import PlacementBatch

__all__ = [
    "close_packs", "decided", "given", "in_review", "open_letter", "peek", "refuse_letter", "refuse_pack", "shut",
]  # fmt: skip


# --- reading ------------------------------------------------------------------------------------------------------------


def open_letter(actor: Actor, pack_id: int, letter_id: int) -> Opened:
    """A letter as it will print, for the firm's lawyers; every opening is recorded.

    NotFound where there is none, or it is another firm's; nothing is recorded where the data cannot be read any more.
    """
    demand(actor, Permission.PACKS_APPROVE)
    with transaction(actor) as work:
        letter = letter_for(work.session, actor, pack_id, letter_id)
        pack = pack_for(work.session, actor, pack_id)
        found = sealed_letter(work.session, letter)
        data = unsealed(work.vault, found, letter.letter_no) if found else None
        if data is not None:
            opening = {"letter_id": letter.id, "pack_id": pack.id, "organisation_id": pack.organisation_id}
            work.session.add(LetterOpening(**opening, user_id=actor.user_id, at=work.now))
            work.audit("legal.letter_opened", letter, pack=pack.number, position=letter.position)
        return Opened(letter, pack.template, pack.head, data)


def peek(actor: Actor, pack_id: int, letter_id: int) -> Opened:
    """The same letter once more, for the pictures of a page whose opening is recorded already. NotFound as above."""
    demand(actor, Permission.PACKS_APPROVE)
    with reading(actor) as session:
        letter = letter_for(session, actor, pack_id, letter_id)
        pack = pack_for(session, actor, pack_id)
        found = sealed_letter(session, letter)
        data = unsealed(services().vault, found, letter.letter_no) if found else None
        opened = Opened(letter, pack.template, pack.head, data)
        session.expunge(letter)
        return opened


def refuse_letter(actor: Actor, pack_id: int, letter_id: int, reason: str) -> None:
    """Leave one letter out of the pack, be it one that stands aside or, of a US pack, one that was approved. NotFound where the
    pack has no such letter; Refused where it is decided or the letter was left out already; DomainError without a reason."""
    demand(actor, Permission.PACKS_APPROVE)
    reason = given(reason)
    with transaction(actor) as work:
        pack = pack_for(work.session, actor, pack_id, lock=True)
        letter = letter_for(work.session, actor, pack_id, letter_id)
        in_review(pack)
        event = event_of(work.session, letter.id)
        if event is not None and event.state is not LetterState.APPROVED:
            raise Refused("legal.letter_aside", say("This letter is left out already."))
        bulk.add_events(work, letter.organisation_id, LetterState.REFUSED, [(letter.id, reason)])
        work.audit("legal.letter_refused", letter, after={"state": "refused"}, reason=reason)
        if letter.in_sample and not letter.flags:
            _draw_another(work, pack, letter)


def _draw_another(work: Work, pack: LetterPack, left_out: Letter) -> None:
    """Another letter of the pack has to be read for one of the sample that was left out: leaving out does not shorten the reading."""
    others = unsampled(work.session, work.actor, pack.id)
    for position in draw_sample(f"{pack.number}/{left_out.position}", list(others), min(1, len(others))):
        letter_for(work.session, work.actor, pack.id, others[position]).in_sample = True


def refuse_pack(actor: Actor, pack_id: int, reason: str) -> None:
    """Refuse a pack as a whole, also one whose building failed: no letter of it is numbered, and its accounts can be chosen again.
    Refused where it is decided; DomainError without a reason."""
    demand(actor, Permission.PACKS_APPROVE)
    reason = given(reason)
    with transaction(actor) as work:
        pack = pack_for(work.session, actor, pack_id, lock=True)
        if pack.state not in (PackState.BUILDING, PackState.REVIEW):
            raise Refused("legal.pack_state", decided())
        shut(work, pack, reason)


def close_packs(work: Work, batch: PlacementBatch) -> None:
    """The batch has ended: its packs are closed unless a lawyer has approved them; what is approved is checked at print."""
    for pack in open_packs_of(work.session, batch.id):
        shut(work, pack, flags.BATCH_ENDED)


# --- what several of these need -----------------------------------------------------------------------------------------


def given(reason: str) -> str:
    """A reason as it is kept, 400 characters at most. DomainError where there is none."""
    return given_reason(reason, 400, "legal.reason", say("Say why, in a few words."))


def decided() -> Message:
    """What a second click or a colleague finds."""
    return say("This pack is not in review any more. Look at its state before you go on.")


def in_review(pack: LetterPack) -> LetterPack:
    """The pack, where it is in review; Refused otherwise."""
    if pack.state is not PackState.REVIEW:
        raise Refused("legal.pack_state", decided())
    return pack


def shut(work: Work, pack: LetterPack, reason: str) -> None:
    """A pack ends as refused; what has no number in it can be written again."""
    before = pack.state
    pack.state = PackState.REFUSED
    pack.refusal = reason
    pack.decided_by, pack.decided_at = work.actor.user_id, work.now
    work.session.flush()
    give_back_unapproved(work, pack)
    after = {"state": pack.state.value}
    work.audit("legal.pack_refused", pack, before={"state": before.value}, after=after, reason=reason)
