"""The close of a month: statements for everybody who has something to be paid, as a job that can be begun again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.commission.bulk_beside import waiting_beside, waiting_mark
from portal.commission.bulk_claims import waiting
from portal.commission.drawing import draw
from portal.commission.models import Statement, StatementEvent
from portal.commission.periods import last_day
from portal.foundation.bulk import one_at_a_time
from portal.foundation.errors import DomainError
from portal.foundation.jobs import handler
from portal.foundation.language import Message, _l, as_data, say, say_count
from portal.foundation.services import services
from portal.foundation.work import reading, transaction
from portal.identity.models import Organisation
from portal.recovery.models import Attribution

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.jobs import Job, JobView, Progress

__all__ = ["Close", "ask_for_period", "close_period", "draw_period"]


@dataclass
class Close:
    """What became of a month: statements drawn up, and organisations for which none could be, each with the reason."""

    drawn: list[Statement] = field(default_factory=list)
    refused: list[tuple[str, DomainError]] = field(default_factory=list)

    def message(self) -> Message:
        """The outcome in words."""
        if not self.drawn and not self.refused:
            return say("There is nothing new to pay for this month.")
        drawn = say_count("%(n)s statement was drawn up.", "%(n)s statements were drawn up.", len(self.drawn))
        if not self.refused:
            return drawn
        name, error = self.refused[0]
        return say(
            "%(drawn)s Not drawn up: %(count)s. First: %(name)s: %(why)s",
            drawn=drawn, count=len(self.refused), name=name, why=error.message,
        )  # fmt: skip


def ask_for_period(actor: Actor, period: date) -> Job:
    """Ask for a month's statements as a job; asking twice while nothing new came in is one job.

    `period` is the first day of the month. DomainError where the month is not over.
    """
    with transaction(actor) as work:
        refuse_open_period(work.today, period)
        # A new payment, a letter or a cost, or a statement taken back, is a new reason to draw; a second click is none.
        credit = work.session.scalar(sa.select(sa.func.max(Attribution.id))) or 0
        step = work.session.scalar(sa.select(sa.func.max(StatementEvent.id))) or 0
        key = f"{period:%Y-%m}-{credit}-{step}-{waiting_mark(work.session, last_day(period))}"
        return work.request_job("commission.draw", key, {"period": period.isoformat()})


@handler("commission.draw", _l("Drawing up statements"))
def _draw_job(job: JobView, progress: Progress) -> dict[str, Any]:
    period = date.fromisoformat(job.payload["period"])
    close = close_period(job.actor, period, progress)
    tone = "warning" if close.refused else "success"
    return {"message": as_data(close.message()), "tone": tone, "url": f"/statements?period={period:%Y-%m}"}


def close_period(actor: Actor, period: date, progress: Progress | None = None) -> Close:
    """Draw up a month's statements, each organisation and currency in a transaction of its own.

    Begun again after it died it goes on where it stopped: what was drawn up holds its credits. What stands in one
    organisation's way does not stand in another's.
    """
    refuse_open_period(services().clock.today(), period)
    with reading(actor) as session:
        pairs = _waiting(session, last_day(period))
        names = {row.id: row.name for row in session.execute(sa.select(Organisation.id, Organisation.name))}
    close = Close()
    for number, (organisation_id, currency) in enumerate(pairs, 1):
        try:
            statement = _draw_one(actor, organisation_id, currency, period)
        except DomainError as error:
            close.refused.append((names[organisation_id], error))
        else:
            close.drawn += [statement] if statement else []
        if progress is not None:
            progress.step(number, len(pairs))
    return close


def _draw_one(actor: Actor, organisation_id: int, currency: str, period: date) -> Statement | None:
    """None where somebody else has drawn it up in the meantime."""
    with transaction(actor) as work:
        one_at_a_time(work.session, f"commission.draw.{organisation_id}.{currency}")
        if (organisation_id, currency) not in _waiting(work.session, last_day(period), organisation_id):
            return None
        return draw(work, organisation_id, currency, period)


def _waiting(session: Session, until: date, organisation_id: int | None = None) -> list[tuple[int, str]]:
    """Organisations and currencies with anything to be paid or taken back, in the order of their numbers."""
    paid = {(row[0], row[1]) for row in waiting(session, until, organisation_id)}
    return sorted(paid | waiting_beside(session, until, organisation_id))


def draw_period(actor: Actor, period: date) -> list[Statement]:
    """The statements that closing the month draws up; what stood in the way of any is raised when the others are done."""
    close = close_period(actor, period)
    for _, error in close.refused:
        raise error
    return close.drawn


def refuse_open_period(today: date, period: date) -> None:
    """DomainError where a month is not over."""
    if last_day(period) >= today:
        raise DomainError(
            "commission.period_open",
            say("This month is not over. Statements are drawn up from the first day of the next."),
            field="period",
        )
