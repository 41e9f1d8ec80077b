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
    # --- a statement after its release ---
    Route(
        "commission.contest_lines", POST, "/statements/<int:statement_id>/lines/contest", P.STATEMENTS_CONFIRM,
        ("statement",), fields=(("code", "rate"), ("row", "1")), reason=True,
    ),
    Route(
        "commission.dispute", GET, "/statements/<int:statement_id>/disputes/<int:dispute_id>", P.STATEMENTS_VIEW,
        ("contested line",),
    ),
    Route(
        "commission.answer_dispute", POST, "/statements/<int:statement_id>/disputes/<int:dispute_id>/answer",
        P.STATEMENTS_ISSUE, ("contested line",),
    ),
    Route(
        "commission.withdraw_dispute", POST, "/statements/<int:statement_id>/disputes/<int:dispute_id>/withdraw",
        P.STATEMENTS_CONFIRM, ("contested line",), reason=True,
    ),
    Route("commission.statement_workbook", GET, "/statements/<int:statement_id>.xlsx", P.STATEMENTS_VIEW, ("statement",)),
    Route("commission.statement_paper", GET, "/statements/<int:statement_id>.pdf", P.STATEMENTS_VIEW, ("statement",)),
    Route("commission.make_paper", POST, "/statements/<int:statement_id>/paper", P.STATEMENTS_VIEW, ("statement",)),
    Route(
        "commission.new_invoice", BOTH, "/statements/<int:statement_id>/invoices/new", P.STATEMENTS_CONFIRM, ("statement",)
    ),
    Route(
        "commission.invoice_file", GET, "/statements/<int:statement_id>/invoices/<int:invoice_id>/file", P.STATEMENTS_VIEW,
        ("invoice",),
    ),
    Route(
        "commission.accept_invoice", POST, "/statements/<int:statement_id>/invoices/<int:invoice_id>/accept",
        P.STATEMENTS_SETTLE, ("invoice",), reason=True,
    ),
    Route(
        "commission.return_invoice", POST, "/statements/<int:statement_id>/invoices/<int:invoice_id>/return",
        P.STATEMENTS_SETTLE, ("invoice",), reason=True,
    ),
    Route(
        "commission.new_settlement", BOTH, "/statements/<int:statement_id>/settlements/new", P.STATEMENTS_SETTLE,
        ("statement",),
    ),
    Route(
        "commission.take_back_settlement", POST, "/statements/<int:statement_id>/settlements/take-back",
        P.STATEMENTS_SETTLE, ("statement",), reason=True,
    ),
    Route("commission.taxes", BOTH, "/statements/taxes", P.STATEMENTS_SETTLE),
)  # fmt: skip
