"""One letter of a pack as it will print: its pages as pictures, its PDF, and its refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, redirect, render_template, request, url_for
from flask_babel import get_locale

import letters
from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.errors import NotFound, Refused
from portal.foundation.language import say
from portal.foundation.web import actor, requires, say_flash
from portal.identity.models import LetterLaw
from portal.legal import one_by_one, operations, queries, releasing
from portal.legal.blueprint import blueprint
from portal.legal.flags import reason_words, words
from portal.legal.labels import letter_tag
from portal.legal.models import LetterState, PackState
from portal.legal.reading import Opened, pages_of
from portal.legal.verification.queries import asked_of_letter
from portal.legal.wording import wording

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from portal.foundation.language import Message
    from portal.legal.models import LetterPack

__all__ = ["approve_letter", "letter", "letter_pdf", "page_picture", "refuse_letter", "release_letter"]

EACH_SIDE = 8  # letters of the list shown before and behind the one that is open


@blueprint.get("/packs/<int:pack_id>/letters/<int:letter_id>")
@requires(Permission.PACKS_APPROVE)
def letter(pack_id: int, letter_id: int) -> str:
    """A letter as it will print, beside its neighbours. The opening is recorded."""
    who = actor()
    opened = operations.open_letter(who, pack_id, letter_id)
    session = db.session()
    pack = queries.pack_for(session, who, pack_id)
    rows = queries.neighbours(session, who, opened.letter, EACH_SIDE)
    here = next(place for place, row in enumerate(rows) if row.Letter.id == letter_id)
    event = queries.event_of(session, letter_id)
    pages, problem = _laid_out(opened)
    by_itself = pack.jurisdiction == LetterLaw.STATES
    return render_template(
        "legal/letter.html",
        pack=pack,
        letter=opened.letter,
        tag=letter_tag(event.state if event else None, opened.letter.flagged),
        reason=reason_words(event.reason) if event and event.reason else None,
        reason_by=queries.name_of_user(session, event.by_user_id) if event else None,
        reason_at=event.at if event else None,
        flags=[words(flag) for flag in opened.letter.flags],
        pages=pages,
        problem=problem,
        rows=[{"letter": row.Letter, "opened": row.opened, "state": row.state} for row in rows],
        previous_id=rows[here - 1].Letter.id if here else None,
        next_id=rows[here + 1].Letter.id if here + 1 < len(rows) else None,
        next_to_open=_next(who, pack, opened.letter.position),
        by_itself=by_itself,
        can_approve=by_itself and pack.state is PackState.REVIEW and event is None and not opened.letter.flagged,
        approval=queries.approval_of(session, who, letter_id),
        least_seconds=wording().each_least_seconds,
        sample=queries.sample_of(session, who, pack_id),
        asked=asked_of_letter(session, who, letter_id),
        can_refuse=pack.state is PackState.REVIEW and (event is None or event.state is LetterState.APPROVED),
        can_release=pack.state is PackState.REVIEW and event is None and opened.letter.flagged,
        forbids=_forbids(opened),
        release=queries.release_of(session, who, letter_id),
    )


@blueprint.get("/packs/<int:pack_id>/letters/<int:letter_id>/page-<int:page>.png")
@requires(Permission.PACKS_APPROVE)
def page_picture(pack_id: int, letter_id: int, page: int) -> Response:
    """One page as a picture. It is part of the letter's page, so it records no opening of its own."""
    opened = operations.peek(actor(), pack_id, letter_id)
    pictures = _pages_or_404(opened)[1]
    if not 1 <= page <= len(pictures):
        raise NotFound
    return _private(pictures[page - 1], "image/png")


@blueprint.get("/packs/<int:pack_id>/letters/<int:letter_id>/letter.pdf")
@requires(Permission.PACKS_APPROVE)
def letter_pdf(pack_id: int, letter_id: int) -> Response:
    """The letter alone, with text that can be read aloud. The opening is recorded."""
    opened = operations.open_letter(actor(), pack_id, letter_id)
    response = _private(_pages_or_404(opened)[0], "application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="letter-{opened.letter.position}.pdf"'
    return response


@blueprint.post("/packs/<int:pack_id>/letters/<int:letter_id>/approve")
@requires(Permission.PACKS_APPROVE)
def approve_letter(pack_id: int, letter_id: int) -> Any:
    """Approve one letter of a pack under US law, and go on to the next that waits."""
    who = actor()
    try:
        one_by_one.approve_letter(who, pack_id, letter_id)
    except Refused as refusal:
        if refusal.code != one_by_one.TOO_SOON:
            raise
        say_flash(refusal.message, "warning")
        return redirect(url_for("legal.letter", pack_id=pack_id, letter_id=letter_id))
    session = db.session()
    position = queries.letter_for(session, who, pack_id, letter_id).position
    following = queries.next_undecided(session, who, pack_id, position)
    if following is None:
        return redirect(url_for("legal.pack", pack_id=pack_id))
    return redirect(url_for("legal.letter", pack_id=pack_id, letter_id=following))


@blueprint.post("/packs/<int:pack_id>/letters/<int:letter_id>/refuse")
@requires(Permission.PACKS_APPROVE)
def refuse_letter(pack_id: int, letter_id: int) -> Any:
    """Leave one letter out of the approval."""
    operations.refuse_letter(actor(), pack_id, letter_id, request.form.get("reason", ""))
    say_flash(say("The letter is left out of the pack."))
    return redirect(url_for("legal.letter", pack_id=pack_id, letter_id=letter_id))


@blueprint.post("/packs/<int:pack_id>/letters/<int:letter_id>/release")
@requires(Permission.PACKS_APPROVE)
def release_letter(pack_id: int, letter_id: int) -> Any:
    """Let a letter go on that stands aside."""
    releasing.release_letter(actor(), pack_id, letter_id, request.form.get("reason", ""))
    say_flash(say("The letter goes on with the pack."))
    return redirect(url_for("legal.letter", pack_id=pack_id, letter_id=letter_id))


def _next(who: Actor, pack: LetterPack, position: int) -> int | None:
    """The letter that this person has to look at next, behind a position."""
    find = queries.next_undecided if pack.jurisdiction == LetterLaw.STATES else queries.next_to_open
    return find(db.session(), who, pack.id, position)


def _forbids(opened: Opened) -> Message | None:
    """Why a letter that stands aside cannot go on."""
    letter = opened.letter
    if not letter.flagged:
        return None
    standing = queries.obstacles_now(db.session(), letter.pack_id, letter.id).get(letter.id)
    return releasing.what_forbids(letter.flags, standing)


def _laid_out(opened: Opened) -> tuple[int, str | None]:
    """How many pages the letter has, or why it cannot be laid out, in the reader's language."""
    if opened.data is None:
        return 0, None
    try:
        return len(pages_of(opened).pictures), None
    except letters.LettersError as error:
        return 0, error.message_zh if str(get_locale()).startswith("zh") else error.message_en


def _pages_or_404(opened: Opened) -> tuple[bytes, tuple[bytes, ...]]:
    if opened.data is None:
        raise NotFound
    try:
        return pages_of(opened)
    except letters.LettersError:
        raise NotFound from None


def _private(content: bytes, mimetype: str) -> Response:
    """For this person's eyes now: no browser and no proxy keeps it."""
    response = Response(content, content_type=mimetype)
    response.headers["Cache-Control"] = "no-store"
    return response
