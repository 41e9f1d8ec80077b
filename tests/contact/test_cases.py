"""Worked cases of conduct: the regulations' own examples and ours, each for its one rule, as `portal conduct check` answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from portal.cli import main
from portal.contact.rules.cases import CaseError, answer
from portal.contact.rules.packs import pack_named
from tests.support.running import ROOT

OURS = Path(__file__).parent / "cases"
SHARED = ROOT.parent / "shared" / "reference" / "conduct_cases.json"
PACKS = {"us.yaml": "us-federal"}


class _Plain(yaml.SafeLoader):
    """Dates and times stay the text that a case in JSON has."""


_Plain.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: loader.construct_scalar(node))


def spelled_out(case: dict[str, Any], usual: dict[str, Any]) -> dict[str, Any]:
    """A case in the form of reference/conduct_cases.md."""
    calls = [
        {"at": at, "type": "call", "by": "collector", "to": usual["to"], "outcome": outcome, "debts": usual["debts"]}
        | (more[0] if more else {})
        for at, outcome, *more in case.get("calls", ())
    ]
    asked = {"to": usual["to"], "debt": usual["debt"], "channel": "call"}
    query = asked | case["query"]
    if "queries" in query:
        query["queries"] = [asked | {"kind": "attempt"} | each for each in query["queries"]]
    if query["kind"] == "counts" and "outcomes" in query:
        del query["to"]
    return case | {"events": [*calls, *case.get("events", ())], "query": query}


def ours() -> list[Any]:
    found = []
    for path in sorted(OURS.glob("*.yaml")):
        told = yaml.load(path.read_text(encoding="utf-8"), _Plain)
        pack = PACKS.get(path.name, path.stem)
        found += [
            pytest.param(pack, spelled_out(case, told["usual"]), id=f"{pack} {case['id']}") for case in told["cases"]
        ]
    return found


def shared() -> list[Any]:
    if not SHARED.exists():
        return [pytest.param("us-federal", None, id="shared", marks=pytest.mark.skip(f"no cases at {SHARED}"))]
    cases = json.loads(SHARED.read_text(encoding="utf-8"))["cases"]
    return [pytest.param("us-federal", case, id=case["id"]) for case in cases]


@pytest.mark.parametrize(("pack", "case"), [*shared(), *ours()])
def test_a_worked_case_is_answered_as_its_source_does(pack: str, case: dict[str, Any]) -> None:
    found = answer(pack_named(pack), case)
    assert {key: found.get(key) for key in case["expect"]} == case["expect"]


def test_the_command_answers_one_line_a_case(tmp_path: Path) -> None:
    file = tmp_path / "cases.json"
    cases = [param.values[1] for param in ours() if param.values[0] == "cn-card"]
    file.write_text(json.dumps({"meta": {}, "cases": cases}), encoding="utf-8")
    done = CliRunner().invoke(main, ["conduct", "check", "--pack", "cn-card", str(file)])
    assert done.exit_code == 0
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["id"] for line in lines] == [case["id"] for case in cases]
    assert all(": " not in line for line in done.stdout.splitlines())


def test_a_case_that_cannot_be_read_is_told_and_the_others_are_answered(tmp_path: Path) -> None:
    file = tmp_path / "cases.json"
    good = next(param.values[1] for param in ours() if param.values[0] == "uk")
    bad = good | {"id": "bad", "events": [{"type": "comet", "at": "2026-01-01T00:00"}]}
    file.write_text(json.dumps({"cases": [bad, good]}), encoding="utf-8")
    done = CliRunner().invoke(main, ["conduct", "check", "--pack", "uk", str(file)])
    first, second = map(json.loads, done.stdout.splitlines())
    assert (done.exit_code, first) == (3, {"id": "bad", "error": "no event is called 'comet'"})
    assert second["id"] == good["id"]


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ({"query": {}}, "a case lacks 'rule': one of call_frequency, "),
        ({"rule": "comet", "query": {}}, "no rule is called 'comet': one of call_frequency, "),
        ({"rule": "call_frequency"}, "a case has a query: 'query' is missing"),
        ({"rule": "call_frequency", "query": {}}, "its query lacks 'kind': one of "),
    ],
)
def test_what_a_case_lacks_is_named_with_the_words_that_are_known(case: dict[str, Any], words: str) -> None:
    with pytest.raises(CaseError, match=f"^{words}"):
        answer(pack_named("uk"), case)


@pytest.mark.parametrize("content", ["no json", "[]", '{"cases": [1]}', '{"cases": {}}'])
def test_a_file_without_cases_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "cases.json"
    file.write_text(content, encoding="utf-8")
    assert CliRunner().invoke(main, ["conduct", "check", "--pack", "uk", str(file)]).exit_code == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"rule": "moon_phase"},
        {"query": {"kind": "oracle"}},
        {"query": None},
        {"events": [{"type": "call", "at": "yesterday"}]},
        {"query": {"kind": "grid", "tz": "Mars/Olympus", "date": "2020-01-01", "times": []}, "rule": "hours_window"},
    ],
)
def test_what_cannot_be_read_is_named(wrong: dict[str, Any]) -> None:
    case = {"rule": "call_frequency", "events": [], "query": {"kind": "attempt", "at": "2020-01-01T12:00"}} | wrong
    with pytest.raises(CaseError):
        answer(pack_named("us-federal"), case)
