"""Addresses of the pages of statements."""

from __future__ import annotations

from portal.foundation.access import Permission
from tests.walls.route import Route

__all__ = ["STATEMENT_ROUTES"]

P = Permission
GET, POST, BOTH = ("GET",), ("POST",), ("GET", "POST")

STATEMENT_ROUTES: tuple[Route, ...] = (
    # --- statements ---
    Route("commission.statements", GET, "/statements", P.STATEMENTS_VIEW),
    Route("commission.draw", POST, "/statements/draw", P.STATEMENTS_DRAW),
    Route("commission.statement", GET, "/statements/<int:statement_id>", P.STATEMENTS_VIEW, ("statement",)),
    Route("commission.issue", POST, "/statements/<int:statement_id>/issue", P.STATEMENTS_ISSUE, ("statement",)),
    Route("commission.release", POST, "/statements/<int:statement_id>/release", P.STATEMENTS_RELEASE, ("statement",)),
    Route("commission.withdraw", POST, "/statements/<int:statement_id>/withdraw", P.STATEMENTS_ISSUE, ("statement",), reason=True),
    Route("commission.confirm", POST, "/statements/<int:statement_id>/confirm", P.STATEMENTS_CONFIRM, ("statement",)),
    Route("commission.contest", POST, "/statements/<int:statement_id>/contest", P.STATEMENTS_CONFIRM, ("statement",), reason=True),
    Route("commission.answer", POST, "/statements/<int:statement_id>/answer", P.STATEMENTS_ISSUE, ("statement",), reason=True),
    Route("commission.line", GET, "/statements/<int:statement_id>/lines/<int:position>", P.STATEMENTS_VIEW, ("line",)),
    Route("commission.rerun", POST, "/statements/<int:statement_id>/rerun", P.STATEMENTS_VIEW, ("statement",)),
)  # fmt: skip
