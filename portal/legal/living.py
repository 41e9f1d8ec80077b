"""Which letter holds a placement's place: one of a template, so that nobody gets the same demand twice at once.

A place is taken when a pack is built and given back when the letter is left out, void or returned, or its pack is refused; then
the account can be chosen again. The database holds it: `live_letter` has one row of a placement and template.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.foundation.bulk import in_chunks
from portal.legal.bulk import give_back_rows, take_rows
from portal.legal.dispatch.terms import MailResult
from portal.legal.models import Letter, LetterState
from portal.legal.queries import event_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from portal.foundation.work import Work
    from portal.legal.models import LetterPack

__all__ = ["CAME_BACK", "follow_results", "give_back", "give_back_unapproved", "take_again", "take_places"]

# After these a letter can be written again. Who refuses to take one has been served; what arrived has arrived.
CAME_BACK = frozenset({MailResult.RETURNED, MailResult.UNCLAIMED})
CHUNK = 500


def take_places(work: Work, pack: LetterPack) -> None:
    """The letters of a pack that has just been built take their places. An IntegrityError where one is taken: a pack of the batch
    is only built when no other one is."""
    take_rows(work.session, sa.select(Letter.id).where(Letter.pack_id == pack.id), pack.template)


def give_back(work: Work, letter_ids: Iterable[int]) -> None:
    """These letters hold no place any more."""
    for some in in_chunks(letter_ids, CHUNK):
        give_back_rows(work.session, Letter.id.in_(some))


def give_back_unapproved(work: Work, pack: LetterPack) -> None:
    """The pack is decided: what has no number in it is never sent."""
    give_back_rows(work.session, sa.and_(Letter.pack_id == pack.id, Letter.letter_no.is_(None)))


def follow_results(work: Work, results: Iterable[tuple[Letter, LetterPack, MailResult, bool]]) -> None:
    """What came of letters, each with whether it corrects what was said before: one that came back gives its place up. Where that
    was not true it takes it again, if no other letter was written meanwhile."""
    back = []
    for letter, pack, result, corrects in results:
        if result in CAME_BACK:
            back.append(letter.id)
        elif corrects:
            take_again(work, letter, pack)
    give_back(work, back)


def take_again(work: Work, letter: Letter, pack: LetterPack) -> None:
    """A letter that did not come back after all, unless it is void or another one has its place."""
    event = event_of(work.session, letter.id)
    if event is not None and event.state is LetterState.APPROVED:
        take_rows(work.session, sa.select(Letter.id).where(Letter.id == letter.id), pack.template, skip_taken=True)
