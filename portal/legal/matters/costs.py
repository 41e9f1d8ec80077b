"""Costs of a matter: the firm asks leave, the bank decides, the firm pays and sends the receipt. From there on it is a charge
like any other cost (commission): finance looks at the receipt, and the next statement pays it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.exc import IntegrityError

from portal.commission.charging import Cost, note_cost
from portal.contact.proofs import NO_PROOF, keep_sealed
from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, Refused
from portal.foundation.free_text import given_reason
from portal.foundation.language import say
from portal.foundation.money import format_amount
from portal.foundation.work import reading, transaction
from portal.legal.matters import queries
from portal.legal.matters.course import amount_of
from portal.legal.matters.models import CostKind, CostState, MatterCost, MatterCostEvent
from portal.vendors.proofs import keep_proof

if TYPE_CHECKING:
    from datetime import date

    from portal.foundation.access import Actor
    from portal.foundation.work import Work
    from portal.vendors.proofs import Proof

__all__ = ["Advance", "Wanted", "advance_cost", "approve_cost", "ask_cost", "refuse_cost", "withdraw_cost"]

LONGEST = 400


@dataclass(frozen=True)
class Wanted:
    """What the firm asks to spend, as written in the matter's currency; `proof`: what the court demands, where it is there."""

    kind: CostKind
    amount: str
    reason: str
    proof: Proof | None = None


@dataclass(frozen=True)
class Advance:
    """What was paid, as written, on which day, with the receipt."""

    amount: str
    charged_on: date
    proof: Proof | None


def ask_cost(actor: Actor, matter_id: int, wanted: Wanted) -> int:
    """Ask the bank for leave to spend; the cost's id. NotFound for a matter that is not the firm's; Refused with a file where the
    account has gone back; DomainError naming the field."""
    demand(actor, Permission.MATTERS_RUN)
    reason = given_reason(wanted.reason, LONGEST, "cost.reason", say("Say what it is for."))
    with reading(actor) as session:
        account_id = queries.matter_for(session, actor, matter_id).account_id
    kept = keep_sealed(actor, account_id, wanted.proof) if wanted.proof else NO_PROOF
    with transaction(actor) as work:
        matter = queries.matter_for(work.session, actor, matter_id)
        amount = amount_of(wanted.amount, matter.currency, "amount")
        if amount <= 0:
            raise DomainError("cost.amount", say("A cost is more than nothing."), field="amount")
        cost = MatterCost(
            matter_id=matter.id, organisation_id=matter.organisation_id, kind=wanted.kind, currency=matter.currency,
            amount_minor=amount, reason=reason, proof_digest=kept.digest, proof_name=kept.name, asked_by=actor.user_id,
            asked_by_name=actor.name, asked_at=work.now,
        )  # fmt: skip
        work.session.add(cost)
        work.session.flush()
        after = {"matter": matter.number, "kind": cost.kind.value, "amount_minor": amount, "currency": cost.currency}
        work.audit("legal.cost_asked", cost, after=after, reason=reason)
        return cost.id


def approve_cost(actor: Actor, matter_id: int, cost_id: int) -> None:
    """The firm may spend it. NotFound; Refused where it is decided."""
    demand(actor, Permission.CHARGES_DECIDE)
    _decide(actor, (matter_id, cost_id), CostState.APPROVED, "")


def refuse_cost(actor: Actor, matter_id: int, cost_id: int, reason: str) -> None:
    """The bank does not pay it, for a reason. NotFound; Refused where it is decided."""
    demand(actor, Permission.CHARGES_DECIDE)
    reason = given_reason(reason, LONGEST, "cost.reason", say("Say why, so that the other side can follow."))
    _decide(actor, (matter_id, cost_id), CostState.REFUSED, reason)


def withdraw_cost(actor: Actor, matter_id: int, cost_id: int) -> None:
    """The firm needs it no more. NotFound; Refused where it is decided."""
    demand(actor, Permission.MATTERS_RUN)
    _decide(actor, (matter_id, cost_id), CostState.WITHDRAWN, "")


def advance_cost(actor: Actor, matter_id: int, cost_id: int, paid: Advance) -> int:
    """The firm has paid an approved cost; the number of the charge that it has become. NotFound; Refused where it is not
    approved, or paid already; DomainError naming the field, also for more than was approved."""
    demand(actor, Permission.MATTERS_RUN)
    demand(actor, Permission.COSTS_ENTER)
    if paid.proof is None:
        words = say("Add the receipt as a PDF, PNG or JPEG file: a cost is paid by its proof.")
        raise DomainError("charge.proof", words, field="proof")
    digest = keep_proof(paid.proof)
    with transaction(actor) as work:
        cost = queries.cost_for(work.session, actor, matter_id, cost_id, lock=True)
        if cost.state is not CostState.APPROVED:
            raise Refused(
                "cost.not_approved", say("The bank has to approve a cost before it is advanced, and once is enough.")
            )
        if amount_of(paid.amount, cost.currency, "amount") > cost.amount_minor:
            words = say(
                "At most what was approved: %(amount)s. Ask for the rest as another cost.",
                amount=format_amount(cost.amount_minor, cost.currency),
            )  # fmt: skip
            raise DomainError("cost.more", words, field="amount")
        matter = queries.matter_for(work.session, actor, matter_id)
        placement = queries.placement_of(work.session, actor, matter)
        charge = Cost(matter.account_ref, paid.amount, paid.charged_on, cost.reason, paid.proof)
        charge_id = note_cost(work, placement, charge, digest, about=matter.number)
        _note(work, cost, CostState.ADVANCED, charge_id=charge_id)
        after = {"matter": matter.number, "charge": charge_id, "on": paid.charged_on.isoformat()}
        work.audit("legal.cost_advanced", cost, after=after | {"receipt": digest})
        return charge_id


def _decide(actor: Actor, which: tuple[int, int], to: CostState, reason: str) -> None:
    with transaction(actor) as work:
        cost = queries.cost_for(work.session, actor, *which, lock=True)
        if cost.state is not None:
            raise _decided()
        _note(work, cost, to, reason)
        after = {"matter": which[0], "amount_minor": cost.amount_minor, "currency": cost.currency}
        work.audit(f"legal.cost_{to.value}", cost, after=after, reason=reason)


def _note(work: Work, cost: MatterCost, state: CostState, reason: str = "", charge_id: int | None = None) -> None:
    work.session.add(
        MatterCostEvent(
            cost_id=cost.id, organisation_id=cost.organisation_id, state=state, reason=reason, charge_id=charge_id,
            by_user_id=work.actor.user_id or 0, by_name=work.actor.name, at=work.now,
        )
    )  # fmt: skip
    try:
        work.session.flush()
    except IntegrityError as error:  # somebody else was quicker
        raise _decided() from error


def _decided() -> Refused:
    return Refused("cost.decided", say("This is decided already. Look at its state."))
