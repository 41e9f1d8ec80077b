"""Bundles of evidence: asked for, and taken away."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, request, stream_with_context, url_for

from portal.foundation.access import Permission
from portal.foundation.downloads import name_as_file
from portal.foundation.forms import key_of
from portal.foundation.web import actor, requires
from portal.legal.matters import bundle
from portal.legal.matters.blueprint import blueprint

__all__ = ["bundle_file"]


@blueprint.post("/accounts/<int:account_id>/bundles")
@requires(Permission.EVIDENCE_BUNDLE)
def ask_bundle(account_id: int) -> Any:
    """Have one made; the page of the job shows how far it is."""
    matter_id = key_of(request.form.get("matter", ""))
    job = bundle.ask_bundle(actor(), account_id, request.form.get("language", ""), matter_id)
    return redirect(url_for("jobs.job", job_id=job.id))


@blueprint.get("/bundles/<int:bundle_id>/file")
@requires(Permission.EVIDENCE_BUNDLE)
def bundle_file(bundle_id: int) -> Response:
    """The PDF, streamed; recorded before the first byte."""
    taken = bundle.take_bundle(actor(), bundle_id)
    response = Response(stream_with_context(taken.pieces), content_type="application/pdf")
    response.content_length = taken.size
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-SHA256"] = taken.sha256
    return name_as_file(response, taken.name)
