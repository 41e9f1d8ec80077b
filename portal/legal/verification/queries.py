"""Reads of how often letters were verified: a firm of its own, the bank of all and of codes that nobody has issued."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from portal.foundation.database import summed
from portal.foundation.visibility import visible
from portal.legal.models import Letter
from portal.legal.verification.models import Answer, VerificationCount

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = [
    "MANY", "Asked", "asked_of_letter", "asked_of_pack", "asked_often", "count_standing_out", "times_asked", "unknown_codes",
]  # fmt: skip

MANY = 10  # the addressee looks once or twice; whoever sends copies around makes many look


class Asked(NamedTuple):
    """How often somebody asked, how often with another letter's number, and the last day."""

    times: int
    mismatches: int
    last_on: date | None

    @property
    def stands_out(self) -> bool:
        """Whether the firm should look into it."""
        return self.times >= MANY or self.mismatches > 0


NEVER = Asked(0, 0, None)


def asked_of_pack(session: Session, actor: Actor, pack_id: int) -> Asked:
    """About all letters of a pack."""
    letters = visible(Letter, actor).where(Letter.pack_id == pack_id).with_only_columns(Letter.id)
    return _asked(session, actor, VerificationCount.letter_id.in_(letters))


def asked_of_letter(session: Session, actor: Actor, letter_id: int) -> Asked:
    """About one letter."""
    return _asked(session, actor, VerificationCount.letter_id == letter_id)


def times_asked() -> sa.ScalarSelect[Any]:
    """How often somebody asked about a letter of a select over letters; NULL where nobody did."""
    times = sa.select(summed(VerificationCount.times)).where(VerificationCount.letter_id == Letter.id)
    return times.correlate(Letter).scalar_subquery()


def asked_often() -> sa.ColumnElement[bool]:
    """Whether a letter of a select over letters stands out."""
    times, mismatches, _last = _figures()
    found = (
        sa.select(VerificationCount.letter_id)
        .where(VerificationCount.letter_id == Letter.id)
        .group_by(VerificationCount.letter_id)
        .having(sa.or_(times >= MANY, mismatches > 0))
    )
    return found.correlate(Letter).exists()


def count_standing_out(session: Session, actor: Actor, pack_id: int) -> int:
    """How many letters of a pack stand out."""
    letters = visible(Letter, actor).where(Letter.pack_id == pack_id, asked_often())
    return session.scalar(letters.with_only_columns(sa.func.count())) or 0


def unknown_codes(session: Session, actor: Actor, since: date) -> Asked:
    """How often codes were typed that nobody has issued, from a day on; the bank alone sees it."""
    unknown = VerificationCount.answer == Answer.UNKNOWN
    return _asked(session, actor, sa.and_(unknown, VerificationCount.day >= since))


def _figures() -> tuple[sa.ColumnElement[int], sa.ColumnElement[int], sa.ColumnElement[date]]:
    mismatches = sa.case((VerificationCount.answer == Answer.MISMATCH, VerificationCount.times), else_=0)
    return summed(VerificationCount.times), summed(mismatches), sa.func.max(VerificationCount.day)


def _asked(session: Session, actor: Actor, which: sa.ColumnElement[bool]) -> Asked:
    wanted = visible(VerificationCount, actor).where(which).with_only_columns(*_figures())
    times, mismatches, last_on = session.execute(wanted).one()
    return Asked(int(times), int(mismatches), last_on) if times else NEVER
