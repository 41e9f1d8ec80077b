"""Reads of matters. A firm sees its own, also when the account has gone back; the bank sees all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.commission.charge_models import Charge
from portal.commission.charge_queries import charges
from portal.contact.limits.keeping import standing_restarts
from portal.contact.limits.models import LimitationRestart
from portal.foundation.errors import NotFound
from portal.foundation.visibility import visible
from portal.identity.models import Organisation, User
from portal.legal.matters.models import (
    EvidenceBundle,
    Hearing,
    HearingEvent,
    HearingState,
    Matter,
    MatterCost,
    MatterCostEvent,
    MatterDocument,
    MatterStep,
    StepEffect,
)
from portal.legal.matters.stages import Stage
from portal.legal.models import LetterEvent, LetterState
from portal.placement.models import Placement
from portal.vendors.models import PlacementKind

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = [
    "AHEAD",
    "MOST_COUNTED",
    "bundle_for",
    "bundle_made_by",
    "bundles_of",
    "cost_for",
    "costs_of",
    "costs_waiting",
    "count_not_sued_for",
    "count_waiting_costs",
    "course_of",
    "courts",
    "document_for",
    "documents_of",
    "events_of_hearings",
    "firms_with_matters",
    "handlers",
    "hearing_for",
    "hearings",
    "hearings_of",
    "hearings_to_tell",
    "matter_for",
    "matter_numbered",
    "matters",
    "matters_of_account",
    "next_hearing",
    "not_sued_for",
    "open_matter_of",
    "paid_for",
    "placement_for_suit",
    "placement_of",
    "restarts_of",
    "step_for",
    "steps_of",
    "why_void",
]  # fmt: skip

T = TypeVar("T")
MOST_COUNTED = 1_000
AHEAD = (HearingState.FIXED, HearingState.MOVED)  # states in which a hearing is still to come, or was not told of


# --- matters ------------------------------------------------------------------------------------------------------------


def matters(actor: Actor) -> sa.Select[tuple[Matter]]:
    """Matters that the actor may see, each with its firm and its lawyer."""
    return visible(Matter, actor).options(joinedload(Matter.organisation), joinedload(Matter.lawyer))


def matter_for(session: Session, actor: Actor, matter_id: int, *, lock: bool = False) -> Matter:
    """One matter; NotFound where there is none that the actor may see. `lock` keeps others from taking it further."""
    wanted = visible(Matter, actor) if lock else matters(actor)
    if lock:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    return _found(session.scalar(wanted.where(Matter.id == matter_id)))


def matter_numbered(session: Session, actor: Actor, words: str) -> Matter | None:
    """The matter with this number, or with this case number of a court, if the actor may see it; the latest of several."""
    wanted = visible(Matter, actor).where(sa.or_(Matter.number == words, Matter.case_no == words))
    return session.scalar(wanted.order_by(Matter.id.desc()).limit(1))


def matters_of_account(session: Session, actor: Actor, account_id: int) -> list[Matter]:
    """Matters about an account, the latest first."""
    wanted = matters(actor).where(Matter.account_id == account_id).order_by(Matter.id.desc())
    return list(session.scalars(wanted))


def open_matter_of(session: Session, actor: Actor, account_id: int) -> Matter | None:
    """The matter that the actor's firm runs about an account."""
    mine = Matter.organisation_id == actor.organisation_id
    wanted = visible(Matter, actor).where(Matter.account_id == account_id, mine, Matter.stage != Stage.CLOSED)
    return session.scalar(wanted)


def placement_for_suit(session: Session, actor: Actor, account_id: int) -> Placement | None:
    """The live placement for litigation by which the actor's firm may sue for an account."""
    wanted = visible(Placement, actor).where(
        Placement.account_id == account_id, Placement.organisation_id == actor.organisation_id,
        Placement.kind == PlacementKind.LITIGATION, Placement.accepted_at.is_not(None), Placement.ended_at.is_(None),
    )  # fmt: skip
    return session.scalar(wanted)


def not_sued_for(actor: Actor) -> sa.Select[Any]:
    """Keys of live placements for litigation by which nobody has opened a matter."""
    matter = sa.select(Matter.id).where(Matter.placement_id == Placement.id)
    live = (Placement.accepted_at.is_not(None), Placement.ended_at.is_(None), Placement.stopped_at.is_(None))
    wanted = visible(Placement, actor).where(Placement.kind == PlacementKind.LITIGATION, *live, ~matter.exists())
    return wanted.with_only_columns(Placement.id)


def count_not_sued_for(session: Session, actor: Actor) -> int:
    """How many these are, counted up to `MOST_COUNTED`."""
    some = not_sued_for(actor).limit(MOST_COUNTED).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(some)) or 0


def placement_of(session: Session, actor: Actor, matter: Matter) -> Placement:
    """The placement by which a matter is run."""
    return session.scalars(visible(Placement, actor).where(Placement.id == matter.placement_id)).one()


def steps_of(session: Session, actor: Actor, matter_id: int) -> list[MatterStep]:
    """All that was ever said of a matter's course, the earliest first."""
    wanted = visible(MatterStep, actor).where(MatterStep.matter_id == matter_id).order_by(MatterStep.id)
    return list(session.scalars(wanted))


def restarts_of(session: Session, actor: Actor, matter_id: int) -> list[LimitationRestart]:
    """What a matter has begun anew and still stands, for whoever sees the account; the earliest first."""
    of_steps = (
        visible(StepEffect, actor)
        .join(MatterStep, MatterStep.id == StepEffect.step_id)
        .where(MatterStep.matter_id == matter_id)
        .with_only_columns(StepEffect.restart_id)
    )
    standing = standing_restarts(actor).where(LimitationRestart.id.in_(of_steps))
    return list(session.scalars(standing.order_by(LimitationRestart.happened_on, LimitationRestart.id)))


def step_for(session: Session, actor: Actor, matter_id: int, step_id: int) -> MatterStep:
    """One row of a matter's course. NotFound where there is none that the actor may see."""
    wanted = visible(MatterStep, actor).where(MatterStep.id == step_id, MatterStep.matter_id == matter_id)
    return _found(session.scalar(wanted))


def course_of(rows: Sequence[MatterStep]) -> list[MatterStep]:
    """What stands of these rows, in the order of the course: a correction stands where the row stood that it corrects."""
    places: dict[int, int] = {}
    standing: dict[int, MatterStep] = {}
    for row in rows:
        place = places[row.corrects_id] if row.corrects_id else row.id
        places[row.id], standing[place] = place, row
    return [standing[place] for place in sorted(standing) if not standing[place].taken_back]


def courts(session: Session, actor: Actor) -> list[str]:
    """Courts that matters are at, by name."""
    wanted = visible(Matter, actor).where(Matter.court != "").with_only_columns(Matter.court).distinct()
    return list(session.scalars(wanted.order_by(Matter.court)))


def handlers(session: Session, actor: Actor) -> list[User]:
    """Lawyers who handle matters that the actor may see."""
    handled = visible(Matter, actor).with_only_columns(Matter.lawyer_id)
    return list(session.scalars(visible(User, actor).where(User.id.in_(handled)).order_by(User.name, User.id)))


def firms_with_matters(session: Session, actor: Actor) -> list[Organisation]:
    """Firms that run or ran matters, by code."""
    ids = visible(Matter, actor).with_only_columns(Matter.organisation_id)
    wanted = visible(Organisation, actor).where(Organisation.id.in_(ids)).order_by(Organisation.code)
    return list(session.scalars(wanted))


# --- hearings -----------------------------------------------------------------------------------------------------------


def next_hearing() -> sa.ScalarSelect[Any]:
    """When a matter of a select over matters is heard next (or was, and nobody has said so); NULL where nothing is fixed."""
    wanted = sa.select(sa.func.min(Hearing.starts_at)).where(Hearing.matter_id == Matter.id, Hearing.state.in_(AHEAD))
    return wanted.correlate(Matter).scalar_subquery()


def hearings(actor: Actor) -> sa.Select[Any]:
    """Hearings with their matters, as rows (Hearing, Matter)."""
    wanted = visible(Hearing, actor).join(Matter, Matter.id == Hearing.matter_id).add_columns(Matter)
    return wanted.options(joinedload(Matter.organisation), joinedload(Matter.lawyer))


def hearings_of(session: Session, actor: Actor, matter_id: int) -> list[Hearing]:
    """Hearings of a matter, the latest first."""
    wanted = visible(Hearing, actor).where(Hearing.matter_id == matter_id)
    return list(session.scalars(wanted.order_by(Hearing.starts_at.desc(), Hearing.id.desc())))


def hearing_for(session: Session, actor: Actor, matter_id: int, hearing_id: int) -> Hearing:
    """One hearing of a matter. NotFound where there is none that the actor may see."""
    wanted = visible(Hearing, actor).where(Hearing.id == hearing_id, Hearing.matter_id == matter_id)
    return _found(session.scalar(wanted))


def events_of_hearings(session: Session, actor: Actor, hearing_ids: Collection[int]) -> dict[int, list[HearingEvent]]:
    """What was said of hearings one after the other, by hearing, the latest first."""
    found: dict[int, list[HearingEvent]] = {hearing_id: [] for hearing_id in hearing_ids}
    wanted = visible(HearingEvent, actor).where(HearingEvent.hearing_id.in_(hearing_ids))
    for event in session.scalars(wanted.order_by(HearingEvent.id.desc())):
        found[event.hearing_id].append(event)
    return found


def hearings_to_tell(session: Session, actor: Actor, since: datetime, most: int) -> list[Any]:
    """Hearings from an instant on as rows (Hearing, Matter), the earliest first: what a calendar shows."""
    wanted = hearings(actor).where(Hearing.starts_at >= since).order_by(Hearing.starts_at, Hearing.id)
    return list(session.execute(wanted.limit(most)))


# --- costs, documents, bundles ------------------------------------------------------------------------------------------


def costs_of(session: Session, actor: Actor, matter_id: int) -> list[MatterCost]:
    """Costs of a matter with what became of them, the latest first."""
    wanted = visible(MatterCost, actor).where(MatterCost.matter_id == matter_id).order_by(MatterCost.id.desc())
    return list(session.scalars(wanted))


def cost_for(session: Session, actor: Actor, matter_id: int, cost_id: int, *, lock: bool = False) -> MatterCost:
    """One cost of a matter. NotFound where there is none that the actor may see."""
    wanted = visible(MatterCost, actor).where(MatterCost.id == cost_id, MatterCost.matter_id == matter_id)
    if lock:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    return _found(session.scalar(wanted))


def paid_for(session: Session, actor: Actor, costs: Sequence[MatterCost]) -> dict[int, Charge]:
    """What was paid for costs, as the charge that each has become then, by cost."""
    of_cost = {event.charge_id: cost.id for cost in costs for event in cost.events if event.charge_id}
    found = session.scalars(charges(actor).where(Charge.id.in_(of_cost)).order_by(Charge.id))
    return {of_cost[charge.id]: charge for charge in found}


def costs_waiting(actor: Actor) -> sa.Select[Any]:
    """Costs that nobody has decided on, as rows (MatterCost, Matter)."""
    decided = sa.select(MatterCostEvent.id).where(MatterCostEvent.cost_id == MatterCost.id).exists()
    wanted = visible(MatterCost, actor).join(Matter, Matter.id == MatterCost.matter_id).add_columns(Matter)
    return wanted.options(joinedload(Matter.organisation)).where(~decided)


def count_waiting_costs(session: Session, actor: Actor) -> int:
    """How many costs nobody has decided on."""
    waiting = costs_waiting(actor).with_only_columns(MatterCost.id).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(waiting)) or 0


def documents_of(session: Session, actor: Actor, matter_id: int) -> list[MatterDocument]:
    """Files of a matter, the latest first."""
    wanted = visible(MatterDocument, actor).where(MatterDocument.matter_id == matter_id)
    return list(session.scalars(wanted.order_by(MatterDocument.id.desc())))


def document_for(session: Session, actor: Actor, matter_id: int, document_id: int) -> MatterDocument:
    """One file of a matter. NotFound where there is none that the actor may see."""
    wanted = visible(MatterDocument, actor)
    wanted = wanted.where(MatterDocument.id == document_id, MatterDocument.matter_id == matter_id)
    return _found(session.scalar(wanted))


def why_void(session: Session, actor: Actor, letter_ids: Collection[int]) -> dict[int, str]:
    """Of these letters those that are void, each with its reason as it is kept."""
    wanted = visible(LetterEvent, actor).where(
        LetterEvent.letter_id.in_(letter_ids), LetterEvent.state == LetterState.VOID
    )
    return {event.letter_id: event.reason for event in session.scalars(wanted.order_by(LetterEvent.id))}


def bundles_of(session: Session, actor: Actor, account_id: int, most: int = 10) -> list[EvidenceBundle]:
    """Bundles of an account, the latest first."""
    wanted = visible(EvidenceBundle, actor).where(EvidenceBundle.account_id == account_id)
    return list(session.scalars(wanted.order_by(EvidenceBundle.id.desc()).limit(most)))


def bundle_made_by(session: Session, actor: Actor, job_id: int) -> EvidenceBundle | None:
    """What a job has made."""
    return session.scalar(visible(EvidenceBundle, actor).where(EvidenceBundle.job_id == job_id))


def bundle_for(session: Session, actor: Actor, bundle_id: int) -> EvidenceBundle:
    """One bundle. NotFound where there is none that the actor may see."""
    return _found(session.scalar(visible(EvidenceBundle, actor).where(EvidenceBundle.id == bundle_id)))


def _found(row: T | None) -> T:
    if row is None:
        raise NotFound
    return row
