"""A letter that a check has put aside goes on, if a lawyer says why and nothing forbids it any more (reference/letters.md, Gates).

What cannot be printed, or would go to nobody, is never let go on: it is dropped, and built anew once it is mended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.foundation.access import Permission, demand
from portal.foundation.errors import Refused
from portal.foundation.language import Message, say
from portal.foundation.work import transaction
from portal.legal import flags
from portal.legal.licences import licence_of
from portal.legal.models import LetterRelease
from portal.legal.operations import given, in_review
from portal.legal.queries import event_of, letter_for, obstacles_now, pack_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from portal.foundation.access import Actor

__all__ = ["release_letter", "what_forbids"]

NEVER = frozenset({
    flags.NO_ADDRESS, flags.NO_BALANCE, flags.NO_ITEMIZATION, flags.OWES_LESS, flags.PAID_SINCE, flags.PERSON_ERASED,
})  # fmt: skip


def release_letter(actor: Actor, pack_id: int, letter_id: int, reason: str) -> None:
    """Let a letter go on that stands aside; the lawyer has to open it like those of the sample.

    NotFound where the pack has no such letter; DomainError without a reason, and (403) without a valid licence; Refused where
    the pack is decided, the letter does not stand aside, or something still forbids it.
    """
    demand(actor, Permission.PACKS_APPROVE)
    reason = given(reason)
    with transaction(actor) as work:
        pack = pack_for(work.session, actor, pack_id, lock=True)
        letter = letter_for(work.session, actor, pack_id, letter_id)
        in_review(pack)
        licence = licence_of(work.session, actor, work.today)
        if not letter.flagged or event_of(work.session, letter.id) is not None:
            raise Refused("legal.not_aside", say("This letter does not stand aside, or was left out."))
        forbids = what_forbids(letter.flags, obstacles_now(work.session, pack_id, letter_id).get(letter_id))
        if forbids is not None:
            raise Refused("legal.not_released", forbids)
        work.session.add(
            LetterRelease(
                letter_id=letter.id, organisation_id=letter.organisation_id, flags=letter.flags, reason=reason,
                by_user_id=actor.user_id, at=work.now,
            )
        )  # fmt: skip
        letter.flagged, letter.in_sample = False, True
        pack.flagged_count -= 1
        pack.must_open += 1
        codes = [flag["code"] for flag in letter.flags]
        work.audit("legal.letter_released", letter, after={"flags": codes}, reason=reason, licence=licence)


def what_forbids(kept: Sequence[Mapping[str, Any]], standing: str | None) -> Message | None:
    """Why a letter that stands aside cannot go on, None where a lawyer may let it. `standing`: what is in the way now."""
    if standing is not None:
        return say("It cannot go on: %(why)s.", why=flags.reason_words(standing))
    if any("en" in flag or flag["code"] in NEVER for flag in kept):
        return say("It cannot go on as it is. Leave it out; once its data is mended it can be built anew.")
    return None
