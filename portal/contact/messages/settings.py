"""What goes out by itself: the bank's notice of entrusting, an agency's reminders of promises, each with its text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.contact.messages.models import MessageSetting
from portal.contact.messages.queries import setting_of, texts_in_use
from portal.contact.models import Channel
from portal.contact.wording import Purpose
from portal.foundation.access import OrganisationKind, Permission, demand
from portal.foundation.errors import DomainError, Refused
from portal.foundation.language import say
from portal.foundation.work import transaction

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from portal.foundation.work import Work

__all__ = ["MOST_DAYS", "choose_notice", "choose_reminders"]

MOST_DAYS = 14


def choose_notice(actor: Actor, template_id: int | None) -> None:
    """The bank's text for notices of entrusting; None: none are drawn up. DomainError for one that is not approved."""
    demand(actor, Permission.TEXTS_APPROVE)
    with transaction(actor) as work:
        _check(work, None, template_id, Purpose.NOTICE, "notice_template_id")
        setting = _setting(work)
        before = {"notice": setting.notice_template_id}
        setting.notice_template_id = template_id
        _keep(work, setting, before, {"notice": template_id})


def choose_reminders(actor: Actor, days: int | None, template_id: int | None) -> None:
    """So many days before a promise falls due it is reminded of with this text; None: never. DomainError for days out of
    range and for a text that is not approved."""
    demand(actor, Permission.TEXTS_WRITE)
    if actor.organisation_kind is not OrganisationKind.AGENCY:
        raise Refused("reminder.agency", say("Reminders go out in the name of an agency."))
    if days is not None and not 1 <= days <= MOST_DAYS:
        words = say("Choose 1 to %(most)s days, or leave it empty for no reminders.", most=MOST_DAYS)
        raise DomainError("reminder.days", words, field="reminder_days")
    if days is not None and template_id is None:
        raise DomainError("reminder.text", say("Choose the text of the reminders."), field="reminder_template_id")
    with transaction(actor) as work:
        _check(work, actor.organisation_id, template_id, Purpose.REMINDER, "reminder_template_id")
        setting = _setting(work)
        before = {"days": setting.reminder_days, "reminder": setting.reminder_template_id}
        setting.reminder_days, setting.reminder_template_id = days, template_id
        _keep(work, setting, before, {"days": days, "reminder": template_id})


def _check(work: Work, organisation_id: int | None, template_id: int | None, purpose: Purpose, field: str) -> None:
    channels = (Channel.SMS, Channel.EMAIL) if purpose is Purpose.REMINDER else (Channel.SMS, Channel.LETTER)
    texts = texts_in_use(work.session, work.actor, organisation_id, channels, (purpose,))
    if template_id is not None and template_id not in {template.id for template, _ in texts}:
        raise DomainError("setting.text", say("Choose a text that is approved."), field=field)


def _setting(work: Work) -> MessageSetting:
    organisation_id = work.actor.organisation_id or 0
    found = setting_of(work.session, work.actor, organisation_id)
    if found is None:
        found = MessageSetting(organisation_id=organisation_id)
        work.session.add(found)
    return found


def _keep(work: Work, setting: MessageSetting, before: dict[str, int | None], after: dict[str, int | None]) -> None:
    setting.changed_by, setting.changed_at = work.actor.user_id, work.now
    work.session.flush()
    work.audit("message.setting_changed", setting, before=before, after=after)
