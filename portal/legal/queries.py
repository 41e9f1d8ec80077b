"""Reads of packs and letters. A firm sees its own; the bank sees all, with names masked."""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.foundation.errors import NotFound
from portal.foundation.vault import PersonKey
from portal.foundation.visibility import visible
from portal.identity.models import User
from portal.legal.flags import ACCOUNT_CLOSED, PAID_SINCE, PERSON_ERASED, PLACEMENT_ENDED, WORK_STOPPED, hold_code
from portal.legal.models import (
    Letter,
    LetterApproval,
    LetterEvent,
    LetterOpening,
    LetterPack,
    LetterRelease,
    LetterState,
    LiveLetter,
    PackDownload,
    PackState,
)
from portal.placement.models import BatchState, Placement, PlacementBatch
from portal.portfolio.models import Account, AccountStatus, Customer, Hold, LimitationClock
from portal.vendors.models import PlacementKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

LONGEST_READING = 600  # seconds between two openings that count as reading the first

__all__ = [
    "Sample", "approval_of", "batch_to_pack", "batches_to_pack", "count_waiting", "current_state", "downloads_of", "event_of", "first_letter", "fresh_count",
    "lawyers", "letter_for", "letter_rows", "letters_of_account", "name_of_user", "neighbours", "next_to_open", "next_undecided",
    "obstacles_now", "open_packs_of", "pack_for", "pack_numbered", "packs", "packs_count", "packs_of_batch", "reading_time", "release_of", "sample_of", "sealed_letter", "seconds_open", "standing_of", "unsampled", "unwritten_count",
]  # fmt: skip


class Sample(NamedTuple):
    """Letters of a pack that have to be opened before it can be approved, and how many of them one person has opened."""

    required: int
    opened: int

    @property
    def missing(self) -> int:
        """What this person still has to open."""
        return self.required - self.opened


class Reading(NamedTuple):
    """How much of a pack somebody has read, in letters and whole minutes."""

    name: str
    letters: int
    minutes: int


# --- packs --------------------------------------------------------------------------------------------------------------


def packs(actor: Actor) -> sa.Select[tuple[LetterPack]]:
    """Packs that the actor may see, each with its firm."""
    return visible(LetterPack, actor).options(joinedload(LetterPack.organisation))


def pack_for(session: Session, actor: Actor, pack_id: int, *, lock: bool = False) -> LetterPack:
    """One pack; NotFound where there is none that the actor may see. `lock` keeps others from moving it."""
    if lock:
        wanted = visible(LetterPack, actor).with_for_update().execution_options(populate_existing=True)
    else:
        wanted = packs(actor)
    found = session.scalar(wanted.where(LetterPack.id == pack_id))
    if found is None:
        raise NotFound
    return found


def pack_numbered(session: Session, actor: Actor, number: str) -> LetterPack | None:
    """The pack of this number, if the actor may see it."""
    return session.scalar(visible(LetterPack, actor).where(LetterPack.number == number))


def open_packs_of(session: Session, batch_id: int) -> Sequence[LetterPack]:
    """The packs of a batch that no lawyer has decided on yet, locked."""
    undecided = (PackState.BUILDING, PackState.REVIEW)
    wanted = sa.select(LetterPack).where(LetterPack.batch_id == batch_id, LetterPack.state.in_(undecided))
    ordered = wanted.order_by(LetterPack.id).with_for_update().execution_options(populate_existing=True)
    return session.scalars(ordered).all()


def packs_of_batch(session: Session, batch_id: int) -> Sequence[LetterPack]:
    """All packs of a batch, in the order in which they were asked for."""
    return session.scalars(sa.select(LetterPack).where(LetterPack.batch_id == batch_id).order_by(LetterPack.id)).all()


def batches_to_pack(actor: Actor, *, unpacked: bool = False) -> sa.Select[tuple[PlacementBatch]]:
    """Accepted batches of letters with an account that no live letter is written to, the oldest first: a firm's own, or for the
    bank everybody's. `unpacked`: only those that have no pack yet, or none that was not refused."""
    packed = sa.select(LetterPack.id).where(
        LetterPack.batch_id == PlacementBatch.id, LetterPack.state != PackState.REFUSED
    )
    wanted = _letter_batches(actor).where(PlacementBatch.state == BatchState.ACCEPTED, _unwritten().exists())
    if unpacked:
        wanted = wanted.where(~packed.exists())
    return wanted.order_by(PlacementBatch.sent_at, PlacementBatch.id)


def unwritten_count() -> sa.ScalarSelect[int]:
    """How many accounts of a batch no live letter is written to, as a column of a select over batches."""
    return _unwritten().with_only_columns(sa.func.count(Placement.id)).correlate(PlacementBatch).scalar_subquery()


def fresh_count() -> sa.ScalarSelect[int]:
    """How many of these were in no pack so far; the others' letters were left out, void or came back."""
    before = (
        sa.select(Letter.id)
        .join(LetterPack, LetterPack.id == Letter.pack_id)
        .where(Letter.placement_id == Placement.id, LetterPack.state != PackState.REFUSED)
        .correlate(Placement)
    )
    fresh = _unwritten().where(~before.exists())
    return fresh.with_only_columns(sa.func.count(Placement.id)).correlate(PlacementBatch).scalar_subquery()


def _unwritten() -> sa.Select[tuple[int]]:
    written = sa.select(LiveLetter.letter_id).where(LiveLetter.placement_id == Placement.id).correlate(Placement)
    return sa.select(Placement.id).where(
        Placement.batch_id == PlacementBatch.id, Placement.ended_at.is_(None), Placement.stopped_at.is_(None),
        ~written.exists(),
    )  # fmt: skip


def packs_count() -> sa.ScalarSelect[int]:
    """How many packs a batch has, as a column of a select over batches."""
    return (
        sa.select(sa.func.count(LetterPack.id))
        .where(LetterPack.batch_id == PlacementBatch.id)
        .correlate(PlacementBatch)
        .scalar_subquery()
    )


def batch_to_pack(session: Session, actor: Actor, batch_id: int, *, lock: bool = True) -> PlacementBatch:
    """A batch of letters of the actor's firm, or for the bank of any, whatever its state; locked unless said otherwise. NotFound
    for any other."""
    wanted = _letter_batches(actor).where(PlacementBatch.id == batch_id)
    if lock:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(wanted)
    if found is None:
        raise NotFound
    return found


def _letter_batches(actor: Actor) -> sa.Select[tuple[PlacementBatch]]:
    wanted = visible(PlacementBatch, actor).where(PlacementBatch.kind == PlacementKind.LETTER)
    return wanted if actor.is_bank else wanted.where(PlacementBatch.organisation_id == actor.organisation_id)


def count_waiting(session: Session, actor: Actor) -> int:
    """Packs that wait for the firm's lawyer, and batches that wait for a pack."""
    in_review = visible(LetterPack, actor).where(LetterPack.state == PackState.REVIEW).with_only_columns(LetterPack.id)
    to_build = batches_to_pack(actor, unpacked=True).with_only_columns(PlacementBatch.id).order_by(None)
    both = sa.union_all(in_review, to_build).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(both)) or 0


def downloads_of(session: Session, actor: Actor, pack_id: int) -> list[tuple[PackDownload, str]]:
    """Who took which file, the latest first, with the person's name."""
    wanted = (
        visible(PackDownload, actor)
        .join(User, User.id == PackDownload.user_id)
        .add_columns(User.name)
        .where(PackDownload.pack_id == pack_id)
        .order_by(PackDownload.id.desc())
        .limit(50)
    )
    return [(row[0], row[1]) for row in session.execute(wanted)]


def name_of_user(session: Session, user_id: int | None) -> str | None:
    """Who it was, as far as the session's actor may see the person."""
    return session.scalar(sa.select(User.name).where(User.id == user_id)) if user_id else None


def lawyers(session: Session, actor: Actor, firm_id: int, today: date) -> list[User]:
    """People of a firm whose lawyer's licence is valid on the day."""
    wanted = (
        visible(User, actor)
        .where(
            User.organisation_id == firm_id,
            User.active,
            User.lawyer_licence_no != "",
            sa.or_(User.lawyer_licence_until.is_(None), User.lawyer_licence_until >= today),
        )
        .order_by(User.id)
    )
    return list(session.scalars(wanted))


# --- letters ------------------------------------------------------------------------------------------------------------


def current_state() -> sa.ScalarSelect[Any]:
    """The latest step of a letter, as a column of a select over letters; NULL while it waits for review."""
    return _of_latest_event(LetterEvent.state)


def _of_latest_event(column: Any) -> sa.ScalarSelect[Any]:
    return (
        sa.select(column)
        .where(LetterEvent.letter_id == Letter.id)
        .order_by(LetterEvent.id.desc())
        .limit(1)
        .correlate(Letter)
        .scalar_subquery()
    )


def _opened_by(user_id: int | None) -> sa.Exists:
    return (
        sa.select(LetterOpening.id)
        .where(LetterOpening.letter_id == Letter.id, LetterOpening.user_id == (user_id or 0))
        .correlate(Letter)
        .exists()
    )


def letter_rows(actor: Actor, pack_id: int) -> sa.Select[Any]:
    """Letters of a pack as rows `(Letter, state, reason, opened)`: of the latest step; opened by the actor."""
    return (
        visible(Letter, actor)
        .where(Letter.pack_id == pack_id)
        .add_columns(
            current_state().label("state"),
            _of_latest_event(LetterEvent.reason).label("reason"),
            _opened_by(actor.user_id).label("opened"),
        )
    )


def letter_for(session: Session, actor: Actor, pack_id: int, letter_id: int) -> Letter:
    """One letter of a pack; NotFound where there is none that the actor may see."""
    found = session.scalar(visible(Letter, actor).where(Letter.id == letter_id, Letter.pack_id == pack_id))
    if found is None:
        raise NotFound
    return found


def release_of(session: Session, actor: Actor, letter_id: int) -> tuple[LetterRelease, str] | None:
    """How a letter that stood aside was let go on, with the lawyer's name; None where it was not."""
    wanted = (
        visible(LetterRelease, actor)
        .join(User, User.id == LetterRelease.by_user_id)
        .add_columns(User.name)
        .where(LetterRelease.letter_id == letter_id)
    )
    row = session.execute(wanted).first()
    return (row[0], row[1]) if row else None


def event_of(session: Session, letter_id: int) -> LetterEvent | None:
    """The latest step of a letter."""
    wanted = sa.select(LetterEvent).where(LetterEvent.letter_id == letter_id).order_by(LetterEvent.id.desc()).limit(1)
    return session.scalar(wanted)


def sealed_letter(session: Session, letter: Letter) -> tuple[bytes, PersonKey] | None:
    """The frozen data with the debtor's key; None once the firm holds no account of the person any more."""
    wanted = (
        sa.select(PersonKey)
        .join(Customer, Customer.person_key_id == PersonKey.id)
        .where(Customer.id == letter.customer_id)
    )
    key = session.scalar(wanted)
    return None if key is None else (letter.frozen_sealed, key)


def sample_of(session: Session, actor: Actor, pack_id: int) -> Sample:
    """How far the actor's own review of a pack is. Letters that were refused need not be opened."""
    opened = sa.func.coalesce(sa.func.sum(sa.case((_opened_by(actor.user_id), 1), else_=0)), 0)
    sampled = visible(Letter, actor).where(Letter.pack_id == pack_id, Letter.in_sample, current_state().is_(None))
    required, read = session.execute(sampled.with_only_columns(sa.func.count(), opened)).one()
    return Sample(int(required), int(read))


def unsampled(session: Session, actor: Actor, pack_id: int) -> dict[int, int]:
    """Letters that neither stand aside nor were decided on, and need not be opened so far: their ids by position."""
    wanted = visible(Letter, actor).where(
        Letter.pack_id == pack_id, ~Letter.flagged, ~Letter.in_sample, current_state().is_(None)
    )
    ordered = wanted.with_only_columns(Letter.position, Letter.id).order_by(Letter.position)
    return dict(session.execute(ordered).tuples().all())


class Standing(NamedTuple):
    """How many letters of a pack still go out or went out, and what they demand in minor units; how many stand aside, were left
    out, are void."""

    going: int
    total_minor: int
    aside: int
    left_out: int
    void: int


def standing_of(session: Session, actor: Actor, pack_id: int) -> Standing:
    """What became of a pack's letters."""
    rows = visible(Letter, actor).where(Letter.pack_id == pack_id)
    rows = rows.with_only_columns(Letter.flagged, Letter.total_minor, current_state().label("state"))
    found: sa.Subquery = rows.subquery()
    over = sa.func.coalesce(found.c.state, "").in_((LetterState.REFUSED, LetterState.VOID))

    def count(condition: sa.ColumnElement[bool]) -> Any:
        return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)

    goes = sa.and_(~found.c.flagged, ~over)
    wanted = sa.select(
        count(goes), sa.func.coalesce(sa.func.sum(sa.case((goes, found.c.total_minor), else_=0)), 0),
        count(sa.and_(found.c.flagged, ~over)), count(found.c.state == LetterState.REFUSED),
        count(found.c.state == LetterState.VOID),
    )  # fmt: skip
    return Standing(*(int(value) for value in session.execute(wanted).one()))


def neighbours(session: Session, actor: Actor, letter: Letter, each_side: int) -> list[Any]:
    """Rows around a letter in the order of the pack, itself among them."""
    low, high = letter.position - each_side, letter.position + each_side
    wanted = letter_rows(actor, letter.pack_id).where(Letter.position.between(low, high)).order_by(Letter.position)
    return list(session.execute(wanted))


def next_to_open(session: Session, actor: Actor, pack_id: int, position: int) -> int | None:
    """The id of the next letter of the sample that the actor has not opened: behind a position, else from the start."""
    wanted = (
        visible(Letter, actor)
        .with_only_columns(Letter.id)
        .where(Letter.pack_id == pack_id, Letter.in_sample, ~_opened_by(actor.user_id), current_state().is_(None))
        .order_by(Letter.position <= position, Letter.position)
        .limit(1)
    )
    return session.scalar(wanted)


def reading_time(session: Session, actor: Actor, pack: LetterPack) -> list[Reading]:
    """Who has read in a pack until it was decided, how many letters, and for how long: the time between one opening and the next, ten minutes at the
    most for each, so that a letter left open over lunch does not count as read for an hour."""
    wanted = (
        visible(LetterOpening, actor)
        .join(User, User.id == LetterOpening.user_id)
        .with_only_columns(User.name, LetterOpening.user_id, LetterOpening.letter_id, LetterOpening.at)
        .where(LetterOpening.pack_id == pack.id)
        .order_by(LetterOpening.user_id, LetterOpening.at, LetterOpening.id)
    )
    if pack.decided_at is not None:
        wanted = wanted.where(LetterOpening.at <= pack.decided_at)
    readings = []
    for (name, _user), rows in groupby(session.execute(wanted), key=lambda row: (row[0], row[1])):
        opened = list(rows)
        pauses = ((after.at - before.at).total_seconds() for before, after in pairwise(opened))
        seconds = sum(min(pause, LONGEST_READING) for pause in pauses)
        readings.append(Reading(name, len({row.letter_id for row in opened}), round(seconds / 60)))
    return readings


def seconds_open(session: Session, actor: Actor, letter: Letter, now: datetime) -> int | None:
    """For how many seconds the actor has had a letter open, up to now: each opening until the person's next one in the pack, where
    that came within ten minutes: after a longer pause nobody knows how long it was read. None where it was not opened."""
    wanted = (
        visible(LetterOpening, actor)
        .with_only_columns(LetterOpening.letter_id, LetterOpening.at)
        .where(LetterOpening.pack_id == letter.pack_id, LetterOpening.user_id == actor.user_id)
        .order_by(LetterOpening.at, LetterOpening.id)
    )
    opened = [(row.letter_id, row.at) for row in session.execute(wanted)]
    ends = [at for _letter, at in opened[1:]] + [now]
    read = [(end - at).total_seconds() for (which, at), end in zip(opened, ends, strict=False) if which == letter.id]
    still_open = bool(opened) and opened[-1][0] == letter.id
    known = [seconds for seconds in read[: -1 if still_open else None] if seconds <= LONGEST_READING]
    return int(sum(known) + (min(read[-1], LONGEST_READING) if still_open else 0)) if read else None


def next_undecided(session: Session, actor: Actor, pack_id: int, position: int) -> int | None:
    """The id of the next letter that is neither decided on nor stands aside: behind a position, else from the start."""
    wanted = (
        visible(Letter, actor)
        .with_only_columns(Letter.id)
        .where(Letter.pack_id == pack_id, ~Letter.flagged, current_state().is_(None))
        .order_by(Letter.position <= position, Letter.position)
        .limit(1)
    )
    return session.scalar(wanted)


def approval_of(session: Session, actor: Actor, letter_id: int) -> tuple[LetterApproval, str] | None:
    """How a letter was approved by itself, with the lawyer's name; None where it was not."""
    wanted = (
        visible(LetterApproval, actor)
        .join(User, User.id == LetterApproval.by_user_id)
        .add_columns(User.name)
        .where(LetterApproval.letter_id == letter_id)
    )
    row = session.execute(wanted).first()
    return (row[0], row[1]) if row else None


def first_letter(session: Session, actor: Actor, pack_id: int) -> int | None:
    """The id of a pack's first letter, None where it has none."""
    wanted = visible(Letter, actor).with_only_columns(Letter.id).where(Letter.pack_id == pack_id)
    return session.scalar(wanted.order_by(Letter.position).limit(1))


def letters_of_account(session: Session, actor: Actor, account_id: int) -> list[Any]:
    """Letters of an account as rows `(Letter, state, LetterPack)`, the latest first."""
    wanted = (
        visible(Letter, actor)
        .join(LetterPack, LetterPack.id == Letter.pack_id)
        .add_columns(current_state().label("state"), LetterPack)
        .where(Letter.account_id == account_id)
        .order_by(Letter.id.desc())
    )
    return list(session.execute(wanted))


# --- what has come in the way since the data was frozen -----------------------------------------------------------------


def obstacles_now(session: Session, pack_id: int, letter_id: int | None = None) -> Mapping[int, str]:
    """Why a letter of a pack (or that one alone) must not go out as things are now, by letter: recalled, stopped, paid or
    closed, on hold, erased."""
    found: dict[int, str] = {}
    letters = sa.select(Letter.id).where(Letter.pack_id == pack_id)
    if letter_id is not None:
        letters = letters.where(Letter.id == letter_id)
    holds = (
        letters.add_columns(Hold.flag)
        .join(Hold, Hold.customer_id == Letter.customer_id)
        .where(Hold.released_at.is_(None), sa.or_(Hold.account_id.is_(None), Hold.account_id == Letter.account_id))
        .order_by(Hold.id)
    )
    for letter_id, flag in session.execute(holds):
        found.setdefault(letter_id, hold_code(flag))
    erased = (
        letters.join(Customer, Customer.id == Letter.customer_id)
        .join(PersonKey, PersonKey.id == Customer.person_key_id)
        .where(PersonKey.salt.is_(None))
    )
    closed = letters.join(Account, Account.id == Letter.account_id).where(Account.status == AccountStatus.CLOSED)
    paid = (
        letters.join(LetterPack, LetterPack.id == Letter.pack_id)
        .join(LimitationClock, LimitationClock.account_id == Letter.account_id)
        .where(LimitationClock.posted_on > sa.func.coalesce(Letter.as_of, LetterPack.balance_as_of))
    )
    ended = letters.join(Placement, Placement.id == Letter.placement_id).where(Placement.ended_at.is_not(None))
    stopped = letters.join(Placement, Placement.id == Letter.placement_id).where(Placement.stopped_at.is_not(None))
    found.update(dict.fromkeys(session.scalars(stopped), WORK_STOPPED))
    standing = ((PAID_SINCE, paid), (PERSON_ERASED, erased), (ACCOUNT_CLOSED, closed), (PLACEMENT_ENDED, ended))
    for code, wanted in standing:
        found.update(dict.fromkeys(session.scalars(wanted), code))
    return found
