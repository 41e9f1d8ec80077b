"""Under whose licence a lawyer acts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.foundation.errors import DomainError
from portal.foundation.formats import day
from portal.foundation.language import say
from portal.foundation.visibility import visible
from portal.identity.models import User

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = ["has_licence", "licence_of"]


def has_licence(session: Session, actor: Actor, today: date) -> bool:
    """Whether the actor has a lawyer's licence that is valid on the day."""
    try:
        return bool(licence_of(session, actor, today))
    except DomainError:
        return False


def licence_of(session: Session, actor: Actor, today: date) -> str:
    """The number of the actor's own lawyer's licence. DomainError (403) without one that is valid on the day."""
    wanted = visible(User, actor).where(User.id == actor.user_id)
    person = session.scalars(wanted).one()
    if not person.lawyer_licence_no:
        words = say("Letters are approved under a lawyer's own licence, and none is on file for you.")
        raise DomainError("legal.no_licence", words, status=403)
    if person.lawyer_licence_until is not None and person.lawyer_licence_until < today:
        words = say("Your lawyer's licence on file ended on %(day)s.", day=day(person.lawyer_licence_until))
        raise DomainError("legal.licence_ended", words, status=403)
    return person.lawyer_licence_no
