"""Tokens of an organisation: made by its leader, shown once, good for a while, revoked by its leader or the bank."""

from __future__ import annotations

import hashlib
import secrets
import string
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from portal.api.models import ApiToken
from portal.api.queries import token_for
from portal.api.scopes import BANK_SCOPES, SCOPE_PERMISSIONS, Scope, permissions_of
from portal.foundation.access import (
    ROLE_PERMISSIONS,
    Actor,
    OrganisationKind,
    Permission,
    Role,
    demand,
    system_actor,
)
from portal.foundation.database import PATIENCE_OPTION, WRITE_OPTION, db
from portal.foundation.errors import DomainError, Faults, Refused
from portal.foundation.language import say
from portal.foundation.services import services
from portal.foundation.work import transaction
from portal.identity.models import Organisation

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["LONGEST_DAYS", "Known", "Made", "make_token", "mark_used", "recognise", "revoke_token", "scopes_of"]

LONGEST_DAYS: Final = 366
LONGEST_NAME: Final = 80
BEGINNING: Final = "pat_"  # by which a secret that lies about in a file is told
_PLACES: Final = string.ascii_lowercase + string.digits
# Whatever is asked for in a token's name is at most what a leader may do; in the bank's, to post payments.
_MOST: Final = {
    OrganisationKind.AGENCY: ROLE_PERMISSIONS[Role.AGENCY_LEADER],
    OrganisationKind.BANK: permissions_of(scope.value for scope in BANK_SCOPES),
}


@dataclass(frozen=True)
class Made:
    """A new token with its secret, which is known nowhere else from here on."""

    token: ApiToken
    secret: str


@dataclass(frozen=True)
class Known:
    """Whose a secret is: the actor of its organisation, and what it is for."""

    actor: Actor
    token_id: int
    name: str
    prefix: str
    scopes: frozenset[str]
    expires_on: date
    last_used_on: date | None
    today: date


def make_token(actor: Actor, name: str, scopes: Collection[str], expires_on: date | None) -> Made:
    """A token of the actor's agency, or of the bank. DomainError with its field, all at once: no name, no scope or one that the actor's own
    role does not include, an end that is past or more than LONGEST_DAYS away."""
    demand(actor, Permission.API_MANAGE)
    if actor.organisation_kind not in _MOST or actor.user_id is None:
        raise Refused("token.whose", say("A token is made by the bank or the agency whose system it is for."))
    faults, today = Faults(), services().clock.today(actor.time_zone)
    chosen = faults.read(lambda: _scopes(actor, scopes), [])
    last = faults.read(lambda: _end(expires_on, today), today)
    name = faults.read(lambda: _name(name), "")
    faults.tell()
    prefix = BEGINNING + "".join(secrets.choice(_PLACES) for _ in range(8))
    secret = f"{prefix}_{secrets.token_urlsafe(32)}"
    with transaction(actor) as work:
        token = ApiToken(
            organisation_id=actor.organisation_id, name=name, prefix=prefix, secret_hash=_hash(secret),
            scopes=[scope.value for scope in chosen], expires_on=last, created_at=work.now, created_by=actor.user_id,
        )  # fmt: skip
        work.session.add(token)
        work.session.flush()
        work.audit(
            "token.made", token,
            after={"name": name, "prefix": prefix, "scopes": token.scopes, "expires_on": last.isoformat()},
        )  # fmt: skip
    return Made(token, secret)


def revoke_token(actor: Actor, token_id: int) -> None:
    """It opens nothing from now on. NotFound for another's; once revoked it stays so, and is not revoked again."""
    demand(actor, Permission.API_MANAGE)
    with transaction(actor) as work:
        token = token_for(work.session, actor, token_id)
        if token.revoked_at is not None:
            raise Refused("token.revoked", say("This token is revoked already."))
        token.revoked_at, token.revoked_by = work.now, actor.user_id
        work.audit("token.revoked", token, after={"name": token.name, "prefix": token.prefix})


def recognise(secret: str, origin: str, locale: str) -> Known | None:
    """Whose secret this is; None where it opens nothing: unknown, revoked, over, or its organisation is shut."""
    if not secret.startswith(BEGINNING) or not secret.isascii():
        return None
    with Session(db.engine, info={"actor": system_actor("sign-in")}) as session:
        found = session.execute(
            sa.select(ApiToken, Organisation)
            .join(Organisation, Organisation.id == ApiToken.organisation_id)
            .where(ApiToken.secret_hash == _hash(secret), ApiToken.revoked_at.is_(None), Organisation.active)
        ).first()
    if found is None:
        return None
    token, organisation = found
    today = services().clock.today(organisation.time_zone)
    if token.expires_on < today:
        return None
    actor = Actor(
        user_id=None,
        name=token.name,
        user_name=f"api:{token.prefix}",
        organisation_id=organisation.id,
        organisation_name=organisation.name,
        organisation_kind=organisation.kind,
        permissions=(permissions_of(token.scopes) & _MOST.get(organisation.kind, frozenset())) | {Permission.HOME_VIEW},
        locale=locale,
        time_zone=organisation.time_zone,
        origin=origin,
    )
    return Known(
        actor, token.id, token.name, token.prefix, frozenset(token.scopes), token.expires_on, token.last_used_on, today
    )


def mark_used(known: Known) -> None:
    """Note the day on which it was used last; once a day, and not while SQLite is busy with something long."""
    if known.last_used_on == known.today:
        return
    with Session(db.engine, info={"actor": system_actor("sign-in")}) as session:
        try:
            session.connection(execution_options={WRITE_OPTION: True, PATIENCE_OPTION: 50})
            session.execute(sa.update(ApiToken).where(ApiToken.id == known.token_id).values(last_used_on=known.today))
            session.commit()
        except OperationalError:
            session.rollback()


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        words = say("Say in at most %(most)s characters what the token is for.", most=LONGEST_NAME)
        raise DomainError("token.name", words, field="name")
    return name


def _scopes(actor: Actor, wanted: Collection[str]) -> list[Scope]:
    chosen = [scope for scope in scopes_of(actor) if scope.value in wanted]
    if not chosen or len(chosen) != len(set(wanted)):
        raise DomainError("token.scopes", say("Choose what the token may do."), field="scopes")
    if not {p for scope in chosen for p in SCOPE_PERMISSIONS[scope]} <= actor.permissions:
        raise DomainError("token.scopes", say("A token can do no more than you may yourself."), field="scopes")
    return chosen


def scopes_of(actor: Actor) -> list[Scope]:
    """What a token of the actor's organisation may be made for."""
    return [scope for scope in Scope if (scope in BANK_SCOPES) == actor.is_bank]


def _end(expires_on: date | None, today: date) -> date:
    latest = today + timedelta(days=LONGEST_DAYS)
    if expires_on is None or not today <= expires_on <= latest:
        words = say("Choose the last day of the token, not later than %(latest)s.", latest=latest)
        raise DomainError("token.expires_on", words, field="expires_on")
    return expires_on
