"""Pages of costs and adjustments: the list, one of them, proposing and deciding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, redirect, render_template, request, stream_with_context, url_for

from portal.commission import charge_queries as queries
from portal.commission import charging
from portal.commission.charge_forms import AdjustmentForm, CostForm
from portal.commission.charge_labels import KINDS, STATES, STEPS, WAITS, charge_tag
from portal.commission.charge_models import Charge, ChargeEvent, ChargeKind, ChargeState
from portal.foundation.access import Actor, Permission
from portal.foundation.database import db
from portal.foundation.downloads import name_as_file
from portal.foundation.errors import DomainError
from portal.foundation.forms import show_error
from portal.foundation.language import _l, say
from portal.foundation.navigation import counts
from portal.foundation.services import services
from portal.foundation.table_pages import table_response
from portal.foundation.tables import Column, Empty, Filter, Table
from portal.foundation.web import actor, requires, say_flash
from portal.vendors.labels import name_of
from portal.vendors.proofs import type_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal.foundation.language import Message

blueprint = Blueprint("charges", __name__)


@blueprint.get("/charges")
@requires(Permission.CHARGES_VIEW)
def index() -> Any:
    """All that the person may see."""
    who = actor()
    advances = who.can(Permission.COSTS_ENTER) and queries.may_advance_costs(db.session(), who)
    return table_response(_table(who), "commission/charges.html", advances=advances)


@blueprint.get("/charges/<int:charge_id>")
@requires(Permission.CHARGES_VIEW)
def charge(charge_id: int) -> Any:
    """One of them, with who proposed it, what was decided, and the statement that pays it."""
    who = actor()
    found = queries.charge_for(db.session(), who, charge_id)
    return render_template(
        "commission/charge.html",
        charge=found,
        kind=KINDS[found.kind],
        name=name_of(found.organisation),
        tag=charge_tag(found),
        is_own=found.proposed_by == who.user_id,
        subject=queries.subject_of(db.session(), who, found),
        statement=queries.statement_of(db.session(), who, found.id),
        events=_events(found),
    )


@blueprint.route("/charges/new", methods=["GET", "POST"])
@requires(Permission.CHARGES_PROPOSE)
def new_adjustment() -> Any:
    """Propose an adjustment."""
    choices = [(one.id, name_of(one)) for one in queries.organisations_paid(db.session(), actor())]
    form = AdjustmentForm(choices)
    if request.method == "GET":
        form.statement.data, form.line.data = request.args.get("statement", ""), request.args.get("line", "")
        form.organisation_id.data = request.args.get("organisation", "")
        form.currency.data = request.args.get("currency", "CNY")
        form.about.data = request.args.get("about", "")
    return _entered(form, lambda: charging.propose_adjustment(actor(), form.adjustment()), _l("New adjustment"))


@blueprint.route("/charges/costs/new", methods=["GET", "POST"])
@requires(Permission.COSTS_ENTER)
def new_cost() -> Any:
    """Enter a cost with its receipt."""
    form = CostForm()
    return _entered(form, lambda: charging.enter_cost(actor(), form.cost()), _l("New cost"))


def _entered(form: Any, enter: Callable[[], int], title: Any) -> Any:
    if form.validate_on_submit():
        try:
            charge_id = enter()
        except DomainError as error:
            if error.field is None:
                raise
            show_error(form, error)
        else:
            return _done(charge_id, say("It waits for a second person at the bank now."))
    page = render_template("commission/charge_form.html", form=form, title=title)
    return (page, 422) if form.errors else page


@blueprint.post("/charges/<int:charge_id>/approve")
@requires(Permission.CHARGES_DECIDE)
def approve(charge_id: int) -> Any:
    """Let the next statement pay it."""
    charging.approve_charge(actor(), charge_id)
    return _done(charge_id, say("It is approved; the next statement pays it."))


@blueprint.post("/charges/<int:charge_id>/refuse")
@requires(Permission.CHARGES_DECIDE)
def refuse(charge_id: int) -> Any:
    """It is not paid."""
    charging.refuse_charge(actor(), charge_id, request.form.get("reason", ""))
    return _done(charge_id, say("It is refused."))


@blueprint.post("/charges/<int:charge_id>/withdraw")
@requires(Permission.CHARGES_VIEW)
def withdraw(charge_id: int) -> Any:
    """Who proposed it takes it back."""
    charging.withdraw_charge(actor(), charge_id)
    return _done(charge_id, say("It is withdrawn."))


@blueprint.get("/charges/<int:charge_id>/file")
@requires(Permission.CHARGES_VIEW)
def proof(charge_id: int) -> Response:
    """The receipt, as a file to be kept: nothing that was uploaded is opened in the portal's own pages."""
    found = queries.charge_for(db.session(), actor(), charge_id)
    if not found.proof_digest:
        abort(404)
    content = services().storage.chunks(found.proof_digest)
    response = Response(stream_with_context(content), content_type=type_of(found.proof_name))
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return name_as_file(response, found.proof_name)


@counts("charges.index")
def waiting(who: Actor) -> int:
    """What waits for this person's decision."""
    return queries.count_waiting(db.session(), who) if who.can(Permission.CHARGES_DECIDE) else 0


def _done(charge_id: int, sentence: Message) -> Any:
    say_flash(sentence)
    return redirect(url_for("charges.charge", charge_id=charge_id))


def _events(charge: Charge) -> list[dict[str, Any]]:
    """The latest first."""
    made = {"at": charge.proposed_at, "title": _l("Put forward"), "who": charge.proposed_by_name, "text": ""}
    decision = charge.decision
    if decision is None:
        return [made]
    said = {"at": decision.at, "title": STEPS[decision.state], "who": decision.by_name, "text": decision.reason}
    return [said, made]


def _table(who: Actor) -> Table:
    columns = [
        Column("number", _l("Number"), expression=Charge.id, value="number", sortable=True),
        Column("kind", _l("Kind"), value=lambda row: KINDS[row.kind]),
        Column("state", _l("State"), "state", value=charge_tag),
        Column("amount", _l("Amount"), "money", value="amount_minor"),
        Column("charged_on", _l("Day"), "day", value="charged_on"),
        Column("reason", _l("Reason"), value="reason", wraps=True),
        Column("maker", _l("Proposed by"), value="proposed_by_name"),
        Column("checker", _l("Decided by"), value=lambda row: row.decision.by_name if row.decision else None),
    ]
    filters = [
        Filter("kind", _l("Kind"), "choice", _of_kind, [(kind.value, label) for kind, label in KINDS.items()]),
        Filter("state", _l("State"), "choice", _in_state, [("waits", WAITS.label), *_state_choices()]),
    ]
    if who.is_bank:
        columns.insert(1, Column("organisation", _l("Organisation"), value=lambda row: name_of(row.organisation)))
        names = [(str(one.id), name_of(one)) for one in queries.organisations_paid(db.session(), who)]
        filters.append(Filter("organisation", _l("Organisation"), "choice", _of_organisation, names))
    return Table(
        name="charges",
        statement=queries.charges(who),
        key=Charge.id,
        columns=columns,
        filters=filters,
        default_sort="-number",
        row_url=lambda row: url_for("charges.charge", charge_id=row.id),
        empty=Empty(say("There is no cost and no adjustment yet.")),
    )


def _state_choices() -> list[tuple[str, Any]]:
    return [(state.value, tag.label) for state, tag in STATES.items()]


def _of_kind(statement: Any, value: str) -> Any:
    return statement.where(Charge.kind == ChargeKind(value))


def _of_organisation(statement: Any, value: str) -> Any:
    return statement.where(Charge.organisation_id == int(value))


def _in_state(statement: Any, value: str) -> Any:
    if value == "waits":
        return statement.where(~Charge.decision.has())
    return statement.where(Charge.decision.has(ChargeEvent.state == ChargeState(value)))
