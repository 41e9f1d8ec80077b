"""From a person's row to the actor who acts, and what rows of people say in a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.foundation.access import (
    ROLE_PERMISSIONS,
    Actor,
    OrganisationKind,
    Permission,
    Role,
    portal_actor,
    system_actor,
)
from portal.foundation.errors import DomainError
from portal.foundation.hooks import actor_loader, bank_actor, entrance
from portal.foundation.language import Message, say
from portal.foundation.services import services
from portal.foundation.work import reading
from portal.identity.models import Organisation, User

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["actor_from", "command_actor", "hindrance", "load_actor"]


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


def hindrance(session: Session, user: User, organisation: Organisation) -> Message | None:
    """Why an active person may not come in or act today, in words that say whom to ask; None where nothing stands in the
    way. The session is a system actor's."""
    said: list[Message | None] = entrance(session, user, organisation, services().clock.today())
    return next(filter(None, said), None)


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
    if found is None or hindrance(session, found[0], found[1]) is not None:
        return None
    return actor_from(found[0], found[1], "job")


@bank_actor.register
def load_portal(session: Session) -> Actor | None:
    """The portal itself, for what the day brings; None before `portal init` has made the bank."""
    bank = session.scalar(sa.select(Organisation).where(Organisation.kind == OrganisationKind.BANK))
    return portal_actor(bank.id, bank.name, bank.time_zone) if bank else None


def command_actor(user_name: str | None, permission: Permission) -> Actor:
    """Who acts on the command line: the named person, or the first administrator.

    DomainError where there is no such person, something keeps that person out, or the role does not include the
    permission.
    """
    with reading(system_actor("sign-in", "cli")) as session:
        people = sa.select(User, Organisation).join(Organisation, Organisation.id == User.organisation_id)
        wanted = people.where(User.active, Organisation.active).order_by(User.id).limit(1)
        wanted = wanted.where(User.user_name == user_name.casefold() if user_name else User.role == Role.ADMINISTRATOR)
        found = session.execute(wanted).first()
        hindered = hindrance(session, found[0], found[1]) if found else None
        actor = actor_from(found[0], found[1], "cli") if found else None
    if actor is None:
        sentence = (
            say("There is nobody with the user name “%(name)s”.", name=user_name)
            if user_name
            else say("There is no administrator yet. Run “portal init” first.")
        )
        raise DomainError("user.unknown", sentence)
    if hindered is not None:
        raise DomainError("user.hindered", hindered, status=403)
    if not actor.can(permission):
        raise DomainError(
            "access.forbidden",
            say("The role of “%(name)s” does not include this. Name another person with --as.", name=actor.user_name),
            status=403,
        )
    return actor
