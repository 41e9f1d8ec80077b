"""Pages of remittances: who holds how much, one agency's ledger, announcing, recording, one remittance."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, redirect, render_template, request, url_for

from portal.commission import remittance as operations
from portal.commission import remittance_queries as queries
from portal.commission.remittance_forms import AnnounceForm, RecordForm
from portal.commission.remittance_models import Remittance, RemittanceState
from portal.foundation.access import OrganisationKind, Permission
from portal.foundation.database import db
from portal.foundation.downloads import uploaded_file
from portal.foundation.errors import DomainError, NotFound
from portal.foundation.forms import key_of, show_error
from portal.foundation.language import _l, say
from portal.foundation.money import CURRENCIES, format_amount
from portal.foundation.navigation import counts
from portal.foundation.services import services
from portal.foundation.states import StateTag
from portal.foundation.table_pages import table_export, table_page
from portal.foundation.tables import Column, Empty, Table
from portal.foundation.visibility import visible
from portal.foundation.web import actor, requires, say_flash
from portal.identity.models import Organisation
from portal.recovery.addresses import payment_url
from portal.recovery.remitting import NET, Balance
from portal.recovery.reported.labels import AGE_LABELS
from portal.recovery.reported.models import AgencyReceipt
from portal.vendors.labels import name_of
from portal.vendors.proofs import type_of

if TYPE_CHECKING:
    from portal.foundation.access import Actor

__all__ = ["blueprint"]

blueprint = Blueprint("remittances", __name__)

S = RemittanceState
STATES: dict[RemittanceState, StateTag] = {
    S.ANNOUNCED: StateTag("announced", _l("announced"), "wait"),
    S.WITHDRAWN: StateTag("withdrawn", _l("withdrawn"), "plain"),
    S.RECEIVED: StateTag("received", _l("received"), "good"),
    S.TAKEN_BACK: StateTag("taken_back", _l("taken back"), "bad"),
}


@counts("remittances.index")
def waits(who: Actor) -> int:
    """For the bank: remittances that were announced and are not recorded."""
    return len(queries.announced(db.session(), who)) if who.can(Permission.REMITTANCES_RECORD) else 0


@blueprint.get("/remittances", endpoint="index")
@requires(Permission.REMITTANCES_VIEW)
def remittances() -> Any:
    """Who holds how much of the bank's money, by agency and currency."""
    session, who = db.session(), actor()
    return render_template(
        "commission/remittances.html",
        held=[(each, name_of(each.organisation)) for each in queries.balances(session, who)],
        announced=[(row, name_of(row.Organisation)) for row in queries.announced(session, who)],
    )


@blueprint.get("/organisations/<int:organisation_id>/remittances")
@requires(Permission.REMITTANCES_VIEW)
def ledger(organisation_id: int) -> Any:
    """One agency's ledger in one currency: balance, what is owed by age, receipts that are open, what was handed over."""
    session, who = db.session(), actor()
    house = _house(who, organisation_id)
    held = queries.balances(session, who, house.id)
    currencies = [each.currency for each in held]
    currency = request.args.get("currency", "")
    if currency not in CURRENCIES:
        currency = currencies[0] if currencies else "CNY"
    open_, moved = _open_table(who, house, currency), _moves_table(who, house, currency)
    for table in (open_, moved):
        answer = table_export(table)
        if answer is not None:
            return answer
    mine = next((each for each in held if each.currency == currency), None)
    return render_template(
        "commission/ledger.html",
        house=house,
        name=name_of(house),
        currency=currency,
        currencies=currencies,
        balance=mine.balance if mine else Balance(0, 0, 0),
        announced=mine.announced if mine else 0,
        owed=queries.owed_by_age(session, who, house.id, currency, _today()),
        ages=AGE_LABELS,
        open_=table_page(open_),
        moved=table_page(moved),
    )


def _house(who: Actor, organisation_id: int) -> Organisation:
    house = db.session().scalar(
        visible(Organisation, who).where(Organisation.id == organisation_id, Organisation.kind != OrganisationKind.BANK)
    )
    if house is None or not (who.is_bank or house.id == who.organisation_id):
        raise NotFound
    return house


def _today() -> Any:
    return services().clock.today(actor().time_zone)


def _open_table(who: Actor, house: Organisation, currency: str) -> Table:
    today = _today()

    def due(row: Any) -> Any:
        receipt = row.AgencyReceipt
        if receipt.remit_days is None or row.left <= 0:
            return None
        return (receipt.received_on or receipt.paid_on) + timedelta(days=receipt.remit_days)

    def how(row: Any) -> StateTag:
        last = due(row)
        if row.left < 0:
            return StateTag("over", _l("over-paid"), "plain")
        if last is not None and last < today:
            return StateTag("overdue", _l("overdue"), "bad")
        return StateTag("owed", _l("owed"), "wait")

    return Table(
        name="receipts",
        statement=queries.open_receipts(who, house.id, currency),
        key=AgencyReceipt.attribution_id,
        default_sort="paid_on",
        prefix="o_",
        columns=[
            Column("payment", _l("Payment"), value="AgencyReceipt.payment_ref",
                   link=payment_url(who, lambda row: row.AgencyReceipt.payment_id)),
            Column(
                "paid_on", _l("Value date"), "day", value="AgencyReceipt.paid_on", expression=AgencyReceipt.paid_on,
                sortable=True, nullable=False,
            ),
            Column("received", _l("Money received on"), "day", value="AgencyReceipt.received_on"),
            Column("amount", _l("Amount"), "money", value="AgencyReceipt.amount_minor", currency=currency),
            Column(
                "kept", _l("Commission kept"), "money", currency=currency,
                value=lambda row: int(row.commission) if row.AgencyReceipt.remittance == NET else 0,
            ),
            Column("covered", _l("Handed over"), "money", value=lambda row: int(row.covered), currency=currency),
            Column("left", _l("Still owed"), "money", value=lambda row: int(row.left), currency=currency),
            Column("state", _l("State"), "state", value=how),
            Column("due", _l("Due"), "day", value=due),
        ],
        empty=Empty(say("Nothing is owed.")),
        caption=_l("Payments of which something is owed"),
    )  # fmt: skip


def _moves_table(who: Actor, house: Organisation, currency: str) -> Table:
    return Table(
        name="remittances",
        statement=queries.remittances(who).where(
            Remittance.organisation_id == house.id, Remittance.currency == currency
        ),
        key=Remittance.id,
        default_sort="-number",
        prefix="m_",
        columns=[
            Column("number", _l("No."), "number", value="Remittance.id", expression=Remittance.id, sortable=True, nullable=False),
            Column("day", _l("Day"), "day"),
            Column("amount", _l("Amount"), "money", currency=currency),
            Column("reference", _l("The bank's reference")),
            Column("state", _l("State"), "state", states=STATES),
        ],
        row_url=lambda row: url_for("remittances.remittance", remittance_id=row.Remittance.id),
        empty=Empty(say("Nothing has been handed over yet.")),
        caption=_l("Handed over"),
    )  # fmt: skip


# --- one remittance -----------------------------------------------------------------------------------------------------


@blueprint.get("/remittances/<int:remittance_id>")
@requires(Permission.REMITTANCES_VIEW)
def remittance(remittance_id: int) -> Any:
    """One remittance: what happened, and which payments it covers."""
    session, who = db.session(), actor()
    row = session.execute(queries.remittances(who).where(Remittance.id == remittance_id)).first()
    if row is None:
        raise NotFound
    received = row.state is S.RECEIVED
    covers = queries.covers_of(session, who, remittance_id) if received else ()
    return render_template(
        "commission/remittance.html",
        row=row,
        name=name_of(row.Organisation),
        tag=STATES[row.state],
        events=[(each.RemittanceEvent, STATES[each.RemittanceEvent.state], each.who)
                for each in queries.events_of(session, who, remittance_id)],
        covers=covers,
        over=row.amount - sum(each.RemittanceCover.amount_minor for each in covers) if received else None,
        may_record=who.can(Permission.REMITTANCES_RECORD) and row.state is S.ANNOUNCED,
        may_take_back=who.can(Permission.REMITTANCES_RECORD) and received,
        may_withdraw=who.can(Permission.REMITTANCES_ANNOUNCE) and row.state is S.ANNOUNCED,
    )  # fmt: skip


@blueprint.get("/remittances/<int:remittance_id>/proof")
@requires(Permission.REMITTANCES_VIEW)
def proof(remittance_id: int) -> Response:
    """The agency's slip, as a file to be kept."""
    row = queries.remittance_for(db.session(), actor(), remittance_id)
    if not row.proof_digest:
        raise NotFound
    return uploaded_file(services().storage.chunks(row.proof_digest), type_of(row.proof_name), row.proof_name)


@blueprint.post("/remittances/<int:remittance_id>/withdraw")
@requires(Permission.REMITTANCES_ANNOUNCE)
def withdraw(remittance_id: int) -> Any:
    """Take an announcement back."""
    operations.withdraw(actor(), remittance_id, request.form.get("reason", ""))
    say_flash(say("The announcement is withdrawn."))
    return redirect(url_for("remittances.remittance", remittance_id=remittance_id))


@blueprint.post("/remittances/<int:remittance_id>/take-back")
@requires(Permission.REMITTANCES_RECORD)
def take_back(remittance_id: int) -> Any:
    """Take back what was recorded wrongly."""
    operations.take_back(actor(), remittance_id, request.form.get("reason", ""))
    say_flash(say("The record is taken back. What it covered is owed again."))
    return redirect(url_for("remittances.remittance", remittance_id=remittance_id))


@blueprint.route("/remittances/new", methods=["GET", "POST"])
@requires(Permission.REMITTANCES_ANNOUNCE)
def announce() -> Any:
    """The agency says what it has sent."""
    form = AnnounceForm()
    if form.validate_on_submit():
        try:
            remittance_id = operations.announce(actor(), form.handed(), form.file())
        except DomainError as error:
            show_error(form, error)
        else:
            say_flash(say("The remittance is announced. It counts once the bank has recorded it."))
            return redirect(url_for("remittances.remittance", remittance_id=remittance_id))
    elif request.method == "GET":
        form.on.data = _today()
        held = queries.balances(db.session(), actor())
        if held:
            form.currency.data = held[0].currency
    return render_template("commission/new_remittance.html", form=form, name=None), _status(form)


@blueprint.route("/organisations/<int:organisation_id>/remittances/new", methods=["GET", "POST"])
@requires(Permission.REMITTANCES_RECORD)
def record(organisation_id: int) -> Any:
    """The bank records what it has received of an agency; of an announcement, where the address names one."""
    house, form = _house(actor(), organisation_id), RecordForm()
    answered = key_of(request.args.get("announced"))
    if form.validate_on_submit():
        try:
            handed = form.handed()
            remittance_id = operations.record(actor(), house.id, handed, form.payment_refs(), answered)
        except DomainError as error:
            if error.status == 404:
                raise
            show_error(form, error)
        else:
            say_flash(say("The remittance is recorded."))
            return redirect(url_for("remittances.remittance", remittance_id=remittance_id))
    elif request.method == "GET":
        _begin(form, house, answered)
    return render_template("commission/new_remittance.html", form=form, name=name_of(house), house=house), _status(form)


def _begin(form: RecordForm, house: Organisation, answered: int | None) -> None:
    """What the form begins with: what was announced."""
    form.on.data = _today()
    if answered is not None:
        row = db.session().execute(queries.remittances(actor()).where(Remittance.id == answered)).first()
        if row is None or row.Remittance.organisation_id != house.id:
            raise NotFound
        form.currency.data = row.Remittance.currency
        form.amount.data = format_amount(row.amount, row.Remittance.currency)


def _status(form: Any) -> int:
    return 422 if form.errors or form.form_errors else 200
