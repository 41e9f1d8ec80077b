"""Reads of tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.api.models import ApiToken
from portal.foundation.errors import NotFound
from portal.foundation.visibility import visible
from portal.identity.models import Organisation, User

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = ["token_for", "tokens"]


def tokens(actor: Actor) -> sa.Select[Any]:
    """Tokens that the actor may see, with their organisation and who made them."""
    maker = aliased(User)
    return (
        visible(ApiToken, actor)
        .join(Organisation, Organisation.id == ApiToken.organisation_id)
        .outerjoin(maker, maker.id == ApiToken.created_by)
        .add_columns(Organisation, maker.name.label("maker"))
    )


def token_for(session: Session, actor: Actor, token_id: int) -> ApiToken:
    """One token; NotFound where there is none that the actor may see."""
    found = session.scalar(visible(ApiToken, actor).where(ApiToken.id == token_id))
    if found is None:
        raise NotFound
    return found
