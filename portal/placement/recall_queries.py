"""Reads of recalls, objections and wishes for retention. An organisation knows of a recall from its announcement on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload

from portal.foundation import hooks
from portal.foundation.database import summed
from portal.foundation.errors import NotFound
from portal.foundation.visibility import visible
from portal.identity.models import Organisation, User
from portal.placement.codes import RecallCategory
from portal.placement.models import Placement, PlacementBatch
from portal.placement.recall_models import (
    OPEN_RECALLS,
    Objection,
    ObjectionState,
    Recall,
    RecallLine,
    RecallLineState,
    RecallMove,
    RecallState,
    Retention,
    RetentionLine,
    RetentionState,
)
from portal.placement.references import account_reference
from portal.portfolio.models import Account
from portal.vendors.models import ContractVersion

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = [
    "Progress", "Stopped", "error_by_batch", "line_rows", "most_objection_days", "moves_of", "next_last_day", "objection_rows",
    "objections_to_decide", "open_recalls_of_batch", "pending_accounts", "pending_count", "placed_in_error", "progress_of", "recall_for",
    "recall_numbered", "recall_rows", "recalls_to_decide", "retention_for", "retention_line_rows", "retention_rows",
    "retentions_to_decide", "returned_by", "stopped_by", "stopping_count", "stops_of", "suits_in",
]  # fmt: skip

DAYS_TOLD = 10
MOST_COUNTED = 1_000  # beyond that, the navigation need not know how many
_WAITING = (RecallLineState.ASKED, RecallLineState.PENDING)
Asker, Decider = aliased(User), aliased(User)


# --- recalls ------------------------------------------------------------------------------------------------------------


def recall_rows(actor: Actor) -> sa.Select[Any]:
    """Recalls that the actor may know of, each with its organisation and the names of who asked and who decided."""
    rows = (
        visible(Recall, actor)
        .add_columns(Organisation, Asker.name.label("asker"), Decider.name.label("decider"))
        .join(Organisation, Organisation.id == Recall.organisation_id)
        .outerjoin(Asker, Asker.id == Recall.asked_by)
        .outerjoin(Decider, Decider.id == Recall.decided_by)
    )
    return rows if actor.is_bank else rows.where(Recall.announced_at.is_not(None))


def recall_for(session: Session, actor: Actor, recall_id: int) -> Any:
    """One recall as a row of `recall_rows`; NotFound where the actor knows of none."""
    found = session.execute(recall_rows(actor).where(Recall.id == recall_id)).first()
    if found is None:
        raise NotFound
    return found


def recall_numbers(session: Session, actor: Actor, ids: Sequence[int]) -> dict[int, str]:
    """The numbers of these recalls, of those that the actor may know of."""
    rows = session.execute(recall_rows(actor).where(Recall.id.in_(ids)))
    return {row[0].id: row[0].number for row in rows}


def recall_numbered(session: Session, actor: Actor, number: str) -> Recall | None:
    """The recall with this number, if the actor may know of it."""
    found = session.execute(recall_rows(actor).where(Recall.number == number)).first()
    return found[0] if found else None


def recall_named(session: Session, actor: Actor, recall_id: str | None) -> Recall | None:
    """The recall that an address names by its id, if there is one that the actor may see."""
    text = recall_id or ""
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        return None
    return session.scalar(visible(Recall, actor).where(Recall.id == int(text)))


def open_recalls_of_batch(session: Session, actor: Actor, batch_id: int) -> Sequence[Recall]:
    """Recalls that are asked for or pending and still wait for accounts of the batch, the latest first."""
    of_batch = (
        sa.select(sa.literal(1))
        .select_from(RecallLine)
        .join(Placement, Placement.id == RecallLine.placement_id)
        .where(RecallLine.recall_id == Recall.id, Placement.batch_id == batch_id, RecallLine.state.in_(_WAITING))
        .limit(1)  # asked recall by recall: what a batch's placements are in is too much to be gathered
        .scalar_subquery()
    )
    theirs = sa.select(PlacementBatch.organisation_id).where(PlacementBatch.id == batch_id).scalar_subquery()
    wanted = (
        recall_rows(actor)
        .with_only_columns(Recall)
        .where(Recall.organisation_id == theirs, Recall.state.in_(OPEN_RECALLS), of_batch.is_not(None))
    )
    return session.scalars(wanted.order_by(Recall.id.desc()).limit(20)).all()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a recall is: accounts by the state of their line, the last days that stand, objections that wait."""

    counts: dict[RecallLineState, int]
    days: tuple[tuple[date, int], ...]
    objections: int


def progress_of(session: Session, actor: Actor, recall: Recall) -> Progress:
    """Counted over the recall's own lines, read once."""
    lines = visible(RecallLine, actor).where(RecallLine.recall_id == recall.id)
    by_day = lines.with_only_columns(RecallLine.state, RecallLine.final_on, sa.func.count()).group_by(
        RecallLine.state, RecallLine.final_on
    )
    counts: Counter[RecallLineState] = Counter()
    days: Counter[date] = Counter()
    for state, final_on, count in session.execute(by_day):
        counts[state] += count
        if state is RecallLineState.PENDING and final_on is not None:
            days[final_on] += count
    waiting = visible(Objection, actor).where(Objection.recall_id == recall.id, Objection.state == ObjectionState.OPEN)
    open_ones = session.scalar(sa.select(sa.func.count()).select_from(waiting.subquery())) or 0
    return Progress(dict(counts), tuple(sorted(days.items())[:DAYS_TOLD]), open_ones)


def suits_in(session: Session, actor: Actor, recall_id: int) -> int:
    """How many of a recall's accounts have a suit or letters under way: taken back, these are left without their lawyer."""
    under_way = [Placement.id.in_(ids) for code, ids in hooks.stands_against_end(actor) if code == "suit"]
    if not under_way:
        return 0
    found = (
        visible(RecallLine, actor)
        .join(Placement, Placement.id == RecallLine.placement_id)
        .where(RecallLine.recall_id == recall_id, sa.or_(*under_way))
    )
    return session.scalar(found.with_only_columns(sa.func.count())) or 0


def line_rows(actor: Actor, recall_id: int) -> sa.Select[Any]:
    """The lines of a recall, each with its placement, its objection, and the account's reference."""
    return (
        visible(RecallLine, actor)
        .add_columns(Placement, Objection, *account_reference())
        .join(Placement, Placement.id == RecallLine.placement_id)
        .outerjoin(Account, Account.id == RecallLine.account_id)
        .outerjoin(Objection, Objection.recall_line_id == RecallLine.id)
        .where(RecallLine.recall_id == recall_id)
    )


def most_objection_days(session: Session, actor: Actor, recall_id: int) -> int:
    """The most days that the contracts behind a recall allow an objection to ask for."""
    under_it = (
        sa.select(sa.literal(1))
        .select_from(RecallLine)
        .join(Placement, Placement.id == RecallLine.placement_id)
        .where(RecallLine.recall_id == recall_id, Placement.contract_version_id == ContractVersion.id)
        .limit(1)  # asked version by version, the most generous first: there are few, and lines may be many
        .scalar_subquery()
    )
    theirs = visible(Recall, actor).with_only_columns(Recall.organisation_id).where(Recall.id == recall_id)
    wanted = (
        visible(ContractVersion, actor)
        .with_only_columns(ContractVersion.objection_days)
        .where(ContractVersion.organisation_id == theirs.scalar_subquery(), under_it.is_not(None))
    )
    return session.scalar(wanted.order_by(ContractVersion.objection_days.desc()).limit(1)) or 0


# --- what waits ---------------------------------------------------------------------------------------------------------


def recalls_to_decide(session: Session, actor: Actor) -> int:
    """How many recalls somebody else at the bank has asked for."""
    waiting = visible(Recall, actor).where(
        Recall.state == RecallState.ASKED, Recall.asked_by.is_distinct_from(actor.user_id)
    )
    return _some(session, waiting.with_only_columns(Recall.id))


def objections_to_decide(session: Session, actor: Actor) -> int:
    """How many objections wait for an answer of the bank."""
    waiting = visible(Objection, actor).where(Objection.state == ObjectionState.OPEN)
    return _some(session, waiting.with_only_columns(Objection.id))


def retentions_to_decide(session: Session, actor: Actor) -> int:
    """How many wishes for retention wait for an answer of this person."""
    waiting = visible(Retention, actor).where(
        Retention.state == RetentionState.ASKED, Retention.asked_by.is_distinct_from(actor.user_id)
    )
    return _some(session, waiting.with_only_columns(Retention.id))


def pending_count(session: Session, actor: Actor) -> int:
    """How many recalls of this organisation are pending, so that something goes on a day to come."""
    waiting = recall_rows(actor).where(Recall.state == RecallState.PENDING)
    return _some(session, waiting.with_only_columns(Recall.id))


def pending_accounts(session: Session, actor: Actor) -> int:
    """How many accounts of this organisation are in recalls that are pending."""
    lines = visible(RecallLine, actor).where(
        RecallLine.organisation_id == actor.organisation_id, RecallLine.state == RecallLineState.PENDING
    )
    return _some(session, lines.with_only_columns(RecallLine.id))


def next_last_day(session: Session, actor: Actor, today: date) -> date | None:
    """The next last day of what is pending with this organisation; what lies behind waits for an answer of the bank."""
    pending = visible(RecallLine, actor).where(
        RecallLine.organisation_id == actor.organisation_id,
        RecallLine.state == RecallLineState.PENDING,
        RecallLine.final_on >= today,
    )
    return session.scalar(pending.with_only_columns(sa.func.min(RecallLine.final_on)))


def stopping_count(session: Session, actor: Actor) -> int:
    """How many recalls that nobody has carried out yet have stopped this organisation's work."""
    waiting = recall_rows(actor).where(Recall.state == RecallState.ASKED)
    return _some(session, waiting.with_only_columns(Recall.id))


def _some(session: Session, wanted: sa.Select[Any]) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(wanted.limit(MOST_COUNTED).subquery())) or 0


# --- objections and retention -------------------------------------------------------------------------------------------


def objection_rows(actor: Actor) -> sa.Select[Any]:
    """Objections with their line, recall, organisation, and the account's reference."""
    return (
        visible(Objection, actor)
        .add_columns(RecallLine, Recall, Organisation, *account_reference())
        .join(RecallLine, RecallLine.id == Objection.recall_line_id)
        .join(Recall, Recall.id == Objection.recall_id)
        .join(Organisation, Organisation.id == Objection.organisation_id)
        .join(Placement, Placement.id == RecallLine.placement_id)
        .outerjoin(Account, Account.id == RecallLine.account_id)
    )


def retention_rows(actor: Actor) -> sa.Select[Any]:
    """Wishes for retention with their organisation and the names of who asked and who answered."""
    return (
        visible(Retention, actor)
        .add_columns(Organisation, Asker.name.label("asker"), Decider.name.label("decider"))
        .join(Organisation, Organisation.id == Retention.organisation_id)
        .outerjoin(Asker, Asker.id == Retention.asked_by)
        .outerjoin(Decider, Decider.id == Retention.decided_by)
    )


def retention_for(session: Session, actor: Actor, retention_id: int) -> Any:
    """One wish as a row of `retention_rows`; NotFound where the actor sees none."""
    found = session.execute(retention_rows(actor).where(Retention.id == retention_id)).first()
    if found is None:
        raise NotFound
    return found


def retention_line_rows(actor: Actor, retention_id: int) -> sa.Select[Any]:
    """The placements of a wish, each with the account's reference."""
    return (
        visible(RetentionLine, actor)
        .add_columns(Placement, *account_reference())
        .join(Placement, Placement.id == RetentionLine.placement_id)
        .outerjoin(Account, Account.id == RetentionLine.account_id)
        .where(RetentionLine.retention_id == retention_id)
    )


def moves_of(session: Session, actor: Actor, placement_ids: Sequence[int]) -> dict[int, list[RecallMove]]:
    """What moved the dates of these placements, in order."""
    found: dict[int, list[RecallMove]] = {}
    moves = visible(RecallMove, actor).where(RecallMove.placement_id.in_(placement_ids)).order_by(RecallMove.id)
    for move in session.scalars(moves):
        found.setdefault(move.placement_id, []).append(move)
    return found


# --- for other rooms ----------------------------------------------------------------------------------------------------


def returned_by(recall_id: int) -> sa.Select[tuple[int]]:
    """Accounts that have come back by a recall: what its “place again” is about."""
    return sa.select(RecallLine.account_id).where(
        RecallLine.recall_id == recall_id, RecallLine.state == RecallLineState.ENDED
    )


def placed_in_error() -> sa.Select[tuple[int]]:
    """Placements that count in no statistics."""
    return sa.select(Placement.id).where(Placement.reverse)


def error_by_batch(session: Session, actor: Actor, batch_ids: Sequence[int]) -> dict[int, int]:
    """What was placed in error with each of these batches, in minor units; only those where something was."""
    rows = session.execute(
        visible(Placement, actor)
        .where(Placement.batch_id.in_(batch_ids), Placement.reverse)
        .with_only_columns(Placement.batch_id, summed(Placement.placed_total_minor))
        .group_by(Placement.batch_id)
    )
    return {batch_id: int(total) for batch_id, total in rows}


@dataclass(frozen=True, slots=True)
class Stopped:
    """Why work on a placement has stopped: by which recall, since when."""

    since: datetime
    recall: Recall


def stops_of(
    session: Session, actor: Actor, organisation_id: int | None, account_ids: Sequence[int]
) -> dict[int, list[tuple[datetime, datetime | None]]]:
    """From when to when (None: still) the bank has stopped an organisation's work on these accounts, by account."""
    wanted = visible(Placement, actor).where(
        Placement.account_id.in_(account_ids),
        Placement.organisation_id == organisation_id,
        Placement.stopped_at.is_not(None),
    )
    found: dict[int, list[tuple[datetime, datetime | None]]] = {}
    for row in session.execute(
        wanted.with_only_columns(Placement.account_id, Placement.stopped_at, Placement.ended_at)
    ):
        found.setdefault(row.account_id, []).append((row.stopped_at, row.ended_at))
    return found


def stopped_by(session: Session, actor: Actor, placement: Placement) -> Stopped | None:
    """The recall that has stopped the work on a placement; None where work goes on."""
    if placement.stopped_at is None or placement.ended_at is not None:
        return None
    wanted = (
        visible(Recall, actor)
        .join(RecallLine, RecallLine.recall_id == Recall.id)
        .where(RecallLine.placement_id == placement.id, Recall.announced_at.is_not(None))
        .where(RecallLine.state.in_((RecallLineState.ASKED, RecallLineState.PENDING)))
        .options(joinedload(Recall.organisation))
        .order_by(Recall.category != RecallCategory.COMPLIANCE, Recall.id)
    )
    recall = session.scalars(wanted.limit(1)).first()
    return Stopped(placement.stopped_at, recall) if recall else None
