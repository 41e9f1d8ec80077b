"""The public page on which the holder of a letter learns whether it is the firm's. No sign-in, no script, no search engine."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, make_response, render_template, request

from portal.foundation.database import db
from portal.foundation.frame import signed_in
from portal.foundation.limiting import VERIFY, limiter
from portal.foundation.visibility import bind_actor
from portal.foundation.web import public
from portal.legal.verification import operations
from portal.legal.verification.models import Answer

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


def _page(code: str, number: str) -> Any:
    found = operations.verify(code, number) if code.strip() else None
    bank = found.bank if found else operations.the_bank()
    who = signed_in()
    if who is not None:  # from here on the page is that person's again
        bind_actor(db.session(), who)
    response = make_response(
        render_template(
            "legal/verify.html", code=code, number=number, found=found, bank=bank, answers=Answer,
        )
    )  # fmt: skip
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response
