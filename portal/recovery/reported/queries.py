"""Reads of reported payments and of what is open on both sides. An agency sees its own; the bank sees all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.foundation.database import summed
from portal.foundation.errors import NotFound
from portal.foundation.visibility import visible
from portal.identity.models import Organisation, User
from portal.placement.models import Placement
from portal.placement.references import account_reference
from portal.placement.tail import earns_until
from portal.portfolio.models import Account
from portal.recovery.decisions import not_ended
from portal.recovery.matching import AGES
from portal.recovery.models import Payment
from portal.recovery.reported.models import (
    AgencyReceipt,
    ReportedEvent,
    ReportedPayment,
    ReportStanding,
    ReportState,
    Unreported,
)
from portal.vendors.models import ContractVersion, PlacementKind

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = [
    "Placed", "by_reference", "candidates", "count_open", "events_of", "in_age", "matched_with", "of_account", "open_reports", "open_totals", "placed",
    "report_for", "reports", "unreported", "with_standing",
]  # fmt: skip

MOST_COUNTED = 1_000  # beyond that, the navigation need not know how many
MOST_OF_ACCOUNT = 20
MOST_CANDIDATES = 50
DAYS_AROUND = 31  # of the postings that are offered for a match by hand


@dataclass(frozen=True, slots=True)
class Placed:
    """An account that an agency may report payments on; `is_open`: it holds it now."""

    organisation_id: int
    account_id: int
    customer_id: int
    placement_id: int
    currency: str
    is_open: bool


def placed(
    session: Session, actor: Actor, refs: Collection[str], today: date, organisation_id: int | None = None
) -> dict[str, Placed]:
    """Those of these accounts that the agency holds, or whose tail still runs; by reference."""
    whose = organisation_id or actor.organisation_id or 0
    reference, _open = account_reference()
    wanted = (
        visible(Placement, actor)
        .outerjoin(Account, Account.id == Placement.account_id)
        .join(ContractVersion, ContractVersion.id == Placement.contract_version_id)
        .where(
            Placement.organisation_id == whose,
            Placement.accepted_at.is_not(None),
            Placement.kind.in_((PlacementKind.COLLECTION, PlacementKind.LITIGATION)),
            sa.or_(Account.account_ref.in_(refs), Placement.past_ref.in_(refs)),
        )
        .with_only_columns(reference, Placement, ContractVersion.plan)
        .order_by(Placement.id)
    )
    found: dict[str, Placed] = {}
    for ref, placement, plan in session.execute(wanted):
        is_open = placement.ended_at is None
        if not is_open:
            last = earns_until(placement.ended_on, plan.get("tail")) if not placement.reverse else None
            if last is None or last < today or (ref in found and found[ref].is_open):
                continue
        found[ref] = Placed(
            whose, placement.account_id, placement.customer_id, placement.id, placement.currency, is_open
        )
    return found


def with_standing(actor: Actor) -> sa.Select[Any]:
    """Reports with where each stands."""
    return (
        visible(ReportedPayment, actor)
        .join(ReportStanding, ReportStanding.reported_id == ReportedPayment.id)
        .add_columns(ReportStanding)
    )


def reports(actor: Actor) -> sa.Select[Any]:
    """Reports with where each stands, whose it is, and the account's reference."""
    return (
        with_standing(actor)
        .join(Placement, Placement.id == ReportedPayment.placement_id)
        .join(Organisation, Organisation.id == ReportedPayment.organisation_id)
        .outerjoin(Account, Account.id == ReportedPayment.account_id)
        .add_columns(Organisation, *account_reference())
    )


def report_for(session: Session, actor: Actor, reported_id: int) -> Any:
    """One report as in the list; NotFound where there is none that the actor may see."""
    row = session.execute(reports(actor).where(ReportedPayment.id == reported_id)).first()
    if row is None:
        raise NotFound
    return row


def by_reference(session: Session, actor: Actor, reference: str) -> ReportedPayment | None:
    """The actor's organisation's report of a reference."""
    return session.scalar(
        visible(ReportedPayment, actor).where(
            ReportedPayment.organisation_id == actor.organisation_id, ReportedPayment.reported_ref == reference
        )
    )


def events_of(session: Session, actor: Actor, reported_id: int) -> Sequence[Any]:
    """What happened to a report, the first thing first, with who did it; an agency is not told who at the bank."""
    who = aliased(User)
    wanted = visible(ReportedEvent, actor).where(ReportedEvent.reported_id == reported_id)
    return session.execute(
        wanted.outerjoin(who, who.id == ReportedEvent.by).add_columns(who.name.label("who")).order_by(ReportedEvent.id)
    ).all()


def of_account(session: Session, actor: Actor, account_id: int) -> Sequence[Any]:
    """The latest reports on an account that the actor may see."""
    wanted = with_standing(actor).where(ReportedPayment.account_id == account_id)
    latest = wanted.order_by(ReportedPayment.reported_on.desc(), ReportedPayment.id.desc())
    return session.execute(latest.limit(MOST_OF_ACCOUNT)).all()


def matched_with(session: Session, actor: Actor, payment_id: int) -> Sequence[ReportedPayment]:
    """Reports that a posting is matched with, as far as the actor may see them."""
    wanted = with_standing(actor).where(ReportStanding.payment_id == payment_id).order_by(ReportedPayment.id)
    return session.scalars(wanted).all()


def candidates(session: Session, actor: Actor, report: ReportedPayment) -> Sequence[Any]:
    """For the bank: postings of the report's person and currency around its day that nothing is matched with, the nearest
    days first, each with its account's reference."""
    near = timedelta(days=DAYS_AROUND)
    accounts = sa.select(Account.id).where(Account.customer_id == report.customer_id)
    taken = sa.select(ReportStanding.reported_id).where(ReportStanding.payment_id == Payment.id).exists()
    wanted = (
        visible(Payment, actor)
        .join(Account, Account.id == Payment.account_id)
        .where(
            Payment.account_id.in_(accounts),
            Payment.currency == report.currency,
            Payment.reverses_ref.is_(None),
            Payment.paid_on.between(report.paid_on - near, report.paid_on + near),
            ~taken,
        )
        .add_columns(Account.account_ref)
        .order_by(Payment.paid_on.desc(), Payment.id.desc())
        .limit(MOST_CANDIDATES)
    )
    found = session.execute(wanted).all()
    return sorted(found, key=lambda row: (abs((row.Payment.paid_on - report.paid_on).days), row.Payment.id))


# --- what is open -------------------------------------------------------------------------------------------------------


def unreported(actor: Actor) -> sa.Select[Any]:
    """The bank's open side: receipts of agencies that no report is matched with, with whose they are and the account's
    reference. Only those whose credit still stands."""
    return (
        visible(AgencyReceipt, actor)
        .join(Unreported, Unreported.attribution_id == AgencyReceipt.attribution_id)
        .join(Placement, Placement.id == AgencyReceipt.placement_id)
        .join(Organisation, Organisation.id == AgencyReceipt.organisation_id)
        .outerjoin(Account, Account.id == AgencyReceipt.account_id)
        .where(not_ended(AgencyReceipt.attribution_id))
        .add_columns(Organisation, *account_reference())
    )


def count_open(session: Session, actor: Actor) -> int:
    """How much is open on both sides, a thousand of each at the most: this runs on every page."""
    reported = visible(ReportStanding, actor).where(ReportStanding.state == ReportState.OPEN)
    waiting = visible(Unreported, actor).where(not_ended(Unreported.attribution_id))
    return sum(
        session.scalar(sa.select(sa.func.count()).select_from(some.limit(MOST_COUNTED).subquery())) or 0
        for some in (
            reported.with_only_columns(ReportStanding.reported_id),
            waiting.with_only_columns(Unreported.attribution_id),
        )
    )


def open_totals(session: Session, actor: Actor, today: date) -> dict[str, list[tuple[str, str, int, int]]]:
    """What is open by side (`reported`, `posted`): currency, age, how many, and the amount in minor units."""
    mine = with_standing(actor).where(ReportStanding.state == ReportState.OPEN)
    theirs = (
        visible(AgencyReceipt, actor)
        .join(Unreported, Unreported.attribution_id == AgencyReceipt.attribution_id)
        .where(not_ended(AgencyReceipt.attribution_id))
    )
    return {
        "reported": _summed(session, mine, ReportedPayment, ReportedPayment.reported_on, today),
        "posted": _summed(session, theirs, AgencyReceipt, AgencyReceipt.noted_on, today),
    }


def _summed(
    session: Session, rows: sa.Select[Any], model: Any, since: Any, today: date
) -> list[tuple[str, str, int, int]]:
    age = sa.case(*((_within(since, name, today), name) for name, *_ends in AGES), else_=AGES[0][0]).label("age")
    parts = rows.with_only_columns(model.currency, age, model.amount_minor).subquery()
    total = summed(parts.c.amount_minor)
    sums = sa.select(parts.c.currency, parts.c.age, sa.func.count(), total).group_by(parts.c.currency, parts.c.age)
    order = {name: place for place, (name, *_ends) in enumerate(AGES)}
    found = [(str(row[0]), str(row[1]), int(row[2]), int(row[3])) for row in session.execute(sums)]
    return sorted(found, key=lambda row: (row[0], order[row[1]]))


def in_age(since: Any, name: str, today: date) -> sa.ColumnElement[bool]:
    """The condition that something open since that day has this age."""
    return _within(since, name, today)


def _within(since: Any, name: str, today: date) -> sa.ColumnElement[bool]:
    first, last = next((first, last) for each, first, last in AGES if each == name)
    newest: sa.ColumnElement[bool] = since <= today - timedelta(days=first) if first else sa.true()
    return newest if last is None else sa.and_(newest, since >= today - timedelta(days=last))


def open_reports(actor: Actor) -> sa.Select[Any]:
    """The agencies' open side: reports that no posting is matched with."""
    return reports(actor).where(ReportStanding.state == ReportState.OPEN)
