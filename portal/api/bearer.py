"""Who asks under /api/: the bearer of a token, for Flask-Login and the foundation as good as a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.api.tokens import mark_used, recognise
from portal.foundation import hooks

if TYPE_CHECKING:
    from portal.api.tokens import Known

__all__ = ["Bearer", "bearer_of"]


class Bearer:
    """A system of an organisation. It has nothing to do first, and no session."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, known: Known) -> None:
        self.actor = known.actor
        self.scopes = known.scopes
        self.token = known

    def get_id(self) -> str:
        """The token as it is called, never its secret."""
        return self.token.prefix

    def must_do_first(self) -> None:
        """Nothing: what bars a person is asked of people."""


@hooks.bearer.register
def bearer_of(authorization: str, origin: str, locale: str) -> Bearer | None:
    """Whose token stands in the header; None where it opens nothing."""
    scheme, _, secret = authorization.partition(" ")
    known = recognise(secret.strip(), origin, locale) if scheme.lower() == "bearer" else None
    if known is None:
        return None
    mark_used(known)
    return Bearer(known)
