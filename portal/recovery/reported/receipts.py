"""What agencies received, noted as the agency may see it: after each file of payments, and after a decision that moves credit."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.foundation.bulk import in_chunks, insert_rows
from portal.foundation.visibility import visible
from portal.placement.models import Placement
from portal.recovery.models import Attribution, Payment, Receiver
from portal.recovery.reported.models import AgencyReceipt, Remits, ReportStanding, Unreported
from portal.vendors.models import ContractVersion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portal.foundation.work import Work

__all__ = ["note_moved_receipts", "note_receipts", "note_receipts_of", "remit_days_of"]

CHUNK = 2_000
COLUMNS = (
    "attribution_id", "organisation_id", "payment_id", "account_id", "customer_id", "placement_id", "payment_ref",
    "currency", "amount_minor", "paid_on", "received_on", "cleared_on", "posted_on", "noted_on", "remittance", "remit_days",
)  # fmt: skip


def note_receipts(work: Work, import_run_id: int) -> None:
    """Within an import: the receipts of its payments, and of reversals that had waited for one of them."""
    original = aliased(Payment)
    posted = sa.or_(
        Payment.import_run_id == import_run_id,
        sa.and_(
            Payment.reverses_ref.in_(
                sa.select(original.payment_ref).where(original.import_run_id == import_run_id)
            ),
        ),
    )  # fmt: skip
    note_receipts_of(work, posted)


def note_receipts_of(work: Work, condition: sa.ColumnElement[bool]) -> None:
    """Within another operation: a receipt for each decision that credits an agency with a payment that it received, of the
    payments (and their decisions) of this condition; those that have theirs already are left alone.

    Whatever credits payments by later decisions calls `note_moved_receipts`.
    """
    noted = sa.select(AgencyReceipt.attribution_id).where(AgencyReceipt.attribution_id == Attribution.id).exists()
    wanted = (
        visible(Attribution, work.actor)
        .join(Payment, Payment.id == Attribution.payment_id)
        .join(Placement, Placement.id == Attribution.placement_id)
        .join(ContractVersion, ContractVersion.id == Placement.contract_version_id)
        .where(Payment.received_by == Receiver.AGENCY, condition, ~noted)
        .with_only_columns(Attribution, Payment, ContractVersion.plan, ContractVersion.clauses)
        .order_by(Attribution.id)
    )
    for chunk in in_chunks(work.session.execute(wanted).all(), CHUNK):
        insert_rows(work.session, AgencyReceipt, COLUMNS, [_values(work, *row) for row in chunk])
        _note_unreported(work, [row[0] for row in chunk])


def note_moved_receipts(work: Work, payment_ids: Sequence[int]) -> None:
    """Within another operation that decides anew: the receipts of these payments and of their reversals, for whoever is
    credited with them now; those of earlier decisions count no more."""
    original = aliased(Payment)
    for chunk in in_chunks(payment_ids, CHUNK):
        references = sa.select(original.payment_ref).where(original.id.in_(chunk))
        note_receipts_of(work, sa.or_(Payment.id.in_(chunk), Payment.reverses_ref.in_(references)))


def _values(
    work: Work, credit: Attribution, payment: Payment, plan: dict[str, Any], clauses: dict[str, Any]
) -> tuple[Any, ...]:
    return (
        credit.id, credit.organisation_id, payment.id, payment.account_id, payment.customer_id, credit.placement_id,
        payment.payment_ref, payment.currency, credit.credit_minor, payment.paid_on, payment.received_on,
        payment.cleared_on, payment.posted_on, work.today, Remits(plan.get("remittance") or Remits.GROSS).value, remit_days_of(clauses),
    )  # fmt: skip


def remit_days_of(clauses: dict[str, Any]) -> int | None:
    """Within how many days of its receipt an agency hands money over, by the clauses of a contract version; None: not said."""
    days = (clauses.get("remittance") or {}).get("days")
    return int(days) if days is not None else None


def _note_unreported(work: Work, credits: list[Attribution]) -> None:
    """What its agency has not told of waits for it; what was taken back whole waits no more."""
    matched = visible(ReportStanding, work.actor).where(
        ReportStanding.payment_id.in_([credit.payment_id for credit in credits])
    )
    told = {standing.payment_id for standing in work.session.scalars(matched)}
    fresh = {c.payment_id: c for c in credits if c.credit_minor > 0 and c.payment_id not in told}
    known = {
        row.payment_id: row
        for row in work.session.scalars(visible(Unreported, work.actor).where(Unreported.payment_id.in_(list(fresh))))
    }
    for payment_id, credit in fresh.items():
        if payment_id in known:  # credit went from one agency to another
            work.session.delete(known[payment_id])
            work.session.flush()
        work.session.add(
            Unreported(attribution_id=credit.id, organisation_id=credit.organisation_id, payment_id=payment_id)
        )
    work.session.flush()
    _forget_reversed(work, [credit.reverses_id for credit in credits if credit.reverses_id])


def _forget_reversed(work: Work, originals: list[int]) -> None:
    if not originals:
        return
    back: dict[int, int] = defaultdict(int)
    reversals = visible(Attribution, work.actor).where(Attribution.reverses_id.in_(originals))
    for credit in work.session.scalars(reversals):
        back[credit.reverses_id or 0] += credit.credit_minor
    waiting = (
        visible(Unreported, work.actor)
        .join(AgencyReceipt, AgencyReceipt.attribution_id == Unreported.attribution_id)
        .where(Unreported.attribution_id.in_(originals))
        .add_columns(AgencyReceipt.amount_minor)
    )
    for row, amount in work.session.execute(waiting).all():
        if amount + back[row.attribution_id] <= 0:
            work.session.delete(row)
    work.session.flush()
