"""Addresses of matters, hearings, their calendar, and bundles of evidence."""

from __future__ import annotations

from portal.foundation.access import Permission
from tests.walls.route import Route

__all__ = ["MATTER_ROUTES"]

P = Permission
GET, POST, BOTH = ("GET",), ("POST",), ("GET", "POST")
_MATTER = "/matters/<int:matter_id>"
_STEP = _MATTER + "/steps/<int:step_id>"
_HEARING = _MATTER + "/hearings/<int:hearing_id>"
_COST = _MATTER + "/costs/<int:cost_id>"

MATTER_ROUTES: tuple[Route, ...] = (
    Route("matters.index", GET, "/matters", P.MATTERS_VIEW),
    Route("matters.matter", GET, _MATTER, P.MATTERS_VIEW, ("matter",)),
    Route("matters.new_matter", BOTH, "/accounts/<int:account_id>/matters/new", P.MATTERS_RUN, ("account",)),
    Route("matters.assign", POST, _MATTER + "/lawyer", P.MATTERS_RUN, ("matter",)),
    Route("matters.new_step", BOTH, _MATTER + "/steps/new", P.MATTERS_RUN, ("matter",)),
    Route("matters.correct_step", BOTH, _STEP + "/correct", P.MATTERS_RUN, ("step of a matter",)),
    Route("matters.take_back_step", POST, _STEP + "/take-back", P.MATTERS_RUN, ("step of a matter",), reason=True),
    Route("matters.hearings", GET, "/hearings", P.MATTERS_VIEW),
    Route("matters.new_hearing", BOTH, _MATTER + "/hearings/new", P.MATTERS_RUN, ("matter",)),
    Route("matters.move_hearing", BOTH, _HEARING + "/move", P.MATTERS_RUN, ("hearing",)),
    Route("matters.hold_hearing", POST, _HEARING + "/held", P.MATTERS_RUN, ("hearing",)),
    Route("matters.cancel_hearing", POST, _HEARING + "/cancel", P.MATTERS_RUN, ("hearing",), reason=True),
    Route("matters.new_cost", BOTH, _MATTER + "/costs/new", P.MATTERS_RUN, ("matter",)),
    Route("matters.approve_cost", POST, _COST + "/approve", P.CHARGES_DECIDE, ("cost of a matter",)),
    Route("matters.refuse_cost", POST, _COST + "/refuse", P.CHARGES_DECIDE, ("cost of a matter",), reason=True),
    Route("matters.withdraw_cost", POST, _COST + "/withdraw", P.MATTERS_RUN, ("cost of a matter",)),
    Route("matters.advance_cost", BOTH, _COST + "/advance", P.MATTERS_RUN, ("cost of a matter",)),
    Route("matters.cost_file", GET, _COST + "/file", P.MATTERS_VIEW, ("cost of a matter",)),
    Route("matters.new_document", BOTH, _MATTER + "/documents/new", P.MATTERS_RUN, ("matter",)),
    Route(
        "matters.document_file", GET, _MATTER + "/documents/<int:document_id>/file", P.MATTERS_VIEW,
        ("document of a matter",),
    ),
    Route(
        "matters.withdraw_document", POST, _MATTER + "/documents/<int:document_id>/withdraw", P.MATTERS_RUN,
        ("document of a matter",), reason=True,
    ),
    Route("matters.calendar", GET, "/hearings/calendar", P.MATTERS_VIEW),
    Route("matters.make_calendar", POST, "/hearings/calendar", P.MATTERS_VIEW),
    Route("matters.end_calendar", POST, "/hearings/calendar/end", P.MATTERS_VIEW),
    Route("matters.feed", GET, "/calendar/<token>.ics", None, ("calendar",)),
    Route("matters.ask_bundle", POST, "/accounts/<int:account_id>/bundles", P.EVIDENCE_BUNDLE, ("account",)),
    Route("matters.bundle_file", GET, "/bundles/<int:bundle_id>/file", P.EVIDENCE_BUNDLE, ("bundle",)),
)  # fmt: skip
