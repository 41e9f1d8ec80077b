"""Packs under US law: a lawyer opens and approves each letter by itself, and only then are numbers drawn.

15 USC 1692e(3) bars a letter that falsely implies to be from an attorney, and mass letters that no attorney has looked at were
held to do so (Clomon v. Jackson, 2d Cir. 1993; the consent order of Works & Lentz, 2017-CFPB-0003). So a letter goes out only
after a named attorney has had it open for a while, saw amount, dates and flags, and approved that letter; how long, under which
licence and which content is kept, and approvals an hour are capped (reference/conduct.md 2.5 and 2.6). What the letter itself has
to say stands in its template (12 CFR 1006.34).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from portal.foundation.access import Permission, demand
from portal.foundation.errors import Refused
from portal.foundation.language import Message, say
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.identity.models import LetterLaw
from portal.legal import bulk
from portal.legal.approving import candidates, changed_words, leave_out, nothing_left, number_letters
from portal.legal.flags import reason_words
from portal.legal.licences import licence_of
from portal.legal.models import LetterApproval, LetterState
from portal.legal.operations import in_review
from portal.legal.queries import event_of, letter_for, obstacles_now, pack_for, seconds_open
from portal.legal.taking import template_changed
from portal.legal.wording import wording

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.work import Work
    from portal.legal.approving import Numbers
    from portal.legal.models import LetterPack

__all__ = ["TOO_SOON", "Progress", "approve_letter", "complete_pack", "progress_of", "what_waits"]

TOO_SOON = "legal.too_soon"
HOUR = timedelta(hours=1)


class Progress(NamedTuple):
    """How many letters of a pack are approved, and how many are still to be decided on."""

    approved: int
    waiting: int


def approve_letter(actor: Actor, pack_id: int, letter_id: int) -> None:
    """Approve one letter under the actor's own licence.

    NotFound where the pack has no such letter; DomainError (403) without a valid licence; Refused where the pack is decided or not
    under US law, the letter stands aside, was decided on or must not go out any more, this person did not have it open or not for
    long enough, or approved too many within the hour.
    """
    demand(actor, Permission.PACKS_APPROVE)
    with transaction(actor) as work:
        letter = letter_for(work.session, actor, pack_id, letter_id)
        pack = in_review(_us_pack(work, pack_id))
        licence = licence_of(work.session, actor, work.today)
        if template_changed(pack):
            raise Refused("legal.template_changed", changed_words())
        if letter.flagged or event_of(work.session, letter.id) is not None:
            raise Refused("legal.letter_decided", say("This letter stands aside, or was approved or left out already."))
        standing = obstacles_now(work.session, pack_id, letter_id).get(letter_id)
        if standing is not None:
            raise Refused("legal.letter_stands", say("It cannot go on: %(why)s.", why=reason_words(standing)))
        seconds = seconds_open(work.session, actor, letter, work.now)
        _check_pace(work, seconds)
        work.session.add(
            LetterApproval(
                letter_id=letter.id, organisation_id=letter.organisation_id, content_sha256=letter.content_sha256,
                licence_no=licence, seconds=seconds or 0, by_user_id=actor.user_id, at=work.now,
            )
        )  # fmt: skip
        bulk.add_events(work, letter.organisation_id, LetterState.APPROVED, [(letter.id, "")])
        after = {"content_sha256": letter.content_sha256, "seconds": seconds}
        work.audit("legal.letter_approved", letter, after=after, licence=licence, pack=pack.number)


def complete_pack(actor: Actor, pack_id: int) -> Numbers:
    """Every letter is approved, left out or stands aside: draw the numbers of those that were approved and have them printed. What
    has come on hold, was paid or recalled since its approval is left out first.

    NotFound for another firm's pack; DomainError (403) without a valid licence; Refused where a letter still waits, none is
    approved, or the pack is decided or not under US law.
    """
    demand(actor, Permission.PACKS_APPROVE)
    with transaction(actor) as work:
        pack = in_review(_us_pack(work, pack_id))
        licence = licence_of(work.session, actor, work.today)
        waiting = what_waits(len(candidates(work.session, pack.id)))
        if waiting is not None:
            raise Refused("legal.letters_wait", waiting)
        left_out = leave_out(work, pack, LetterState.APPROVED)
        chosen = candidates(work.session, pack.id, LetterState.APPROVED)
        if not chosen:
            raise Refused("legal.nothing_left", nothing_left(pack.flagged_count))
        return number_letters(work, pack, chosen, licence, left_out)


def what_waits(letters: int) -> Message | None:
    """What is left to do before the numbers are drawn; None where nothing is."""
    if not letters:
        return None
    return say("Letters that are neither approved nor left out: %(count)s. Open each of them first.", count=letters)


def progress_of(session: Session, pack_id: int) -> Progress:
    """How far the approvals are."""
    approved = len(candidates(session, pack_id, LetterState.APPROVED))
    return Progress(approved, len(candidates(session, pack_id)))


def _us_pack(work: Work, pack_id: int) -> LetterPack:
    pack = pack_for(work.session, work.actor, pack_id, lock=True)
    if pack.jurisdiction != LetterLaw.STATES:
        words = say("Only letters under US law are approved one by one. Approve the pack as a whole.")
        raise Refused("legal.not_each", words)
    return pack


def _check_pace(work: Work, seconds: int | None) -> None:
    house = wording()
    if seconds is None:
        raise Refused("legal.not_read", say("Open this letter before you approve it."))
    if seconds < house.each_least_seconds:
        words = say(
            "A letter is approved after it was open for %(least)s seconds at least; you had it open for %(seconds)s.",
            least=house.each_least_seconds, seconds=seconds,
        )  # fmt: skip
        raise Refused(TOO_SOON, words)
    mine = visible(LetterApproval, work.actor).where(
        LetterApproval.by_user_id == work.actor.user_id, LetterApproval.at > work.now - HOUR
    )
    count = work.session.scalar(mine.with_only_columns(sa.func.count())) or 0
    if count >= house.each_most_an_hour:
        words = say("You have approved %(count)s letters within an hour, which is the most. Go on later.", count=count)
        raise Refused(TOO_SOON, words)
