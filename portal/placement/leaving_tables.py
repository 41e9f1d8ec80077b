"""The lists of certificates, exits, their exceptions, and what a tail still earns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import url_for

from portal.foundation.access import Permission
from portal.foundation.language import _l, say
from portal.foundation.tables import Column, Empty, Filter, Table
from portal.placement import leaving_queries as queries
from portal.placement.labels import placement_state
from portal.placement.leaving_labels import DUTY_STATES, EXCEPTION_KINDS, EXIT_STATES, TAIL_STATES, duty_tag
from portal.placement.leaving_models import CertificateDuty, ExceptionKind, ExitException, ExitState, OrganisationExit
from portal.placement.models import Placement
from portal.placement.tail import earns_until
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy import Select

    from portal.foundation.access import Actor

__all__ = ["certificates_table", "exceptions_table", "exits_table", "tail_table"]


def certificates_table(actor: Actor, today: date) -> Table:
    """Certificates that have fallen due, the latest day first."""
    columns = [
        Column("subject", _l("Of"), value="CertificateDuty.subject"),
        Column(
            "state", _l("State"), "state",
            value=lambda row: duty_tag(row.CertificateDuty.due_on, row.certificate_id is not None, today),
        ),
        Column("ended_on", _l("Over since"), "day", value="CertificateDuty.ended_on"),
        Column(
            "due_on", _l("Due by"), "day", expression=CertificateDuty.due_on, value="CertificateDuty.due_on", sortable=True,
        ),
        Column("accounts", _l("Accounts"), "number", value="CertificateDuty.account_count"),
        Column("number", _l("Certificate no."), value="certificate_no"),
        Column("confirmed_on", _l("Confirmed on"), "day"),
    ]  # fmt: skip
    if actor.is_bank:
        columns.insert(1, Column("organisation", _l("Organisation"), value=lambda row: name_of(row.Organisation)))
    return Table(
        name="certificates",
        statement=queries.duty_rows(actor),
        key=CertificateDuty.id,
        default_sort="-due_on",
        columns=columns,
        filters=[
            Filter(
                "state", _l("State"), "choice", lambda s, v: queries.duty_state(s, v, today),
                [(code, tag.label) for code, tag in DUTY_STATES.items()],
            ),
        ],
        row_url=lambda row: url_for("placement.certificate", duty_id=row.CertificateDuty.id),
        empty=Empty(
            say("No certificate is due."),
            say("One falls due when a batch is over whose contract asks for it, and when an organisation leaves."),
        ),
    )  # fmt: skip


def exits_table(actor: Actor) -> Table:
    """Exits, the latest first."""
    return Table(
        name="exits",
        statement=queries.exit_rows(actor),
        key=OrganisationExit.id,
        columns=[
            Column("number", _l("Exit"), value="OrganisationExit.number"),
            Column("organisation", _l("Organisation"), value=lambda row: name_of(row.Organisation)),
            Column("state", _l("State"), "state", value="OrganisationExit.state", states=EXIT_STATES),
            Column("last_on", _l("Last day"), "day", value="OrganisationExit.last_on"),
            Column("planner", _l("Planned by")),
            Column("decider", _l("Decided by")),
            Column("done_at", _l("Done"), "instant", value="OrganisationExit.done_at"),
        ],
        filters=[
            Filter("state", _l("State"), "choice", _in_state, [(s.value, t.label) for s, t in EXIT_STATES.items()])
        ],
        row_url=lambda row: url_for("placement.exit_page", exit_id=row.OrganisationExit.id),
        empty=Empty(
            say("No organisation leaves."),
            say("An exit is planned on the organisation's page.") if actor.can(Permission.PLACEMENTS_PROPOSE) else None,
            url_for("vendors.vendors") if actor.can(Permission.PLACEMENTS_PROPOSE) else None,
        ),
    )


def exceptions_table(actor: Actor, row: OrganisationExit) -> Table:
    """What stands against ending placements, account by account."""
    return Table(
        name=f"{row.number}-exceptions",
        statement=queries.exception_rows(actor, row.id),
        key=ExitException.id,
        columns=[
            Column("account", _l("Account"), value="account_ref"),
            Column("batch", _l("Batch"), value="batch_no"),
            Column("kind", _l("What stands against it"), value=lambda r: EXCEPTION_KINDS[r.ExitException.kind]),
            Column(
                "amount", _l("Placed amount"), "money",
                value="Placement.placed_total_minor", currency=lambda r: r.Placement.currency,
            ),
            Column("until", _l("Stays until"), "day", value="ExitException.until"),
            Column("state", _l("State"), "state", value=lambda r: placement_state(r.Placement)),
        ],
        filters=[
            Filter(
                "kind", _l("What stands against it"), "choice", _of_kind,
                [(k.value, words) for k, words in EXCEPTION_KINDS.items()],
            ),
        ],
        row_url=lambda r: url_for("portfolio.account", account_id=r.Placement.account_id),
        caption=_l("Exceptions of the exit"),
        empty=Empty(say("Nothing stands against ending any of its placements.")),
    )  # fmt: skip


def tail_table(actor: Actor, row: OrganisationExit, versions: dict[int, dict[str, int]], today: date) -> Table:
    """Every ended placement whose contract has a tail, with the day until which payments still earn."""

    def until(found: Any) -> date | None:
        return earns_until(found.Placement.ended_on, versions.get(found.Placement.contract_version_id))

    return Table(
        name=f"{row.number}-tail",
        statement=queries.tail_rows(actor, row.organisation_id, versions),
        key=Placement.id,
        default_sort="-ended_on",
        columns=[
            Column("account", _l("Account"), value="account_ref"),
            Column("batch", _l("Batch"), value="batch_no"),
            Column("contract", _l("Contract"), value="contract_no"),
            Column("placed_on", _l("Placed on"), "day", value="Placement.placed_on"),
            Column(
                "ended_on", _l("Ended on"), "day", expression=Placement.ended_on, value="Placement.ended_on",
                sortable=True, nullable=False,
            ),
            Column("until", _l("Earns until"), "day", value=until),
            Column(
                "state", _l("State"), "state",
                value=lambda r: TAIL_STATES["earns" if (until(r) or today) >= today else "over"],
            ),
            Column(
                "amount", _l("Placed amount"), "money",
                value="Placement.placed_total_minor", currency=lambda r: r.Placement.currency,
            ),
        ],
        filters=[
            Filter(
                "state", _l("State"), "choice",
                lambda s, v: queries.tail_ends(s, versions, today, over=v == "over"),
                [(code, tag.label) for code, tag in TAIL_STATES.items()],
            ),
        ],
        row_url=lambda r: url_for("portfolio.account", account_id=r.Placement.account_id),
        empty=Empty(say("No ended placement of this organisation has a tail.")),
    )  # fmt: skip


def _in_state(statement: Select[Any], value: str) -> Select[Any]:
    return statement.where(OrganisationExit.state == ExitState(value))


def _of_kind(statement: Select[Any], value: str) -> Select[Any]:
    return statement.where(ExitException.kind == ExceptionKind(value))
