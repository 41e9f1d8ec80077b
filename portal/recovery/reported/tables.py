"""Lists of reported payments, and of what is open on the bank's side."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from flask import url_for

from portal.foundation.access import Permission
from portal.foundation.language import _l, say
from portal.foundation.tables import Column, Empty, Filter, Table
from portal.recovery.addresses import account_url, payment_url
from portal.recovery.reported import queries
from portal.recovery.reported.labels import AGE_LABELS, KINDS, SHORT_KINDS, STATES, state_tag
from portal.recovery.reported.models import (
    AgencyReceipt,
    ReportedPayment,
    ReportKind,
    ReportStanding,
    ReportState,
    Way,
)
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portal.foundation.access import Actor
    from portal.recovery.rules import PaymentRules

__all__ = ["reports_table", "unreported_table"]

_DAY = timedelta(days=1)


def reports_table(actor: Actor, rules: PaymentRules, today: date, houses: Sequence[tuple[str, str]]) -> Table:
    """Reports, the latest first; what is open where the address asks for nothing else. `houses`: agencies to filter by."""
    chased = today - timedelta(days=rules.chase_days)
    columns = [
        Column("reference", _l("Reference"), value="ReportedPayment.reported_ref"),
        Column("account", _l("Account"), value=lambda row: row.account_ref, link=account_url(actor)),
        Column("kind", _l("Type of report"), value=lambda row: SHORT_KINDS[row.ReportedPayment.kind]),
        Column(
            "paid_on", _l("Paid on"), "day", value="ReportedPayment.paid_on", expression=ReportedPayment.paid_on,
            sortable=True, nullable=False,
        ),
        Column(
            "amount", _l("Amount"), "money", value="ReportedPayment.amount_minor",
            currency=lambda row: row.ReportedPayment.currency,
        ),
        Column(
            "state", _l("State"), "state",
            value=lambda row: state_tag(row.ReportStanding, is_old=_waits_since(row.ReportedPayment) < chased),
        ),
        Column(
            "posting", _l("Posting"), value="ReportStanding.payment_ref",
            link=payment_url(actor, lambda row: row.ReportStanding.payment_id) if actor.is_bank else None,
        ),
        Column("age", _l("Days open"), "number", value=lambda row: _age(row, today)),
        Column(
            "reported", _l("Reported on"), "day", value="ReportedPayment.reported_on",
            expression=ReportedPayment.reported_on, sortable=True, nullable=False,
        ),
    ]  # fmt: skip
    filters = [
        Filter(
            "state", _l("State"), "choice", _in_state,
            [(ReportState.OPEN.value, STATES["open"].label), (ReportState.MATCHED.value, STATES["exact"].label),
             *((way.value, STATES[way.value].label) for way in (Way.TOLERANT, Way.BY_HAND)),
             ("differs", STATES["differs"].label), ("late", STATES["late"].label),
             (ReportState.WITHDRAWN.value, STATES["withdrawn"].label)],
        ),
        Filter(
            "kind", _l("Type of report"), "choice", lambda s, v: s.where(ReportedPayment.kind == ReportKind(v)),
            [(kind.value, label) for kind, label in KINDS.items()],
        ),
        Filter(
            "age", _l("Days open"), "choice",
            lambda s, v: s.where(
                ReportStanding.state == ReportState.OPEN, queries.in_age(ReportedPayment.reported_on, v, today)
            ),
            list(AGE_LABELS.items()),
        ),
        Filter("reference", _l("Reference"), "text", lambda s, v: s.where(ReportedPayment.reported_ref == v.strip())),
        Filter("paid", _l("Paid on"), "period", _paid_between),
    ]  # fmt: skip
    if actor.is_bank:
        columns.insert(2, Column("organisation", _l("Organisation"), value=lambda row: name_of(row.Organisation)))
        filters.insert(1, _of_house(ReportedPayment, houses))
    return Table(
        name="reported",
        statement=queries.reports(actor),
        key=ReportedPayment.id,
        default_sort="-reported",
        columns=columns,
        filters=filters,
        row_url=lambda row: url_for("reported.report", reported_id=row.ReportedPayment.id),
        empty=_nothing(actor),
        caption=_l("Reported payments"),
    )


def unreported_table(actor: Actor, today: date, houses: Sequence[tuple[str, str]], prefix: str = "") -> Table:
    """Receipts of agencies that no report is matched with, the latest first."""
    columns = [
        Column("payment", _l("Payment"), value="AgencyReceipt.payment_ref", link=payment_url(actor, _of_receipt)),
        Column("account", _l("Account"), value=lambda row: row.account_ref, link=account_url(actor)),
        Column("paid_on", _l("Value date"), "day", value="AgencyReceipt.paid_on"),
        Column(
            "amount", _l("Amount"), "money", value="AgencyReceipt.amount_minor",
            currency=lambda row: row.AgencyReceipt.currency,
        ),
        Column("age", _l("Days open"), "number", value=lambda row: (today - row.AgencyReceipt.noted_on).days),
        Column(
            "noted", _l("Posted on"), "day", value="AgencyReceipt.noted_on", expression=AgencyReceipt.noted_on,
            sortable=True, nullable=False,
        ),
    ]  # fmt: skip
    filters = [
        Filter(
            "age", _l("Days open"), "choice", lambda s, v: s.where(queries.in_age(AgencyReceipt.noted_on, v, today)),
            list(AGE_LABELS.items()),
        ),
        Filter("payment", _l("Payment"), "text", lambda s, v: s.where(AgencyReceipt.payment_ref == v.strip())),
    ]  # fmt: skip
    if actor.is_bank:
        columns.insert(2, Column("organisation", _l("Organisation"), value=lambda row: name_of(row.Organisation)))
        filters.insert(0, _of_house(AgencyReceipt, houses))
    return Table(
        name="unreported",
        statement=queries.unreported(actor),
        key=AgencyReceipt.attribution_id,
        default_sort="-noted",
        columns=columns,
        filters=filters,
        prefix=prefix,
        empty=Empty(say("Every payment that agencies received has been reported by them.") if actor.is_bank
                    else say("Every payment that you received has been reported.")),
        caption=_l("Received by agencies and not reported"),
    )  # fmt: skip


def _of_house(model: Any, houses: Sequence[tuple[str, str]]) -> Filter:
    return Filter(
        "organisation",
        _l("Organisation"),
        "choice",
        lambda s, v: s.where(model.organisation_id == int(v)),
        list(houses),
    )


def _nothing(actor: Actor) -> Empty:
    if actor.can(Permission.REPORTED_WRITE):
        step, url = _l("Report a payment"), url_for("reported.new_report")
        return Empty(say("No payment has been reported yet."), step, url)
    return Empty(say("No agency has reported a payment yet."))


def _of_receipt(row: Any) -> int:
    return int(row.AgencyReceipt.payment_id)


def _waits_since(report: ReportedPayment) -> date:
    """What is expected on a later day waits from that day on."""
    return max(report.reported_on, report.paid_on)


def _age(row: Any, today: date) -> int | None:
    if row.ReportStanding.state is not ReportState.OPEN:
        return None
    return int((today - row.ReportedPayment.reported_on) / _DAY)


def _in_state(statement: Any, value: str) -> Any:
    if value in ("differs", "late"):
        column = ReportStanding.differs if value == "differs" else ReportStanding.late
        return statement.where(ReportStanding.state == ReportState.MATCHED, column)
    if value in set(ReportState):
        return statement.where(ReportStanding.state == ReportState(value))
    return statement.where(ReportStanding.way == Way(value))


def _paid_between(statement: Any, value: tuple[date | None, date | None]) -> Any:
    first, last = value
    if first:
        statement = statement.where(ReportedPayment.paid_on >= first)
    return statement.where(ReportedPayment.paid_on <= last) if last else statement
