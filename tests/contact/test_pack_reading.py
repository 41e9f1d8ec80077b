"""What a pack may say and what is refused: to the last word, in both languages, whoever wrote it."""

from __future__ import annotations

import copy
import json
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from portal.contact.conduct import Ground, limitation_of, placement_gates_of, retention_of, wording_of
from portal.contact.rules import data_kinds as pack_data_kinds
from portal.contact.rules import kinds as pack_kinds
from portal.contact.rules import labels as pack_labels
from portal.contact.rules.pack_words import rule_sentences
from portal.contact.rules.packs import PackError, load_pack, pack_named, pack_names, read_pack, shipped_text
from portal.contact.rules.reader import LONGEST_TEXT, parse
from portal.portfolio.limitation import LAWS, law_of

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "rulepack.schema.json").read_text(encoding="utf-8"))
OURS = Path(__file__).parents[2] / "portal" / "demo" / "haiyue-cn.yaml"
TEXTS = {name: shipped_text(name) for name in pack_names()} | {"haiyue-cn": OURS.read_text(encoding="utf-8")}


def plain(value: Any) -> Any:
    """As JSON has it: days are text."""
    return json.loads(json.dumps(value, default=lambda day: day.isoformat()))


def fits(value: Any) -> bool:
    return bool(jsonschema.Draft202012Validator(SCHEMA).is_valid(plain(value)))


def understood(value: Any) -> bool:
    try:
        load_pack(yaml.safe_dump(value, allow_unicode=True))
    except PackError:
        return False
    return True


# --- what is shipped ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_pack_fits_the_schema_and_each_of_its_rules_can_be_said(name: str) -> None:
    assert fits(parse(TEXTS[name]))
    for rule in load_pack(TEXTS[name]).rules:
        assert all(str(sentence) for sentence in rule_sentences(rule)), rule.id
        assert rule_sentences(rule), rule.id


def test_every_word_that_the_reader_knows_has_its_word_on_pages() -> None:
    reader, kinds, labels = pack_data_kinds, pack_kinds, pack_labels
    for codes, words in (
        (reader.RECORDS, labels.RECORD_WORDS), (reader.MOMENTS, labels.MOMENT_WORDS), (reader.STARTS, labels.START_WORDS),
        (reader.RESTARTS, labels.RESTART_WORDS), (reader.EFFECTS, labels.EFFECT_WORDS),
        (reader.STATEMENTS, labels.STATEMENT_WORDS), (reader.CONTENTS, labels.CONTENT_WORDS),
        (reader.CONDITIONS, labels.CONDITION_WORDS), (reader.PASSAGES, labels.PASSAGE_WORDS),
        (kinds.CHANNELS, labels.CHANNEL_WORDS), (kinds._GROUPS, labels.GROUP_WORDS), (kinds._MEASURES, labels.MEASURE_WORDS),
        (kinds._FACTS | kinds._ONCE_UNLESS, labels.FACT_WORDS), (kinds._DIMS, labels.DIM_WORDS),
        (kinds._FORCES, labels.FORCE_WORDS), (kinds._SEEN, labels.SEEN_WORDS),
    ):  # fmt: skip
        assert codes <= words.keys()


def test_what_other_rooms_ask_is_answered_from_the_pack() -> None:
    china, federal, britain = (pack_named(name) for name in ("cn-card", "us-federal", "uk"))
    recording = retention_of(china, "call_recording")
    assert recording is not None and (recording.years, recording.is_floor) == (2, True)
    copy_of_agency = retention_of(china, "agency_copy")
    assert copy_of_agency is not None and copy_of_agency.delete_on == "contract_end"
    assert retention_of(britain, "call_recording") is None
    limit = limitation_of(china)
    assert limit is not None and (limit.years, limit.outer_years) == (3, 20)
    assert "demand_sent_to_reserved_contact" in limit.restart_on
    british = limitation_of(britain)
    assert british is not None and (british.years_in("GB-EAW"), british.years_in("GB-SCT")) == (6, 5)
    assert "demand_sent_to_reserved_contact" not in british.restart_on
    state = limitation_of(pack_named("us-ma"))
    assert state is not None and state.years_in("US-MA") == 0  # never guessed
    assert placement_gates_of(federal)[0].forbid_if == ("paid", "settled", "discharged")
    assert "seal" in wording_of(china, "letter").must_have and not wording_of(china, "sms").must_have
    assert wording_of(china, "letter").gates[0].principal_min == 50_000
    assert "police" in wording_of(china, "call").must_not_state


def test_the_packs_and_the_lists_of_accounts_reckon_with_the_same_limitation() -> None:
    for law in LAWS:
        pack = pack_named({"CN": "cn-card", "GB": "uk"}[law.region[:2]])
        limit = limitation_of(pack)
        assert limit is not None
        assert limit.years_in(law.region) == law.years
        assert (limit.outer_years or None) == law.outer_years
        assert Ground.PART_PAYMENT in limit.restart_on  # which lists reckon with, without asking a pack
    assert law_of("US-MA") is None


# --- what is refused ------------------------------------------------------------------------------------------------------

PACK: dict[str, Any] = {
    "pack": {"id": "own", "version": "1", "jurisdiction": "CN", "effective_from": date(2026, 1, 30), "default_tz": None},
    "sources": {"a": {"title": "T", "force": "law", "seen": "full_text"}},
    "rules": [
        {
            "id": "r", "kind": "retention", "params": {"call_recording": {"years": 2, "floor": True}},
            "on_fail": {"verdict": "report"}, "cite": [{"src": "a"}],
        },
        {
            "id": "h", "kind": "time_window", "applies": {"channels": ["call"], "direction": "outbound"},
            "params": {"allow": [{"days": "all", "from": "08:00", "to": "21:00"}], "bounds": "[]"},
            "on_fail": {"verdict": "block"}, "cite": [{"src": "a", "ref": "1"}],
        },
    ],
}  # fmt: skip


def changed(place: str, value: Any) -> dict[str, Any]:
    """The good pack with one value put in, or taken out (None)."""
    data = copy.deepcopy(PACK)
    here: Any = data
    *way, last = place.split(".")
    for step in way:
        here = here[int(step)] if isinstance(here, list) else here[step]
    if value is None:
        del here[last]
    elif isinstance(here, list):
        here[int(last)] = value
    else:
        here[last] = value
    return data


WRONG = [
    ("rules", []), ("rules", None), ("pack.id", "Own Pack"), ("pack.id", None), ("pack.version", None),
    ("pack.version", 2026.1), ("pack.jurisdiction", "China"), ("pack.colour", "red"), ("rules.0.id", "r r"),
    ("rules.0.kind", "moon_phase"), ("rules.0.params", {}), ("rules.0.params", {"call_recording": {"years": 0}}),
    ("rules.0.params", {"call_recording": {"years": True}}), ("rules.0.params", {"call_recording": {"years": 10**30}}),
    ("rules.0.params", {"call_recording": {"years": 2, "delete_on": "contract_end"}}),
    ("rules.0.params", {"diaries": {"years": 2}}), ("rules.0.cite", []), ("rules.0.cite", [{"src": "a", "page": 1}]),
    ("rules.0.on_fail", {"verdict": "maybe"}), ("rules.0.except", [{"consent": "contact_time"}]),
    ("rules.0.applies", {"channels": ["pigeon"]}), ("rules.0.applies", {"direction": "sideways"}),
    ("rules.1.params.allow", []), ("rules.1.params.allow", [{"days": "all", "from": 480, "to": "21:00"}]),
    ("rules.1.params.bounds", "()"), ("rules.1.except", [{"consent": "more_calls"}]), ("sources.a.seen", "hearsay"),
    ("sources.a.title", ""), ("sources.a.force", None),
]  # fmt: skip


def test_the_good_pack_is_good() -> None:
    assert fits(PACK) and understood(PACK)


@pytest.mark.parametrize(("place", "value"), WRONG)
def test_what_the_schema_refuses_the_reader_refuses_too(place: str, value: Any) -> None:
    wrong = changed(place, value)
    assert not understood(wrong)
    assert not fits(wrong)


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        ("rules.1.id", "r", "two rules have this name"),
        ("rules.0.cite", [{"src": "b"}], "“b” is not listed"),
        ("rules.1.params.allow", [{"days": "all", "from": "21:00", "to": "08:00"}], "end before they begin"),
        ("rules.1.params.holidays", "moonland", "no such calendar"),
        ("pack.default_tz", "Mars/Olympus", "no time zone"),
        ("pack.extends", "nobody", "no pack “nobody” to extend"),
        ("pack.extends", "us-ma", "cannot be extended itself"),
        ("rules.0.on_fail", {"verdict": "block", "override": ["whim"]}, "only a presumption"),
    ],
)
def test_what_needs_a_look_beyond_one_place_the_reader_alone_refuses(place: str, value: Any, says: str) -> None:
    with pytest.raises(PackError, match=says):
        load_pack(yaml.safe_dump(changed(place, value)))


def test_a_refusal_names_the_rule_and_the_word() -> None:
    with pytest.raises(PackError) as refused:
        load_pack(yaml.safe_dump(changed("rules.0.params", {"call_recording": {"years": 2, "colour": "red"}})))
    assert str(refused.value) == "rule r: unknown word “colour”"


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "\n".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (BOMB, "too much is nested"),
        ("[" * 3_000, "no YAML"),
        ("a: " + "x" * LONGEST_TEXT, "longer than"),
        ("pack: !!python/object/apply:os.system ['true']", "no YAML"),
        ("pack: {id: a, id: b}", "“id” stands twice"),
        ("a: &a [*a]", "nested|no YAML"),
        ("pack: {id: " + "9" * 5_000 + "}", "no YAML"),
        ("a: 'unclosed", "line"),
        ("? [a]\n: b", "mapping|no YAML|unknown"),
        ("", "mapping"),
        ("- just\n- a list", "mapping"),
    ],
    ids=["aliases", "brackets", "length", "objects", "twice", "cycle", "digits", "quote", "odd key", "empty", "list"],
)
def test_a_hostile_text_is_refused_in_words_before_it_costs_anything(text: str, says: str) -> None:
    with pytest.raises(PackError, match=says):
        load_pack(text)


# --- overlays -------------------------------------------------------------------------------------------------------------


def overlay(rule: dict[str, Any], extends: str = "cn-card") -> str:
    head = {"id": "own", "version": "1", "jurisdiction": "CN", "extends": extends}
    sources = {"h": {"title": "house", "force": "house", "seen": "house"}}
    usual = {"cite": [{"src": "h"}], "on_fail": {"verdict": "block"}}
    return yaml.safe_dump({"pack": head, "sources": sources, "rules": [usual | rule]}, allow_unicode=True)


HOURS = {
    "id": "cn.hours",
    "kind": "time_window",
    "applies": {"channels": ["call", "sms", "wecom", "visit"], "direction": "outbound"},
}
CAP = {
    "max": 3, "window": {"unit": "calendar_day", "length": 1}, "per": ["person"], "count": "conversation",
    "counter_scope": "creditor_and_all_agencies",
}  # fmt: skip
CALLS = {
    "id": "cn.effective_calls", "kind": "frequency_cap", "applies": {"channels": ["call"], "direction": "outbound", "to": ["debtor"]},
}  # fmt: skip


def hours(opens: str, closes: str, **more: Any) -> dict[str, Any]:
    return HOURS | {"params": {"allow": [{"days": "all", "from": opens, "to": closes}], "bounds": "[)"} | more}


@pytest.mark.parametrize(
    "rule",
    [
        hours("09:00", "20:00"),
        hours("08:00", "22:00"),
        HOURS | {"applies": {}, "params": hours("09:00", "20:00")["params"]},
        CALLS | {"params": CAP | {"max": 2}},
        CALLS | {"params": CAP | {"window": {"unit": "calendar_day", "length": 2}}},
        {
            "id": "cn.instalment_hold",
            "kind": "hold",
            "applies": {"direction": "outbound"},
            "params": {"flags": ["plan", "dispute"]},
        },
        {"id": "own.new", "kind": "hold", "params": {"flags": ["hardship"]}},
    ],
    ids=["shorter", "same", "wider scope", "fewer", "longer window", "more flags", "another rule"],
)
def test_an_overlay_tightens(rule: dict[str, Any]) -> None:
    read_pack(overlay(rule), strict=True)


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (hours("07:00", "20:00"), "longer hours"),
        (hours("08:00", "22:00", bounds="[]"), "longer hours"),
        (hours("09:00", "20:00") | {"on_fail": {"verdict": "warn"}}, "milder verdict"),
        (hours("09:00", "20:00") | {"applies": {"channels": ["call"]}}, "fewer contacts"),
        (CALLS | {"params": CAP | {"max": 4}}, "higher number"),
        (CALLS | {"params": CAP, "except": [{"agreement": "call_frequency"}]}, "more exceptions"),
        (CALLS | {"kind": "hold", "params": {"flags": ["plan"]}}, "another kind"),
        ({"id": "cn.instalment_hold", "kind": "hold", "params": {"flags": ["dispute"]}}, "flags"),
        ({"id": "cn.retention", "kind": "retention", "params": {"call_recording": {"years": 1}}}, "loosens"),
        ({"id": "cn.limitation", "kind": "limitation", "params": {"years": 4, "outer_years": 20}}, "years"),
        ({"id": "cn.placement", "kind": "placement_gate", "params": {"require": ["debtor_told"]}}, "require"),
        ({"id": "cn.identify", "kind": "required_disclosure", "params": {"must_state": ["staff_number"]}}, "must_state"),
    ],
)  # fmt: skip
def test_an_overlay_that_loosens_is_refused_with_the_rule_and_what_it_loosens(rule: dict[str, Any], says: str) -> None:
    with pytest.raises(PackError) as refused:
        read_pack(overlay(rule), strict=True)
    assert str(refused.value).startswith(f"rule {rule['id']}: an overlay only tightens")
    assert says in str(refused.value)


def test_where_the_pack_below_became_tighter_later_both_rules_hold() -> None:
    """A text that was fine once is not loosened by what lies below it: it is read, and the worse finding decides."""
    pack = load_pack(overlay(CALLS | {"params": CAP | {"max": 9}}))
    caps = [rule.most for rule in pack.rules if rule.id == "cn.effective_calls"]  # type: ignore[attr-defined]
    assert sorted(caps) == [3, 9]
