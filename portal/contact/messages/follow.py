"""What follows for messages from what happens in other rooms, and what the day brings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.contact.messages.bulk import stop_ended
from portal.contact.messages.dispatch import EXPORT, run_export
from portal.contact.messages.mailing import mail_that_waits
from portal.contact.messages.notices import ask_with_batch
from portal.contact.messages.reminders import reminders_due
from portal.foundation import hooks
from portal.foundation.jobs import handler
from portal.foundation.language import _l, as_data, say_count

if TYPE_CHECKING:
    from datetime import date, datetime

    import sqlalchemy as sa
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.daily import Due
    from portal.foundation.jobs import JobView, Progress
    from portal.foundation.work import Work

__all__ = ["export", "what_is_due"]

hooks.batch_sent.register(ask_with_batch)


@hooks.placements_ended.register
def _stop_messages(work: Work, ended: sa.Select[tuple[int]]) -> None:
    """What still waits for an account that has gone back is not sent in its last holder's name."""
    stop_ended(work, ended, "ended")


@hooks.due_work.register
def what_is_due(session: Session, actor: Actor, now: datetime, today: date) -> list[Due]:
    """Reminders, and e-mails that have waited too long."""
    return [*reminders_due(session, actor, now, today), *mail_that_waits(session, actor, now)]


@handler(EXPORT, _l("Export of the outbox"))
def export(job: JobView, progress: Progress) -> dict[str, Any]:
    """Write the files of an export."""
    export_id = int(job.payload["export"])
    done = run_export(job.actor, export_id, progress.step)
    message = say_count("%(n)s message is exported.", "%(n)s messages are exported.", done.message_count)
    return {"url": f"/messages/exports/{export_id}", "message": as_data(message)}
