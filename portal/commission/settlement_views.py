"""Pages of what follows a confirmed statement: the agency's invoice, what the bank makes of it, and what was paid."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, render_template, request, url_for

from portal.commission import invoices, paying
from portal.commission import life_queries as queries
from portal.commission.blueprint import blueprint
from portal.commission.invoice_files import FILE_TYPES
from portal.commission.life_forms import InvoiceForm, SettlementForm
from portal.commission.life_models import InvoiceState
from portal.commission.queries import statement_for
from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.downloads import uploaded_file
from portal.foundation.errors import DomainError
from portal.foundation.forms import show_error
from portal.foundation.language import Message, say
from portal.foundation.money import Money
from portal.foundation.services import services
from portal.foundation.web import actor, requires, say_flash
from portal.foundation.work import transaction
from portal.vendors.labels import name_of

__all__ = [
    "accept_invoice", "invoice_file", "new_invoice", "new_settlement", "return_invoice", "take_back_settlement",
]  # fmt: skip


def _back(statement_id: int, sentence: Message) -> Any:
    say_flash(sentence)
    return redirect(url_for("commission.statement", statement_id=statement_id))


@blueprint.route("/statements/<int:statement_id>/invoices/new", methods=["GET", "POST"])
@requires(Permission.STATEMENTS_CONFIRM)
def new_invoice(statement_id: int) -> Any:
    """The agency uploads its invoice."""
    statement = statement_for(db.session(), actor(), statement_id)
    currency, number = statement.currency, statement.number
    due, tax = queries.due_for_payment(statement), statement.tax_minor
    form = InvoiceForm(currency, tax if statement.tax_rate else None)
    if form.validate_on_submit():
        try:
            invoice = invoices.upload_invoice(actor(), statement_id, form.details(), form.upload())
        except DomainError as error:
            if error.status == 404:
                raise
            show_error(form, error)
        else:
            return _back(statement_id, _uploaded(invoice.state, invoice.difference_minor, currency))
    page = render_template(
        "commission/invoice.html",
        form=form,
        statement_id=statement_id,
        number=number,
        due=due,
        tax=tax,
        currency=currency,
    )
    return page, 422 if form.errors or form.form_errors else 200


def _uploaded(state: InvoiceState, difference: int, currency: str) -> Message:
    if state is InvoiceState.MATCHED:
        return say("The invoice bills what is due. The bank can pay it.")
    if difference == 0:
        return say("The invoice is with the bank. Its tax is another than the statement's; the bank will look at it.")
    return say(
        "The invoice is with the bank. It differs from what is due by %(difference)s; the bank will look at it.",
        difference=Money(difference, currency),
    )


@blueprint.get("/statements/<int:statement_id>/invoices/<int:invoice_id>/file")
@requires(Permission.STATEMENTS_VIEW)
def invoice_file(statement_id: int, invoice_id: int) -> Response:
    """The file, to be kept: nothing that was uploaded is opened in the portal's own pages. The look is recorded."""
    with transaction(actor()) as work:
        statement = statement_for(work.session, work.actor, statement_id)
        found = queries.invoice_for(work.session, work.actor, statement.id, invoice_id)
        work.audit("statement.taken", statement, after={"file": "invoice", "digest": found.file_digest})
        digest, name = found.file_digest, found.file_name
    return uploaded_file(services().storage.chunks(digest), FILE_TYPES[name.rpartition(".")[2]], name)


@blueprint.post("/statements/<int:statement_id>/invoices/<int:invoice_id>/accept")
@requires(Permission.STATEMENTS_SETTLE)
def accept_invoice(statement_id: int, invoice_id: int) -> Any:
    """Propose to accept a difference, or accept what another proposed."""
    state = invoices.accept_difference(actor(), statement_id, invoice_id, request.form.get("reason", ""))
    if state is InvoiceState.PROPOSED:
        return _back(statement_id, say("Another person has to accept the difference now."))
    return _back(statement_id, say("The difference is accepted; the invoice can be paid."))


@blueprint.post("/statements/<int:statement_id>/invoices/<int:invoice_id>/return")
@requires(Permission.STATEMENTS_SETTLE)
def return_invoice(statement_id: int, invoice_id: int) -> Any:
    """Send an invoice back to the agency."""
    invoices.return_invoice(actor(), statement_id, invoice_id, request.form.get("reason", ""))
    return _back(statement_id, say("The invoice is sent back; the agency can upload another."))


@blueprint.route("/statements/<int:statement_id>/settlements/new", methods=["GET", "POST"])
@requires(Permission.STATEMENTS_SETTLE)
def new_settlement(statement_id: int) -> Any:
    """Finance records what was paid."""
    session, who = db.session(), actor()
    statement = statement_for(session, who, statement_id)
    currency, number, name = statement.currency, statement.number, name_of(statement.organisation)
    due = queries.due_for_payment(statement)
    owing = due - queries.paid_so_far(session, who, statement.id)
    form = SettlementForm(currency, abs(owing))
    if request.method == "GET":
        form.paid_on.data = services().clock.today()
    if form.validate_on_submit():
        try:
            left = paying.record_settlement(who, statement_id, form.details())
        except DomainError as error:
            if error.status == 404:
                raise
            show_error(form, error)
        else:
            return _back(statement_id, _recorded(left, due, currency))
    page = render_template(
        "commission/settlement.html", form=form, statement_id=statement_id, number=number, name=name, due=due, owing=owing,
        currency=currency,
    )  # fmt: skip
    return page, 422 if form.errors or form.form_errors else 200


def _recorded(left: int, due: int, currency: str) -> Message:
    if left == 0 or (left < 0) == (due > 0):
        return say("The payment is recorded; the statement is settled.")
    return say("The payment is recorded; %(left)s is still owed.", left=Money(abs(left), currency))


@blueprint.post("/statements/<int:statement_id>/settlements/take-back")
@requires(Permission.STATEMENTS_SETTLE)
def take_back_settlement(statement_id: int) -> Any:
    """An entry that was wrong, named by the form."""
    entry = request.form.get("settlement", -1, type=int)
    paying.take_back_settlement(actor(), statement_id, entry, request.form.get("reason", ""))
    return _back(statement_id, say("The entry is taken back."))
