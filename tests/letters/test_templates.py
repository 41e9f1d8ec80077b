"""The shipped templates: what each must say by law, in its country's forms, with samples that are hard to print."""

from __future__ import annotations

import copy
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from letters import Template, check_letter, load_template, render_print_file, render_single, template_names
from letters.validation_period import earliest_end, federal_holidays
from tests.letters.support import assert_sound, pages_text, squeeze

NAMES = template_names()
REMINDER, SETTLEMENT, DEMAND_US, ACTION_UK = (
    "reminder-letter-zh",
    "settlement-agreement-zh",
    "demand-letter-us",
    "letter-before-action-uk",
)


def sample(name: str, number: int = 0, **changes: Any) -> tuple[Template, dict[str, Any], dict[str, Any]]:
    """Template, head and one letter of the template's sample, the letter changed."""
    template = load_template(name)
    data = copy.deepcopy(dict(template.sample))
    letter = data.pop("letters")[number] | changes
    data.pop("template")
    return template, data, letter


def text_of(name: str, number: int = 0, **changes: Any) -> str:
    return "".join(pages_text(render_single(*sample(name, number, **changes))))


def codes(template: Template, head: dict[str, Any], letter: dict[str, Any]) -> list[tuple[str, str]]:
    return [(problem.code, problem.field) for problem in check_letter(template, head, letter, printed=True)]


def test_the_house_ships_a_template_for_each_occasion() -> None:
    assert sorted([REMINDER, SETTLEMENT, DEMAND_US, ACTION_UK, "lawyer-letter-zh"]) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_prints_exactly_what_it_says(name: str, tmp_path: Path) -> None:
    template, head, _ = sample(name)
    data = template.sample["letters"]
    rows = render_print_file(template, head, data, tmp_path / "a.pdf")
    texts = pages_text(tmp_path / "a.pdf")
    for row, letter in zip(rows, data, strict=True):
        assert row.status == "printed", row.reason()
        assert row.first_page and row.last_page
        text = "".join(texts[row.first_page - 1 : row.last_page])
        for field in ("letter_no", "debtor_name", "address", "postcode", "verify_code"):
            assert squeeze(letter[field]) in text, field
        last = texts[row.last_page - 1]
        words = f"第{row.pages}页共{row.pages}页" if template.language == "zh-CN" else f"Page{row.pages}of{row.pages}"
        assert words in last
    assert_sound(tmp_path / "a.pdf")


@pytest.mark.parametrize("name", NAMES)
def test_a_letter_under_review_says_that_its_number_is_to_come(name: str) -> None:
    template, head, letter = sample(name, letter_no="", verify_code=None)
    text = "".join(pages_text(render_single(template, head, letter)))
    assert ("待编号" if template.language == "zh-CN" else "[givenwithapproval]") in text


def test_the_banks_reminder_says_what_article_69_asks_for() -> None:
    text = text_of(REMINDER)
    expected = [
        "王伟", "卡号末四位为4417", "人民币52,838.95元", "人民币伍万贰仟捌佰叁拾捌元玖角伍分", "最低还款额人民币5,283.90元",
        "催收事由", "第六百七十六条", "权利和义务", "客服电话：400-000-0000", "投诉电话：400-000-0001", "2026年12月2日（含当日）前",
        "异议", "提交证据", "作出标注并进行核实", "业务公章", "二〇二六年十一月二十二日",
    ]  # fmt: skip
    assert [words for words in expected if words not in text] == []
    assert "律师" not in text


def test_the_agreement_says_what_article_70_asks_for() -> None:
    text = text_of(SETTLEMENT)
    expected = [
        "甲方（发卡机构）", "乙方（持卡人）", "币种：人民币", "减免人民币7,628.40元", "人民币45,210.55元", "分12期", "每月一期",
        "2027年11月10日", "3,767.61", "不再计收利息", "不向任何银行申请信用卡", "停止就本协议项下欠款向乙方催收", "违约责任",
        "甲方（盖章）", "乙方（签字）", "第七十条",
    ]  # fmt: skip
    assert [words for words in expected if words not in text] == []


@pytest.mark.parametrize("rows", range(4, 28, 3))
def test_the_signatures_of_both_sides_never_stand_alone(rows: int) -> None:
    plan = [{"due_on": "2027-01-10", "amount": "1.00"}] * rows
    paid = {"principal": f"{rows}.00", "interest": "0", "fees": "0", "total": f"{rows}.00", "agreed": f"{rows}.00"}
    pdf = render_single(*sample(SETTLEMENT, waived="", instalments=plan, **paid))
    last = pages_text(pdf)[-1]
    assert "第七条" in last and "甲方（盖章）" in last and "乙方（签字）" in last


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"waived": "7628.41"}, ("sum.differs", "agreed")),
        ({"waived": None}, ("sum.differs", "agreed")),
        ({"instalments": [{"due_on": "2026-12-10", "amount": "45210.54"}]}, ("sum.differs", "instalments")),
        (
            {"instalments": [{"due_on": "2026-11-21", "amount": "45210.55"}]},
            ("date.too_early", "instalments[0].due_on"),
        ),
        ({"instalments": [{"due_on": "2031-11-23", "amount": "45210.55"}]}, ("date.too_late", "instalments[0].due_on")),
        ({"instalments": []}, ("field.missing", "instalments")),
    ],
)
def test_a_plan_that_does_not_come_out_or_is_longer_than_five_years_is_held(
    changes: dict[str, Any], problem: tuple[str, str]
) -> None:
    assert codes(*sample(SETTLEMENT, **changes)) == [problem]


@pytest.mark.parametrize("nothing", ["", None, "0", "0.00"])
def test_an_agreement_without_a_waiver_says_so(nothing: Any) -> None:
    text = text_of(SETTLEMENT, 1, waived=nothing)
    assert "本协议不涉及减免" in text and "甲方同意减免" not in text


def test_a_head_that_is_wrong_is_said_and_nothing_else_breaks() -> None:
    template, head, letter = sample(DEMAND_US)
    assert codes(template, head | {"issued_on": "soon"}, letter) == [("field.date", "issued_on")]
    assert codes(template, [], letter) == [("field.type", "head")]  # type: ignore[arg-type]


def test_a_plan_of_exactly_five_years_is_let_pass() -> None:
    assert codes(*sample(SETTLEMENT, instalments=[{"due_on": "2031-11-22", "amount": "45210.55"}])) == []


def test_the_us_letter_holds_all_validation_information() -> None:
    text = text_of(DEMAND_US)
    expected = [
        "Sample & Counsel LLP is a debt collector. We are trying to collect a debt",
        "We will use any information you give us to help collect the debt.", "account number ending in 4417",
        "As of August 31, 2026 (date of the last statement), you owed: $12,034.10", "interest:+$311.50",
        "fees:+$80.00", "credited this amount toward the debt:−$80.00",
        "Total amount of the debt now (November 20, 2026): $12,345.60",
        "Call or write to us by December 31, 2026, to dispute all or part of the debt.",
        "If you write to us by December 31, 2026, we must stop collection on any amount you dispute",
        "If you write by December 31, 2026, we must stop collection until we send you that information.",
        "www.cfpb.gov/debt-collection", "How do you want to respond?", "This is not my debt.", "The amount is wrong.",
        "name and address of the original creditor.", "Quiero este formulario en español.", "Mail this form to:",
        "Jordan A. Example, Attorney at Law", "November 22, 2026",
    ]  # fmt: skip
    assert [words for words in expected if squeeze(words) not in text] == []


def test_no_amount_of_the_us_itemization_is_blank() -> None:
    template, head, letter = sample(DEMAND_US, interest="0", fees="0", credits="80.00", total="11954.10")
    assert "".join(pages_text(render_single(template, head, letter))).count("$0.00") == 2
    for field in ("amount_then", "interest", "fees", "credits"):
        assert ("field.missing", field) in codes(template, head, letter | {field: ""})


def test_a_us_letter_that_does_not_add_up_or_ends_its_period_too_soon_is_held() -> None:
    assert codes(*sample(DEMAND_US, credits="0.00")) == [("sum.differs", "total")]
    assert codes(*sample(DEMAND_US, itemization_date="2026-11-21")) == [("date.too_late", "itemization_date")]
    template, head, letter = sample(DEMAND_US)
    assert codes(template, head | {"validation_ends": "2026-12-29"}, letter) == [("date.too_early", "validation_ends")]
    assert codes(template, head | {"validation_ends": "2026-12-30"}, letter) == []


@pytest.mark.parametrize(
    ("sent", "end"),
    [
        (date(2026, 11, 22), date(2026, 12, 30)),  # Thanksgiving on the 26th, a weekend
        (date(2026, 3, 2), date(2026, 4, 8)),
        (date(2026, 12, 24), date(2027, 2, 3)),  # Christmas and New Year's Day, both on a Friday
        (date(2026, 6, 15), date(2026, 7, 23)),  # Juneteenth
    ],
)
def test_the_validation_period_skips_weekends_and_federal_holidays(sent: date, end: date) -> None:
    assert earliest_end(sent) == end


def test_the_federal_holidays_of_a_year() -> None:
    assert sorted(day.isoformat()[5:] for day in federal_holidays(2026)) == [
        "01-01", "01-19", "02-16", "05-25", "06-19", "07-04", "09-07", "10-12", "11-11", "11-26", "12-25",
    ]  # fmt: skip


def test_the_uk_letter_holds_what_the_protocol_asks_for() -> None:
    text = text_of(ACTION_UK, 1)
    expected = [
        "22 November 2026", "£8,000.01", "agreement dated 31 December 2015", "Interest and charges continue: at 8% a year",
        "assigned by Former Example Bank & Co to Sample Bank plc on 29 February 2024", "You have offered £1.00 a month",
        "ask us for a copy of the agreement", "Reply Form", "Information Sheet", "Financial Statement",
        "reply by 22 December 2026 (30 days", "sort code 00-00-00", "StepChange Debt Charity", "0808 808 4000",
        "may start a claim", "Solicitor (SRA number 000001)",
    ]  # fmt: skip
    assert [words for words in expected if squeeze(words) not in text] == []
    assert squeeze("No further interest or charges are being added.") in text_of(ACTION_UK)


def test_less_than_thirty_days_to_reply_is_held() -> None:
    template, head, letter = sample(ACTION_UK)
    assert codes(template, head | {"pay_within_days": 29}, letter) == [("field.too_small", "pay_within_days")]


def test_an_amount_in_another_currency_stands_with_its_code() -> None:
    text = text_of(ACTION_UK, 2)
    assert "EUR1,000,123,456.87" in text and "£" not in text
