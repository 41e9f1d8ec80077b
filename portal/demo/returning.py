"""The way back in the demo: terms that are reached, objections, returns, a compliance recall, certificates, an exit."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.demo.placing import LEADERS
from portal.foundation.daily import ask_for_due
from portal.foundation.jobs import run_pending
from portal.foundation.services import services
from portal.foundation.work import reading
from portal.identity.models import Organisation
from portal.placement.certificates import Confirmation, confirm
from portal.placement.codes import ClosureCode, ObjectionReason, RecallCategory, RecallReason
from portal.placement.exits import plan_exit, submit_exit
from portal.placement.leaving_models import Certificate, CertificateDuty
from portal.placement.models import Placement
from portal.placement.objections import answer_objections, ask_retention, object_to_recall
from portal.placement.recall_models import Objection, ObjectionState, RecallLine, RecallLineState
from portal.placement.recalls import Wish, ask_recall, carry_out
from portal.placement.returns import return_placements
from portal.portfolio.operations import ACCOUNTS
from portal.portfolio.waiting import receive_waiting
from portal.vendors.models import PlacementKind

if TYPE_CHECKING:
    from portal.demo.stage import Stage
    from portal.foundation.access import Actor

__all__ = [
    "ask_to_keep", "confirm_certificates", "decide_objections", "do_what_is_due", "give_back", "object_to_term", "plan_leave",
    "recall_some", "receive_branch_file",
]  # fmt: skip

BRANCH_FILE = (
    "合同号,客户号,姓名,手机,身份证,卡尾号,剩余本金,剩余利息,滞纳金,逾期日数,最近还款日\n"
    "BR-20001,BRC-1,邹文静,13800138021,,4417,\"12,045.10\",830.25,120.00,47,2005/05/12\n"
    "BR-20002,BRC-2,许光远,13800138022,,9026,\"3,310.00\",96.40,0.00,33,2005/06/02\n"
    "BR-20003,BRC-3,Anastasia Ivanova,13800138023,,1180,\"88,912.77\",4021.00,350.00,128,\n"
)  # fmt: skip


def do_what_is_due(stage: Stage) -> None:
    """What a worker would do by itself in the night: unanswered batches, terms, last days."""
    if ask_for_due():
        run_pending(stage.app)


def give_back(stage: Stage, code: str, most: int) -> None:
    """An agency gives a few accounts back, each kind of them with its code."""
    leader = stage.actor(LEADERS[code])
    codes = (ClosureCode.SKIP, ClosureCode.REFUSED, ClosureCode.EXHAUSTED)
    for number, placement in enumerate(_live(leader, most)):
        return_placements(leader, [placement], codes[number % len(codes)])


def object_to_term(stage: Stage, code: str) -> None:
    """An agency asks for more days for two of the accounts that are about to go."""
    leader = stage.actor(LEADERS[code])
    pending = sa.select(RecallLine.id).where(RecallLine.state == RecallLineState.PENDING)
    with reading(leader) as session:
        lines = session.scalars(pending.order_by(RecallLine.id).limit(2)).all()
    for line, reason, days in zip(lines, (ObjectionReason.PROMISE, ObjectionReason.PLAN), (14, 21), strict=False):
        object_to_recall(leader, [line], reason, days)


def decide_objections(stage: Stage, checker: str) -> None:
    """The bank grants the first and refuses the rest."""
    bank = stage.actor(checker)
    with reading(bank) as session:
        open_ones = session.scalars(
            sa.select(Objection.id).where(Objection.state == ObjectionState.OPEN).order_by(Objection.id)
        ).all()
    for number, objection in enumerate(open_ones):
        granted, words = (10, "承诺在期内，准予延期") if number == 0 else (None, "无还款迹象，按期收回")
        answer_objections(bank, [objection], granted, words)


def recall_some(
    stage: Stage, code: str, most: int, reason: RecallReason, *, category: RecallCategory = RecallCategory.STRATEGIC,
    within: int | None = None, checker: str = "",
) -> None:  # fmt: skip
    """The bank asks for a few accounts back, the largest first; the checker, where there is one, carries it out."""
    asker = stage.actor("vendor1")
    with reading(asker) as session:
        organisation = session.scalar(sa.select(Organisation.id).where(Organisation.code == code))
    final_on = None if within is None else stage.today + timedelta(days=within)
    wish = Wish(reason, category, final_on=final_on)
    chosen = _live(asker, most, organisation)
    if not chosen:
        return
    for recall in ask_recall(asker, wish, placement_ids=chosen):
        if checker:
            carry_out(stage.actor(checker), recall)


def ask_to_keep(stage: Stage, code: str) -> None:
    """An agency asks to keep a few accounts past their term."""
    leader = stage.actor(LEADERS[code])
    placements = _live(leader, 5)
    if placements:
        ask_retention(leader, 30, "分期协商中，客户已交首期资料", placement_ids=placements)


def confirm_certificates(stage: Stage, code: str) -> None:
    """An agency confirms what it has returned and deleted."""
    leader = stage.actor(LEADERS[code])
    open_ones = sa.select(CertificateDuty.id).where(~sa.exists().where(Certificate.duty_id == CertificateDuty.id))
    with reading(leader) as session:
        duties = session.scalars(open_ones.order_by(CertificateDuty.id)).all()
    for duty in duties:
        confirm(
            leader, duty,
            Confirmation(
                returned="案件资料、催记及通话录音索引经专线回传银行",
                deleted="作业系统与报表中的个人信息、外呼名单",
                methods=("returned_files", "system_erased", "phones_cleared", "backups_erased"),
                carried_out_by=leader.name,
                carried_out_on=services().clock.today(),
            ),
        )  # fmt: skip


def plan_leave(stage: Stage, code: str, days: int) -> None:
    """The bank plans the exit of an agency; another person has to approve it."""
    maker = stage.actor("vendor1")
    with reading(maker) as session:
        organisation = session.scalar(sa.select(Organisation.id).where(Organisation.code == code))
    if organisation is not None:
        row = plan_exit(
            maker, organisation, stage.today + timedelta(days=days), "合作评级连续两季为末位，协议到期不再续签"
        )
        submit_exit(maker, row)


def receive_branch_file(stage: Stage) -> None:
    """A branch's own list has been sent in and waits for somebody to say how it is to be read."""
    receive_waiting(stage.actor("vendor1"), ACCOUNTS, io.BytesIO(BRANCH_FILE.encode("gb18030")), "分行补充案件.csv")


def _live(actor: Actor, most: int, organisation: int | None = None) -> list[int]:
    """Accepted live placements of collection, the largest first."""
    wanted = sa.select(Placement.id).where(
        Placement.kind == PlacementKind.COLLECTION, Placement.accepted_at.is_not(None), Placement.ended_at.is_(None)
    )
    if organisation is not None:
        wanted = wanted.where(Placement.organisation_id == organisation)
    with reading(actor) as session:
        return list(session.scalars(wanted.order_by(Placement.placed_total_minor.desc(), Placement.id).limit(most)))
