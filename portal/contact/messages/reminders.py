"""Reminders before a promise falls due: each promise once, with the agency's own approved text, in its name, and only at an
hour and to a person that the conduct rules allow."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from portal.contact import queries
from portal.contact.entries import Entry
from portal.contact.messages.addresses import serves
from portal.contact.messages.filling import bank_head, fill, sender_of, values_of
from portal.contact.messages.gateway import gateway_for
from portal.contact.messages.models import MessageSetting, OutgoingMessage
from portal.contact.messages.operations import keep_message
from portal.contact.messages.queries import texts_in_use
from portal.contact.models import Promise, PromiseState
from portal.contact.operations import record_attempt
from portal.contact.wording import Purpose
from portal.foundation.access import Actor, OrganisationKind, Permission
from portal.foundation.daily import Due
from portal.foundation.errors import DomainError
from portal.foundation.jobs import handler
from portal.foundation.language import _l, as_data, say
from portal.foundation.services import services
from portal.foundation.visibility import visible
from portal.foundation.work import reading, transaction
from portal.identity.models import Organisation
from portal.portfolio.models import PROVED_WRONG

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from portal.contact.messages.filling import Head
    from portal.contact.messages.models import MessageTemplate, MessageTemplateVersion
    from portal.foundation.jobs import JobView, Progress
    from portal.foundation.work import Work
    from portal.portfolio.models import ContactPoint

__all__ = ["REMINDERS", "draw_reminders", "reminders_due"]

REMINDERS = "contact.reminders"
FIRST_HOUR, LAST_HOUR = 9, 19  # the bank's own hours for what goes out by itself, well inside those of the rules
MOST_AT_ONCE = 2_000


def reminders_due(session: Session, actor: Actor, now: datetime, today: date) -> list[Due]:
    """One job an hour while there is a promise to be reminded of: what the rules forbid now they may allow later."""
    hour = now.astimezone(ZoneInfo(actor.time_zone)).hour
    if not FIRST_HOUR <= hour <= LAST_HOUR:
        return []
    for setting in _settings(session, actor):
        if session.scalar(_promises(actor, setting, today).limit(1)) is not None:
            return [Due(REMINDERS, f"{today.isoformat()}-{hour:02d}")]
    return []


@handler(REMINDERS, _l("Reminders before promises fall due"))
def _remind(job: JobView, progress: Progress) -> dict[str, Any]:
    drawn, left = draw_reminders(job.actor, progress)
    words = say(
        "Reminders drawn up: %(drawn)s. Not reminded now: %(left)s, since the rules forbid it or no number serves.",
        drawn=drawn, left=left,
    )  # fmt: skip
    return {"url": "/messages", "message": as_data(words)}


def draw_reminders(actor: Actor, progress: Progress | None = None) -> tuple[int, int]:
    """Draw up what is due for every organisation that wants it; how many, and how many could not be drawn up now. Each is a
    transaction of its own, so that what is drawn up stays where a worker dies."""
    head, today = bank_head(), services().clock.today()
    drawn = left = 0
    with reading(actor) as session:
        wanted = [
            (agency, setting.reminder_template_id, list(session.scalars(_promises(actor, setting, today).limit(MOST_AT_ONCE))))
            for setting in _settings(session, actor)
            if (agency := _acting_for(session, actor, setting.organisation_id)) is not None
        ]  # fmt: skip
    for agency, template_id, promises in wanted:
        for promise_id in promises:
            if _one(agency, head, template_id, promise_id):
                drawn += 1
            else:
                left += 1
            if progress is not None:
                progress.step(drawn + left)
    return drawn, left


def _settings(session: Session, actor: Actor) -> Sequence[MessageSetting]:
    return session.scalars(
        visible(MessageSetting, actor)
        .where(MessageSetting.reminder_days.is_not(None))
        .order_by(MessageSetting.organisation_id)
    ).all()


def _promises(actor: Actor, setting: MessageSetting, today: date) -> sa.Select[tuple[int]]:
    """Promises that fall due within the days, were not made today, and have had no reminder."""
    until = today + timedelta(days=setting.reminder_days or 0)
    reminded = sa.select(OutgoingMessage.id).where(OutgoingMessage.promise_id == Promise.id).exists()
    return (
        visible(Promise, actor)
        .with_only_columns(Promise.id)
        .where(Promise.organisation_id == setting.organisation_id, Promise.state == PromiseState.OPEN)
        .where(Promise.promised_on > today, Promise.promised_on <= until, Promise.made_on < today, ~reminded)
        .order_by(Promise.promised_on, Promise.id)
    )


def _acting_for(session: Session, actor: Actor, organisation_id: int) -> Actor | None:
    """The portal itself in an agency's name: what goes out by itself is the agency's contact, and stands in its log."""
    wanted = visible(Organisation, actor).where(Organisation.id == organisation_id, Organisation.active)
    found = session.scalar(wanted.where(Organisation.kind == OrganisationKind.AGENCY))
    if found is None:
        return None
    return Actor(
        user_id=None,
        name="portal",
        user_name="portal",
        organisation_id=found.id,
        organisation_name=found.name,
        organisation_kind=found.kind,
        permissions=frozenset({Permission.QUEUE_WORK}),
        time_zone=found.time_zone,
        origin="job",
    )


def _one(agency: Actor, head: Head, template_id: int | None, promise_id: int) -> bool:
    """Remind of one promise; whether it was done."""
    try:
        with transaction(agency) as work:
            text = _text(work, template_id)
            return text is not None and _drawn_up(work, head, *text, promise_id)
    except DomainError:  # the rules forbid it now, the account has gone back, or the text would have a gap
        return False


def _text(work: Work, template_id: int | None) -> tuple[MessageTemplate, MessageTemplateVersion] | None:
    texts = texts_in_use(work.session, work.actor, work.actor.organisation_id, purposes=(Purpose.REMINDER,))
    return next((found for found in texts if found[0].id == template_id), None)


def _drawn_up(
    work: Work, head: Head, template: MessageTemplate, version: MessageTemplateVersion, promise_id: int
) -> bool:
    wanted = visible(Promise, work.actor).where(Promise.id == promise_id, Promise.state == PromiseState.OPEN)
    promise = work.session.scalar(wanted.with_for_update())
    held = queries.held_account(work.session, work.actor, promise.account_id) if promise else None
    if promise is None or held is None or held[0].id != promise.placement_id:
        return False
    placement, account, customer = held
    point = _point(queries.contact_points(work.session, work.actor, customer.id), template)
    name = work.vault.open(customer.person_key, customer.name_sealed, "name")
    if point is None or name is None:
        return False
    sender = sender_of(work.session, work.actor, placement.organisation_id)
    filled = fill(template, version, values_of(template.language, head, sender, account, name, promise=promise))
    entry = Entry(channel=template.channel, outcome="sent", contact_point_id=point.id)
    logged = record_attempt(work, account.id, entry, is_message=True)
    message = keep_message(
        work, placement, customer, template, version, point, filled, attempt_id=logged.attempt_id, promise=promise
    )  # fmt: skip
    gateway_for(template.channel).take(work, message)
    return True


def _point(points: Sequence[ContactPoint], template: MessageTemplate) -> ContactPoint | None:
    """The first number or address of the debtor's own that serves."""
    return next(
        (p for p in points if p.relation == "self" and p.status not in PROVED_WRONG and serves(p, template.channel)),
        None,
    )
