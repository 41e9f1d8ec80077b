"""A lawyer's approval: under whose licence, what was read, and the numbers drawn in the same transaction.

A number is unique and gap-free per firm and year (DESIGN 3.5): the counter's row is locked while numbers are drawn, and
counter, numbers and approval are committed together or not at all.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from portal.foundation.access import Permission, demand
from portal.foundation.errors import Refused
from portal.foundation.formats import day
from portal.foundation.language import Message, say
from portal.foundation.work import transaction
from portal.identity.models import LetterLaw, Organisation
from portal.legal import bulk
from portal.legal.licences import licence_of
from portal.legal.living import give_back_unapproved
from portal.legal.models import Letter, LetterCounter, LetterPack, LetterState, PackState
from portal.legal.numbering import letter_number
from portal.legal.operations import in_review
from portal.legal.queries import current_state, obstacles_now, pack_for, sample_of
from portal.legal.taking import request_print, template_changed
from portal.legal.wording import last_day_to_approve

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.work import Work
    from portal.legal.queries import Sample

__all__ = [
    "Candidate",
    "Numbers",
    "approve_pack",
    "candidates",
    "changed_words",
    "leave_out",
    "nothing_left",
    "number_letters",
    "too_late",
    "what_is_missing",
]


class Numbers(NamedTuple):
    """The first and the last number of an approval."""

    first: str
    last: str


class Candidate(NamedTuple):
    """A letter that is to be approved."""

    id: int
    content_sha256: str


def approve_pack(actor: Actor, pack_id: int) -> Numbers:
    """Approve a pack under the actor's own licence and number its letters; the print file is asked for as a job.

    Letters that stand aside or were refused are left out, and so is what has come on hold, was paid or recalled since the
    data was frozen. NotFound for another firm's pack; Refused where it is decided, nothing is left, or the sample was not
    opened by this person, and for a pack under US law, whose letters are approved one by one (one_by_one.py); DomainError (403)
    without a valid licence.
    """
    demand(actor, Permission.PACKS_APPROVE)
    with transaction(actor) as work:
        pack = pack_for(work.session, actor, pack_id, lock=True)
        in_review(pack)
        if pack.jurisdiction == LetterLaw.STATES:
            raise Refused("legal.each_letter", say("Letters under US law are approved one by one, each by itself."))
        licence = licence_of(work.session, actor, work.today)
        missing = what_is_missing(sample_of(work.session, actor, pack.id))
        if missing is not None:
            raise Refused("legal.not_read", missing)
        left_out = leave_out(work, pack)
        chosen = candidates(work.session, pack.id)
        if not chosen:
            raise Refused("legal.nothing_left", nothing_left(pack.flagged_count))
        bulk.add_events(work, pack.organisation_id, LetterState.APPROVED, ((c.id, "") for c in chosen))
        return number_letters(work, pack, chosen, licence, left_out)


def number_letters(work: Work, pack: LetterPack, chosen: Sequence[Candidate], licence: str, left_out: int) -> Numbers:
    """Draw the numbers of a pack's approved letters and have it printed, within the caller's transaction. Refused where its
    template is not the one any more that was read, or its letters are too old."""
    if (late := too_late(pack, work.today)) is not None:
        raise Refused("legal.too_late", late)
    if template_changed(pack):
        raise Refused("legal.template_changed", changed_words())
    numbers = _draw(work, pack, chosen)
    pack.state = PackState.APPROVED
    pack.decided_by, pack.decided_at, pack.lawyer_licence_no = work.actor.user_id, work.now, licence
    pack.content_sha256 = hashlib.sha256("\n".join(c.content_sha256 for c in chosen).encode()).hexdigest()
    work.session.flush()
    give_back_unapproved(work, pack)
    after = {"state": pack.state.value, "letters": len(chosen), "first": numbers.first, "last": numbers.last}
    work.audit("legal.pack_approved", pack, after=after | {"content_sha256": pack.content_sha256},
               licence=licence, left_out=left_out)  # fmt: skip
    request_print(work, pack, len(chosen))
    return numbers


def too_late(pack: LetterPack, today: date) -> Message | None:
    """Why a pack's letters cannot be approved any more by their date; None while they can."""
    last = last_day_to_approve(pack)
    if today <= last:
        return None
    return say(
        "These letters are dated %(day)s and could be approved until %(last)s: whoever gets one later has too little time left. "
        "Refuse the pack and build it anew.",
        day=day(pack.issued_on), last=day(last),
    )  # fmt: skip


def changed_words() -> Message:
    """What is said of such a pack, with what to do."""
    return say(
        "The template of this pack has changed since its letters were frozen, so they cannot be printed as they were read. "
        "Refuse the pack and build it anew."
    )


def what_is_missing(sample: Sample) -> Message | None:
    """What this person still has to read before an approval; None where it is all read."""
    if not sample.missing:
        return None
    return say(
        "You have opened %(opened)s of the %(required)s letters that have to be read. Open the others first.",
        opened=sample.opened,
        required=sample.required,
    )


def nothing_left(aside: int = 0) -> Message:
    """Said where every letter stands aside or was left out."""
    if aside:
        return say("Every letter that was not left out stands aside. Let go on what may go on, or refuse the pack.")
    return say("No letter is left that could be approved. Refuse the pack instead.")


def leave_out(work: Work, pack: LetterPack, state: LetterState | None = None) -> int:
    """Refuse, in the name of the check, what must not go out any more; how many letters that were. `state`: among the letters that
    are in it, None: that wait."""
    obstacles = obstacles_now(work.session, pack.id)
    found = [(c.id, obstacles[c.id]) for c in candidates(work.session, pack.id, state) if c.id in obstacles]
    bulk.add_events(work, pack.organisation_id, LetterState.REFUSED, found, by_person=False)
    return len(found)


def candidates(session: Session, pack_id: int, state: LetterState | None = None) -> list[Candidate]:
    """Letters that do not stand aside and are in a state, None: nothing was decided of them; in the order of the pack."""
    wanted = (
        sa.select(Letter.id, Letter.content_sha256)
        .where(Letter.pack_id == pack_id, ~Letter.flagged, current_state().is_not_distinct_from(state))
        .order_by(Letter.position)
    )
    return [Candidate(*row) for row in session.execute(wanted)]


def _draw(work: Work, pack: LetterPack, chosen: Sequence[Candidate]) -> Numbers:
    """The firm's next numbers of the business year, in the order of the pack."""
    year = work.today.year
    mark = work.session.scalars(
        sa.select(Organisation.letter_mark).where(Organisation.id == pack.organisation_id)
    ).one()  # fmt: skip
    counter = _counter(work.session, pack.organisation_id, year)
    drawn = [
        (letter.id, number, letter_number(mark, year, number, chinese=pack.jurisdiction == LetterLaw.CHINA))
        for number, letter in enumerate(chosen, counter.last_number + 1)
    ]
    bulk.number_letters(work.session, year, drawn)
    counter.last_number += len(drawn)
    return Numbers(drawn[0][2], drawn[-1][2])


def _counter(session: Session, organisation_id: int, year: int) -> LetterCounter:
    """The counter of the firm's year, its row locked until the transaction ends (SQLite has one writer anyway)."""
    bulk.open_counter(session, organisation_id, year)
    wanted = sa.select(LetterCounter).where(
        LetterCounter.organisation_id == organisation_id, LetterCounter.year == year
    )
    return session.scalars(wanted.with_for_update().execution_options(populate_existing=True)).one()
