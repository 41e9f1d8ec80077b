"""A form that is sent twice does its work once.

Every form carries a token that is made when the page is. The first request with it does the work; a second one (a double
click, a reload) waits for the first and is led to where that one led.
"""

from __future__ import annotations

import secrets
import time
from datetime import datetime
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from portal.foundation.access import Actor, system_actor
from portal.foundation.database import WRITE_OPTION, Model, db, key_column
from portal.foundation.services import services
from portal.foundation.visibility import BankOnly

__all__ = ["SubmittedForm", "claim", "new_token", "release", "settle", "wait_for_answer"]

PATIENCE = 10.0  # seconds that a second request waits for the first
FIELD = "form_token"
NOT_DONE = ""  # in place of an address: the first request changed nothing, so the form may be sent again


class SubmittedForm(Model, BankOnly):
    """A form's token once it has been used, and where its answer led."""

    __tablename__ = "submitted_form"
    visible_to_system: ClassVar[bool] = True
    id: Mapped[int] = key_column()
    token: Mapped[str] = mapped_column(sa.String(64), unique=True)
    user_id: Mapped[int | None]
    at: Mapped[datetime]
    location: Mapped[str | None] = mapped_column(sa.String(500), comment="null: the first request is still at work")


def new_token() -> str:
    """A token for one showing of a form."""
    return secrets.token_urlsafe(18)


def _session(writes: bool = True) -> Session:
    session = Session(db.engine, info={"actor": system_actor("forms")})
    session.connection(execution_options={WRITE_OPTION: writes})
    return session


def claim(token: str, actor: Actor | None) -> bool:
    """True for the first who comes with this token."""
    with _session() as session:
        session.add(
            SubmittedForm(token=token[:64], user_id=actor.user_id if actor else None, at=services().clock.real_now())
        )
        try:
            session.commit()
        except IntegrityError:
            return False
    return True


def settle(token: str, location: str) -> None:
    """Remember where the first request led."""
    with _session() as session:
        session.execute(
            sa.update(SubmittedForm).where(SubmittedForm.token == token[:64]).values(location=location[:500])
        )
        session.commit()


def release(token: str) -> None:
    """The work was not done (an error to mend): the same form may be sent again."""
    with _session() as session:
        session.execute(sa.delete(SubmittedForm).where(SubmittedForm.token == token[:64]))
        session.commit()


def wait_for_answer(token: str) -> str | None:
    """Where the first request led, once it is known; NOT_DONE if it led nowhere, None if it did not end in time."""
    end = time.monotonic() + PATIENCE
    while True:
        with _session(writes=False) as session:
            row = session.scalar(sa.select(SubmittedForm).where(SubmittedForm.token == token[:64]))
        if row is None:
            return NOT_DONE
        if row.location is not None:
            return row.location
        if time.monotonic() > end:
            return None
        time.sleep(0.1)
