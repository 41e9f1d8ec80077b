"""Pages of people: the list, one person, who may come in and who not."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask import session as cookie
from flask_login import current_user

from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError
from portal.foundation.forms import show_error
from portal.foundation.language import say
from portal.foundation.services import services
from portal.foundation.table_pages import table_response
from portal.foundation.web import actor, requires, say_flash
from portal.identity import operations, queries
from portal.identity.blueprint import blueprint
from portal.identity.forms import InitialPasswordForm, NewUserForm, UserForm
from portal.identity.labels import ROLE_LABELS, user_state
from portal.identity.tables import users_table

LINK_ONCE = "invitation_link"  # in the administrator's own cookie, from the redirect to the next page


@blueprint.get("/users")
@requires(Permission.USERS_VIEW)
def users() -> Any:
    """One's own team; for an administrator everybody."""
    return table_response(users_table(actor()), "identity/users.html")


@blueprint.get("/users/<int:user_id>")
@requires(Permission.USERS_VIEW)
def user(user_id: int) -> str:
    """One person: role, state, sessions, and what an administrator may do."""
    found, organisation = queries.person(db.session(), actor(), user_id)
    now = services().clock.real_now()
    manages = actor().can(Permission.USERS_MANAGE)
    return render_template(
        "identity/user.html",
        user=found,
        organisation=organisation,
        role=ROLE_LABELS[found.role],
        state=user_state(found),
        sessions=queries.live_sessions(db.session(), actor(), user_id, now) if manages else [],
        invitation=queries.open_invitation(db.session(), actor(), user_id, now),
        link=_link_shown_once(user_id),
        manages=manages,
        oneself=user_id == actor().user_id,
        here=current_user.session_id,
        end_url=lambda row: url_for("identity.end_session", user_id=user_id, session_id=row.id),
    )


@blueprint.route("/organisations/<int:organisation_id>/users/new", methods=["GET", "POST"])
@requires(Permission.USERS_MANAGE)
def new_user(organisation_id: int) -> Any:
    """Add a person and get an invitation link."""
    organisation = queries.organisation(db.session(), actor(), organisation_id)
    form = NewUserForm(organisation)
    if form.validate_on_submit():
        try:
            user_id, token = operations.create_user(actor(), organisation_id, form.user_name.data or "", form.details())
        except DomainError as error:
            show_error(form, error)
        else:
            _show_link_once(user_id, token)
            say_flash(say("The person is added. Hand the link over; it works once."))
            return redirect(url_for("identity.user", user_id=user_id))
    page = render_template("identity/new_user.html", form=form, organisation=organisation)
    return page, 422 if form.errors else 200


@blueprint.route("/users/<int:user_id>/edit", methods=["GET", "POST"])
@requires(Permission.USERS_MANAGE)
def edit_user(user_id: int) -> Any:
    """Change a person's details."""
    found, organisation = queries.person(db.session(), actor(), user_id)
    form = UserForm(organisation, found)
    if request.method == "GET":
        form.role.data = found.role.value
    if form.validate_on_submit():
        try:
            operations.edit_user(actor(), user_id, form.details())
        except DomainError as error:
            if error.status == 404:
                raise
            show_error(form, error)
        else:
            say_flash(say("Saved."))
            return redirect(url_for("identity.user", user_id=user_id))
    return render_template("identity/edit_user.html", form=form, user=found), 422 if form.errors else 200


@blueprint.post("/users/<int:user_id>/invite")
@requires(Permission.USERS_MANAGE)
def invite(user_id: int) -> Any:
    """A fresh invitation link."""
    _show_link_once(user_id, operations.invite(actor(), user_id))
    say_flash(say("A new link is made. Links made before open nothing any more."))
    return redirect(url_for("identity.user", user_id=user_id))


@blueprint.post("/users/<int:user_id>/deactivate")
@requires(Permission.USERS_MANAGE)
def deactivate_user(user_id: int) -> Any:
    """Keep a person out."""
    operations.deactivate_user(actor(), user_id)
    say_flash(say("This person is signed out and cannot come in any more."))
    return redirect(url_for("identity.user", user_id=user_id))


@blueprint.post("/users/<int:user_id>/reactivate")
@requires(Permission.USERS_MANAGE)
def reactivate_user(user_id: int) -> Any:
    """Let a person in again."""
    operations.reactivate_user(actor(), user_id)
    say_flash(say("This person may come in again."))
    return redirect(url_for("identity.user", user_id=user_id))


@blueprint.route("/users/<int:user_id>/initial-password", methods=["GET", "POST"])
@requires(Permission.USERS_MANAGE)
def set_initial_password(user_id: int) -> Any:
    """Set a password that must be changed at the next sign-in."""
    found, _organisation = queries.person(db.session(), actor(), user_id)
    form = InitialPasswordForm()
    if form.validate_on_submit():
        try:
            operations.set_initial_password(actor(), user_id, form.password.data or "")
        except DomainError as error:
            if error.field is None:
                raise
            show_error(form, error)
        else:
            say_flash(say("The initial password is set. It must be changed at the next sign-in."))
            return redirect(url_for("identity.user", user_id=user_id))
    return render_template("identity/initial_password.html", form=form, user=found), 422 if form.errors else 200


@blueprint.post("/users/<int:user_id>/reset-codes")
@requires(Permission.USERS_MANAGE)
def reset_codes(user_id: int) -> Any:
    """Take one-time codes from somebody who lost the telephone."""
    operations.reset_codes(actor(), user_id)
    say_flash(say("One-time codes are off for this person."))
    return redirect(url_for("identity.user", user_id=user_id))


@blueprint.post("/users/<int:user_id>/sessions/<int:session_id>/end")
@requires(Permission.USERS_MANAGE)
def end_session(user_id: int, session_id: int) -> Any:
    """Sign one browser of a person out."""
    operations.end_session(actor(), user_id, session_id)
    say_flash(say("That browser is signed out."))
    return redirect(url_for("identity.user", user_id=user_id))


def _show_link_once(user_id: int, token: str) -> None:
    cookie[LINK_ONCE] = [user_id, token]


def _link_shown_once(user_id: int) -> str | None:
    """The link that the step before has made; after this page nobody can show it again."""
    for_whom, token = cookie.get(LINK_ONCE, [None, None])
    if for_whom != user_id:
        return None
    cookie.pop(LINK_ONCE)
    return services().settings.base_url + url_for("identity.invitation", token=token)
