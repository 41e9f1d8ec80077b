"""Organisations and people for the tests of every room.

Each takes a session to add to (it is flushed, not committed), or opens a transaction of its own and commits.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value

from portal.foundation.access import ROLES_OF, Actor, OrganisationKind, Permission, Role, system_actor
from portal.foundation.work import transaction
from portal.identity.models import Organisation, User
from portal.identity.passwords import hash_password
from portal.identity.people import actor_from
from portal.vendors.models import Credential, CredentialKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

__all__ = [
    "PASSWORD", "actor_of", "contracts_clerk", "make_agency", "make_bank", "make_law_firm", "make_user", "observer", "system_actor",
]  # fmt: skip

PASSWORD = "correct horse battery"
MADE_AT = datetime(2005, 6, 1, 1, 0, tzinfo=UTC)
_numbers = count(1)


def observer() -> Actor:
    """Nobody in particular, who sees what the bank sees: to prepare rows and to look at them afterwards."""
    return Actor(user_id=None, name="tests", user_name="tests", organisation_kind=OrganisationKind.BANK)


def contracts_clerk() -> Actor:
    """Somebody at the bank who may keep contracts."""
    return replace(observer(), permissions=frozenset({Permission.CONTRACTS_MANAGE}))


@contextmanager
def _open(session: Session | None) -> Iterator[Session]:
    if session is not None:
        yield session
        session.flush()
        return
    with transaction(observer()) as work:
        yield work.session
        work.session.flush()


def make_bank(session: Session | None = None, code: str = "BANK", **fields: Any) -> Organisation:
    """The bank. One is enough: asked again, it answers the one that is there."""
    with _open(session) as s:
        bank = s.scalar(sa.select(Organisation).where(Organisation.kind == OrganisationKind.BANK))
        if bank is None:
            bank = _add(s, OrganisationKind.BANK, code, {"name": "江南银行", "name_en": "Jiangnan Bank"} | fields)
    return bank


def make_agency(code: str | None = None, session: Session | None = None, **fields: Any) -> Organisation:
    """An agency with a licence that still runs (`licence_until=`, `licence_no=`); `code` is made up if left out."""
    code = code or f"AG{next(_numbers):02d}"
    with _open(session) as s:
        return _add(s, OrganisationKind.AGENCY, code, {"name": f"{code}催收服务公司"} | fields)


def make_law_firm(code: str | None = None, session: Session | None = None, **fields: Any) -> Organisation:
    """A law firm with the mark of its letter numbers."""
    code = code or f"LF{next(_numbers):02d}"
    with _open(session) as s:
        return _add(s, OrganisationKind.LAW_FIRM, code, {"name": f"{code}律师事务所", "letter_mark": code} | fields)


def _add(session: Session, kind: OrganisationKind, code: str, fields: dict[str, Any]) -> Organisation:
    usual: dict[str, Any] = {"created_at": MADE_AT}
    if kind is not OrganisationKind.BANK:
        usual |= {"phone": "010-55550100", "address": "上海市浦东新区世纪大道1号"}
    number, until = fields.pop("licence_no", f"L-{code}"), fields.pop("licence_until", date(2040, 12, 31))
    organisation = Organisation(kind=kind, code=code, **(usual | fields))
    session.add(organisation)
    session.flush()
    if kind is not OrganisationKind.BANK and number:
        session.add(_licence(organisation, number, until))
        session.flush()
    return organisation


def _licence(organisation: Organisation, number: str, until: date | None) -> Credential:
    return Credential(
        organisation_id=organisation.id, kind=CredentialKind.LICENCE, number=number, valid_from=date(2000, 1, 1),
        valid_until=until, created_at=MADE_AT,
    )  # fmt: skip


def make_user(
    role: Role | None = None,
    organisation: Organisation | None = None,
    session: Session | None = None,
    *,
    password: str | None = None,
    **fields: Any,
) -> User:
    """Somebody of the organisation (made up to fit the role if left out), with `user.organisation` loaded.

    Without a `password` nobody signs in as this person by the page; `PageClient.sign_in` needs none.
    """
    role = role or (ROLES_OF[organisation.kind][0] if organisation else Role.VENDOR_MANAGER)
    with _open(session) as s:
        home = organisation or _home_of(role, s)
        number = next(_numbers)
        usual: dict[str, Any] = {"user_name": f"{role.value}.{number}", "name": f"{role.value} {number}"}
        usual |= {"locale": "en", "created_at": MADE_AT}
        if role is Role.LEGAL_PARTNER:
            usual |= {"lawyer_licence_no": f"1310120{number:010d}", "lawyer_licence_until": date(2040, 12, 31)}
        user = User(organisation_id=home.id, role=role, **(usual | fields))
        user.password_hash = hash_password(password) if password else None
        s.add(user)
        s.flush()
    set_committed_value(user, "organisation", home)
    return user


def _home_of(role: Role, session: Session) -> Organisation:
    kind = next(kind for kind, roles in ROLES_OF.items() if role in roles)
    makers = {OrganisationKind.AGENCY: make_agency, OrganisationKind.LAW_FIRM: make_law_firm}
    return makers[kind](session=session) if kind in makers else make_bank(session)


def actor_of(user: User, origin: str = "test") -> Actor:
    """The person as the actor of an operation."""
    return actor_from(user, user.organisation, origin)
