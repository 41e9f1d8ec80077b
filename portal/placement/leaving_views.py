"""Pages of certificates of return and deletion, of exits, and of what a tail still earns."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, render_template, request, url_for

from portal.foundation.access import Actor, Permission
from portal.foundation.database import db
from portal.foundation.downloads import name_as_file
from portal.foundation.errors import DomainError, NotFound
from portal.foundation.forms import show_error
from portal.foundation.language import say
from portal.foundation.navigation import counts
from portal.foundation.services import services
from portal.foundation.table_pages import table_response
from portal.foundation.web import actor, requires, say_flash
from portal.foundation.work import reading
from portal.placement import certificates as certificate_operations
from portal.placement import exits as operations
from portal.placement import leaving_queries as queries
from portal.placement.blueprint import blueprint
from portal.placement.certificate_print import LANGUAGES, certificate_pdf
from portal.placement.certificates import METHODS
from portal.placement.leaving_forms import CertificateForm, ExceptionsForm, ExitForm
from portal.placement.leaving_labels import EXCEPTION_KINDS, EXIT_STATES, duty_tag
from portal.placement.leaving_models import ExceptionKind, ExitState, OrganisationExit
from portal.placement.leaving_tables import certificates_table, exceptions_table, exits_table, tail_table
from portal.placement.tail import earns_until
from portal.vendors.labels import name_of
from portal.vendors.queries import organisation_for

__all__ = [
    "approve_exit", "certificate", "certificate_file", "certificates", "choose_exceptions", "close_sign_in",
    "confirm_certificate", "count_exit", "exit_page", "exits", "plan_exit", "refuse_exit", "submit_exit", "tail_register",
    "withdraw_exit",
]  # fmt: skip


# --- certificates -------------------------------------------------------------------------------------------------------


@counts("placement.certificates")
def certificates_that_wait(who: Actor) -> int:
    """For an organisation what it has to confirm; for the bank what is overdue."""
    if who.is_bank:
        return queries.certificates_overdue(db.session(), who, services().clock.today())
    return queries.certificates_open(db.session(), who)


@counts("placement.exits")
def exits_that_wait(who: Actor) -> int:
    """Exits that this person may approve."""
    return queries.exits_to_approve(db.session(), who) if who.can(Permission.PLACEMENTS_APPROVE) else 0


@blueprint.get("/certificates")
@requires(Permission.BATCHES_VIEW)
def certificates() -> Any:
    """Certificates that are due, overdue, confirmed."""
    return table_response(certificates_table(actor(), services().clock.today()), "placement/certificates.html")


@blueprint.get("/certificates/<int:duty_id>")
@requires(Permission.BATCHES_VIEW)
def certificate(duty_id: int) -> str:
    """What has to be confirmed, and what was."""
    session, who = db.session(), actor()
    duty = queries.duty_for(session, who, duty_id)
    found = queries.certificates_of(session, who, duty_id)
    today = services().clock.today()
    return render_template(
        "placement/certificate.html",
        duty=duty,
        name=name_of(duty.organisation),
        found=found,
        state=duty_tag(duty.due_on, bool(found), today),
        methods=METHODS,
        confirms=who.can(Permission.BATCHES_ACCEPT) and duty.organisation_id == who.organisation_id,
        languages=LANGUAGES,
    )


@blueprint.route("/certificates/<int:duty_id>/confirmation", methods=["GET", "POST"])
@requires(Permission.BATCHES_ACCEPT)
def confirm_certificate(duty_id: int) -> Any:
    """The leader of the organisation confirms, or corrects what was confirmed."""
    session, who = db.session(), actor()
    duty = queries.duty_for(session, who, duty_id)
    before = next(iter(queries.certificates_of(session, who, duty_id)), None)
    form = CertificateForm(obj=before)
    if request.method == "GET" and before is None:
        form.carried_out_on.data, form.carried_out_by.data = services().clock.today(), who.name
    if form.validate_on_submit():
        try:
            certificate_operations.confirm(who, duty_id, form.confirmation())
        except DomainError as error:
            show_error(form, error)
        else:
            say_flash(
                say("The certificate stands. The bank sees it; print and sign it where the contract wants paper.")
            )
            return redirect(url_for("placement.certificate", duty_id=duty_id))
        duty = queries.duty_for(session, who, duty_id)
    page = render_template("placement/confirm_certificate.html", form=form, duty=duty, corrects=before is not None)
    return page, 422 if form.errors or form.form_errors else 200


@blueprint.get("/certificates/<int:duty_id>/<any('zh', 'en'):language>.pdf")
@requires(Permission.BATCHES_VIEW)
def certificate_file(duty_id: int, language: str) -> Response:
    """The certificate that stands, as a document to be signed."""
    who, bank = actor(), queries.bank_name(language)
    with reading(who) as session:
        duty = queries.duty_for(session, who, duty_id)
        found = queries.certificates_of(session, who, duty_id)
        if not found:
            raise NotFound
        content = certificate_pdf(found[0], duty, bank, language)
        number = found[0].number
    response = Response(content, content_type="application/pdf")
    response.headers["Cache-Control"] = "no-store"
    return name_as_file(response, f"{number}-{language}.pdf")


# --- exits --------------------------------------------------------------------------------------------------------------


@blueprint.get("/exits")
@requires(Permission.PLACEMENTS_VIEW)
def exits() -> Any:
    """Who leaves, has left, or was to leave."""
    return table_response(exits_table(actor()), "placement/exits.html")


@blueprint.route("/organisations/<int:organisation_id>/exit", methods=["GET", "POST"])
@requires(Permission.PLACEMENTS_PROPOSE)
def plan_exit(organisation_id: int) -> Any:
    """Plan that an agency or a law firm leaves."""
    organisation = organisation_for(db.session(), actor(), organisation_id)
    name = name_of(organisation)
    form = ExitForm()
    if form.validate_on_submit() and form.last_on.data is not None:
        try:
            exit_id = operations.plan_exit(actor(), organisation_id, form.last_on.data, form.reason.data or "")
        except DomainError as error:
            show_error(form, error)
        else:
            say_flash(say("The exit is planned, and what lives with the organisation is counted."))
            return redirect(url_for("placement.exit_page", exit_id=exit_id))
    page = render_template("placement/plan_exit.html", form=form, organisation_id=organisation_id, name=name)
    return page, 422 if form.errors or form.form_errors else 200


@blueprint.get("/exits/<int:exit_id>")
@requires(Permission.PLACEMENTS_VIEW)
def exit_page(exit_id: int) -> Any:
    """One exit: what lives, what stands against ending it, how far it is, tail and certificate."""
    form = ExceptionsForm()
    row = queries.exit_for(db.session(), actor(), exit_id).OrganisationExit
    for kind, until in operations.choices_of(row).items():
        form.of(kind).data = until
    return _exit_page(exit_id, form)


def _exit_page(exit_id: int, form: ExceptionsForm) -> Any:
    session, who = db.session(), actor()
    found = queries.exit_for(session, who, exit_id)
    row: OrganisationExit = found.OrganisationExit
    today = services().clock.today()
    duty = queries.duty_of_exit(session, who, exit_id)
    tails = queries.tail_versions(session, who, row.organisation_id)
    last = queries.last_end(session, who, row.organisation_id, tails)
    return table_response(
        exceptions_table(who, row),
        "placement/exit.html",
        exit=row,
        name=name_of(found.Organisation),
        planner=found.planner,
        decider=found.decider,
        state=EXIT_STATES[row.state],
        kinds=list(ExceptionKind),
        words=EXCEPTION_KINDS,
        choices=operations.choices_of(row),
        today=services().clock.today(),
        left=queries.live_counts(session, who, exit_id) if row.state is ExitState.RUNNING else {},
        lives=queries.lives_with(session, who, row.organisation_id),
        form=form,
        is_planner=row.planned_by is not None and row.planned_by == who.user_id,
        duty=duty.CertificateDuty if duty else None,
        duty_state=duty_tag(duty.CertificateDuty.due_on, duty.certificate_id is not None, today) if duty else None,
        confirmed=bool(duty and duty.certificate_id),
        certificates_open=queries.certificates_of_organisation_open(session, who, row.organisation_id),
        tails=bool(tails),
        earns_until=max(
            (day for version, ended in last.items() if (day := earns_until(ended, tails[version]))), default=None
        ),
    )


@blueprint.post("/exits/<int:exit_id>/exceptions")
@requires(Permission.PLACEMENTS_PROPOSE)
def choose_exceptions(exit_id: int) -> Any:
    """Until when exceptions stay."""
    form = ExceptionsForm()
    if form.validate_on_submit():
        try:
            operations.choose_exceptions(actor(), exit_id, form.choices())
        except DomainError as error:
            show_error(form, error)
        else:
            say_flash(say("Saved. Everything was counted again."))
            return redirect(url_for("placement.exit_page", exit_id=exit_id))
    return _exit_page(exit_id, form), 422


@blueprint.post("/exits/<int:exit_id>/count")
@requires(Permission.PLACEMENTS_PROPOSE)
def count_exit(exit_id: int) -> Any:
    """Count anew."""
    operations.count_again(actor(), exit_id)
    say_flash(say("Everything was counted again."))
    return redirect(url_for("placement.exit_page", exit_id=exit_id))


@blueprint.post("/exits/<int:exit_id>/submit")
@requires(Permission.PLACEMENTS_PROPOSE)
def submit_exit(exit_id: int) -> Any:
    """Ask for approval."""
    operations.submit_exit(actor(), exit_id)
    say_flash(say("The exit waits for another person's approval."))
    return redirect(url_for("placement.exit_page", exit_id=exit_id))


@blueprint.post("/exits/<int:exit_id>/withdraw")
@requires(Permission.PLACEMENTS_PROPOSE)
def withdraw_exit(exit_id: int) -> Any:
    """The organisation stays."""
    operations.withdraw_exit(actor(), exit_id)
    say_flash(say("The exit is withdrawn; the organisation stays."))
    return redirect(url_for("placement.exit_page", exit_id=exit_id))


@blueprint.post("/exits/<int:exit_id>/approve")
@requires(Permission.PLACEMENTS_APPROVE)
def approve_exit(exit_id: int) -> Any:
    """Approve what another person planned."""
    operations.approve_exit(actor(), exit_id)
    say_flash(say("The exit is approved. Nothing is placed with the organisation any more."))
    return redirect(url_for("placement.exit_page", exit_id=exit_id))


@blueprint.post("/exits/<int:exit_id>/refuse")
@requires(Permission.PLACEMENTS_APPROVE)
def refuse_exit(exit_id: int) -> Any:
    """Send it back for good."""
    operations.refuse_exit(actor(), exit_id, request.form.get("reason", ""))
    say_flash(say("The exit is refused; the organisation stays."))
    return redirect(url_for("placement.exit_page", exit_id=exit_id))


@blueprint.post("/exits/<int:exit_id>/close-sign-in")
@requires(Permission.PLACEMENTS_APPROVE)
def close_sign_in(exit_id: int) -> Any:
    """Nobody of the organisation signs in any more."""
    operations.close_sign_in(actor(), exit_id)
    say_flash(say("The organisation's sign-in is closed."))
    return redirect(url_for("placement.exit_page", exit_id=exit_id))


@blueprint.get("/exits/<int:exit_id>/tail")
@requires(Permission.PLACEMENTS_VIEW)
def tail_register(exit_id: int) -> Any:
    """What still earns after the end."""
    session, who = db.session(), actor()
    found = queries.exit_for(session, who, exit_id)
    row: OrganisationExit = found.OrganisationExit
    versions = queries.tail_versions(session, who, row.organisation_id)
    table = tail_table(who, row, versions, services().clock.today())
    return table_response(table, "placement/tail.html", exit=row, name=name_of(found.Organisation))
