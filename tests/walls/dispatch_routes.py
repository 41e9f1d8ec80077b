"""Addresses of letters on their way, and of the public page that verifies them."""

from __future__ import annotations

from portal.foundation.access import Permission
from tests.walls.route import Route

__all__ = ["DISPATCH_ROUTES"]

P = Permission
GET, POST, BOTH = ("GET",), ("POST",), ("GET", "POST")
_PACK = "/packs/<int:pack_id>"
_LETTER = _PACK + "/letters/<int:letter_id>"
_FILES = "/dispatch/imports"
_RUN, _LAYOUT = _FILES + "/<int:run_id>", _FILES + "/layouts/<int:profile_id>"

DISPATCH_ROUTES: tuple[Route, ...] = (
    Route("dispatch.index", GET, _PACK + "/dispatch", P.PACKS_VIEW, ("pack",)),
    Route("dispatch.send_all", BOTH, _PACK + "/dispatch/all", P.PACKS_DISPATCH, ("pack",)),
    Route(
        "dispatch.template", GET, _PACK + "/dispatch/<any('dispatch.csv', 'dispatch.xlsx'):file_name>", P.PACKS_DISPATCH,
        ("dispatch file of a pack",),
    ),
    Route("dispatch.way", GET, _LETTER + "/way", P.PACKS_VIEW, ("numbered letter",)),
    Route("dispatch.send_letter", BOTH, _LETTER + "/dispatch", P.PACKS_DISPATCH, ("numbered letter",)),
    Route("dispatch.note_result", BOTH, _LETTER + "/result", P.PACKS_DISPATCH, ("numbered letter",)),
    Route(
        "dispatch.take_back_dispatch", POST, _LETTER + "/dispatch/take-back", P.PACKS_DISPATCH, ("numbered letter",),
        reason=True,
    ),
    Route(
        "dispatch.take_back_result", POST, _LETTER + "/result/take-back", P.PACKS_DISPATCH, ("numbered letter",),
        reason=True,
    ),
    Route(
        "dispatch.proof", GET, _LETTER + "/results/<int:result_id>/proof", P.PACKS_VIEW, ("proof of a delivery",)
    ),
    Route("dispatch.imports", GET, _FILES, P.PACKS_DISPATCH),
    Route("dispatch.new_import", BOTH, _FILES + "/new", P.PACKS_DISPATCH),
    Route("dispatch.import_run", GET, _RUN, P.PACKS_DISPATCH, ("import of dispatch",)),
    Route(
        "dispatch.rejects", GET, _RUN + "/<any('rejects.csv', 'rejects.xlsx'):file_name>", P.PACKS_DISPATCH,
        ("rejects of dispatch",),
    ),
    Route("dispatch.prepare_import", BOTH, _RUN + "/prepare", P.PACKS_DISPATCH, ("waiting dispatch",)),
    Route("dispatch.drop_import", POST, _RUN + "/drop", P.PACKS_DISPATCH, ("waiting dispatch",)),
    Route("dispatch.repeat_import", POST, _RUN + "/repeat", P.PACKS_DISPATCH, ("dropped dispatch",)),
    Route("dispatch.layouts", GET, _FILES + "/layouts", P.PACKS_DISPATCH),
    Route("dispatch.layout", GET, _LAYOUT, P.PACKS_DISPATCH, ("layout of dispatch",)),
    Route("dispatch.archive_layout", POST, _LAYOUT + "/archive", P.PACKS_DISPATCH, ("layout of dispatch",)),
    Route("dispatch.restore_layout", POST, _LAYOUT + "/restore", P.PACKS_DISPATCH, ("layout of dispatch",)),
    Route("verification.ask", GET, "/verify", None),
    Route("verification.scanned", GET, "/verify/<code>", None, ("code of a letter",)),
)  # fmt: skip
