"""The rules themselves, asked without a database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal.contact.conduct import Decision, Facts, Question, check
from portal.contact.rules.packs import PackError, load_pack, pack_named

SHANGHAI = ZoneInfo("Asia/Shanghai")


def ask(clock: str = "12:00:00", day: str = "2026-11-23", counts: Any = None, **words: Any) -> Decision:
    """The Chinese pack about a call to the debtor's number 1 at a time in Shanghai."""
    zone = words.pop("zone", "Asia/Shanghai")
    at = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=SHANGHAI).astimezone(UTC)
    facts = Facts(zone, counts or {}, frozenset(words.pop("flags", ())), frozenset(words.pop("known", ())))
    return check(
        pack_named("cn-card"), Question(at, words.pop("channel", "call"), point=words.pop("point", 1), **words), facts
    )


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("clock", "verdict"),
    [("07:59:59", "block"), ("08:00:00", "allow"), ("21:59:59", "allow"), ("22:00:00", "block"), ("23:59:59", "block")],
)
def test_calls_are_allowed_from_eight_and_no_more_at_ten(clock: str, verdict: str) -> None:
    assert ask(clock).verdict == verdict


def test_an_allowed_call_says_until_when_and_a_blocked_one_from_when() -> None:
    assert ask("12:00:00").allowed_until == shanghai("2026-11-23T22:00:00")
    assert ask("07:00:00").next_allowed == shanghai("2026-11-23T08:00:00")
    assert ask("22:00:00").next_allowed == shanghai("2026-11-24T08:00:00")


def test_hours_are_those_of_the_place_where_the_debtor_is() -> None:
    evening = ask("22:30:00", zone="Asia/Kolkata")  # 20:00 there
    assert evening.verdict == "allow"
    assert evening.allowed_until == datetime(2026, 11, 23, 22, 0, tzinfo=ZoneInfo("Asia/Kolkata"))


@pytest.mark.parametrize("zone", [None, "", "Mars/Olympus", "../etc/passwd"])
def test_an_unknown_place_is_never_permission(zone: str | None) -> None:
    decision = ask(zone=zone)
    assert (decision.verdict, decision.findings[0].code) == ("block", "FACT_MISSING")
    assert decision.next_allowed is None


def test_an_instant_without_a_zone_is_an_error() -> None:
    with pytest.raises(ValueError, match="zone"):
        check(pack_named(), Question(datetime(2026, 11, 23, 12), "call"), Facts("Asia/Shanghai"))  # noqa: DTZ001


def test_three_conversations_a_day_and_no_fourth_until_the_next_morning() -> None:
    assert ask(counts={("conversation", 0): 2}).left["conversation"] == 1
    fourth = ask(counts={("conversation", 0): 3})
    assert (fourth.verdict, fourth.findings[0].rule) == ("block", "cn.effective_calls")
    assert fourth.next_allowed == shanghai("2026-11-24T08:00:00")


def test_the_sixth_dial_without_an_answer_is_allowed_and_the_seventh_is_not() -> None:
    assert ask(counts={("unanswered", 1): 5}).verdict == "allow"
    assert ask(counts={("unanswered", 1): 6}).verdict == "block"
    assert ask(counts={("unanswered", 1): 6}, point=2).verdict == "allow"


def test_one_visit_a_day() -> None:
    assert ask(channel="visit").verdict == "allow"
    assert ask(channel="visit", counts={("visit", 0): 1}).verdict == "block"


def test_who_calls_in_may_be_spoken_to_at_any_hour() -> None:
    assert ask("23:30:00", counts={("conversation", 0): 3}, direction="inbound").verdict == "allow"


def test_third_persons_only_where_the_debtors_own_numbers_are_invalid() -> None:
    assert ask(to="friend").findings[0].code == "THIRD_PARTY"
    assert ask(to="friend", known=["debtor_number_invalid"]).verdict == "allow"
    assert ask(to="guarantor").verdict == "allow"


@pytest.mark.parametrize("flag", ["do_not_contact", "deceased", "bankrupt", "fraud_claimed", "imprisoned", "plan"])
def test_a_hold_that_stops_contact_does_not_end_by_itself(flag: str) -> None:
    decision = ask("23:00:00", flags=[flag])
    assert decision.verdict == "block"
    assert decision.next_allowed is None


def test_a_debtor_with_a_lawyer_is_spoken_to_through_the_lawyer() -> None:
    assert ask(flags=["represented"]).verdict == "block"
    assert ask(flags=["represented"], to="lawyer").verdict == "allow"


def test_a_dispute_asks_for_care_and_does_not_forbid() -> None:
    decision = ask(flags=["dispute"])
    assert decision.verdict == "warn"
    assert decision.allowed_until is not None


def test_the_worst_finding_comes_first_and_decides() -> None:
    decision = ask("23:00:00", flags=["dispute"], counts={("conversation", 0): 3})
    assert [finding.verdict for finding in decision.findings] == ["block", "block", "warn"]


def test_every_finding_names_its_sources_and_how_well_they_are_known() -> None:
    sources = ask("23:00:00").findings[0].sources
    assert [(source.force, source.seen) for source in sources] == [
        ("self_regulation", "secondary"), ("standard", "secondary"),
    ]  # fmt: skip
    assert not any(source.is_settled for source in sources)


PACK = """
pack: {id: p, version: 1, jurisdiction: CN, effective_from: 2026-01-30, default_tz: Asia/Shanghai}
sources: {a: {title: T, force: law, seen: full_text}}
rules:
  - id: r
    kind: time_window
    params: {allow: [{days: all, from: "08:00", to: "21:00"}], bounds: "[]"}
    on_fail: {verdict: block}
    cite: [{src: a}]
"""


def test_the_bounds_of_hours_are_what_the_pack_says() -> None:
    pack = load_pack(PACK)
    at = datetime(2026, 11, 23, 21, 0, tzinfo=SHANGHAI)
    assert check(pack, Question(at, "call"), Facts("Asia/Shanghai")).verdict == "allow"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"21:00"', "21:00", "quoted"),
        ("time_window", "moon_phase", "takes one of"),
        ("verdict: block", "verdict: maybe", "takes one of"),
        ("src: a", "src: b", "not listed"),
        ("bounds:", "bound:", "unknown word"),
        ("days: all", "days: [monday]", "days"),
        ('"21:00"', '"07:00"', "end before"),
        ("cite: [{src: a}]", "cite: []", "rests on"),
    ],
)
def test_a_pack_that_is_not_understood_is_refused(old: str, new: str, says: str) -> None:
    with pytest.raises(PackError, match=says):
        load_pack(PACK.replace(old, new, 1))


def test_a_pack_that_is_not_there_is_named() -> None:
    with pytest.raises(LookupError):
        pack_named("../cn-card")
