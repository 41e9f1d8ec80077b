"""Pages of oversight: everybody's home, and the audit trail."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Blueprint, redirect, render_template, url_for

from portal.commission.contribution import steps
from portal.commission.step_words import step_facts
from portal.foundation.access import Permission, Role
from portal.foundation.database import db
from portal.foundation.services import services
from portal.foundation.table_pages import table_response
from portal.foundation.web import actor, requires
from portal.oversight import queries
from portal.oversight.curves import chart_of
from portal.oversight.figures import changes_of, comparisons
from portal.oversight.months import same_days
from portal.oversight.tables import audit_table
from portal.oversight.waiting import tasks_for

blueprint = Blueprint("oversight", __name__)


@blueprint.get("/")
@requires(Permission.HOME_VIEW)
def home() -> Any:
    """What waits for the person, this month beside last month, how the last batches recover."""
    who = actor()
    if who.role is Role.AGENCY_STAFF:
        return redirect(url_for("contact.queue"))
    session, clock = db.session(), services().clock
    today = clock.today(who.time_zone)
    now, before = same_days(today)
    nearest = steps(session, who, today) if who.can(Permission.STATEMENTS_VIEW) else []
    curves = queries.recovery_curves(session, who, today) if who.can(Permission.PLACEMENTS_PROPOSE) else []
    return render_template(
        "oversight/home.html",
        tasks=tasks_for(session, who, clock.now(), today),
        now=clock.now(),
        zone=who.time_zone,
        month=now,
        month_before=before,
        comparisons=comparisons(session, who, now, before),
        nearest=[step_facts(step) for step in nearest],
        chart=chart_of(curves) if curves else None,
        rate=lambda basis_points: Decimal(basis_points) / 10_000,
    )


@blueprint.get("/audit")
@requires(Permission.AUDIT_VIEW)
def audit() -> Any:
    """Who did what, to which row, when, from where; and how far the chain is sealed."""
    return table_response(
        audit_table(actor()), "oversight/audit.html", chain=queries.chain_state(db.session()), changes_of=changes_of
    )
