"""What the days bring by themselves: terms that are reached, last days that have passed, payments that move both.

Each is one transaction that finds what is due and does it; called again it finds nothing. What a bank of a million
accounts does on one day is a handful of statements: terms are taken in groups of the same day and the same contract
version.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.foundation import hooks
from portal.foundation.bulk import in_chunks
from portal.foundation.daily import Due
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.placement.bulk import stage_ids
from portal.placement.bulk_recalls import Move, set_final_days, write_lines, write_moves
from portal.placement.codes import RecallCategory, RecallReason
from portal.placement.ending import alone, end_placements
from portal.placement.models import BatchState, Placement, PlacementBatch
from portal.placement.recall_dates import Days, after_payment, final_day
from portal.placement.recall_models import (
    MoveCause,
    Objection,
    ObjectionState,
    Recall,
    RecallLine,
    RecallLineState,
    RecallOrigin,
    RecallState,
)
from portal.placement.recalls import ending_of, facts_of, next_number
from portal.vendors.models import ContractVersion

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.work import Work

__all__ = ["EXPIRE", "FINALS", "TERMS", "end_finals", "recall_at_term", "what_is_due"]

EXPIRE, TERMS, FINALS = "placement.expire", "placement.terms", "placement.finals"
AT_ONCE = 1_000  # placements
EXPIRED_AT_ONCE = 100  # batches of one look; the rest a minute later


@hooks.due_work.register
def what_is_due(session: Session, actor: Actor, now: datetime, today: date) -> list[Due]:
    """Batches whose deadline has passed, and one job for all terms and one for all last days that have come.

    Their keys name the first account: once it is done that one is no longer due, so that what falls due later on the same
    day is a job of its own.
    """
    late = (
        visible(PlacementBatch, actor)
        .where(PlacementBatch.state == BatchState.SENT, PlacementBatch.accept_by < now)
        .with_only_columns(PlacementBatch.id)
        .order_by(PlacementBatch.accept_by, PlacementBatch.id)
        .limit(EXPIRED_AT_ONCE)
    )
    due = [Due(EXPIRE, f"batch-{number}", {"batch_id": number}) for number in session.scalars(late)]
    looks: Any = (
        (TERMS, _at_term(today), Placement.term_ends_on),
        (FINALS, _at_final(today), Placement.final_recall_on),
    )
    for kind, condition, day in looks:
        late_first = visible(Placement, actor).where(condition).order_by(day, Placement.id).limit(1)
        first = session.scalar(late_first.with_only_columns(Placement.id))
        if first is not None:
            due.append(Due(kind, f"{today.isoformat()}-{first}"))
    return due


def _at_term(today: date) -> sa.ColumnElement[bool]:
    """Placements in work whose term is reached, and which no recall has a last day for."""
    return sa.and_(
        Placement.ended_at.is_(None),
        Placement.term_ends_on <= today,
        Placement.accepted_at.is_not(None),
        Placement.final_recall_on.is_(None),
    )


def _at_final(today: date) -> sa.ColumnElement[bool]:
    """Placements whose last day has passed, and which no objection holds that waits for its answer."""
    held = (
        sa.exists()
        .where(RecallLine.placement_id == Placement.id, RecallLine.state == RecallLineState.PENDING)
        .where(Objection.recall_line_id == RecallLine.id, Objection.state == ObjectionState.OPEN)
    )
    return sa.and_(
        Placement.ended_at.is_(None), Placement.final_recall_on.is_not(None), Placement.final_recall_on < today, ~held
    )


# --- terms --------------------------------------------------------------------------------------------------------------


def recall_at_term(actor: Actor) -> int:
    """Placements whose term is reached become pending recall, one recall for each organisation; how many placements.

    The last day is the contract's notice behind the term (recall_dates.final_day). Called again it finds none.
    """
    with transaction(actor) as work:
        alone(work)
        reached = visible(Placement, actor).with_only_columns(Placement.id).where(_at_term(work.today))
        due = stage_ids(work.session, "placement_at_term", reached)
        holders = work.session.execute(
            sa.select(Placement.organisation_id, sa.func.count())
            .where(Placement.id.in_(due))
            .group_by(Placement.organisation_id)
            .order_by(Placement.organisation_id)
        ).all()
        for organisation_id, count in holders:
            _recall_of_term(work, organisation_id, count, due)
        return sum(count for _, count in holders)


def _recall_of_term(work: Work, organisation_id: int, count: int, due: sa.Select[tuple[int]]) -> None:
    recall = Recall(
        number=next_number(work, organisation_id), organisation_id=organisation_id, origin=RecallOrigin.TERM,
        reason=RecallReason.TERM, category=RecallCategory.STRATEGIC, state=RecallState.PENDING, account_count=count,
        asked_at=work.now, announced_at=work.now, decided_at=work.now,
    )  # fmt: skip
    work.session.add(recall)
    work.session.flush()
    _write_pending_lines(work, recall, organisation_id, due)
    work.audit("recall.pending", recall, after=facts_of(recall))
    hooks.recall_announced(work, recall)


def _write_pending_lines(work: Work, recall: Recall, organisation_id: int, due: sa.Select[tuple[int]]) -> None:
    """The recall's lines with their last days, by term and contract version."""
    mine = sa.and_(Placement.id.in_(due), Placement.organisation_id == organisation_id)
    write_lines(work.session, recall.id, organisation_id, due, RecallLineState.PENDING)
    groups = work.session.execute(
        sa.select(Placement.term_ends_on, ContractVersion.id, ContractVersion.recall_notice_days)
        .join(ContractVersion, ContractVersion.id == Placement.contract_version_id)
        .where(mine)
        .distinct()
    ).all()
    days = [
        (
            sa.and_(Placement.term_ends_on == term, Placement.contract_version_id == version),
            final_day(term, notice, work.today),
        )
        for term, version, notice in groups
    ]
    set_final_days(work.session, recall.id, days, RecallLineState.PENDING)


# --- last days ----------------------------------------------------------------------------------------------------------


def end_finals(actor: Actor) -> int:
    """End the placements whose last day has passed; how many. The last day that earns is that day, whenever this runs.

    Called again it finds none.
    """
    with transaction(actor) as work:
        alone(work)
        passed = visible(Placement, actor).with_only_columns(Placement.id).where(_at_final(work.today))
        due = stage_ids(work.session, "placement_at_final", passed)
        ended = 0
        for recall, last_on in _recalls_and_days(work, due):
            of_this = sa.select(RecallLine.placement_id).where(
                RecallLine.recall_id == recall.id, RecallLine.state == RecallLineState.PENDING
            )
            going = sa.select(Placement.id).where(
                Placement.id.in_(due), Placement.id.in_(of_this), Placement.final_recall_on == last_on
            )
            count = end_placements(work, going, ending_of(recall, last_on))
            work.audit("recall.final", recall, after=facts_of(recall), placements=count, last_on=last_on.isoformat())
            hooks.recall_carried_out(work, recall, count, last_on)
            ended += count
        return ended


def _recalls_and_days(work: Work, due: sa.Select[tuple[int]]) -> list[tuple[Recall, date]]:
    rows = work.session.execute(
        sa.select(RecallLine.recall_id, RecallLine.final_on)
        .where(RecallLine.placement_id.in_(due), RecallLine.state == RecallLineState.PENDING)
        .distinct()
        .order_by(RecallLine.recall_id, RecallLine.final_on)
    ).all()
    recalls = work.session.scalars(visible(Recall, work.actor).where(Recall.id.in_({row[0] for row in rows})))
    by_id = {recall.id: recall for recall in recalls}
    return [(by_id[row[0]], row[1]) for row in rows]


# --- payments -----------------------------------------------------------------------------------------------------------


@hooks.payments_credited.register
def extend_by_payments(work: Work, import_run_id: int) -> None:
    """Payments of a file move the dates of the placements that they are credited to, where the contract says so.

    Each payment once (a move names it); one that is reversed has been a sign of life all the same. What the bank has
    taken back by its own decision no payment moves.
    """
    alone(work)
    versions = work.session.scalars(sa.select(ContractVersion).where(ContractVersion.payment_extends_days > 0))
    terms = {version.id: version for version in versions}
    if not terms:
        return
    moves: list[Move] = []
    for of_placement in in_chunks(_payments_by_placement(work, import_run_id), AT_ONCE):
        paid = dict(of_placement)
        for placement in work.session.execute(_moved_by_payments(list(paid), list(terms))):
            version, days = (
                terms[placement.contract_version_id],
                Days(placement.term_ends_on, placement.final_recall_on),
            )
            for paid_on, reference in paid[placement.id]:
                moved = after_payment(days, paid_on, version.payment_extends_days, version.term_days)
                if moved != days:
                    moves.append((placement.id, placement.organisation_id, reference, days, moved))
                days = moved
    if moves:
        count = write_moves(work.session, MoveCause.PAYMENT, moves, work.now)
        work.audit("recall.moved_by_payments", ("import_run", import_run_id), placements=count, payments=len(moves))


def _payments_by_placement(work: Work, import_run_id: int) -> Iterator[tuple[int, list[tuple[date, str]]]]:
    """What a file brought, placement by placement, as value dates and references."""
    lines = hooks.credit_lines.one(work.actor, import_run_id).subquery()
    wanted = (
        sa.select(lines.c.placement_id, lines.c.paid_on, lines.c.payment_ref)
        .where(lines.c.credit_minor > 0)
        .order_by(lines.c.placement_id, lines.c.paid_on, lines.c.payment_ref)
    )
    for placement_id, rows in groupby(work.session.execute(wanted).all(), key=lambda row: row.placement_id):
        yield placement_id, [(row.paid_on, row.payment_ref) for row in rows]


def _moved_by_payments(placement_ids: Sequence[int], version_ids: Sequence[int]) -> sa.Select[Any]:
    """Those of these placements that a payment may move. They are named, not joined to what has just come in: of rows of its
    own transaction the planner knows nothing, and would go through all placements for each of them."""
    recalled = sa.exists().where(
        RecallLine.placement_id == Placement.id,
        RecallLine.state == RecallLineState.PENDING,
        Recall.id == RecallLine.recall_id,
        Recall.origin != RecallOrigin.TERM,
    )
    return (
        sa.select(
            Placement.id, Placement.organisation_id, Placement.contract_version_id, Placement.term_ends_on,
            Placement.final_recall_on,
        )
        .where(
            Placement.id.in_(placement_ids),
            Placement.contract_version_id.in_(version_ids),
            Placement.ended_at.is_(None),
            Placement.accepted_at.is_not(None),
            ~recalled,
        )
        .order_by(Placement.id)
    )  # fmt: skip
