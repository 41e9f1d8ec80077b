"""What the page of a matter shows: first what is to be done next, then how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portal.commission.charge_labels import charge_tag
from portal.commission.charge_models import Charge
from portal.commission.charge_queries import charges
from portal.contact.proofs import person_key_of
from portal.foundation.access import Permission
from portal.foundation.errors import DomainError
from portal.foundation.language import _l, say
from portal.foundation.services import services
from portal.legal.matters import queries
from portal.legal.matters.course import plain
from portal.legal.matters.labels import (
    COST_KINDS,
    DOCUMENT_KINDS,
    HEARING_KINDS,
    HEARING_STATES,
    LANGUAGES,
    OUTCOMES,
    SAY_SO,
    STAGES,
    cost_tag,
)
from portal.legal.matters.models import CostState
from portal.legal.matters.stages import Stage, may_follow
from portal.legal.queries import lawyers
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.language import Message
    from portal.legal.matters.models import Hearing, Matter, MatterCost, MatterStep
    from portal.placement.models import Placement

__all__ = ["matter_page", "steps_ahead"]

# What usually comes next, by where the matter is; days as the Civil Procedure Law has them.
NEXT: dict[Stage, Any] = {
    Stage.PREPARED: say("File the claim with the court, then note the day and the court."),
    Stage.FILED: say("The court has seven days to accept the claim. Note its case number, or why it was not accepted."),
    Stage.ACCEPTED: say("Pay the court fee in time, and enter the day of the hearing as soon as the summons is there."),
    Stage.MEDIATED: say("Note what came of the mediation: it is kept and closed, it is enforced, or the court goes on."),
    Stage.HEARING: say("Note the judgment when it is served, with its amounts; or a further hearing, or a settlement."),
    Stage.JUDGMENT: say("Fifteen days after its service the judgment stands, unless somebody appeals. Enforcement is applied for within two years."),
    Stage.ENFORCEMENT: say("Note the end: enforced, settled, or nothing found to enforce on. The last can be taken up again."),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits on this matter: the words, and at which part of the page it is done."""

    words: Message
    place: str = ""
    action: Any = None


def steps_ahead(session: Session, actor: Actor, matter: Matter) -> list[Stage]:
    """Stages that the matter can come to next, as things stand; after the account has gone back only its end."""
    ahead = may_follow(plain(queries.course_of(queries.steps_of(session, actor, matter.id))))
    if queries.placement_of(session, actor, matter).ended_at is not None:
        return [stage for stage in ahead if stage is Stage.CLOSED]
    return ahead


def matter_page(session: Session, actor: Actor, matter_id: int) -> dict[str, Any]:
    """All that the template asks for. NotFound."""
    matter = queries.matter_for(session, actor, matter_id)
    placement = queries.placement_of(session, actor, matter)
    rows = queries.steps_of(session, actor, matter.id)
    course = queries.course_of(rows)
    heard = queries.hearings_of(session, actor, matter.id)
    costs = queries.costs_of(session, actor, matter.id)
    runs = actor.can(Permission.MATTERS_RUN) and matter.organisation_id == actor.organisation_id
    opens = _opens(session, actor, matter)
    now = services().clock.now()
    ahead = steps_ahead(session, actor, matter) if runs else []
    return {
        "matter": matter, "stage": STAGES[matter.stage], "outcome": OUTCOMES.get(matter.outcome) if matter.outcome else None,
        "firm": name_of(matter.organisation), "placement": placement, "runs": runs, "opens": opens, "now": now,
        "waiting": list(_waiting(actor, matter, placement, (heard, costs), now)) if runs or actor.is_bank else [],
        "ahead": [(stage, SAY_SO[stage]) for stage in ahead], "course": course, "stages": STAGES, "outcomes": OUTCOMES,
        "was_filed": any(row.stage is Stage.FILED for row in course),
        "begun_anew": queries.restarts_of(session, actor, matter.id) if opens else [],
        "corrected": _corrected(rows, course), "awarded": _awarded(course),
        "hearings": heard, "heard_events": queries.events_of_hearings(session, actor, [one.id for one in heard]),
        "open_states": queries.AHEAD, "hearing_kinds": HEARING_KINDS, "hearing_states": HEARING_STATES,
        "costs": [(cost, cost_tag(cost)) for cost in costs], "cost_kinds": COST_KINDS, "cost_states": CostState,
        "charges": _charges(session, actor, costs), "sums": _sums(costs),
        "documents": queries.documents_of(session, actor, matter.id), "document_kinds": DOCUMENT_KINDS,
        "lawyers": lawyers(session, actor, matter.organisation_id, services().clock.today()) if runs else [],
        "bundles": queries.bundles_of(session, actor, matter.account_id) if actor.can(Permission.EVIDENCE_BUNDLE) and opens else [],
        "languages": LANGUAGES,
    }  # fmt: skip


def _opens(session: Session, actor: Actor, matter: Matter) -> bool:
    """Whether the account, and what is sealed for its person, is open to the reader."""
    try:
        person_key_of(session, actor, matter.account_id)
    except DomainError:
        return False
    return True


def _waiting(
    actor: Actor,
    matter: Matter,
    placement: Placement,
    found: tuple[Sequence[Hearing], Sequence[MatterCost]],
    now: datetime,
) -> Iterator[Waiting]:
    """What waits for the reader, the most pressing first."""
    heard, costs = found
    is_open = matter.stage is not Stage.CLOSED
    if is_open and placement.ended_on is not None:
        words = say(
            "The bank has taken the account back; its last day with the firm was %(day)s. The suit is still open at the court: agree with each other who goes on with it, and close the matter.",
            day=placement.ended_on,
        )  # fmt: skip
        yield Waiting(words)
    elif is_open and placement.final_recall_on is not None:
        words = say(
            "The bank takes the account back: its last day with the firm is %(day)s, and the suit is open.",
            day=placement.final_recall_on,
        )
        yield Waiting(words)
    if actor.is_bank:
        waiting = [cost for cost in costs if cost.state is None]
        if waiting and actor.can(Permission.CHARGES_DECIDE):
            yield Waiting(say("The firm asks for a cost: decide on it below."), "costs", _l("Look at the costs"))
        return
    past = [one for one in heard if one.state in queries.AHEAD and one.starts_at <= now]
    if past:
        yield Waiting(say("A hearing is over: note whether it was held."), "hearings", _l("Look at the hearings"))
    if any(cost.state is CostState.APPROVED for cost in costs):
        yield Waiting(
            say("The bank has approved a cost: note the day on which it was paid, with the receipt."),
            "costs",
            _l("Look at the costs"),
        )
    if is_open and placement.ended_on is None:
        yield Waiting(NEXT[matter.stage])


def _corrected(rows: Sequence[MatterStep], course: Sequence[MatterStep]) -> list[MatterStep]:
    """Rows that do not stand (any more), the latest first."""
    standing = {row.id for row in course}
    return [row for row in reversed(rows) if row.id not in standing]


def _awarded(course: Sequence[MatterStep]) -> MatterStep | None:
    """The latest step that says what was awarded."""
    return next((row for row in reversed(course) if row.awarded_principal_minor is not None), None)


def _charges(session: Session, actor: Actor, costs: Sequence[MatterCost]) -> dict[int, tuple[Charge, Any]]:
    """What costs that were paid have become, by cost."""
    if not actor.can(Permission.CHARGES_VIEW):
        return {}
    of_cost = {event.charge_id: cost.id for cost in costs for event in cost.events if event.charge_id}
    found = session.scalars(charges(actor).where(Charge.id.in_(of_cost)).order_by(Charge.id))
    return {of_cost[charge.id]: (charge, charge_tag(charge)) for charge in found}


def _sums(costs: Sequence[MatterCost]) -> dict[str, int]:
    """Asked for, approved, and advanced, in minor units."""
    approved = (CostState.APPROVED, CostState.ADVANCED)
    return {
        "asked": sum(cost.amount_minor for cost in costs if cost.state is None),
        "approved": sum(cost.amount_minor for cost in costs if cost.state in approved),
        "advanced": sum(cost.amount_minor for cost in costs if cost.state is CostState.ADVANCED),
    }
