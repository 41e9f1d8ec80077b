"""A rule that is as tight as another never allows what the other forbids: asked of made-up rules and moments."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from portal.contact.conduct import (
    VERDICTS,
    Facts,
    FrequencyCap,
    HoldRule,
    Question,
    Rule,
    Scope,
    Source,
    TimeWindow,
    Window,
    ask,
)
from portal.contact.conduct.tightening import loosened

SOURCE = (Source("T", "law", "full_text"),)
ZONE = "Asia/Shanghai"
SCOPES = st.builds(
    Scope,
    st.frozensets(st.sampled_from(["call", "sms", "visit"])),
    st.sampled_from(["", "outbound"]),
    st.frozensets(st.sampled_from(["debtor", "third_party"])),
)
COMMON = {"id": st.just("r"), "scope": SCOPES, "verdict": st.sampled_from(VERDICTS), "sources": st.just(SOURCE)}
CLOCKS = st.integers(0, 23)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    opens = draw(st.integers(0, 22))
    closes = draw(st.integers(opens + 1, 23))
    return Window(draw(st.frozensets(st.integers(0, 6), min_size=1)), time(opens), time(closes))


RULES: st.SearchStrategy[Rule] = st.one_of(
    st.builds(
        TimeWindow, windows=st.lists(windows(), min_size=1, max_size=2).map(tuple), last_included=st.booleans(), **COMMON
    ),
    st.builds(
        FrequencyCap, measure=st.sampled_from(["conversation", "unanswered"]), most=st.integers(1, 4), days=st.integers(1, 3),
        per_point=st.booleans(), **COMMON,
    ),
    st.builds(HoldRule, flags=st.frozensets(st.sampled_from(["plan", "dispute", "deceased"]), min_size=1), **COMMON),
)  # fmt: skip


@st.composite
def contacts(draw: st.DrawFn) -> tuple[Question, Facts]:
    at = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(minutes=draw(st.integers(0, 7 * 1440)))
    question = Question(
        at, draw(st.sampled_from(["call", "sms", "visit"])), to=draw(st.sampled_from(["self", "friend"])), point=1
    )
    keys = [(measure, point) for measure in ("conversation", "unanswered") for point in (0, 1)]
    counts = st.fixed_dictionaries({key: st.integers(0, 4) for key in keys})
    today = (at + timedelta(hours=8)).date()
    earlier = {today - timedelta(days=n): draw(counts) for n in (1, 2)}
    flags = draw(st.frozensets(st.sampled_from(["plan", "dispute", "deceased"])))
    return question, Facts(ZONE, draw(counts), flags, earlier=earlier)


def verdict(rule: Rule, contact: tuple[Question, Facts]) -> int:
    finding = ask(rule, *contact)
    return VERDICTS.index(finding.verdict) if finding else 0


@given(RULES, RULES, st.lists(contacts(), min_size=5, max_size=20))
def test_a_rule_that_loosens_nothing_is_never_milder(
    below: Rule, above: Rule, asked: list[tuple[Question, Facts]]
) -> None:
    if loosened(below, above) is None:
        for contact in asked:
            one = contact[0], _counts_of_points_within_the_whole(contact[1])
            assert verdict(above, one) >= verdict(below, one)


@given(RULES)
def test_a_rule_loosens_itself_in_nothing(rule: Rule) -> None:
    assert loosened(rule, rule) is None


def _counts_of_points_within_the_whole(facts: Facts) -> Facts:
    """What was counted of one number was counted of all numbers as well."""

    def mended(counts: dict[tuple[str, int | str], int]) -> dict[tuple[str, int | str], int]:
        return {
            (measure, point): max(count, counts[measure, 1]) if point == 0 else count
            for (measure, point), count in counts.items()
        }

    earlier = {day: mended(dict(counts)) for day, counts in (facts.earlier or {}).items()}
    return Facts(facts.zone, mended(dict(facts.counts)), facts.flags, earlier=earlier)
