"""Three months of a bank, from the first file to the day before the business date: who does what when."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.demo import (
    abroad,
    arranging,
    asking,
    charging,
    complaining,
    dealing,
    holding,
    intake,
    lettering,
    limiting,
    paying,
    placing,
    regulating,
    reporting,
    returning,
    settling,
    suing,
    telling,
    wishing,
    writing,
)
from portal.demo.book import make_book
from portal.demo.connecting import Systems
from portal.demo.founding import found
from portal.demo.stage import MONTHS, Stage, month_before
from portal.demo.working import Desks
from portal.foundation.access import OrganisationKind, system_actor
from portal.foundation.audit import AuditEvent
from portal.foundation.services import services
from portal.foundation.work import reading, transaction
from portal.identity.models import Organisation
from portal.placement.codes import RecallCategory, RecallReason
from portal.portfolio.models import Account

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask import Flask

__all__ = ["BEGUN", "FILLED", "fill", "state_of_database"]

BEGUN, FILLED = "demo.begun", "demo.filled"
EARLY, MIDDLE, LATE = ("M1", "M2", "M3"), ("M2", "M3", "M4", "M5"), ("M4", "M5", "M6", "M7+")
LATE_EVERY, LATE_CALLERS = 11, ("HT", "ZX", "BL", "XT", "ZX")  # days, and who calls after ten on one of them
SLOW = "YF"  # sends a batch back when its month has been settled
OLDEST = ("M5", "M6", "M7+")  # those whose time for a lawyer's letter has come


def state_of_database() -> str:
    """`empty`, `begun` (and cut off), `filled`, or `other`: a bank that is not the demo's."""
    deeds = sa.select(AuditEvent.action).where(AuditEvent.action.in_((BEGUN, FILLED)))
    bank = sa.select(Organisation.id).where(Organisation.kind == OrganisationKind.BANK)
    with reading(system_actor("demo", "cli")) as session:
        done = set(session.scalars(deeds))
        if done:
            return "filled" if FILLED in done else "begun"
        return "empty" if session.scalar(bank) is None else "other"


def fill(app: Flask, count: int, file: Path | None, seed: str, tell: Callable[[date], None]) -> None:
    """Build the demo into an empty database. DomainError where the given file cannot be taken."""
    stage = Stage(app, seed, services().clock)
    try:
        _note(stage, BEGUN, accounts=count, file=file.name if file else None, seed=seed)
        found(stage)
        if file is not None or count:
            _write_agenda(stage, count, file)
            stage.play(tell)
    finally:
        services().clock = stage.real
    _note(stage, FILLED)


def _note(stage: Stage, action: str, **details: Any) -> None:
    with transaction(system_actor("demo", "cli")) as work:
        work.audit(action, "demo", after={"business_date": stage.today.isoformat()} | details)


def _write_agenda(stage: Stage, count: int, file: Path | None) -> None:
    """What is known beforehand; the sizes of runs follow from the file that comes in first."""
    if file is None:
        book = make_book(count, stage.dice("book"))
        for month, first in enumerate(stage.months()[:MONTHS]):
            as_of = first - timedelta(days=1)
            stage.plan(first, 8, 5, partial(intake.import_month, stage, book, month, as_of))
        _plan_months(stage, stage.begins, count)
        return
    options = intake.guess_options(file, stage.today)
    arrives = max(stage.begins, min(options.as_of or stage.begins, stage.yesterday))
    if options.as_of is not None and options.as_of >= stage.today:
        arrives = stage.today  # a month end that is today: taken in, and no history yet
        stage.set_clock(stage.real.now())
        intake.import_given(stage, file, options)
        return
    stage.set_clock(stage.instant(arrives, 8, 5))
    intake.import_given(stage, file, options)
    with reading(stage.actor("vendor1")) as session:
        count = session.scalar(sa.select(sa.func.count()).select_from(Account)) or 0
    _plan_months(stage, arrives, count)


def _plan_months(stage: Stage, begins: date, count: int) -> None:
    """The months' work, for an arrival of accounts on a day."""
    desks = Desks(stage, count)
    _plan_placements(stage, begins, count)
    for n in range((stage.today - begins).days):
        day = begins + timedelta(days=n)
        stage.plan(day, 0, 20, partial(returning.do_what_is_due, stage))
        stage.plan(day, 8, 55, desks.renew)
        stage.plan(day, 9, 0, partial(desks.work, day))
        stage.plan(day, 9, 30, partial(writing.remind, stage))
        if n % 7 == 5:
            stage.plan(day, 19, 30, partial(writing.write, stage, day))
        if n % 7 == 0:
            stage.plan(day, 18, 0, partial(writing.take_outbox, stage))
        if n % LATE_EVERY == LATE_EVERY - 1:
            stage.plan(day, 22, 10 + n % 40, partial(desks.call_late, LATE_CALLERS[n % len(LATE_CALLERS)], day))
    stage.plan(stage.yesterday - timedelta(days=3), 20, 10, partial(desks.write, stage.yesterday - timedelta(days=3)))
    _plan_way_back(stage, begins)
    _plan_money(stage)
    _plan_arrangements(stage, begins)
    asking.plan_requests(stage)
    reporting.plan_reports(stage)
    complaining.plan_complaints(stage)
    wishing.plan_wishes(stage)
    abroad.plan_abroad(stage, begins)
    for month, first in enumerate(stage.months()):
        stage.plan(first + timedelta(days=8), 8, 50, partial(holding.put_on_hold, stage, month))
    stage.plan(month_before(stage.today, 1) + timedelta(days=4), 8, 50, partial(holding.let_go, stage))
    stage.plan(begins + timedelta(days=20), 8, 52, partial(regulating.put_up_own, stage))
    stage.plan(begins + timedelta(days=21), 8, 52, partial(regulating.publish_own, stage))
    stage.plan(stage.yesterday, 20, 56, partial(regulating.propose_next, stage))
    stage.plan(stage.yesterday - timedelta(days=2), 18, 10, partial(holding.prove_hardship, stage))
    stage.plan(stage.yesterday - timedelta(days=1), 18, 20, partial(limiting.note_suits, stage))
    systems = Systems(stage)
    stage.plan(begins + timedelta(days=9), 16, 10, systems.connect)
    stage.plan(stage.yesterday, 20, 5, systems.work)


def _plan_placements(stage: Stage, begins: date, count: int) -> None:
    def on(days: int, hour: int, minute: int, deed: Callable[..., Any], *given: Any, **named: Any) -> None:
        stage.plan(begins + timedelta(days=days), hour, minute, partial(deed, stage, *given, **named))

    on(0, 8, 10, placing.keep_segments)
    on(0, 8, 12, writing.keep_texts)
    on(0, 8, 20, placing.send, EARLY, {"HT": 40, "ZX": 25, "AH": 20, "BL": 15}, count * 36 // 100 + 1)
    on(0, 8, 30, placing.send, LATE, {"XT": 60, "YF": 40}, count * 13 // 100 + 1)
    on(0, 8, 45, placing.answer_batches)
    on(0, 8, 50, dealing.deal_out)
    on(0, 8, 52, dealing.settle_rules)
    on(31, 8, 20, placing.send, EARLY, {"HT": 35, "ZX": 40, "BL": 25}, count * 12 // 100 + 1)
    on(31, 8, 30, placing.send, MIDDLE, {"AH": 100}, count * 2 // 100 + 1)
    on(31, 8, 45, placing.answer_batches, refusing="AH", slow=SLOW)
    on(31, 8, 50, dealing.deal_out)
    on(45, 8, 40, placing.ask_back, "BL", "vendor1")
    on(46, 8, 10, placing.take_back, "vendor2")
    on(47, 8, 20, placing.send, MIDDLE, {"XT": 55, "AH": 45}, count * 5 // 100 + 1)
    on(47, 8, 45, placing.answer_batches)
    on(47, 8, 50, dealing.deal_out)
    on(62, 8, 20, placing.send, EARLY, {"HT": 40, "ZX": 30, "AH": 30}, count * 8 // 100 + 1)
    on(62, 8, 45, placing.answer_batches)
    on(62, 8, 50, dealing.deal_out, ("HT",))  # these stay in the pool
    last = (stage.yesterday - begins).days
    on(last, 20, 30, dealing.keep_filters)
    _plan_letters(on, last, count)
    on(12, 8, 22, placing.send, OLDEST, {suing.FIRM: 100}, suing.MATTERS, placing.SUITS)
    on(12, 8, 45, placing.answer_batches)
    suing.plan_suits(stage, begins + timedelta(days=14))
    on(last, 20, 40, placing.send, EARLY, {"HT": 60, "AH": 40}, count * 4 // 100 + 1)
    on(last, 20, 45, placing.ask_back, "YF", "vendor1")
    on(last, 20, 48, placing.propose_trial, "HT", "BL", ("M1", "M2"), count * 2 // 100 + 1)
    on(last, 20, 50, placing.propose_run, MIDDLE, {"ZX": 50, "BL": 50}, count * 3 // 100 + 1)
    on(last, 19, 40, writing.write, stage.yesterday)
    on(last, 20, 52, writing.leave_texts_waiting)
    on(last, 20, 55, placing.propose_run, LATE, {"XT": 100}, count // 100 + 1, maker="vendor2")


def _plan_way_back(stage: Stage, begins: date) -> None:
    """What comes back of itself and by decision, and on the last evening what waits for one."""

    def on(days: int, hour: int, minute: int, deed: Callable[..., Any], *given: Any, **named: Any) -> None:
        stage.plan(begins + timedelta(days=days), hour, minute, partial(deed, stage, *given, **named))

    last = (stage.yesterday - begins).days
    on(40, 17, 30, returning.give_back, "HT", 6)
    on(58, 10, 0, returning.confirm_certificates, "BL")
    on(61, 9, 30, returning.object_to_term, "AH")  # its first placements last sixty days
    on(63, 10, 0, returning.decide_objections, "vendor2")
    on(last, 20, 20, returning.recall_some, "HT", 8, RecallReason.ROTATION, within=7, checker="vendor2")
    on(last, 20, 22, returning.object_to_term, "HT")
    on(last, 20, 24, returning.ask_to_keep, "ZX")
    on(last, 20, 26, returning.recall_some, "ZX", 2, RecallReason.CONDUCT, category=RecallCategory.COMPLIANCE)
    on(last, 20, 28, returning.receive_branch_file)
    on(last, 20, 58, returning.plan_leave, "XT", 21)
    on(min(33, last), 9, 20, telling.join, "HT", "https://systems.hengtong.example/portal/events")
    on(min(33, last), 9, 30, telling.join, "ZX", "https://gateway.zhongxin.example/bank", only=telling.OF_PLACEMENTS)
    on(last, 20, 59, telling.go_live, "HT", failing=2)
    on(last, 20, 59, telling.go_live, "ZX", failing=0, stays=False)


def _plan_arrangements(stage: Stage, begins: date) -> None:
    """What is arranged with debtors: early enough to be kept and broken, and on the last evening what waits."""
    last = (stage.yesterday - begins).days
    for days, hour, deed in (
        (34, 18, arranging.arrange_early), (last - 10, 18, arranging.arrange_meanwhile), (last, 19, arranging.arrange_late),
    ):  # fmt: skip
        stage.plan(begins + timedelta(days=days), hour, 10, partial(deed, stage))


def _plan_letters(on: Callable[..., None], last: int, count: int) -> None:
    """One pack printed by either firm, one that waits for the lawyer, one batch that waits to be accepted."""
    for days, code, most in ((5, "MH", 40), (36, "ZY", 24)):
        on(days, 8, 22, placing.send, OLDEST, {code: 100}, min(count // 50 + 1, most), placing.LETTERS)
        on(days, 8, 45, placing.answer_batches)
        on(days, 20, 10, lettering.build_packs, code)
        on(days + 1, 20, 10, lettering.approve_packs, code)
        on(days + 2, 8, 40, lettering.take_files, code)
        on(days + 2, 16, 30, lettering.send_letters, code)
        on(min(days + 8, last), 17, 5, lettering.note_results, code)
        on(min(days + 8, last), 19, 5, lettering.ask_about_letters, code)
    on(last - 3, 8, 22, placing.send, OLDEST, {"MH": 100}, min(count // 50 + 1, 30), placing.LETTERS)
    on(last - 3, 8, 45, placing.answer_batches)
    on(last - 3, 20, 10, lettering.build_packs, "MH")
    on(last, 20, 42, placing.send, OLDEST, {"ZY": 100}, min(count // 50 + 1, 20), placing.LETTERS)


def _plan_money(stage: Stage) -> None:
    """Payments are posted once a month, and what the running month has brought on its last evening; statements follow."""
    last = stage.yesterday
    periods = [first for first in stage.months() if first + timedelta(days=3) < stage.today]
    for first in stage.months():
        following = month_before(first, -1)
        ends = min(following - timedelta(days=1), last - timedelta(days=1))
        if ends >= first:
            stage.plan(min(following, last), 20, 30, partial(paying.import_payments_of, stage, first, ends))
    for number, period in enumerate(stage.months()[:MONTHS]):
        following = month_before(period, -1)
        newest = month_before(periods[-1], 1) == period
        stage.plan(following + timedelta(days=1), 20, 32, partial(charging.score, stage, period))
        stage.plan(following + timedelta(days=1), 20, 35, partial(settling.draw, stage, period, newest))
        stage.plan(following + timedelta(days=2), 8, 35, partial(settling.release, stage, period, newest))
        stage.plan(following + timedelta(days=2), 20, 35, partial(settling.answer_agencies, stage, period, newest))
        stage.plan(following + timedelta(days=6), 10, 35, partial(settling.settle, stage, period, newest))
        if number == 0:  # what the next statement has to change of what was issued
            ends = following - timedelta(days=1)
            stage.plan(ends, 8, 20, partial(placing.send, stage, LATE, {SLOW: 100}, 3))
            stage.plan(ends, 20, 20, partial(paying.pay_new_holder, stage, SLOW))
            stage.plan(following + timedelta(days=3), 9, 10, partial(placing.refuse_late, stage, SLOW))
            stage.plan(period + timedelta(days=12), 20, 25, partial(paying.answer_letter, stage, "MH"))
            stage.plan(following + timedelta(days=3), 20, 30, partial(paying.take_one_back, stage, "HT", period, ends))
            stage.plan(following + timedelta(days=4), 20, 30, partial(paying.reach_next_step, stage, "ZX"))
            stage.plan(following + timedelta(days=9), 10, 12, partial(charging.advance_cost, stage, "MH", "260.00"))
            late = "系统故障致结算单迟发，按约补偿"
            stage.plan(following + timedelta(days=9), 10, 22, partial(charging.adjust, stage, "HT", "150.00", late))
    wrong = "上期批次录入重复，扣回多计佣金"
    stage.plan(last, 18, 42, partial(charging.adjust, stage, "BL", "-86.40", wrong, approved=False))
    stage.plan(last, 18, 44, partial(charging.advance_cost, stage, "ZY", "300.00", approved=False))
