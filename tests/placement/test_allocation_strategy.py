"""A strategy as data: what is read is what was written, and what is wrong is said with its place and its cure."""

from __future__ import annotations

import copy
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.placement.allocation import (
    By,
    Champion,
    Equal,
    FormerHolders,
    Licence,
    Only,
    Order,
    Overflow,
    Performance,
    Picks,
    Ranked,
    Receiver,
    Rules,
    Shares,
    Strata,
    Strategy,
    StrategyError,
    read_receivers,
)
from portal.placement.allocation.reading import BUCKETS as KNOWN_BUCKETS
from portal.placement.allocation.writing import receiver_as_data
from portal.portfolio.buckets import BUCKETS

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = sorted((DOCS / "strategies").glob("*.json"))
SCHEMA = json.loads((DOCS / "strategy.schema.json").read_text(encoding="utf-8"))
GOOD: dict[str, Any] = {
    "version": 1,
    "currency": "CNY",
    "date": "2026-11-26",
    "seed": 1,
    "steps": [{"kind": "shares", "shares": {"HT": "0.4", "ZX": "0.6"}}],
    "receivers": [{"code": "HT"}, {"code": "ZX"}],
}


def matches_schema(data: Any) -> bool:
    return bool(jsonschema.Draft202012Validator(SCHEMA).is_valid(data))


def problems(data: Any) -> list[tuple[str, str, str]]:
    found = []
    for read in (Strategy.from_data, read_receivers):
        try:
            read(data)
        except StrategyError as error:
            found += [(p.code, p.where, p.text) for p in error.problems]
    return found


def changed(place: str, value: Any) -> dict[str, Any]:
    """The good strategy with one value put in: a place is `steps.0.shares`."""
    data = copy.deepcopy(GOOD)
    here: Any = data
    *way, last = place.split(".")
    for step in way:
        here = here[int(step)] if isinstance(here, list) else here.setdefault(step, {})
    if isinstance(here, list):
        here[int(last)] = value
    else:
        here[last] = value
    return data


# --- what is read is what was written -----------------------------------------------------------------------------------

CODES = st.sampled_from(("HT", "ZX", "BL", "XT"))
PARTS = st.decimals(0, 1, places=4)
ONLYS = st.builds(
    Only,
    st.none() | st.frozensets(st.sampled_from(BUCKETS)),
    st.none() | st.frozensets(st.sampled_from(("CN", "CN-GD", "TW"))),
    st.none() | st.integers(0, 10**6),
    st.none() | st.integers(10**6, 10**12),
)


@st.composite
def halves(draw: st.DrawFn, first: str, second: str) -> dict[str, Decimal]:
    part = draw(PARTS)
    return {first: part, second: 1 - part}


STEPS = st.one_of(
    st.builds(Picks, st.dictionaries(st.text("A0-", min_size=1), CODES, min_size=1), only=ONLYS),
    st.builds(Shares, halves("HT", "ZX"), st.sampled_from(By), st.sampled_from(Overflow), only=ONLYS),
    st.builds(Equal, st.lists(CODES, min_size=1, unique=True).map(tuple), st.sampled_from(By), only=ONLYS),
    st.builds(Performance, st.dictionaries(CODES, st.decimals("0.1", 100, places=1), min_size=1), only=ONLYS),
    st.builds(
        Champion, halves("HT", "ZX"), halves("BL", "XT"), st.decimals("0.01", "0.99", places=2), st.sampled_from(By)
    ),
    st.builds(Ranked, st.lists(CODES, min_size=1, unique=True).map(tuple), st.sampled_from(Order), only=ONLYS),
)
STRATEGIES = st.builds(
    Strategy,
    st.integers(0, 2**53),
    st.dates(date(1990, 1, 1), date(2099, 1, 1)),
    st.sampled_from(("CNY", "JPY", "KWD")),
    st.lists(STEPS, min_size=1, max_size=4).map(tuple),
    st.builds(
        Rules,
        st.builds(FormerHolders, st.none() | st.integers(0, 9)),
        st.integers(0, 90),
        st.booleans(),
        st.sampled_from(Licence),
    ),
    st.sampled_from((Strata(), Strata(()), Strata(("region", "balance"), (100, 5000)), Strata(("balance",), (), 4))),
)


@given(STRATEGIES)
def test_a_strategy_is_read_as_it_was_written_and_fits_the_schema(strategy: Strategy) -> None:
    data = json.loads(json.dumps(strategy.as_data()))

    assert Strategy.from_data(data) == strategy
    assert matches_schema(data)
    assert Strategy.from_data(data).as_data() == data


def test_receivers_are_read_as_they_were_written() -> None:
    taking = [
        Receiver(1, "HT", "恒通", 5, 12_345, frozenset({"CN"}), frozenset({"M1"}), date(2027, 1, 1), 90, "audit"),
        Receiver(2, "ZX"),
    ]
    data = {"currency": "CNY", "receivers": [receiver_as_data(each, "CNY") for each in reversed(taking)]}

    assert read_receivers(data) == taking


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_are_good_and_fit_the_schema(path: Path) -> None:
    data = json.loads(path.read_text(encoding="utf-8"))

    assert problems(data) == []
    assert matches_schema(data)


def test_there_is_an_example_of_each_step() -> None:
    kinds = {step["kind"] for path in EXAMPLES for step in json.loads(path.read_text(encoding="utf-8"))["steps"]}

    assert kinds == {"picks", "shares", "equal", "performance", "champion", "ranked"}


def test_the_rule_knows_the_same_buckets_as_the_portfolio() -> None:
    assert KNOWN_BUCKETS == BUCKETS


# --- what is wrong is said ----------------------------------------------------------------------------------------------

STEP = "steps.0"
TRIAL = {"kind": "champion", "champions": {"HT": "1"}, "challengers": {"ZX": "1"}, "part": "0.1"}
SCORES = {"kind": "performance", "scores": {"HT": "1", "ZX": "1"}}


@pytest.mark.parametrize(
    ("place", "value", "code", "where"),
    [
        ("version", 2, "version", "version"),
        ("version", True, "version", "version"),
        ("currency", "XXX", "currency", "currency"),
        ("currency", None, "text", "currency"),
        ("date", "26.11.2026", "date", "date"),
        ("date", "2026-02-30", "date", "date"),
        ("seed", -1, "whole_number", "seed"),
        ("seed", 1.5, "whole_number", "seed"),
        ("seed", 10**400, "whole_number", "seed"),
        ("name", "a\x00b", "text", "name"),
        ("nmae", "x", "unknown_key", "the file"),
        ("rules.former_holders", "sometimes", "former_holders", "rules.former_holders"),
        ("rules.former_holders", {"within_rounds": -1}, "whole_number", "rules.former_holders.within_rounds"),
        ("rules.cool_down_days", "30", "whole_number", "rules.cool_down_days"),
        ("rules.customers_together", "yes", "flag", "rules.customers_together"),
        ("rules.licence", "never", "unknown_word", "rules.licence"),
        ("rules.capacity", 1, "unknown_key", "rules"),
        ("rules", [], "kind_of_value", "rules"),
        ("strata.by", ["bucket", "age"], "strata", "strata.by"),
        ("strata.by", ["balance"], "bands", "strata.by"),
        ("strata.bands", ["1.00"], "bands", "strata.by"),
        ("strata", {"by": ["balance"], "bands": ["2.00", "1.00"]}, "bands", "strata.bands"),
        ("strata", {"by": ["balance"], "bands": ["x"]}, "amount", "strata.bands[0]"),
        ("strata", {"by": ["balance"], "bands": ["1.00"], "quantiles": 4}, "bands", "strata.quantiles"),
        ("steps", [], "steps", "steps"),
        ("steps", [{"kind": "shares"}], "mapping", "steps[0].shares"),
        (STEP, "shares", "kind", "steps[0].kind"),
        (STEP, {"kind": "by feeling"}, "kind", "steps[0].kind"),
        (STEP, {"kind": ["shares"]}, "kind", "steps[0].kind"),
        (f"{STEP}.weights", {}, "unknown_key", "steps[0]"),
        (f"{STEP}.shares", {"HT": "0.4", "ZX": "0.5"}, "shares_sum", "steps[0].shares"),
        (f"{STEP}.shares", {"HT": "0.4", "ZX": "-0.6"}, "number", "steps[0].shares.ZX"),
        (f"{STEP}.shares", {"HT": "NaN", "ZX": "1"}, "number", "steps[0].shares.HT"),
        (f"{STEP}.shares", {"HT": "Infinity", "ZX": "1"}, "number", "steps[0].shares.HT"),
        (f"{STEP}.shares", {"HT": "1e-1", "ZX": "0.9"}, "number", "steps[0].shares.HT"),
        (f"{STEP}.shares", {"HT": 0.4, "ZX": 0.6}, "number", "steps[0].shares.HT"),
        (f"{STEP}.shares", {"HT": "4" * 1000, "ZX": "0.6"}, "number", "steps[0].shares.HT"),
        (f"{STEP}.shares", {"HT": 10**300, "ZX": "0.6"}, "number", "steps[0].shares.HT"),
        (f"{STEP}.shares", {"HT": "４０", "ZX": "0.6"}, "number", "steps[0].shares.HT"),
        (f"{STEP}.by", "customers", "unknown_word", "steps[0].by"),
        (f"{STEP}.overflow", None, "unknown_word", "steps[0].overflow"),
        (f"{STEP}.only", {"buckets": ["M9"]}, "unknown_word", "steps[0].only.buckets"),
        (f"{STEP}.only", {"from": "5.00", "to": "4.00"}, "only", "steps[0].only.from"),
        (STEP, {"kind": "equal", "receivers": ["HT", "HT"]}, "duplicate_receiver", "steps[0].receivers"),
        (STEP, {"kind": "equal", "receivers": []}, "codes", "steps[0].receivers"),
        (STEP, {"kind": "ranked", "receivers": ["HT"], "order": "dearest"}, "unknown_word", "steps[0].order"),
        (STEP, {"kind": "picks", "picks": {"A": 7}}, "picks", "steps[0].picks['A']"),
        (STEP, {"kind": "picks", "picks": {}}, "mapping", "steps[0].picks"),
        (STEP, {**SCORES, "floor": "0.6"}, "floor", "steps[0].floor"),
        (STEP, {**SCORES, "floor": "0.3", "ceiling": "0.2"}, "floor", "steps[0].floor"),
        (STEP, {**SCORES, "ceiling": "0.4"}, "ceiling", "steps[0].ceiling"),
        (STEP, {**SCORES, "scores": {"HT": "0", "ZX": "0"}}, "ceiling", "steps[0].ceiling"),
        (STEP, {**TRIAL, "challengers": {"HT": "1"}}, "both_sides", "steps[0].challengers"),
        (STEP, {**TRIAL, "part": "1"}, "part", "steps[0].part"),
        (STEP, {**TRIAL, "champions": {"HT": "0.9"}}, "shares_sum", "steps[0].champions"),
        ("receivers", [], "receivers", "receivers"),
        ("receivers.1", {"code": "HT"}, "duplicate_receiver", "receivers[1].code"),
        ("receivers.0.code", "", "text", "receivers[0].code"),
        ("receivers.0.room_accounts", -1, "whole_number", "receivers[0].room_accounts"),
        ("receivers.0.room_amount", "-1.00", "amount", "receivers[0].room_amount"),
        ("receivers.0.room_amount", "0.001", "amount", "receivers[0].room_amount"),
        ("receivers.0.room_amount", 1e6, "amount", "receivers[0].room_amount"),
        ("receivers.0.regions", "CN-GD", "names", "receivers[0].regions"),
        ("receivers.0.licence_until", "soon", "date", "receivers[0].licence_until"),
        ("receivers.0.capacity", 5, "unknown_key", "receivers[0]"),
        ("receivers.0", "HT", "kind_of_value", "receivers[0]"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_its_cure(place: str, value: Any, code: str, where: str) -> None:
    found = problems(changed(place, value))

    assert (code, where) in {(each, at) for each, at, _ in found}
    assert all(text.endswith(".") and len(text) < 500 for _, _, text in found)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    data = {"version": 3, "currency": "X", "date": "", "seed": "1", "steps": [{}], "receivers": [{}]}

    assert [where for _, where, _ in problems(data)] == [
        "version", "currency", "seed", "date", "steps[0].kind", "receivers[0].code",
    ]  # fmt: skip


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
)
PLACES = ("version", "currency", "date", "seed", "name", "rules", "strata", "steps", STEP, f"{STEP}.shares", f"{STEP}.by",
          f"{STEP}.only", "rules.former_holders", "strata.by", "strata.bands", "receivers", "receivers.0")  # fmt: skip


@given(st.sampled_from(PLACES), JSON)
def test_any_value_anywhere_is_read_or_refused_in_words(place: str, value: Any) -> None:
    data = changed(place, value)
    if not problems(data):
        assert matches_schema(data)


@given(JSON)
def test_any_json_is_read_or_refused_in_words(value: Any) -> None:
    assert problems(value)
