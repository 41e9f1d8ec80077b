"""What holds a letter, and what does not."""

from __future__ import annotations

from typing import Any

import pytest

from letters import check_letter
from tests.letters.factories import head, letter, template


def problems(**changes: Any) -> list[tuple[str, str]]:
    return [(p.code, p.field) for p in check_letter(template(), head(), letter(**changes), printed=True)]


def test_an_ordinary_letter_has_no_problem() -> None:
    assert problems() == []


@pytest.mark.parametrize("changes", [{"postcode": None}, {"postcode": ""}, {"items": None}, {"items": []}])
def test_optional_fields_may_be_missing_or_empty(changes: dict[str, Any]) -> None:
    assert problems(**changes) == []


@pytest.mark.parametrize(
    "field",
    ["letter_no", "debtor_name", "address", "card_last4", "currency", "as_of", "total", "days_past_due", "verify_code"],
)
@pytest.mark.parametrize("nothing", [None, "", "   "])
def test_a_missing_required_field_is_named(field: str, nothing: Any) -> None:
    assert ("field.missing", field) in problems(**{field: nothing})


def test_number_and_code_may_be_missing_while_a_lawyer_reviews() -> None:
    under_review = letter(letter_no=None, verify_code=None)
    assert check_letter(template(), head(), under_review) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"total": "52838.94"}, "total"),
        ({"fees": "1508.01", "items": []}, "total"),
        ({"items": [{"label": "七月", "principal": "45210.55", "interest_and_fees": "7628.39"}]}, "items"),
        ({"items": [{"label": "七月", "principal": "45210.54", "interest_and_fees": "7628.40"}]}, "items"),
    ],
)
def test_sums_that_differ_by_a_cent_hold_the_letter(changes: dict[str, Any], field: str) -> None:
    assert problems(**changes) == [("sum.differs", field)]


def test_a_difference_is_said_with_both_figures_in_both_languages() -> None:
    (problem,) = check_letter(template(), head(), letter(total="52838.94"))
    assert "52,838.95" in problem.message_en and "52,838.94" in problem.message_en and "total" in problem.message_en
    assert "52,838.95" in problem.message_zh and "金额不符" in problem.message_zh


def test_nothing_due_is_no_letter() -> None:
    zero = dict.fromkeys(("principal", "interest", "fees", "total"), "0.00")
    assert problems(**zero, items=[]) == [("sum.nothing_due", "total")]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"principal": "45,210.55"}, "field.amount"),
        ({"principal": "４５２１０.55"}, "field.amount"),
        ({"principal": 45210.55}, "field.amount"),
        ({"principal": "-45210.55"}, "field.negative"),
        ({"total": "1" + "0" * 16}, "field.too_large"),
        ({"currency": "XXX"}, "field.currency"),
        ({"currency": "cny"}, "field.currency"),
        ({"as_of": "20.11.2026"}, "field.date"),
        ({"as_of": "2026-02-30"}, "field.date"),
        ({"as_of": "2026-11-23"}, "date.after_issue"),
        ({"card_last4": "6222021234564417"}, "field.card_last4"),
        ({"card_last4": "441"}, "field.card_last4"),
        ({"days_past_due": "127"}, "field.integer"),
        ({"days_past_due": -1}, "field.integer"),
        ({"postcode": 100020}, "field.type"),
        ({"debtor_name": ["王伟"]}, "field.type"),
        ({"items": "none"}, "field.type"),
        ({"items": ["七月"]}, "field.type"),
        ({"items": [{"label": "七月", "principal": "1.00"}]}, "field.missing"),
        ({"address": "路" * 2001}, "field.too_long"),
    ],
)
def test_wrong_data_is_said_by_its_kind(changes: dict[str, Any], code: str) -> None:
    assert code in [found for found, _ in problems(**changes)]


def test_a_full_card_number_is_not_repeated_in_the_reason() -> None:
    (problem,) = check_letter(template(), head(), letter(card_last4="6222021234564417"))
    assert "6222" not in problem.message_en + problem.message_zh


@pytest.mark.parametrize(
    "name", ["𠮷田", "㛃", "䶮", "阿卜杜拉·买买提", "José Núñez", '<Anna> & "B"', "１２３ 123", "﨑", "〜～", "𰻞"]
)
def test_rare_but_real_names_print(name: str) -> None:
    assert problems(debtor_name=name) == []


@pytest.mark.parametrize(
    ("name", "code_point"),
    [("王\U0001f600", "U+1F600"), ("王\ue000", "U+E000"), ("王\u202e伟", "U+202E"), ("王\x00", "U+0000"), ("王\ud842", "U+D842"), ("王\ufffd", "U+FFFD"), ("王\u200b伟", "U+200B"), ("葛\ufe00", "U+FE00"), ("葛\U000e0100", "U+E0100")],
)  # fmt: skip
def test_a_character_that_no_font_covers_holds_the_letter_and_is_named(name: str, code_point: str) -> None:
    (problem,) = check_letter(template(), head(), letter(debtor_name=name))
    assert (problem.code, problem.field) == ("field.unprintable", "debtor_name")
    assert code_point in problem.message_en


@pytest.mark.parametrize("row", ["text", 5, None, ["a"]])
def test_a_row_that_is_no_object_is_a_problem_not_a_crash(row: Any) -> None:
    assert [problem.code for problem in check_letter(template(), head(), row)] == ["letter.not_object"]


def test_problems_of_the_head_hold_every_letter() -> None:
    without_lawyers = head(firm={"name": "某律师事务所", "phone": "010", "lawyers": []})
    assert ("field.missing", "firm.lawyers") in [
        (problem.code, problem.field) for problem in check_letter(template(), without_lawyers, letter())
    ]


def test_a_lawyer_without_a_licence_number_is_named() -> None:
    unlicensed = head(firm=head()["firm"] | {"lawyers": [{"name": "张示例"}]})
    assert [problem.field for problem in check_letter(template(), unlicensed, letter())] == [
        "firm.lawyers[0].licence_no"
    ]
