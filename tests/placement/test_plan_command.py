"""`portal allocate plan`: what it prints and writes, its exit codes, and clear words for bad files."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from portal.cli import main

DOCS = Path(__file__).parents[2] / "docs" / "strategies"
STRATEGY: dict[str, Any] = {
    "version": 1,
    "name": "Halves",
    "currency": "CNY",
    "date": "2026-11-26",
    "seed": 5,
    "steps": [{"kind": "equal", "receivers": ["HT", "ZX"], "overflow": "others"}],
    "receivers": [{"code": "HT", "regions": ["CN-GD"]}, {"code": "ZX"}],
}
HEAD = "account_ref,customer_ref,total,days_past_due,region,former_holders\n"
ROWS = [
    "A1,C1,100.00,10,CN-GD,\n",
    "A2,C1,200.00,40,CN-GD,\n",
    "A3,C2,300.00,70,上海市,\n",
    'A4,C3,"1,400.00",100,CN-SH,ZX:1:2026-11-20\n',
    "A5,C4,500.00,5,广东省深圳市,HT:1;XX:2:2025-01-31\n",
]


class Desk:
    """A folder with a strategy and accounts, and the command over them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.strategy = folder / "strategy.json"
        self.accounts = folder / "accounts.csv"
        self.write(STRATEGY, HEAD + "".join(ROWS))

    def write(self, strategy: Any, accounts: str | bytes) -> None:
        content = strategy if isinstance(strategy, bytes) else json.dumps(strategy).encode()
        self.strategy.write_bytes(content)
        self.accounts.write_bytes(accounts if isinstance(accounts, bytes) else accounts.encode())

    def plan(self, *options: str) -> Result:
        return CliRunner().invoke(main, ["allocate", "plan", str(self.strategy), str(self.accounts), *options])

    def planned(self) -> dict[str, Any]:
        done = self.plan("--json")
        assert done.exit_code == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_the_plan_says_who_gets_what_why_and_who_gets_nothing(desk: Desk) -> None:
    told = desk.planned()
    lines = {row["account_ref"]: row for row in told["accounts"]}

    assert {ref: row["receiver"] for ref, row in lines.items()} == {
        "A1": "HT", "A2": "HT", "A3": "ZX", "A4": "", "A5": "ZX",
    }  # fmt: skip
    assert lines["A1"] == {
        "account_ref": "A1", "customer_ref": "C1", "receiver": "HT", "reason": "share", "step": "1", "share": "0.5000",
        "stratum": "M2", "total": "100.00", "stopped": "",
    }  # fmt: skip
    assert [(row["account_ref"], row["reason"], row["stopped"]) for row in told["not_placed"]] == [
        ("A4", "no_receiver", "HT: region; ZX: former_holder")
    ]
    assert (told["candidates"], told["placed"]) == (5, 4)


def test_the_fairness_table_has_counts_amounts_means_distances_and_distributions(desk: Desk) -> None:
    told = desk.planned()
    first = told["books"][0]

    assert first == {
        "receiver": "HT", "accounts": 2, "amount": "300.00", "mean_days_past_due": "25.0000", "mean_balance": "150.00",
        "share": "0.5000", "part": "0.4000", "from_share": "-0.1000", "amount_part": "0.1200",
        "amount_from_share": "-0.3800", "by_bucket": {"M1": 1, "M2": 1}, "by_band": {"1/4": 1, "2/4": 1},
        "by_region": {"CN-GD": 2},
    }  # fmt: skip
    assert told["differences"][0] == {
        "dimension": "bucket", "value": "M2", "more": "HT", "less": "ZX", "distance": "0.5000",
    }  # fmt: skip
    assert told["steps"][0]["receivers"]["HT"] == {
        "accounts": 2, "amount": "300.00", "share": "0.5000", "target": "2.0000",
    }  # fmt: skip


def test_the_tables_say_the_same(desk: Desk) -> None:
    done = desk.plan()

    assert done.exit_code == 0
    assert "Halves" in done.stdout and "seed 5" in done.stdout
    assert "HT: region; ZX: former_holder" in done.stdout
    assert [line.split()[:3] for line in done.stdout.splitlines() if line.startswith("A3")] == [["A3", "C2", "ZX"]]


def test_the_lines_go_to_a_file_and_leave_the_terminal_to_the_figures(desk: Desk) -> None:
    out = desk.folder / "who.csv"
    done = desk.plan("--json", "--out", str(out))

    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["receiver"] for row in rows] == ["HT", "HT", "ZX", "", "ZX"]
    told = json.loads(done.stdout)
    assert "accounts" not in told and told["file"] == str(out)
    assert sorted(file.name for file in desk.folder.iterdir()) == ["accounts.csv", "strategy.json", "who.csv"]


def test_references_that_a_spreadsheet_would_run_are_escaped_in_the_file(desk: Desk) -> None:
    desk.write(STRATEGY, HEAD + "=1+1,C1,1.00,5,CN-GD,\n")
    out = desk.folder / "who.csv"

    assert desk.plan("--out", str(out)).exit_code == 0
    assert "'=1+1," in out.read_text(encoding="utf-8-sig")


def test_the_order_of_rows_does_not_matter(desk: Desk) -> None:
    rows = [f"A{i},C{i // 2},{i * 7 % 900 + 1}.00,{i * 13 % 240 + 1},CN-GD,\n" for i in range(1, 301)]
    desk.write(STRATEGY, HEAD + "".join(rows))
    first = desk.plan("--json").stdout
    random.Random(3).shuffle(rows)
    desk.write(STRATEGY, HEAD + "".join(rows))

    assert desk.plan("--json").stdout == first


def test_the_standard_layout_is_taken_in_chinese_and_gb18030_and_holds_are_left_out(desk: Desk) -> None:
    head = "账户编号,客户编号,客户姓名,手机号,卡号末四位,币种,本金,利息,费用,欠款总额,逾期天数,地区,标志\n"
    rows = (
        "A1,C1,张伟,13800138000,1234,人民币,100.00,10.00,1.00,111.00,33,广东,\n"
        "A2,C2,李娜,13800138001,1234,CNY,100.00,,,,33,广东,dispute;complaint\n"
        "A3,C3,王芳,13800138002,1234,USD,100.00,,,,33,广东,\n"
        "A4,C4,刘洋,13800138003,1234,,100.00,,,,0,广东,\n"
        "A5,C5,陈静,13800138004,1234,,0.00,,,,9,广东,\n"
        "合计,5,411.00\n"
    )
    desk.write(STRATEGY, (head + rows).encode("gb18030"))
    told = desk.planned()

    assert [(row["account_ref"], row["total"], row["reason"]) for row in told["not_placed"]] == [
        ("A2", "100.00", "hold:complaint"),
        ("A3", "", "other_currency"),
        ("A4", "100.00", "not_overdue"),
        ("A5", "0.00", "no_balance"),
    ]
    assert [row["total"] for row in told["accounts"] if row["receiver"]] == ["111.00"]


def test_a_refused_pick_is_told(desk: Desk) -> None:
    picks = {"kind": "picks", "picks": {"A3": "HT", "A9": "ZX"}}
    desk.write({**STRATEGY, "steps": [picks, *STRATEGY["steps"]]}, HEAD + "".join(ROWS))

    assert desk.planned()["refused_picks"] == [
        {"account": "A3", "receiver": "HT", "reason": "region"},
        {"account": "A9", "receiver": "ZX", "reason": "not_a_candidate"},
    ]
    assert "A3 to HT: region" in desk.plan().stdout


# --- what is refused ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not JSON"),
        (b'{"version": 1,', "line 1"),
        ('{"name": "中"}'.encode("gb18030"), "not UTF-8"),
        (b"[1]", "An object is meant"),
        (b"[" * 100_000, "not JSON"),
        (b'{"seed": NaN}', "NaN is no number"),
        (b'{"seed": ' + b"9" * 5000 + b"}", "not JSON"),
        (b'{"steps": {"HT": "0.5", "HT": "0.5"}}', "“HT” stands twice"),
        ({**STRATEGY, "ruels": {}}, "“ruels” is not known here"),
        ({**STRATEGY, "steps": [{"kind": "shares", "shares": {"HT": "0.5"}}]}, "add up to 0.5"),
        ({**STRATEGY, "steps": [{"kind": "equal", "receivers": ["HT", "QQ"]}]}, "no receiver “QQ”"),
        ({**STRATEGY, "receivers": [{"code": "HT"}, {"code": "HT"}]}, "listed twice"),
    ],
)
def test_a_bad_strategy_is_refused_in_words(desk: Desk, content: Any, words: str) -> None:
    desk.write(content, HEAD + "".join(ROWS))
    done = desk.plan("--out", str(desk.folder / "who.csv"))

    assert done.exit_code == 3
    assert words in done.stderr and "Traceback" not in done.stderr
    assert not done.stdout and not (desk.folder / "who.csv").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"%PDF-1.4", "PDF"),
        (HEAD, "no rows"),
        ("account_ref,total,days_past_due\nA1,1,1\n", "no column customer_ref"),
        ("account_ref,customer_ref,days_past_due\nA1,C1,1\n", "no column total"),
        (HEAD + "A1,C1,1.00,5,,\nA1,C2,1.00,5,,\n", "line 3, account_ref: stands in the file twice"),
        (HEAD + ",C1,1.00,5,,\n", "line 2, account_ref"),
        (HEAD + "6.22848E+15,C1,1.00,5,,\n", "spreadsheet"),
        (HEAD + "6222021234567890128,C1,1.00,5,,\n", "full card number"),
        (HEAD + "A1,C1,1.001,5,,\n", "line 2, total: is no exact amount in CNY"),
        (HEAD + "A1,C1,,5,,\n", "total: is missing"),
        (HEAD + "A1,C1,NaN,5,,\n", "no exact amount"),
        (HEAD + "A1,C1,99999999999999999999,5,,\n", "no exact amount"),
        (HEAD + "A1,C1,1.00,-1,,\n", "line 2, days_past_due"),
        (HEAD + "A1,C1,1.00,1.5,,\n", "line 2, days_past_due"),
        (HEAD + "A1,C1,1.00,5,,HT\n", "line 2, former_holders: is written code:round:last day"),
        (HEAD + "A1,C1,1.00,5,,HT:0\n", "former_holders"),
        (HEAD + "A1,C1,1.00,5,,HT:1:2025-02-30\n", "former_holders"),
        ("account_ref,customer_ref,total,days_past_due,currency\nA1,C1,1,1,XXX\n", "line 2, currency"),
        ("account_ref,customer_ref,total,days_past_due,flags\nA1,C1,1,1,nice\n", "“nice” is no flag"),
        (
            "account_ref,customer_ref,principal,interest,fees,total,days_past_due\nA1,C1,1,1,1,4,1\n",
            "total: is not the sum",
        ),
        (HEAD + "".join(f"A{i},C1,x,5,,\n" for i in range(80)), "… and 30 more"),
    ],
)
def test_bad_accounts_are_refused_in_words(desk: Desk, content: str | bytes, words: str) -> None:
    desk.write(STRATEGY, content)
    done = desk.plan()

    assert done.exit_code == 3
    assert words in done.stderr and "Traceback" not in done.stderr
    assert not done.stdout


def test_a_file_that_is_not_there_or_a_folder_that_is_not_is_a_usage_error(desk: Desk) -> None:
    assert desk.plan("--out", str(desk.folder / "nowhere" / "who.csv")).exit_code == 2
    desk.accounts.unlink()
    assert desk.plan().exit_code == 2


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.json")), ids=lambda path: path.stem)
def test_the_examples_of_the_documentation_run(path: Path) -> None:
    done = CliRunner().invoke(main, ["allocate", "plan", str(path), str(DOCS / "accounts.csv"), "--json"])
    told = json.loads(done.stdout)

    assert done.exit_code == 0
    assert len(told["accounts"]) == 12 and told["placed"] >= 6
    assert all(row["receiver"] or row["stopped"] for row in told["accounts"])
