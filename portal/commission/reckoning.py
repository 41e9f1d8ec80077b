"""The lines of a statement, from the credits that it holds and what earlier statements paid for them.

Nothing else goes in: which credits a statement holds is claimed before (bulk_claims.py), what was placed with a batch is kept
with the statement (`basis`), and a statement that was withdrawn holds nothing. So a statement reckoned again years later, under
the plan versions of its placements, gives the same lines to the cent, whatever has come in since.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.commission.beside import bonus, charges, letter_fees
from portal.commission.charge_models import PAYS, TAKES_BACK, SuccessClaim
from portal.commission.credit_rows import AT_ONCE, COLUMNS, apart_by, groups, key_of, order_of, payments_of, placed_with
from portal.commission.due import Due, Reckoning, standing_before
from portal.commission.line_words import Facts, why_earned, why_taken_back
from portal.commission.models import TRUE_UP, CommissionLine, LineChange, LineClaim, LineKind, counted_base
from portal.commission.plan import (
    Book,
    Line,
    Plan,
    PlanError,
    Together,
    earn,
    plain,
    read_plan,
    scope_of,
)
from portal.foundation.bulk import among, in_chunks
from portal.foundation.errors import DomainError
from portal.foundation.language import as_data, say
from portal.placement.models import Placement
from portal.recovery.models import Attribution
from portal.recovery.models import Payment as Posting
from portal.vendors.models import Contract, ContractVersion

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


__all__ = ["Due", "Reckoning", "plan_of", "reckon", "standing_before", "unpayable"]


def reckon(reckoning: Reckoning) -> Iterator[Due]:
    """The lines: payments version by version and batch by batch, what letters earn, costs and adjustments, and the bonus or
    penalty on the sum of each version. DomainError where a plan cannot be evaluated, with what to mend."""
    earned: defaultdict[int, int] = defaultdict(int)
    for due in _by_payments(reckoning):
        if due.contract_version_id is not None:
            earned[due.contract_version_id] += due.commission
        yield due
    yield from letter_fees(reckoning)
    yield from charges(reckoning)
    for version, contract in _versions(reckoning, sorted(earned)):
        plan = plan_of(version, contract, reckoning.currency)
        yield from bonus(reckoning, version, contract, plan, earned[version.id])


def _by_payments(reckoning: Reckoning) -> Iterator[Due]:
    """What payments earn: for who holds the account, and for the letters that stand beside it."""
    for version, contract in _versions(reckoning, _touched(reckoning).with_only_columns(Placement.contract_version_id)):
        plan = plan_of(version, contract, reckoning.currency)
        rows = _credits(reckoning, version.id, plan.together)
        for due in _of_version(reckoning, version, contract, plan, rows, LineKind.PAYMENT):
            if plan.together is Together.CONTRACT:
                reckoning.earned.append((contract.id, due.paid_on, due.commission))
            yield due
    yield from _taken_back(reckoning)
    beside = _beside(reckoning).with_only_columns(Placement.contract_version_id)
    for version, contract in _versions(reckoning, beside):
        plan = plan_of(version, contract, reckoning.currency)
        rows = _credits_beside(reckoning, version.id, plan.together)
        yield from _of_version(reckoning, version, contract, plan, rows, LineKind.LETTER)
    yield from _success_taken_back(reckoning)


def _versions(reckoning: Reckoning, ids: Any) -> list[tuple[ContractVersion, Contract]]:
    """These plan versions, contract by contract."""
    wanted = (
        sa.select(ContractVersion, Contract)
        .join(Contract, Contract.id == ContractVersion.contract_id)
        .where(ContractVersion.id.in_(ids))
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


def plan_of(version: ContractVersion, contract: Contract, currency: str) -> Plan:
    """A version's plan as the engine uses it; DomainError where it cannot be evaluated in this currency."""
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


def _of_version(
    reckoning: Reckoning,
    version: ContractVersion,
    contract: Contract,
    plan: Plan,
    rows: Iterator[Any],
    kind: LineKind,
) -> Iterator[Due]:
    facts = Facts(contract.number, version.version, reckoning.currency, version.id)
    for group in groups(rows, plan.together):
        batch_ids = {row.batch_id for row in group}
        book = Book(
            placed=placed_with(reckoning.session, reckoning.placed, plan, batch_ids),
            earned_in=_earned_by_others(reckoning, version, plan) if kind is LineKind.PAYMENT else {},
            issued=_issued(reckoning, group, kind),
        )
        try:
            lines = earn(plan, payments_of(group), book)
        except PlanError as error:
            raise unpayable(version, contract, error) from error
        by_key = {key_of(row): row for row in group}
        for line in lines:
            row = by_key[line.payment.id]
            yield _due(row, line, _base_of(row, line, reckoning.counts_bases), book, facts, kind)


def unpayable(version: ContractVersion, contract: Contract, error: PlanError) -> DomainError:
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


def _credits(reckoning: Reckoning, version_id: int, together: Together) -> Iterator[Any]:
    """All credits that have to be looked at for those that the statement pays, in an order in which groups follow each other."""
    taken = sa.select(LineChange.attribution_id).where(
        LineChange.attribution_id == Attribution.id, LineChange.takes_back,
        LineChange.statement_id.in_(reckoning.holding),
    )  # fmt: skip
    touched = _touched(reckoning).where(Placement.contract_version_id == version_id)
    # Asked for each credit that is named: joined, PostgreSQL reads all claims of a statement that it believes to be small.
    held_by = sa.select(LineClaim.statement_id).where(LineClaim.attribution_id == Attribution.id).scalar_subquery()
    wanted = (
        sa.select(*COLUMNS, held_by.label("statement_id"))
        .join(Posting, Posting.id == Attribution.payment_id)
        .join(Placement, Placement.id == Attribution.placement_id)
        .where(Attribution.organisation_id == reckoning.organisation_id, Attribution.currency == reckoning.currency)
        .where(~taken.exists(), Placement.contract_version_id == version_id)
    )
    return _whole(reckoning, wanted, touched, together, Attribution.placement_id, Attribution.batch_id)


def _whole(
    reckoning: Reckoning,
    wanted: sa.Select[Any],
    touched: sa.Select[Any],
    together: Together,
    placement: Any,
    batch: Any,
) -> Iterator[Any]:
    """Of the `wanted` credits that statements hold those that have to be evaluated together with what is `touched`.

    They are named, some thousand at a time: of claims that have just been made the planner knows nothing, and joined them to
    themselves row by row. `placement`, `batch`: the columns by which they are found.
    """
    session, holding = reckoning.session, set(reckoning.holding)
    wanted = wanted.order_by(*order_of(together)).execution_options(yield_per=AT_ONCE)
    columns = {
        # Each has an index; the family of the two has none.
        Together.PAYMENT: (Attribution.id, Attribution.reverses_id),
        Together.PLACEMENT: (placement,),
        Together.BATCH: (batch,),
    }.get(together)
    if columns is None:
        yield from (row for row in session.execute(wanted) if row.statement_id in holding)
        return
    apart = apart_by(together)
    keys = touched.with_only_columns(*apart).distinct().order_by(*apart).execution_options(yield_per=AT_ONCE)
    for some in in_chunks((row[-1] for row in session.execute(keys)), AT_ONCE):
        of_these = wanted.where(sa.or_(*(among(session, column, some) for column in columns)))
        yield from (row for row in session.execute(of_these) if row.statement_id in holding)


def _beside(reckoning: Reckoning) -> sa.Select[Any]:
    """Credits that earn a success fee on the statement, with their letter placements."""
    return (
        sa.select(SuccessClaim.attribution_id)
        .join(Attribution, Attribution.id == SuccessClaim.attribution_id)
        .join(Placement, Placement.id == SuccessClaim.placement_id)
        .where(SuccessClaim.statement_id == reckoning.statement_id)
    )


def _credits_beside(reckoning: Reckoning, version_id: int, together: Together) -> Iterator[Any]:
    """As `_credits`, of the letter placements that stand beside who is credited."""
    taken = sa.select(SuccessClaim.attribution_id).where(
        SuccessClaim.turn == TAKES_BACK, SuccessClaim.statement_id.in_(reckoning.holding)
    )
    touched = _beside(reckoning).where(Placement.contract_version_id == version_id)
    wanted = (
        sa.select(*COLUMNS, SuccessClaim.statement_id)
        .select_from(SuccessClaim)
        .join(Attribution, Attribution.id == SuccessClaim.attribution_id)
        .join(Posting, Posting.id == Attribution.payment_id)
        .join(Placement, Placement.id == SuccessClaim.placement_id)
        .where(SuccessClaim.turn == PAYS, Attribution.id.not_in(taken), Placement.contract_version_id == version_id)
    )
    return _whole(reckoning, wanted, touched, together, SuccessClaim.placement_id, Placement.batch_id)


def _issued(reckoning: Reckoning, group: Sequence[Any], kind: LineKind) -> dict[str, int]:
    """What earlier statements paid for these credits, their changes included."""
    known = {row.id: key_of(row) for row in group if row.statement_id != reckoning.statement_id}
    found: dict[str, int] = {}
    for chunk in in_chunks(known, 1_000):
        sums = (
            sa.select(CommissionLine.attribution_id, sa.func.sum(CommissionLine.commission_minor))
            .where(CommissionLine.attribution_id.in_(chunk), CommissionLine.kind == kind)
            .where(CommissionLine.statement_id.in_(reckoning.before))
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


def _due(row: Any, line: Line, base: int, book: Book, facts: Facts, kind: LineKind) -> Due:
    """A line of the engine; what letters earn beside another's recovery adds nothing to the amounts recovered."""
    issued = book.issued.get(line.payment.id)
    is_success = kind is LineKind.LETTER
    why: dict[str, Any] = {"message": as_data(why_earned(row, line, issued, facts))}
    if line.measure is not None and line.value is not None:
        value = line.value if isinstance(line.value, str) else plain(line.value)
        why |= {"measure": line.measure.value, "value": value, "row": line.row}
    return Due(
        kind, row.id, row.placement_id, row.batch_id, facts.version_id, row.payment_ref, row.paid_on,
        base, None if line.rate is None else plain(line.rate),
        line.commission, "success" if is_success and line.reason == "rate" else line.reason, why,
        row.credit_minor if issued is None and not is_success else 0,
    )  # fmt: skip


def _base_of(row: Any, line: Line, counts_bases: bool) -> int:
    """What a line adds to the base: what was counted once is not counted again where only its rate has changed."""
    if counts_bases:
        return 0 if line.reason == TRUE_UP else line.base
    return int(row.amount_minor) if line.reason == "reversal" else line.base


def _taken_back(reckoning: Reckoning) -> Iterator[Due]:
    """Credits that are somebody else's by now: all that was paid for them, taken back."""
    wanted = (
        _paid_for(reckoning, LineKind.PAYMENT)
        .join(LineChange, LineChange.attribution_id == Attribution.id)
        .join(Placement, Placement.id == Attribution.placement_id)
        .where(LineChange.statement_id == reckoning.statement_id, LineChange.takes_back)
    )
    yield from _backwards(reckoning, wanted, LineKind.PAYMENT)


def _success_taken_back(reckoning: Reckoning) -> Iterator[Due]:
    """Credits that are nobody's any more, or stand beside other letters: the success fees that were paid for them."""
    wanted = (
        _paid_for(reckoning, LineKind.LETTER)
        .join(SuccessClaim, SuccessClaim.attribution_id == Attribution.id)
        .join(Placement, Placement.id == SuccessClaim.placement_id)
        .where(SuccessClaim.statement_id == reckoning.statement_id, SuccessClaim.turn == TAKES_BACK)
    )
    yield from _backwards(reckoning, wanted, LineKind.LETTER)


def _paid_for(reckoning: Reckoning, kind: LineKind) -> sa.Select[Any]:
    """Credits with the sum that earlier statements paid for them, and the base that they counted."""
    line = CommissionLine
    sums = [
        sa.select(sa.func.coalesce(sa.func.sum(amount), 0))
        .where(line.attribution_id == Attribution.id, line.kind == kind, line.statement_id.in_(reckoning.before))
        .correlate(Attribution)
        .scalar_subquery()
        for amount in (line.commission_minor, counted_base())
    ]
    return sa.select(Attribution, *sums)


def _backwards(reckoning: Reckoning, wanted: sa.Select[Any], kind: LineKind) -> Iterator[Due]:
    wanted = (
        wanted.join(ContractVersion, ContractVersion.id == Placement.contract_version_id)
        .join(Contract, Contract.id == ContractVersion.contract_id)
        .add_columns(Placement.id, Placement.batch_id, ContractVersion.id, ContractVersion.version, Contract.number)
        .order_by(Placement.batch_id, Attribution.paid_on, Attribution.id)
    )
    for credit, issued, base, placement_id, batch_id, version_id, version, number in reckoning.session.execute(wanted):
        facts = Facts(number, version, reckoning.currency, version_id)
        is_own = kind is LineKind.PAYMENT
        why = {"message": as_data(why_taken_back(int(issued), facts))}
        counted = int(base) if reckoning.counts_bases else credit.amount_minor
        yield Due(
            kind, credit.id, placement_id, batch_id, version_id, credit.payment_ref, credit.paid_on, -counted,
            None, -int(issued), "taken_back", why, -credit.credit_minor if is_own else 0,
        )  # fmt: skip
