"""A plan on a form and in words: what people write is the plan that is kept, and every refusal has its sentence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask_babel import force_locale
from hypothesis import given
from hypothesis import strategies as st

import portal.commission.plan as engine
from portal.commission.plan import PlanError, faults_of, read_plan
from portal.commission.plan.holes import holes_of
from portal.foundation.language import translate
from portal.vendors.plans.entries import count_of, entries_of, notation_of, with_step
from portal.vendors.plans.faults import OF_PLACES, SENTENCES, sentence_of
from portal.vendors.plans.summary import rates_words
from portal.vendors.plans.words import REASONS, clauses_of, warning_of

if TYPE_CHECKING:
    from flask import Flask

FULL: dict[str, Any] = {
    "currency": "CNY",
    "bands": {
        "by": "recovery_rate", "mode": "whole",
        "rows": [{"from": "0", "rate": "0.02"}, {"from": "0.15", "rate": "0.03"}, {"above": "0.3", "rate": "0.05"}],
    },
    "stage_rates": {"legal": "0.3"},
    "surcharges": [{"by": "bucket", "is": ["M5", "M6"], "add": "0.05"}, {"by": "round", "from": "2", "multiply": "1.2"}],
    "small_balance": [{"upto": "2000", "minimum": "25"}, {"by": "days_past_due", "upto": "60", "rate": "0.01"}],
    "minimum": {"per": "payment", "amount": "10"},
    "cap": {"per": "contract_year", "amount": "500000", "share": "0.25"},
    "contract_started_on": "2005-01-01",
    "free_days": {"bank": 3},
    "tail": {"months": 2},
    "basis": "principal",
    "remittance": "net",
    "kpi": {"by": "rank", "rows": [{"is": ["1"], "factor": "1.05"}, {"from": "4", "factor": "0.98"}], "floor": "0.9"},
    "limits": [{"round": 1, "max_rate": "0.5"}],
}  # fmt: skip


def test_a_plan_on_the_form_is_the_plan_that_was_kept() -> None:
    assert read_plan(notation_of(entries_of(FULL), "CNY").data) == read_plan(FULL)


@given(st.sets(st.sampled_from(sorted(set(FULL) - {"currency", "bands", "contract_started_on", "limits"}))))
def test_each_key_stands_alone_or_with_any_others(keys: set[str]) -> None:
    data = {"currency": "CNY", "rate": "0.1413", "contract_started_on": "2005-01-01"} | {key: FULL[key] for key in keys}

    assert read_plan(notation_of(entries_of(data), "CNY").data) == read_plan(data)


def test_figures_are_read_as_people_write_them() -> None:
    values = {
        "p-bands_by": "recovery_rate", "p-bands_mode": "whole", "p-bands-0-kind": "from", "p-bands-0-value": "0%",
        "p-bands-0-rate": " 2 ％", "p-bands-3-kind": "above", "p-bands-3-value": "30%", "p-bands-3-rate": "0.05",
        "p-cap_amount": "1,000,000.50", "p-cap_per": "placement", "p-surcharges-0-by": "bucket", "p-surcharges-0-kind": "is",
        "p-surcharges-0-value": "M2，M3、M4", "p-surcharges-0-how": "add", "p-surcharges-0-size": "5%",
    }  # fmt: skip

    assert notation_of(values, "CNY").data == {
        "currency": "CNY",
        "bands": {"by": "recovery_rate", "mode": "whole", "rows": [{"from": "0", "rate": "0.02"}, {"above": "0.3", "rate": "0.05"}]},
        "surcharges": [{"by": "bucket", "is": ["M2", "M3", "M4"], "add": "0.05"}],
        "cap": {"per": "placement", "amount": "1000000.50"},
    }  # fmt: skip


def test_a_fault_belongs_to_the_field_that_it_is_about_whatever_rows_are_left_empty() -> None:
    values = {
        "p-bands_by": "payment_amount", "p-bands_mode": "whole", "p-bands-1-kind": "from", "p-bands-1-value": "100",
        "p-bands-1-rate": "10%", "p-bands-4-kind": "from", "p-bands-4-value": "50", "p-bands-4-rate": "35",
    }  # fmt: skip
    written = notation_of(values, "CNY")

    assert [written.field_of(f.key, f.row) for f in faults_of(written.data)] == ["p-bands-4-rate"]
    written = notation_of(values | {"p-bands-4-rate": "35%"}, "CNY")
    assert [(f.code, written.field_of(f.key, f.row)) for f in faults_of(written.data)] == [("order", "p-bands-4-value")]


def test_rows_come_and_go_and_nothing_else_is_lost() -> None:
    values = {"rate": "x", "p-limits-0-round": "1", "p-limits-1-round": "2", "p-limits-2-round": "3"}

    assert count_of(with_step(values, "add-limits"), "limits") == 4
    dropped = with_step(values, "drop-limits-1")
    assert dropped == {"rate": "x", "p-limits-0-round": "1", "p-limits-1-round": "3"}
    for step in ("add-nothing", "drop-nothing-1", "drop-limits-77", "elsewhere"):
        assert with_step(values, step) == values


# --- sentences ----------------------------------------------------------------------------------------------------------


def raised() -> set[str]:
    """Every code that the notation and the engine raise, read from their own source."""
    source = "".join(path.read_text() for path in Path(engine.__file__).parent.glob("*.py"))
    found = set(re.findall(r'PlanError\(\s*"(\w+)"', source))
    return found | set(re.findall(r'"(\w+)" if \w+ == \w+ else "\w+", "bands', source)) | {"order"}


def test_every_code_that_a_plan_can_be_refused_by_has_its_sentence_in_both_languages(app: Flask) -> None:
    assert raised() <= set(SENTENCES)
    assert {code for code, _ in OF_PLACES} <= set(SENTENCES)
    with app.test_request_context(), force_locale("zh_Hans"):
        for code in SENTENCES:
            words = sentence_of(PlanError(code, "some.key"))
            assert re.search(r"[\u4e00-\u9fff]", translate(words)), code


def test_every_reason_of_a_line_is_said_in_words() -> None:
    source = "".join(path.read_text() for path in Path(engine.__file__).parent.glob("earning.py"))
    for code in (
        "rate",
        "small_balance",
        "minimum",
        "cap",
        "below_first_band",
        "outside_placement",
        "free_period",
        "reversal",
        "true_up",
    ):
        assert f'"{code}"' in source
        assert code in REASONS


def test_the_whole_plan_is_said_topic_by_topic(app: Flask) -> None:
    with app.test_request_context(), force_locale("en"):
        said = {clause.code: translate(clause.words) for clause in clauses_of(read_plan(FULL))}

    assert said == {
        "rate": "by recovery rate of the batch, the rate that is reached holds for everything: 2% from 0%; 3% from 15%; "
        "5% above 30%",
        "basis": "of each payment only the principal in it",
        "stage_rates": "30% in litigation",
        "surcharges": "5% more for M5, M6 (bucket); the rate × 1.2 from round 2 (round of placement)",
        "small_balance": "at least CN¥25.00 for each payment up to CN¥2,000.00 (placed balance); 1% up to 60 days (days past due)",
        "minimum": "CN¥10.00 for each payment, never more than the payment",
        "cap": "at most the lower of CN¥500,000.00 and 25% of the amounts that earn in each contract year from 1 Jan 2005",
        "free_days": "payments to the bank earn nothing for 3 days after the placement",
        "tail": "2 months after the end",
        "remittance": "net: the agency keeps its fee of what it receives, and hands over the rest",
        "kpi": "a factor on the period's commission by rank: × 1.05 for 1; × 0.98 from 4; never below 0.9",
        "limits": "round 1: at most 50%",
    }


def test_a_bank_in_china_reads_it_in_its_own_words(app: Flask) -> None:
    with app.test_request_context(), force_locale("zh_Hans"):
        said = {clause.code: translate(clause.words) for clause in clauses_of(read_plan(FULL))}
        hole = translate(warning_of(holes_of(read_plan(PLAN_WITH_HOLE))[0], "CNY"))

    assert said["rate"] == "按批次回收率，达到的费率适用于全额：达到0%为 2%；达到15%为 3%；超过30%为 5%"
    assert said["basis"] == "仅按每笔还款其中的本金计佣"
    assert hole == "低于15%（批次回收率）时不计佣。"


PLAN_WITH_HOLE = {
    "currency": "CNY",
    "bands": {"by": "recovery_rate", "mode": "marginal", "rows": [{"from": "0.15", "rate": "0.1"}]},
}


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ({"rate": "0.141275"}, "14.1275%"),
        (FULL, "2%–30%"),
        ({"bands": {"rows": [{"from": "0", "rate": "0.05"}, {"from": "1", "rate": 0.24}]}}, "5%–24%"),
        ({}, "–"),
    ],
)
def test_a_list_says_from_which_to_which_rate(app: Flask, plan: dict[str, Any], words: str) -> None:
    with app.test_request_context():
        assert rates_words(plan) == words


@pytest.mark.parametrize(
    ("bands", "en", "zh"),
    [
        (PLAN_WITH_HOLE["bands"], "10%, only from 15%", "10%，自15%起"),
        ({"by": "payment_amount", "mode": "whole", "rows": [{"above": "500", "rate": "0.1"}]},
         "10%, only above CN¥500.00", "10%，仅高于¥500.00"),
        ({"by": "round", "rows": [{"is": ["1", "2"], "rate": "0.1"}]}, "10%, none for round 3", "10%，第 3 手除外"),
    ],
)  # fmt: skip
def test_of_a_plan_with_a_hole_a_list_says_where_it_earns(app: Flask, bands: dict[str, Any], en: str, zh: str) -> None:
    for locale, words in (("en", en), ("zh_Hans", zh)):
        with app.test_request_context(), force_locale(locale):
            said = rates_words({"currency": "CNY", "bands": bands})
            assert (said if isinstance(said, str) else translate(said)) == words
