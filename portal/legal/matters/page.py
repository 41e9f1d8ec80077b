"""What the page of a matter shows: first what is to be done next, then how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portal.commission.charge_labels import charge_tag
from portal.commission.charge_models import ChargeState
from portal.contact.proofs import person_key_of
from portal.foundation.access import Permission
from portal.foundation.errors import DomainError
from portal.foundation.formats import number
from portal.foundation.language import _l, say, say_count
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
    cost_deed,
    cost_tag,
)
from portal.legal.matters.models import CostState, HearingKind
from portal.legal.matters.stages import Stage, may_follow, usual_next
from portal.legal.queries import lawyers
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from portal.commission.charge_models import Charge
    from portal.foundation.access import Actor
    from portal.foundation.language import Message
    from portal.legal.matters.models import Hearing, Matter, MatterCost, MatterStep
    from portal.placement.models import Placement

__all__ = ["matter_page", "not_sued_for", "steps_ahead"]

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


# What days in court of a kind take a matter to.
LEADS_TO = {HearingKind.TRIAL: Stage.HEARING, HearingKind.MEDIATION: Stage.MEDIATED}


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


def not_sued_for(session: Session, actor: Actor) -> Message | None:
    """How many accounts are placed for litigation and have no matter yet; None where there are none."""
    n = queries.count_not_sued_for(session, actor)
    if n >= queries.MOST_COUNTED:
        return say("%(n)s accounts or more are placed for litigation and have no matter yet.", n=number(n))
    words = say_count(
        "%(n)s account is placed for litigation and has no matter yet.",
        "%(n)s accounts are placed for litigation and have no matter yet.",
        n,
    )
    return words if n else None


def matter_page(session: Session, actor: Actor, matter_id: int) -> dict[str, Any]:
    """All that the template asks for. NotFound."""
    matter = queries.matter_for(session, actor, matter_id)
    placement = queries.placement_of(session, actor, matter)
    rows = queries.steps_of(session, actor, matter.id)
    course = queries.course_of(rows)
    heard = queries.hearings_of(session, actor, matter.id)
    costs = queries.costs_of(session, actor, matter.id)
    paid = queries.paid_for(session, actor, costs)
    runs = actor.can(Permission.MATTERS_RUN) and matter.organisation_id == actor.organisation_id
    opens = _opens(session, actor, matter)
    now = services().clock.now()
    ahead = steps_ahead(session, actor, matter) if runs else []
    return {
        "matter": matter, "stage": STAGES[matter.stage], "outcome": OUTCOMES.get(matter.outcome) if matter.outcome else None,
        "firm": name_of(matter.organisation), "placement": placement, "runs": runs, "opens": opens, "now": now,
        "waiting": list(_waiting(actor, matter, placement, (heard, costs), now)) if runs or actor.is_bank else [],
        "ahead": [(stage, SAY_SO[stage]) for stage in _usual_first(ahead, matter, heard)], "course": course, "stages": STAGES, "outcomes": OUTCOMES,
        "was_filed": any(row.stage is Stage.FILED for row in course),
        "begun_anew": queries.restarts_of(session, actor, matter.id) if opens else [],
        "corrected": _corrected(rows, course), "awarded": _awarded(course),
        "hearings": heard, "heard_events": queries.events_of_hearings(session, actor, [one.id for one in heard]),
        "open_states": queries.AHEAD, "hearing_kinds": HEARING_KINDS, "hearing_states": HEARING_STATES,
        "costs": [(cost, cost_tag(cost)) for cost in costs], "cost_kinds": COST_KINDS, "cost_states": CostState,
        "cost_deed": cost_deed, "charges": {cost_id: (charge, charge_tag(charge)) for cost_id, charge in paid.items()},
        "sums": _sums(costs, paid),
        "documents": queries.documents_of(session, actor, matter.id), "document_kinds": DOCUMENT_KINDS,
        "lawyers": lawyers(session, actor, matter.organisation_id, services().clock.today()) if runs else [],
        "bundles": queries.bundles_of(session, actor, matter.account_id) if actor.can(Permission.EVIDENCE_BUNDLE) and opens else [],
        "languages": LANGUAGES,
    }  # fmt: skip


def _usual_first(ahead: Sequence[Stage], matter: Matter, heard: Sequence[Hearing]) -> list[Stage]:
    """What can come next, what usually does before the rest."""
    fixed = min((one for one in heard if one.state in queries.AHEAD), key=lambda one: one.starts_at, default=None)
    usual = usual_next(ahead, matter.stage, LEADS_TO.get(fixed.kind) if fixed else None)
    return sorted(ahead, key=lambda stage: stage is not usual)


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


def _sums(costs: Sequence[MatterCost], paid: dict[int, Charge]) -> dict[str, int]:
    """What is approved, and what was really paid, in minor units; a payment that the firm has withdrawn was none."""
    approved = (CostState.APPROVED, CostState.ADVANCED)
    stands = [one for one in paid.values() if one.decision is None or one.decision.state is not ChargeState.WITHDRAWN]
    return {
        "approved": sum(cost.amount_minor for cost in costs if cost.state in approved),
        "advanced": sum(charge.amount_minor for charge in stands),
    }
