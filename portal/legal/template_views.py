"""The letter templates: which there are, whether each may be used, and how a letter of each looks. Publishing is a deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, render_template
from flask_babel import get_locale

import letters
from portal.foundation.access import Permission
from portal.foundation.errors import NotFound
from portal.foundation.web import requires
from portal.identity.labels import LAW_LABELS
from portal.legal import templates
from portal.legal.blueprint import blueprint
from portal.legal.labels import TEMPLATE_STATES, letter_language

if TYPE_CHECKING:
    from portal.legal.templates import Sheet

__all__ = ["template", "template_list", "template_page", "template_pdf"]

ONE = "/packs/templates/<template_name>"  # looked up among the names there are; no path is made of it


@blueprint.get("/packs/templates")
@requires(Permission.LETTER_TEMPLATES_VIEW)
def template_list() -> str:
    """Every template, checked."""
    rows = [_row(sheet) for sheet in templates.sheets()]
    return render_template("legal/templates.html", rows=rows)


@blueprint.get(ONE)
@requires(Permission.LETTER_TEMPLATES_VIEW)
def template(template_name: str) -> str:
    """One template: what its check found, and its sample as it prints."""
    sheet = templates.sheet_named(template_name)
    pages = 0
    if sheet.passes and sheet.template is not None:
        pages = len(templates.sample_pages(template_name, sheet.template.version))
    locale = str(get_locale())
    problems = [(problem.field, problem.message(locale)) for problem in sheet.problems]
    return render_template("legal/template.html", pages=pages, problems=problems, **_row(sheet))


@blueprint.get(f"{ONE}/page-<int:page>.png")
@requires(Permission.LETTER_TEMPLATES_VIEW)
def template_page(template_name: str, page: int) -> Response:
    """A page of the sample as a picture."""
    pictures = templates.sample_pages(template_name, _version(template_name))
    if not 1 <= page <= len(pictures):
        raise NotFound
    return Response(pictures[page - 1], content_type="image/png")


@blueprint.get(f"{ONE}/sample.pdf")
@requires(Permission.LETTER_TEMPLATES_VIEW)
def template_pdf(template_name: str) -> Response:
    """The sample as PDF."""
    response = Response(templates.sample_pdf(template_name, _version(template_name)), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{template_name}.pdf"'
    return response


def _version(name: str) -> str:
    """Of a template that can be shown; NotFound for one that cannot."""
    sheet = templates.sheet_named(name)
    if not sheet.passes or sheet.template is None:
        raise NotFound
    return sheet.template.version


def _row(sheet: Sheet) -> dict[str, Any]:
    found: letters.Template | None = sheet.template
    return {
        "name": sheet.name,
        "title": sheet.title(str(get_locale())),
        "digest": sheet.digest,
        "version": found.version if found else None,
        "language": letter_language(found.language) if found else None,
        "jurisdiction": LAW_LABELS.get(found.jurisdiction, found.jurisdiction) if found else None,
        "for_packs": found is not None and any(s.name == sheet.name for s in templates.fitting(found.jurisdiction)),
        "tag": TEMPLATE_STATES["passes" if sheet.passes else "fails"],
        "first": sheet.problems[0].field if sheet.problems else None,
    }
