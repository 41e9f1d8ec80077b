"""Reads of letters on their way. A firm sees its own; the bank sees all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.foundation.errors import NotFound
from portal.foundation.visibility import visible
from portal.identity.models import User
from portal.legal.dispatch.models import LetterDispatch, LetterResult, ResultEffect
from portal.legal.dispatch.terms import MailResult
from portal.legal.models import Letter, LetterEvent, LetterPack, LetterState, PackState

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = [
    "Way", "counts_of", "effect_of", "history_of", "is_out", "is_void", "letters_by_number", "letters_to_send", "letters_under_way", "result_for", "rows_of",
    "standing", "way_for", "ways_by_letter", "ways_of",
]  # fmt: skip


class Way(NamedTuple):
    """A letter with what stands of its way, None where nothing does. `last_…`: the latest rows, be they taken back, which the next
    ones name."""

    letter: Letter
    pack: LetterPack
    dispatch: LetterDispatch | None
    result: LetterResult | None
    void: bool
    last_dispatch: int | None
    last_result: int | None


def is_void() -> sa.ColumnElement[bool]:
    """Whether a letter of a select over letters is void."""
    void = sa.select(LetterEvent.id).where(LetterEvent.letter_id == Letter.id, LetterEvent.state == LetterState.VOID)
    return void.correlate(Letter).exists()


def is_out() -> sa.ColumnElement[bool]:
    """Whether a letter of a select over letters was sent, as far as that stands."""
    stands = aliased(LetterDispatch)
    sent = sa.select(stands.id).where(stands.id == standing(LetterDispatch), ~stands.taken_back)
    return sent.correlate(Letter).exists()


def standing(model: Any) -> sa.ScalarSelect[Any]:
    """The id of the latest row of a letter of a select over letters, which stands unless it takes back; NULL where there is none."""
    return sa.select(sa.func.max(model.id)).where(model.letter_id == Letter.id).correlate(Letter).scalar_subquery()


def ways_of(actor: Actor) -> sa.Select[Any]:
    """Numbered letters of ready packs as rows (Letter, LetterPack, LetterDispatch, LetterResult, void)."""
    return (
        visible(Letter, actor)
        .join(LetterPack, LetterPack.id == Letter.pack_id)
        .outerjoin(LetterDispatch, sa.and_(LetterDispatch.id == standing(LetterDispatch), ~LetterDispatch.taken_back))
        .outerjoin(LetterResult, sa.and_(LetterResult.id == standing(LetterResult), ~LetterResult.taken_back))
        .add_columns(
            LetterPack,
            LetterDispatch,
            LetterResult,
            is_void().label("void"),
            standing(LetterDispatch).label("last_dispatch"),
            standing(LetterResult).label("last_result"),
        )
        .where(Letter.letter_no.is_not(None), LetterPack.state == PackState.READY)
    )


def rows_of(actor: Actor, pack_id: int) -> sa.Select[Any]:
    """The same of one pack."""
    return ways_of(actor).where(Letter.pack_id == pack_id)


def way_for(session: Session, actor: Actor, pack_id: int, letter_id: int) -> Way:
    """One letter of a ready pack. NotFound where there is none that the actor may see."""
    row = session.execute(rows_of(actor, pack_id).where(Letter.id == letter_id)).one_or_none()
    if row is None:
        raise NotFound
    return Way(*row)


def ways_by_letter(session: Session, actor: Actor, letter_ids: Collection[int]) -> dict[int, Way]:
    """Those of these letters that are numbered and of ready packs."""
    wanted = ways_of(actor).where(Letter.id.in_(letter_ids)).order_by(Letter.id)
    return {row[0].id: Way(*row) for row in session.execute(wanted)}


def letters_to_send(session: Session, actor: Actor, pack_id: int) -> list[Way]:
    """Letters of a pack that are neither void nor out, by number."""
    wanted = rows_of(actor, pack_id).where(LetterDispatch.id.is_(None), ~is_void()).order_by(Letter.number)
    return [Way(*row) for row in session.execute(wanted)]


def letters_under_way(session: Session, actor: Actor, pack_id: int) -> list[Way]:
    """Letters of a pack that are out or to be sent, by number."""
    wanted = rows_of(actor, pack_id).where(sa.or_(LetterDispatch.id.is_not(None), ~is_void()))
    return [Way(*row) for row in session.execute(wanted.order_by(Letter.number))]


def letters_by_number(session: Session, actor: Actor, organisation_id: int, numbers: Collection[str]) -> dict[str, Way]:
    """Letters of a firm's ready packs by these numbers."""
    wanted = ways_of(actor).where(Letter.organisation_id == organisation_id, Letter.letter_no.in_(numbers))
    return {str(row[0].letter_no): Way(*row) for row in session.execute(wanted.order_by(Letter.id))}


def history_of(session: Session, actor: Actor, letter_id: int) -> tuple[Sequence[Any], Sequence[Any]]:
    """All that was ever said of a letter's way, each with who said it, the latest first: dispatches, results."""
    found = []
    for model in (LetterDispatch, LetterResult):
        wanted: sa.Select[Any] = visible(model, actor).outerjoin(User, User.id == model.by_user_id)
        wanted = wanted.add_columns(User.name.label("who")).where(model.letter_id == letter_id)
        found.append(session.execute(wanted.order_by(model.id.desc())).all())
    return found[0], found[1]


def result_for(session: Session, actor: Actor, pack_id: int, letter_id: int, result_id: int) -> LetterResult:
    """One result of a letter, corrected ones too. NotFound where there is none that the actor may see."""
    found = session.scalar(
        visible(LetterResult, actor)
        .join(Letter, Letter.id == LetterResult.letter_id)
        .where(LetterResult.id == result_id, Letter.id == letter_id, Letter.pack_id == pack_id)
    )
    if found is None:
        raise NotFound
    return found


def effect_of(session: Session, actor: Actor, result: LetterResult | None) -> ResultEffect | None:
    """What a result changed elsewhere; None where it changed nothing."""
    if result is None:
        return None
    wanted = visible(ResultEffect, actor).where(ResultEffect.result_id == result.id)
    return session.scalar(wanted.order_by(ResultEffect.id))


def counts_of(session: Session, actor: Actor, pack_id: int) -> dict[str, int]:
    """How many letters of a pack are to be sent, are out, wait for a result, arrived, or did not."""
    result, out = LetterResult.result, LetterDispatch.id.is_not(None)
    parts = {
        "to_send": sa.and_(~out, ~is_void()),
        "out": out,
        "waiting": sa.and_(out, LetterResult.id.is_(None)),
        "delivered": result == MailResult.DELIVERED,
        "back": result.in_((MailResult.RETURNED, MailResult.REFUSED, MailResult.UNCLAIMED)),
    }
    sums = [sa.func.coalesce(sa.func.sum(sa.case((part, 1), else_=0)), 0).label(name) for name, part in parts.items()]
    row = session.execute(rows_of(actor, pack_id).with_only_columns(*sums)).one()
    return {name: int(getattr(row, name)) for name in parts}
