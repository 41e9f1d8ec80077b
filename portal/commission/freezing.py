"""What a statement keeps beside its lines from the day it is drawn up: taxes, totals by contract and batch and by clause, how
long it may be contested, what its organisation has kept already. Nothing of it is looked up anew later."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.commission.life_models import TaxRule
from portal.commission.models import CommissionLine
from portal.commission.taxes import taxed
from portal.recovery.models import Attribution, Payment, Receiver
from portal.vendors.models import ContractVersion
from portal.vendors.recovery_terms import CONTEST_DAYS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.commission.models import Statement

__all__ = ["Part", "contest_days", "freeze", "tax_rule_on"]


@dataclass
class Part:
    """What the lines of one contract version and batch, or of one clause, add up to, in minor units."""

    lines: int = 0
    recovered: int = 0
    base: int = 0
    commission: int = 0

    def add(self, credit: int, base: int, commission: int) -> None:
        """One line more."""
        self.lines += 1
        self.recovered += credit
        self.base += base
        self.commission += commission


def freeze(
    session: Session,
    statement: Statement,
    ends_on: date,
    basis: Mapping[str, Any],
    parts: Mapping[tuple[int | None, int | None], Part],
    clauses: Mapping[str, Part],
) -> None:
    """Within the drawing, after the lines and before the row is closed. `ends_on`: the last day of its month, whose tax
    counts. `basis`: what the lines were reckoned from besides claims."""
    versions = _versions(session, {version for version, _ in parts if version is not None})
    statement.basis = {
        **basis,
        "contest_days": max((contest_days(version.clauses) for version in versions), default=CONTEST_DAYS),
        "parts": [
            {"version": version, "batch": batch, **vars(part)}
            for (version, batch), part in sorted(parts.items(), key=lambda item: (item[0][0] or 0, item[0][1] or 0))
        ],
        "clauses": [{"reason": reason, **vars(part)} for reason, part in sorted(clauses.items())],
    }
    net = [version.id for version in versions if version.plan.get("remittance") == "net"]
    statement.kept_minor = _kept(session, statement.id, net)
    rule = tax_rule_on(session, statement.organisation_id, ends_on)
    if rule is not None and Decimal(rule.rate):
        statement.tax_rate, statement.tax_included = rule.rate, rule.included
        statement.tax_minor = taxed(statement.total_minor, Decimal(rule.rate), rule.included).tax


def contest_days(clauses: Mapping[str, Any]) -> int:
    """Days from the release on in which the lines of a contract may be contested."""
    days = (clauses.get("recovery") or {}).get("contest_days")
    return CONTEST_DAYS if days is None else int(days)


def tax_rule_on(session: Session, organisation_id: int, day: date) -> TaxRule | None:
    """The setting that counts on a day: the latest that has begun; of two from the same day the one entered last."""
    wanted = sa.select(TaxRule).where(TaxRule.organisation_id == organisation_id, TaxRule.effective_from <= day)
    return session.scalar(wanted.order_by(TaxRule.effective_from.desc(), TaxRule.id.desc()).limit(1))


def _versions(session: Session, ids: set[int]) -> list[ContractVersion]:
    return list(session.scalars(sa.select(ContractVersion).where(ContractVersion.id.in_(ids)))) if ids else []


def _kept(session: Session, statement_id: int, net_versions: list[int]) -> int:
    """Of net contracts: the commission on what the organisation itself received, which it has kept of it already."""
    if not net_versions:
        return 0
    wanted = (
        sa.select(sa.func.coalesce(sa.func.sum(CommissionLine.commission_minor), 0))
        .join(Attribution, Attribution.id == CommissionLine.attribution_id)
        .join(Payment, Payment.id == Attribution.payment_id)
        .where(CommissionLine.statement_id == statement_id, CommissionLine.contract_version_id.in_(net_versions))
        .where(Payment.received_by == Receiver.AGENCY)
    )
    return int(session.scalar(wanted) or 0)
