"""Tables of organisations, people and how they get in."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship, synonym

from portal.foundation.access import OrganisationKind, Role
from portal.foundation.database import Model, choice, key_column
from portal.foundation.visibility import BankOnly, OwnRows

__all__ = ["Invitation", "LetterLaw", "Organisation", "SignInThrottle", "User", "UserSession"]


class LetterLaw(StrEnum):
    """Under whose law the letters of a law firm stand, as letter templates name it."""

    CHINA = "cn"
    STATES = "us"
    KINGDOM = "uk"


class Organisation(Model, OwnRows):
    """The bank, an agency or a law firm. An organisation sees itself and no other."""

    __tablename__ = "organisation"
    visible_to_system: ClassVar[bool] = True
    id: Mapped[int] = key_column()
    organisation_id = synonym("id")
    kind: Mapped[OrganisationKind] = mapped_column(choice(OrganisationKind))
    code: Mapped[str] = mapped_column(sa.String(32), unique=True, comment="short, in batch and letter numbers")
    name: Mapped[str] = mapped_column(sa.String(200))
    name_en: Mapped[str] = mapped_column(sa.String(200), default="")
    address: Mapped[str] = mapped_column(sa.String(400), default="")
    phone: Mapped[str] = mapped_column(sa.String(64), default="")
    letter_mark: Mapped[str] = mapped_column(
        sa.String(32), default="", comment="law firm: the 字 of its letter numbers"
    )
    letter_law: Mapped[LetterLaw] = mapped_column(
        choice(LetterLaw), default=LetterLaw.CHINA, comment="law firm: under which law its letters stand"
    )
    time_zone: Mapped[str] = mapped_column(sa.String(64), default="Asia/Shanghai")
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    users: Mapped[list[User]] = relationship(back_populates="organisation")


class User(Model, OwnRows):
    """A person who signs in, in one role of one organisation."""

    __tablename__ = "user_account"
    visible_to_system: ClassVar[bool] = True
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    user_name: Mapped[str] = mapped_column(sa.String(64), unique=True, comment="what is typed to sign in, lower case")
    name: Mapped[str] = mapped_column(sa.String(120))
    role: Mapped[Role] = mapped_column(choice(Role))
    password_hash: Mapped[str | None] = mapped_column(sa.String(200), comment="argon2id; null until invited in")
    must_change_password: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    locale: Mapped[str] = mapped_column(sa.String(16), default="zh_Hans")
    totp_secret: Mapped[bytes | None] = mapped_column(sa.LargeBinary, comment="sealed; null: no one-time codes")
    totp_confirmed: Mapped[bool] = mapped_column(default=False)
    totp_last_step: Mapped[int | None] = mapped_column(comment="the step of the last code used: a code works once")
    lawyer_licence_no: Mapped[str] = mapped_column(sa.String(64), default="")
    lawyer_licence_until: Mapped[date | None]
    created_at: Mapped[datetime]
    organisation: Mapped[Organisation] = relationship(back_populates="users")


class UserSession(Model, OwnRows):
    """A signed-in browser. Lives on the server, so that it can be listed and ended."""

    __tablename__ = "user_session"
    visible_to_system: ClassVar[bool] = True
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    origin: Mapped[str] = mapped_column(sa.String(64))
    browser: Mapped[str] = mapped_column(sa.String(200), default="")
    ended_at: Mapped[datetime | None]


class Invitation(Model, OwnRows):
    """A link that lets a person set the first password. Works once, for a while."""

    __tablename__ = "invitation"
    visible_to_system: ClassVar[bool] = True
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignInThrottle(Model, BankOnly):
    """Failed sign-ins by name and by address; survives restarts without Redis. Real time."""

    __tablename__ = "sign_in_throttle"
    visible_to_system: ClassVar[bool] = True
    id: Mapped[int] = key_column()
    key_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    failures: Mapped[int] = mapped_column(default=0)
    last_failure_at: Mapped[datetime]
    blocked_until: Mapped[datetime | None]
