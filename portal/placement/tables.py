"""The lists of runs, lines, batches and placements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import url_for
from sqlalchemy import Select

from portal.foundation.access import Permission
from portal.foundation.language import _l, say, translate
from portal.foundation.tables import Column, Empty, Filter, Table
from portal.placement import queries
from portal.placement.labels import BATCH_STATES, RUN_STATES, placement_state, reason_words
from portal.placement.models import (
    AllocationLine,
    AllocationRun,
    BatchState,
    Placement,
    PlacementBatch,
    RunState,
)
from portal.placement.recall_labels import closure_words
from portal.vendors.labels import KIND_LABELS, name_of

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from portal.identity.models import Organisation

__all__ = ["batches_table", "lines_table", "placements_table", "runs_table"]


def runs_table(actor: Actor) -> Table:
    """Runs, the latest first."""
    proposes = actor.can(Permission.PLACEMENTS_PROPOSE)
    return Table(
        name="runs",
        statement=queries.run_rows(actor),
        key=AllocationRun.id,
        default_sort="-number",
        columns=[
            Column("number", _l("Run"), expression=AllocationRun.id, value="AllocationRun.number", sortable=True),
            Column("kind", _l("Kind"), value=lambda row: KIND_LABELS[row.AllocationRun.kind]),
            Column("state", _l("State"), "state", value="AllocationRun.state", states=RUN_STATES),
            Column("placed_on", _l("Date"), "day", value="AllocationRun.placed_on"),
            Column("accounts", _l("Accounts"), "number", value="AllocationRun.account_count"),
            Column("amount", _l("Amount"), "money", value="AllocationRun.total_minor", currency=_currency_of_run),
            Column("maker", _l("Made by")),
            Column("decider", _l("Decided by")),
            Column("sent_at", _l("Sent"), "instant", value="AllocationRun.sent_at"),
        ],
        filters=[
            Filter("state", _l("State"), "choice", _run_state, [(s.value, t.label) for s, t in RUN_STATES.items()]),
        ],
        row_url=lambda row: url_for("placement.run", run_id=row.AllocationRun.id),
        empty=Empty(
            say("Nothing has been placed yet."),
            say("Make the first run") if proposes else None,
            url_for("placement.new_run") if proposes else None,
        ),
    )


def lines_table(actor: Actor, run: AllocationRun, receivers: list[Organisation], reasons: list[str]) -> Table:
    """What a run decided, account by account."""
    return Table(
        name=f"{run.number}-lines",
        statement=queries.line_rows(actor, run.id),
        key=AllocationLine.account_id,  # unique within a run, and what its index ends with
        columns=[
            Column("account", _l("Account"), value="account_ref"),
            Column("bucket", _l("Bucket"), "bucket", value="AllocationLine.bucket"),
            Column("days", _l("Days past due"), "number", value="AllocationLine.days_past_due"),
            Column("amount", _l("Amount"), "money", value="AllocationLine.total_minor", currency=run.currency),
            Column("receiver", _l("Receiver"), value=lambda row: name_of(row.Organisation) if row.Organisation else None),
            Column(
                "reason", _l("Why"),
                value=lambda row: translate(reason_words(row.AllocationLine.reason)),
                title=lambda row: row.AllocationLine.reason,
            ),
        ],
        filters=[
            Filter("organisation", _l("Receiver"), "choice", _receiver, [(str(o.id), name_of(o)) for o in receivers]),
            Filter("reason", _l("Why"), "choice", _reason, [(code, reason_words(code)) for code in reasons]),
        ],
        row_url=lambda row: url_for("portfolio.account", account_id=row.AllocationLine.account_id),
        caption=_l("Accounts of the run"),
        empty=say("No line has been written yet."),
    )  # fmt: skip


def batches_table(actor: Actor) -> Table:
    """Batches, the latest first."""
    columns = [
        Column("number", _l("Batch"), expression=PlacementBatch.id, value="PlacementBatch.number", sortable=True),
        Column("kind", _l("Kind"), value=lambda row: KIND_LABELS[row.PlacementBatch.kind]),
        Column("state", _l("State"), "state", value="PlacementBatch.state", states=BATCH_STATES),
        Column("placed_on", _l("Placed on"), "day", value="PlacementBatch.placed_on"),
        Column("term_ends_on", _l("Until"), "day", value="PlacementBatch.term_ends_on"),
        Column("accounts", _l("Accounts"), "number", value="PlacementBatch.account_count"),
        Column("amount", _l("Amount"), "money", value="PlacementBatch.total_minor", currency=_currency_of_batch),
        Column("accept_by", _l("Accept by"), "instant", value=_open_deadline),
    ]
    if actor.is_bank:
        columns.insert(1, Column("organisation", _l("Organisation"), value=lambda row: name_of(row.Organisation)))
    return Table(
        name="batches",
        statement=queries.batch_rows(actor),
        key=PlacementBatch.id,
        default_sort="-number",
        columns=columns,
        filters=[
            Filter("state", _l("State"), "choice", _batch_state, [(s.value, t.label) for s, t in BATCH_STATES.items()]),
        ],
        row_url=lambda row: url_for("placement.batch", batch_id=row.PlacementBatch.id),
        empty=_no_batch(actor),
    )


def placements_table(actor: Actor, batch: PlacementBatch) -> Table:
    """The accounts of a batch that the person may see, as they were placed."""
    return Table(
        name=f"{batch.number}-accounts",
        statement=queries.placement_rows(actor, batch.id),
        key=Placement.id,
        columns=[
            Column("account", _l("Account"), value="account_ref"),
            Column("bucket", _l("Bucket"), "bucket", value="Placement.placed_bucket"),
            Column("days", _l("Days past due"), "number", value="Placement.placed_days_past_due"),
            Column("amount", _l("Placed amount"), "money", value="Placement.placed_total_minor", currency=batch.currency),
            Column("round", _l("Round"), "number", value="Placement.round"),
            Column("state", _l("State"), "state", value=lambda row: placement_state(row.Placement)),
            Column("ended_on", _l("Ended on"), "day", value="Placement.ended_on"),
            Column(
                "closure", _l("Why it ended"), title=lambda row: row.Placement.closure_code or None,
                value=lambda row: closure_words(row.Placement.closure_code) if row.Placement.closure_code else None,
            ),
        ],
        row_url=lambda row: url_for("portfolio.account", account_id=row.open_id) if row.open_id else None,
        caption=_l("Accounts of the batch"),
        empty=say("You hold no account of this batch."),
    )  # fmt: skip


def _currency_of_run(row: Any) -> str:
    return str(row.AllocationRun.currency)


def _currency_of_batch(row: Any) -> str:
    return str(row.PlacementBatch.currency)


def _open_deadline(row: Any) -> Any:
    return row.PlacementBatch.accept_by if row.PlacementBatch.state is BatchState.SENT else None


def _run_state(statement: Select[Any], value: str) -> Select[Any]:
    return statement.where(AllocationRun.state == RunState(value))


def _batch_state(statement: Select[Any], value: str) -> Select[Any]:
    return statement.where(PlacementBatch.state == BatchState(value))


def _receiver(statement: Select[Any], value: str) -> Select[Any]:
    return statement.where(AllocationLine.organisation_id == int(value))


def _reason(statement: Select[Any], value: str) -> Select[Any]:
    return statement.where(AllocationLine.reason == value)


def _no_batch(actor: Actor) -> Empty:
    if not actor.is_bank:
        return Empty(say("No batch has arrived yet."))
    sentence = say("No batch has been sent yet. A run that is approved sends them.")
    if not actor.can(Permission.PLACEMENTS_PROPOSE):
        return Empty(sentence)
    return Empty(sentence, say("Open the runs"), url_for("placement.runs"))
