"""Messages written and moved many at a time.

The statements here go past the net under ORM statements: rows come from selects made for the actor, and on PostgreSQL the
row policies stand under them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.contact.messages.models import EntrustingNotice, MessageEvent, MessageState, OutgoingMessage
from portal.contact.wording import Purpose
from portal.foundation.bulk import insert_rows, stage_rows
from portal.foundation.database import UtcDateTime, choice

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.orm import Session

    from portal.foundation.work import Work

__all__ = ["MESSAGE_COLUMNS", "mark_exported", "mark_failed", "stop_ended", "write_messages"]

MESSAGE_COLUMNS = (
    "organisation_id", "template_version_id", "purpose", "channel", "placement_id", "batch_id", "account_id", "customer_id",
    "contact_point_id", "reserved", "subject_sealed", "text_sealed", "content_sha256", "parts", "state", "state_at", "failure",
    "made_by", "made_at",
)  # fmt: skip
_EVENT_COLUMNS = ("message_id", "organisation_id", "state", "at", "by_user_id", "detail")
_UNSYNCHRONIZED = {"synchronize_session": False}


def write_messages(session: Session, rows: Iterable[Sequence[Any]]) -> int:
    """Insert messages, values in the order of MESSAGE_COLUMNS, but no second notice of a placement; how many."""
    return insert_rows(session, OutgoingMessage, MESSAGE_COLUMNS, rows, skip_existing=True)


def mark_exported(work: Work, export_id: int, number: str, message_ids: Iterable[int]) -> None:
    """These are in the file: their state, an event each, and the figures of the batches whose notices are among them."""
    ids = _staged(work.session, "exported_message", message_ids)
    values = {
        "state": MessageState.EXPORTED, "state_at": work.now, "dispatched_at": work.now, "export_id": export_id,
    }  # fmt: skip
    _update(work.session, OutgoingMessage.id.in_(sa.select(ids.c.id)), values)
    _add_events(work, sa.select(ids.c.id), MessageState.EXPORTED, number)
    _count_notices(work, ids)


def mark_failed(work: Work, found: Iterable[tuple[int, str]]) -> None:
    """These do not go out (any more), each with its code."""
    by_code: dict[str, list[int]] = {}
    for message_id, code in found:
        by_code.setdefault(code, []).append(message_id)
    for code, message_ids in by_code.items():
        ids = _staged(work.session, "failed_message", message_ids)
        values = {"state": MessageState.FAILED, "state_at": work.now, "failure": code}
        _update(work.session, OutgoingMessage.id.in_(sa.select(ids.c.id)), values)
        _add_events(work, sa.select(ids.c.id), MessageState.FAILED, code)


def stop_ended(work: Work, ended: sa.Select[tuple[int]], code: str) -> None:
    """What still waits for placements that have ended is not sent any more."""
    waits = sa.and_(OutgoingMessage.placement_id.in_(ended), OutgoingMessage.state == MessageState.QUEUED)
    _add_events(work, sa.select(OutgoingMessage.id).where(waits), MessageState.FAILED, code)
    _update(work.session, waits, {"state": MessageState.FAILED, "state_at": work.now, "failure": code})


def _staged(session: Session, name: str, ids: Iterable[int]) -> sa.Table:
    return stage_rows(session, name, [sa.Column("id", sa.BigInteger(), primary_key=True)], ((one,) for one in ids))


def _update(session: Session, condition: sa.ColumnElement[bool], values: dict[str, Any]) -> None:
    session.execute(
        sa.update(OutgoingMessage).where(condition).values(**values), execution_options=_UNSYNCHRONIZED
    )  # fmt: skip


def _add_events(work: Work, ids: sa.Select[Any], state: MessageState, detail: str) -> None:
    found = sa.select(
        OutgoingMessage.id,
        OutgoingMessage.organisation_id,
        sa.literal(state, choice(MessageState)),
        sa.literal(work.now, UtcDateTime()),
        sa.literal(work.actor.user_id, sa.BigInteger()),
        sa.literal(detail),
    ).where(OutgoingMessage.id.in_(ids))
    work.session.execute(sa.insert(MessageEvent).from_select(_EVENT_COLUMNS, found))


def _count_notices(work: Work, ids: sa.Table) -> None:
    """How many of a batch's notices are among these."""
    among = (
        sa.select(OutgoingMessage.batch_id, sa.func.count())
        .where(OutgoingMessage.id.in_(sa.select(ids.c.id)), OutgoingMessage.purpose == Purpose.NOTICE)
        .group_by(OutgoingMessage.batch_id)
    )
    for batch_id, count in work.session.execute(among).all():
        work.session.execute(
            sa.update(EntrustingNotice)
            .where(EntrustingNotice.batch_id == batch_id)
            .values(
                dispatched=EntrustingNotice.dispatched + count,
                first_dispatched_at=sa.func.coalesce(EntrustingNotice.first_dispatched_at, work.now),
                last_dispatched_at=work.now,
            ),
            execution_options=_UNSYNCHRONIZED,
        )
