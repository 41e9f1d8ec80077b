"""What agencies of the demo report of payments and hand over: found, differing, matched by hand, open, withdrawn, owed."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from portal.commission.remittance import Handed, announce, record
from portal.demo.asking import held_account
from portal.demo.cast import HOUSES
from portal.foundation.errors import DomainError
from portal.foundation.jobs import run_pending
from portal.foundation.services import services
from portal.foundation.work import reading
from portal.identity.models import Organisation
from portal.portfolio.models import Account
from portal.recovery.models import Attribution, Decision, Payment
from portal.recovery.reported.models import AgencyReceipt, ReportKind, ReportState
from portal.recovery.reported.operations import match_by_hand, report_payment, undo_match, withdraw_report
from portal.recovery.reported.queries import report_for
from portal.recovery.reported.telling import Telling
from portal.vendors.proofs import Proof

if TYPE_CHECKING:
    from datetime import date

    from portal.demo.stage import Stage

__all__ = ["plan_reports"]

LEADERS = {house.code: house.leader.user_name for house in HOUSES}
REPORTING = ("HT", "ZX", "AH")
SLIP = Proof(b"%PDF-1.4\n% slip of the demo\n", "slip.pdf")


class _Posted(NamedTuple):
    """A payment that the bank has posted and credited to a house."""

    ref: str
    account_ref: str
    amount: int
    paid_on: date


def plan_reports(stage: Stage) -> None:
    """What is expected stands on the agenda before it is posted, what was received when the month has been posted."""
    stage.plan(stage.yesterday - timedelta(days=11), 16, 20, partial(_expect_only, stage, "HT", 2, "HT-E-OLD"))
    stage.plan(stage.yesterday - timedelta(days=1), 16, 20, partial(_expect_only, stage, "ZX", 6, "ZX-E-NEW"))
    stage.plan(stage.yesterday - timedelta(days=3), 16, 30, partial(_withdraw, stage, "AH", 3))
    stage.plan(stage.yesterday, 20, 34, partial(_hand_over, stage))
    stage.plan(stage.yesterday, 20, 37, partial(_report, stage))


def _expect_only(stage: Stage, house: str, place: int, reference: str) -> None:
    _expect(stage, house, place, reference)


def _expect(stage: Stage, house: str, place: int, reference: str) -> int | None:
    """The debtor says that it is paid, and nothing has come."""
    with reading(stage.actor("vendor1")) as session:
        found = held_account(stage, house, place)
        ref = session.scalar(sa.select(Account.account_ref).where(Account.id == found[0])) if found else None
    if ref is None:
        return None
    return _tell(
        stage, house, ref, reference, ReportKind.EXPECTED, 1_234_500, _day(stage), "债务人称已通过手机银行还款。"
    )


def _withdraw(stage: Stage, house: str, place: int) -> None:
    reported_id = _expect(stage, house, place, f"{house}-E-TWICE")
    if reported_id is not None:
        withdraw_report(stage.actor(LEADERS[house]), reported_id, "重复登记，以另一笔为准。")


def _report(stage: Stage) -> None:
    """Of what was posted as received by it, a house reports all but the latest (the first house leaves none); of what the bank received, one that differs
    by some cents and one whose day is far from it, which finance matches by hand."""
    for house in REPORTING:
        for number, posted in enumerate(_receipts(stage, house)[house != "HT" : 6]):
            _tell(stage, house, posted.account_ref, f"{house}-R-{number + 1:03d}", ReportKind.RECEIVED, posted.amount,
                  posted.paid_on, "款项已到我司代收账户。")  # fmt: skip
        run_pending(stage.app)
        found = _banked(stage, house)
        if len(found) < 3:
            continue
        near, far, wrong = found[:3]
        _tell(
            stage, house, near.account_ref, f"{house}-E-NEAR", ReportKind.EXPECTED, near.amount + 50, near.paid_on, ""
        )
        distant = _tell(
            stage, house, far.account_ref, f"{house}-E-FAR", ReportKind.EXPECTED, far.amount,
            far.paid_on - timedelta(days=9), "",
        )  # fmt: skip
        taken = _tell(
            stage, house, wrong.account_ref, f"{house}-E-WRONG", ReportKind.EXPECTED, wrong.amount, wrong.paid_on, ""
        )
        run_pending(stage.app)
        finance = stage.actor("finance1")
        if distant is not None and _state(stage, distant) is ReportState.OPEN:
            match_by_hand(finance, distant, far.ref, "债务人提供的回单与该笔入账一致，上报日期有误。")
        if taken is not None and house == "ZX" and _state(stage, taken) is ReportState.MATCHED:
            undo_match(finance, taken, "该笔为自动扣款，并非机构所报款项。")


def _hand_over(stage: Stage) -> None:
    """Some of it is handed over and recorded, some announced, the rest is owed."""
    finance = stage.actor("finance1")
    for house in REPORTING:
        due = sum(posted.amount for posted in _receipts(stage, house))
        if due <= 0:
            continue
        day, organisation_id = _day(stage), _organisation(stage, house)
        handed = Handed(stage.currency, due * 6 // 10 // 100 * 100 or 100, day)
        sent = announce(stage.actor(LEADERS[house]), handed, SLIP)
        if house != "AH":
            record(
                finance,
                organisation_id,
                Handed(handed.currency, handed.amount, day, f"HK{day:%y%m%d}{house}"),
                (),
                sent,
            )


def _tell(
    stage: Stage, house: str, ref: str, reference: str, kind: ReportKind, amount: int, paid_on: date, note: str
) -> int | None:
    received = paid_on if kind is ReportKind.RECEIVED else None
    told = Telling(reference, kind, amount, stage.currency, paid_on, received, "银行转账")
    try:
        return report_payment(stage.actor(LEADERS[house]), ref, told, note)[0]
    except DomainError:
        return None  # the account has gone back meanwhile


def _receipts(stage: Stage, house: str) -> list[_Posted]:
    """What the house received, the latest first."""
    wanted = (
        sa.select(AgencyReceipt.payment_ref, Account.account_ref, AgencyReceipt.amount_minor, AgencyReceipt.paid_on)
        .join(Account, Account.id == AgencyReceipt.account_id)
        .where(AgencyReceipt.organisation_id == _organisation(stage, house), AgencyReceipt.amount_minor > 0)
        .where(AgencyReceipt.currency == stage.currency)
        .order_by(AgencyReceipt.paid_on.desc(), AgencyReceipt.payment_ref)
    )
    with reading(stage.actor("vendor1")) as session:
        return [_Posted(*row) for row in session.execute(wanted)]


def _banked(stage: Stage, house: str) -> list[_Posted]:
    """The latest payments to the bank that a house is credited with."""
    wanted = (
        sa.select(Payment.payment_ref, Account.account_ref, Payment.amount_minor, Payment.paid_on)
        .join(Attribution, Attribution.payment_id == Payment.id)
        .join(Account, Account.id == Payment.account_id)
        .where(Attribution.organisation_id == _organisation(stage, house), Attribution.decision == Decision.CREDITED)
        .where(Payment.received_by == "bank", Payment.reverses_ref.is_(None), Payment.currency == stage.currency)
        .order_by(Payment.paid_on.desc(), Payment.payment_ref)
        .limit(12)
    )
    with reading(stage.actor("vendor1")) as session:
        return [_Posted(*row) for row in session.execute(wanted)]


def _state(stage: Stage, reported_id: int) -> ReportState:
    actor = stage.actor("finance1")
    with reading(actor) as session:
        found: ReportState = report_for(session, actor, reported_id).ReportStanding.state
    return found


def _organisation(stage: Stage, house: str) -> int:
    with reading(stage.actor("vendor1")) as session:
        return int(session.scalars(sa.select(Organisation.id).where(Organisation.code == house)).one())


def _day(stage: Stage) -> date:
    """The day that the demo plays."""
    return services().clock.today(stage.real.time_zone)
