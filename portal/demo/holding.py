"""Compliance at work in the demo: holds that are raised and released, and looks at a person's data that are recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.contact.holds import operations as holds
from portal.demo.asking import held_account
from portal.demo.vouching import made_up_scan
from portal.foundation.work import reading
from portal.portfolio.models import Account, Customer, Hold, HoldFlag
from portal.portfolio.operations import raise_hold, release_hold
from portal.portfolio.reveal import reveal_name

if TYPE_CHECKING:
    from portal.demo.stage import Stage

__all__ = ["let_go", "prove_hardship", "put_on_hold"]

CASES = (
    (HoldFlag.DISPUTE, "书面对违约金提出异议", False),
    (HoldFlag.HARDSHIP, "已提交住院证明", True),
    (HoldFlag.REPRESENTED, "收到代理律师来函", True),
)


def put_on_hold(stage: Stage, month: int) -> None:
    """A handful of accounts are put on hold; the officer looks whose they are."""
    officer = stage.actor("compliance")
    owing = sa.select(Account.id, Account.customer_id).where(
        Account.currency == stage.currency, Account.total_minor > 0
    )
    wanted = owing.order_by(Account.account_ref)
    with reading(officer) as session:
        accounts = session.execute(wanted.offset(17 + month * 5).limit(200)).all()
    for (flag, reason, whole_person), account in zip(CASES, accounts[:: max(len(accounts) // 3, 1)], strict=False):
        reveal_name(officer, account.customer_id)
        raise_hold(officer, account.id, flag, reason, whole_person=whole_person)


def let_go(stage: Stage) -> None:
    """The oldest dispute was settled."""
    officer = stage.actor("compliance")
    wanted = (
        sa.select(Hold.id)
        .join(Customer, Customer.id == Hold.customer_id)
        .where(Hold.flag == HoldFlag.DISPUTE, Hold.released_at.is_(None), Hold.raised_by.is_not(None))
        .order_by(Hold.id)
        .limit(1)
    )
    with reading(officer) as session:
        hold_id = session.scalar(wanted)
    if hold_id is not None:
        release_hold(officer, hold_id, "已答复，持卡人书面确认无异议")


def prove_hardship(stage: Stage) -> None:
    """A collector hears of an illness and puts the account on hold, with what the family has sent."""
    held = held_account(stage, "HT", 10)
    if held is not None:
        scan = made_up_scan("hospital", "Certificate of a stay in hospital")
        holds.put_on_hold(stage.actor("ht.bo"), held[0], HoldFlag.HARDSHIP, "住院证明已收到", scan)
