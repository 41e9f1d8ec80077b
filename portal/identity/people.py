"""From a person's row to the actor who acts, and what rows of people say in a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.foundation.access import ROLE_PERMISSIONS, Actor
from portal.foundation.hooks import actor_loader
from portal.identity.models import Organisation, User

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["actor_from", "load_actor"]


def actor_from(user: User, organisation: Organisation, origin: str) -> Actor:
    """The person as plain values, with what the role permits; `origin` is an address, `cli` or `job`."""
    return Actor(
        user_id=user.id,
        name=user.name,
        user_name=user.user_name,
        organisation_id=organisation.id,
        organisation_name=organisation.name,
        organisation_kind=organisation.kind,
        role=user.role,
        permissions=ROLE_PERMISSIONS[user.role],
        locale=user.locale,
        time_zone=organisation.time_zone,
        origin=origin,
    )


@actor_loader.register
def load_actor(session: Session, user_id: int) -> Actor | None:
    """The actor of a user's number, for jobs and commands; None for people who may no longer act.

    The session is a system actor's.
    """
    found = session.execute(
        sa.select(User, Organisation)
        .join(Organisation, Organisation.id == User.organisation_id)
        .where(User.id == user_id, User.active, Organisation.active)
    ).first()
    return actor_from(found[0], found[1], "job") if found else None
