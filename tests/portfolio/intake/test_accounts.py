"""Every rule of reference/files.md for a row of accounts."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.foundation.catalogue import merged_catalogue
from portal.foundation.errors import DomainError
from portal.foundation.phones import Phone
from portal.foundation.values import identity_check_digit
from portal.portfolio.intake import AccountRow, PhoneEntry, RejectedRow, parse_profile
from portal.portfolio.intake.layout import ACCOUNT_COLUMNS, FLAGS
from portal.portfolio.intake.rows import ERRORS
from tests.portfolio.intake.files import (
    CARD,
    TODAY,
    accounts_file,
    codes,
    csv_bytes,
    only_account,
    outcomes,
    reading_of,
    warnings,
)

RIGHT_ID = "11010519491231002X"
WRONG_ID = "110105194912310021"


def test_a_good_row_becomes_an_account() -> None:
    row = only_account(
        account_ref="Ａ－００１",
        id_no=RIGHT_ID.lower(),
        phone_2="010-62345678转801",
        phone_2_relation="配偶",
        email="wang@example.com",
        address=" 上海市 浦东新区 ",
        region="上海市",
        interest="20.5",
        fees="3",
        total="1,023.50",
        due_date="2026年10月8日",
        balance_as_of="20261031",
        flags="dispute; Hardship;dispute",
        branch="东直门支行",
    )

    assert (row.account_ref, row.name, row.address, row.region) == ("A-001", "王小明", "上海市 浦东新区", "CN-SH")
    assert (row.currency, row.principal, row.interest, row.fees, row.total) == ("CNY", 100_000, 2_050, 300, 102_350)
    assert row.phones == (
        PhoneEntry(1, Phone("+8613800138000"), "self"),
        PhoneEntry(2, Phone("+861062345678", "801"), "spouse"),
    )
    assert (row.days_past_due, row.due_date, row.balance_as_of) == (45, date(2026, 10, 8), date(2026, 10, 31))
    assert (row.id_no, row.flags, row.extra) == (RIGHT_ID, ("dispute", "hardship"), {"branch": "东直门支行"})
    assert row.warnings == ()


def test_the_chinese_header_is_read_like_the_english_one() -> None:
    english = only_account(
        interest="1", region="CN-BJ", email="a@example.com", phone_2="13900139000", phone_2_relation="同事"
    )
    chinese_of = {column.field: column.chinese for column in ACCOUNT_COLUMNS}
    content = accounts_file(
        {
            "interest": "1",
            "region": "CN-BJ",
            "email": "a@example.com",
            "phone_2": "13900139000",
            "phone_2_relation": "同事",
        }
    ).decode()
    header, rest = content.split("\n", 1)
    translated = ",".join(chinese_of[name] for name in header.split(",")) + "\n" + rest

    assert outcomes(translated.encode("gb18030")) == [english]


def test_headers_may_have_spaces_capitals_and_any_order() -> None:
    row = only_account()
    content = accounts_file({}).decode().replace("account_ref", " Account_Ref ", 1)

    assert outcomes(content.encode()) == [row]


def test_what_is_not_given_has_its_default() -> None:
    row = only_account()

    assert (row.currency, row.interest, row.fees, row.flags, row.region) == ("CNY", 0, 0, (), "")
    assert row.balance_as_of == TODAY


@pytest.mark.parametrize("field", ["account_ref", "customer_ref", "name", "card_last4", "principal", "days_past_due"])
def test_a_missing_required_value_is_rejected(field: str) -> None:
    assert codes(**{field: "  "}) == [(field, "missing")]


def test_a_person_needs_a_telephone_or_an_address() -> None:
    assert codes(phone_1="") == [("phone_1", "missing")]
    assert codes(phone_1="", address="人民路1号") == []
    assert codes(phone_1="", phone_2="13900139000", phone_2_relation="朋友") == [("phone_1", "missing")]
    assert codes(phone_1="none") == [("phone_1", "unreadable")]
    assert warnings(phone_1="none", address="人民路1号") == [("phone_1", "unreadable")]


@pytest.mark.parametrize(
    "field", ["account_ref", "customer_ref", "name", "address", "email", "product", "remark", "card_last4", "phone_2"]
)
def test_a_full_card_number_is_rejected_wherever_it_stands(field: str) -> None:
    given = {field: f"卡号{CARD}" if field != "card_last4" else CARD}

    assert (field, "card_number") in codes(**given)


def test_an_identity_number_is_never_a_card_number() -> None:
    first = "62010219900101" + "003"
    number = first + identity_check_digit(first)

    assert codes(id_no=number, remark=f"证件{number}") == []


def test_the_value_of_an_error_never_holds_a_card_number() -> None:
    [row] = outcomes(accounts_file({"name": f"卡{CARD}"}))

    assert isinstance(row, RejectedRow)
    assert CARD not in row.errors[0].value
    assert CARD not in str(row.errors[0].message)


@pytest.mark.parametrize("field", ["principal", "interest", "fees"])
def test_parts_are_exact_and_not_negative(field: str) -> None:
    assert codes(**{field: "12,34"}) == [(field, "unreadable")]
    assert codes(**{field: "1.005"}) == [(field, "unreadable")]
    assert codes(**{field: "-1"}) == [(field, "negative")]


def test_parts_that_do_not_add_up_are_rejected() -> None:
    assert codes(interest="1", fees="1", total="1,003") == [("total", "sum_mismatch")]
    assert codes(interest="1", fees="1", total="1,002") == []


def test_a_total_beside_incomplete_parts_is_a_warning() -> None:
    assert warnings(total="1,003") == [("total", "sum_mismatch")]
    assert only_account(total="1,003").total == 100_000


def test_a_total_alone_needs_a_mapping_that_says_so() -> None:
    assert codes(principal="", total="500") == [("principal", "missing")]
    profile = parse_profile(
        "{name: alone, version: 1, kind: accounts, total_alone: true, columns: {account_ref: account_ref, "
        "customer_ref: customer_ref, name: name, phone_1: phone_1, card_last4: card_last4, total: total, "
        "principal: principal, days_past_due: days_past_due}}"
    )

    [row] = outcomes(accounts_file({"principal": "", "total": "500"}), profile=profile)

    assert isinstance(row, AccountRow)
    assert row.principal == 50_000


@pytest.mark.parametrize(
    ("written", "code"), [("-1", "negative"), ("3.5", "unreadable"), ("many", "unreadable"), ("1e3", "unreadable")]
)
def test_days_past_due_are_whole_and_not_negative(written: str, code: str) -> None:
    assert codes(days_past_due=written) == [("days_past_due", code)]


def test_zero_days_are_good_in_the_standard_layout() -> None:
    assert only_account(days_past_due="0").days_past_due == 0


def test_the_balance_date_is_readable_and_not_to_come() -> None:
    assert codes(balance_as_of="soon") == [("balance_as_of", "unreadable")]
    assert codes(balance_as_of="2026-11-23") == [("balance_as_of", "future_date")]
    assert codes(balance_as_of="2026-11-22") == []


def test_the_identity_number_is_checked_by_its_form_or_by_the_region() -> None:
    assert codes(id_no=WRONG_ID) == [("id_no", "id_check")]
    assert codes(id_no=WRONG_ID, region="TW") == [("id_no", "id_check")]
    assert codes(id_no="A123456789", region="TW") == []
    assert codes(id_no="A123456789") == []
    assert codes(id_no="A123456789", region="广东") == [("id_no", "id_check")]
    assert codes(id_no="１１０１０５１９４９１２３１００２Ｘ", region="CN-BJ") == []


@pytest.mark.parametrize("written", ["6.22848E+15", "６.２２８４８Ｅ＋１５", "6.22848e+15", "1E+17", "6E15"])
@pytest.mark.parametrize("field", ["account_ref", "customer_ref"])
def test_a_reference_in_scientific_notation_is_rejected(field: str, written: str) -> None:
    assert codes(**{field: written}) == [(field, "scientific_notation")]


def test_full_width_forms_are_read_as_plain_ones_in_refs_amounts_and_dates() -> None:
    row = only_account(
        account_ref="Ａ－７", customer_ref="　Ｃ－７　", card_last4="００１２", principal="１，０００．５０", days_past_due="４５",
        balance_as_of="２０２６／１１／０１", due_date="２０２６年１０月８日", currency="ｃｎｙ", phone_1="１３８００１３８０００",
        flags="ｄｉｓｐｕｔｅ；hardship",
    )  # fmt: skip

    assert (row.account_ref, row.customer_ref, row.card_last4, row.principal) == ("A-7", "C-7", "0012", 100_050)
    assert (row.days_past_due, row.balance_as_of, row.due_date) == (45, date(2026, 11, 1), date(2026, 10, 8))
    assert (row.currency, row.flags, row.phones[0].phone) == ("CNY", ("dispute", "hardship"), Phone("+8613800138000"))


def test_a_card_number_in_the_identity_numbers_place_is_a_card_number() -> None:
    assert codes(id_no=CARD) == [("id_no", "card_number")]
    assert codes(id_no=CARD, region="CN-BJ") == [("id_no", "id_check")]


def test_unknown_flags_relations_and_currencies_are_rejected() -> None:
    assert codes(flags="dispute;angry") == [("flags", "unknown_value")]
    assert codes(phone_2="13900139000", phone_2_relation="邻居") == [("phone_2_relation", "unknown_value")]
    assert codes(currency="XYZ") == [("currency", "unknown_value")]
    assert only_account(currency="人民币").currency == "CNY"


@pytest.mark.parametrize(
    ("field", "written"),
    [
        ("due_date", "2026-13-01"),
        ("opened_on", "yesterday"),
        ("last_paid_on", "1.1.2026"),
        ("email", "nobody"),
        ("phone_3", "12"),
        ("last_paid_amount", "some"),
    ],
)
def test_an_unreadable_optional_value_is_left_out_and_listed(field: str, written: str) -> None:
    assert warnings(**{field: written}) == [(field, "unreadable")]
    row = only_account(**{field: written})
    assert not getattr(row, field, None)
    assert len(row.phones) == 1


@pytest.mark.parametrize("field", ["opened_on", "charged_off_on", "last_paid_on"])
def test_a_day_of_what_has_happened_is_not_still_to_come(field: str) -> None:
    assert warnings(**{field: "2026-11-23"}) == [(field, "future_date")]
    assert getattr(only_account(**{field: "2026-11-23"}), field) is None
    assert warnings(**{field: "2026-11-22"}) == []


def test_all_errors_of_a_row_come_at_once() -> None:
    wrong = {
        "account_ref": "6.2E+15",
        "name": "",
        "principal": "-5",
        "interest": "x",
        "days_past_due": "",
        "id_no": WRONG_ID,
        "currency": "ABC",
        "flags": "nope",
        "balance_as_of": "2030-01-01",
        "remark": CARD,
        "card_last4": "12",
    }

    assert sorted(code for _, code in codes(**wrong)) == sorted(
        ["scientific_notation", "missing", "negative", "unreadable", "missing", "id_check", "unknown_value"]
        + ["unknown_value", "future_date", "card_number", "unreadable"]
    )


def test_the_first_good_row_of_a_reference_stands() -> None:
    content = accounts_file(
        {"account_ref": "A", "principal": "x"}, {"account_ref": "A"}, {"account_ref": "Ａ"}, {"account_ref": "B"}
    )

    rows = outcomes(content)

    assert [type(row) for row in rows] == [RejectedRow, AccountRow, RejectedRow, AccountRow]
    assert [issue.code for row in rows if isinstance(row, RejectedRow) for issue in row.errors] == [
        "unreadable",
        "duplicate",
    ]


def test_a_second_name_of_a_customer_is_told_and_the_first_stands() -> None:
    content = accounts_file(
        {"customer_ref": "C", "principal": "x", "name": "张三"},
        {"customer_ref": "C", "name": "李四"},
        {"customer_ref": "C", "name": "王五"},
        {"customer_ref": "C", "name": " 李四 "},
    )

    rows = outcomes(content)[1:]

    assert [[(w.column, w.code) for w in row.warnings] for row in rows if isinstance(row, AccountRow)] == [
        [],
        [("name", "conflict")],
        [],
    ]


def test_the_words_about_flags_name_every_flag() -> None:
    [row] = outcomes(accounts_file({"flags": "vip"}))
    assert isinstance(row, RejectedRow)
    known = row.errors[0].message.params["known"]
    in_chinese = merged_catalogue("zh_Hans").get(known.msgid)
    assert in_chinese is not None
    assert all(flag in known.msgid and f"{flag}（" in str(in_chinese.string) for flag in FLAGS)


def test_a_row_with_more_cells_than_columns_is_rejected() -> None:
    content = accounts_file({}) + b"A-2,C-2,x,13800138000,0012,1,30,surplus\n"

    row = outcomes(content)[1]

    assert isinstance(row, RejectedRow)
    assert (row.line, row.errors[0].code) == (3, "unreadable")


def test_text_like_a_formula_is_text() -> None:
    row = only_account(name="=SUM(A1)", address="-1", phone_1="+8613800138000", product="@x")

    assert (row.name, row.address, row.product) == ("=SUM(A1)", "-1", "@x")
    assert row.phones[0].phone.number == "+8613800138000"


def test_an_unknown_region_is_a_warning() -> None:
    assert warnings(region="火星") == [("region", "unknown_value")]


def test_a_file_without_required_columns_is_refused_by_name() -> None:
    with pytest.raises(DomainError) as caught:
        reading_of(csv_bytes([["account_ref", "姓"], ["1", "2"]]))

    assert caught.value.code == "intake.missing_columns"
    assert "card_last4, principal, days_past_due, phone_1 / address (" in str(caught.value.message)
    assert "卡号末四位、本金、逾期天数、手机号 / 地址)" in str(caught.value.message)


def test_two_headers_of_one_field_are_refused() -> None:
    with pytest.raises(DomainError) as caught:
        reading_of(accounts_file({"账户编号": "x"}))

    assert caught.value.code == "tabular.duplicate_column"


def test_a_date_to_come_is_no_as_of_date() -> None:
    with pytest.raises(DomainError) as caught:
        reading_of(accounts_file({}), as_of=date(2026, 11, 23))

    assert caught.value.code == "intake.as_of_future"


@settings(max_examples=200, deadline=None)
@given(st.fixed_dictionaries({}, optional={column.field: st.text(max_size=24) for column in ACCOUNT_COLUMNS}))
def test_any_text_in_any_cell_is_taken_or_rejected_with_known_codes(change: dict[str, str]) -> None:
    clean = {name: "".join(c for c in text if c.isprintable()) for name, text in change.items()}

    try:
        rows = outcomes(accounts_file(clean))
    except DomainError as error:
        assert error.code.startswith(("tabular.", "intake."))
        return
    for row in rows:
        if isinstance(row, RejectedRow):
            assert {issue.code for issue in row.errors} <= set(ERRORS)
            assert all(str(issue.message) for issue in row.errors)
        else:
            assert isinstance(row, AccountRow)
            assert row.total == row.principal + row.interest + row.fees >= 0
