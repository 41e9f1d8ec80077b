"""`portal commission quote`: the published structures, and cases that the notation refuses."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from portal.cli import main
from tests.support.running import ROOT

OURS = sorted(
    (Path(__file__).parent / "cases").glob("*.json")
)  # published.json; worked.json: by hand, sentence by sentence
SHARED = ROOT.parent / "shared" / "reference" / "commission_cases.json"
FILES = [*OURS, *([SHARED] if SHARED.exists() else [])]
FLAT: dict[str, Any] = {
    "id": "flat", "plan": {"currency": "CNY", "rate": "0.1413"},
    "placement": {"placed_on": "2024-01-01", "ended_on": "2024-03-31"},
    "payments": [{"id": "p1", "amount": "123456.78", "paid_on": "2024-02-02"}],
}  # fmt: skip


def quoted(file: Path) -> dict[str, dict[str, Any]]:
    result = CliRunner().invoke(main, ["commission", "quote", str(file)])
    assert result.exit_code == 0, result.output
    return {told["id"]: told for told in map(json.loads, result.output.splitlines())}


def same(told: Any, expected: Any) -> bool:
    try:
        return Decimal(str(told)) == Decimal(str(expected))
    except InvalidOperation:
        return bool(told == expected)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_structures_are_answered_to_the_cent(file: Path) -> None:
    """All cases of a file that differ are told at once, each with what it says and what it was to say."""
    told, wrong = quoted(file), {}
    for case in json.loads(file.read_text())["cases"]:
        answer, expected = told[case["id"]], dict(case["expect"])
        lines, found = expected.pop("lines", []), answer.get("lines", [])
        pairs = [(answer, expected), *zip(found, lines, strict=False)]
        same_lines = len(found) == len(lines)
        if not same_lines or any(
            not same(one.get(key), value) for one, wanted in pairs for key, value in wanted.items()
        ):
            wrong[case["id"]] = (answer, case["expect"])
    assert wrong == {}


def test_a_case_that_is_refused_says_why_and_the_rest_go_on(tmp_path: Path) -> None:
    holes = FLAT | {"id": "holes", "plan": {"currency": "CNY", "bands": {"by": "round", "rows": []}}}
    digits = FLAT | {"id": "digits", "plan": {"currency": "JPY", "rate": "0.1"}}
    nothing = {"id": "nothing"}
    file = tmp_path / "cases.json"
    file.write_text(json.dumps([holes, digits, nothing, FLAT]))
    told = quoted(file)
    assert told["holes"] == {"id": "holes", "error": "missing: bands.rows"}
    assert told["digits"]["error"] == "no_amount: payments.p1.amount"
    assert told["nothing"]["error"] == "no_table: plan"
    assert told["flat"]["total"] == "17444.44"


@pytest.mark.parametrize("content", ["", "[1]", '{"cases": 5}', "\xff", "[" * 100_000])
def test_what_is_no_file_of_cases_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "cases.json"
    file.write_bytes(content.encode("latin-1"))
    result = CliRunner().invoke(main, ["commission", "quote", str(file)])
    assert result.exit_code == 3 and "cases.json" in result.output


@pytest.mark.parametrize("remittance", ["gross", "net"])
def test_gross_and_net_leave_the_bank_the_same_cash(tmp_path: Path, remittance: str) -> None:
    payments = [
        {"id": "a", "amount": "1000", "paid_on": "2024-02-01", "received_by": "agency"},
        {"id": "b", "amount": "500", "paid_on": "2024-02-02", "received_by": "bank"},
    ]
    file = tmp_path / "cases.json"
    file.write_text(
        json.dumps(
            [FLAT | {"plan": {"currency": "USD", "rate": "0.1", "remittance": remittance}, "payments": payments}]
        )
    )
    told = quoted(file)["flat"]
    handed_over = ("1000.00", "150.00") if remittance == "gross" else ("900.00", "50.00")
    assert (told["remit_to_bank"], told["invoice"]) == handed_over
    assert told["bank_net"] == "1350.00"


def test_a_reversal_that_names_no_receiver_comes_from_the_one_of_its_payment(tmp_path: Path) -> None:
    payments = [
        {"id": "a", "amount": "400", "paid_on": "2024-02-01", "received_by": "agency"},
        {"id": "r", "amount": "-400", "paid_on": "2024-02-09", "reverses": "a"},
    ]
    file = tmp_path / "cases.json"
    file.write_text(
        json.dumps([FLAT | {"plan": {"currency": "USD", "rate": "0.25", "remittance": "net"}, "payments": payments}])
    )
    told = quoted(file)["flat"]
    assert (told["remit_to_bank"], told["invoice"], told["bank_net"]) == ("0.00", "0.00", "0.00")
