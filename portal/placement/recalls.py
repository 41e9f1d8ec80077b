"""Recalls by the bank: one person asks, another carries out; at once, on a day, or each account at its term.

A compliance recall stops the organisation's work the moment it is asked for. A recall of what is recalled already, once
it is carried out, takes the earlier one's place, and with it the objections that were raised against that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.foundation import hooks
from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.language import say
from portal.foundation.services import services
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.identity.models import Organisation
from portal.placement.bulk import stage_ids
from portal.placement.bulk_recalls import set_final_days, stage_numbers, write_lines
from portal.placement.codes import RecallCategory, RecallReason
from portal.placement.ending import Ending, alone, close_empty_recalls, end_placements, last_day, update_rows
from portal.placement.models import EndReason, Placement, PlacementBatch
from portal.placement.recall_dates import rotation_day
from portal.placement.recall_models import (
    OPEN_LINES,
    Objection,
    ObjectionState,
    Recall,
    RecallLine,
    RecallLineState,
    RecallOrigin,
    RecallState,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from portal.foundation.access import Actor
    from portal.foundation.work import Work

__all__ = [
    "LATEST_DAYS", "Wish", "ask_batch_recall", "ask_recall", "carry_out", "end_reason_of", "ending_of", "facts_of",
    "locked_recall", "next_number", "open_recalls", "withdraw",
]  # fmt: skip

LONGEST_NOTE = 400
LATEST_DAYS = 366  # a final day lies no further ahead than a year
_ENDS: dict[RecallReason, EndReason] = {
    RecallReason.ROTATION: EndReason.ROTATED,
    RecallReason.EXIT: EndReason.EXITED,
    RecallReason.TERM: EndReason.TERM_EXPIRED,
}


def end_reason_of(reason: RecallReason) -> EndReason:
    """What a placement's end is called that a recall for this reason brought about."""
    return _ENDS.get(reason, EndReason.RECALLED)


@dataclass(frozen=True)
class Wish:
    """What the one who asks for a recall wants. `final_on`: the last day, None for at once; `at_term`: each account on
    its own term's day instead; `reverse`: placed in error, so that it counts in no statistics."""

    reason: RecallReason
    category: RecallCategory = RecallCategory.STRATEGIC
    note: str = ""
    reverse: bool = False
    final_on: date | None = None
    at_term: bool = False

    def check(self, today: date) -> None:
        """DomainError naming the field where it cannot be meant."""
        if self.reason is RecallReason.TERM:
            words = say("What is recalled at the end of its term the portal recalls by itself.")
            raise DomainError("recall.reason", words, field="reason")
        if len(self.note) > LONGEST_NOTE:
            words = say("Say it in at most %(most)s characters.", most=LONGEST_NOTE)
            raise DomainError("recall.note", words, field="note")
        if self.final_on is None:
            return
        if self.at_term:
            words = say("Either on one day, or each account at its term: not both.")
            raise DomainError("recall.final_on", words, field="final_on")
        if not today <= self.final_on <= today + timedelta(days=LATEST_DAYS):
            words = say("The last day lies between today and a year ahead.")
            raise DomainError("recall.final_on", words, field="final_on")


# --- asking -------------------------------------------------------------------------------------------------------------


def ask_batch_recall(actor: Actor, batch_id: int, wish: Wish) -> int:
    """Ask for all that still lives of a batch; the recall's id.

    NotFound; Refused where nothing lives of it, or all of it was asked for already; DomainError for a wish that cannot be.
    """
    demand(actor, Permission.PLACEMENTS_PROPOSE)
    with transaction(actor) as work:
        alone(work)
        batch = work.session.scalar(visible(PlacementBatch, actor).where(PlacementBatch.id == batch_id))
        if batch is None:
            raise NotFound
        chosen = sa.select(Placement.id).where(Placement.batch_id == batch.id)
        return open_recalls(work, chosen, wish, RecallOrigin.BATCH, batch_id=batch.id)[0]


def ask_recall(
    actor: Actor, wish: Wish, *, placement_ids: Iterable[int] = (), account_ids: Iterable[int] = ()
) -> list[int]:
    """Ask for the live placements among these, or of these accounts: one recall for each organisation; their ids.

    Refused where none of them can be recalled; DomainError for a wish that cannot be meant.
    """
    demand(actor, Permission.PLACEMENTS_PROPOSE)
    with transaction(actor) as work:
        alone(work)
        placements = stage_numbers(work.session, "named_placement", set(placement_ids))
        accounts = stage_numbers(work.session, "named_account", set(account_ids))
        named = sa.or_(Placement.id.in_(placements), Placement.account_id.in_(accounts))
        return open_recalls(work, sa.select(Placement.id).where(named), wish, RecallOrigin.CHOICE)


def open_recalls(
    work: Work,
    chosen: sa.Select[tuple[int]],
    wish: Wish,
    origin: RecallOrigin,
    *,
    batch_id: int | None = None,
    import_run_id: int | None = None,
) -> list[int]:
    """Within another operation, behind `alone`: a recall for each organisation among the chosen live placements.

    What somebody has asked for already is left where it is. Refused where nothing else is left; DomainError for a wish
    that cannot be meant.
    """
    wish.check(work.today)
    asked = sa.exists().where(RecallLine.placement_id == Placement.id, RecallLine.state == RecallLineState.ASKED)
    live = sa.select(Placement.id).where(Placement.id.in_(chosen), Placement.ended_at.is_(None))
    wanted = stage_ids(work.session, "recalled_placement", live.where(~asked))
    holders = work.session.execute(
        sa.select(Placement.organisation_id, sa.func.count())
        .where(Placement.id.in_(wanted))
        .group_by(Placement.organisation_id)
        .order_by(Placement.organisation_id)
    ).all()
    if not holders:
        if work.session.scalar(live.limit(1)) is not None:
            raise Refused("recall.asked", say("Somebody has already asked for this recall."))
        raise Refused("recall.nothing", say("Nobody holds these accounts any more, so there is nothing to recall."))
    found = []
    for organisation_id, count in holders:
        recall = Recall(
            number=next_number(work, organisation_id), organisation_id=organisation_id, origin=origin, batch_id=batch_id,
            import_run_id=import_run_id, reason=wish.reason, category=wish.category, note=wish.note.strip(),
            reverse=wish.reverse, at_term=wish.at_term, final_on=wish.final_on, state=RecallState.ASKED,
            account_count=count, asked_by=work.actor.user_id, asked_at=work.now,
        )  # fmt: skip
        work.session.add(recall)
        work.session.flush()
        write_lines(work.session, recall.id, organisation_id, wanted)
        if wish.category is RecallCategory.COMPLIANCE:
            recall.announced_at = work.now
            _stop(work, recall)
        work.audit("recall.asked", recall, after=facts_of(recall))
        if recall.announced_at is not None:
            hooks.recall_announced(work, recall)
        found.append(recall.id)
    return found


def next_number(work: Work, organisation_id: int) -> str:
    """RC2005-07-01-HT-01: the first recall of that day from the organisation with the code HT."""
    code = work.session.scalar(sa.select(Organisation.code).where(Organisation.id == organisation_id))
    start = f"RC{work.today.isoformat()}-{code}-"
    there = sa.select(sa.func.count()).where(
        Recall.organisation_id == organisation_id, Recall.number.startswith(start, autoescape=True)
    )
    return f"{start}{(work.session.scalar(there) or 0) + 1:02d}"


# --- deciding -----------------------------------------------------------------------------------------------------------


def carry_out(actor: Actor, recall_id: int) -> None:
    """Do what another person has asked for: the accounts go now, or their last day stands from now on.

    What was never accepted goes at once, without a day that earns. NotFound; Refused for who asked, and where it was
    decided or withdrawn meanwhile.
    """
    demand(actor, Permission.PLACEMENTS_APPROVE)
    with transaction(actor) as work:
        alone(work)
        recall = locked_recall(work, recall_id, RecallState.ASKED)
        if recall.asked_by is not None and recall.asked_by == actor.user_id:
            words = say("You asked for this recall, so another person has to carry it out.")
            raise Refused("recall.own", words)
        recall.decided_by, recall.decided_at = actor.user_id, work.now
        is_news, recall.announced_at = recall.announced_at is None, recall.announced_at or work.now
        recall.state = RecallState.PENDING
        work.session.flush()
        _supersede(work, recall)
        ended = _go(work, recall)
        work.session.refresh(recall)
        work.audit("recall.carried_out", recall, after=facts_of(recall), placements=ended)
        if is_news:
            hooks.recall_announced(work, recall)
        if ended:
            hooks.recall_carried_out(work, recall, ended, last_day(work.now, services().settings.time_zone))


def _go(work: Work, recall: Recall) -> int:
    """End what goes at once, give the others their last day; how many have ended."""
    mine = sa.select(RecallLine.placement_id).where(
        RecallLine.recall_id == recall.id, RecallLine.state == RecallLineState.ASKED
    )
    at_once = recall.final_on is None and not recall.at_term
    going = mine if at_once else _unopened(mine)
    ended = end_placements(work, sa.select(Placement.id).where(Placement.id.in_(going)), ending_of(recall))
    if recall.at_term:
        terms = sa.select(Placement.term_ends_on).where(Placement.id.in_(mine)).distinct()
        days = [
            (Placement.term_ends_on == term, rotation_day(term, work.today)) for term in work.session.scalars(terms)
        ]
        set_final_days(work.session, recall.id, days)
    elif recall.final_on is not None:
        recall.final_on = max(recall.final_on, work.today)
        set_final_days(work.session, recall.id, [(sa.true(), recall.final_on)])
    return ended


def _unopened(mine: sa.Select[tuple[int]]) -> sa.Select[tuple[int]]:
    return sa.select(Placement.id).where(Placement.id.in_(mine), Placement.accepted_at.is_(None))


def _supersede(work: Work, recall: Recall) -> None:
    """Earlier recalls of the same placements give way; objections against them are void."""
    mine = sa.select(RecallLine.placement_id).where(RecallLine.recall_id == recall.id)
    earlier = sa.and_(RecallLine.placement_id.in_(mine), RecallLine.state == RecallLineState.PENDING)
    ids = stage_ids(work.session, "superseded_line", sa.select(RecallLine.id).where(earlier))
    void = sa.and_(Objection.recall_line_id.in_(ids), Objection.state == ObjectionState.OPEN)
    update_rows(work, Objection, void, state=ObjectionState.VOID, decided_at=work.now)
    update_rows(work, RecallLine, RecallLine.id.in_(ids), state=RecallLineState.SUPERSEDED)
    close_empty_recalls(work, sa.select(RecallLine.recall_id).where(RecallLine.id.in_(ids)))


def withdraw(actor: Actor, recall_id: int) -> None:
    """The accounts stay where they are, and work that was stopped goes on.

    NotFound; Refused where it is done or withdrawn, and for what the portal recalls at the term: that is kept by
    retention.
    """
    demand(actor, Permission.PLACEMENTS_PROPOSE)
    with transaction(actor) as work:
        alone(work)
        recall = locked_recall(work, recall_id, RecallState.ASKED, RecallState.PENDING)
        if recall.origin is RecallOrigin.TERM:
            words = say("The term has ended. To leave the accounts where they are, approve a retention.")
            raise Refused("recall.term", words)
        if recall.state is RecallState.PENDING:
            demand(actor, Permission.PLACEMENTS_APPROVE)
        before = facts_of(recall)
        released = stage_ids(work.session, "released_line", _open_lines(recall))
        placements = sa.select(RecallLine.placement_id).where(RecallLine.id.in_(released))
        if recall.state is RecallState.PENDING:
            update_rows(work, Placement, Placement.id.in_(placements), final_recall_on=None)
        void = sa.and_(Objection.recall_line_id.in_(released), Objection.state == ObjectionState.OPEN)
        update_rows(work, Objection, void, state=ObjectionState.VOID, decided_at=work.now)
        update_rows(work, RecallLine, RecallLine.id.in_(released), state=RecallLineState.RELEASED)
        if recall.category is RecallCategory.COMPLIANCE:
            _let_go_on(work, placements)
        recall.state, recall.withdrawn_by, recall.closed_at = RecallState.WITHDRAWN, actor.user_id, work.now
        work.session.flush()
        work.audit("recall.withdrawn", recall, before=before, after=facts_of(recall))
        if recall.announced_at is not None:
            hooks.recall_withdrawn(work, recall)


def _open_lines(recall: Recall) -> sa.Select[tuple[int]]:
    return sa.select(RecallLine.id).where(RecallLine.recall_id == recall.id, RecallLine.state.in_(OPEN_LINES))


def _stop(work: Work, recall: Recall) -> None:
    """From this instant no work on what the recall covers."""
    mine = sa.select(RecallLine.placement_id).where(RecallLine.recall_id == recall.id)
    running = sa.and_(Placement.id.in_(mine), Placement.stopped_at.is_(None))
    update_rows(work, Placement, running, stopped_at=work.now)


def _let_go_on(work: Work, placements: sa.Select[tuple[int]]) -> None:
    """Work goes on where no other compliance recall stands in its way."""
    others = (
        sa.select(RecallLine.placement_id)
        .join(Recall, Recall.id == RecallLine.recall_id)
        .where(RecallLine.state.in_(OPEN_LINES), Recall.category == RecallCategory.COMPLIANCE)
    )
    free = sa.and_(Placement.id.in_(placements), Placement.id.not_in(others))
    update_rows(work, Placement, free, stopped_at=None)


# --- shared -------------------------------------------------------------------------------------------------------------


def locked_recall(work: Work, recall_id: int, *states: RecallState) -> Recall:
    """The recall, kept for this transaction. NotFound where the actor sees none, Refused where it is in another state."""
    statement = visible(Recall, work.actor).where(Recall.id == recall_id)
    recall = work.session.scalar(statement.with_for_update().execution_options(populate_existing=True))
    if recall is None:
        raise NotFound
    if recall.state not in states:
        words = say("This recall has already been decided or withdrawn. Look at its state before you go on.")
        raise Refused("recall.state", words)
    return recall


def ending_of(recall: Recall, last_on: date | None = None) -> Ending:
    """How placements end by this recall."""
    return Ending(
        end_reason_of(recall.reason), closure_code=recall.reason.value, reverse=recall.reverse, last_on=last_on
    )


def facts_of(recall: Recall) -> dict[str, Any]:
    """What the audit trail keeps of a recall."""
    return {
        "number": recall.number,
        "state": recall.state.value,
        "organisation_id": recall.organisation_id,
        "reason": recall.reason.value,
        "category": recall.category.value,
        "reverse": recall.reverse,
        "accounts": recall.account_count,
        "final_on": recall.final_on.isoformat() if recall.final_on else None,
        "note": recall.note,
    }
