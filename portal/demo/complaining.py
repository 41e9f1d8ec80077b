"""Complaints in the demo: some decided, one late, one that its agency is asked about, one that nobody has taken yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING

from portal.contact.complaints.codes import Category, Outcome, Source
from portal.contact.complaints.operations import (
    Heard,
    ask_organisation,
    close_complaint,
    move_deadline,
    note_complaint,
    raise_complaint,
    reply_to_question,
)
from portal.contact.requests.operations import Said
from portal.demo.asking import held_account
from portal.demo.stage import MONTHS, month_before
from portal.foundation.errors import DomainError
from portal.foundation.money import Money
from portal.foundation.services import services

if TYPE_CHECKING:
    from portal.demo.stage import Stage

__all__ = ["plan_complaints"]


@dataclass(frozen=True, slots=True)
class _Turn:
    """What follows so many days later: a note, a question, a reply, more days, or the decision."""

    days: int
    does: str
    text: str
    who: str = "compliance"
    outcome: Outcome = Outcome.REJECTED
    paid: int = 0  # whole units of the currency


@dataclass(frozen=True, slots=True)
class _Case:
    """A complaint about an account that `house` holds; `of_bank`: about the bank itself."""

    who: str
    house: str
    place: int
    category: Category
    source: Source
    text: str
    turns: tuple[_Turn, ...] = ()
    of_bank: bool = False


EARLIER = (
    _Case(
        "compliance", "HT", 6, Category.FREQUENCY, Source.REGULATOR, "12378 热线转来：债务人称一天内接到多个催收电话。",
        (
            _Turn(1, "ask", "请核对当日全部拨打记录并说明情况。"),
            _Turn(2, "reply", "当日共拨打四次，其中两次无人接听，已对当班人员作出提醒。", "ht.leader"),
            _Turn(9, "close", "拨打次数超过规定，投诉成立；已致歉并给予补偿。", outcome=Outcome.UPHELD, paid=200),
        ),
    ),
    _Case(
        "compliance", "ZX", 4, Category.AMOUNT, Source.LETTER, "债务人书面对违约金计算提出异议。",
        (
            _Turn(2, "note", "已调取合约条款及计息明细，计算无误。"),
            _Turn(6, "close", "违约金按合约计算，投诉不成立，已书面答复。"),
        ),
        of_bank=True,
    ),
    _Case(
        "zx.leader", "ZX", 8, Category.PRIVACY, Source.PHONE, "债务人来电称其同事得知欠款情况，要求说明。",
        (
            _Turn(3, "ask", "请提供与第三人通话的录音编号。"),
            _Turn(4, "reply", "录音编号 ZX-2207，通话中仅请求转告回电。", "zx.leader"),
            _Turn(11, "close", "未披露欠款金额，但表述不当，部分成立。", outcome=Outcome.PARTLY, paid=100),
        ),
    ),
)  # fmt: skip
LATELY = (  # with the days before the last
    (17, _Case(
        "compliance", "HT", 13, Category.BEHAVIOUR, Source.APP, "债务人在手机应用留言：催收员语气粗暴。",
        (_Turn(2, "note", "已申请调听录音，等待质检结果。"),),
    )),
    (16, _Case(
        "compliance", "BL", 3, Category.PAYMENT, Source.BRANCH, "债务人到网点反映：还款两周仍未入账。",
        (_Turn(5, "later", "跨行转账凭证待对方银行回函。"),),
    )),
    (6, _Case("ht.anna", "HT", 2, Category.HOURS, Source.PHONE, "债务人称早上七点接到催收短信。")),
    (4, _Case(
        "compliance", "AH", 6, Category.THIRD_PARTY, Source.REGULATOR, "监管转办：债务人父母接到催收电话。",
        (_Turn(3, "ask", "请说明号码来源及通话内容，并提供录音编号。"),),
    )),
)  # fmt: skip


def plan_complaints(stage: Stage) -> None:
    """Put every complaint on the agenda, a month's own and those of the last weeks; what follows is planned with it."""
    for month, case in enumerate(EARLIER[:MONTHS]):
        day = month_before(stage.today, MONTHS - month) + timedelta(days=9)
        stage.plan(day, 9, 30, partial(_raise, stage, case, day))
    for number, (days_ago, case) in enumerate(LATELY):
        day = stage.yesterday - timedelta(days=days_ago)
        stage.plan(day, 10, 10 + number, partial(_raise, stage, case, day))


def _raise(stage: Stage, case: _Case, day: date) -> None:
    held = held_account(stage, case.house, case.place)
    if held is None:
        return
    account_id, organisation_id = held
    heard = Heard(case.category, case.source, services().clock.today(), None if case.of_bank else organisation_id)
    complaint_id = raise_complaint(stage.actor(case.who), account_id, heard, Said(case.text))
    for turn in case.turns:
        stage.plan(day + timedelta(days=turn.days), 16, 20, partial(_take, stage, complaint_id, turn))


def _take(stage: Stage, complaint_id: int, turn: _Turn) -> None:
    actor, said = stage.actor(turn.who), Said(turn.text)
    try:
        if turn.does == "note":
            note_complaint(actor, complaint_id, said)
        elif turn.does == "ask":
            ask_organisation(actor, complaint_id, said)
        elif turn.does == "reply":
            reply_to_question(actor, complaint_id, said)
        elif turn.does == "later":
            move_deadline(actor, complaint_id, services().clock.today() + timedelta(days=30), turn.text)
        else:
            paid = Money(turn.paid * 100, stage.currency) if turn.paid else None
            close_complaint(actor, complaint_id, turn.outcome, turn.text, paid)
    except DomainError:
        return  # the account has gone back meanwhile
