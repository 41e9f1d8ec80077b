"""Calls of one collector: what holds of any log, against counting by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from portal.contact.conduct import VERDICTS, Facts, Question, check
from portal.contact.conduct.events import Call
from portal.contact.rules.cases import answer
from portal.contact.rules.packs import pack_named

FIRST = date(2026, 3, 2)
# day of the log, hour, what came of it
LOG = st.lists(
    st.tuples(st.integers(0, 20), st.integers(9, 19), st.sampled_from(["unanswered", "conversation", "busy_signal"])),
    max_size=14,
)


def told(log: list[tuple[int, int, str]]) -> list[dict[str, Any]]:
    return [
        {
            "at": f"{FIRST + timedelta(days=day)}T{hour:02d}:00", "type": "call", "by": "collector", "to": "consumer",
            "outcome": outcome, "debts": ["cc"],
        }
        for day, hour, outcome in log
    ]  # fmt: skip


def asked(events: list[dict[str, Any]], day: int, pack: str = "us-federal") -> dict[str, Any]:
    query = {
        "kind": "attempt",
        "at": f"{FIRST + timedelta(days=day)}T20:00",
        "channel": "call",
        "to": "consumer",
        "debt": "cc",
    }
    return answer(pack_named(pack), {"rule": "call_frequency", "events": events, "query": query})


@given(LOG, st.integers(0, 25))
def test_a_call_is_presumed_wrong_exactly_where_it_is_the_eighth_or_falls_into_the_rest(
    log: list[tuple[int, int, str]], day: int
) -> None:
    before = [(d, outcome) for d, _, outcome in log if d <= day]
    count = 1 + sum(1 for d, outcome in before if d > day - 7 and outcome != "busy_signal")
    talks = [d for d, outcome in before if outcome == "conversation"]
    found = asked(told(log), day)
    assert found["count_7d_incl_query"] == count
    assert (found["verdict"] == "presumed_violation") == (count > 7 or any(day - d < 7 for d in talks))
    rest = (FIRST + timedelta(days=max(talks) + 6)).isoformat() if talks else None
    assert found.get("cooloff_last_day") == rest


@given(LOG, st.integers(0, 25), st.randoms(use_true_random=False))
def test_the_order_in_which_events_are_told_makes_no_difference(
    log: list[tuple[int, int, str]], day: int, random: Random
) -> None:
    events = told(log)
    shuffled = random.sample(events, len(events))
    assert asked(shuffled, day) == asked(events, day)


@given(LOG, st.integers(0, 25))
def test_an_overlay_only_tightens(log: list[tuple[int, int, str]], day: int) -> None:
    calls = tuple(
        Call(datetime.combine(FIRST + timedelta(days=d), datetime.min.time(), UTC).replace(hour=hour), outcome, ("cc",))
        for d, hour, outcome in sorted(log)
    )
    at = datetime.combine(FIRST + timedelta(days=day), datetime.min.time(), UTC).replace(hour=16)
    question = Question(at, "call", to="consumer", debt="cc")
    facts = Facts("America/New_York", log=tuple(c for c in calls if c.at < at))
    federal, state = (check(pack_named(name), question, facts) for name in ("us-federal", "us-ma"))
    assert VERDICTS.index(state.verdict) >= VERDICTS.index(federal.verdict)


@given(LOG, st.integers(0, 25))
def test_the_next_permitted_moment_is_permitted(log: list[tuple[int, int, str]], day: int) -> None:
    calls = tuple(
        Call(datetime.combine(FIRST + timedelta(days=d), datetime.min.time(), UTC).replace(hour=hour), outcome, ("cc",))
        for d, hour, outcome in sorted(log)
    )
    at = datetime.combine(FIRST + timedelta(days=day), datetime.min.time(), UTC).replace(hour=16)
    pack, facts = pack_named("us-ma"), Facts("America/New_York", log=tuple(c for c in calls if c.at < at))
    decision = check(pack, Question(at, "call", to="consumer", debt="cc"), facts)
    if decision.verdict == "block":
        assert decision.next_allowed is not None
        assert check(pack, Question(decision.next_allowed, "call", to="consumer", debt="cc"), facts).verdict != "block"
