"""Pages before the sign-in: name and password, one-time code, invitation, language; and the way out."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask import session as cookie
from flask_login import current_user, logout_user

from portal.foundation.access import Permission
from portal.foundation.errors import DomainError
from portal.foundation.forms import show_error
from portal.foundation.frame import LANGUAGES, LOCALE_KEY, Frame
from portal.foundation.language import say
from portal.foundation.limiting import SIGN_IN, limiter
from portal.foundation.services import services
from portal.foundation.web import actor, public, requires, say_flash
from portal.identity import entering, own_account, views_organisations, views_own, views_people
from portal.identity.blueprint import blueprint
from portal.identity.forms import CodeForm, FirstPasswordForm, SignInForm
from portal.identity.signing_in import had_session, origin, sign_in_browser

__all__ = ["blueprint", "views_organisations", "views_own", "views_people"]

WAITING_FOR_CODE = "waiting_for_code"  # in the cookie: whose password was right, when, and where to go on to
CODE_PATIENCE = 300  # seconds (real time) between password and code


def local_path(target: str | None) -> str | None:
    """The target if it is a path of this portal, and nothing that a browser takes for another machine's address."""
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return None
    return target if target.isprintable() else None


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public
@limiter.limit(SIGN_IN, methods=["POST"])
def sign_in() -> Any:
    """Name and password."""
    target = local_path(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(target or _first_page())
    form = SignInForm()
    ended = request.method == "GET" and had_session()
    if form.validate_on_submit():
        try:
            passed = entering.sign_in(
                form.user_name.data or "", form.password.data or "", origin=origin(), browser=_browser()
            )
        except DomainError as error:
            return render_template("identity/sign_in.html", form=form, refused=error.message), error.status
        if passed.token is None:
            cookie[WAITING_FOR_CODE] = [passed.user_id, services().clock.real_now().timestamp(), target]
            return redirect(url_for("identity.sign_in_code"))
        return _enter(passed.token, target)
    return render_template("identity/sign_in.html", form=form, ended=ended), 422 if form.errors else 200


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
@public
@limiter.limit(SIGN_IN, methods=["POST"])
def sign_in_code() -> Any:
    """The one-time code, after a right password."""
    user_id, at, target = cookie.get(WAITING_FOR_CODE, [None, 0, None])
    if user_id is None or services().clock.real_now().timestamp() - at > CODE_PATIENCE:
        cookie.pop(WAITING_FOR_CODE, None)
        return redirect(url_for("identity.sign_in"))
    form = CodeForm()
    if form.validate_on_submit():
        try:
            token = entering.sign_in_with_code(user_id, form.code.data or "", origin=origin(), browser=_browser())
        except DomainError as error:
            return render_template("identity/sign_in_code.html", form=form, refused=error.message), error.status
        return _enter(token, local_path(target))
    return render_template("identity/sign_in_code.html", form=form), 422 if form.errors else 200


def _enter(token: str, target: str | None) -> Any:
    sign_in_browser(token)
    return redirect(target or url_for("identity.start"))


def _browser() -> str:
    return request.user_agent.string[:200]


@blueprint.get("/start")
@requires(Permission.SELF_MANAGE)
def start() -> Any:
    """The first page of the person's navigation."""
    return redirect(_first_page())


@blueprint.get("/kept-out")
@requires(Permission.SELF_MANAGE)
def kept_out() -> Any:
    """Why somebody whose session runs may do nothing any more, and whom to ask."""
    if current_user.hindrance is None:
        return redirect(_first_page())
    return render_template("identity/kept_out.html", sentence=current_user.hindrance)


def _first_page() -> str:
    frame = Frame()
    return frame.home_url if frame.navigation else url_for("identity.profile")


@blueprint.post("/sign-out")
@requires(Permission.SELF_MANAGE)
def sign_out() -> Any:
    """End this browser's session."""
    entering.sign_out(actor(), current_user.session_id)
    locale = actor().locale
    logout_user()
    cookie.clear()
    cookie[LOCALE_KEY] = locale
    say_flash(say("You are signed out."))
    return redirect(url_for("identity.sign_in"))


@blueprint.post("/language")
@public
def choose_language() -> Any:
    """Another language for this page and those after it."""
    locale = request.form.get("locale", "")
    if current_user.is_authenticated:
        own_account.choose_language(actor(), locale)
    elif locale in {code for code, _tag, _name in LANGUAGES}:
        cookie[LOCALE_KEY] = locale
    return redirect(local_path(request.form.get("next")) or url_for("identity.sign_in"))


@blueprint.route("/invitation/<token>", methods=["GET", "POST"])
@public
def invitation(token: str) -> Any:
    """The first password, by a link that works once."""
    invited = entering.read_invitation(token)
    form = FirstPasswordForm()
    if form.validate_on_submit():
        try:
            entering.accept_invitation(token, form.new.data or "", origin=origin())
        except DomainError as error:
            if error.field is None:
                raise
            error.field = "new"
            show_error(form, error)
        else:
            say_flash(say("Your password is set. Sign in with it now."))
            return redirect(url_for("identity.sign_in"))
    page = render_template("identity/invitation.html", form=form, invited=invited)
    return page, 422 if form.errors else 200
