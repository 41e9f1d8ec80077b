"""Costs and adjustments: proposed by one person, decided by another at the bank, paid by the next statement, never edited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal.commission.charge_models import Charge, ChargeEvent, ChargeKind, ChargeState
from portal.commission.charge_queries import charge_for, placement_of_cost
from portal.commission.models import CommissionLine
from portal.commission.queries import statement_numbered
from portal.foundation.access import Permission, demand
from portal.foundation.bulk import one_at_a_time
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.free_text import given_reason
from portal.foundation.language import say
from portal.foundation.money import CURRENCIES, parse_amount
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.identity.models import Organisation
from portal.placement.models import PlacementBatch
from portal.vendors.proofs import keep_proof

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from portal.foundation.work import Work
    from portal.placement.models import Placement
    from portal.vendors.proofs import Proof

__all__ = [
    "Adjustment",
    "Cost",
    "approve_charge",
    "enter_cost",
    "note_cost",
    "propose_adjustment",
    "refuse_charge",
    "withdraw_charge",
]

PREFIXES = {ChargeKind.ADJUSTMENT: "AD", ChargeKind.COST: "CO"}
LONGEST = 1_000


@dataclass(frozen=True)
class Adjustment:
    """What the bank adds to (or, with a minus, takes from) an organisation's next statement. `amount` as written, in the major
    unit of `currency`. It refers to a line (`statement` and `line`), a batch or something else (`about`)."""

    organisation_id: int
    currency: str
    amount: str
    reason: str
    statement: str = ""
    line: int | None = None
    batch: str = ""
    about: str = ""


@dataclass(frozen=True)
class Cost:
    """What an organisation advanced for an account that it holds, or held. `amount` as written, in the account's currency."""

    account_ref: str
    amount: str
    charged_on: date
    reason: str
    proof: Proof | None


def propose_adjustment(actor: Actor, wanted: Adjustment) -> int:
    """Put an adjustment before a second person; its id. DomainError naming the field of what is missing or wrong; NotFound for
    an organisation that is none."""
    demand(actor, Permission.CHARGES_PROPOSE)
    if wanted.currency not in CURRENCIES:
        raise DomainError("charge.currency", say("Write the currency as its code, for example CNY."), field="currency")
    amount = _amount(wanted.amount, wanted.currency)
    reason = _given(wanted.reason)
    with transaction(actor) as work:
        owner = work.session.scalar(
            visible(Organisation, actor)
            .where(Organisation.id == wanted.organisation_id)
            .with_only_columns(Organisation.id)
        )
        if owner is None:
            raise NotFound
        line = _line(work, wanted)
        batch_id = _batch(work, wanted) or (line.batch_id if line else None)
        if line is None and batch_id is None and not wanted.about.strip():
            words = say("Say what it is about: a line of a statement, a batch, or a dispute or paper by its number.")
            raise DomainError("charge.about", words, field="about")
        about = wanted.about.strip() or _of_line(wanted)
        return _write(
            work,
            Charge(
                kind=ChargeKind.ADJUSTMENT, organisation_id=wanted.organisation_id, currency=wanted.currency,
                amount_minor=amount, charged_on=work.today, reason=reason, about=about[:200], line_id=line.id if line else None,
                batch_id=batch_id, placement_id=line.placement_id if line else None,
            ),
        )  # fmt: skip


def enter_cost(actor: Actor, wanted: Cost) -> int:
    """Enter a cost that the actor's organisation advanced, with its proof; its id. DomainError naming the field: an account it
    never had for letters or litigation, an amount that is none, a day to come, no proof."""
    demand(actor, Permission.COSTS_ENTER)
    _given(wanted.reason)
    if wanted.proof is None:
        words = say("Add the receipt as a PDF, PNG or JPEG file: a cost is paid by its proof.")
        raise DomainError("charge.proof", words, field="proof")
    with transaction(actor) as work:
        placement = placement_of_cost(work.session, actor, wanted.account_ref.strip())
        if placement is None:
            words = say("Your organisation has no letter or litigation placement of this account.")
            raise DomainError("charge.account", words, field="account_ref")
        return note_cost(work, placement, wanted, keep_proof(wanted.proof))


def note_cost(work: Work, placement: Placement, cost: Cost, proof_digest: str, about: str = "") -> int:
    """In a transaction of who advanced it: a cost of this placement, whose receipt lies in the storage; its id. DomainError
    naming the field as `enter_cost`. `about`: what it was approved under beforehand."""
    reason = _given(cost.reason)
    amount = _amount(cost.amount, placement.currency)
    if amount < 0:
        raise DomainError("charge.amount", say("A cost is more than nothing."), field="amount")
    if cost.charged_on > work.today or cost.charged_on < placement.placed_on:
        words = say(
            "The day lies between the placement (%(first)s) and today (%(last)s).",
            first=placement.placed_on, last=work.today,
        )  # fmt: skip
        raise DomainError("charge.day", words, field="charged_on")
    return _write(
        work,
        Charge(
            kind=ChargeKind.COST, organisation_id=placement.organisation_id, currency=placement.currency,
            amount_minor=amount, charged_on=cost.charged_on, reason=reason, about=about,
            batch_id=placement.batch_id, placement_id=placement.id, proof_digest=proof_digest,
            proof_name=cost.proof.name if cost.proof else "",
        ),
    )  # fmt: skip


def approve_charge(actor: Actor, charge_id: int) -> None:
    """Let the next statement pay it. Refused to who proposed it, and where it is decided."""
    demand(actor, Permission.CHARGES_DECIDE)
    _decide(actor, charge_id, ChargeState.APPROVED, "")


def refuse_charge(actor: Actor, charge_id: int, reason: str) -> None:
    """It is not paid, for a reason. Refused to who proposed it (who can withdraw it), and where it is decided."""
    demand(actor, Permission.CHARGES_DECIDE)
    _decide(actor, charge_id, ChargeState.REFUSED, _given(reason))


def withdraw_charge(actor: Actor, charge_id: int) -> None:
    """Who proposed it takes it back, as long as nobody has decided. Refused to everybody else."""
    _decide(actor, charge_id, ChargeState.WITHDRAWN, "")


def _decide(actor: Actor, charge_id: int, to: ChargeState, reason: str) -> None:
    with transaction(actor) as work:
        charge = charge_for(work.session, actor, charge_id, lock=True)
        if charge.decision is not None:
            raise _decided()
        is_own = charge.proposed_by == actor.user_id
        if to is ChargeState.WITHDRAWN and not is_own:
            raise Refused("charge.not_own", say("Only who proposed it can take it back."))
        if to is not ChargeState.WITHDRAWN and is_own:
            raise Refused("charge.own", say("You proposed this yourself; another person at the bank has to decide."))
        work.session.add(
            ChargeEvent(
                charge_id=charge.id, organisation_id=charge.organisation_id, state=to, by_user_id=actor.user_id,
                by_name=actor.name, at=work.now, reason=reason,
            )
        )  # fmt: skip
        try:
            work.session.flush()
        except IntegrityError as error:  # somebody else decided at this moment
            raise _decided() from error
        work.audit(f"charge.{to.value}", charge, after={"number": charge.number, "reason": reason or None})


def _decided() -> Refused:
    return Refused("charge.decided", say("This is decided already. Look at its state."))


def _code(work: Work, organisation_id: int) -> str:
    return work.session.scalars(
        visible(Organisation, work.actor).where(Organisation.id == organisation_id).with_only_columns(Organisation.code)
    ).one()


def _write(work: Work, charge: Charge) -> int:
    """Number it, one at a time, and write it with its audit event."""
    actor = work.actor
    one_at_a_time(work.session, f"charge.number.{charge.kind.value}")
    mark = f"{PREFIXES[charge.kind]}-{_code(work, charge.organisation_id)}-{work.today.year}-"
    used = sa.select(sa.func.count(Charge.id)).where(Charge.number.startswith(mark, autoescape=True))
    charge.number = f"{mark}{(work.session.scalar(used) or 0) + 1:04}"
    charge.proposed_by, charge.proposed_by_name, charge.proposed_at = actor.user_id or 0, actor.name, work.now
    work.session.add(charge)
    work.session.flush()
    after = {"number": charge.number, "kind": charge.kind.value, "amount_minor": charge.amount_minor}
    work.audit("charge.proposed", charge, after=after | {"currency": charge.currency, "reason": charge.reason})
    return charge.id


def _line(work: Work, wanted: Adjustment) -> CommissionLine | None:
    """The line of a statement that it refers to; DomainError where the organisation has none such."""
    if not wanted.statement.strip():
        return None
    found = statement_numbered(work.session, work.actor, wanted.statement.strip())
    if found is None or found.organisation_id != wanted.organisation_id or found.currency != wanted.currency:
        words = say("The organisation has no statement of this number in this currency.")
        raise DomainError("charge.statement", words, field="statement")
    if wanted.line is None:
        raise DomainError("charge.line", say("Say which line of the statement, by its number."), field="line")
    line = work.session.scalar(
        visible(CommissionLine, work.actor).where(
            CommissionLine.statement_id == found.id, CommissionLine.position == wanted.line
        )
    )
    if line is None:
        raise DomainError("charge.line", say("The statement has no line of this number."), field="line")
    return line


def _of_line(wanted: Adjustment) -> str:
    return f"{wanted.statement.strip()} / {wanted.line}" if wanted.statement.strip() else wanted.batch.strip()


def _batch(work: Work, wanted: Adjustment) -> int | None:
    if not wanted.batch.strip():
        return None
    batch_id = work.session.scalar(
        visible(PlacementBatch, work.actor)
        .where(PlacementBatch.number == wanted.batch.strip(), PlacementBatch.organisation_id == wanted.organisation_id)
        .where(PlacementBatch.currency == wanted.currency)
        .with_only_columns(PlacementBatch.id)
    )
    if batch_id is None:
        words = say("The organisation has no batch of this number in this currency.")
        raise DomainError("charge.batch", words, field="batch")
    return batch_id


def _amount(written: str, currency: str) -> int:
    try:
        amount = parse_amount(written, currency)
    except ValueError as error:
        words = say("Write the amount as 1234.50, with no more digits than the currency has.")
        raise DomainError("charge.amount", words, field="amount") from error
    if amount == 0:
        raise DomainError("charge.amount", say("The amount cannot be nothing."), field="amount")
    return amount


def _given(reason: str) -> str:
    return given_reason(reason, LONGEST, "charge.reason", say("Say why, so that the other side can follow."))
