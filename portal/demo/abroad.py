"""What the demo shows of law firms abroad: letters under US law that an attorney approves each by itself, some of them so far, and
letters before action of a firm of solicitors that are printed and partly sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from portal.demo import intake, lettering, placing
from portal.demo.book_abroad import BOOKS, file_of
from portal.foundation.services import services
from portal.foundation.work import reading
from portal.legal.choosing import Choice
from portal.legal.dispatch.models import LetterDispatch
from portal.legal.dispatch.operations import dispatch_letter, record_result
from portal.legal.dispatch.queries import letters_to_send, ways_of
from portal.legal.dispatch.terms import MailResult, Outcome, Sent
from portal.legal.models import Letter, PackState
from portal.legal.one_by_one import approve_letter
from portal.legal.operations import open_letter
from portal.legal.queries import letter_rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from typing import Any

    from portal.demo.book_abroad import Book
    from portal.demo.stage import Stage

__all__ = ["plan_abroad"]

# Days before the business date: the accounts' last statement and its file, a later balance and its file, and so on.
STATEMENT, FIRST_FILE, BALANCE, SECOND_FILE, BUILT, READ, SENT, TOLD = 41, 40, 13, 12, 11, 10, 9, 3
US_BUILT, US_READ = 2, 1  # so that the attorney still has time for the others
BUCKETS = ("M4", "M5", "M6", "M7+")
US, UK = BOOKS
APPROVED = 5  # US letters so far; the next one was opened and is not decided on
READING_SECONDS = 45
CARRIER = "Royal Mail Signed For"


def plan_abroad(stage: Stage, begins: date) -> None:
    """The last weeks of both firms; nothing where the history is shorter than they are."""
    if stage.today - timedelta(days=FIRST_FILE) < begins:
        return

    def on(
        before: int, hour: int, minute: int, deed: Callable[..., Any], book: Book, *given: Any, **named: Any
    ) -> None:
        there = replace(stage, currency=book.currency)
        stage.plan(stage.today - timedelta(days=before), hour, minute, partial(deed, there, *given, **named))

    for number, book in enumerate(BOOKS):
        statement_on = stage.today - timedelta(days=STATEMENT)
        on(FIRST_FILE, 8, 2 + number, _import, book, book, statement_on, statement_on)
        on(SECOND_FILE, 8, 2 + number, _import, book, book, statement_on, stage.today - timedelta(days=BALANCE))
        on(SECOND_FILE, 8, 22 + number, placing.send, book, BUCKETS, {book.firm: 100}, book.size, placing.LETTERS)
        on(SECOND_FILE, 8, 45 + number, placing.answer_batches, book, only=book.firm)
    on(US_BUILT, 20, 14, lettering.build_packs, US, US.firm)
    on(US_READ, 20, 14, _approve_some, US)
    on(BUILT, 17, 32, lettering.build_packs, UK, UK.firm, Choice(interest=""))  # no interest is added any more
    on(READ, 17, 32, lettering.approve_packs, UK, UK.firm, doubt="The address on file is incomplete; please check it.")
    on(SENT, 16, 42, lettering.take_files, UK, UK.firm)
    on(SENT, 17, 32, _send_half, UK)
    on(TOLD, 17, 32, _note_results, UK)


def _import(stage: Stage, book: Book, statement_on: date, as_of: date) -> None:
    intake.take_in(stage, file_of(book, statement_on, as_of), f"overdue-{book.currency}-{as_of:%Y-%m-%d}.csv")


def _approve_some(stage: Stage) -> None:
    """The attorney reads one letter after the other and approves the first ones; the one that follows is still open."""
    attorney = stage.actor(lettering.FIRMS[US.firm][0])
    for pack_id in lettering.packs_of(stage, US.firm, PackState.REVIEW):
        with reading(attorney) as session:
            found = [row[0] for row in session.execute(letter_rows(attorney, pack_id).order_by(Letter.position))]
        for number, letter in enumerate([letter for letter in found if not letter.flagged][: APPROVED + 1]):
            open_letter(attorney, pack_id, letter.id)
            stage.set_clock(services().clock.now() + timedelta(seconds=READING_SECONDS + 7 * number))
            if number < APPROVED:
                approve_letter(attorney, pack_id, letter.id)


def _send_half(stage: Stage) -> None:
    """The assistant has posted the first half of the letters."""
    assistant = stage.actor(lettering.FIRMS[UK.firm][1])
    today = services().clock.today()
    for pack_id in lettering.packs_of(stage, UK.firm, PackState.READY):
        with reading(assistant) as session:
            ways = letters_to_send(session, assistant, pack_id)
        for number, way in enumerate(ways[: (len(ways) + 1) // 2], 1):
            dispatch_letter(assistant, pack_id, way.letter.id, Sent(CARRIER, f"KX{417_000 + number:09d}GB", today))


def _note_results(stage: Stage) -> None:
    """One letter was delivered and one came back; the others are on their way."""
    assistant = stage.actor(lettering.FIRMS[UK.firm][1])
    today = services().clock.today()
    reported = Outcome(MailResult.DELIVERED, today), Outcome(MailResult.RETURNED, today, "Addressee has gone away")
    for pack_id in lettering.packs_of(stage, UK.firm, PackState.READY):
        with reading(assistant) as session:
            sent = ways_of(assistant).where(Letter.pack_id == pack_id, LetterDispatch.id.is_not(None))
            letters = list(session.scalars(sent.with_only_columns(Letter.id).order_by(Letter.id)))
        for letter_id, outcome in zip(letters, reported, strict=False):
            record_result(assistant, pack_id, letter_id, outcome)
