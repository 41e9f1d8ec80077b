"""Pages of tokens: which there are, a new one with its secret, and revoking one."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import redirect, render_template, url_for

from portal.api import answers, bearer, queries, tokens
from portal.api.blueprint import blueprint
from portal.api.forms import TokenForm
from portal.api.labels import SCOPE_LABELS, STATES, token_state
from portal.api.models import ApiToken
from portal.api.scopes import Scope
from portal.foundation.access import OrganisationKind, Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError, Refused
from portal.foundation.forms import show_error
from portal.foundation.language import _l, say
from portal.foundation.services import services
from portal.foundation.table_pages import table_response
from portal.foundation.tables import Column, Empty, Filter, Table
from portal.foundation.web import actor, led_to, requires, say_flash
from portal.vendors.labels import name_of

__all__ = ["answers", "bearer", "blueprint", "new_token", "revoke", "token"]


@blueprint.get("/tokens", endpoint="tokens")
@requires(Permission.API_MANAGE)
def token_list() -> Any:
    """Tokens of one's own organisation, at the bank of all; and how a system uses one."""
    return table_response(
        _table(), "api/tokens.html", may_make=_may_make(), address=services().settings.base_url,
        rate=services().settings.api_rate,
    )  # fmt: skip


@blueprint.get("/tokens/<int:token_id>")
@requires(Permission.API_MANAGE)
def token(token_id: int) -> str:
    """One token: what it may do, until when, when it was used last."""
    row = db.session().execute(queries.tokens(actor()).where(ApiToken.id == token_id)).first()
    if row is None:
        queries.token_for(db.session(), actor(), token_id)
    return _token_page(row)


@blueprint.route("/tokens/new", methods=["GET", "POST"])
@requires(Permission.API_MANAGE)
def new_token() -> Any:
    """Make a token. Its secret stands on the page that answers, and nowhere else."""
    if not _may_make():
        raise Refused("token.whose", say("A token is made by the bank or the agency whose system it is for."))
    form = TokenForm(services().clock.today(actor().time_zone), tokens.scopes_of(actor()))
    if form.is_submitted():
        try:
            made = tokens.make_token(actor(), form.name.data or "", form.scopes.data or (), form.expires_on.data)
        except DomainError as error:
            show_error(form, error)
        else:
            led_to(url_for("api.token", token_id=made.token.id))
            row = db.session().execute(queries.tokens(actor()).where(ApiToken.id == made.token.id)).one()
            return _token_page(row, made.secret)
    return render_template("api/new_token.html", form=form), 422 if form.errors else 200


@blueprint.post("/tokens/<int:token_id>/revoke")
@requires(Permission.API_MANAGE)
def revoke(token_id: int) -> Any:
    """It opens nothing from now on."""
    tokens.revoke_token(actor(), token_id)
    say_flash(say("The token is revoked. Requests with it are refused from now on."))
    return redirect(url_for("api.token", token_id=token_id))


def _token_page(row: Any, secret: str | None = None) -> str:
    today = services().clock.today(actor().time_zone)
    shown = row[0]
    return render_template(
        "api/token.html", token=shown, organisation=name_of(row[1]), maker=row.maker, state=token_state(shown, today),
        scopes=[(scope.value, label) for scope, label in SCOPE_LABELS.items() if scope.value in shown.scopes],
        opens=shown.revoked_at is None and shown.expires_on >= today, secret=secret,
        address=services().settings.base_url, is_bank=actor().is_bank,
    )  # fmt: skip


def _may_make() -> bool:
    return actor().organisation_kind in (OrganisationKind.AGENCY, OrganisationKind.BANK)


def _table() -> Table:
    who, today = actor(), services().clock.today(actor().time_zone)
    whose = (Column("organisation", _l("Organisation"), value=lambda r: name_of(r[1])),) if who.is_bank else ()
    return Table(
        "tokens",
        queries.tokens(who),
        columns=(
            Column("name", _l("What it is for"), value=lambda r: r[0].name),
            *whose,
            Column("state", _l("State"), "state", value=lambda r: token_state(r[0], today)),
            Column("expires", _l("Last day"), "day", value=lambda r: r[0].expires_on),
            Column("used", _l("Last used"), "day", value=lambda r: r[0].last_used_on),
            Column("prefix", _l("Begins with"), value=lambda r: r[0].prefix),
            Column("scopes", _l("What it may do"), value=lambda r: _named(r[0].scopes), wraps=True,
                   title=lambda r: ", ".join(_known(r[0].scopes))),
            Column(
                "created",
                _l("Token made on"),
                "instant",
                value=lambda r: r[0].created_at,
                expression=ApiToken.created_at,
                sortable=True,
                nullable=False,
            ),
        ),
        filters=(
            Filter("state", _l("State"), "choice", lambda s, v: _in_state(s, v, today),
                   choices=[(code, STATES[code].label) for code in ("good", "over", "revoked")]),
        ),
        default_sort="-created",
        key=ApiToken.id,
        row_url=lambda r: url_for("api.token", token_id=r[0].id),
        empty=_none_yet(),
        caption=_l("Tokens"),
    )  # fmt: skip


def _named(words: list[str]) -> str:
    return "; ".join(str(SCOPE_LABELS[Scope(word)]) for word in _known(words))


def _known(words: list[str]) -> list[str]:
    return [scope.value for scope in Scope if scope.value in words]


def _in_state(statement: sa.Select[Any], state: str, today: Any) -> sa.Select[Any]:
    if state == "revoked":
        return statement.where(ApiToken.revoked_at.is_not(None))
    ahead = ApiToken.expires_on < today if state == "over" else ApiToken.expires_on >= today
    return statement.where(ApiToken.revoked_at.is_(None), ahead)


def _none_yet() -> Empty:
    if _may_make():
        return Empty(say("No token has been made yet."), _l("Make a token"), url_for("api.new_token"))
    return Empty(say("No token has been made yet."))
