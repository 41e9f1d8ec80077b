"""One case travels from the bank's file to a confirmed commission, in a real browser, as each of its people.

Steps 1 to 3 on the first of July, 4 to 7 after a restart on the first of October. On a made stand-in file always; on the
real files where they are found beside the project; and the same way on PostgreSQL with two workers on Redis and files in
S3. The made file is walked by `make test`, the others by `make test-all` (marker `load`).
"""

from __future__ import annotations

import csv
import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pypdfium2
import pytest
from playwright.sync_api import Browser

from portal.foundation.money import format_amount
from portal.portfolio.standin import write_accounts, write_payments
from tests.browser.walk import Figures, Walk, sign_ins
from tests.support.running import ROOT, RunningPortal, running

if TYPE_CHECKING:
    from tests.support.servers import S3

pytestmark = pytest.mark.browser

REAL = ROOT.parent / "shared" / "data"
REAL_FIGURES = Figures(rows=30_000, created=3_414, total="165735247.00", payments=6_728, paid="28569004.00")
HOLDERS = 1_500
LETTERS = 20
PICTURES = os.environ.get("PORTAL_PICTURES")  # a folder for pictures of each step; none are taken if left out


def stand_in(folder: Path) -> tuple[Path, Path, Figures]:
    """Files that the project makes itself, and what must be found in them."""
    accounts, payments = folder / "uci_credit_card.csv", folder / "uci_payments_2005q3.csv"
    june = write_accounts(accounts, HOLDERS)[date(2005, 6, 30)]
    paid = write_payments(payments, HOLDERS)
    total, sum_paid = format_amount(june.total, "TWD"), format_amount(paid.total, "TWD")
    return accounts, payments, Figures(HOLDERS, june.with_balance, total, paid.count, sum_paid)


def take_all_steps(walk: Walk, accounts: Path, payments: Path, figures: Figures) -> None:
    """The way of one month, by all who take part in it."""
    portal = walk.portal
    chinese = walk.language != "en"
    hengtong, zhongxin, mingheng = ("恒通", "众信", "明衡") if chinese else ("Hengtong", "Zhongxin", "Mingheng")
    portal.start("2005-07-01")
    walk.import_accounts(accounts, figures)
    collection = walk.propose("collection", ("M2", "M3"), {hengtong: "60", zhongxin: "40"}, balance_from="1000")
    letters = walk.propose("letter", ("M4", "M5", "M6", "M7+"), {mingheng: "100"}, most=str(LETTERS))
    walk.approve(collection, "collection")
    walk.approve(letters, "letter")
    for leader in ("ht.leader", "zx.leader", "mh.lawyer"):
        walk.accept(leader)
    walk.log_a_promise("ht.anna")
    walk.build_and_approve_letters("mh.lawyer")  # before people pay: no letter demands what was paid since its balance
    check_print_file(walk)
    portal.stop()

    portal.start("2005-10-01")
    walk.import_payments(payments, figures)
    statement = walk.settle("HT")
    walk.confirm("ht.leader", statement)
    walk.look_at_the_trail()
    portal.stop()
    assert "whole" in portal.command("audit", "verify").stdout
    assert walk.trouble == []


def check_print_file(walk: Walk) -> None:
    """The PDF has Chinese text that can be read, and the manifest a row for each letter with its number."""
    document = pypdfium2.PdfDocument(walk.folder / f"pack-{walk.language}.pdf")
    first = document[0].get_textpage().get_text_range()
    assert "律师函" in first.replace(" ", "")
    with (walk.folder / f"pack-{walk.language}.csv").open(encoding="utf-8-sig", newline="") as manifest:
        rows = list(csv.DictReader(manifest))
    printed = [row for row in rows if row["status"] == "printed"]
    assert len(printed) == LETTERS
    assert len({row["letter_no"] for row in printed}) == LETTERS
    assert sum(int(row["pages"]) for row in printed) == len(document)
    document.close()


def prepare(portal: RunningPortal) -> str:
    """The demo's people and contracts, and no accounts; what it says."""
    portal.environment["PORTAL_TODAY"] = "2005-07-01"
    return portal.command("demo", "--accounts", "0").stdout


def walk_through(
    browser: Browser, portal: RunningPortal, language: str, tmp_path: Path, files: tuple[Path, Path, Figures]
) -> None:
    folder = Path(PICTURES) if PICTURES else tmp_path / "files"
    folder.mkdir(exist_ok=True, parents=True)
    walk = Walk(browser, portal, sign_ins(prepare(portal)), language, folder, with_pictures=bool(PICTURES))
    take_all_steps(walk, *files)


def test_a_case_travels_from_a_made_file_to_a_confirmed_commission_in_chinese(browser: Browser, tmp_path: Path) -> None:
    with running(tmp_path / "home") as portal:
        walk_through(browser, portal, "zh", tmp_path, stand_in(tmp_path))


@pytest.mark.load
def test_a_case_travels_from_the_real_file_to_a_confirmed_commission_in_english(
    browser: Browser, tmp_path: Path
) -> None:
    files = REAL / "uci_credit_card.csv", REAL / "uci_payments_2005q3.csv"
    if not all(file.exists() for file in files):
        pytest.skip(f"the real card data is not at {REAL}")
    with running(tmp_path / "home") as portal:
        walk_through(browser, portal, "en", tmp_path, (*files, REAL_FIGURES))


@pytest.mark.load
def test_the_same_way_on_postgresql_with_two_workers_on_redis_and_files_in_s3(
    browser: Browser, tmp_path: Path, postgresql_url: str, redis_url: str, s3_server: S3
) -> None:
    environment = {
        "PORTAL_DATABASE_URL": postgresql_url,
        "PORTAL_REDIS_URL": redis_url,
        "PORTAL_STORAGE_URL": f"s3://{s3_server.bucket}/portal",
        "PORTAL_S3_ENDPOINT": s3_server.endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    with running(tmp_path / "home", environment, workers=2) as portal:
        walk_through(browser, portal, "zh", tmp_path, stand_in(tmp_path))
