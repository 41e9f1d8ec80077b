"""The demo: a whole bank in motion, the same one for the same seed, and never in the place of another bank."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from sqlalchemy.orm import Session

from portal.cli import main
from portal.commission.charge_models import Charge, ChargeEvent, ChargeKind, ChargeState
from portal.commission.life_models import StatementDispute
from portal.commission.models import CommissionLine, LineKind, Statement, StatementState
from portal.commission.queries import current_state
from portal.commission.rerunning import rerun, statements_named
from portal.contact.arrangements.models import Arrangement
from portal.contact.models import ContactAttempt, Promise
from portal.demo.book import accounts_file, make_book
from portal.demo.cast import PASSWORD, everybody
from portal.demo.filling import fill, state_of_database
from portal.demo.stage import Stage, month_before
from portal.foundation.audit import AuditEvent
from portal.foundation.clock import Clock
from portal.foundation.jobs import Job, JobState
from portal.foundation.services import services
from portal.foundation.verifying import verify
from portal.identity.entering import sign_in
from portal.identity.models import LetterLaw, Organisation, User
from portal.legal.dispatch.models import LetterDispatch
from portal.legal.matters.models import Hearing, HearingState, Matter
from portal.legal.matters.queries import AHEAD
from portal.legal.matters.stages import Stage as Stages
from portal.legal.models import Letter, LetterApproval, LetterPack, PackState
from portal.placement.models import AllocationRun, BatchState, Placement, PlacementBatch, RunState
from portal.portfolio.models import Account
from portal.portfolio.standin import write_accounts
from portal.recovery.models import Attribution, Payment
from portal.vendors.models import Contract, PlacementKind
from tests.identity.factories import make_bank

TODAY = date(2005, 7, 1)
SMALL = 90
pytestmark = [pytest.mark.settings(today=TODAY)]


def quietly(_day: date) -> None:
    """Nobody is told how far it is."""


def counted(session: Session, what: Any, *conditions: Any) -> int:
    return session.scalar(sa.select(sa.func.count(what.id)).where(*conditions)) or 0


def ended_by_batch(session: Session) -> dict[int, tuple[int, int]]:
    """How much of each batch has ended, counted out of the placements."""
    ended = (
        sa.select(Placement.batch_id, sa.func.count(), sa.func.sum(Placement.placed_total_minor))
        .where(Placement.ended_at.is_not(None))
        .group_by(Placement.batch_id)
    )
    return {batch: (n, int(minor)) for batch, n, minor in session.execute(ended)}


@pytest.fixture
def filled(app: Flask) -> Iterator[Flask]:
    fill(app, SMALL, None, "1", quietly)
    yield app


def test_a_bank_stands_in_the_middle_of_its_work_and_its_history_ends_before_the_business_date(
    filled: Flask, db_session: Session
) -> None:
    """One filling for all of them, since it takes seconds."""
    check_work(db_session)
    check_money(filled, db_session)
    check_history(filled, db_session)
    check_abroad(db_session)


def check_work(db_session: Session) -> None:
    assert counted(db_session, Account, Account.currency == "CNY") == SMALL
    states = set(db_session.scalars(sa.select(PlacementBatch.state)))
    assert states == {BatchState.SENT, BatchState.ACCEPTED, BatchState.REFUSED, BatchState.ENDED}
    assert counted(db_session, AllocationRun, AllocationRun.state == RunState.SUBMITTED)
    assert counted(db_session, ContactAttempt) and counted(db_session, Promise) and counted(db_session, Payment)
    assert counted(db_session, Arrangement)
    assert {PackState.READY, PackState.REVIEW} == set(db_session.scalars(sa.select(LetterPack.state)))
    suits = set(db_session.scalars(sa.select(Matter.stage)))
    assert Stages.CLOSED in suits and len(suits) > 2
    assert counted(db_session, Hearing, Hearing.state.in_(AHEAD)) and counted(
        db_session, Hearing, Hearing.state == HearingState.HELD
    )
    drawn = set(db_session.scalars(sa.select(current_state()).select_from(Statement)))
    assert StatementState.CONFIRMED in drawn
    assert not counted(db_session, Job, Job.state != JobState.DONE)
    # somebody who imports accounts in Taiwanese dollars finds contracts, and nothing else in that currency
    contracts = sa.select(Contract.kind, sa.func.count()).where(Contract.currency == "TWD").group_by(Contract.kind)
    kinds = {PlacementKind.COLLECTION: 4, PlacementKind.LETTER: 2, PlacementKind.LITIGATION: 1}
    assert dict(db_session.execute(contracts).tuples().all()) == kinds
    assert not counted(db_session, Attribution, Attribution.currency == "TWD")

    # whatever ended it: refusals, recalls, returns, terms, an exit
    kept = {b.id: (b.ended_count, b.ended_minor) for b in db_session.scalars(sa.select(PlacementBatch))}
    ended = ended_by_batch(db_session)
    assert {batch: sums for batch, sums in kept.items() if sums != (0, 0)} == ended
    assert len(ended) > 1


def check_money(filled: Flask, db_session: Session) -> None:
    """Whatever a statement can hold is on one: issue 5 wants a contested line, a true-up and a clawback at the least."""
    lines = sa.select(CommissionLine.kind, CommissionLine.reason, sa.func.sum(CommissionLine.commission_minor))
    wanted = lines.group_by(CommissionLine.kind, CommissionLine.reason).order_by(CommissionLine.kind)
    sums = {(kind, reason): minor for kind, reason, minor in db_session.execute(wanted)}
    payment, letter = LineKind.PAYMENT, LineKind.LETTER
    assert sums[payment, "true_up"] > 0 > sums[payment, "taken_back"]
    assert sums[payment, "reversal"] < 0
    assert sums[letter, "letter_fee"] > 0 and sums[letter, "success"] > 0
    assert sums[LineKind.KPI, "kpi"] > 0
    assert sums[LineKind.COST, "cost"] > 0 and sums[LineKind.ADJUSTMENT, "adjustment"] > 0

    assert counted(db_session, StatementDispute, StatementDispute.line_id.is_not(None))
    assert StatementState.CONTESTED in set(db_session.scalars(sa.select(current_state()).select_from(Statement)))
    assert counted(
        db_session, Statement, Statement.kept_minor > 0
    )  # of a contract by which the agency keeps its commission
    decided = sa.select(ChargeEvent.charge_id)
    for kind in ChargeKind:  # one that was approved, one that waits
        approved = Charge.id.in_(decided.where(ChargeEvent.state == ChargeState.APPROVED))
        assert counted(db_session, Charge, Charge.kind == kind, approved), kind
        assert counted(db_session, Charge, Charge.kind == kind, Charge.id.not_in(decided)), kind
    assert counted(db_session, Charge, Charge.kind == ChargeKind.COST, Charge.proof_digest != "")

    finance = Stage(filled, "1", services().clock).actor("finance1")
    again = [rerun(finance, statement_id) for statement_id in statements_named(finance, (), None)]
    assert again and all(each.is_equal for each in again)


def check_history(filled: Flask, db_session: Session) -> None:
    begins = datetime(2005, 6, 30, 16, tzinfo=UTC)  # midnight in Shanghai
    assert not counted(db_session, ContactAttempt, ContactAttempt.at >= begins)
    assert not counted(db_session, Attribution, Attribution.paid_on >= TODAY)
    late = sa.select(AuditEvent.action).where(AuditEvent.at >= begins)
    assert set(db_session.scalars(late)) <= {"demo.begun", "demo.filled"}
    assert services().clock.today() == TODAY
    assert type(services().clock) is Clock
    assert verify(filled).is_whole


def check_abroad(db_session: Session) -> None:
    """Letters under US law, some of them approved one by one; letters under English law, some of them sent."""
    packs = {pack.jurisdiction: pack for pack in db_session.scalars(sa.select(LetterPack))}
    american, english = packs["us"], packs["uk"]
    assert (american.state, american.currency, english.state, english.currency) == (
        PackState.REVIEW, "USD", PackState.READY, "GBP",
    )  # fmt: skip
    letters = {pack.id: counted(db_session, Letter, Letter.pack_id == pack.id) for pack in (american, english)}
    assert american.flagged_count == 1 and english.flagged_count == 0
    assert 0 < counted(db_session, LetterApproval) < letters[american.id] - 1
    assert 0 < counted(db_session, LetterDispatch, LetterDispatch.letter_id.in_(
        sa.select(Letter.id).where(Letter.pack_id == english.id, Letter.number.is_not(None))
    )) < letters[english.id] - 1  # fmt: skip
    people = sa.select(User.locale).join(Organisation, Organisation.id == User.organisation_id)
    assert set(db_session.scalars(people.where(Organisation.letter_law != LetterLaw.CHINA))) == {"en"}


@pytest.mark.databases("sqlite")
def test_without_accounts_there_are_people_and_contracts_only(app: Flask, db_session: Session) -> None:
    fill(app, 0, None, "1", quietly)

    assert counted(db_session, Contract) and not counted(db_session, Account)
    assert state_of_database() == "filled"
    for person, _house in everybody()[:9]:  # an address may try a number of times only
        assert sign_in(person.user_name, PASSWORD, origin="test", browser="").token


@pytest.mark.databases("sqlite")
@pytest.mark.settings(today=date(2026, 11, 23))
def test_a_file_of_card_data_is_taken_at_its_latest_month_end(app: Flask, db_session: Session, tmp_path: Path) -> None:
    file = tmp_path / "cards.csv"
    found = write_accounts(file, count=300)

    fill(app, 5_000, file, "1", quietly)

    assert counted(db_session, Account, Account.currency == "TWD") == found[date(2005, 9, 30)].with_balance
    assert counted(db_session, ContactAttempt) and counted(db_session, Attribution, Attribution.credit_minor > 0)
    check_abroad(db_session)


@pytest.mark.databases("sqlite")
def test_a_file_that_speaks_of_the_day_before_comes_in_on_that_day(
    app: Flask, db_session: Session, tmp_path: Path
) -> None:
    file = tmp_path / "cards.csv"
    found = write_accounts(file, count=300)

    fill(app, 5_000, file, "1", quietly)

    assert counted(db_session, Account) == found[date(2005, 6, 30)].with_balance
    assert counted(db_session, PlacementBatch)


def test_another_bank_is_told_apart(app: Flask) -> None:
    assert state_of_database() == "empty"
    make_bank()
    assert state_of_database() == "other"


def test_the_same_seed_makes_the_same_files(app: Flask) -> None:
    def file(seed: str) -> bytes:
        return accounts_file(make_book(60, Stage(app, seed, services().clock).dice("book")), 2, TODAY, {})

    assert file("1") == file("1")
    assert file("1") != file("2")


def test_months_are_counted_back_over_the_turn_of_the_year() -> None:
    assert [month_before(date(2005, 2, 28), n) for n in (0, 1, 2, -1)] == [
        date(2005, 2, 1), date(2005, 1, 1), date(2004, 12, 1), date(2005, 3, 1),
    ]  # fmt: skip


# --- the command --------------------------------------------------------------------------------------------------------


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    monkeypatch.setenv("PORTAL_HOME", str(tmp_path))
    monkeypatch.setenv("PORTAL_ENV", "test")
    monkeypatch.setenv("PORTAL_TODAY", "2005-07-01")
    monkeypatch.delenv("PORTAL_DATABASE_URL", raising=False)
    return monkeypatch


def test_the_command_prints_the_sign_ins_and_a_second_time_nothing_else(environment: pytest.MonkeyPatch) -> None:
    first = CliRunner().invoke(main, ["demo", "--accounts", "0"])
    second = CliRunner().invoke(main, ["demo", "--accounts", "50"])

    assert first.exit_code == second.exit_code == 0, first.output
    lines = second.stdout.splitlines()
    assert lines == first.stdout.splitlines()
    assert len(lines) == 1 + len(everybody())
    assert lines[1].split()[:3] == ["admin", PASSWORD, "administrator"]


def test_the_command_refuses_a_bank_of_ones_own(environment: pytest.MonkeyPatch) -> None:
    assert CliRunner().invoke(main, ["init"]).exit_code == 0

    refused = CliRunner().invoke(main, ["demo"])

    assert refused.exit_code == 1
    assert "bank of your own" in refused.stderr


def test_the_command_refuses_production(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PORTAL_ENV", "production")
    environment.delenv("PORTAL_TODAY")
    environment.setenv("PORTAL_SECRET_KEY", "k3J9x-Q7vLpR2mZ8tY5wB1nC6dF4gH0sAaEe")
    environment.setenv("PORTAL_DATA_KEY", "a:gVlFVzqemVT9xh+azMfcBepNEF7n4y2G+6Ll+p+ONCI=")

    refused = CliRunner().invoke(main, ["demo"])

    assert refused.exit_code == 1
    assert "production" in refused.stderr
