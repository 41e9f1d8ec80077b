"""Addresses of what statements pay beside payments, of scores, of plans that are tried, and of what batches leave."""

from __future__ import annotations

from portal.foundation.access import Permission
from tests.walls.route import Route

__all__ = ["CHARGE_ROUTES"]

P = Permission
GET, POST, BOTH = ("GET",), ("POST",), ("GET", "POST")

CHARGE_ROUTES: tuple[Route, ...] = (
    Route("charges.index", GET, "/charges", P.CHARGES_VIEW),
    Route("charges.charge", GET, "/charges/<int:charge_id>", P.CHARGES_VIEW, ("charge",)),
    Route("charges.new_adjustment", BOTH, "/charges/new", P.CHARGES_PROPOSE),
    Route("charges.new_cost", BOTH, "/charges/costs/new", P.COSTS_ENTER),
    Route("charges.approve", POST, "/charges/<int:charge_id>/approve", P.CHARGES_DECIDE, ("charge",)),
    Route("charges.refuse", POST, "/charges/<int:charge_id>/refuse", P.CHARGES_DECIDE, ("charge",), reason=True),
    Route("charges.withdraw", POST, "/charges/<int:charge_id>/withdraw", P.CHARGES_VIEW, ("charge",)),
    Route("charges.proof", GET, "/charges/<int:charge_id>/file", P.CHARGES_VIEW, ("receipt",)),
    Route("scores.index", GET, "/scores", P.SCORES_MANAGE),
    Route("scores.new_scoring", BOTH, "/scores/new", P.SCORES_MANAGE),
    Route("scores.scoring", GET, "/scores/<int:scoring_id>", P.SCORES_MANAGE, ("scoring",)),
    Route("scores.fix", POST, "/scores/<int:scoring_id>/fix", P.SCORES_MANAGE, ("scoring",)),
    Route("scores.refuse", POST, "/scores/<int:scoring_id>/refuse", P.SCORES_MANAGE, ("scoring",), reason=True),
    Route("trials.index", GET, "/trials", P.PLANS_TRY),
    Route("trials.new_trial", BOTH, "/trials/new", P.PLANS_TRY),
    Route("trials.trial", GET, "/trials/<int:trial_id>", P.PLANS_TRY, ("trial",)),
    Route("contribution.index", GET, "/contribution", P.CONTRIBUTION_VIEW),
)
