"""A person's own pages: account, password, one-time codes, sessions."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, url_for
from flask_login import current_user

from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError
from portal.foundation.forms import show_error
from portal.foundation.language import say
from portal.foundation.services import services
from portal.foundation.web import actor, requires, say_flash
from portal.identity import one_time_codes, own_account, queries
from portal.identity.blueprint import blueprint
from portal.identity.forms import (
    ChangePasswordForm,
    CodeForm,
    FirstPasswordForm,
    LanguageForm,
    PasswordOnceMoreForm,
)

ISSUER = "Agency portal"  # what the authenticator program shows beside the code


@blueprint.get("/me")
@requires(Permission.SELF_MANAGE)
def profile() -> Any:
    """Who I am here, my language, my password, my one-time codes."""
    user, organisation = queries.person(db.session(), actor(), actor().user_id or 0)
    return render_template(
        "identity/profile.html",
        user=user,
        organisation=organisation,
        form=LanguageForm(locale=user.locale),
        codes_required=own_account.codes_are_required(actor()),
    )


@blueprint.post("/me/language")
@requires(Permission.SELF_MANAGE)
def own_language() -> Any:
    """Keep the language that was chosen on one's own page."""
    form = LanguageForm()
    if form.validate_on_submit():
        own_account.choose_language(actor(), form.locale.data)
    return redirect(url_for("identity.profile"))


@blueprint.route("/me/password", methods=["GET", "POST"])
@requires(Permission.SELF_MANAGE)
def change_password() -> Any:
    """A new password in place of the present one."""
    form = ChangePasswordForm()
    if form.validate_on_submit():
        try:
            own_account.change_password(actor(), current_user.session_id, form.old.data or "", form.new.data or "")
        except DomainError as error:
            show_error(form, error)
        else:
            say_flash(say("Your password is changed. Your other browsers are signed out."))
            return redirect(url_for("identity.profile"))
    return render_template("identity/password.html", form=form), 422 if form.errors else 200


@blueprint.route("/me/first-password", methods=["GET", "POST"])
@requires(Permission.SELF_MANAGE)
def change_initial_password() -> Any:
    """The duty to replace a password that somebody else has set."""
    if not current_user.must_change_password:
        return redirect(url_for("identity.start"))
    form = FirstPasswordForm()
    if form.validate_on_submit():
        try:
            own_account.change_initial_password(actor(), current_user.session_id, form.new.data or "")
        except DomainError as error:
            show_error(form, error)
        else:
            say_flash(say("Your password is changed."))
            return redirect(url_for("identity.start"))
    return render_template("identity/first_password.html", form=form), 422 if form.errors else 200


# --- one-time codes ---------------------------------------------------------------------------------------------------


@blueprint.get("/me/codes")
@requires(Permission.SELF_MANAGE)
def codes() -> Any:
    """One-time codes: switch on, scan, confirm, switch off."""
    return _codes_page(CodeForm(formdata=None), PasswordOnceMoreForm(formdata=None))


@blueprint.post("/me/codes/start")
@requires(Permission.SELF_MANAGE)
def start_codes() -> Any:
    """Make a secret to be scanned."""
    own_account.start_codes(actor())
    return redirect(url_for("identity.codes"))


@blueprint.post("/me/codes/confirm")
@requires(Permission.SELF_MANAGE)
def confirm_codes() -> Any:
    """Switch one-time codes on with a first code."""
    form = CodeForm()
    if form.validate_on_submit():
        try:
            own_account.confirm_codes(actor(), form.code.data or "")
        except DomainError as error:
            if error.field is None:
                raise
            show_error(form, error)
        else:
            say_flash(say("One-time codes are on. You are asked for one at each sign-in."))
            return redirect(url_for("identity.start" if current_user.must_set_up_codes else "identity.profile"))
    return _codes_page(form, PasswordOnceMoreForm(formdata=None)), 422


@blueprint.post("/me/codes/stop")
@requires(Permission.SELF_MANAGE)
def stop_codes() -> Any:
    """Switch one-time codes off, with the password once more."""
    form = PasswordOnceMoreForm()
    if form.validate_on_submit():
        try:
            own_account.stop_codes(actor(), form.password.data or "")
        except DomainError as error:
            if error.field is None and error.code != "throttled":
                raise
            show_error(form, error)
        else:
            say_flash(say("One-time codes are off."))
            return redirect(url_for("identity.profile"))
    return _codes_page(CodeForm(formdata=None), form), 422


def _codes_page(code_form: CodeForm, password_form: PasswordOnceMoreForm) -> str:
    user, _organisation = queries.person(db.session(), actor(), actor().user_id or 0)
    secret = picture = None
    if user.totp_secret and not user.totp_confirmed:
        secret = services().vault.open_secret(user.totp_secret, one_time_codes.PURPOSE)
        picture = one_time_codes.picture(one_time_codes.enrolment_address(secret, user.user_name, ISSUER))
    return render_template(
        "identity/codes.html",
        on=user.totp_confirmed,
        secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)) if secret else None,
        picture=picture,
        code_form=code_form,
        password_form=password_form,
        required=own_account.codes_are_required(actor()),
        first=current_user.must_set_up_codes,
    )


# --- sessions ---------------------------------------------------------------------------------------------------------


@blueprint.get("/me/sessions")
@requires(Permission.SELF_MANAGE)
def sessions() -> Any:
    """The browsers in which I am signed in."""
    now = services().clock.real_now()
    mine = queries.live_sessions(db.session(), actor(), actor().user_id or 0, now)
    return render_template(
        "identity/sessions.html",
        sessions=mine,
        here=current_user.session_id,
        end_url=lambda row: url_for("identity.end_own_session", session_id=row.id),
    )


@blueprint.post("/me/sessions/<int:session_id>/end")
@requires(Permission.SELF_MANAGE)
def end_own_session(session_id: int) -> Any:
    """Sign one of my browsers out."""
    own_account.end_own_session(actor(), session_id)
    say_flash(say("That browser is signed out."))
    return redirect(url_for("identity.sessions"))
