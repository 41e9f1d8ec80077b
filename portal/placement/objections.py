"""Objections against pending recalls, and wishes to keep placements past their term. Both end with an answer of the bank."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.language import say
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.placement.bulk import stage_ids
from portal.placement.bulk_recalls import Move, stage_numbers, write_moves, write_retention_lines
from portal.placement.codes import ObjectionReason, RecallCategory
from portal.placement.ending import alone, update_rows
from portal.placement.models import Placement
from portal.placement.operations import check_reason
from portal.placement.recall_dates import (
    LONGEST_RETENTION,
    Days,
    after_objection,
    after_refusal,
    after_retention,
    may_object,
)
from portal.placement.recall_models import (
    MoveCause,
    Objection,
    ObjectionState,
    Recall,
    RecallLine,
    RecallLineState,
    Retention,
    RetentionLine,
    RetentionState,
)
from portal.placement.references import account_reference
from portal.portfolio.models import Account
from portal.vendors.models import ContractVersion

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from portal.foundation.access import Actor
    from portal.foundation.work import Work

__all__ = ["MOST_AT_ONCE", "answer_objections", "answer_retention", "ask_retention", "object_to_recall"]

LONGEST_NOTE = 400
MOST_AT_ONCE = 1_000  # objections that are raised or answered in one step


# --- objections ---------------------------------------------------------------------------------------------------------


def object_to_recall(
    actor: Actor, line_ids: Sequence[int], reason: ObjectionReason, extra_days: int, note: str = ""
) -> int:
    """The organisation asks for more days for these lines of its pending recalls; how many objections were raised.

    All or none: NotFound for another's line; Refused where the last day has passed, the recall is for compliance, or an
    objection was raised before; DomainError naming the field for more days than the contract allows.
    """
    demand(actor, Permission.RECALLS_ANSWER)
    _check_note(note, "note")
    with transaction(actor) as work:
        alone(work)
        found = _lines(work, line_ids)
        for line, recall, most_days in found:
            _check_objection(work, line, recall, most_days, extra_days)
        work.session.add_all(
            Objection(
                recall_line_id=line.id, recall_id=recall.id, organisation_id=line.organisation_id, reason=reason,
                note=note.strip(), extra_days=extra_days, state=ObjectionState.OPEN, raised_by=actor.user_id,
                raised_at=work.now,
            )
            for line, recall, _ in found
        )  # fmt: skip
        work.session.flush()
        for recall in {recall.id: recall for _, recall, _ in found}.values():
            count = sum(other.id == recall.id for _, other, _ in found)
            work.audit("recall.objected", recall, accounts=count, reason=reason.value, days=extra_days)
        return len(found)


def _lines(work: Work, line_ids: Sequence[int]) -> list[tuple[RecallLine, Recall, int]]:
    """The lines with their recall and the most days that their contract allows. NotFound unless all are there."""
    wanted = set(line_ids)
    if not wanted:
        raise DomainError("objection.nothing", say("Choose the accounts first."))
    if len(wanted) > MOST_AT_ONCE:
        raise DomainError("objection.many", say("At most %(most)s accounts in one step.", most=MOST_AT_ONCE))
    rows = work.session.execute(
        visible(RecallLine, work.actor)
        .join(Recall, Recall.id == RecallLine.recall_id)
        .join(Placement, Placement.id == RecallLine.placement_id)
        .join(ContractVersion, ContractVersion.id == Placement.contract_version_id)
        .add_columns(Recall, ContractVersion.objection_days)
        .where(RecallLine.id.in_(wanted), Recall.announced_at.is_not(None))
        .order_by(RecallLine.id)
        .execution_options(populate_existing=True)
    ).all()
    if len(rows) != len(wanted):
        raise NotFound
    return [(row[0], row[1], row[2]) for row in rows]


def _check_objection(work: Work, line: RecallLine, recall: Recall, most_days: int, extra_days: int) -> None:
    if recall.category is RecallCategory.COMPLIANCE:
        raise Refused("objection.compliance", say("A compliance recall is not open to objection."))
    if line.state is not RecallLineState.PENDING or line.final_on is None or not may_object(line.final_on, work.today):
        words = say(
            "Account %(account)s has no last day to object to: it is gone or not recalled.", account=_named(work, line)
        )
        raise Refused("objection.late", words)
    if not 1 <= extra_days <= most_days:
        words = say("Ask for 1 to %(most)s days: the contract allows no more.", most=most_days)
        if most_days < 1:
            words = say("The contract allows no objection.")
        raise DomainError("objection.days", words, field="days")
    if work.session.scalar(visible(Objection, work.actor).where(Objection.recall_line_id == line.id)) is not None:
        words = say("An objection for account %(account)s has been raised already.", account=_named(work, line))
        raise Refused("objection.again", words)


def _named(work: Work, line: RecallLine) -> str:
    """The reference of a line's account, as it is known to the actor."""
    wanted = (
        visible(Placement, work.actor)
        .outerjoin(Account, Account.id == Placement.account_id)
        .where(Placement.id == line.placement_id)
        .with_only_columns(account_reference()[0])
    )
    return work.session.scalar(wanted) or ""


def answer_objections(actor: Actor, objection_ids: Sequence[int], granted_days: int | None, answer: str) -> int:
    """The bank grants days to these objections, or refuses them (`granted_days` None) with the reason; how many.

    NotFound unless all are there; Refused where one was answered meanwhile; DomainError for more days than were asked
    for, or a refusal without its reason.
    """
    demand(actor, Permission.PLACEMENTS_APPROVE)
    _check_note(answer, "answer")
    answer = check_reason(answer, "answer") if granted_days is None else answer.strip()
    wanted = set(objection_ids)
    if not wanted:
        raise DomainError("objection.nothing", say("Choose the accounts first."))
    with transaction(actor) as work:
        alone(work)
        rows = work.session.execute(
            visible(Objection, actor)
            .join(RecallLine, RecallLine.id == Objection.recall_line_id)
            .join(Placement, Placement.id == RecallLine.placement_id)
            .add_columns(RecallLine, Placement)
            .where(Objection.id.in_(wanted))
            .order_by(Objection.id)
            .execution_options(populate_existing=True)
        ).all()
        if len(rows) != len(wanted):
            raise NotFound
        moves: list[Move] = []
        for objection, line, placement in rows:
            before = Days(placement.term_ends_on, line.final_on)
            after = _answer(work, objection, before, granted_days, answer)
            if after != before:
                moves.append((placement.id, placement.organisation_id, str(objection.id), before, after))
        work.session.flush()
        write_moves(work.session, MoveCause.OBJECTION, moves, work.now)
        for recall_id in sorted({objection.recall_id for objection, _, _ in rows}):
            count = sum(objection.recall_id == recall_id for objection, _, _ in rows)
            if granted_days is None:
                work.audit("recall.objection_refused", ("recall", recall_id), accounts=count, reason=answer)
            else:
                work.audit("recall.objection_granted", ("recall", recall_id), accounts=count, days=granted_days)
        return len(rows)


def _answer(work: Work, objection: Objection, days: Days, granted_days: int | None, answer: str) -> Days:
    if objection.state is not ObjectionState.OPEN:
        raise Refused("objection.state", say("This objection has already been answered, or has become void."))
    if granted_days is not None and not 1 <= granted_days <= objection.extra_days:
        words = say("Grant 1 to %(most)s days: no more were asked for.", most=objection.extra_days)
        raise DomainError("objection.granted", words, field="days")
    objection.state = ObjectionState.REFUSED if granted_days is None else ObjectionState.GRANTED
    objection.granted_days, objection.answer = granted_days, answer
    objection.decided_by, objection.decided_at = work.actor.user_id, work.now
    return after_refusal(days, work.today) if granted_days is None else after_objection(days, granted_days, work.today)


def _check_note(note: str, field: str) -> None:
    if len(note) > LONGEST_NOTE:
        raise DomainError("recall.note", say("Say it in at most %(most)s characters.", most=LONGEST_NOTE), field=field)


# --- retention ----------------------------------------------------------------------------------------------------------


def ask_retention(
    actor: Actor, extra_days: int, reason: str, *, placement_ids: Iterable[int] = (), batch_id: int | None = None
) -> list[int]:
    """The organisation, or somebody of the bank, asks to leave live placements where they are past their term; one wish
    for each organisation, their ids.

    Refused where none of them can be kept; DomainError naming the field for days or a reason that cannot be meant.
    """
    demand(actor, Permission.PLACEMENTS_PROPOSE if actor.is_bank else Permission.RECALLS_ANSWER)
    reason = check_reason(reason)
    if not 1 <= extra_days <= LONGEST_RETENTION:
        raise DomainError("retention.days", say("Ask for 1 to %(most)s days.", most=LONGEST_RETENTION), field="days")
    with transaction(actor) as work:
        alone(work)
        named = stage_numbers(work.session, "named_placement", set(placement_ids))
        waiting = sa.exists().where(RetentionLine.placement_id == Placement.id, RetentionLine.is_open)
        live = visible(Placement, actor).with_only_columns(Placement.id, Placement.organisation_id)
        live = live.where(Placement.ended_at.is_(None), Placement.accepted_at.is_not(None), ~waiting)
        live = live.where(Placement.stopped_at.is_(None))
        live = live.where(Placement.id.in_(named) if batch_id is None else Placement.batch_id == batch_id)
        holders = sorted(set(work.session.scalars(live.with_only_columns(Placement.organisation_id).distinct())))
        if not holders:
            words = say("None of these accounts can be kept: they are gone, stopped, or it was asked for already.")
            raise Refused("retention.nothing", words)
        found = []
        for organisation_id in holders:
            mine = live.with_only_columns(Placement.id).where(Placement.organisation_id == organisation_id)
            chosen = stage_ids(work.session, "kept_placement", mine)
            retention = Retention(
                organisation_id=organisation_id, batch_id=batch_id, extra_days=extra_days, reason=reason,
                state=RetentionState.ASKED, account_count=0, asked_by=actor.user_id, asked_at=work.now,
            )  # fmt: skip
            work.session.add(retention)
            work.session.flush()
            retention.account_count = write_retention_lines(work.session, retention.id, chosen)
            work.audit("retention.asked", retention, after=_facts(retention))
            found.append(retention.id)
        return found


def answer_retention(actor: Actor, retention_id: int, approved: bool, answer: str = "") -> None:
    """The bank leaves the placements where they are for the days that were asked for, or not, with the reason.

    NotFound; Refused for who asked, and where it was answered before; DomainError for a refusal without its reason.
    """
    demand(actor, Permission.PLACEMENTS_APPROVE)
    _check_note(answer, "reason")
    answer = answer.strip() if approved else check_reason(answer)
    with transaction(actor) as work:
        alone(work)
        statement = visible(Retention, actor).where(Retention.id == retention_id).with_for_update()
        retention = work.session.scalar(statement.execution_options(populate_existing=True))
        if retention is None:
            raise NotFound
        if retention.state is not RetentionState.ASKED:
            raise Refused("retention.state", say("This has already been answered."))
        if retention.asked_by is not None and retention.asked_by == actor.user_id:
            raise Refused("retention.own", say("You asked for this, so another person has to answer it."))
        retention.state = RetentionState.APPROVED if approved else RetentionState.REFUSED
        retention.answer, retention.decided_by, retention.decided_at = answer, actor.user_id, work.now
        work.session.flush()
        moved = _keep(work, retention) if approved else 0
        update_rows(work, RetentionLine, RetentionLine.retention_id == retention.id, is_open=False)
        if approved:
            work.audit("retention.approved", retention, after=_facts(retention), placements=moved)
        else:
            work.audit("retention.refused", retention, after=_facts(retention), reason=answer)


def _keep(work: Work, retention: Retention) -> int:
    rows = work.session.execute(
        sa.select(Placement.id, Placement.organisation_id, Placement.term_ends_on, Placement.final_recall_on)
        .join(RetentionLine, RetentionLine.placement_id == Placement.id)
        .where(RetentionLine.retention_id == retention.id, RetentionLine.is_open, Placement.ended_at.is_(None))
        .order_by(Placement.id)
    )
    moves: list[Move] = []
    for placement_id, organisation_id, term, final in rows:
        before = Days(term, final)
        after = after_retention(before, retention.extra_days, work.today)
        moves.append((placement_id, organisation_id, str(retention.id), before, after))
    return write_moves(work.session, MoveCause.RETENTION, moves, work.now)


def _facts(retention: Retention) -> dict[str, Any]:
    return {
        "state": retention.state.value,
        "organisation_id": retention.organisation_id,
        "accounts": retention.account_count,
        "days": retention.extra_days,
        "reason": retention.reason,
    }
