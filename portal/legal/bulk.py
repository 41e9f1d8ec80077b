"""Letters written and numbered many at a time.

The statements here go past the net under ORM statements: rows come from selects made for the actor, and on PostgreSQL the
row policies stand under them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.foundation.bulk import insert_rows, stage_rows
from portal.legal.models import Letter, LetterCounter, LetterEvent, LetterState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.orm import Session

    from portal.foundation.work import Work

__all__ = ["LETTER_COLUMNS", "add_events", "number_letters", "open_counter", "write_letters"]

LETTER_COLUMNS = (
    "pack_id", "organisation_id", "placement_id", "account_id", "customer_id", "contact_point_id", "position", "account_ref", "name_masked",
    "total_minor", "currency", "frozen_sealed", "content_sha256", "flagged", "flags", "in_sample", "verify_code",
)  # fmt: skip
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
