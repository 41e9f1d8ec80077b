"""Pages of plans tried on what was paid: what if."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from flask import Blueprint, redirect, render_template, request, url_for

from portal.commission import trial_queries as queries
from portal.commission.score_models import PlanTrial, PlanTrialRow
from portal.commission.trial_forms import TrialForm
from portal.commission.trying import ask_trial
from portal.foundation.access import Actor, Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError
from portal.foundation.forms import key_of, show_error
from portal.foundation.job_pages import shown_job
from portal.foundation.jobs.queries import job_about
from portal.foundation.language import _l, say
from portal.foundation.money import Money
from portal.foundation.services import services
from portal.foundation.table_pages import table_response
from portal.foundation.tables import Cell, Column, Empty, Table
from portal.foundation.web import actor, requires
from portal.vendors.labels import name_of
from portal.vendors.plans.choices import choices
from portal.vendors.plans.page import entered, shown
from portal.vendors.queries import versions_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.vendors.models import Contract, ContractVersion

blueprint = Blueprint("trials", __name__)


@blueprint.get("/trials")
@requires(Permission.PLANS_TRY)
def index() -> Any:
    """Plans that were tried, the latest first."""
    return table_response(_table(actor()), "commission/trials.html")


@blueprint.route("/trials/new", methods=["GET", "POST"])
@requires(Permission.PLANS_TRY)
def new_trial() -> Any:
    """Try a plan on the payments of a contract, which is chosen first; it begins with the plan of a version, or as another
    trial had it."""
    session, who, today = db.session(), actor(), services().clock.today()
    contract = _contract(session, who)
    if contract is None:
        return _choose_contract(session, who) if request.method == "GET" else redirect(url_for("trials.new_trial"))
    versions = versions_of(session, contract)
    begun, base = _begun(session, who, versions)
    form, step = TrialForm(), request.form.get("step", "")
    if request.method == "GET":
        form.first_on.data = _day("first") or (today - timedelta(days=365))
        form.last_on.data = _day("last") or (today - timedelta(days=1))
        part = shown(base, contract.currency, today)
    else:
        part = entered(request.form.to_dict(), contract.currency, today, step)
    asks = request.method == "POST" and not step
    if asks and form.validate_on_submit() and part.plan is not None:
        known = next((v.version for v in versions if shown(v.plan, contract.currency, today).data == part.data), None)
        try:
            trial_id = ask_trial(who, form.asked(contract, known, json.dumps(part.data)))
        except DomainError as error:
            if error.field is None:
                raise
            show_error(form, error)
        else:
            return redirect(url_for("trials.trial", trial_id=trial_id))
    unsaved = asks and part.plan is None
    page = render_template(
        "commission/trial_form.html", form=form, part=part, choices=choices(), unsaved=unsaved, contract=contract,
        name=name_of(contract.organisation), versions=versions, begun=begun,
    )  # fmt: skip
    return page, 422 if form.errors or form.form_errors or unsaved else 200


def _contract(session: Session, who: Actor) -> Contract | None:
    """The contract that the address names; of an organisation with one contract, that."""
    named = key_of(request.args.get("contract"))
    if named is not None:
        return queries.contract_for(session, who, named)
    organisation = key_of(request.args.get("organisation"))
    theirs = queries.contracts_to_try(session, who, organisation) if organisation else []
    return theirs[0] if len(theirs) == 1 else None


def _choose_contract(session: Session, who: Actor) -> str:
    contracts = queries.contracts_to_try(session, who, key_of(request.args.get("organisation")))
    named = [(one.id, f"{one.number} · {name_of(one.organisation)}") for one in contracts]
    days = {name: request.args[name] for name in ("first", "last") if request.args.get(name)}
    return render_template("commission/trial_contract.html", contracts=named, days=days)


def _begun(session: Session, who: Actor, versions: list[ContractVersion]) -> tuple[int | None, dict[str, Any] | None]:
    """With which version's plan the form begins, and the plan; of another trial its own."""
    trial_id, number = key_of(request.args.get("trial")), key_of(request.args.get("version"))
    if trial_id is not None and number is None:
        return None, queries.trial_for(session, who, trial_id).plan
    version = next((each for each in versions if each.version == number), versions[0] if versions else None)
    return (version.version, version.plan) if version else (None, None)


@blueprint.get("/trials/<int:trial_id>")
@requires(Permission.PLANS_TRY)
def trial(trial_id: int) -> Any:
    """What a trial comes to: in total, and batch by batch."""
    who = actor()
    found = queries.trial_for(db.session(), who, trial_id)
    job = job_about(db.session(), who, "commission.try", str(found.id)) if found.done_at is None else None
    currency = found.contract.currency
    totals = {}
    if found.done_at is not None:
        totals = {
            "recovered": Cell("money", found.recovered_minor, currency),
            "own": Cell("money", found.own_minor, currency),
            "tried": Cell("money", found.tried_minor, currency),
            "difference": Cell("money", (found.tried_minor or 0) - (found.own_minor or 0), currency),
        }
    return table_response(
        _rows_table(who, found),
        "commission/trial.html",
        totals=totals,
        trial=found,
        contract=found.contract,
        name=name_of(found.contract.organisation),
        job=shown_job(who, job) if job is not None else None,
    )


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None


def _rows_table(who: Actor, found: PlanTrial) -> Table:
    currency = found.contract.currency

    def money(value: Any) -> Any:
        return lambda row: Money(value(row.PlanTrialRow), currency)

    return Table(
        name=f"trial-{found.id}",
        statement=queries.trial_rows(who, found.id),
        key=PlanTrialRow.batch_id,
        columns=[
            Column("batch", _l("Batch"), value="PlacementBatch.number"),
            Column("placed_on", _l("Placed on"), "day", value="PlacementBatch.placed_on"),
            Column("payments", _l("Payments"), "number", value="PlanTrialRow.payments"),
            Column("recovered", _l("Recovered"), "money", value=money(lambda row: row.recovered_minor)),
            Column("own", _l("Under its own plan"), "money", value=money(lambda row: row.own_minor)),
            Column("tried", _l("Under the tried plan"), "money", value=money(lambda row: row.tried_minor)),
            Column("difference", _l("Difference"), "money", value=money(lambda row: row.tried_minor - row.own_minor)),
        ],
        row_url=lambda row: url_for("placement.batch", batch_id=row.PlanTrialRow.batch_id),
        empty=Empty(say("Nothing was credited under this contract in these days.")),
    )


def _table(who: Actor) -> Table:
    return Table(
        name="trials",
        statement=queries.trials(who),
        key=PlanTrial.id,
        columns=[
            Column("made_at", _l("Tried at"), "instant", expression=PlanTrial.id, value="made_at", sortable=True),
            Column("contract", _l("Contract"), value="contract.number"),
            Column("organisation", _l("Organisation"), value=lambda row: name_of(row.contract.organisation)),
            Column("version", _l("Version"), "number", value="version"),
            Column("first_on", _l("Value dates from"), "day", value="first_on"),
            Column("last_on", _l("to"), "day", value="last_on"),
            Column("difference", _l("Difference"), "money", value=_difference),
            Column("maker", _l("Tried by"), value="made_by_name"),
        ],
        default_sort="-made_at",
        row_url=lambda row: url_for("trials.trial", trial_id=row.id),
        empty=Empty(say("No plan has been tried yet."), _l("Try a plan"), url_for("trials.new_trial")),
    )


def _difference(row: PlanTrial) -> Money | None:
    if row.tried_minor is None or row.own_minor is None:
        return None
    return Money(row.tried_minor - row.own_minor, row.contract.currency)
