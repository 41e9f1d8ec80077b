"""The life of a pack up to its print file: built from an accepted batch, read, approved or refused by a lawyer, taken away."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import letters
from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, Refused
from portal.foundation.free_text import given_reason
from portal.foundation.language import Message, say
from portal.foundation.services import services
from portal.foundation.work import reading, transaction
from portal.legal import flags
from portal.legal.models import Letter, LetterEvent, LetterOpening, LetterPack, LetterState, PackState
from portal.legal.queries import batch_to_pack, event_of, has_pack, letter_for, open_pack_of, pack_for, sealed_letter
from portal.legal.reading import Opened, unsealed
from portal.legal.wording import client, firm_part, head_of, wording
from portal.placement.models import BatchState

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from portal.foundation.work import Work
    from portal.placement.models import PlacementBatch

__all__ = [
    "TEMPLATE", "build_pack", "close_pack", "decided", "given", "in_review", "open_letter", "peek", "refuse_letter", "refuse_pack",
]  # fmt: skip

TEMPLATE = "lawyer-letter-zh"
SHORTEST, LONGEST = 3, 90  # days to pay


# --- building -----------------------------------------------------------------------------------------------------------


def build_pack(actor: Actor, batch_id: int, pay_within_days: int | None = None) -> int:
    """Ask for the pack of an accepted batch of letters; its id. The letters themselves are frozen by a job.

    `pay_within_days` is counted from the letters' date, which is today's business date. NotFound for another firm's
    batch; Refused where it is not accepted, has a pack, or the firm's own particulars are not complete; DomainError for
    days out of range.
    """
    demand(actor, Permission.PACKS_BUILD)
    days = wording().pay_within_days if pay_within_days is None else pay_within_days
    if not SHORTEST <= days <= LONGEST:
        words = say("The time to pay is %(low)s to %(high)s days.", low=SHORTEST, high=LONGEST)
        raise DomainError("legal.days", words, field="pay_within_days")
    bank = client()
    with transaction(actor) as work:
        batch = batch_to_pack(work.session, actor, batch_id)
        if batch.state is not BatchState.ACCEPTED:
            raise Refused("legal.batch_state", say("Only an accepted batch can become a pack."))
        if has_pack(work.session, batch.id):
            raise Refused("legal.has_pack", say("This batch has a pack already."))
        pack = LetterPack(
            number=f"{batch.number}-L",
            organisation_id=batch.organisation_id,
            batch_id=batch.id,
            state=PackState.BUILDING,
            template=TEMPLATE,
            template_version=letters.load_template(TEMPLATE).version,
            head=head_of(firm_part(work.session, actor, work.today), bank, work.today, days),
            balance_as_of=work.today,
            issued_on=work.today,
            pay_within_days=days,
            currency=batch.currency,
            built_by=actor.user_id,
            built_at=work.now,
        )
        work.session.add(pack)
        work.session.flush()
        after = {"number": pack.number, "batch": batch.number, "template": f"{TEMPLATE} {pack.template_version}"}
        work.audit("legal.pack_asked", pack, after=after, deadline=(work.today + timedelta(days=days)).isoformat())
        work.request_job("legal.build", str(pack.id), {"pack": pack.id}, total=batch.account_count)
        return pack.id


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
    """Leave one letter out of the approval, be it one that stands aside: then it is dropped for good. NotFound where the pack
    has no such letter; Refused where it is decided or the letter was left out already; DomainError without a reason."""
    demand(actor, Permission.PACKS_APPROVE)
    reason = given(reason)
    with transaction(actor) as work:
        pack = pack_for(work.session, actor, pack_id, lock=True)
        letter = letter_for(work.session, actor, pack_id, letter_id)
        in_review(pack)
        if event_of(work.session, letter.id) is not None:
            raise Refused("legal.letter_aside", say("This letter is left out already."))
        work.session.add(_event(work, letter, LetterState.REFUSED, reason))
        work.audit("legal.letter_refused", letter, after={"state": "refused"}, reason=reason)


def refuse_pack(actor: Actor, pack_id: int, reason: str) -> None:
    """Refuse a pack as a whole: no letter of it is numbered. Refused where it is decided; DomainError without a reason."""
    demand(actor, Permission.PACKS_APPROVE)
    reason = given(reason)
    with transaction(actor) as work:
        pack = in_review(pack_for(work.session, actor, pack_id, lock=True))
        _close(work, pack, reason)


def close_pack(work: Work, batch: PlacementBatch) -> None:
    """The batch has ended: its pack is closed unless a lawyer has approved it; what is approved is checked at print."""
    pack = open_pack_of(work.session, batch.id)
    if pack is not None:
        _close(work, pack, flags.BATCH_ENDED)


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


def _close(work: Work, pack: LetterPack, reason: str) -> None:
    before = pack.state
    pack.state = PackState.REFUSED
    pack.refusal = reason
    pack.decided_by, pack.decided_at = work.actor.user_id, work.now
    after = {"state": pack.state.value}
    work.audit("legal.pack_refused", pack, before={"state": before.value}, after=after, reason=reason)


def _event(work: Work, letter: Letter, state: LetterState, reason: str) -> LetterEvent:
    return LetterEvent(
        letter_id=letter.id,
        organisation_id=letter.organisation_id,
        state=state,
        by_user_id=work.actor.user_id,
        at=work.now,
        reason=reason,
    )
