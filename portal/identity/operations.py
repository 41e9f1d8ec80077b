"""What an administrator does with organisations and people, and the beginning of a bank."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

import sqlalchemy as sa

from portal.foundation import hooks
from portal.foundation.access import ROLES_OF, Actor, OrganisationKind, Permission, Role, demand, system_actor
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.language import say
from portal.foundation.work import Work, transaction
from portal.identity import passwords, queries, sessions
from portal.identity.models import Invitation, LetterLaw, Organisation, User, UserSession
from portal.identity.tokens import new_token, token_hash

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Beginning", "OrganisationDetails", "PersonDetails", "create_bank_and_administrator", "create_organisation",
    "create_user", "deactivate_user", "edit_organisation", "edit_user", "end_session", "invite", "reactivate_user",
    "reset_codes", "set_initial_password",
]  # fmt: skip

INVITATION_HOURS = 72
USER_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,62}[a-z0-9]")
ORGANISATION_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{0,30}[A-Z0-9]")


@dataclass(frozen=True)
class OrganisationDetails:
    """What may be changed about an organisation. `letter_mark`: the 字 of a law firm's letter numbers; `letter_law`: under which law its next
    packs are built, those that are there keep theirs.

    Its licences are papers with a history, which the room `vendors` keeps.
    """

    name: str
    name_en: str = ""
    address: str = ""
    phone: str = ""
    letter_mark: str = ""
    letter_law: LetterLaw = LetterLaw.CHINA
    time_zone: str = "Asia/Shanghai"
    active: bool = True


@dataclass(frozen=True)
class PersonDetails:
    """What may be changed about a person. The licence is a lawyer's own, for those who sign letters."""

    name: str
    role: Role
    locale: str = "zh_Hans"
    lawyer_licence_no: str = ""
    lawyer_licence_until: date | None = None


@dataclass(frozen=True)
class Beginning:
    """What `portal init` found or made. `invitation`: the token of a fresh link, None once the administrator is in."""

    bank_name: str
    made_bank: bool
    administrator: str
    made_administrator: bool
    invitation: str | None


# --- organisations ----------------------------------------------------------------------------------------------------


def create_organisation(actor: Actor, kind: OrganisationKind, code: str, details: OrganisationDetails) -> int:
    """Add an agency or a law firm; its number. There is one bank, which `portal init` makes."""
    demand(actor, Permission.ORGANISATIONS_MANAGE)
    code = code.strip().upper()
    if kind is OrganisationKind.BANK:
        raise Refused("organisation.one_bank", say("There is one bank in this portal already."))
    if not ORGANISATION_CODE.fullmatch(code):
        words = say("Use 2 to 32 capital letters, digits and hyphens, for example HENGTONG or AG-01.")
        raise DomainError("organisation.code", words, field="code")
    _check_details(kind, details)
    with transaction(actor) as work:
        if work.session.scalar(sa.select(Organisation.id).where(Organisation.code == code)):
            words = say("Another organisation has this code.")
            raise DomainError("organisation.code_taken", words, field="code")
        row = Organisation(kind=kind, code=code, created_at=work.now, **vars(details))
        work.session.add(row)
        work.audit("organisation.created", row, after={"kind": kind.value, "code": code, **_plain(vars(details))})
        return row.id


def edit_organisation(actor: Actor, organisation_id: int, details: OrganisationDetails) -> None:
    """Change an organisation's details. Making it inactive signs its people out and keeps them out."""
    demand(actor, Permission.ORGANISATIONS_MANAGE)
    with transaction(actor) as work:
        row = queries.organisation(work.session, actor, organisation_id)
        _check_details(row.kind, details)
        if row.kind is OrganisationKind.BANK and not details.active:
            raise Refused("organisation.bank_stays", say("The bank itself cannot be made inactive."))
        before, after = _change(row, vars(details))
        if after:
            work.audit("organisation.changed", row, before, after)


def _check_details(kind: OrganisationKind, details: OrganisationDetails) -> None:
    if not details.name.strip():
        raise DomainError("organisation.name", say("Fill this in."), field="name")
    if details.time_zone not in available_timezones():
        raise DomainError("organisation.zone", say("Write a time zone such as Asia/Shanghai."), field="time_zone")
    if kind is OrganisationKind.LAW_FIRM:
        return
    if details.letter_law is not LetterLaw.CHINA:
        words = say("Only a law firm's letters stand under a law that is chosen.")
        raise DomainError("organisation.law", words, field="letter_law")
    if details.letter_mark:
        words = say("Only a law firm's letters carry a mark.")
        raise DomainError("organisation.mark", words, field="letter_mark")


# --- people -----------------------------------------------------------------------------------------------------------


def create_user(actor: Actor, organisation_id: int, user_name: str, details: PersonDetails) -> tuple[int, str]:
    """Add a person and an invitation; the person's number and the link's token, which is known nowhere else."""
    demand(actor, Permission.USERS_MANAGE)
    user_name = user_name.strip().lower()
    if not USER_NAME.fullmatch(user_name):
        words = say("Use 3 to 64 small letters, digits, dots, hyphens and underscores.")
        raise DomainError("user.user_name", words, field="user_name")
    with transaction(actor) as work:
        organisation = queries.organisation(work.session, actor, organisation_id)
        _check_role(organisation.kind, details.role)
        if work.session.scalar(sa.select(User.id).where(User.user_name == user_name)):
            raise DomainError("user.user_name_taken", say("Somebody has this user name."), field="user_name")
        user = User(organisation_id=organisation.id, user_name=user_name, created_at=work.now, **vars(details))
        work.session.add(user)
        work.audit("user.created", user, after={"user_name": user_name, **_masked(vars(details))})
        return user.id, _invite(work, user)


def edit_user(actor: Actor, user_id: int, details: PersonDetails) -> None:
    """Change a person's name, role, language or licence."""
    demand(actor, Permission.USERS_MANAGE)
    with transaction(actor) as work:
        user, organisation = queries.person(work.session, actor, user_id)
        _check_role(organisation.kind, details.role)
        if user.role is Role.ADMINISTRATOR and details.role is not Role.ADMINISTRATOR:
            _keep_one_administrator(work, user)
        before, after = _change(user, vars(details))
        if after:
            work.audit("user.changed", user, _masked(before), _masked(after))


def _check_role(kind: OrganisationKind, role: Role) -> None:
    if role not in ROLES_OF[kind]:
        words = say("This role does not exist in this kind of organisation.")
        raise DomainError("user.role", words, field="role")


def _keep_one_administrator(work: Work, user: User) -> None:
    others = sa.select(sa.func.count()).where(
        User.role == Role.ADMINISTRATOR, User.active, User.password_hash.is_not(None), User.id != user.id
    )
    if not work.session.scalar(others):
        words = say("This is the last administrator who can sign in. Name another one first.")
        raise Refused("user.last_administrator", words)


def invite(actor: Actor, user_id: int) -> str:
    """A fresh invitation link's token for somebody who has none or lost it; links made before open nothing any more."""
    demand(actor, Permission.USERS_MANAGE)
    with transaction(actor) as work:
        user = queries.person_for_change(work.session, actor, user_id)
        if not user.active:
            raise Refused("user.inactive", say("This person is deactivated. Reactivate first."))
        return _invite(work, user)


def _invite(work: Work, user: User) -> str:
    work.session.flush()
    earlier = sa.select(Invitation).where(Invitation.user_id == user.id, Invitation.used_at.is_(None))
    for row in work.session.scalars(earlier):
        row.expires_at = min(row.expires_at, work.real_now)
    token = new_token()
    invitation = Invitation(
        organisation_id=user.organisation_id,
        user_id=user.id,
        token_hash=token_hash(token),
        created_at=work.real_now,
        expires_at=work.real_now + timedelta(hours=INVITATION_HOURS),
    )
    work.session.add(invitation)
    work.audit("user.invited", user)
    return token


def deactivate_user(actor: Actor, user_id: int) -> None:
    """Keep a person out from this moment; open sessions end, links die. Not oneself, not the last administrator."""
    demand(actor, Permission.USERS_MANAGE)
    if user_id == actor.user_id:
        raise Refused("user.oneself", say("You cannot deactivate yourself. Ask another administrator."))
    with transaction(actor) as work:
        user = queries.person_for_change(work.session, actor, user_id)
        if not user.active:
            return
        if user.role is Role.ADMINISTRATOR:
            _keep_one_administrator(work, user)
        user.active = False
        ended = sessions.end_sessions(work, user.id)
        work.audit("user.deactivated", user, {"active": True}, {"active": False}, sessions_ended=ended)
        work.session.flush()
        hooks.person_left(work, user)


def reactivate_user(actor: Actor, user_id: int) -> None:
    """Let a person in again, with the password as it was."""
    demand(actor, Permission.USERS_MANAGE)
    with transaction(actor) as work:
        user = queries.person_for_change(work.session, actor, user_id)
        if not user.active:
            user.active = True
            work.audit("user.reactivated", user, {"active": False}, {"active": True})


def set_initial_password(actor: Actor, user_id: int, password: str) -> None:
    """Set a password that the person must change at the next sign-in; open sessions end. Not one's own."""
    demand(actor, Permission.USERS_MANAGE)
    if user_id == actor.user_id:
        raise Refused("user.own_password", say("Change your own password on your own page."))
    with transaction(actor) as work:
        user_name = queries.person_for_change(work.session, actor, user_id).user_name
    passwords.check_rules(password, user_name)
    hashed = passwords.hash_password(password)
    with transaction(actor) as work:
        user = queries.person_for_change(work.session, actor, user_id)
        user.password_hash = hashed
        user.must_change_password = True
        ended = sessions.end_sessions(work, user.id)
        work.audit("password.initial_set", user, sessions_ended=ended)


def reset_codes(actor: Actor, user_id: int) -> None:
    """Take one-time codes from somebody who lost the telephone; open sessions end. Not one's own."""
    demand(actor, Permission.USERS_MANAGE)
    if user_id == actor.user_id:
        raise Refused("user.own_codes", say("Switch your own one-time codes off on your own page."))
    with transaction(actor) as work:
        user = queries.person_for_change(work.session, actor, user_id)
        user.totp_secret, user.totp_confirmed, user.totp_last_step = None, False, None
        ended = sessions.end_sessions(work, user.id)
        work.audit("codes.reset", user, sessions_ended=ended)


def end_session(actor: Actor, user_id: int, session_id: int) -> None:
    """Sign one browser of a person out, as an administrator. NotFound where it is not that person's."""
    demand(actor, Permission.USERS_MANAGE)
    with transaction(actor) as work:
        row = work.session.scalar(
            sa.select(UserSession).where(UserSession.id == session_id, UserSession.user_id == user_id)
        )
        if row is None:
            raise NotFound
        if row.ended_at is None:
            row.ended_at = work.real_now
            work.audit("session.ended", row)


# --- the beginning ----------------------------------------------------------------------------------------------------


def create_bank_and_administrator(
    bank_name: str = "银行", user_name: str = "admin", administrator_name: str = "管理员"
) -> Beginning:
    """Make the bank and its first administrator where they are missing; asked again, it changes nothing.

    As long as that administrator has never been in, each call makes a fresh link and the one before opens nothing.
    """
    with transaction(system_actor("init", "cli")) as work:
        bank = work.session.scalar(sa.select(Organisation).where(Organisation.kind == OrganisationKind.BANK))
        made_bank = bank is None
        if bank is None:
            bank = Organisation(kind=OrganisationKind.BANK, code="BANK", name=bank_name, created_at=work.now)
            work.session.add(bank)
            work.audit("organisation.created", bank, after={"kind": "bank", "code": "BANK", "name": bank_name})
        wanted = sa.select(User).where(User.role == Role.ADMINISTRATOR).order_by(User.id).limit(1)
        first = work.session.scalar(wanted)
        made_first = first is None
        if first is None:
            first = User(
                organisation_id=bank.id, user_name=user_name, name=administrator_name, role=Role.ADMINISTRATOR,
                created_at=work.now,
            )  # fmt: skip
            work.session.add(first)
            work.audit("user.created", first, after={"user_name": user_name, "role": Role.ADMINISTRATOR.value})
        hooks.bank_beginning(work)
        token = _invite(work, first) if first.password_hash is None else None
        return Beginning(bank.name, made_bank, first.user_name, made_first, token)


# --- what several of these need -----------------------------------------------------------------------------------------


def _change(row: Any, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write the values into the row; what was there and what is there now, of those that differ."""
    old = {name: getattr(row, name) for name in values}
    changed = [name for name, value in values.items() if old[name] != value]
    for name in changed:
        setattr(row, name, values[name])
    return _plain({name: old[name] for name in changed}), _plain({name: values[name] for name in changed})


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as the audit trail keeps them."""
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def _masked(values: Mapping[str, Any]) -> dict[str, Any]:
    """A person's details for the audit trail: of the name only its beginning."""
    return {name: f"{value[:1]}*" if name == "name" else value for name, value in _plain(values).items()}
