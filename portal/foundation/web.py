"""What every request goes through: who asks, may they, is the form theirs and new; and what every answer carries."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from flask import (
    Flask,
    Response,
    abort,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import RequestRedirect

from portal.foundation import hooks, submissions
from portal.foundation.database import db
from portal.foundation.declaring import PUBLIC
from portal.foundation.errors import DomainError
from portal.foundation.frame import current_locale, signed_in
from portal.foundation.language import Message, say, translate
from portal.foundation.problems import asks_interface, errors_of, faults_of, problem
from portal.foundation.visibility import bind_actor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from werkzeug.wrappers import Response as AnyResponse

    from portal.foundation.access import Actor, Permission

__all__ = ["actor", "key", "led_to", "public", "requires", "say_flash", "set_up_web"]

View = TypeVar("View", bound="Callable[..., Any]")
LARGEST_KEY = 2**63 - 1  # of a BIGINT
MOST_SENTENCES = 8  # that wait for the next page
OPEN_ENDPOINTS = {"static", "bootstrap.static"}  # files of ours, the same for everybody
log = structlog.get_logger()


def requires(permission: Permission) -> Callable[[View], View]:
    """Names the permission that a view needs. A view that names none, and is not public, stops the start."""

    def mark(view: View) -> View:
        view.__access__ = permission  # type: ignore[attr-defined]
        return view

    return mark


def public(view: View) -> View:
    """Says aloud that a view is open to everybody."""
    view.__access__ = PUBLIC  # type: ignore[attr-defined]
    return view


def actor() -> Actor:
    """Who asks. Only for views that require a permission: there is somebody then."""
    found: Actor = current_user.actor
    return found


def key(text: str) -> int:
    """A row's number as a form holds it. ValueError for what no table numbers, so that `form.get(…, type=key)` skips it."""
    number = int(text)
    if not 0 <= number <= LARGEST_KEY:
        raise ValueError("no key")
    return number


def say_flash(message: Message, category: str = "success", link: tuple[Message, str] | None = None) -> None:
    """A sentence for the next page, in the reader's language; `link`: words and address of what it is about."""
    words: str = translate(message)
    if link is not None:
        words = Markup('{} <a href="{}">{}</a>').format(words, link[1], translate(link[0]))
    flash(words, category)
    session["_flashes"] = session["_flashes"][-MOST_SENTENCES:]  # of too large a cookie a browser keeps nothing


def led_to(location: str) -> None:
    """Remember where a form led whose answer is itself a page, with what is shown once: sent again, it leads there."""
    token = g.pop("form_token", None)
    if token:
        submissions.settle(token, location)


def undeclared_views(app: Flask) -> list[str]:
    """Endpoints that say neither a permission nor `public`."""
    return sorted(
        endpoint
        for endpoint, view in app.view_functions.items()
        if endpoint not in OPEN_ENDPOINTS and not hasattr(view, "__access__")
    )


def access_of(app: Flask, endpoint: str) -> Permission | str | None:
    """What an endpoint asks for: a permission, or `public`."""
    return PUBLIC if endpoint in OPEN_ENDPOINTS else getattr(app.view_functions[endpoint], "__access__", None)


def set_up_web(app: Flask) -> None:
    """Put the request's order in place: who, may they, is the form new; then headers and errors."""
    app.before_request(_bind_person)
    app.before_request(_check_access)
    app.before_request(_refuse_what_no_database_keeps)
    app.before_request(_check_form_is_new)
    app.after_request(_remember_answer)
    app.after_request(_add_headers)
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(OperationalError, _database_busy)
    app.register_error_handler(Exception, _unexpected)
    app.jinja_env.globals["csp_nonce"] = _nonce
    app.jinja_env.globals["form_token"] = submissions.new_token
    app.jinja_env.globals["may"] = _may


def _nonce() -> str:
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return str(g.nonce)


def _may(permission: str) -> bool:
    return bool(current_user.is_authenticated and permission in current_user.actor.permissions)


def _bind_person() -> None:
    g.request_id = secrets.token_hex(6)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request=g.request_id, endpoint=request.endpoint)
    if request.endpoint in OPEN_ENDPOINTS:
        return
    if asks_interface():
        # Before anybody looks who asks: a session's cookie opens nothing here, and a token nothing elsewhere.
        origin = (request.remote_addr or "unknown")[:64]
        bearer = hooks.bearer.one(request.headers.get("Authorization", ""), origin, current_locale())
        g._login_user = bearer or current_app.login_manager.anonymous_user()  # type: ignore[attr-defined]
    if current_user.is_authenticated:
        bind_actor(db.session(), current_user.actor)


def _check_access() -> AnyResponse | None:
    if request.endpoint is None:
        if asks_interface() and isinstance(request.routing_exception, RequestRedirect):
            abort(404)  # a slash too many: another system is not led around
        return None  # 404 or 405, answered by Flask
    wanted = access_of(current_app, request.endpoint)
    if wanted == PUBLIC:
        return None
    if not current_user.is_authenticated:
        if asks_interface():
            raise DomainError("token.refused", NO_TOKEN, status=401)
        if _wants_json():
            abort(401)
        target = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("identity.sign_in", next=target))
    must = current_user.must_do_first()
    if must and request.endpoint not in must.endpoints:
        return redirect(url_for(must.endpoint))
    lacking = _lacking_scope()
    if lacking is not None:
        raise DomainError("token.scope", _scope_words(lacking), status=403)
    if wanted is None or wanted not in current_user.actor.permissions:
        abort(403)
    return None


def _lacking_scope() -> str | None:
    """The scope that the token would need and does not have; a person's permissions are all there is to ask of a person."""
    scope: str | None = getattr(current_app.view_functions[request.endpoint or ""], "__scope__", None)
    return None if scope in getattr(current_user, "scopes", ()) else scope


def _scope_words(scope: str) -> Message:
    """What a token is for is fixed when it is made, so another one is needed."""
    return say(
        "This token is not made for this: it lacks the scope %(scope)s. Your team leader makes a token with it in the portal, "
        "under “API”.",
        scope=scope,
    )


def _wants_json() -> bool:
    """Whether a script asks, which can do nothing with a page."""
    return request.path.endswith(".json") or request.accept_mimetypes.best == "application/json"


def _refuse_what_no_database_keeps() -> None:
    """A number beyond every key names nothing; a text with a NUL in it was written by no person."""
    named = (request.view_args or {}).values()
    if any(
        (isinstance(value, int) and value > LARGEST_KEY) or (isinstance(value, str) and "\0" in value)
        for value in named
    ):
        abort(404)
    if asks_interface():  # which takes no forms, and says of each field what is wrong with it
        return
    written = [*request.args.values(), *request.form.values(), *(f.filename or "" for f in request.files.values())]
    if any("\0" in value for value in written):
        abort(400)


def _check_form_is_new() -> AnyResponse | None:
    is_form = request.method == "POST" and request.endpoint and not asks_interface()
    token = request.form.get(submissions.FIELD) if is_form else None
    if not token:
        return None
    while not submissions.claim(token, current_user.actor if current_user.is_authenticated else None):
        location = submissions.wait_for_answer(token)
        if location is None:
            raise DomainError(
                "form.sent_twice",
                say(
                    "This form was sent twice and the first one is still at work. Look at the list before you repeat it."
                ),
                status=409,
            )
        if location != submissions.NOT_DONE:
            return redirect(location)
    g.form_token = token
    return None


def _remember_answer(response: Response) -> Response:
    token = g.pop("form_token", None)
    if token:
        if 300 <= response.status_code < 400:
            submissions.settle(token, response.location or "/")
        else:
            submissions.release(token)
    return response


def _add_headers(response: Response) -> Response:
    policy = (
        f"default-src 'none'; script-src 'self' 'nonce-{_nonce()}'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
    )
    response.headers.setdefault("Content-Security-Policy", policy)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("X-Frame-Options", "DENY")
    if request.endpoint not in OPEN_ENDPOINTS:
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _domain_error(error: DomainError) -> Any:
    db.session().rollback()
    return _told(error.status, error.code, error.message, errors_of(error))


def _http_error(error: HTTPException) -> Any:
    if error.code is None or error.code < 400:
        return error
    faults = faults_of(error)
    if faults:
        return _told(error.code, faults[0].code, faults[0].message, faults)
    sentence, code = _WORDS.get(error.code, (_WORDS[400][0], f"http.{error.code}"))
    if getattr(error, "name", "") == "CSRF" or type(error).__name__ == "CSRFError":
        sentence, code = EXPIRED, "form.expired"
    response = _told(error.code, code, sentence)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(error.valid_methods)
    return response


def _database_busy(error: OperationalError) -> Any:
    """On SQLite one transaction writes at a time: while a long import does, others wait, and in the end give up."""
    if "locked" not in str(error.orig):
        return _unexpected(error)
    db.session().rollback()
    return _told(503, "busy", BUSY)


def _unexpected(error: Exception) -> Any:
    db.session().rollback()
    # The type and the place, never the text: an exception's text may hold a person's data.
    log.error("request.crashed", error=type(error).__name__, where=_place_of(error))
    if current_app.testing and current_app.config.get("PROPAGATE", True):
        raise error
    return _told(500, "unexpected", _WORDS[500][0])


def _place_of(error: BaseException) -> str:
    frame = error.__traceback__
    while frame and frame.tb_next:
        frame = frame.tb_next
    return f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame else ""


def _told(status: int, code: str, message: Message, errors: Sequence[DomainError] = ()) -> Response:
    """The error in the reader's language: for another system as a problem, for a script as JSON, else the one error page."""
    if asks_interface():
        response = problem(status, code, message, errors)
        if status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response
    sentence = translate(message)
    if _wants_json():
        return make_response({"code": code, "message": sentence}, status)
    reader = signed_in()
    if reader:  # what was refused before anybody looked who asks (a forged form, a file of ours) is a page all the same
        bind_actor(db.session(), reader)
    g.error_is_told = True
    page = render_template("error.html", status=status, code=code, sentence=sentence, request_id=g.get("request_id"))
    return make_response(page, status)


BUSY = say("Something long is being written just now, so nothing was changed. Try again in a minute.")
NO_TOKEN = say(
    "This needs a valid token of your organisation, as “Authorization: Bearer pat_…”: it is missing, unknown, expired or "
    "revoked. Your team leader makes one in the portal, under “API”."
)
EXPIRED = say("This form has expired, so nothing was changed. Go back, reload the page, and send it again.")
_WORDS: dict[int, tuple[Message, str]] = {
    400: (say("The request could not be understood. Go back and try again."), "bad_request"),
    401: (say("Please sign in."), "signed_out"),
    403: (say("Your role does not include this. Ask your administrator if you need it."), "forbidden"),
    404: (say("There is nothing here that you can see."), "not_found"),
    405: (say("This address does not take that kind of request."), "method"),
    413: (say("The file is too large. Split it, or ask your administrator to import it by command."), "too_large"),
    415: (say("This kind of content is not accepted here."), "media_type"),
    429: (say("Too many requests in a short time. Wait a minute and try again."), "too_many"),
    500: (
        say("Something went wrong on our side and nothing was changed. Tell your administrator the number below."),
        "unexpected",
    ),
}
