"""Who did what, when, to which row, from where; written in the transaction of the deed itself.

Events are inserted unchained, so that writers never wait for each other; `sealing` links them afterwards.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.foundation.database import JsonData, Model, key_column
from portal.foundation.visibility import OwnRows

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = ["AuditEvent", "write_event"]


class AuditEvent(Model, OwnRows):
    """One deed. Append-only: the database refuses to change or delete it. Personal data is masked before it comes here."""

    __tablename__ = "audit_event"
    visible_to_system: ClassVar[bool] = True
    id: Mapped[int] = key_column()
    at: Mapped[datetime] = mapped_column(comment="business instant, UTC")
    recorded_at: Mapped[datetime] = mapped_column(comment="real instant, UTC")
    actor_user_id: Mapped[int | None] = mapped_column(comment="null: the system actor")
    actor_name: Mapped[str] = mapped_column(sa.String(120), comment="the sign-in name, or the system actor's")
    organisation_id: Mapped[int | None] = mapped_column(index=True)
    origin: Mapped[str] = mapped_column(sa.String(64), comment="address, cli or job")
    action: Mapped[str] = mapped_column(sa.String(64), comment="room.deed, e.g. placement.approved")
    subject_type: Mapped[str] = mapped_column(sa.String(64))
    subject_id: Mapped[int | None]
    before: Mapped[dict[str, Any] | None] = mapped_column(JsonData)
    after: Mapped[dict[str, Any] | None] = mapped_column(JsonData)
    details: Mapped[dict[str, Any] | None] = mapped_column(JsonData)

    __table_args__ = (
        sa.Index("ix_audit_event_subject", "subject_type", "subject_id"),
        # The trail is read from the latest back, whole or by one person or kind of deed; each is one range of an index.
        sa.Index("ix_audit_event_time", "at", "id"),
        sa.Index("ix_audit_event_person", "actor_user_id", "at", "id"),
        sa.Index("ix_audit_event_deed", "action", "at", "id"),
    )


def write_event(
    session: Session,
    actor: Actor,
    action: str,
    subject: Any,
    *,
    at: datetime,
    recorded_at: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    details: dict[str, Any] | None = None,
) -> AuditEvent:
    """Add an event to the session. `subject` is a row, a (type, id) pair, or a type's name alone."""
    subject_type, subject_id = _name_of(session, subject)
    event = AuditEvent(
        at=at,
        recorded_at=recorded_at,
        actor_user_id=actor.user_id,
        actor_name=actor.user_name or actor.name,
        organisation_id=actor.organisation_id,
        origin=actor.origin[:64],
        action=action,
        subject_type=subject_type,
        subject_id=subject_id,
        before=before,
        after=after,
        details=details or None,
    )
    session.add(event)
    return event


def _name_of(session: Session, subject: Any) -> tuple[str, int | None]:
    if isinstance(subject, str):
        return subject, None
    if isinstance(subject, tuple):
        return subject
    if subject.id is None:
        session.flush()
    return subject.__tablename__, subject.id
