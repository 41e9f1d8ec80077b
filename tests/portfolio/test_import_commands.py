"""`portal import accounts|payments`: the summary in every case, the exit code, the rejected rows beside the file."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from portal.cli import main
from portal.foundation.access import Role
from portal.foundation.database import db
from portal.foundation.sealing import AuditLink
from portal.portfolio.models import Account
from portal.portfolio.standin import write_accounts, write_payments
from portal.recovery.models import Attribution, Payment
from tests.identity.factories import make_agency, make_user
from tests.portfolio.bringing import last_run
from tests.portfolio.factories import make_accounts
from tests.portfolio.intake.files import TODAY, accounts_file
from tests.support.apps import SECRET
from tests.support.pages import PageClient

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

    from portal.config import Settings

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
needs_real_data = pytest.mark.skipif(not DATA.is_dir(), reason="the real data is not beside the project")
KEYS = {
    "status", "rows", "created", "updated", "unchanged", "skipped", "rejected", "total", "rejects_file", "errors",
    "warnings", "skips", "unknown_columns",
}  # fmt: skip
pytestmark = pytest.mark.settings(today=TODAY)


@pytest.fixture(autouse=True)
def administrator(app: Flask) -> str:
    return make_user(Role.ADMINISTRATOR, user_name="boss").user_name


class Command:
    """`portal import …` in this process, over the test's application."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self.code = 0
        self.said = ""

    def __call__(self, kind: str, file: Path | str, *options: str) -> dict[str, Any]:
        result = CliRunner().invoke(main, ["import", kind, str(file), *options], obj=self._app)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        self.code, self.said = result.exit_code, result.stderr
        return dict(json.loads(result.stdout)) if result.stdout.startswith("{") else {}


@pytest.fixture
def portal_import(app: Flask) -> Command:
    return Command(app)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "overdue.csv"
    found.write_bytes(accounts_file({}, {"flags": "dispute"}, {"days_past_due": "x"}))
    return found


def test_an_import_prints_its_summary_and_writes_the_rejected_rows_beside_the_file(
    portal_import: Command, file: Path, db_session: Session
) -> None:
    summary = portal_import("accounts", file)

    assert portal_import.code == 0
    assert set(summary) == KEYS
    assert (summary["status"], summary["rows"], summary["created"], summary["rejected"]) == ("applied", 3, 2, 1)
    rejects = Path(summary["rejects_file"])
    assert rejects == file.with_name("overdue.rejects.csv")
    assert "A-3" in rejects.read_text(encoding="utf-8-sig")
    assert last_run().requested_by is not None
    assert db_session.scalar(sa.select(sa.func.count()).select_from(AuditLink))  # sealed before it exits


def test_a_file_imported_before_is_no_failure(portal_import: Command, file: Path) -> None:
    portal_import("accounts", file)

    again = portal_import("accounts", file)

    assert (portal_import.code, again["status"], again["unchanged"]) == (0, "already_imported", 3)


def test_a_dry_run_changes_nothing(portal_import: Command, file: Path, db_session: Session) -> None:
    summary = portal_import("accounts", file, "--dry-run")

    assert (portal_import.code, summary["status"], summary["created"]) == (0, "dry_run", 2)
    assert summary["rejects_file"] is None
    assert not db_session.scalar(sa.select(sa.func.count()).select_from(Account))


@pytest.mark.parametrize("options", [("--control-count", "2"), ("--control-total", "1.00")])
@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_control_figures_that_differ_exit_with_3_and_the_summary(
    portal_import: Command, tmp_path: Path, options: tuple[str, ...], more: tuple[str, ...], db_session: Session
) -> None:
    good = tmp_path / "good.csv"
    good.write_bytes(accounts_file({}, {}, {}))

    summary = portal_import("accounts", good, *options, *more)

    assert (portal_import.code, summary["status"], summary["rows"], summary["created"]) == (3, "refused", 3, 0)
    assert options[1] in portal_import.said
    assert not db_session.scalar(sa.select(sa.func.count()).select_from(Account))


def test_a_file_that_is_no_table_exits_with_3_and_the_summary(portal_import: Command, tmp_path: Path) -> None:
    wrong = tmp_path / "scan.csv"
    wrong.write_bytes(b"%PDF-1.4")

    summary = portal_import("accounts", wrong)

    assert (portal_import.code, summary["status"], set(summary)) == (3, "refused", KEYS)
    assert "PDF" in portal_import.said


def test_a_file_without_a_good_row_exits_with_3_and_its_rejected_rows(portal_import: Command, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_bytes(accounts_file({"name": ""}))

    summary = portal_import("accounts", bad)

    assert (portal_import.code, summary["status"], summary["errors"]) == (3, "refused", {"missing": 1})
    assert Path(summary["rejects_file"]).is_file()


@pytest.mark.parametrize("options", [("--as-of", "yesterday"), ("--control-count", "many"), ("--nothing",)])
def test_wrong_usage_exits_with_2(portal_import: Command, file: Path, options: tuple[str, ...]) -> None:
    portal_import("accounts", file, *options)

    assert portal_import.code == 2


def test_a_file_that_is_not_there_is_wrong_usage(portal_import: Command, tmp_path: Path) -> None:
    portal_import("payments", tmp_path / "nowhere.csv")

    assert portal_import.code == 2


def test_the_named_person_acts_and_must_be_allowed_to(portal_import: Command, file: Path) -> None:
    manager = make_user(Role.VENDOR_MANAGER)
    stranger = make_user(Role.AGENCY_LEADER, make_agency())

    portal_import("accounts", file, "--as", manager.user_name)
    assert (portal_import.code, last_run().requested_by) == (0, manager.id)
    for name in (stranger.user_name, "nobody"):
        portal_import("accounts", file, "--as", name)
        assert portal_import.code == 3
        assert name in portal_import.said


def test_a_mapping_may_be_a_file_and_an_unknown_one_is_refused(portal_import: Command, tmp_path: Path) -> None:
    layout = tmp_path / "branch.yaml"
    layout.write_text(
        "kind: accounts\nname: branch\nversion: 3\ncolumns: {account_ref: nr, customer_ref: nr, name: who, phone_1: tel,"
        " card_last4: {value: '0000'}, principal: owed, days_past_due: days}\n"
    )
    book = tmp_path / "branch.csv"
    book.write_text("nr,who,tel,owed,days\nB-1,王小明,13800138000,12.30,9\n")

    assert portal_import("accounts", book, "--mapping", str(layout))["total"] == "12.30"
    assert last_run().mapping == "branch@3"
    portal_import("accounts", book, "--mapping", "nobody's")
    assert portal_import.code == 3


@pytest.mark.settings(today=date(2005, 10, 1))
def test_the_stand_in_book_and_its_payments_come_in_with_the_figures_that_they_have(
    portal_import: Command, tmp_path: Path, db_session: Session
) -> None:
    june = write_accounts(tmp_path / "book.csv", 400)[date(2005, 6, 30)]
    paid = write_payments(tmp_path / "paid.csv", 400)

    book = portal_import("accounts", tmp_path / "book.csv", "--mapping", "uci-default", "--as-of", "2005-06-30")
    payments = portal_import("payments", tmp_path / "paid.csv", "--control-count", str(paid.count))

    assert (book["created"], book["total"]) == (june.with_balance, f"{june.total / 100:.2f}")
    assert (payments["created"], payments["total"]) == (paid.count, f"{paid.total / 100:.2f}")
    assert db_session.scalar(sa.select(sa.func.count()).select_from(Attribution)) == paid.count


@needs_real_data
@pytest.mark.settings(today=date(2005, 10, 1))
def test_the_real_book_and_its_payments_come_in_with_their_known_figures(
    portal_import: Command, db_session: Session
) -> None:
    book = portal_import("accounts", DATA / "uci_credit_card.csv", "--mapping", "uci-default", "--as-of", "2005-06-30")
    payments = portal_import("payments", DATA / "uci_payments_2005q3.csv")

    assert {name: book[name] for name in ("rows", "created", "total", "rejected")} == {
        "rows": 30_000, "created": 3_414, "total": "165735247.00", "rejected": 0,
    }  # fmt: skip
    assert book["skips"] == {"no_balance": 96, "not_overdue": 26_490}
    assert {name: payments[name] for name in ("rows", "created", "total", "rejected")} == {
        "rows": 6_728, "created": 6_728, "total": "28569004.00", "rejected": 0,
    }  # fmt: skip
    assert db_session.scalar(sa.select(sa.func.count()).select_from(Payment)) == 6_728
    assert db_session.scalar(sa.select(sa.func.sum(Account.total_minor))) == 16_573_524_700


KILLED_IN_THE_MIDDLE = """
import os, signal, sys
from portal import create_app
from portal.config import Settings
import portal.portfolio.operations as operations
from portal.portfolio.importing import Options, receive, run_import
from portal.identity.people import command_actor
from portal.foundation.access import Permission
home, url, secret, file = sys.argv[1:]
from datetime import date
from pathlib import Path
app = create_app(Settings(env="test", home=Path(home), database_url=url, secret_key=secret, today=date(2026, 11, 22)))
with app.app_context():
    actor = command_actor(None, Permission.ACCOUNTS_IMPORT)
    run = operations.receive_accounts(actor, open(file, "rb"), "book.csv", Options(), as_job=False).id
    run_import(actor, run, operations.ACCOUNTS, lambda done: done > 2000 and os.kill(os.getpid(), signal.SIGKILL))
"""


@pytest.mark.kill
def test_an_import_that_is_killed_in_the_middle_leaves_nothing_and_comes_in_the_second_time(
    settings: Settings, portal_import: Command, tmp_path: Path, db_session: Session
) -> None:
    book = tmp_path / "book.csv"
    book.write_bytes(accounts_file(*({} for _ in range(6_000))))
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_IN_THE_MIDDLE, str(settings.home), settings.database_url, SECRET, str(book)],
        cwd=ROOT,
        env=os.environ,
        check=False,
    )

    assert killed.returncode == -signal.SIGKILL
    assert not db_session.scalar(sa.select(sa.func.count()).select_from(Account))
    assert portal_import("accounts", book)["created"] == 6_000


@pytest.mark.databases("sqlite")
def test_others_read_while_an_import_holds_the_only_write_lock(settings: Settings, app: Flask) -> None:
    manager = make_user(Role.VENDOR_MANAGER)
    browser = PageClient(app).sign_in(manager)
    path = settings.database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        # A minute has passed since the person was seen, so the page would like to write that down.
        writer.execute("UPDATE user_session SET seen_at = datetime(seen_at, '-5 minutes')")
        writer.execute("BEGIN IMMEDIATE")
        assert "Accounts" in browser.get("/accounts").h1
        writer.execute("ROLLBACK")


@pytest.mark.databases("sqlite")
def test_who_must_write_meanwhile_is_told_to_try_again(
    settings: Settings, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    (account,) = make_accounts(1)
    browser = PageClient(app).sign_in(make_user(Role.VENDOR_MANAGER))
    monkeypatch.setattr("portal.foundation.database.USUAL_PATIENCE", 50)
    db.engine.dispose()
    path = settings.database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        page = browser.post(f"/accounts/{account.id}/holds", {"flag": "dispute", "reason": "x"}, status=503)
        writer.execute("ROLLBACK")

    assert "nothing was changed. Try again in a minute." in page
