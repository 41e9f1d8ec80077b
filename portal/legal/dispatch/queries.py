"""Reads of letters on their way. A firm sees its own; the bank sees all."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.foundation.bulk import among
from portal.foundation.errors import NotFound
from portal.foundation.values import plain
from portal.foundation.visibility import visible
from portal.identity.models import User
from portal.legal.dispatch.models import LetterDispatch, LetterResult, ResultEffect
from portal.legal.dispatch.terms import MailResult, same_item
from portal.legal.models import Letter, LetterCounter, LetterEvent, LetterPack, LetterState, PackState
from portal.legal.numbering import plain_number, year_and_number
from portal.legal.verification.codes import NO_CODE, read_code

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = [
    "Said", "Standing", "Way", "counts_of", "effect_of", "history_of", "is_out", "is_void", "letters_by_number", "letters_found", "letters_to_send", "letters_tracked", "letters_under_way", "result_for", "rows_of",
    "standing", "way_for", "ways_by_letter", "ways_of",
]  # fmt: skip


MOST_FOUND = 20


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


class Standing(StrEnum):
    """What a row of a letter's history is today."""

    STANDS = "stands"
    CORRECTED = "corrected"  # the next row says something else
    TAKEN_BACK = "taken_back"  # the next row says that it was an error
    TAKES_BACK = "takes_back"  # such a row itself: it repeats what it takes back, and says why


class Said(NamedTuple):
    """One row of a letter's history with who said it."""

    row: Any
    who: str | None
    standing: Standing


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
    """Letters of a firm's ready packs by these numbers, each under its number in plain form."""
    asked = {*numbers, *map(plain_number, numbers)}
    wanted = ways_of(actor).where(Letter.organisation_id == organisation_id, among(session, Letter.letter_no, asked))
    return {plain_number(str(row[0].letter_no)): Way(*row) for row in session.execute(wanted.order_by(Letter.id))}


def letters_tracked(
    session: Session, actor: Actor, organisation_id: int, tracking_nos: Collection[str]
) -> dict[tuple[str, str], Letter]:
    """Letters of a firm that are out under these tracking numbers, by carrier and number as `same_item` compares them."""
    wanted = _out_under(session, actor, tracking_nos).where(Letter.organisation_id == organisation_id)
    rows = session.execute(wanted.add_columns(LetterDispatch.carrier, LetterDispatch.tracking_no))
    return {same_item(row.carrier, row.tracking_no): row.Letter for row in rows}


def letters_found(session: Session, actor: Actor, words: str) -> Sequence[sa.Row[tuple[Letter, PackState]]]:
    """Letters by what is typed off them or their envelopes: the number or the six figures in it, the verification code, the
    tracking number under which they are out; each with its pack's state, the latest first."""
    code, tracked = read_code(words), _out_under(session, actor, [words]).with_only_columns(Letter.id)
    whole: list[sa.ColumnElement[bool]] = [Letter.letter_no.in_({words, plain_number(words)}), Letter.id.in_(tracked)]
    if code != NO_CODE:
        whole.append(Letter.verify_code == code)
    found, parts = _found(session, actor, sa.or_(*whole)), year_and_number(words)
    return found if found or parts is None else _found(session, actor, _numbered(actor, *parts))


def _found(session: Session, actor: Actor, which: sa.ColumnElement[bool]) -> Sequence[sa.Row[tuple[Letter, PackState]]]:
    wanted = visible(Letter, actor).join(LetterPack, LetterPack.id == Letter.pack_id).where(which)
    return session.execute(wanted.add_columns(LetterPack.state).order_by(Letter.id.desc()).limit(MOST_FOUND)).all()


def _numbered(actor: Actor, year: int | None, number: int) -> sa.ColumnElement[bool]:
    """In every firm's count of every year, or of the one that is said: as letters are numbered, and indexed."""
    counts = visible(LetterCounter, actor).with_only_columns(LetterCounter.organisation_id, LetterCounter.year)
    if year is not None:
        counts = counts.where(LetterCounter.year == year)
    return sa.and_(sa.tuple_(Letter.organisation_id, Letter.year).in_(counts), Letter.number == number)


def _out_under(session: Session, actor: Actor, tracking_nos: Collection[str]) -> sa.Select[Any]:
    """Letters whose dispatch, as it stands, has one of these tracking numbers."""
    asked = {
        spelt for number in map(plain, tracking_nos) if number for spelt in (number, number.upper(), number.lower())
    }
    return (
        visible(Letter, actor)
        .join(LetterDispatch, LetterDispatch.letter_id == Letter.id)
        .where(among(session, LetterDispatch.tracking_no, asked), LetterDispatch.id == standing(LetterDispatch))
        .where(~LetterDispatch.taken_back)
        .order_by(Letter.id)
    )


def history_of(session: Session, actor: Actor, letter_id: int) -> tuple[list[Said], list[Said]]:
    """All that was ever said of a letter's way, each with who said it and what became of it, the latest first: dispatches,
    results."""
    found = []
    for model in (LetterDispatch, LetterResult):
        wanted: sa.Select[Any] = visible(model, actor).outerjoin(User, User.id == model.by_user_id)
        wanted = wanted.add_columns(User.name.label("who")).where(model.letter_id == letter_id)
        found.append(_with_standing(session.execute(wanted.order_by(model.id.desc())).all()))
    return found[0], found[1]


def _with_standing(rows: Sequence[Any]) -> list[Said]:
    """Of each row what the one after it did: nothing, so that it stands; take it back; or say something else in its place."""
    told, later = [], None
    for said, who in rows:
        if said.taken_back:
            standing = Standing.TAKES_BACK
        elif later is None:
            standing = Standing.STANDS
        else:
            standing = Standing.TAKEN_BACK if later.taken_back else Standing.CORRECTED
        told.append(Said(said, who, standing))
        later = said
    return told


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
