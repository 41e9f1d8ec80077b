"""What scopes and states of tokens are called on pages."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from portal.api.scopes import Scope
from portal.foundation.language import _l
from portal.foundation.states import StateTag

if TYPE_CHECKING:
    from portal.api.models import ApiToken

__all__ = ["SCOPE_LABELS", "STATES", "token_state"]

ENDS_SOON: Final = timedelta(days=14)
SCOPE_LABELS: Final[dict[Scope, Any]] = {
    Scope.QUEUE_READ: _l("Read the queue"),
    Scope.ACCOUNTS_READ: _l("Read accounts, and ask whether one may contact"),
    Scope.PERSONS_REVEAL: _l("See a number or address in full (recorded each time)"),
    Scope.ATTEMPTS_READ: _l("Read attempts"),
    Scope.ATTEMPTS_WRITE: _l("Log attempts, one by one or as a log"),
    Scope.PROMISES_READ: _l("Read promises"),
    Scope.CONTACT_POINTS_WRITE: _l("Enter contact points that were found"),
    Scope.WISHES_READ: _l("Read wishes and consents"),
    Scope.WISHES_WRITE: _l("Note wishes and consents, and what ends them"),
    Scope.REQUESTS_READ: _l("Read requests between the bank and us"),
    Scope.REQUESTS_WRITE: _l("Ask the bank, and answer it"),
    Scope.REPORTED_READ: _l("Read reported payments"),
    Scope.REPORTED_WRITE: _l("Report payments"),
    Scope.PAYMENTS_WRITE: _l("Post payments"),
}
STATES: Final[dict[str, StateTag]] = {
    "good": StateTag("good", _l("valid"), "good"),
    "soon": StateTag("soon", _l("ends soon"), "wait"),
    "over": StateTag("over", _l("expired"), "plain"),
    "revoked": StateTag("revoked", _l("revoked"), "bad"),
}


def token_state(token: ApiToken, today: date) -> StateTag:
    """Whether a token opens anything on a day."""
    if token.revoked_at is not None:
        return STATES["revoked"]
    if token.expires_on < today:
        return STATES["over"]
    return STATES["soon" if token.expires_on - today <= ENDS_SOON else "good"]
