"""The lines of a statement, from the credits that it holds and what earlier statements paid for them.

Nothing else goes in: which credits a statement holds is claimed before (bulk_claims.py), what was placed with a batch is kept
with the statement (`basis`), and a statement that was withdrawn holds nothing. So a statement reckoned again years later, under
the plan versions of its placements, gives the same lines to the cent, whatever has come in since.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from portal.commission.line_words import Facts, why_earned, why_taken_back
from portal.commission.models import (
    CommissionLine,
    LineChange,
    LineClaim,
    LineKind,
    Statement,
    StatementEvent,
    StatementState,
)
from portal.commission.plan import (
    Basis,
    Book,
    Line,
    Payment,
    Placing,
    Plan,
    PlanError,
    Together,
    earn,
    plain,
    read_plan,
    scope_of,
)
from portal.foundation.bulk import in_chunks
from portal.foundation.errors import DomainError
from portal.foundation.language import as_data, say
from portal.foundation.money import divided_half_up
from portal.placement.models import Placement
from portal.recovery.models import Attribution, Decision
from portal.recovery.models import Payment as Posting
from portal.vendors.models import Contract, ContractVersion, PlacementKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy.orm import Session

__all__ = ["Due", "Reckoning", "reckon", "standing_before"]

AT_ONCE = 5_000  # payments that do not depend on each other are evaluated so many at a time
FAMILY = sa.func.coalesce(Attribution.reverses_id, Attribution.id)  # a payment with its reversals


class Due(NamedTuple):
    """A line before it has its place on the statement; `credit`: what it adds to the amounts recovered, in minor units."""

    kind: LineKind
    attribution_id: int | None
    placement_id: int | None
    batch_id: int | None
    contract_version_id: int | None
    payment_ref: str
    paid_on: date
    base: int
    rate: str | None
    commission: int
    reason: str
    why: dict[str, Any]
    credit: int


@dataclass
class Reckoning:
    """What a statement holds. `before`: the statements of the organisation and currency that stand before it. `placed`: totals
    placed by batch, in minor units, filled as they are needed."""

    session: Session
    statement_id: int
    organisation_id: int
    currency: str
    before: Sequence[int]
    placed: dict[str, int] = field(default_factory=dict)
    earned: list[tuple[int, date, int]] = field(
        default_factory=list
    )  # here so far, by contract and value date, where capped

    @property
    def holding(self) -> list[int]:
        """The statements whose claims count."""
        return [*self.before, self.statement_id]


def standing_before(
    session: Session, organisation_id: int, currency: str, statement_id: int | None = None
) -> list[int]:
    """Statements of an organisation and currency that were not withdrawn, before this one (None: all)."""
    gone = sa.select(StatementEvent.statement_id).where(StatementEvent.state == StatementState.WITHDRAWN)
    wanted = sa.select(Statement.id).where(
        Statement.organisation_id == organisation_id, Statement.currency == currency, Statement.id.not_in(gone)
    )
    if statement_id is not None:
        wanted = wanted.where(Statement.id < statement_id)
    return list(session.scalars(wanted.order_by(Statement.id)))


def reckon(reckoning: Reckoning) -> Iterator[Due]:
    """The lines, version by version and batch by batch; DomainError where a plan cannot be evaluated, with what to mend."""
    for version, contract in _versions(reckoning):
        plan = _plan(version, contract, reckoning.currency)
        for due in _of_version(reckoning, version, contract, plan):
            if plan.together is Together.CONTRACT:
                reckoning.earned.append((contract.id, due.paid_on, due.commission))
            yield due
    yield from _taken_back(reckoning)


def _versions(reckoning: Reckoning) -> list[tuple[ContractVersion, Contract]]:
    """The plan versions of what the statement holds or takes back, contract by contract."""
    touched = _touched(reckoning).with_only_columns(Placement.contract_version_id)
    wanted = (
        sa.select(ContractVersion, Contract)
        .join(Contract, Contract.id == ContractVersion.contract_id)
        .where(ContractVersion.id.in_(touched))
        .order_by(Contract.id, ContractVersion.version)
    )
    return [(row[0], row[1]) for row in reckoning.session.execute(wanted)]


def _touched(reckoning: Reckoning) -> sa.Select[Any]:
    """Credits that the statement pays or takes back, with their placements."""
    here = reckoning.statement_id
    pays = sa.select(LineClaim.attribution_id).where(LineClaim.statement_id == here)
    takes = sa.select(LineChange.attribution_id).where(LineChange.statement_id == here, LineChange.takes_back)
    return (
        sa.select(Attribution.id)
        .join(Placement, Placement.id == Attribution.placement_id)
        .where(Attribution.id.in_(pays.union_all(takes)))
    )


def _plan(version: ContractVersion, contract: Contract, currency: str) -> Plan:
    try:
        plan = read_plan(version.plan)
        if plan.currency != currency:
            raise PlanError("other_currency", "currency")
    except PlanError as error:
        raise _unreadable(version, contract, error) from error
    return plan


def _unreadable(version: ContractVersion, contract: Contract, error: PlanError) -> DomainError:
    return DomainError(
        "commission.plan",
        say(
            "Contract %(number)s, version %(version)s: this plan cannot be evaluated (%(key)s).",
            number=contract.number, version=version.version, key=error.key,
        ),
    )  # fmt: skip


# --- one version ---------------------------------------------------------------------------------------------------------


def _of_version(reckoning: Reckoning, version: ContractVersion, contract: Contract, plan: Plan) -> Iterator[Due]:
    wanted = _credits(reckoning, version.id, plan.together)
    rows = reckoning.session.execute(wanted.execution_options(yield_per=AT_ONCE))
    for group in _groups(rows, plan.together):
        book = Book(
            placed=_placed(reckoning, plan, {row.batch_id for row in group}),
            earned_in=_earned_by_others(reckoning, version, plan),
            issued=_issued(reckoning, group),
        )
        try:
            lines = earn(plan, _payments(group), book)
        except PlanError as error:
            raise _unpayable(version, contract, error) from error
        by_key = {_key(row): row for row in group}
        for line in lines:
            yield _due(
                by_key[line.payment.id],
                line,
                book,
                Facts(contract.number, version.version, reckoning.currency, version.id),
            )


def _unpayable(version: ContractVersion, contract: Contract, error: PlanError) -> DomainError:
    """What a payment lacks that its plan asks for, said with the payment's reference."""
    what, _, key = error.key.rpartition(".")
    if error.code == "missing" and what.startswith("payments."):
        reference = what.removeprefix("payments.").rpartition(" ")[0]
        return DomainError(
            "commission.part_missing",
            say(
                "Contract %(number)s, version %(version)s is paid on a part of each payment (%(key)s), and payment "
                "%(payment)s does not say it. Reverse it, and post it with its parts.",
                number=contract.number, version=version.version, key=key, payment=reference,
            ),
        )  # fmt: skip
    return _unreadable(version, contract, error)


def _credits(reckoning: Reckoning, version_id: int, together: Together) -> sa.Select[Any]:
    """All credits that have to be looked at for those that the statement pays, in an order in which groups follow each other."""
    taken = sa.select(LineChange.attribution_id).where(
        LineChange.attribution_id == Attribution.id, LineChange.takes_back,
        LineChange.statement_id.in_(reckoning.holding),
    )  # fmt: skip
    touched = _touched(reckoning).where(Placement.contract_version_id == version_id)
    whole = {
        Together.PAYMENT: FAMILY.in_(touched.with_only_columns(FAMILY)),
        Together.PLACEMENT: Attribution.placement_id.in_(touched.with_only_columns(Attribution.placement_id)),
        Together.BATCH: Attribution.batch_id.in_(touched.with_only_columns(Attribution.batch_id)),
        Together.CONTRACT: sa.true(),
    }[together]
    order = {
        Together.PAYMENT: (Attribution.batch_id, FAMILY),
        Together.PLACEMENT: (Attribution.batch_id, Attribution.placement_id),
    }.get(together, (Attribution.batch_id,))
    return (
        sa.select(
            Attribution.id, Attribution.payment_ref, Attribution.paid_on, Attribution.amount_minor, Attribution.credit_minor,
            Attribution.decision, Attribution.exclusion, Attribution.reverses_id, FAMILY.label("family"), Attribution.placement_id,
            Attribution.batch_id, Attribution.trace, LineClaim.statement_id, Posting.received_by, Posting.principal_minor,
            Posting.interest_minor, Posting.amount_minor.label("posted_minor"), Posting.fees_minor, Placement.placed_on, Placement.ended_on, Placement.kind,
            Placement.round, Placement.placed_total_minor, Placement.placed_days_past_due, Placement.placed_bucket,
        )
        .join(LineClaim, LineClaim.attribution_id == Attribution.id)
        .join(Posting, Posting.id == Attribution.payment_id)
        .join(Placement, Placement.id == Attribution.placement_id)
        .where(LineClaim.statement_id.in_(reckoning.holding), ~taken.exists())
        .where(Placement.contract_version_id == version_id, whole)
        .order_by(*order, Attribution.paid_on, Attribution.id)
    )  # fmt: skip


def _groups(rows: Iterable[Any], together: Together) -> Iterator[list[Any]]:
    """What has to be evaluated together; what need not be, many at a time and a payment with its reversals."""
    if together is Together.CONTRACT:
        group = list(rows)
        if group:
            yield group
        return
    if together is not Together.PAYMENT:
        by = (lambda row: row.batch_id) if together is Together.BATCH else (lambda row: row.placement_id)
        for _, members in groupby(rows, by):
            yield list(members)
        return
    for _, of_batch in groupby(rows, lambda row: row.batch_id):
        families = (list(family) for _, family in groupby(of_batch, lambda row: row.family))
        for chunk in in_chunks(families, AT_ONCE):
            yield [row for family in chunk for row in family]


# --- what the engine asks for ----------------------------------------------------------------------------------------------


def _payments(group: Sequence[Any]) -> list[Payment]:
    keys = {row.id: _key(row) for row in group}
    placings = {row.placement_id: row for row in group}
    found = {number: _placing(row) for number, row in placings.items()}
    return [
        Payment(
            id=keys[row.id], placing=found[row.placement_id], amount=row.amount_minor, paid_on=row.paid_on,
            received_by=row.received_by.value, stage=_stage(row), parts=_parts(row), refusal=_refusal(row),
            reverses=keys.get(row.reverses_id, str(row.reverses_id)) if row.reverses_id else None,
        )
        for row in group
    ]  # fmt: skip


def _key(row: Any) -> str:
    """By reference, as the notation orders payments of a day; shares of one payment by their numbers."""
    return f"{row.payment_ref} {row.id}"


def _placing(row: Any) -> Placing:
    return Placing(
        placed_on=row.placed_on, ended_on=row.ended_on, id=str(row.placement_id), batch=str(row.batch_id),
        balance=row.placed_total_minor, days_past_due=row.placed_days_past_due, bucket=row.placed_bucket, round=row.round,
        age_months=_months(row.placed_on - timedelta(days=row.placed_days_past_due), row.placed_on), stage=_stage(row),
    )  # fmt: skip


def _months(first: date, last: date) -> int:
    """Whole months from one day to another."""
    return (last.year - first.year) * 12 + last.month - first.month - (last.day < first.day)


def _stage(row: Any) -> str:
    return "legal" if row.kind is PlacementKind.LITIGATION else "pre_legal"


def _parts(row: Any) -> dict[Basis, int]:
    """How the payment divides; of a share of it, its part of each, half up."""
    given = {Basis.PRINCIPAL: row.principal_minor, Basis.INTEREST: row.interest_minor, Basis.FEES: row.fees_minor}
    known = {part: minor for part, minor in given.items() if minor is not None}
    if row.amount_minor == row.posted_minor:
        return known
    return {part: divided_half_up(minor * row.amount_minor, row.posted_minor) for part, minor in known.items()}


def _refusal(row: Any) -> str:
    """Attribution has looked at the days already, and at what the contract leaves out."""
    return "" if row.decision is Decision.CREDITED else str(row.exclusion or row.decision.value)


def _placed(reckoning: Reckoning, plan: Plan, batch_ids: set[int]) -> dict[str, int]:
    """What was placed with these batches, where the plan measures batches; as the statement keeps it, if it does."""
    if plan.together not in (Together.BATCH, Together.CONTRACT):
        return {}
    missing = [number for number in sorted(batch_ids) if str(number) not in reckoning.placed]
    if missing:
        sums = (
            sa.select(Placement.batch_id, sa.func.sum(Placement.placed_total_minor))
            .where(Placement.batch_id.in_(missing), sa.not_(Placement.reverse))
            .group_by(Placement.batch_id)
        )
        reckoning.placed |= {str(number): int(total) for number, total in reckoning.session.execute(sums)}
    return {str(number): reckoning.placed.get(str(number), 0) for number in batch_ids}


def _issued(reckoning: Reckoning, group: Sequence[Any]) -> dict[str, int]:
    """What earlier statements paid for these credits, their changes included."""
    known = {row.id: _key(row) for row in group if row.statement_id != reckoning.statement_id}
    found: dict[str, int] = {}
    for chunk in in_chunks(known, 1_000):
        sums = (
            sa.select(CommissionLine.attribution_id, sa.func.sum(CommissionLine.commission_minor))
            .where(CommissionLine.attribution_id.in_(chunk), CommissionLine.statement_id.in_(reckoning.before))
            .group_by(CommissionLine.attribution_id)
        )
        found |= {known[number]: int(total) for number, total in reckoning.session.execute(sums) if number is not None}
    return found


def _earned_by_others(reckoning: Reckoning, version: ContractVersion, plan: Plan) -> dict[str | int, int]:
    """What other versions of the contract have earned of a cap that counts over all of them, by its scope."""
    if plan.together is not Together.CONTRACT or plan.cap is None:
        return {}
    others = sa.select(ContractVersion.id).where(
        ContractVersion.contract_id == version.contract_id, ContractVersion.id != version.id
    )
    before = (
        sa.select(CommissionLine.paid_on, sa.func.sum(CommissionLine.commission_minor))
        .where(CommissionLine.contract_version_id.in_(others), CommissionLine.kind == LineKind.PAYMENT)
        .where(CommissionLine.statement_id.in_(reckoning.before))
        .group_by(CommissionLine.paid_on)
    )
    sums = [(day, int(total)) for day, total in reckoning.session.execute(before)]
    sums += [(day, total) for number, day, total in reckoning.earned if number == version.contract_id]
    found: dict[str | int, int] = {}
    for day, total in sums:
        scope = scope_of(plan, day)
        found[scope] = found.get(scope, 0) + total
    return found


# --- lines -----------------------------------------------------------------------------------------------------------------


def _due(row: Any, line: Line, book: Book, facts: Facts) -> Due:
    issued = book.issued.get(line.payment.id)
    why = {"message": as_data(why_earned(row, line, issued, facts)), "trace": row.trace}
    if line.measure is not None and line.value is not None:
        value = line.value if isinstance(line.value, str) else plain(line.value)
        why |= {"measure": line.measure.value, "value": value, "row": line.row}
    return Due(
        LineKind.PAYMENT, row.id, row.placement_id, row.batch_id, facts.version_id, row.payment_ref, row.paid_on,
        line.base, None if line.rate is None else plain(line.rate),
        line.commission, line.reason, why, row.credit_minor if issued is None else 0,
    )  # fmt: skip


def _taken_back(reckoning: Reckoning) -> Iterator[Due]:
    """Credits that are somebody else's by now: all that was paid for them, taken back."""
    paid = (
        sa.select(sa.func.coalesce(sa.func.sum(CommissionLine.commission_minor), 0))
        .where(CommissionLine.attribution_id == Attribution.id, CommissionLine.statement_id.in_(reckoning.before))
        .correlate(Attribution)
        .scalar_subquery()
    )
    wanted = (
        sa.select(
            Attribution, Placement.contract_version_id, Contract.number, ContractVersion.version, paid.label("paid")
        )
        .join(LineChange, LineChange.attribution_id == Attribution.id)
        .join(Placement, Placement.id == Attribution.placement_id)
        .join(ContractVersion, ContractVersion.id == Placement.contract_version_id)
        .join(Contract, Contract.id == ContractVersion.contract_id)
        .where(LineChange.statement_id == reckoning.statement_id, LineChange.takes_back)
        .order_by(Attribution.batch_id, Attribution.paid_on, Attribution.id)
    )
    for credit, version_id, number, version, issued in reckoning.session.execute(wanted):
        facts = Facts(number, version, reckoning.currency, version_id)
        yield Due(
            LineKind.PAYMENT, credit.id, credit.placement_id, credit.batch_id, version_id, credit.payment_ref, credit.paid_on,
            -credit.amount_minor, None, -int(issued), "taken_back",
            {"message": as_data(why_taken_back(int(issued), facts)), "trace": credit.trace}, -credit.credit_minor,
        )  # fmt: skip
