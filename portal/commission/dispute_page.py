"""What has come of a contested line: how its payment is credited by now, and which adjustments refer to it.

The bank sees the decision anew and who proposed it; the agency its own side: that the credit stands, has come, or has gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import url_for

from portal.commission.charge_labels import charge_tag
from portal.commission.charge_queries import adjustments_about
from portal.commission.labels import clause_of
from portal.commission.life_labels import dispute_number
from portal.commission.life_models import DisputeEnd, DisputeReason, Follows
from portal.commission.line_queries import later_lines, root_credit
from portal.commission.models import LineKind
from portal.foundation.access import Permission
from portal.foundation.language import from_data, translate
from portal.recovery.labels import CLEARINGS, DECISIONS, clearing_state
from portal.recovery.payment_queries import chain_of, claim_on, proposals_about, to_decide_of
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from portal.commission.life_models import StatementDispute
    from portal.commission.models import Statement
    from portal.foundation.access import Actor
    from portal.foundation.states import StateTag
    from portal.recovery.models import Attribution
    from portal.recovery.payment_queries import Step

__all__ = ["CreditNow", "adjustments_of", "credit_now", "decided_since"]


@dataclass(frozen=True)
class CreditNow:
    """How the payment of a contested line is credited today, as far as the reader may see it. `stands`: decision, whose it is,
    since when and why; of none of the reader's the credit has gone. `proposals`: what was proposed since it was contested, to
    the bank alone; `decide_url`: where it is decided anew, while it waits for a proposal. `lines`: what later statements say of it."""

    payment_url: str | None
    stands: list[dict[str, Any]]
    proposals: list[dict[str, Any]]
    decide_url: str | None
    lines: list[dict[str, Any]]


def credit_now(session: Session, who: Actor, dispute: StatementDispute) -> CreditNow | None:
    """None where the objection is not about the credit of a payment."""
    line, end = dispute.line, dispute.end
    about_credit = dispute.reason is DisputeReason.CREDIT or (end is not None and end.follows is Follows.CREDIT)
    if line is None or line.kind is not LineKind.PAYMENT or line.attribution_id is None or not about_credit:
        return None
    payment_id = root_credit(session, who, line.attribution_id).payment_id
    steps = chain_of(session, who, payment_id)
    decisions = [step.decision for step in steps]
    waiting = to_decide_of(session, who, payment_id) if who.can(Permission.PAYMENTS_IMPORT) else None
    if waiting is not None and claim_on(session, who, waiting.id) is not None:
        waiting = None  # the way to it is by its proposal
    later = later_lines(session, who, dispute.statement_id, [decision.id for decision in decisions])
    return CreditNow(
        payment_url=url_for("recovery.payment", payment_id=payment_id) if who.can(Permission.PAYMENTS_VIEW) else None,
        stands=told(steps),
        proposals=_proposals(session, who, dispute, decisions) if who.can(Permission.PAYMENTS_IMPORT) else [],
        decide_url=url_for("recovery.exception", payment_id=payment_id) if waiting else None,
        lines=[{"line": line, "statement": statement, "reason": clause_of(line)} for line, statement in later],
    )


def told(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """The decisions that stand of those on a payment, as pages show them: `commission/_credit.html`."""
    return [
        {
            "decision": step.decision,
            "tag": DECISIONS[step.decision.decision],
            "holder": name_of(step.organisation) if step.organisation else None,
            "why": translate(from_data(step.decision.trace)),
        }
        for step in steps
        if step.stands
    ]


def decided_since(session: Session, who: Actor, credit: Attribution | None) -> list[dict[str, Any]] | None:
    """What stands by now of a credit that a line pays, where another decision took its place: as far as the reader may see it,
    so that of an agency's lost credit there is nothing. None where it stands itself."""
    if credit is None:
        return None
    steps = chain_of(session, who, credit.payment_id)
    if any(step.stands and step.decision.id == credit.id for step in steps):
        return None
    return told(steps)


def _proposals(session: Session, who: Actor, dispute: StatementDispute, decisions: list[Any]) -> list[dict[str, Any]]:
    """The latest first."""
    return [
        {
            "kind": CLEARINGS[row.Clearing.kind],
            "tag": clearing_state(row.ClearingDecision),
            "reason": row.Clearing.reason,
            "proposer": row.proposer,
            "url": url_for("recovery.clearing_page", clearing_id=row.Clearing.id),
        }
        for row in proposals_about(session, who, decisions)
        if row.Clearing.proposed_at >= dispute.at
    ]


# --- adjustments -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Adjustments:
    """`found`: adjustments that refer to the contested line, with the statement that pays each; `new_url`: where another one
    is proposed, for who may, where the agency was right."""

    found: list[dict[str, Any]]
    new_url: str | None


def adjustments_of(session: Session, who: Actor, statement: Statement, dispute: StatementDispute) -> Adjustments:
    """What refers to a contested line, as far as the reader may see it."""
    number, line = dispute_number(statement, dispute), dispute.line
    upheld = dispute.end is not None and dispute.end.state is DisputeEnd.UPHELD
    new_url = None
    if upheld and line is not None and who.can(Permission.CHARGES_PROPOSE):
        new_url = url_for(
            "charges.new_adjustment", organisation=statement.organisation_id, currency=statement.currency,
            statement=statement.number, line=line.position, about=number,
        )  # fmt: skip
    if not who.can(Permission.CHARGES_VIEW):
        return Adjustments([], new_url)
    found = adjustments_about(session, who, statement.organisation_id, number, dispute.line_id)
    return Adjustments([_adjustment(charge, paid) for charge, paid in found], new_url)


def _adjustment(charge: Any, statement: Statement | None) -> dict[str, Any]:
    tag: StateTag = charge_tag(charge)
    return {
        "charge": charge, "tag": tag, "statement": statement, "url": url_for("charges.charge", charge_id=charge.id)
    }  # fmt: skip
