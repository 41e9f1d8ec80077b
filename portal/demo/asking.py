"""What the bank and its agencies ask each other in the demo: answered, refused, overdue, just put."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.contact.requests.operations import Said, ask, close_request, reopen_request, write_message
from portal.contact.requests.thread import Answer, RequestCode
from portal.foundation.errors import DomainError
from portal.foundation.work import reading
from portal.identity.models import Organisation
from portal.placement.models import Placement
from portal.portfolio.models import Account

if TYPE_CHECKING:
    from portal.demo.stage import Stage

__all__ = ["held_account", "plan_requests"]


@dataclass(frozen=True, slots=True)
class _Turn:
    """What somebody does so many days and hours after the question: an answer, words, or (`then`) an end."""

    days: int
    who: str
    text: str = ""
    answer: Answer | None = None
    then: str = ""


@dataclass(frozen=True, slots=True)
class _Question:
    """A question about an account that `house` holds, so many days before the last; `place`: which of its accounts."""

    days_ago: int
    who: str
    house: str
    place: int
    code: RequestCode
    text: str
    turns: tuple[_Turn, ...] = ()


QUESTIONS = (
    _Question(
        12, "ht.leader", "HT", 3, RequestCode.DOCUMENTS, "债务人要求查看领用合约及最近三期账单，请提供复印件。",
        (
            _Turn(1, "vendor1", "已从档案调取，将以加密邮件发送至贵司登记邮箱。", Answer.DONE),
            _Turn(2, "ht.leader", then="close"),
        ),
    ),
    _Question(
        11, "ht.anna", "HT", 7, RequestCode.BALANCE_CHECK, "债务人称上月已还 3000 元，余额未变，请核对。",
        (
            _Turn(1, "finance1", "请补充还款日期及转出银行。", Answer.NEEDS_MORE),
            _Turn(2, "ht.anna", "债务人补充：通过手机银行转账，回单已核对。"),
            _Turn(3, "finance1", "款项已入账，余额将在下一批数据中更新。", Answer.DONE),
        ),
    ),
    _Question(
        10, "zx.chen", "ZX", 2, RequestCode.SETTLEMENT, "债务人可一次性筹措七成，申请减免余下利息。",
        (
            _Turn(1, "vendor1", "未达到合同约定的最低比例，不予减免。", Answer.REFUSED),
            _Turn(2, "zx.chen", "债务人现可筹措八成五，请再次审核。", then="reopen"),
        ),
    ),
    _Question(
        8, "compliance", "ZX", 5, RequestCode.RECORDING, "收到来电投诉，请提供该账户最近一次通话的录音编号。",
        (_Turn(1, "zx.leader", "录音编号 ZX-1182，已存入质检系统。", Answer.DONE), _Turn(2, "compliance", then="close")),
    ),
    _Question(6, "ah.leader", "AH", 4, RequestCode.DOCUMENTS, "户籍地已变更，请提供最新登记地址。"),
    _Question(5, "vendor2", "HT", 11, RequestCode.PROGRESS, "该户金额较大，请说明下一步计划。"),
    _Question(
        4, "bl.ting", "BL", 1, RequestCode.PAYMENT_QUERY, "债务人称款项由亲属代还，请确认是否已入账。",
        (_Turn(1, "finance1", "已核实，由第三方代还，记入该账户。", Answer.GRANTED),),
    ),
    _Question(1, "ht.bo", "HT", 5, RequestCode.HOLD, "债务人住院手术，家属已发来住院证明，申请暂停联系。"),
    _Question(0, "compliance", "HT", 9, RequestCode.RECORDING, "抽检需要：请提供该账户最近一次通话的录音。"),
    _Question(0, "mh.lawyer", "MH", 2, RequestCode.DOCUMENTS, "请提供债权转让及催告记录，用于律师函附件。"),
)  # fmt: skip


def plan_requests(stage: Stage) -> None:
    """Put every question on the agenda, on its day; what follows it is planned when it is put."""
    for number, question in enumerate(QUESTIONS):
        day = stage.yesterday - timedelta(days=question.days_ago)
        stage.plan(day, 14, 5 + number, partial(_put, stage, question, number))


def _put(stage: Stage, question: _Question, number: int) -> None:
    account = held_account(stage, question.house, question.place)
    if account is None:
        return
    account_id, organisation_id = account
    asker = stage.actor(question.who)
    whom = organisation_id if asker.is_bank else None
    request_id = ask(asker, account_id, question.code, Said(question.text), whom)
    put_on = stage.yesterday - timedelta(days=question.days_ago)
    for turn in question.turns:
        stage.plan(put_on + timedelta(days=turn.days), 15, number, partial(_take, stage, request_id, turn))


def _take(stage: Stage, request_id: int, turn: _Turn) -> None:
    actor = stage.actor(turn.who)
    try:
        if turn.then == "close":
            close_request(actor, request_id)
        elif turn.then == "reopen":
            reopen_request(actor, request_id, turn.text)
        else:
            write_message(actor, request_id, Said(turn.text), turn.answer)
    except DomainError:
        return  # the account has gone back meanwhile


def held_account(stage: Stage, house: str, place: int) -> tuple[int, int] | None:
    """One of the accounts that a house holds now, the last where there are not so many."""
    wanted = (
        sa.select(Placement.account_id, Placement.organisation_id)
        .join(Organisation, Organisation.id == Placement.organisation_id)
        .join(Account, Account.id == Placement.account_id)
        .where(Organisation.code == house, Placement.ended_at.is_(None), Placement.accepted_at.is_not(None))
        .order_by(Account.account_ref)
        .limit(place + 1)
    )
    with reading(stage.actor("vendor1")) as session:
        found = session.execute(wanted).all()
    return (found[-1][0], found[-1][1]) if found else None
