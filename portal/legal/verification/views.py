"""The public page on which the holder of a letter learns whether it is the firm's. No sign-in, no script, no search engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, make_response, render_template, request

from portal.foundation.database import db
from portal.foundation.frame import signed_in
from portal.foundation.limiting import VERIFY, limiter
from portal.foundation.visibility import bind_actor
from portal.foundation.web import public
from portal.legal.verification import operations
from portal.legal.verification.models import Answer

if TYPE_CHECKING:
    from portal.legal.verification.operations import Contact, Verified

__all__ = ["blueprint"]

blueprint = Blueprint("verification", __name__)
LONGEST = 200


@blueprint.get("/verify")
@public
@limiter.shared_limit(VERIFY, scope="verify")
def ask() -> Any:
    """The form; with a code in the address its answer, as the form sends it."""
    code = request.args.get("code", "")[:LONGEST]
    return _page(code, request.args.get("letter_no", "")[:LONGEST])


@blueprint.get("/verify/<code>")
@public
@limiter.shared_limit(VERIFY, scope="verify")
def scanned(code: str) -> Any:
    """Where the QR code leads."""
    return _page(code[:LONGEST], request.args.get("letter_no", "")[:LONGEST])


@blueprint.errorhandler(429)
def ask_again_later(error: Exception) -> Any:
    """Who holds a letter is told to wait and whom to call, not sent to a home page that is not for them."""
    response = _shown(request.values.get("code", "")[:LONGEST], "", None, operations.the_bank(), is_too_much=True)
    response.status_code = 429
    return response


def _page(code: str, number: str) -> Response:
    found = operations.verify(code, number) if code.strip() else None
    return _shown(code, number, found, found.bank if found else operations.the_bank())


def _shown(code: str, number: str, found: Verified | None, bank: Contact, *, is_too_much: bool = False) -> Response:
    who = signed_in()
    if who is not None:  # from here on the page is that person's again
        bind_actor(db.session(), who)
    page = render_template(
        "legal/verify.html", code=code, number=number, found=found, bank=bank, answers=Answer, is_too_much=is_too_much,
    )  # fmt: skip
    response = make_response(page)
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response
