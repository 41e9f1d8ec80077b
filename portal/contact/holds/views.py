"""Pages of holds: one with its effect, clock and proofs; raising one; how many days each kind may stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, redirect, render_template, request, url_for

from portal.contact.blueprint import blueprint
from portal.contact.holds import operations as holds
from portal.contact.holds.effect import hold_effect, stops_contact
from portal.contact.holds.forms import HoldForm, ProofForm, ReleaseForm
from portal.contact.proofs import key_of_customer, person_key_of
from portal.contact.requests.forms import uploaded
from portal.contact.requests.views import sealed_file
from portal.contact.words import flag_words
from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError
from portal.foundation.forms import show_error
from portal.foundation.language import say
from portal.foundation.services import services
from portal.foundation.web import actor, requires, say_flash
from portal.portfolio import labels
from portal.portfolio.keepers import keepers_of
from portal.portfolio.models import HoldFlag
from portal.portfolio.operations import set_hold_days
from portal.portfolio.queries import account_for, hold_days
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from flask_wtf import FlaskForm

__all__ = ["hold"]


@blueprint.get("/holds/<int:hold_id>")
@requires(Permission.HOLDS_VIEW)
def hold(hold_id: int) -> Any:
    """One hold: what it means, since when, until when it is decided about, and what proves it."""
    return _page(hold_id)


@blueprint.post("/holds/<int:hold_id>/proofs")
@requires(Permission.HOLDS_RAISE)
def prove_hold(hold_id: int) -> Any:
    """Put a file to it."""
    holds.hold_for(db.session(), actor(), hold_id)
    form = ProofForm()
    if form.validate_on_submit():
        try:
            holds.add_proof(actor(), hold_id, uploaded(form.proof))
        except DomainError as error:
            return _again(hold_id, form, error, proof_form=form)
        say_flash(say("The file is kept with the hold."))
        return redirect(url_for("contact.hold", hold_id=hold_id))
    return _page(hold_id, proof_form=form), 422


@blueprint.post("/holds/<int:hold_id>/end")
@requires(Permission.HOLDS_MANAGE)
def end_hold(hold_id: int) -> Any:
    """Release it, with the reason and what proves that."""
    holds.hold_for(db.session(), actor(), hold_id)
    form = ReleaseForm(prefix="end-")
    if form.validate_on_submit():
        try:
            holds.release_with_proof(actor(), hold_id, form.reason.data or "", uploaded(form.proof))
        except DomainError as error:
            return _again(hold_id, form, error, release_form=form)
        say_flash(say("The hold is released."))
        return redirect(url_for("contact.hold", hold_id=hold_id))
    return _page(hold_id, release_form=form), 422


def _again(hold_id: int, form: FlaskForm, error: DomainError, **forms: Any) -> Any:
    if error.status == 404:
        raise error
    show_error(form, error)
    return _page(hold_id, **forms), 422


@blueprint.get("/holds/proofs/<int:proof_id>/proof")
@requires(Permission.HOLDS_VIEW)
def hold_proof(proof_id: int) -> Response:
    """A file about a hold, as a file to be kept."""
    row = holds.proof_for(db.session(), actor(), proof_id)
    return sealed_file(key_of_customer(db.session(), actor(), row.customer_id), row.HoldProof)


def _page(hold_id: int, proof_form: ProofForm | None = None, release_form: ReleaseForm | None = None) -> str:
    session, who, today = db.session(), actor(), services().clock.today()
    row = holds.hold_for(session, who, hold_id)
    found = row.Hold
    stands = found.released_at is None
    pack = holds.pack_for_hold(session, who, found, services().clock.now())
    proofs = [
        (proof.HoldProof, name_of(proof.Organisation) if proof.Organisation else None, proof.who)
        for proof in holds.proofs_of(session, who, hold_id)
    ]
    keeper = keepers_of(session, who, (found,)).get(found.id)
    return render_template(
        "contact/hold.html",
        hold=found,
        keeper=keeper,
        row=row,
        label=labels.HOLD_LABELS[found.flag],
        effect=flag_words(found.flag.value),
        does=hold_effect(pack, found.flag.value) if stands else None,
        stops=stops_contact(pack, found.flag.value),
        tag=labels.hold_state(found, today),
        reason=labels.hold_reason(found.reason),
        release_reason=labels.hold_reason(found.release_reason),
        proofs=proofs,
        proof_form=(proof_form or ProofForm()) if stands and who.can(Permission.HOLDS_RAISE) else None,
        release_form=(release_form or ReleaseForm(prefix="end-"))
        if stands and keeper is None and who.can(Permission.HOLDS_MANAGE)
        else None,
    )


@blueprint.route("/accounts/<int:account_id>/holds/new", methods=["GET", "POST"])
@requires(Permission.HOLDS_RAISE)
def new_hold(account_id: int) -> Any:
    """Stop placing and contact, with what proves why."""
    session, who = db.session(), actor()
    account = account_for(session, who, account_id)
    person_key_of(session, who, account_id)
    form = HoldForm()
    if form.validate_on_submit():
        try:
            hold_id = holds.put_on_hold(
                who, account_id, form.chosen_flag(), form.reason.data or "", uploaded(form.proof),
                whole_person=bool(form.whole_person.data),
            )  # fmt: skip
        except DomainError as error:
            if error.status == 404:
                raise
            show_error(form, error)
        else:
            found = holds.hold_for(session, who, hold_id).Hold
            pack = holds.pack_for_hold(session, who, found, services().clock.now())
            does = hold_effect(pack, found.flag.value)
            say_flash(say("The mark stands, and both sides see it; the bank releases it. %(does)s", does=does))
            return redirect(url_for("contact.hold", hold_id=hold_id))
    page = render_template(
        "contact/new_hold.html", account=account, form=form, back=url_for("portfolio.account", account_id=account_id)
    )
    return page, 422 if form.errors or form.form_errors else 200


@blueprint.route("/holds/terms", methods=["GET", "POST"])
@requires(Permission.HOLDS_MANAGE)
def hold_terms() -> Any:
    """How many days the bank gives itself to decide about each kind of hold."""
    known = hold_days(db.session(), actor())
    written = {flag: "" if known[flag] is None else str(known[flag]) for flag in HoldFlag}
    wrong: dict[str, Any] = {}
    if request.method == "POST":
        written = {flag: request.form.get(flag.value, "").strip() for flag in HoldFlag}
        try:
            set_hold_days(actor(), {flag: _days(flag, text) for flag, text in written.items()})
        except DomainError as error:
            wrong = {error.field or "": error.message}
        else:
            say_flash(say("Saved."))
            return redirect(url_for("contact.hold_terms"))
    page = render_template(
        "contact/hold_terms.html", rows=[(f, labels.HOLD_LABELS[f], written[f]) for f in HoldFlag], wrong=wrong
    )
    return page, 422 if wrong else 200


def _days(flag: HoldFlag, written: str) -> int | None:
    """Days as entered, None where the field is empty; DomainError naming the field otherwise."""
    if not written:
        return None
    if not written.isascii() or not written.isdigit() or len(written) > 6:
        raise DomainError("hold.days", say("Write a whole number."), field=flag.value)
    return int(written)
