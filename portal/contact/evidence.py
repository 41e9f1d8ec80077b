"""What is kept of a decision with its attempt, and how it is asked again: the question and every fact, as plain data.

Format 2 keeps everything that the rules were told. Entries of before (without `format`) kept less: calls without the debts they
were for, and of the question no more than the Chinese pack asks for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from portal.contact.conduct import Facts, Question
from portal.contact.conduct import events as happened

if TYPE_CHECKING:
    from portal.contact.conduct import Decision, Finding
    from portal.contact.facts import Checked

__all__ = ["FORMAT", "answer_data", "decision_data", "facts_from", "pack_kept", "question_from"]

FORMAT = 2
_EVENTS = {kind.__name__: kind for kind in happened.Event.__args__}


def decision_data(checked: Checked, override_reason: str = "") -> dict[str, Any]:
    """What is kept with an attempt, so that the same question can be asked again under the same version. `override_reason`:
    for which reason it went on against a presumption; it is no part of the answer."""
    return {
        "format": FORMAT,
        **answer_data(checked.decision, checked.facts.pack.base),
        **({"override_reason": override_reason} if override_reason else {}),
        "question": _given(checked.question),
        "facts": _facts_data(checked.facts),
    }


def answer_data(decision: Decision, base: tuple[str, str] | None) -> dict[str, Any]:
    """The answer alone: pack and version (with those of the pack below), findings, and from when or until when."""
    return {
        "pack": decision.pack,
        "version": decision.version,
        **({"base": list(base)} if base else {}),
        "rules": [_finding_data(finding) for finding in decision.findings],
        "allowed_until": _iso(decision.allowed_until),
        "next_allowed": _iso(decision.next_allowed),
    }


def _finding_data(finding: Finding) -> Mapping[str, Any]:
    return {
        "rule": finding.rule,
        "verdict": finding.verdict,
        "code": finding.code,
        "params": dict(finding.params),
        "sources": [
            {"title": s.title, "force": s.force, "seen": s.seen, "ref": s.ref} for s in finding.sources
        ],
    }  # fmt: skip


def _facts_data(facts: Facts) -> dict[str, Any]:
    return {
        "zone": facts.zone,
        "zones": list(facts.zones),
        "counts": _counts_data(facts.counts),
        "earlier": None if facts.earlier is None else [
            [day.isoformat(), _counts_data(counts)] for day, counts in sorted(facts.earlier.items())
        ],
        "flags": sorted(facts.flags),
        "known": sorted(facts.known),
        "log": None if facts.log is None else [{"is": type(event).__name__, **_given(event)} for event in facts.log],
        "spoken": None if facts.spoken is None else [list(pair) for pair in sorted(facts.spoken.items(), key=str)],
    }  # fmt: skip


def _counts_data(counts: Mapping[tuple[str, int | str], int]) -> list[list[Any]]:
    return [[measure, point, count] for (measure, point), count in sorted(counts.items(), key=str)]


def _iso(value: datetime | None) -> str | None:
    return value.isoformat() if value else None


# --- and back -------------------------------------------------------------------------------------------------------------


def pack_kept(data: Mapping[str, Any]) -> tuple[str, str, tuple[str, str] | None]:
    """Pack and version of a decision, and those of the pack below."""
    base = data.get("base")
    return str(data.get("pack", "")), str(data.get("version", "")), (str(base[0]), str(base[1])) if base else None


def question_from(data: Mapping[str, Any], at: datetime) -> Question:
    """The question as it was asked. `at`: when the contact took place, which entries of before did not repeat."""
    told = dict(data["question"])
    told.setdefault("at", at)
    return Question(**{name: _read(value) for name, value in told.items()})


def facts_from(data: Mapping[str, Any]) -> Facts:
    """The facts as they were known."""
    told = data["facts"]
    earlier = told.get("earlier")
    return Facts(
        zone=told["zone"],
        zones=tuple(told.get("zones") or ()),
        counts=_counts(told["counts"]),
        earlier=None if earlier is None else {date.fromisoformat(day): _counts(counts) for day, counts in earlier},
        flags=frozenset(told["flags"]),
        known=frozenset(told["known"]),
        log=_log(told),
        spoken=None if told.get("spoken") is None else dict(told["spoken"]),
    )


def _counts(told: list[list[Any]]) -> dict[tuple[str, int | str], int]:
    return {(measure, point): count for measure, point, count in told}


def _log(told: Mapping[str, Any]) -> tuple[happened.Event, ...] | None:
    if "calls" in told:  # as it was kept before format 2
        return None if told["calls"] is None else tuple(
            happened.Call(datetime.fromisoformat(at), outcome, (), by=by, to=to) for at, by, to, outcome in told["calls"]
        )  # fmt: skip
    if told.get("log") is None:
        return None
    return tuple(
        _EVENTS[each["is"]](**{name: _read(value) for name, value in each.items() if name != "is"})
        for each in told["log"]
    )


# --- values ---------------------------------------------------------------------------------------------------------------
# Instants, days, clock times and sets are marked as what they are; a field that says nothing beyond its default is left out.


def _given(thing: Any) -> dict[str, Any]:
    return {
        field.name: _write(value)
        for field in fields(thing)
        if (value := getattr(thing, field.name)) != field.default or field.default is MISSING
    }


def _write(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"at": value.isoformat()}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    if isinstance(value, time):
        return {"clock": value.isoformat()}
    if isinstance(value, frozenset):
        return {"set": [_write(each) for each in sorted(value)]}
    if isinstance(value, Mapping):
        return {"map": [[_write(key), _write(each)] for key, each in value.items()]}
    return [_write(each) for each in value] if isinstance(value, tuple) else value


def _read(value: Any) -> Any:
    match value:
        case {"at": text}:
            return datetime.fromisoformat(text)
        case {"day": text}:
            return date.fromisoformat(text)
        case {"clock": text}:
            return time.fromisoformat(text)
        case {"set": several}:
            return frozenset(map(_read, several))
        case {"map": pairs}:
            return {_read(key): _read(each) for key, each in pairs}
        case list():
            return tuple(map(_read, value))
    return value
