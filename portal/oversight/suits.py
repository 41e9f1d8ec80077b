"""What suits ask of people: hearings of the next days and what came of those that are over, costs to decide on and to pay,
matters whose account has gone back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.foundation.language import _l, say
from portal.foundation.visibility import visible
from portal.legal.matters import queries
from portal.legal.matters.labels import COST_KINDS, HEARING_KINDS
from portal.legal.matters.models import CostState, Hearing, Matter, MatterCost, MatterCostEvent
from portal.legal.matters.stages import Stage
from portal.oversight.tasks import Task, reviewed_by
from portal.placement.models import Placement
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from portal.oversight.tasks import Desk

__all__ = ["accounts_to_sue_for", "costs_to_decide", "costs_to_pay", "days_in_court", "suits_left_behind"]

MOST = 8
AHEAD = timedelta(days=7)


def days_in_court(desk: Desk) -> Iterator[Task]:
    """Hearings of the next seven days, and those that are over and of which nobody has said what came of them."""
    wanted = queries.hearings(desk.actor).where(Hearing.state.in_(queries.AHEAD), Hearing.starts_at < desk.now + AHEAD)
    for row in desk.session.execute(wanted.order_by(Hearing.starts_at, Hearing.id).limit(MOST)):
        hearing, matter = row.Hearing, row.Matter
        kind = HEARING_KINDS[hearing.kind]
        if hearing.starts_at <= desk.now:
            words, action = (
                say("%(kind)s of %(matter)s is over", kind=kind, matter=matter.number),
                _l("Say what came of it"),
            )
        else:
            place = " ".join(filter(None, (hearing.court, hearing.room)))
            words = say("%(kind)s of %(matter)s: %(place)s", kind=kind, matter=matter.number, place=place)
            action = _l("Open")
        yield Task(words, action, "matters.matter", {"matter_id": matter.id, "_anchor": "hearings"}, hearing.starts_at)


def suits_left_behind(desk: Desk) -> Iterator[Task]:
    """Open matters whose account the bank has taken back."""
    wanted = (
        visible(Matter, desk.actor)
        .join(Placement, Placement.id == Matter.placement_id)
        .add_columns(Placement.ended_on)
        .where(Matter.stage != Stage.CLOSED, Placement.ended_at.is_not(None))
    )
    for matter, ended_on in desk.session.execute(wanted.order_by(Placement.ended_at, Matter.id).limit(MOST)):
        words = say("The account of %(matter)s has gone back, and the suit is open", matter=matter.number)
        yield Task(words, _l("Close the matter"), "matters.matter", {"matter_id": matter.id}, ended_on)


def accounts_to_sue_for(desk: Desk) -> Iterator[Task]:
    """For the firm: accounts that are placed for litigation and have no matter yet."""
    n = queries.count_not_sued_for(desk.session, desk.actor)
    if n:
        words = say("Accounts are placed for litigation and have no matter yet")
        yield Task(words, _l("Look at them"), "portfolio.accounts", {"suit": "none"}, count=n)


def costs_to_decide(desk: Desk) -> Iterator[Task]:
    """For the bank: costs that firms ask for."""
    for row in desk.session.execute(queries.costs_waiting(desk.actor).order_by(MatterCost.id).limit(MOST)):
        cost, matter = row.MatterCost, row.Matter
        words = say("%(kind)s of %(matter)s waits for a decision", kind=COST_KINDS[cost.kind], matter=matter.number)
        yield Task(
            words, _l("Look and decide"), "matters.matter", {"matter_id": matter.id, "_anchor": "costs"},
            reviewed_by(cost.asked_at), name_of(matter.organisation), None, cost.amount_minor, cost.currency,
        )  # fmt: skip


def costs_to_pay(desk: Desk) -> Iterator[Task]:
    """For the firm: costs that the bank has approved and that nobody has paid yet."""
    latest = sa.select(sa.func.max(MatterCostEvent.id)).where(MatterCostEvent.cost_id == MatterCost.id)
    wanted = (
        visible(MatterCost, desk.actor)
        .join(Matter, Matter.id == MatterCost.matter_id)
        .join(MatterCostEvent, MatterCostEvent.id == latest.correlate(MatterCost).scalar_subquery())
        .add_columns(Matter)
        .where(MatterCostEvent.state == CostState.APPROVED)
    )
    for cost, matter in desk.session.execute(wanted.order_by(MatterCost.id).limit(MOST)):
        words = say(
            "%(kind)s of %(matter)s is approved and not paid yet", kind=COST_KINDS[cost.kind], matter=matter.number
        )
        yield Task(
            words, _l("Pay it and add the receipt"), "matters.matter", {"matter_id": matter.id, "_anchor": "costs"},
            None, "", None, cost.amount_minor, cost.currency,
        )  # fmt: skip
