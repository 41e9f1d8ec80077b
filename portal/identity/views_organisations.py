"""Pages of organisations: the bank, its agencies and law firms."""

from __future__ import annotations

from typing import Any

from flask import current_app, redirect, render_template, url_for

from portal.foundation.access import OrganisationKind, Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError
from portal.foundation.forms import show_error
from portal.foundation.language import say
from portal.foundation.table_pages import table_page, table_response
from portal.foundation.web import actor, requires, say_flash
from portal.identity import operations, queries
from portal.identity.blueprint import blueprint
from portal.identity.forms import NewOrganisationForm, OrganisationForm
from portal.identity.labels import KIND_LABELS, LAW_LABELS, organisation_state
from portal.identity.tables import organisations_table, users_table

VENDOR = "vendors.vendor"  # a page of a lower room, linked where it is there: licences, contracts, staff, standing


@blueprint.get("/organisations")
@requires(Permission.ORGANISATIONS_VIEW)
def organisations() -> Any:
    """The bank, its agencies and law firms."""
    return table_response(organisations_table(actor()), "identity/organisations.html")


@blueprint.get("/organisations/<int:organisation_id>")
@requires(Permission.ORGANISATIONS_VIEW)
def organisation(organisation_id: int) -> str:
    """One organisation with its people."""
    found = queries.organisation(db.session(), actor(), organisation_id)
    sees_people = actor().can(Permission.USERS_VIEW)
    is_vendor = VENDOR in current_app.view_functions and found.kind is not OrganisationKind.BANK
    return render_template(
        "identity/organisation.html",
        organisation=found,
        kind=KIND_LABELS[found.kind],
        law=LAW_LABELS[found.letter_law] if found.kind is OrganisationKind.LAW_FIRM else None,
        state=organisation_state(found),
        people=table_page(users_table(actor(), found.id)) if sees_people else None,
        vendor_url=url_for(VENDOR, organisation_id=found.id) if is_vendor else None,
    )


@blueprint.route("/organisations/new", methods=["GET", "POST"])
@requires(Permission.ORGANISATIONS_MANAGE)
def new_organisation() -> Any:
    """Add an agency or a law firm."""
    form = NewOrganisationForm()
    del form.active
    if form.validate_on_submit():
        try:
            number = operations.create_organisation(
                actor(), OrganisationKind(form.kind.data), form.code.data or "", form.details()
            )
        except DomainError as error:
            show_error(form, error)
        else:
            say_flash(say("The organisation is added. Add its people next."))
            return redirect(url_for("identity.organisation", organisation_id=number))
    return render_template("identity/new_organisation.html", form=form), 422 if form.errors else 200


@blueprint.route("/organisations/<int:organisation_id>/edit", methods=["GET", "POST"])
@requires(Permission.ORGANISATIONS_MANAGE)
def edit_organisation(organisation_id: int) -> Any:
    """Change an organisation's details."""
    found = queries.organisation(db.session(), actor(), organisation_id)
    form = OrganisationForm(obj=found)
    if found.kind is not OrganisationKind.LAW_FIRM:
        del form.letter_mark, form.letter_law
    if found.kind is OrganisationKind.BANK:
        del form.active
    if form.validate_on_submit():
        try:
            operations.edit_organisation(actor(), organisation_id, form.details())
        except DomainError as error:
            if error.status == 404:
                raise
            show_error(form, error)
        else:
            say_flash(say("Saved."))
            return redirect(url_for("identity.organisation", organisation_id=organisation_id))
    page = render_template("identity/edit_organisation.html", form=form, organisation=found)
    return page, 422 if form.errors else 200
