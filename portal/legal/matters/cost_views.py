"""Costs and documents of a matter: asked for, decided on, paid, put to it, taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, redirect, render_template, request, url_for

from portal.contact.proofs import person_key_of
from portal.contact.requests.views import sealed_file
from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError, NotFound
from portal.foundation.forms import show_error
from portal.foundation.language import _l, say
from portal.foundation.money import format_amount
from portal.foundation.services import services
from portal.foundation.web import actor, requires, say_flash
from portal.legal.matters import costs, documents, queries
from portal.legal.matters.blueprint import blueprint
from portal.legal.matters.forms import AdvanceForm, CostForm, DocumentForm

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal.foundation.language import Message
    from portal.legal.matters.models import Matter

__all__ = ["document_file"]

COST = "/matters/<int:matter_id>/costs/<int:cost_id>"


@blueprint.route("/matters/<int:matter_id>/costs/new", methods=["GET", "POST"])
@requires(Permission.MATTERS_RUN)
def new_cost(matter_id: int) -> Any:
    """Ask the bank for leave to spend."""
    who, form = actor(), CostForm()
    found = queries.matter_for(db.session(), who, matter_id)
    return _entered(
        form, found, lambda: costs.ask_cost(who, matter_id, form.wanted()), say("The bank is asked for it."),
        _l("Ask for a cost"), "costs",
    )  # fmt: skip


@blueprint.post(f"{COST}/approve")
@requires(Permission.CHARGES_DECIDE)
def approve_cost(matter_id: int, cost_id: int) -> Any:
    """The firm may spend it."""
    costs.approve_cost(actor(), matter_id, cost_id)
    return _done(matter_id, say("The cost is approved; the firm may advance it."), "costs")


@blueprint.post(f"{COST}/refuse")
@requires(Permission.CHARGES_DECIDE)
def refuse_cost(matter_id: int, cost_id: int) -> Any:
    """The bank does not pay it."""
    costs.refuse_cost(actor(), matter_id, cost_id, request.form.get("reason", ""))
    return _done(matter_id, say("The cost is refused."), "costs")


@blueprint.post(f"{COST}/withdraw")
@requires(Permission.MATTERS_RUN)
def withdraw_cost(matter_id: int, cost_id: int) -> Any:
    """The firm needs it no more."""
    costs.withdraw_cost(actor(), matter_id, cost_id)
    return _done(matter_id, say("It is withdrawn."), "costs")


@blueprint.route(f"{COST}/advance", methods=["GET", "POST"])
@requires(Permission.MATTERS_RUN)
def advance_cost(matter_id: int, cost_id: int) -> Any:
    """The firm has paid it."""
    session, who, form = db.session(), actor(), AdvanceForm()
    found = queries.matter_for(session, who, matter_id)
    cost = queries.cost_for(session, who, matter_id, cost_id)
    if not form.is_submitted():
        form.amount.data = format_amount(cost.amount_minor, cost.currency)
        form.charged_on.data = services().clock.today()
    return _entered(
        form, found, lambda: costs.advance_cost(who, matter_id, cost_id, form.advance()),
        say("Noted. Finance looks at the receipt, and the next statement pays it."), _l("The cost was paid"), "costs", cost=cost,
    )  # fmt: skip


@blueprint.get(f"{COST}/file")
@requires(Permission.MATTERS_VIEW)
def cost_file(matter_id: int, cost_id: int) -> Response:
    """What the court demands, as a file to be kept; while one may see the account."""
    session, who = db.session(), actor()
    row = queries.cost_for(session, who, matter_id, cost_id)
    return sealed_file(person_key_of(session, who, queries.matter_for(session, who, matter_id).account_id), row)


# --- documents ----------------------------------------------------------------------------------------------------------


@blueprint.route("/matters/<int:matter_id>/documents/new", methods=["GET", "POST"])
@requires(Permission.MATTERS_RUN)
def new_document(matter_id: int) -> Any:
    """Put a file to the matter."""
    session, who, form = db.session(), actor(), DocumentForm()
    found = queries.matter_for(session, who, matter_id)
    person_key_of(session, who, found.account_id)  # closed to the firm once the account has gone back
    return _entered(
        form, found, lambda: documents.add_document(who, matter_id, form.chosen_kind(), form.file()),
        say("The document is kept."), _l("New document"), "documents",
    )  # fmt: skip


@blueprint.get("/matters/<int:matter_id>/documents/<int:document_id>/file")
@requires(Permission.MATTERS_VIEW)
def document_file(matter_id: int, document_id: int) -> Response:
    """A document, as a file to be kept; while one may see the account, and while it stands."""
    session, who = db.session(), actor()
    row = queries.document_for(session, who, matter_id, document_id)
    if row.withdrawal is not None:
        raise NotFound
    return sealed_file(person_key_of(session, who, queries.matter_for(session, who, matter_id).account_id), row)


@blueprint.post("/matters/<int:matter_id>/documents/<int:document_id>/withdraw")
@requires(Permission.MATTERS_RUN)
def withdraw_document(matter_id: int, document_id: int) -> Any:
    """It was put there in error."""
    documents.withdraw_document(actor(), matter_id, document_id, request.form.get("reason", ""))
    return _done(matter_id, say("The document is withdrawn; it stays in the list, struck through."), "documents")


def _entered(
    form: Any, found: Matter, enter: Callable[[], object], sentence: Message, title: Any, place: str, **shown: Any
) -> Any:
    if form.validate_on_submit():
        try:
            enter()
        except DomainError as error:
            if error.status == 404:
                raise
            show_error(form, error)
        else:
            return _done(found.id, sentence, place)
    back = url_for("matters.matter", matter_id=found.id)
    page = render_template("legal/matter_form.html", form=form, matter=found, title=title, back=back, **shown)
    return page, 422 if form.errors or form.form_errors else 200


def _done(matter_id: int, sentence: Message, place: str) -> Any:
    say_flash(sentence)
    return redirect(url_for("matters.matter", matter_id=matter_id, _anchor=place))
