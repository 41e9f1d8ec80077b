"""Pages of payments: what was posted, to whom it is credited, what nobody is credited with, and the files."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from flask import url_for

from portal.foundation.access import Actor, Permission
from portal.foundation.language import _l, from_data, say, translate
from portal.foundation.table_pages import table_response
from portal.foundation.tables import Column, Empty, Filter, Table
from portal.foundation.web import actor, requires
from portal.portfolio.import_routes import add_import_pages
from portal.portfolio.import_views import ImportPages
from portal.portfolio.models import ImportKind
from portal.recovery import again, exception_views, operations, payment_views, queries
from portal.recovery.addresses import account_url
from portal.recovery.blueprint import blueprint
from portal.recovery.labels import DECISIONS
from portal.recovery.models import Attribution, Decision
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    pass

__all__ = ["again", "blueprint", "exception_views", "payment_views"]

IMPORTS = ImportPages(
    ImportKind.PAYMENTS,
    "recovery",
    _l("Imports of payments"),
    _l("Import payments"),
    operations.PAYMENTS,
    beside=(_l("Rules for payments"), "reported.rules"),
)
add_import_pages(blueprint, IMPORTS, "/payments/imports", Permission.PAYMENTS_IMPORT)


@blueprint.get("/payments")
@requires(Permission.PAYMENTS_VIEW)
def payments() -> Any:
    """Payments: all for the bank, the credited ones for an agency."""
    return table_response(_table(actor()), "recovery/payments.html")


def _table(who: Actor) -> Table:
    columns = [
        Column("payment", _l("Payment"), value="Attribution.payment_ref"),
        Column("account", _l("Account"), value=lambda row: row.account_ref, link=account_url(who)),
        Column(
            "paid_on", _l("Value date"), "day",
            expression=Attribution.paid_on, value="Attribution.paid_on", sortable=True,
        ),
        Column("amount", _l("Amount"), "money", value="Attribution.amount_minor", currency=lambda row: row.Attribution.currency),
        Column("decision", _l("Credit"), "state", value="Attribution.decision", states=DECISIONS),
        Column("why", _l("Why"), "why", value=lambda row: translate(from_data(row.Attribution.trace))),
    ]  # fmt: skip
    filters = [
        Filter("payment", _l("Payment"), "text", _with_reference),
        Filter("paid", _l("Value date"), "period", _paid_between),
    ]
    if who.is_bank:
        columns.insert(5, Column("organisation", _l("Credited to"), value=_organisation))
        filters.append(
            Filter("credit", _l("Credit"), "choice", _decided, [(d.value, DECISIONS[d].label) for d in Decision])
        )
    return Table(
        name="payments",
        statement=queries.payments(who),
        key=Attribution.id,
        default_sort="-paid_on",
        columns=columns,
        filters=filters,
        row_url=lambda row: url_for("recovery.payment", payment_id=row.Attribution.payment_id),
        empty=_nothing(who),
    )


def _nothing(who: Actor) -> Empty:
    if who.can(Permission.PAYMENTS_IMPORT):
        return Empty(say("No payment is posted yet."), say("Import payments"), url_for("recovery.new_import"))
    return Empty(say("No payment is posted yet.") if who.is_bank else say("No payment is credited to you yet."))


def _organisation(row: Any) -> str | None:
    return name_of(row) if row.name else None


def _with_reference(statement: Any, value: str) -> Any:
    return statement.where(Attribution.payment_ref == value.strip())


def _paid_between(statement: Any, value: tuple[date | None, date | None]) -> Any:
    first, last = value
    if first:
        statement = statement.where(Attribution.paid_on >= first)
    return statement.where(Attribution.paid_on <= last) if last else statement


def _decided(statement: Any, value: str) -> Any:
    return statement.where(Attribution.decision == Decision(value))
