"""The audit trail as a chain: whoever changes, removes or slips in an event breaks it, and an anchor outside the database
shows where its end was.

Events are inserted unchained, so that writers never wait for each other; the sealer links them afterwards in the order in
which it finds them (on PostgreSQL an event with a lower number may be committed after one with a higher).

    hash(n) = SHA-256 of canonical JSON {"event": all columns, "previous": hash(n - 1), "sequence": n}

The head is anchored in the storage under `audit/anchors/`, encrypted and written once: a chain cannot see that its own
tail was cut off, and an anchor cannot be made without the data key.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Mapped, Session, mapped_column

from portal.foundation.access import system_actor
from portal.foundation.audit import AuditEvent
from portal.foundation.database import WRITE_OPTION, BigKey, Model, db
from portal.foundation.services import services
from portal.foundation.storage import StorageError
from portal.foundation.visibility import BankOnly

if TYPE_CHECKING:
    from flask import Flask

    from portal.foundation.storage import Storage

__all__ = ["GENESIS", "AuditAnchor", "AuditLink", "anchor_content", "anchor_name", "link_hash", "seal"]

log = structlog.get_logger()
GENESIS = "0" * 64  # what stands before the first link
ANCHORS = "audit/anchors/"
BATCH = 1_000  # events a transaction, so that nobody waits long for the lock
LATE = 10_000  # numbers behind the newest link among which a quick seal looks for events that were committed late
SEALING = 0x706F7274616C61  # an advisory lock's number: one sealer at a time
SEALER = system_actor("sealer")


class AuditLink(Model, BankOnly):
    """One event's place in the chain. Append-only."""

    __tablename__ = "audit_link"
    visible_to_system: ClassVar[bool] = True
    sequence: Mapped[int] = mapped_column(
        BigKey, primary_key=True, autoincrement=False, comment="1, 2, 3, without gaps"
    )
    event_id: Mapped[int] = mapped_column(unique=True)
    previous_hash: Mapped[str] = mapped_column(sa.String(64))
    hash: Mapped[str] = mapped_column(sa.String(64))


class AuditAnchor(Model, BankOnly):
    """Says that an anchor was written for a link, so that one that vanished from the storage is missed. Append-only."""

    __tablename__ = "audit_anchor"
    visible_to_system: ClassVar[bool] = True
    sequence: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)


def seal(app: Flask, *, thorough: bool = True, anchor: bool = True) -> int:
    """Link all events that are not linked yet, and anchor the head; how many were linked. Safe with many at once.

    Not `thorough`: events that were committed very late are left to the next thorough one, which spares a large trail
    from being read through every few seconds. Not `anchor`: the head is left to the next one that anchors.
    """
    with app.app_context():
        linked = 0
        while count := _seal_batch(thorough):
            linked += count
        if anchor:
            _anchor_head(services().storage)
        return linked


def link_hash(sequence: int, previous_hash: str, event: AuditEvent) -> str:
    """The hash of a link, in hexadecimal."""
    content = {"event": _plain(event), "previous": previous_hash, "sequence": sequence}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def anchor_name(sequence: int) -> str:
    """Where in the storage the anchor of a link stands; sorts by sequence."""
    return f"{ANCHORS}{sequence:012d}.json"


def anchor_content(link: AuditLink) -> bytes:
    """What an anchor says: the same, whoever writes it."""
    said = {"event": link.event_id, "hash": link.hash, "sequence": link.sequence}
    return json.dumps(said, sort_keys=True).encode()


def sealer_session(*, writes: bool) -> Session:
    """A session of the sealer on a connection of its own."""
    session = Session(db.engine, info={"actor": SEALER})
    session.connection(execution_options={WRITE_OPTION: writes})
    return session


def unsealed(thorough: bool = True, newest: int = 0) -> sa.Select[tuple[AuditEvent]]:
    """Events without a link, by number; if not `thorough`, only those near `newest` and after it."""
    linked = sa.select(AuditLink.event_id).where(AuditLink.event_id == AuditEvent.id).exists()
    found = sa.select(AuditEvent).where(~linked).order_by(AuditEvent.id)
    return found if thorough else found.where(AuditEvent.id > newest - LATE)


def last_link() -> sa.Select[tuple[AuditLink]]:
    """The chain's head."""
    return sa.select(AuditLink).order_by(AuditLink.sequence.desc()).limit(1)


def _seal_batch(thorough: bool) -> int:
    """Look first and lock only if there is something to link, so that a quiet system stays quiet."""
    with sealer_session(writes=False) as session:
        newest = session.scalar(sa.select(sa.func.max(AuditLink.event_id))) or 0
        if session.scalar(unsealed(thorough, newest).limit(1)) is None:
            return 0
    with sealer_session(writes=True) as session:
        if session.get_bind().dialect.name == "postgresql":
            session.execute(sa.select(sa.func.pg_advisory_xact_lock(SEALING)))
        head = session.scalar(last_link())
        sequence, previous = (head.sequence, head.hash) if head else (0, GENESIS)
        events = session.scalars(unsealed(thorough, newest).limit(BATCH)).all()
        for event in events:
            sequence += 1
            link = AuditLink(sequence=sequence, event_id=event.id, previous_hash=previous)
            previous = link.hash = link_hash(sequence, previous, event)
            session.add(link)
        session.commit()
        return len(events)


def _anchor_head(storage: Storage) -> None:
    """The anchor goes out when its link stands, and is noted when it is out: a crash between two of these steps leaves
    nothing that looks like a break."""
    with sealer_session(writes=False) as session:
        head = session.scalar(last_link())
        if head is None or session.scalar(_anchor_of(head.sequence)) is not None:
            return
    try:
        storage.write_once(anchor_name(head.sequence), anchor_content(head))
    except StorageError as error:  # out of reach, or another chain was anchored there: `verifying` says which
        log.error("audit.anchor_refused", sequence=head.sequence, error=str(error))
        return
    with sealer_session(writes=True) as session:
        if session.get_bind().dialect.name == "postgresql":
            session.execute(sa.select(sa.func.pg_advisory_xact_lock(SEALING)))
        if session.scalar(_anchor_of(head.sequence)) is None:
            session.add(AuditAnchor(sequence=head.sequence))
            session.commit()


def _anchor_of(sequence: int) -> sa.Select[tuple[AuditAnchor]]:
    return sa.select(AuditAnchor).where(AuditAnchor.sequence == sequence)


def _plain(event: AuditEvent) -> dict[str, Any]:
    """All columns, the same on both databases."""
    columns = event.__mapper__.column_attrs.keys()
    return {name: _value(getattr(event, name)) for name in columns}


def _value(value: Any) -> Any:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value
