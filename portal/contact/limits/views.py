"""Pages of limits: noting what begins the time to sue anew, taking a note back, and the file that proves one."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, render_template, request, url_for

from portal.contact.blueprint import blueprint
from portal.contact.conduct import Happened, restarts
from portal.contact.limits import operations, queries
from portal.contact.limits.forms import RestartForm
from portal.contact.limits.labels import restart_words, sue_words
from portal.contact.proofs import person_key_of
from portal.contact.requests.forms import uploaded
from portal.contact.requests.views import sealed_file
from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError
from portal.foundation.forms import show_error
from portal.foundation.language import say
from portal.foundation.services import services
from portal.foundation.web import actor, requires, say_flash
from portal.portfolio.queries import account_for, limitation_for

__all__ = ["new_restart"]


@blueprint.route("/accounts/<int:account_id>/limitation/new", methods=["GET", "POST"])
@requires(Permission.LIMITS_NOTE)
def new_restart(account_id: int) -> Any:
    """Note what begins the time to sue anew, with what proves it."""
    session, who = db.session(), actor()
    account = account_for(session, who, account_id)
    person_key_of(session, who, account_id)
    pack = queries.pack_of_claim(session, who, account, services().clock.today())
    form = RestartForm(g for g in operations.NOTED if restarts(pack, Happened(g, reserved=True)))
    if form.validate_on_submit() and form.happened_on.data is not None:
        try:
            operations.note_restart(
                who,
                account_id,
                form.chosen_ground(),
                form.happened_on.data,
                form.words.data or "",
                uploaded(form.proof),
            )
        except DomainError as error:
            if error.status == 404:
                raise
            show_error(form, error)
        else:
            say_flash(say("Noted. The time to sue is reckoned anew."))
            return redirect(url_for("portfolio.account", account_id=account_id, _anchor="limitation"))
    page = render_template(
        "contact/new_restart.html", account=account, form=form, rules=restart_words(pack),
        sue=sue_words(limitation_for(session, who, account)), back=url_for("portfolio.account", account_id=account_id),
    )  # fmt: skip
    return page, 422 if form.errors or form.form_errors else 200


@blueprint.post("/limitation/<int:restart_id>/end")
@requires(Permission.LIMITS_NOTE)
def end_restart(restart_id: int) -> Any:
    """Say that it did not happen; it stays in the history."""
    account_id = operations.take_back_restart(actor(), restart_id, request.form.get("reason", ""))
    say_flash(say("Taken back. The time to sue is reckoned without it."))
    return redirect(url_for("portfolio.account", account_id=account_id, _anchor="limitation"))


@blueprint.get("/limitation/<int:restart_id>/proof")
@requires(Permission.LIMITS_NOTE)
def restart_proof(restart_id: int) -> Response:
    """The file that proves a note, as a file to be kept."""
    session, who = db.session(), actor()
    row = queries.restart_for(session, who, restart_id)
    return sealed_file(person_key_of(session, who, row.account_id), row)
