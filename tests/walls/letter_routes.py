"""Addresses of packs of letters, of single letters, and of what firms sign them with."""

from __future__ import annotations

from portal.foundation.access import Permission
from tests.walls.route import Route

__all__ = ["LETTER_ROUTES"]

P = Permission
GET, POST = ("GET",), ("POST",)
TEMPLATE = "/packs/templates/<template_name>"

LETTER_ROUTES: tuple[Route, ...] = (
    Route("legal.packs", GET, "/packs", P.PACKS_VIEW),
    Route("legal.new_pack", GET, "/packs/new", P.PACKS_BUILD),
    Route("legal.build", POST, "/packs/new", P.PACKS_BUILD),
    Route("legal.template_list", GET, "/packs/templates", P.LETTER_TEMPLATES_VIEW),
    Route("legal.template", GET, TEMPLATE, P.LETTER_TEMPLATES_VIEW, ("letter template",)),
    Route(
        "legal.template_page",
        GET,
        f"{TEMPLATE}/page-<int:page>.png",
        P.LETTER_TEMPLATES_VIEW,
        ("page of a letter template",),
    ),
    Route("legal.template_pdf", GET, f"{TEMPLATE}/sample.pdf", P.LETTER_TEMPLATES_VIEW, ("letter template",)),
    Route("legal.complete", POST, "/packs/<int:pack_id>/complete", P.PACKS_APPROVE, ("pack",)),
    Route("legal.give_up", POST, "/packs/<int:pack_id>/give-up", P.PACKS_APPROVE, ("pack",), reason=True),
    Route(
        "legal.approve_letter",
        POST,
        "/packs/<int:pack_id>/letters/<int:letter_id>/approve",
        P.PACKS_APPROVE,
        ("letter",),
    ),
    Route("legal.pack", GET, "/packs/<int:pack_id>", P.PACKS_VIEW, ("pack",)),
    Route("legal.approve", POST, "/packs/<int:pack_id>/approve", P.PACKS_APPROVE, ("pack",)),
    Route("legal.refuse", POST, "/packs/<int:pack_id>/refuse", P.PACKS_APPROVE, ("pack",), reason=True),
    Route(
        "legal.download",
        GET,
        "/packs/<int:pack_id>/files/<any('print.pdf', 'labels.pdf', 'letters.zip', 'manifest.csv', 'manifest.xlsx'):file_name>",
        P.PACKS_DOWNLOAD,
        ("file of a pack",),
    ),
    Route("legal.letter", GET, "/packs/<int:pack_id>/letters/<int:letter_id>", P.PACKS_APPROVE, ("letter",)),
    Route(
        "legal.page_picture",
        GET,
        "/packs/<int:pack_id>/letters/<int:letter_id>/page-<int:page>.png",
        P.PACKS_APPROVE,
        ("page of a letter",),
    ),
    Route(
        "legal.letter_pdf",
        GET,
        "/packs/<int:pack_id>/letters/<int:letter_id>/letter.pdf",
        P.PACKS_APPROVE,
        ("printed letter",),
    ),
    Route(
        "legal.refuse_letter",
        POST,
        "/packs/<int:pack_id>/letters/<int:letter_id>/refuse",
        P.PACKS_APPROVE,
        ("letter",),
        reason=True,
    ),
    Route("legal.set_up_print", POST, "/packs/<int:pack_id>/print", P.PACKS_DOWNLOAD, ("pack",)),
    Route("legal.seal_letters", POST, "/packs/<int:pack_id>/singles", P.PACKS_DOWNLOAD, ("pack",)),
    Route("legal.test_page", GET, "/packs/<int:pack_id>/test-page.pdf", P.PACKS_DOWNLOAD, ("pack",)),
    Route(
        "legal.release_letter",
        POST,
        "/packs/<int:pack_id>/letters/<int:letter_id>/release",
        P.PACKS_APPROVE,
        ("letter",),
        reason=True,
    ),
    Route("legal.seal", GET, "/packs/seal", P.PACKS_APPROVE),
    Route("legal.put_certificate", POST, "/packs/seal/certificate", P.PACKS_APPROVE),
    Route("legal.end_certificate", POST, "/packs/seal/certificate/end", P.PACKS_APPROVE),
    Route("legal.put_seal", POST, "/packs/seal/picture", P.PACKS_APPROVE),
    Route("legal.end_seal", POST, "/packs/seal/picture/end", P.PACKS_APPROVE),
    Route("legal.seal_picture", GET, "/packs/seal/picture.png", P.PACKS_APPROVE),
)
