"""Addresses of the pages by which organisations join their own systems to the portal."""

from __future__ import annotations

from portal.foundation.access import Permission
from tests.walls.route import Route

__all__ = ["SYSTEM_ROUTES"]

P = Permission
GET, POST, BOTH = ("GET",), ("POST",), ("GET", "POST")

SYSTEM_ROUTES: tuple[Route, ...] = (
    # --- organisations' own systems ---
    Route("webhooks.index", GET, "/webhooks", P.API_MANAGE),
    Route("webhooks.new_webhook", BOTH, "/webhooks/new", P.API_MANAGE),
    Route("webhooks.webhook", GET, "/webhooks/<int:webhook_id>", P.API_MANAGE, ("webhook",)),
    Route("webhooks.edit_webhook", BOTH, "/webhooks/<int:webhook_id>/edit", P.API_MANAGE, ("webhook",)),
    Route("webhooks.pause_webhook", POST, "/webhooks/<int:webhook_id>/pause", P.API_MANAGE, ("webhook",)),
    Route("webhooks.resume_webhook", POST, "/webhooks/<int:webhook_id>/resume", P.API_MANAGE, ("webhook",)),
    Route("webhooks.rotate_secret", POST, "/webhooks/<int:webhook_id>/rotate", P.API_MANAGE, ("webhook",)),
    Route("webhooks.test_webhook", POST, "/webhooks/<int:webhook_id>/test", P.API_MANAGE, ("webhook",)),
    Route("webhooks.replay", POST, "/webhooks/<int:webhook_id>/chosen", P.API_MANAGE, ("webhook",)),
    Route("webhooks.replay_since", POST, "/webhooks/<int:webhook_id>/replay", P.API_MANAGE, ("webhook",)),
    Route(
        "webhooks.delivery", GET, "/webhooks/<int:webhook_id>/deliveries/<int:delivery_id>", P.API_MANAGE,
        ("webhook delivery",),
    ),
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
    # --- tokens of other systems; what these ask stands in tests/walls/interface.py ---
    Route("api.tokens", GET, "/tokens", P.API_MANAGE),
    Route("api.token", GET, "/tokens/<int:token_id>", P.API_MANAGE, ("token",)),
    Route("api.new_token", BOTH, "/tokens/new", P.API_MANAGE),
    Route("api.revoke", POST, "/tokens/<int:token_id>/revoke", P.API_MANAGE, ("token",)),
)  # fmt: skip
