"""A mapping as a person edits it: nothing lost of what the table cannot show, nothing changed by looking."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import yaml

from portal.foundation.errors import DomainError
from portal.portfolio.intake import AccountRow, load_profile, parse_profile, suggest
from portal.portfolio.intake.editing import EXTRA, IGNORE, Editing, OtherSource
from portal.portfolio.intake.profile import MappingProfile
from portal.portfolio.intake.suggest import fitting
from tests.portfolio.intake.files import GOOD, csv_bytes, reading_of
from tests.portfolio.intake.test_notation import FORMED, HEADER

UCI = ["ID", "LIMIT_BAL", "SEX", "EDUCATION", "MARRIAGE", "AGE", "PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6",
       *(f"BILL_AMT{n}" for n in range(1, 7)), *(f"PAY_AMT{n}" for n in range(1, 7)), "default.payment.next.month"]  # fmt: skip


def profile_of(data: dict[str, Any]) -> MappingProfile:
    return parse_profile(yaml.safe_dump(data | {"name": "edited", "version": 1}, allow_unicode=True))


def use(editing: Editing, column: str, **changes: Any) -> Editing:
    """The same with one column changed."""
    columns = tuple(replace(c, **changes) if c.column == column else c for c in editing.columns)
    return replace(editing, columns=columns)


@pytest.mark.parametrize(
    ("profile", "header"),
    [
        (load_profile(None, "accounts"), list(GOOD)),
        (load_profile("uci-default", "accounts"), UCI),
        (parse_profile(FORMED), [*HEADER, "more"]),
        (load_profile(None, "payments"), ["payment_ref", "账户编号", "amount", "paid_on", "branch"]),
    ],
    ids=["standard", "uci", "formed", "payments"],
)
def test_who_only_looks_changes_nothing(profile: MappingProfile, header: list[str]) -> None:
    editing = Editing.of_profile(header, profile)

    assert editing.is_as(profile, header)
    again = profile_of(editing.data(profile.kind, profile))
    assert (again.columns, again.scope, again.as_of_choices, again.made_up, again.ignore, again.dates, again.number) == (
        profile.columns, profile.scope, profile.as_of_choices, profile.made_up, profile.ignore, profile.dates,
        profile.number,
    )  # fmt: skip


def test_what_the_table_cannot_show_is_said_in_words_and_kept() -> None:
    editing = Editing.of_profile(UCI, load_profile("uci-default", "accounts"))

    assert editing.kept["account_ref"] == "UCI-{ID}"
    assert editing.others["currency"] == OtherSource(value="TWD")
    assert {c.column: c.use for c in editing.columns}["PAY_0"] == IGNORE


def test_a_header_of_another_system_becomes_a_profile_by_a_few_choices() -> None:
    header = ["借据编号", "姓名", "手机", "尾号", "本金(元)", "逾期天数", "状态", "机构"]
    editing = Editing.suggested(header, suggest(header, "accounts"))
    editing = use(editing, "尾号", use="card_last4")
    editing = use(editing, "状态", use="flags", values="D = dispute\n正常 =")
    editing = use(editing, "机构", use=IGNORE)
    editing = replace(
        editing, others={"customer_ref": OtherSource(column="借据编号"), "currency": OtherSource(value="TWD")}
    )

    rows = [
        header,
        ["L1", "王伟", "0912345678", "0001", "10.5", "3", "D", "x"],
        ["L2", "李雷", "0912345679", "0002", "1", "4", "正常", "x"],
    ]
    first, second = reading_of(csv_bytes(rows), profile_of(editing.data("accounts", None)))

    assert isinstance(first, AccountRow) and isinstance(second, AccountRow)
    assert (first.account_ref, first.customer_ref, first.currency, first.flags, first.extra) == (
        "L1", "L1", "TWD", ("dispute",), {},
    )  # fmt: skip
    assert second.flags == ()


def test_a_column_taken_away_from_a_field_does_not_come_back() -> None:
    profile = load_profile(None, "accounts")
    header = [*GOOD, "email"]
    editing = use(Editing.of_profile(header, profile), "email", use=IGNORE)

    data = editing.data("accounts", profile)

    assert not editing.is_as(profile, header)
    assert "email" not in data["columns"]
    assert data["columns"]["interest"] == ["interest", "利息"]  # which this file has not and the next may have
    assert data["ignore"] == ["email"]


def test_of_two_headers_of_one_field_a_person_chooses_one() -> None:
    header = [*GOOD, "账户编号"]
    editing = use(Editing.of_profile(header, load_profile(None, "accounts")), "账户编号", use=EXTRA)

    assert editing.data("accounts", load_profile(None, "accounts"))["columns"]["account_ref"] == "account_ref"


def test_columns_that_feed_nothing_are_said_to_be_kept_once_the_layout_is_kept() -> None:
    header = [*GOOD, "branch", "rejected_line"]
    profile = load_profile(None, "accounts")
    editing = Editing.of_profile(header, profile)

    assert "keep" not in editing.data("accounts", profile)
    assert editing.data("accounts", profile, keep_all=True)["keep"] == ["branch"]


def test_forms_that_have_no_name_on_the_page_stay_what_they_are() -> None:
    own = FORMED.replace("[leading, trailing]", "[trailing]")
    editing = Editing.of_profile(HEADER, parse_profile(own))

    assert (editing.number, editing.date) == ("own", "DD.MM.YYYY")
    again = profile_of(use(editing, "tel", use=EXTRA).data("accounts", parse_profile(own)))
    assert again.number == parse_profile(own).number


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"use": "account_ref"}, "cannot both be account_ref"), ({"values": "D dispute"}, "D dispute")],
)
def test_what_cannot_be_is_told_with_the_column(changes: dict[str, str], words: str) -> None:
    header = list(GOOD)
    editing = use(Editing.of_profile(header, load_profile(None, "accounts")), "customer_ref", **changes)

    with pytest.raises(DomainError) as caught:
        editing.data("accounts", load_profile(None, "accounts"))

    assert words in str(caught.value.message)
    assert "customer_ref" in str(caught.value.message)


def test_the_profile_that_leaves_the_fewest_columns_unknown_fits() -> None:
    standard, uci, own = load_profile(None, "accounts"), load_profile("uci-default", "accounts"), parse_profile(FORMED)
    today = date(2026, 11, 22)

    assert fitting([*GOOD, "branch"], [own, uci, standard], today) is standard
    assert fitting(UCI, [own, standard, uci], today) is uci
    assert fitting(HEADER, [standard, own], today) is own
    assert fitting(["a", "b"], [own, uci, standard], today) is None
    branch = profile_of({"kind": "accounts", "columns": dict(standard.data["columns"]), "keep": ["branch"]})
    assert fitting([*GOOD, "branch"], [branch, standard], today) is branch


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Account No.", "account_ref"), ("ACCOUNT_NUMBER", "account_ref"), ("帳戶編號", "account_ref"), ("委案金额", "total"),
        ("本金（元）", "principal"), ("逾期天數", "days_past_due"), ("身分證字號", "id_no"), ("联系人2关系", "phone_2_relation"),
        ("DPD", "days_past_due"), ("卡號後四碼", "card_last4"), ("last-payment-date", "last_paid_on"), ("手机号码*", "phone_1"),
    ],
)  # fmt: skip
def test_words_of_other_systems_are_understood(header: str, field: str) -> None:
    assert suggest([header], "accounts").columns == {field: header}


def test_a_standard_header_is_never_taken_by_a_synonym_of_another_field() -> None:
    found = suggest(["电话", "手机号", "联系电话", "balance", "total"], "accounts").columns

    assert (found["phone_1"], found["total"]) == ("手机号", "total")
