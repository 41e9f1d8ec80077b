"""What the demo's agencies arrange with debtors, some of every state: in force, kept, broken, refused, waiting for the bank."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.contact.arrangements.income import Figures, take_down
from portal.contact.arrangements.models import Instalment
from portal.contact.arrangements.operations import approve, draw_up, refuse, withdraw
from portal.contact.arrangements.rules import Kind, Rhythm
from portal.contact.arrangements.terms import Wish
from portal.demo.stage import month_before
from portal.foundation.errors import DomainError
from portal.foundation.services import services
from portal.foundation.work import reading
from portal.identity.models import Organisation
from portal.placement.models import Placement
from portal.portfolio.models import Account, AccountStatus, Hold
from portal.vendors.models import PlacementKind
from portal.vendors.proofs import Proof

if TYPE_CHECKING:
    from portal.demo.stage import Stage

__all__ = ["arrange_early", "arrange_late", "arrange_meanwhile"]

AGENCY, COLLECTOR, LEADER, CHECKER = "HT", "ht.anna", "ht.leader", "vendor2"
LEAST = 500_000  # minor units; for less nobody draws up a plan
WAGE_SLIP = Proof(b"%PDF-1.4\n% made up for the demo: a wage slip\n", "wages.pdf")
ALL = 60
# What is arranged first: parts, their rhythm, why the debtor is behind, and how many parts will be paid. Payments are
# posted at a month's end, so that is when those fall due that are kept.
PLANS: tuple[tuple[int, Rhythm, str, int], ...] = (
    (3, Rhythm.MONTHLY, "lost_income", ALL),
    (12, Rhythm.MONTHLY, "over_indebted", ALL),
    (6, Rhythm.MONTHLY, "illness", 1),
    (10, Rhythm.FORTNIGHTLY, "forgot", 0),
)
SETTLEMENTS: tuple[tuple[int, int], ...] = ((85, ALL), (90, 0))  # percent of the balance, parts that will be paid


def arrange_early(stage: Stage) -> None:
    """In the second month: plans and settlements that are agreed to at once, and are kept or broken since."""
    first_on = month_before(_today(), -1) - timedelta(days=1)
    accounts = _accounts(stage, 3, len(PLANS) + len(SETTLEMENTS))
    for account, (parts, rhythm, reason, pays) in zip(accounts, PLANS, strict=False):
        wish = Wish(
            kind=Kind.INSTALMENTS, parts=parts, rhythm=rhythm, first_on=first_on, reason_behind=reason,
            reason="工资每月月底发放，可按期还款",
        )  # fmt: skip
        _agreed(stage, account, wish, pays)
    for account, (percent, pays) in zip(accounts[len(PLANS) :], SETTLEMENTS, strict=False):
        wish = Wish(
            kind=Kind.SETTLEMENT, agreed_minor=-(-account.total_minor * percent // 100), first_on=first_on,
            reason_behind="other", reason="家人愿意一次性代偿",
        )  # fmt: skip
        _agreed(stage, account, wish, pays)


def arrange_meanwhile(stage: Stage) -> None:
    """Ten days before the end: what the bank consented to and refused, what lapses, and a plan of which a part is late."""
    today, accounts = _today(), _accounts(stage, 14, 4)
    for account, percent in zip(accounts[:2], (60, 30), strict=False):
        wish = Wish(
            kind=Kind.SETTLEMENT, agreed_minor=account.total_minor * percent // 100, first_on=today + timedelta(days=20),
            reason_behind="other", reason="一次性结清，请批准减免比例", valid_until=today + timedelta(days=14),
        )  # fmt: skip
        number = _draw(stage, account, wish)
        if number is not None and percent == 60:
            approve(stage.actor(CHECKER), number, account.total_minor * 70 // 100, None, "不低于七成，限两周内还清")
        elif number is not None:
            refuse(stage.actor(CHECKER), number, "减免比例过高，且未见困难证明")
    for account in accounts[2:3]:
        _draw(
            stage, account, replace(_plan(9), first_on=today + timedelta(days=8), valid_until=today + timedelta(days=5))
        )
    for account in accounts[3:]:
        _agreed(stage, account, replace(_plan(6), first_on=stage.today - timedelta(days=2)), 0)


def arrange_late(stage: Stage) -> None:
    """On the last evening: what waits for the bank, with what a debtor lives on; what is offered, agreed and taken back."""
    first_on = _today() + timedelta(days=15)
    accounts = _accounts(stage, 24, 6)
    if not accounts:
        return
    earns = {"wages": 680_000, "family": 50_000}
    needs = {"housing": 260_000, "food": 180_000, "school": 90_000, "medical": 60_000}
    take_down(stage.actor(COLLECTOR), accounts[0].id, Figures(3, earns | needs), [WAGE_SLIP])
    for number, account in enumerate(accounts):
        total = account.total_minor
        wish = (
            Wish(kind=Kind.INSTALMENTS, parts=36, first_on=first_on, reason_behind="lost_income",
                 reason="停薪半年后复工，月余有限"),
            Wish(kind=Kind.SETTLEMENT, agreed_minor=total * 55 // 100, first_on=first_on, reason_behind="abroad",
                 reason="在境外工作，年内仅能汇款一次"),
            Wish(kind=Kind.WAIVER, waive_interest_minor=account.interest_minor // 2, waive_fees_minor=account.fees_minor,
                 first_on=first_on, reason_behind="forgot", reason="首次逾期，申请免除违约金和部分利息"),
            Wish(kind=Kind.SETTLEMENT, agreed_minor=-(-total * 90 // 100), first_on=first_on, reason_behind="other",
                 reason="亲属愿协助结清"),
            replace(_plan(9), first_on=first_on),
            replace(_plan(4), first_on=first_on),
        )[number]  # fmt: skip
        made = _draw(stage, account, wish, agreed=number == 4)
        if number == 5 and made is not None:
            withdraw(stage.actor(LEADER), made, "债务人改为一次性还清")


def _plan(parts: int) -> Wish:
    return Wish(
        kind=Kind.INSTALMENTS, parts=parts, first_on=None, reason_behind="illness", reason="出院后恢复工作，可分期"
    )


def _today() -> date:
    return services().clock.today()


def _accounts(stage: Stage, skip: int, count: int) -> list[Account]:
    """Accounts that the agency holds and that nothing stands against."""
    held = sa.exists().where(Hold.customer_id == Account.customer_id, Hold.released_at.is_(None))
    wanted = (
        sa.select(Account)
        .join(Placement, Placement.account_id == Account.id)
        .join(Organisation, Organisation.id == Placement.organisation_id)
        .where(Organisation.code == AGENCY, Placement.kind == PlacementKind.COLLECTION)
        .where(Placement.ended_at.is_(None), Placement.accepted_at.is_not(None), ~held)
        .where(Account.total_minor > LEAST, Account.interest_minor > 0, Account.fees_minor > 0)
        .where(Account.status == AccountStatus.OPEN, Account.currency == stage.currency)
        .order_by(Account.account_ref)
        .offset(skip)
        .limit(count)
    )
    with reading(stage.actor("vendor1")) as session:
        found = list(session.scalars(wanted))
        session.expunge_all()
        return found


def _draw(stage: Stage, account: Account, wish: Wish, *, agreed: bool = False) -> int | None:
    """None where something stands against it by now."""
    try:
        return draw_up(stage.actor(COLLECTOR), account.id, wish, agreed=agreed)
    except DomainError:
        return None


def _agreed(stage: Stage, account: Account, wish: Wish, pays: int) -> None:
    """In force from today; the debtor will pay so many of its parts, and nothing else."""
    number = _draw(stage, account, wish, agreed=True)
    if number is None:
        return
    with reading(stage.actor("vendor1")) as session:
        parts = session.execute(
            sa.select(Instalment.due_on, Instalment.amount_minor)
            .where(Instalment.arrangement_id == number)
            .order_by(Instalment.number)
            .limit(pays)
        )
        stage.arranged[account.account_ref] = [(row[0], row[1]) for row in parts]
