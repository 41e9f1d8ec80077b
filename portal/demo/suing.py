"""Suits of the demo: a few matters of one firm, at different stages, with hearings behind and ahead, costs and a document."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from letters import render_document
from portal.commission.charging import approve_charge
from portal.demo.cast import HOUSES
from portal.foundation.money import format_amount
from portal.foundation.services import services
from portal.foundation.visibility import visible
from portal.foundation.work import reading
from portal.legal.matters import costs, hearings, queries
from portal.legal.matters.course import Said
from portal.legal.matters.documents import add_document
from portal.legal.matters.hearings import Summons
from portal.legal.matters.models import CostKind, DocumentKind, Hearing, HearingKind, MatterCost
from portal.legal.matters.operations import Opening, add_step, open_matter
from portal.legal.matters.stages import Outcome, Stage
from portal.placement.models import Placement
from portal.portfolio.models import Account
from portal.vendors.models import PlacementKind
from portal.vendors.proofs import Proof

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from portal.demo.stage import Stage as DemoStage

__all__ = ["FIRM", "MATTERS", "plan_suits"]

FIRM = "MH"
MATTERS = 6  # accounts that are placed for litigation; one of them is not sued for yet
LAWYER, ASSISTANT = (person.user_name for house in HOUSES if house.code == FIRM for person in house.people)
COURTS = ("上海市浦东新区人民法院", "上海市静安区人民法院")
ROOMS = ("第三法庭", "第十二法庭")


def plan_suits(stage: DemoStage, begins: date) -> None:
    """What the firm does with its accounts from this day on. Days that lie on the business date or behind it are left out."""
    numbers: dict[int, int] = {}

    def on(days: int, hour: int, minute: int, deed: Callable[..., Any], *given: Any) -> None:
        stage.plan(begins + timedelta(days=days), hour, minute, partial(deed, stage, numbers, *given))

    on(0, 9, 40, _open)
    for place in range(4):
        on(2 + place, 10, 5, _step, place, Stage.FILED)
        on(8 + place, 10, 5, _step, place, Stage.ACCEPTED)
        on(8 + place, 11, 5, _ask, place, CostKind.COURT_FEE, 420 + 85 * place, "案件受理费，按诉讼费用交纳办法")
    for place in range(3):
        on(10 + place, 15, 5, _approve, place)
    for place in range(2):
        on(13 + place, 9, 35, _pay, place)
    on(15, 16, 5, _check_receipt, 0)
    on(9, 11, 25, _document, 0)
    on(12, 9, 20, _fix, 0, HearingKind.TRIAL, 30, 9)
    on(13, 9, 20, _fix, 1, HearingKind.MEDIATION, 26, 14)
    on(14, 9, 20, _fix, 2, HearingKind.TRIAL, 40, 10)
    on(26, 16, 30, _hold, 1)
    on(27, 10, 10, _step, 1, Stage.MEDIATED)
    on(44, 10, 10, _close, 1, Outcome.SETTLED)
    on(30, 12, 30, _hold, 0)
    on(36, 14, 5, _move, 2)
    on(47, 14, 20, _step, 0, Stage.JUDGMENT)
    on(66, 10, 30, _step, 0, Stage.ENFORCEMENT)
    on(66, 10, 50, _ask, 0, CostKind.ENFORCEMENT_FEE, 260, "申请强制执行费")
    on(60, 9, 20, _fix_ahead, 3)


def _open(stage: DemoStage, numbers: dict[int, int]) -> None:
    """All but the last of the accounts; what is not owed any more by then is none."""
    lawyer = stage.actor(LAWYER)
    with reading(lawyer) as session:
        wanted = (
            visible(Account, lawyer)
            .join(Placement, Placement.account_id == Account.id)
            .where(Placement.kind == PlacementKind.LITIGATION, Placement.ended_at.is_(None), Account.total_minor > 0)
            .order_by(Account.id)
            .limit(MATTERS - 1)
        )
        accounts = [(a.id, format_amount(a.total_minor, a.currency)) for a in session.scalars(wanted)]
    for place, (account_id, owed) in enumerate(accounts):
        opening = Opening(owed, lawyer.user_id or 0, services().clock.today(), COURTS[place % 2])
        numbers[place] = open_matter(lawyer, account_id, opening)


def _step(stage: DemoStage, numbers: dict[int, int], place: int, to: Stage) -> None:
    if place not in numbers:
        return
    today, number = services().clock.today(), 10_235 + 417 * place
    case = {
        Stage.ACCEPTED: f"({today.year})沪01{15 - place % 2 * 9:02d}民初{number}号",
        Stage.ENFORCEMENT: f"({today.year})沪0115执{number // 7}号",
    }
    awarded = _claimed(stage, numbers[place]) if to in (Stage.JUDGMENT, Stage.MEDIATED) else ("", "", "", "")
    said = Said(to, today, COURTS[place % 2], case.get(to, ""), awarded=awarded)
    add_step(stage.actor(ASSISTANT), numbers[place], said)


def _close(stage: DemoStage, numbers: dict[int, int], place: int, outcome: Outcome) -> None:
    if place in numbers:
        said = Said(Stage.CLOSED, services().clock.today(), note="调解书已履行完毕", outcome=outcome)
        add_step(stage.actor(LAWYER), numbers[place], said)


def _claimed(stage: DemoStage, matter_id: int) -> tuple[str, str, str, str]:
    """All of it, with a court fee."""
    with reading(stage.actor(LAWYER)) as session:
        matter = queries.matter_for(session, stage.actor(LAWYER), matter_id)
        return format_amount(matter.claimed_minor, matter.currency), "0", "0", "420"


# --- hearings -----------------------------------------------------------------------------------------------------------


def _fix(stage: DemoStage, numbers: dict[int, int], place: int, kind: HearingKind, days: int, hour: int) -> None:
    """So many days behind the beginning of the suits, which was two weeks before the first acceptance."""
    if place in numbers:
        day = _begun(stage, numbers[place]) + timedelta(days=days)
        hearings.fix_hearing(stage.actor(ASSISTANT), numbers[place], kind, _summons(stage, place, day, hour))


def _fix_ahead(stage: DemoStage, numbers: dict[int, int], place: int) -> None:
    """A day that is still to come when the demo is looked at."""
    if place in numbers:
        summons = _summons(stage, place, stage.today + timedelta(days=4), 9)
        hearings.fix_hearing(stage.actor(ASSISTANT), numbers[place], HearingKind.TRIAL, summons)


def _move(stage: DemoStage, numbers: dict[int, int], place: int) -> None:
    """To a day that is still to come."""
    for hearing_id in _hearings(stage, numbers, place):
        summons = _summons(stage, place, stage.today + timedelta(days=12), 14, "承办法官另有庭审，改期")
        hearings.move_hearing(stage.actor(ASSISTANT), numbers[place], hearing_id, summons)


def _hold(stage: DemoStage, numbers: dict[int, int], place: int) -> None:
    for hearing_id in _hearings(stage, numbers, place):
        hearings.hold_hearing(stage.actor(ASSISTANT), numbers[place], hearing_id)


def _hearings(stage: DemoStage, numbers: dict[int, int], place: int) -> list[int]:
    lawyer = stage.actor(LAWYER)
    if place not in numbers:
        return []
    with reading(lawyer) as session:
        wanted = visible(Hearing, lawyer).where(Hearing.matter_id == numbers[place], Hearing.state.in_(queries.AHEAD))
        return [hearing.id for hearing in session.scalars(wanted.order_by(Hearing.id))]


def _summons(stage: DemoStage, place: int, day: date, hour: int, note: str = "") -> Summons:
    at = stage.instant(day, hour, 30)
    zone = ZoneInfo(stage.real.time_zone)
    if at.astimezone(zone).date() != day:  # an instant of the demo never lies ahead; a hearing may
        at = at.astimezone(zone).replace(
            year=day.year, month=day.month, day=day.day, hour=hour, minute=30, second=0, microsecond=0
        )
    return Summons(at, COURTS[place % 2], ROOMS[place % 2], note)


def _begun(stage: DemoStage, matter_id: int) -> date:
    lawyer = stage.actor(LAWYER)
    with reading(lawyer) as session:
        return queries.steps_of(session, lawyer, matter_id)[0].happened_on


# --- costs and documents ------------------------------------------------------------------------------------------------


def _ask(stage: DemoStage, numbers: dict[int, int], place: int, kind: CostKind, amount: int, reason: str) -> None:
    if place in numbers:
        costs.ask_cost(stage.actor(ASSISTANT), numbers[place], costs.Wanted(kind, str(amount), reason))


def _approve(stage: DemoStage, numbers: dict[int, int], place: int) -> None:
    for cost in _costs(stage, numbers, place):
        costs.approve_cost(stage.actor("finance1"), numbers[place], cost.id)


def _pay(stage: DemoStage, numbers: dict[int, int], place: int) -> None:
    for cost in _costs(stage, numbers, place):
        receipt = Proof(
            _paper("诉讼费专用票据", f"金额：{format_amount(cost.amount_minor, cost.currency)}元"), "诉讼费票据.pdf"
        )
        paid = costs.Advance(format_amount(cost.amount_minor, cost.currency), services().clock.today(), receipt)
        costs.advance_cost(stage.actor(ASSISTANT), numbers[place], cost.id, paid)


def _check_receipt(stage: DemoStage, numbers: dict[int, int], place: int) -> None:
    """The second of finance has looked at the receipt: the next statement pays it."""
    for cost in _costs(stage, numbers, place):
        for event in cost.events:
            if event.charge_id:
                approve_charge(stage.actor("finance2"), event.charge_id)


def _costs(stage: DemoStage, numbers: dict[int, int], place: int) -> list[MatterCost]:
    lawyer = stage.actor(LAWYER)
    if place not in numbers:
        return []
    with reading(lawyer) as session:
        found = queries.costs_of(session, lawyer, numbers[place])
        session.expunge_all()
    return found


def _document(stage: DemoStage, numbers: dict[int, int], place: int) -> None:
    if place in numbers:
        paper = Proof(_paper("受理案件通知书", COURTS[place % 2]), "受理案件通知书.pdf")
        add_document(stage.actor(ASSISTANT), numbers[place], DocumentKind.ACCEPTANCE, paper)


def _paper(title: str, words: str) -> bytes:
    return render_document(f"<h1>{title}</h1><p>{words}</p>", "@page { size: A4 }")
