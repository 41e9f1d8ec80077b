"""What batches leave the bank: the list with its totals, and what a batch's own page shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, request, url_for

from portal.commission import contribution as reads
from portal.commission.charge_queries import organisations_paid
from portal.commission.step_words import step_facts
from portal.foundation import hooks
from portal.foundation.access import Actor, Permission
from portal.foundation.database import db
from portal.foundation.forms import key_of
from portal.foundation.language import _l, say
from portal.foundation.money import Money
from portal.foundation.panels import Panel
from portal.foundation.services import services
from portal.foundation.table_pages import table_response
from portal.foundation.tables import Column, Empty, Filter, Table
from portal.foundation.web import actor, requires
from portal.placement.models import PlacementBatch
from portal.vendors.labels import KIND_LABELS, name_of
from portal.vendors.models import PlacementKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

blueprint = Blueprint("contribution", __name__)


@blueprint.get("/contribution")
@requires(Permission.CONTRIBUTION_VIEW)
def index() -> Any:
    """Recovered, less commission, letters and costs, batch by batch; above it by organisation."""
    who, session = actor(), db.session()
    chosen = key_of(request.args.get("organisation"))
    organisations = reads.totals(session, who, services().clock.today(), chosen)
    return table_response(
        _table(who),
        "commission/contribution.html",
        organisations=organisations,
        in_all=reads.in_all(organisations),
        name_of=name_of,
    )


@hooks.batch_panels.register
def contribution_panel(session: Session, who: Actor, batch: PlacementBatch) -> Panel | None:
    """On the batch's page: what it leaves the bank."""
    if not who.can(Permission.CONTRIBUTION_VIEW):
        return None
    (found,) = reads.contributions(session, who, [batch])
    return Panel(
        _l("What it leaves"), "commission/contribution_panel.html", {"sums": found.sums, "currency": batch.currency}
    )


@hooks.batch_panels.register
def steps_panel(session: Session, who: Actor, batch: PlacementBatch) -> Panel | None:
    """On the batch's page: where it stands on the steps of its plan, for both sides."""
    if not who.can(Permission.STATEMENTS_VIEW):
        return None
    found = reads.steps_of(session, who, [batch])
    return Panel(_l("Steps of the plan"), "commission/steps_panel.html", step_facts(found[0])) if found else None


def _table(who: Actor) -> Table:
    return Table(
        name="contribution",
        statement=reads.batch_rows(who),
        key=PlacementBatch.id,
        default_sort="-batch",
        complete=lambda session, rows: reads.contributions(session, who, list(rows)),
        columns=[
            Column("batch", _l("Batch"), expression=PlacementBatch.id, value="batch.number", sortable=True),
            Column("organisation", _l("Organisation"), value=lambda row: name_of(row.batch.organisation)),
            Column("recovered", _l("Recovered"), "money", value=_of("recovered")),
            Column("unbilled", _l("Not on a statement yet"), "money", value=_of("unbilled")),
            Column("commission", _l("Commission"), "money", value=_of("commission")),
            Column("letters", _l("Letters"), "money", value=_of("letters")),
            Column("costs", _l("Costs"), "money", value=_of("costs")),
            Column("other", _l("Bonus and adjustments"), "money", value=_of("other")),
            Column("left", _l("Left to the bank"), "money", value=_of("left")),
        ],
        filters=[
            Filter("organisation", _l("Organisation"), "choice", _of_organisation, _organisations(who)),
            Filter("kind", _l("Kind"), "choice", _of_kind, [(kind.value, label) for kind, label in KIND_LABELS.items()]),
            Filter("placed", _l("Placed on"), "period", _placed),
        ],
        row_url=lambda row: url_for("placement.batch", batch_id=row.batch.id),
        empty=Empty(say("No batch has been accepted yet.")),
    )  # fmt: skip


def _of(name: str) -> Callable[[Any], Money]:
    return lambda row: Money(getattr(row.sums, name), row.batch.currency)


def _organisations(who: Actor) -> list[tuple[str, str]]:
    return [(str(one.id), name_of(one)) for one in organisations_paid(db.session(), who)]


def _of_organisation(statement: Any, value: str) -> Any:
    return statement.where(PlacementBatch.organisation_id == int(value))


def _of_kind(statement: Any, value: str) -> Any:
    return statement.where(PlacementBatch.kind == PlacementKind(value))


def _placed(statement: Any, days: tuple[Any, Any]) -> Any:
    first, last = days
    if first is not None:
        statement = statement.where(PlacementBatch.placed_on >= first)
    return statement if last is None else statement.where(PlacementBatch.placed_on <= last)
