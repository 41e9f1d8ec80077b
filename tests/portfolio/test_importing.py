"""A file of accounts from its arrival to the rows that it leaves: whole or not at all, once, and never backwards."""

from __future__ import annotations

import io
import threading
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from portal.foundation.audit import AuditEvent
from portal.foundation.errors import DomainError
from portal.foundation.language import from_data
from portal.foundation.services import services
from portal.portfolio.importing import ImportRefused, Options, run_import
from portal.portfolio.models import (
    Account,
    AccountParty,
    AccountStatus,
    BalanceSnapshot,
    ContactPoint,
    Customer,
    Hold,
    HoldFlag,
    ImportRun,
    ImportState,
    RejectedRow,
)
from portal.portfolio.operations import ACCOUNTS, import_accounts, receive_accounts, release_hold, try_accounts
from portal.portfolio.standin import write_accounts
from tests.portfolio.bringing import bring_accounts, last_run, sender
from tests.portfolio.intake.files import TODAY, accounts_file

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask
    from sqlalchemy.orm import Session

pytestmark = [pytest.mark.settings(today=TODAY), pytest.mark.usefixtures("app")]
TABLES = (Account, AccountParty, BalanceSnapshot, ContactPoint, Customer, Hold, RejectedRow)
COUNTS = ("rows", "created", "updated", "unchanged", "skipped", "rejected")


def counts(summary: dict[str, Any]) -> tuple[int, ...]:
    return tuple(summary[name] for name in COUNTS)


def rows_by_table(session: Session) -> dict[str, int]:
    return {t.__tablename__: session.scalar(sa.select(sa.func.count()).select_from(t)) or 0 for t in TABLES}


def account(session: Session, reference: str = "A-1") -> Account:
    return session.scalars(sa.select(Account).where(Account.account_ref == reference)).one()


def test_a_first_file_makes_accounts_people_numbers_and_their_history(db_session: Session) -> None:
    summary = bring_accounts(
        accounts_file({"principal": "1,000.50", "interest": "20", "fees": "3.25"}, {"customer_ref": "C-1"})
    )

    assert (summary["status"], summary["total"]) == ("applied", "2023.75")
    assert counts(summary) == (2, 2, 0, 0, 0, 0)
    one = account(db_session)
    assert (one.principal_minor, one.interest_minor, one.fees_minor, one.total_minor) == (100_050, 2_000, 325, 102_375)
    assert (one.bucket, one.status, one.currency) == ("M2", AccountStatus.OPEN, "CNY")
    assert (one.balance_as_of, one.customer.time_zone, one.customer.name_masked) == (TODAY, "Asia/Shanghai", "王**")
    assert rows_by_table(db_session) == {
        "account": 2, "account_party": 2, "balance_snapshot": 2, "contact_point": 1, "customer": 1, "hold": 0,
        "rejected_row": 0,
    }  # fmt: skip


def test_a_later_file_updates_what_changed_and_leaves_the_rest(db_session: Session) -> None:
    bring_accounts(accounts_file({}, {}, {}))
    later = accounts_file(
        {"principal": "900", "balance_as_of": "2026-11-22"}, {}, {"days_past_due": "0", "principal": "0"}, {}
    )

    summary = bring_accounts(later)

    assert counts(summary) == (4, 1, 2, 1, 0, 0)
    assert summary["total"] == "1900.00"
    assert account(db_session, "A-1").total_minor == 90_000
    assert account(db_session, "A-3").status is AccountStatus.CLOSED
    assert rows_by_table(db_session)["balance_snapshot"] == 3 + 2 + 1


def test_a_file_of_an_earlier_day_does_not_overwrite_what_a_later_one_said(db_session: Session) -> None:
    bring_accounts(accounts_file({"balance_as_of": "2026-11-20", "principal": "500"}))

    summary = bring_accounts(accounts_file({"balance_as_of": "2026-10-31", "principal": "800"}))

    assert counts(summary) == (1, 0, 0, 1, 0, 0)
    assert (account(db_session).total_minor, account(db_session).balance_as_of) == (50_000, date(2026, 11, 20))


def test_rows_out_of_scope_are_skipped_unless_the_account_is_known(tmp_path: Path, db_session: Session) -> None:
    ends = write_accounts(tmp_path / "book.csv", 300)
    june, july = date(2005, 6, 30), date(2005, 7, 31)

    first = bring_accounts(tmp_path / "book.csv", mapping="uci-default", as_of=june)
    second = bring_accounts(tmp_path / "book.csv", mapping="uci-default", as_of=july)

    assert (first["created"], first["skips"]) == (
        ends[june].with_balance,
        {"no_balance": ends[june].overdue - ends[june].with_balance, "not_overdue": 300 - ends[june].overdue},
    )
    assert first["rows"] == first["created"] + first["skipped"] == 300
    assert second["created"] + second["updated"] + second["unchanged"] + second["skipped"] == 300
    assert second["updated"] == first["created"]  # cured or paid ones too: none of them is skipped
    still_open = sa.select(sa.func.count()).select_from(Account).where(Account.status == AccountStatus.OPEN)
    assert db_session.scalar(still_open) == ends[july].with_balance


def test_rejected_rows_are_left_out_by_name_and_the_good_ones_stand(db_session: Session) -> None:
    summary = bring_accounts(accounts_file({}, {"days_past_due": "soon"}, {"principal": "-1"}, {"account_ref": "A-1"}))

    assert counts(summary) == (4, 1, 0, 0, 0, 3)
    assert summary["errors"] == {"duplicate": 1, "negative": 1, "unreadable": 1}
    run = last_run()
    kept = db_session.scalars(sa.select(RejectedRow).order_by(RejectedRow.line)).all()
    assert [(row.line, row.errors[0]["code"]) for row in kept] == [(3, "unreadable"), (4, "negative"), (5, "duplicate")]
    assert summary["rejects_file"] == "accounts.rejects.csv"
    assert run.rejects_digest
    with services().storage.open(run.rejects_digest) as file:
        assert file.read().decode("utf-8-sig").count("\n") == 4


def test_another_currency_than_the_accounts_is_rejected(db_session: Session) -> None:
    bring_accounts(accounts_file({"currency": "CNY"}))

    summary = bring_accounts(accounts_file({"currency": "JPY", "principal": "10"}, {}))

    assert summary["errors"] == {"currency": 1}
    assert (account(db_session).currency, account(db_session).total_minor) == ("CNY", 100_000)


def test_an_account_stays_its_customers(db_session: Session) -> None:
    """Another person's numbers would otherwise come to the account, and its debt to them."""
    bring_accounts(accounts_file({"customer_ref": "C-1"}))

    summary = bring_accounts(accounts_file({"customer_ref": "C-77", "name": "Somebody Else", "principal": "5"}, {}))

    assert summary["errors"] == {"conflict": 1}
    assert "C-77" not in db_session.scalars(sa.select(Customer.customer_ref)).all()
    assert account(db_session).total_minor == 100_000


def test_columns_that_nobody_knows_are_kept_with_the_row(db_session: Session) -> None:
    summary = bring_accounts(accounts_file({"branch": "Pudong", "shelf": "7"}))

    assert summary["unknown_columns"] == ["branch", "shelf"]
    assert account(db_session).extra == {"branch": "Pudong", "shelf": "7"}


def test_flags_become_holds_once_and_again_after_their_release(db_session: Session) -> None:
    bring_accounts(accounts_file({"flags": "dispute;hardship"}))
    bring_accounts(accounts_file({"flags": "dispute"}, {}))
    holds = db_session.scalars(sa.select(Hold).order_by(Hold.id)).all()
    assert [(hold.flag, hold.account_id, hold.reason) for hold in holds] == [
        (HoldFlag.DISPUTE, account(db_session).id, "file"),
        (HoldFlag.HARDSHIP, account(db_session).id, "file"),
    ]

    release_hold(sender(), holds[0].id, "settled with the shop")
    bring_accounts(accounts_file({"flags": "dispute", "fees": "1"}))

    assert db_session.scalar(sa.select(sa.func.count()).select_from(Hold).where(Hold.released_at.is_(None))) == 2


def test_a_trial_says_what_would_happen_and_changes_nothing(db_session: Session) -> None:
    bring_accounts(accounts_file({}, {}))
    before = rows_by_table(db_session)
    later = accounts_file({"principal": "5"}, {}, {}, {"days_past_due": "x"})

    summary = try_accounts(sender(), io.BytesIO(later), "later.csv", Options())

    assert (summary["status"], counts(summary), summary["total"]) == ("dry_run", (4, 1, 1, 1, 0, 1), "1005.00")
    assert rows_by_table(db_session) == before
    assert db_session.scalar(sa.select(sa.func.count()).select_from(ImportRun)) == 1
    assert {**bring_accounts(later), "status": "", "rejects_file": ""} == {**summary, "status": "", "rejects_file": ""}


def test_a_trial_is_refused_where_the_run_would_be() -> None:
    with pytest.raises(ImportRefused) as refused:
        try_accounts(sender(), io.BytesIO(accounts_file({"name": ""})), "none.csv", Options())

    assert refused.value.code == "import.nothing_good"
    assert (refused.value.summary["status"], refused.value.summary["rejected"]) == ("refused", 1)


def test_the_same_file_twice_changes_nothing_and_says_so(db_session: Session) -> None:
    content = accounts_file({}, {"flags": "dispute"}, {"name": ""})
    bring_accounts(content)
    before = rows_by_table(db_session)

    again = bring_accounts(content)

    assert (again["status"], counts(again)) == ("already_imported", (3, 0, 0, 3, 0, 0))
    assert again["total"] == "0.00"
    assert rows_by_table(db_session) == before
    assert try_accounts(sender(), io.BytesIO(content), "x.csv", Options())["status"] == "already_imported"


def test_running_an_applied_run_again_answers_with_what_it_did() -> None:
    actor = sender()
    run = receive_accounts(actor, io.BytesIO(accounts_file({})), "a.csv", Options(), as_job=False)
    first = import_accounts(actor, run.id)

    assert import_accounts(actor, run.id) == first


@pytest.mark.parametrize(
    ("options", "code"),
    [({"control_count": 3}, "intake.control_count"), ({"control_total": "1,999.99"}, "intake.control_total")],
)
def test_control_figures_that_differ_stop_the_whole_file(
    options: dict[str, Any], code: str, db_session: Session
) -> None:
    content = accounts_file({}, {})

    with pytest.raises(ImportRefused) as refused:
        bring_accounts(content, **options)

    assert refused.value.code == code
    assert counts(refused.value.summary) == (2, 0, 0, 0, 0, 0)
    assert not any(rows_by_table(db_session).values())
    run = last_run()
    assert (run.state, run.refusal and run.refusal["code"]) == (ImportState.REFUSED, code)
    assert bring_accounts(content, control_count=2, control_total="2,000.00")["status"] == "applied"


def test_a_trailer_that_differs_stops_the_whole_file(db_session: Session) -> None:
    with pytest.raises(ImportRefused):
        bring_accounts(accounts_file({}, {}, trailer=["合计", "2", "2000.01"]))

    assert not any(rows_by_table(db_session).values())


def test_a_file_without_a_good_row_is_refused_and_its_rows_say_why(db_session: Session) -> None:
    with pytest.raises(ImportRefused) as refused:
        bring_accounts(accounts_file({"name": ""}, {"currency": "XXX"}))

    assert refused.value.summary["errors"] == {"missing": 1, "unknown_value": 1}
    run = last_run()
    assert run.rejects_digest
    assert [row.line for row in db_session.scalars(sa.select(RejectedRow).order_by(RejectedRow.id))] == [2, 3]
    assert not db_session.scalar(sa.select(sa.func.count()).select_from(Account))


@pytest.mark.parametrize(
    ("content", "options", "code", "field"),
    [
        (b"", {}, "tabular.empty", "file"),
        (b"%PDF-1.7 ...", {}, "tabular.wrong_type", "file"),
        (b"account_ref,name\n", {}, "tabular.no_rows", "file"),
        (b"account_ref,name\nA,B\n", {}, "intake.missing_columns", "mapping"),
        (accounts_file({}).replace("王小明".encode(), b"\xff\xfe\xff"), {}, "tabular.encoding", "encoding"),
        (accounts_file({}), {"encoding": "klingon"}, "tabular.encoding_unknown", "encoding"),
        (accounts_file({}), {"as_of": date(2030, 1, 1)}, "intake.as_of_future", "as_of"),
        (accounts_file({}), {"mapping": "uci-default"}, "intake.missing_columns", "mapping"),
        (accounts_file({}), {"mapping": "nobody's"}, "mapping.unknown", "mapping"),
    ],
)
def test_a_wrong_file_is_told_at_once_and_leaves_nothing(
    content: bytes, options: dict[str, Any], code: str, field: str, db_session: Session
) -> None:
    with pytest.raises(DomainError) as error:
        receive_accounts(sender(), io.BytesIO(content), "x.csv", Options(**options))

    assert (error.value.code, error.value.field) == (code, field)
    assert not db_session.scalar(sa.select(sa.func.count()).select_from(ImportRun))
    assert not list(services().storage.list(""))


def test_what_fails_in_the_middle_leaves_nothing_and_can_be_run_again(db_session: Session) -> None:
    actor = sender()
    run_id = receive_accounts(actor, io.BytesIO(accounts_file({}, {}, {})), "a.csv", Options(), as_job=False).id

    def breaks(done: int) -> None:
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        run_import(actor, run_id, ACCOUNTS, breaks)

    assert not any(rows_by_table(db_session).values())
    assert last_run().state is ImportState.RECEIVED
    assert import_accounts(actor, run_id)["created"] == 3


def test_a_run_says_in_the_trail_what_it_did_without_names(db_session: Session) -> None:
    bring_accounts(accounts_file({}))

    events = db_session.scalars(sa.select(AuditEvent).where(AuditEvent.action.like("import.%")).order_by(AuditEvent.id))
    told = [(event.action, str(event.after)) for event in events]
    assert [action for action, _ in told] == ["import.received", "import.applied"]
    assert "王小明" not in str(told)


@pytest.mark.databases("postgresql")
def test_the_same_file_by_two_people_at_once_is_applied_once(app: Flask, db_session: Session) -> None:
    actor, content = sender(), accounts_file(*({} for _ in range(50)))
    runs = [receive_accounts(actor, io.BytesIO(content), "a.csv", Options(), as_job=False).id for _ in range(2)]
    ended: list[str] = []

    def work(run_id: int) -> None:
        with app.app_context():
            ended.append(import_accounts(actor, run_id)["status"])

    threads = [threading.Thread(target=work, args=(run_id,)) for run_id in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(ended) == ["already_imported", "applied"]
    assert rows_by_table(db_session)["account"] == 50


def test_the_bar_of_the_job_knows_about_how_many_rows_there_are(db_session: Session) -> None:
    from portal.foundation.jobs.models import Job

    receive_accounts(sender(), io.BytesIO(accounts_file({}, {}, {})), "a.csv", Options())
    receive_accounts(sender(), io.BytesIO(accounts_file({}).replace(b"\n", b"\r")), "mac.csv", Options())

    totals = db_session.scalars(sa.select(Job.progress_total).order_by(Job.id)).all()
    assert totals == [3, 1]


def test_a_refusal_can_be_read_in_the_readers_language(app: Flask) -> None:
    with pytest.raises(ImportRefused):
        bring_accounts(accounts_file({}), control_count=9)

    refusal = last_run().refusal
    assert refusal
    assert "9" in str(from_data(refusal["message"]))
