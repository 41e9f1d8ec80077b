"""Mapping profiles: the shipped ones, their grammar, and what a header suggests."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from portal.foundation.errors import DomainError
from portal.foundation.tabular import open_table
from portal.portfolio.intake import (
    AccountRow,
    SkippedRow,
    find_profile,
    load_profile,
    parse_profile,
    shipped_for,
    shipped_profiles,
    suggest,
)
from portal.portfolio.intake.layout import ACCOUNT_COLUMNS, LAYOUTS, PAYMENT_COLUMNS
from portal.portfolio.standin import MONTH_ENDS, write_accounts
from tests.portfolio.intake.files import csv_bytes, outcomes, summary_of

REAL = Path(__file__).parents[4] / "shared" / "data" / "uci_credit_card.csv"
needs_real_data = pytest.mark.skipif(not REAL.is_file(), reason="the real card data is not beside the project")
AFTERWARDS = date(2005, 10, 1)
BARE = "name: own, version: 1, kind: accounts"
OWN = f"""
{{{BARE}, columns: {{account_ref: [借据编号, ref], customer_ref: debtor, name: {{value: 某人}}, card_last4: {{value: "0000"}},
phone_1: tel, principal: balance, days_past_due: {{column: months, rule: months_past_due_times_30}},
flags: {{column: state, map: {{D: dispute, "": ""}}}}}}, scope: [not_overdue, no_balance], keep: [note], ignore: [junk]}}
"""


@needs_real_data
@pytest.mark.parametrize(
    ("as_of", "overdue", "imported", "total"),
    [
        (date(2005, 6, 30), 3_510, 3_414, "165735247.00"),
        (date(2005, 8, 31), 4_438, 4_354, "225580184.00"),
        (date(2005, 9, 30), 6_818, 5_129, "297721892.00"),
        (None, 6_818, 5_129, "297721892.00"),
    ],
)
def test_the_real_card_data_gives_the_figures_of_its_description(
    as_of: date | None, overdue: int, imported: int, total: str
) -> None:
    summary = summary_of(
        REAL.read_bytes(), profile=load_profile("uci-default", "accounts"), as_of=as_of, today=AFTERWARDS
    )

    assert (summary["rows"], summary["created"], summary["total"]) == (30_000, imported, total)
    assert summary["skips"] == {"not_overdue": 30_000 - overdue, "no_balance": overdue - imported}
    assert (summary["rejected"], summary["errors"], summary["unknown_columns"]) == (0, {}, [])


@pytest.mark.parametrize("month_end", MONTH_ENDS)
def test_the_stand_in_gives_the_figures_it_was_written_with(month_end: date, tmp_path: Path) -> None:
    path = tmp_path / "cards.csv"
    expected = write_accounts(path, count=400, seed="test")[month_end]

    summary = summary_of(
        path.read_bytes(), profile=load_profile("uci-default", "accounts"), as_of=month_end, today=AFTERWARDS
    )

    assert summary["rows"] == 400
    assert summary["created"] == expected.with_balance > 0
    assert summary["skips"].get("not_overdue", 0) == 400 - expected.overdue
    assert summary["total"] == f"{expected.total // 100}.00"


def test_the_stand_in_is_the_same_for_the_same_seed_and_has_the_real_form(tmp_path: Path) -> None:
    first, second, other = (tmp_path / name for name in "abc")
    write_accounts(first, 50, "x")
    write_accounts(second, 50, "x")
    write_accounts(other, 50, "y")

    assert first.read_bytes() == second.read_bytes() != other.read_bytes()
    assert b"\n" not in first.read_bytes()
    if REAL.is_file():
        assert open_table(first).header == open_table(REAL).header


def test_people_of_the_card_data_are_made_up_and_marked(tmp_path: Path) -> None:
    path = tmp_path / "cards.csv"
    write_accounts(path, count=200)
    profile = load_profile("uci-default", "accounts")

    rows = outcomes(path.read_bytes(), profile=profile, as_of=date(2005, 6, 30), today=AFTERWARDS)
    good = [row for row in rows if isinstance(row, AccountRow)]

    assert good == [
        row for row in outcomes(path.read_bytes(), profile=profile, as_of=date(2005, 6, 30), today=AFTERWARDS)
        if isinstance(row, AccountRow)
    ]  # fmt: skip
    for row in good:
        assert row.made_up == ("name", "phone_1", "address", "postcode", "card_last4")
        assert (row.currency, row.region, row.customer_ref) == ("TWD", "TW", row.account_ref)
        assert row.account_ref.startswith("UCI-")
        assert row.phones[0].phone.number.startswith("+886999")
        assert set(row.extra) == {"LIMIT_BAL", "SEX", "EDUCATION", "MARRIAGE", "AGE"}
        assert row.balance_as_of == date(2005, 6, 30)
    assert {row.days_past_due % 30 for row in good} == {0}


def test_an_as_of_date_that_the_mapping_does_not_know_is_refused(tmp_path: Path) -> None:
    profile = load_profile("uci-default", "accounts")

    with pytest.raises(DomainError) as caught:
        profile.as_of(date(2005, 6, 29), AFTERWARDS)
    assert "2005-04-30" in str(caught.value.message)
    assert profile.as_of(None, AFTERWARDS) == date(2005, 9, 30)
    assert profile.as_of(None, date(2005, 7, 1)) == date(2005, 6, 30)
    for wanted, today in ((date(2005, 9, 30), date(2005, 7, 1)), (None, date(2005, 4, 1))):
        with pytest.raises(DomainError) as caught:
            profile.as_of(wanted, today)
        assert caught.value.code == "intake.as_of_future"


def test_a_profile_of_ones_own_maps_fixes_derives_and_leaves_out() -> None:
    header = ["借据编号", "debtor", "tel", "balance", "months", "state", "note", "junk", "more"]
    content = csv_bytes(
        [
            header,
            ["L1", "D1", "13800138000", "10.50", "2", "D", "n", "j", "m"],
            ["L2", "D2", "13800138000", "10.50", "-1", "", "", "", ""],
            ["L3", "D3", "13800138000", "-4", "1", "", "", "", ""],
            ["L4", "D4", "13800138000", "4", "x", "?", "", "", ""],
        ]
    )

    first, second, third, fourth = outcomes(content, profile=parse_profile(OWN))

    assert isinstance(first, AccountRow)
    assert (first.days_past_due, first.flags, first.name, first.extra) == (
        60,
        ("dispute",),
        "某人",
        {"note": "n", "more": "m"},
    )
    assert isinstance(second, SkippedRow)
    assert isinstance(third, SkippedRow)
    assert (second.reason, second.row.days_past_due) == ("not_overdue", 0)
    assert (third.reason, third.row.total) == ("no_balance", 0)
    assert [(issue.column, issue.code) for issue in fourth.errors] == [  # type: ignore[union-attr]
        ("months", "unreadable"),
        ("state", "unknown_value"),
    ]
    assert summary_of(content, profile=parse_profile(OWN))["unknown_columns"] == ["more"]


def test_profiles_are_found_by_name_and_by_path(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(OWN, encoding="utf-8")

    assert shipped_profiles()[0] == "standard"
    assert "uci-default" in shipped_profiles()
    assert load_profile("uci-default", "accounts").label == "uci-default@1"
    assert find_profile(str(own), "accounts").label == "own@1"
    assert find_profile("uci-default", "accounts") == load_profile("uci-default", "accounts")
    assert find_profile(None, "accounts").label == "standard@1"
    assert load_profile(None, "payments").label == "standard@1"


@pytest.mark.parametrize("kind", LAYOUTS)
def test_a_header_that_nobody_knows_is_given_no_layout_of_another_kind_of_file(kind: str) -> None:
    found = suggest(["天", "地"], kind)
    assert (found.profile, found.columns, found.unmatched) == (None, {}, ("天", "地"))
    assert {profile.kind for profile in shipped_for(kind)} == {kind}


@pytest.mark.parametrize("name", ["nowhere", "../../etc/passwd", "uci-default.yaml", ""])
def test_an_unknown_profile_is_refused(name: str) -> None:
    with pytest.raises(DomainError) as caught:
        load_profile(name, "accounts")

    assert caught.value.code == "mapping.unknown"


def test_a_profile_for_another_kind_of_file_is_refused() -> None:
    with pytest.raises(DomainError):
        load_profile("uci-default", "payments")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "- a",
        "{a: [",
        "!!python/object/apply:os.system [ls]",
        f"{{{BARE}}}",
        f"{{{BARE}, columns: {{nothing: x}}}}",
        f"{{{BARE}, columns: {{name: {{column: a, value: b}}}}}}",
        f"{{{BARE}, columns: {{name: {{column: a, rule: eval}}}}}}",
        f"{{{BARE}, columns: {{name: 3}}}}",
        f"{{{BARE}, columns: {{}}, scope: [paid]}}",
        f"{{{BARE}, columns: {{}}, surprise: 1}}",
        f"{{{BARE}, columns: {{}}, made_up: {{seed: a, style: tw, fields: [principal]}}}}",
        f"{{{BARE}, columns: {{}}, made_up: {{seed: a, style: xx, fields: [name]}}}}",
        f"{{{BARE}, columns: {{}}, as_of: {{choices: {{soon: {{a: b}}}}}}}}",
        "{name: Big Name, version: 1, kind: accounts, columns: {}}",
        "{name: a, version: one, kind: accounts, columns: {}}",
        "{name: a, version: 1, kind: letters, columns: {}}",
        b"\xff\xfe\x00",
    ],
)
def test_a_profile_that_says_what_it_cannot_mean_is_refused(content: str | bytes) -> None:
    with pytest.raises(DomainError) as caught:
        parse_profile(content)

    assert caught.value.code == "mapping.wrong"


def test_headers_suggest_their_fields() -> None:
    found = suggest(
        ["借据编号", "客户编号", "姓名", "手机号码", "剩余应还", "本金", "逾期天数", "卡号末四位", "资方"], "accounts"
    )

    assert found.columns == {
        "account_ref": "借据编号", "customer_ref": "客户编号", "name": "姓名", "phone_1": "手机号码", "total": "剩余应还",
        "principal": "本金", "days_past_due": "逾期天数", "card_last4": "卡号末四位",
    }  # fmt: skip
    assert (found.missing, found.unmatched, found.profile) == ((), ("资方",), "standard")


def test_both_standard_headers_and_the_card_data_are_recognised(tmp_path: Path) -> None:
    for kind, layout in (("accounts", ACCOUNT_COLUMNS), ("payments", PAYMENT_COLUMNS)):
        for names in ([column.field for column in layout], [column.chinese for column in layout]):
            found = suggest(names, kind)
            assert (found.profile, found.unmatched, len(found.columns)) == ("standard", (), len(layout))
    write_accounts(tmp_path / "cards.csv", 5)
    assert suggest(open_table(tmp_path / "cards.csv").header, "accounts").profile == "uci-default"


def test_a_version_changes_what_an_import_is_known_by() -> None:
    profile = parse_profile(OWN)

    assert replace(profile, version=2).label == "own@2"
