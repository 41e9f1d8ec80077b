"""Lines of a statement that are no payments: letters that went out, costs and adjustments, bonus and penalty of a period.

What a statement holds of them was claimed before (bulk_beside.py) and never changes after, so they too are the same again.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.commission.charge_models import PAYS, Charge, ChargeClaim, ChargeEvent, ChargeKind, LetterClaim
from portal.commission.due import Due
from portal.commission.models import LineKind
from portal.commission.periods import last_day
from portal.commission.plan import factor_of, factored
from portal.commission.score_models import Scoring, ScoringRow, ScoringState
from portal.foundation.errors import DomainError
from portal.foundation.language import Message, as_data, say
from portal.foundation.money import Money
from portal.placement.models import PlacementBatch
from portal.vendors.models import Contract, ContractVersion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from portal.commission.due import Reckoning
    from portal.commission.plan import Plan

__all__ = ["bonus", "charges", "letter_fees"]

KINDS = {ChargeKind.COST: LineKind.COST, ChargeKind.ADJUSTMENT: LineKind.ADJUSTMENT}


# --- letters ------------------------------------------------------------------------------------------------------------


def letter_fees(reckoning: Reckoning) -> Iterator[Due]:
    """One line for the letters of a pack that went out, at the fee of the contract version that its batch was placed under,
    and one for those that became void since they were paid."""
    wanted = (
        sa.select(
            LetterClaim.batch_id, LetterClaim.turn, LetterClaim.pack_ref, LetterClaim.out_on, sa.func.count(),
            ContractVersion.id, ContractVersion.version, ContractVersion.letter_fee_minor, Contract.number,
        )
        .join(PlacementBatch, PlacementBatch.id == LetterClaim.batch_id)
        .join(ContractVersion, ContractVersion.id == PlacementBatch.contract_version_id)
        .join(Contract, Contract.id == ContractVersion.contract_id)
        .where(LetterClaim.statement_id == reckoning.statement_id)
        .group_by(
            LetterClaim.batch_id, LetterClaim.turn, LetterClaim.pack_ref, LetterClaim.out_on, ContractVersion.id,
            ContractVersion.version, ContractVersion.letter_fee_minor, Contract.number,
        )
        .order_by(LetterClaim.batch_id, LetterClaim.turn, LetterClaim.out_on)
    )  # fmt: skip
    for row in reckoning.session.execute(wanted):
        batch_id, turn, pack, out_on, count, version_id, version, fee, number = row
        is_paid = turn == PAYS
        commission = int(count) * int(fee) * (1 if is_paid else -1)
        known = {
            "pack": pack, "day": out_on, "n": int(count), "fee": Money(int(fee), reckoning.currency),
            "contract": number, "version": version, "sum": Money(abs(commission), reckoning.currency),
        }  # fmt: skip
        yield Due(
            LineKind.LETTER, None, None, batch_id, version_id, pack, out_on, 0, None, commission,
            "letter_fee" if is_paid else "letter_void", {"message": as_data(_letters(is_paid, known))}, 0,
        )  # fmt: skip


def _letters(is_paid: bool, known: dict[str, Any]) -> Message:
    if is_paid:
        return say(
            "Letters of pack %(pack)s, sent on %(day)s: %(n)s at %(fee)s each under contract %(contract)s, "
            "version %(version)s = %(sum)s.",
            **known,
        )
    return say(
        "Letters of pack %(pack)s that became void after they were paid: %(n)s at %(fee)s each under contract "
        "%(contract)s, version %(version)s; %(sum)s is taken back.",
        **known,
    )


# --- costs and adjustments ------------------------------------------------------------------------------------------------


def charges(reckoning: Reckoning) -> Iterator[Due]:
    """Costs and adjustments that the statement holds, each with its reason and the two persons behind it."""
    wanted = (
        sa.select(Charge)
        .join(ChargeClaim, ChargeClaim.charge_id == Charge.id)
        .options(joinedload(Charge.decision))
        .where(ChargeClaim.statement_id == reckoning.statement_id)
        .order_by(sa.case((Charge.kind == ChargeKind.COST, 0), else_=1), Charge.id)
    )
    for charge in reckoning.session.scalars(wanted):
        yield Due(
            KINDS[charge.kind], None, charge.placement_id, charge.batch_id, None, charge.number, charge.charged_on, 0, None,
            charge.amount_minor, charge.kind.value, {"message": as_data(_charged(charge)), "charge": charge.id}, 0,
        )  # fmt: skip


def _charged(charge: Charge) -> Message:
    decision: ChargeEvent | None = charge.decision
    known = {
        "reason": charge.reason, "about": charge.about, "maker": charge.proposed_by_name,
        "checker": decision.by_name if decision else "",
    }  # fmt: skip
    if charge.about:
        return say("%(reason)s (%(about)s). Proposed by %(maker)s, approved by %(checker)s.", **known)
    return say("%(reason)s. Proposed by %(maker)s, approved by %(checker)s.", **known)


# --- bonus and penalty ----------------------------------------------------------------------------------------------------


class _Standing(NamedTuple):
    """How the organisation did in the statement's period."""

    rank: int
    score: Decimal


def bonus(reckoning: Reckoning, version: ContractVersion, contract: Contract, plan: Plan, earned: int) -> Iterator[Due]:
    """What the period's factor adds to or takes from the commission of a version, where its plan has one. DomainError while
    nobody has fixed the organisation's score of the period."""
    if plan.kpi is None:
        return
    standing = _standing(reckoning)
    factor = factor_of(plan.kpi, standing.rank, standing.score)
    amount = factored(earned, factor)
    known = {
        "rank": standing.rank, "score": str(standing.score), "factor": format(factor.normalize(), "f"), "contract": contract.number,
        "version": version.version, "base": Money(earned, reckoning.currency), "sum": Money(amount, reckoning.currency),
    }  # fmt: skip
    message = say(
        "Rank %(rank)s with %(score)s points in the period: factor %(factor)s on the commission of %(base)s under contract "
        "%(contract)s, version %(version)s, which makes %(sum)s.",
        **known,
    )
    yield Due(
        LineKind.KPI, None, None, None, version.id, contract.number, last_day(reckoning.period), 0, None, amount, "kpi",
        {"message": as_data(message), "factor": known["factor"], "earned": earned}, 0,
    )  # fmt: skip


def _standing(reckoning: Reckoning) -> _Standing:
    """As the statement keeps it, else as it was fixed for the period."""
    if not reckoning.standing:
        wanted = (
            sa.select(ScoringRow)
            .join(Scoring, Scoring.id == ScoringRow.scoring_id)
            .where(Scoring.state == ScoringState.FIXED, Scoring.period == reckoning.period)
            .where(Scoring.currency == reckoning.currency, ScoringRow.organisation_id == reckoning.organisation_id)
        )
        row = reckoning.session.scalar(wanted)
        if row is None:
            raise DomainError(
                "commission.no_score",
                say(
                    "Its plan has a bonus or penalty by rank or score, and nobody has fixed its score of %(month)s yet. Have "
                    "the scores of the month fixed first.",
                    month=f"{reckoning.period:%Y-%m}",
                ),
            )
        reckoning.standing |= {"scoring": row.scoring_id, "rank": row.rank, "score": row.score}
    return _Standing(int(reckoning.standing["rank"]), Decimal(int(reckoning.standing["score"])) / 100)
