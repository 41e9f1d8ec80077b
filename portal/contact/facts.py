"""What the conduct rules need to know, fetched from the tables; and what is kept of their answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portal.contact.conduct import Decision, Facts, Question, check
from portal.contact.conduct.events import Call
from portal.contact.history import Debtor, History
from portal.contact.packs import pack_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = ["Checked", "check_contact", "decision_data", "facts_of"]


@dataclass(frozen=True, slots=True)
class Checked:
    """A decision with what it was asked and what it rested on."""

    question: Question
    facts: Facts
    decision: Decision


def check_contact(facts: Facts, question: Question) -> Checked:
    """Ask the rules. One pack serves every debtor until packs for other places are shipped."""
    return Checked(question, facts, check(pack_named(), question, facts))


def facts_of(
    session: Session,
    actor: Actor,
    debtors: Iterable[Debtor],
    at: datetime,
    *,
    log: bool = False,
    but: int | None = None,
) -> dict[int, Facts]:
    """The facts of each account at an instant, by account id; `log` and `but` as of `History`."""
    debtors = list(debtors)
    history = History(session, actor, debtors, at, log=log)
    return {debtor.account_id: history.facts(debtor, at, but=but) for debtor in debtors}


def decision_data(checked: Checked) -> dict[str, Any]:
    """What is kept with an attempt, so that the same question can be asked again under the same version."""
    decision, question, facts = checked.decision, checked.question, checked.facts
    return {
        "pack": decision.pack,
        "version": decision.version,
        "rules": [_finding_data(finding) for finding in decision.findings],
        "question": {"channel": question.channel, "direction": question.direction, "to": question.to, "point": question.point},
        "facts": {
            "zone": facts.zone,
            "counts": [[measure, point, count] for (measure, point), count in sorted(facts.counts.items())],
            "earlier": None if facts.earlier is None else [
                [day.isoformat(), measure, point, count]
                for day, counts in sorted(facts.earlier.items()) for (measure, point), count in sorted(counts.items())
            ],
            "flags": sorted(facts.flags),
            "known": sorted(facts.known),
            "calls": None if facts.log is None else [
                [call.at.isoformat(), call.by, call.to, call.outcome] for call in facts.log if isinstance(call, Call)
            ],
        },
        "allowed_until": _iso(decision.allowed_until),
        "next_allowed": _iso(decision.next_allowed),
    }  # fmt: skip


def _finding_data(finding: Any) -> Mapping[str, Any]:
    return {
        "rule": finding.rule,
        "verdict": finding.verdict,
        "code": finding.code,
        "params": dict(finding.params),
        "sources": [
            {"title": s.title, "force": s.force, "seen": s.seen, "ref": s.ref} for s in finding.sources
        ],
    }  # fmt: skip


def _iso(value: datetime | None) -> str | None:
    return value.isoformat() if value else None
