"""Statements of verification that go past the net under ORM statements: counts that grow in place, and a pack's letters made
known at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.foundation.bulk import insert_for, insert_new
from portal.legal.models import Letter, LetterEvent, LetterPack, LetterState
from portal.legal.verification.models import IssuedLetter, VerificationCount

if TYPE_CHECKING:
    from portal.foundation.work import Work
    from portal.legal.verification.models import Answer

__all__ = ["add_one", "make_known"]


def add_one(work: Work, answer: Answer, letter: IssuedLetter | None) -> None:
    """One more of this answer today; two at once are both counted. No audit event: what strangers ask is not a deed of
    anybody's, and would drown those that are."""
    table: sa.Table = VerificationCount.__table__  # type: ignore[assignment]
    letter_id, organisation_id = (letter.letter_id, letter.organisation_id) if letter else (None, None)
    values = {
        "letter_id": letter_id,
        "organisation_id": organisation_id,
        "day": work.today,
        "answer": answer,
        "times": 1,
    }
    insert = insert_for(work.session)(table).values(**values)
    once = [sa.text("coalesce(letter_id, 0)"), table.c.day, table.c.answer]
    work.session.connection().execute(
        insert.on_conflict_do_update(index_elements=once, set_={"times": table.c.times + 1})
    )


def make_known(work: Work, pack: LetterPack) -> None:
    """From now on the verification page knows the numbered letters of this pack. Done again, it changes nothing."""
    void = sa.select(sa.func.min(LetterEvent.at)).where(
        LetterEvent.letter_id == Letter.id, LetterEvent.state == LetterState.VOID
    )
    found = (
        sa.select(
            Letter.id, Letter.organisation_id, Letter.verify_code, Letter.letter_no,
            sa.literal(pack.issued_on, sa.Date), void.scalar_subquery(),
        )
        .where(Letter.pack_id == pack.id, Letter.letter_no.is_not(None))
        .order_by(Letter.number)
    )  # fmt: skip
    names = ("letter_id", "organisation_id", "verify_code", "letter_no", "issued_on", "withdrawn_at")
    insert_new(work.session, IssuedLetter, names, found)
