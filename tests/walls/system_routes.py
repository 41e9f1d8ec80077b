"""Addresses of the pages by which organisations join their own systems to the portal; and those of exceptions."""

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
    # --- payments that no rule decides ---
    Route("recovery.exceptions", GET, "/payments/exceptions", P.PAYMENTS_IMPORT),
    Route("recovery.exception", GET, "/payments/exceptions/<int:payment_id>", P.PAYMENTS_IMPORT, ("exception",)),
    Route(
        "recovery.propose", POST, "/payments/exceptions/<int:payment_id>/propose", P.EXCEPTIONS_PROPOSE, ("exception",),
        (("step", "nobody"),),
    ),
    Route("recovery.choose_exceptions", POST, "/payments/exceptions/chosen", P.EXCEPTIONS_PROPOSE),
    Route("recovery.nobody", BOTH, "/payments/exceptions/nobody", P.EXCEPTIONS_PROPOSE),
    Route("recovery.clearings", GET, "/payments/exceptions/proposals", P.PAYMENTS_IMPORT),
    Route(
        "recovery.clearing_page", GET, "/payments/exceptions/proposals/<int:clearing_id>", P.PAYMENTS_IMPORT,
        ("proposal",),
    ),
    Route(
        "recovery.approve_clearing", POST, "/payments/exceptions/proposals/<int:clearing_id>/approve", P.EXCEPTIONS_CHECK,
        ("proposal",),
    ),
    Route(
        "recovery.send_back_clearing", POST, "/payments/exceptions/proposals/<int:clearing_id>/send-back",
        P.EXCEPTIONS_CHECK, ("proposal",), reason=True,
    ),
    # --- tokens of other systems; what these ask stands in tests/walls/interface.py ---
    Route("api.tokens", GET, "/tokens", P.API_MANAGE),
    Route("api.token", GET, "/tokens/<int:token_id>", P.API_MANAGE, ("token",)),
    Route("api.new_token", BOTH, "/tokens/new", P.API_MANAGE),
    Route("api.revoke", POST, "/tokens/<int:token_id>/revoke", P.API_MANAGE, ("token",)),
)  # fmt: skip
