"""Statements drawn up for a period: every credit that no statement pays yet, line by line with the why."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.commission.flat import Earned, Earning, FlatPlan, PaidCredit, PlanError, earnings, read_plan
from portal.commission.models import CommissionLine, LineClaim, Statement, StatementEvent, StatementState
from portal.commission.queries import state_of
from portal.foundation.bulk import insert_rows
from portal.foundation.errors import DomainError
from portal.foundation.language import Message, as_data, say
from portal.foundation.money import format_amount
from portal.identity.models import Organisation
from portal.placement.models import Placement
from portal.recovery.models import Attribution, Decision
from portal.vendors.models import Contract, ContractVersion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from portal.foundation.work import Work

__all__ = ["draw_statements", "last_day"]

DRAWN_ANEW = "drawn anew"  # a code; the page says it in words
LINE_COLUMNS = (
    "statement_id", "organisation_id", "position", "attribution_id", "placement_id", "contract_version_id",
    "payment_ref", "paid_on", "currency", "base_minor", "rate", "commission_minor", "reason", "why",
)  # fmt: skip


class _Credited(NamedTuple):
    """A credit with what its line says about it."""

    credit: Attribution
    placed_on: date
    ended_on: date | None
    version: ContractVersion
    contract_number: str


def last_day(period: date) -> date:
    """The last day of the month that begins on `period`."""
    return (period.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def draw_statements(work: Work, period: date) -> list[Statement]:
    """Draw up the month's statements, one an organisation and currency that has credits to pay.

    Credits of earlier months that came late are on them too. A statement of the month that was drawn before and not
    issued yet is withdrawn where there is something new for it, and drawn anew.
    """
    wanted = _unclaimed(last_day(period))
    groups = wanted.with_only_columns(Attribution.organisation_id, Attribution.currency).order_by(None).distinct()
    drawn = []
    for organisation_id, currency in work.session.execute(groups).all():
        _take_back_drawn(work, organisation_id, currency, period)
        group = wanted.where(Attribution.organisation_id == organisation_id, Attribution.currency == currency)
        drawn.append(_draw(work, organisation_id, currency, period, group))
    return drawn


def _unclaimed(until: date) -> sa.Select[Any]:
    """Standing credits up to a day that no statement pays.

    A reversal whose value date lies before its payment's waits until the payment is due or paid: it takes back what that
    earned, and cannot know it earlier.
    """
    later, original = aliased(Attribution), aliased(Attribution)
    known = sa.or_(original.paid_on <= until, _claimed(original.id))
    return (
        sa.select(Attribution)
        .where(Attribution.decision == Decision.CREDITED, Attribution.paid_on <= until)
        .where(~sa.select(later.id).where(later.supersedes_id == Attribution.id).exists())
        .where(~_claimed(Attribution.id))
        .where(
            sa.or_(
                Attribution.reverses_id.is_(None),
                sa.select(original.id).where(original.id == Attribution.reverses_id, known).exists(),
            )
        )
        .order_by(Attribution.paid_on, Attribution.id)
    )


def _claimed(attribution_id: Any) -> sa.Exists:
    return sa.select(LineClaim.attribution_id).where(LineClaim.attribution_id == attribution_id).exists()


def _credits(session: Session, group: sa.Select[Any]) -> list[_Credited]:
    rows = session.execute(
        group.join(Placement, Placement.id == Attribution.placement_id)
        .join(ContractVersion, ContractVersion.id == Placement.contract_version_id)
        .join(Contract, Contract.id == ContractVersion.contract_id)
        .with_only_columns(Attribution, Placement.placed_on, Placement.ended_on, ContractVersion, Contract.number)
    )
    return [_Credited(*row) for row in rows]


def _take_back_drawn(work: Work, organisation_id: int, currency: str, period: date) -> None:
    of_month = sa.select(Statement).where(
        Statement.organisation_id == organisation_id, Statement.currency == currency, Statement.period == period
    )
    # Locked before its state is asked for: somebody may be about to issue it.
    for statement in work.session.scalars(of_month.with_for_update()).all():
        if state_of(work.session, statement.id) is StatementState.DRAWN:
            withdraw(work, statement, DRAWN_ANEW)


def withdraw(work: Work, statement: Statement, reason: str) -> None:
    """Within another operation: a statement that was not released gives its credits back."""
    add_event(work, statement, StatementState.WITHDRAWN, reason)
    work.session.execute(
        sa.delete(LineClaim).where(LineClaim.statement_id == statement.id).execution_options(synchronize_session=False)
    )


def add_event(work: Work, statement: Statement, state: StatementState, reason: str = "") -> None:
    """Within another operation: a step of a statement's life, and its audit event."""
    work.session.add(
        StatementEvent(
            statement_id=statement.id, organisation_id=statement.organisation_id, state=state,
            by_user_id=work.actor.user_id, by_name=work.actor.name, at=work.now, reason=reason,
        )
    )  # fmt: skip
    work.session.flush()
    work.audit(f"statement.{state.value}", statement, after={"number": statement.number, "reason": reason or None})


def _draw(work: Work, organisation_id: int, currency: str, period: date, group: sa.Select[Any]) -> Statement:
    credited = _credits(work.session, group)
    lines = _earnings(credited, _earned_before(work.session, group))
    statement = Statement(
        number=_number(work.session, organisation_id, currency, period),
        organisation_id=organisation_id,
        currency=currency,
        period=period,
        recovered_minor=sum(each.credit.credit_minor for each in credited),
        total_minor=sum(earning.commission for _, earning in lines),
        line_count=len(lines),
        drawn_by=work.actor.user_id,
        drawn_at=work.now,
    )
    work.session.add(statement)
    work.session.flush()
    insert_rows(
        work.session,
        CommissionLine,
        LINE_COLUMNS,
        [_line(statement, position, each, earning) for position, (each, earning) in enumerate(lines, 1)],
    )
    insert_rows(
        work.session,
        LineClaim,
        ("attribution_id", "statement_id", "organisation_id"),
        [(each.credit.id, statement.id, organisation_id) for each in credited],
    )
    add_event(work, statement, StatementState.DRAWN)
    return statement


def _number(session: Session, organisation_id: int, currency: str, period: date) -> str:
    code = session.scalar(sa.select(Organisation.code).where(Organisation.id == organisation_id))
    earlier = session.scalar(
        sa.select(sa.func.count(Statement.id)).where(
            Statement.organisation_id == organisation_id, Statement.currency == currency, Statement.period == period
        )
    )
    return f"CS-{period:%Y-%m}-{code}-{currency}-{(earlier or 0) + 1}"


def _earnings(credited: Sequence[_Credited], before: Mapping[int, Earned]) -> list[tuple[_Credited, Earning]]:
    """Each credit with what it earned under the plan of its placement, in order of value date."""
    by_version: dict[int, list[_Credited]] = defaultdict(list)
    for each in credited:
        by_version[each.version.id].append(each)
    lines = []
    for group in by_version.values():
        plan = _plan(group[0])
        by_id = {each.credit.id: each for each in group}
        paid = [PaidCredit(c.id, c.credit_minor, c.paid_on, c.reverses_id) for c in (e.credit for e in group)]
        lines += [(by_id[earning.credit.id], earning) for earning in earnings(plan, paid, before)]
    return sorted(lines, key=lambda line: (line[0].credit.paid_on, line[0].credit.id))


def _plan(each: _Credited) -> FlatPlan:
    try:
        plan = read_plan(each.version.plan)
        if plan.currency != each.credit.currency:
            raise PlanError("other_currency", "currency")
    except PlanError as error:
        raise DomainError(
            "commission.plan",
            say(
                "Contract %(number)s, version %(version)s: this plan cannot be evaluated (%(key)s).",
                number=each.contract_number, version=each.version.version, key=error.key,
            ),
        ) from error  # fmt: skip
    return plan


def _earned_before(session: Session, group: sa.Select[Any]) -> Mapping[int, Earned]:
    """Of the payments that this group is about: what they earned on standing statements, and what was taken back of it.

    A payment whose own statement was withdrawn may come now while a reversal of it stands on another one.
    """
    payments = group.order_by(None).with_only_columns(sa.func.coalesce(Attribution.reverses_id, Attribution.id))
    claimed = sa.and_(
        LineClaim.attribution_id == CommissionLine.attribution_id,
        LineClaim.statement_id == CommissionLine.statement_id,
    )
    lines = (
        sa.select(Attribution.id, Attribution.credit_minor, CommissionLine.commission_minor)
        .join(CommissionLine, CommissionLine.attribution_id == Attribution.id)
        .join(LineClaim, claimed)
    )
    earned = {
        row.id: Earned(row.credit_minor, row.commission_minor)
        for row in session.execute(lines.where(Attribution.id.in_(payments), Attribution.reverses_id.is_(None)))
    }
    for row in session.execute(lines.add_columns(Attribution.reverses_id).where(Attribution.reverses_id.in_(payments))):
        payment = earned.setdefault(row.reverses_id, Earned(0, 0))  # whose amounts come with the payment itself
        payment.reversed_amount -= row.credit_minor
        payment.reversed_commission -= row.commission_minor
    return earned


def _line(statement: Statement, position: int, each: _Credited, earning: Earning) -> tuple[Any, ...]:
    credit = each.credit
    return (
        statement.id, statement.organisation_id, position, credit.id, credit.placement_id, each.version.id,
        credit.payment_ref, credit.paid_on, credit.currency, earning.base,
        None if earning.rate is None else str(earning.rate), earning.commission, earning.reason,
        {"message": as_data(_why(each, earning)), "trace": credit.trace},
    )  # fmt: skip


def _why(each: _Credited, earning: Earning) -> Message:
    currency = each.credit.currency
    facts: dict[str, Any] = {
        "start": each.placed_on,
        "end": each.ended_on or say("today"),
        "paid": each.credit.paid_on,
        "contract": each.contract_number,
        "version": each.version.version,
        "base": format_amount(earning.base, currency),
        "commission": format_amount(earning.commission, currency),
    }
    if earning.reason == "reversal":
        return say(
            "Placed %(start)s to %(end)s; value date %(paid)s; reversal of %(base)s takes back %(commission)s, exactly "
            "what that part of the payment earned under contract %(contract)s, version %(version)s.",
            **facts,
        )
    return say(
        "Placed %(start)s to %(end)s; value date %(paid)s; contract %(contract)s, version %(version)s: "
        "%(base)s × %(rate)s %% = %(commission)s, rounded half up.",
        rate=format((earning.rate or Decimal(0)) * 100, "f").rstrip("0").rstrip("."),
        **facts,
    )
