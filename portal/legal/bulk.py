"""Letters written and numbered many at a time.

The statements here go past the net under ORM statements: rows come from selects made for the actor, and on PostgreSQL the
row policies stand under them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.foundation.bulk import in_chunks, insert_for, insert_rows, stage_rows
from portal.legal.models import Letter, LetterCounter, LetterEvent, LetterState, LiveLetter

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.orm import Session

    from portal.foundation.work import Work

__all__ = [
    "LETTER_COLUMNS", "add_events", "give_back_rows", "number_letters", "open_counter", "take_rows", "write_letters",
]  # fmt: skip

LETTER_COLUMNS = (
    "pack_id", "organisation_id", "placement_id", "account_id", "customer_id", "contact_point_id", "position", "account_ref", "name_masked",
    "total_minor", "currency", "as_of", "frozen_sealed", "content_sha256", "flagged", "flags", "in_sample", "verify_code",
)  # fmt: skip
OVER = (LetterState.REFUSED, LetterState.VOID)  # after which a letter holds no place any more (living.py)
CHUNK = 500
_EVENT_COLUMNS = ("letter_id", "organisation_id", "state", "by_user_id", "at", "reason")


def write_letters(session: Session, rows: Iterable[Sequence[Any]]) -> None:
    """Insert frozen letters, values in the order of LETTER_COLUMNS."""
    insert_rows(session, Letter, LETTER_COLUMNS, rows)


def open_counter(session: Session, organisation_id: int, year: int) -> None:
    """Have the firm's counter of the year there; two who begin it at once begin the same one."""
    columns = ("organisation_id", "year", "last_number")
    insert_rows(session, LetterCounter, columns, [(organisation_id, year, 0)], skip_existing=True)


def number_letters(session: Session, year: int, rows: Sequence[tuple[int, int, str]]) -> None:
    """Give letters (id, number, number in words) their numbers, in one UPDATE: from then on the rows cannot change."""
    columns: list[sa.Column[Any]] = [
        sa.Column("letter_id", sa.BigInteger()),
        sa.Column("number", sa.BigInteger()),
        sa.Column("letter_no", sa.String(64)),
    ]
    drawn = stage_rows(session, "drawn_numbers", columns, rows)
    letter: sa.Table = Letter.__table__  # type: ignore[assignment]
    session.connection().execute(
        sa.update(letter)
        .where(letter.c.id == drawn.c.letter_id)
        .values(year=year, number=drawn.c.number, letter_no=drawn.c.letter_no)
    )


def add_events(
    work: Work, organisation_id: int, state: LetterState, letters: Iterable[tuple[int, str]], *, by_person: bool = True
) -> None:
    """A step of many letters, given as (id, reason), by the actor or (`by_person=False`) by a check."""
    by = work.actor.user_id if by_person else None
    rows = [(letter_id, organisation_id, state.value, by, work.now, reason) for letter_id, reason in letters]
    insert_rows(work.session, LetterEvent, _EVENT_COLUMNS, rows)
    if state in OVER:
        for some in in_chunks((row[0] for row in rows), CHUNK):
            give_back_rows(work.session, Letter.id.in_(some))


def take_rows(session: Session, letters: sa.Select[tuple[int]], template: str, *, skip_taken: bool = False) -> None:
    """Letters take their placements' places for a template. `skip_taken`: where one is taken, it stays with who has it."""
    found = sa.select(Letter.id, Letter.placement_id, Letter.organisation_id, sa.literal(template)).where(
        Letter.id.in_(letters)
    )
    table: sa.Table = LiveLetter.__table__  # type: ignore[assignment]
    insert = insert_for(session)(table).from_select(
        ["letter_id", "placement_id", "organisation_id", "template"], found.order_by(Letter.id), include_defaults=False
    )
    session.connection().execute(insert.on_conflict_do_nothing() if skip_taken else insert)


def give_back_rows(session: Session, letters: sa.ColumnElement[bool]) -> None:
    """Letters of which this holds give back their places."""
    table: sa.Table = LiveLetter.__table__  # type: ignore[assignment]
    ids = sa.select(Letter.id).where(letters)
    session.connection().execute(sa.delete(table).where(table.c.letter_id.in_(ids)))
