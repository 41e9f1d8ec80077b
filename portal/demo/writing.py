"""Words to debtors in the demo: texts that are approved, wait or were refused; messages, reminders, notices, and the outbox that
the bank takes away once a week."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.contact.messages.dispatch import ask_export, record_result
from portal.contact.messages.models import MessageState, MessageTemplate, OutgoingMessage
from portal.contact.messages.operations import send_message
from portal.contact.messages.reminders import draw_reminders
from portal.contact.messages.settings import choose_notice, choose_reminders
from portal.contact.messages.texts import Content, TextDetails, approve_text, make_text, refuse_text, submit_text
from portal.contact.models import Channel
from portal.contact.wording import Purpose
from portal.demo.cast import HOUSES
from portal.foundation.access import OrganisationKind
from portal.foundation.daily import portal_itself
from portal.foundation.errors import DomainError, NotFound
from portal.foundation.jobs import run_pending
from portal.foundation.work import reading
from portal.placement.models import Placement
from portal.portfolio.models import ContactKind, ContactPoint
from portal.vendors.models import PlacementKind

if TYPE_CHECKING:
    from datetime import date

    from portal.demo.stage import Stage
    from portal.foundation.access import Actor

__all__ = ["keep_texts", "leave_texts_waiting", "remind", "take_outbox", "write"]

NOTICE = (
    "【{bank}】{name}您好：您尾号{account_tail}的信用卡账户截至{as_of}逾期{days_past_due}天，我行已于{placed_on}委托{agency}（电话{phone}）"
    "与您联系还款事宜。如有疑问请致电我行客服{bank_phone}。"
)
DEMAND = (
    "【{bank}】{name}您好，{agency}（工号{staff_number}）受{bank}委托提醒您：尾号{account_tail}的信用卡截至{as_of}应还{amount}，"
    "请尽快还款。如已还款请忽略，疑问请致电{phone}。"
)
CONTACT = "【{bank}】{name}您好，{agency}（工号{staff_number}）受{bank}委托与您联系，请于工作时间致电{phone}。"
REMINDER = "【{bank}】{name}您好，{agency}受{bank}委托提醒您：您承诺于{promise_on}前还款{promise_amount}。如已还款请忽略，咨询{phone}。"
OPENING = "您好，请问是{name}吗？这里是{agency}，我的工号是{staff_number}，受{bank}委托与您联系。为保护您的信息，先核对一下您的身份。"
ENGLISH = (
    "Dear {name}, this is {agency} (staff {staff_number}), acting on behalf of {bank}. {amount} on your card ending "
    "{account_tail} was overdue as of {as_of}. Please pay, or call us on {phone}."
)
WAITS = DEMAND + "您也可与我司协商分期还款方案。"
SUIT = DEMAND + "逾期未还的，{bank}保留通过诉讼解决的权利。"
REFUSED = "【{bank}】{name}您好，{agency}（工号{staff_number}）受{bank}委托联系您，请务必当天致电{phone}。"
THREAT = "您好，{agency}（工号{staff_number}）受{bank}委托通知：再不还款，将通知您的单位，后果自负。{phone}"
WRITERS = ("HT", "ZX")
LEADERS = {house.code: house.leader.user_name for house in HOUSES if house.kind is OrganisationKind.AGENCY}
STAFF = {house.code: tuple(p.user_name for p in house.collectors) for house in HOUSES}
SENT_A_DAY = 2


def keep_texts(stage: Stage) -> None:
    """Before the first batch goes: the bank's notice, and of two agencies what they send, say and remind with."""
    bank = stage.actor("vendor1")
    choose_notice(bank, _approved(stage, bank, "NOTICE-01", "委托催收告知短信", NOTICE, Purpose.NOTICE))
    for code in WRITERS:
        leader = stage.actor(LEADERS[code])
        _approved(stage, leader, "SMS-01", "催款短信", DEMAND, Purpose.DEMAND)
        _approved(stage, leader, "SMS-02", "请回电短信", CONTACT, Purpose.CONTACT)
        _approved(stage, leader, "SMS-03", "Demand in English", ENGLISH, Purpose.DEMAND, language="en")
        _approved(stage, leader, "CALL-01", "通话开场白", OPENING, Purpose.OPENING, Channel.CALL)
        reminder = _approved(stage, leader, "SMS-04", "承诺到期提醒", REMINDER, Purpose.REMINDER)
        if code == "HT":
            choose_reminders(leader, 1, reminder)


def leave_texts_waiting(stage: Stage) -> None:
    """What the bank finds on the last evening: two that wait, one of them to be judged; one that it has refused; and a draft
    that the rules forbid."""
    for code, user, text, name in (("SMS-11", "HT", WAITS, "分期协商短信"), ("SMS-12", "ZX", SUIT, "诉讼提示短信")):
        submit_text(stage.actor(LEADERS[user]), _written(stage.actor(LEADERS[user]), code, name, text))
    leader = stage.actor(LEADERS["AH"])
    refused = _written(leader, "SMS-01", "当日回电短信", REFUSED, Purpose.CONTACT)
    submit_text(leader, refused)
    refuse_text(stage.actor("compliance"), refused, 1, "“务必当天”没有依据，请改为工作时间回电。")
    _written(stage.actor(LEADERS["BL"]), "SMS-01", "催款短信", THREAT)


def write(stage: Stage, day: date) -> None:
    """Some of the day's messages: an approved text to a debtor's first number."""
    for code in WRITERS:
        dice = stage.dice("write", code, day)
        _write_some(stage.actor(dice.choice(STAFF[code])), dice.randrange(10_000))


def _write_some(staff: Actor, start: int) -> None:
    with reading(staff) as session:
        texts = _texts(staff)
        held = session.execute(_held(staff)).all()
    for n in range(min(SENT_A_DAY, len(held))):
        account_id, point = held[(start + n * 7) % len(held)]
        try:
            send_message(staff, account_id, texts[(start + n) % len(texts)], 1, point)
        except (DomainError, NotFound):
            continue  # a hold, a landline, or no longer theirs


def _texts(staff: Actor) -> list[int]:
    with reading(staff) as session:
        mine = sa.select(MessageTemplate.id).where(
            MessageTemplate.organisation_id == staff.organisation_id,
            MessageTemplate.purpose.in_((Purpose.DEMAND, Purpose.CONTACT)),
            MessageTemplate.version_in_use.is_not(None),
        )
        return list(session.scalars(mine.order_by(MessageTemplate.code)))


def _held(staff: Actor) -> sa.Select[tuple[int, int]]:
    """Accounts that the agency holds, each with the debtor's first telephone."""
    phone = (
        sa.select(sa.func.min(ContactPoint.id))
        .where(ContactPoint.customer_id == Placement.customer_id, ContactPoint.kind == ContactKind.PHONE)
        .where(ContactPoint.relation == "self")
        .correlate(Placement)
        .scalar_subquery()
    )
    return (
        sa.select(Placement.account_id, phone)
        .where(Placement.organisation_id == staff.organisation_id, Placement.kind == PlacementKind.COLLECTION)
        .where(Placement.accepted_at.is_not(None), Placement.ended_at.is_(None), phone.is_not(None))
        .order_by(Placement.account_id)
        .limit(500)
    )


def remind(stage: Stage) -> None:
    """What the worker does by itself in the morning; the bank takes reminders to its gateway the same day, since they are of
    no use behind the promised one."""
    actor = portal_itself("cli")
    if actor is not None:
        drawn, _left = draw_reminders(actor)
        run_pending(stage.app)
        if drawn:
            take_outbox(stage)


def take_outbox(stage: Stage) -> None:
    """The bank takes the outbox to its gateway, which says what was delivered."""
    bank = stage.actor("vendor1")
    try:
        ask_export(bank)
    except DomainError:
        return  # nothing waits
    run_pending(stage.app)
    gone = sa.select(OutgoingMessage.id).where(
        OutgoingMessage.state == MessageState.EXPORTED, OutgoingMessage.purpose != Purpose.NOTICE
    )
    with reading(bank) as session:
        ids = session.scalars(gone.order_by(OutgoingMessage.id)).all()
    for number, message_id in enumerate(ids):
        if number % 5 != 4:  # of some nothing is heard
            record_result(bank, message_id, delivered=number % 9 != 2)


def _approved(
    stage: Stage, writer: Actor, code: str, name: str, text: str, purpose: Purpose, channel: Channel = Channel.SMS,
    language: str = "zh_Hans",
) -> int:  # fmt: skip
    template_id = _written(writer, code, name, text, purpose, channel, language)
    submit_text(writer, template_id)
    approve_text(stage.actor("compliance"), template_id, 1)
    return template_id


def _written(
    writer: Actor, code: str, name: str, text: str, purpose: Purpose = Purpose.DEMAND, channel: Channel = Channel.SMS,
    language: str = "zh_Hans",
) -> int:  # fmt: skip
    return make_text(writer, TextDetails(code, name, channel, purpose, language), Content(text))
