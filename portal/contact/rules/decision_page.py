"""One stored decision, as a reader looks at it: what was found and why, what was known, and what is answered when asked again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from portal.contact.conduct import Finding, Source
from portal.contact.conduct.events import Call
from portal.contact.evidence import FORMAT, answer_data, facts_from, pack_kept
from portal.contact.labels import CHANNELS
from portal.contact.models import Channel
from portal.contact.outcomes import OUTCOMES, PARTIES
from portal.contact.rules.labels import FACT_WORDS, FORCE_WORDS, MEASURE_WORDS, SEEN_WORDS
from portal.contact.rules.replaying import asked_again, under_its_own
from portal.contact.words import VERDICT_TAGS, finding_words, flag_words
from portal.foundation.language import Message, say

if TYPE_CHECKING:
    from portal.contact.conduct import Facts, Pack
    from portal.contact.models import ContactAttempt
    from portal.contact.rules.shelf import Shelf
    from portal.foundation.states import StateTag

__all__ = ["Answer", "Cited", "Told", "again_today", "again_under_its_own", "facts_told", "findings_of"]


@dataclass(frozen=True, slots=True)
class Cited:
    """What a rule rests on: title with its place, force, and how well it is known. `unsettled`: counsel has to confirm it."""

    title: str
    force: Message
    seen: Message
    unsettled: bool

    @classmethod
    def of(cls, source: Source) -> Cited:
        title = f"{source.title} {source.ref}".strip()
        return cls(title, FORCE_WORDS[source.force], SEEN_WORDS[source.seen], not source.is_settled)


@dataclass(frozen=True, slots=True)
class Told:
    """One finding: the rule, its verdict, the sentence, the sources."""

    rule: str
    verdict: StateTag
    words: Message
    sources: Sequence[Cited]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a version answers. `same`: the very answer that is stored; None where that is not the question."""

    pack: str
    version: str
    verdict: StateTag | None
    findings: Sequence[Told]
    same: bool | None = None


def findings_of(data: Mapping[str, Any]) -> list[Told]:
    """The findings as they are stored."""
    return [_told(_finding(each)) for each in data.get("rules") or ()]


def _finding(kept: Mapping[str, Any]) -> Finding:
    sources = tuple(Source(s["title"], s["force"], s["seen"], s["ref"]) for s in kept["sources"])
    return Finding(kept["rule"], kept["verdict"], kept["code"], kept["params"], sources)


def _told(finding: Finding) -> Told:
    cited = [Cited.of(source) for source in finding.sources]
    return Told(finding.rule, VERDICT_TAGS[finding.verdict], finding_words(finding), cited)


# --- asked again ----------------------------------------------------------------------------------------------------------


def again_under_its_own(shelf: Shelf, attempt: ContactAttempt) -> Answer:
    """The decision under the version that it was made under; without a verdict where that version, or a fact, is not kept."""
    pack, version, _ = pack_kept(attempt.decision)
    again = under_its_own(shelf, attempt)
    if again.decision is None:
        return Answer(pack, version, None, ())
    found = [_told(finding) for finding in again.decision.findings]
    return Answer(pack, version, VERDICT_TAGS[again.decision.verdict], found, not again.differs)


def again_today(pack: Pack, attempt: ContactAttempt) -> Answer:
    """The same question and facts under the version that holds today."""
    try:
        decision = asked_again(pack, attempt.decision, attempt.at)
    except (LookupError, TypeError, ValueError):
        return Answer(pack.id, pack.version, None, ())
    found = [_told(finding) for finding in decision.findings]
    kept = attempt.decision
    same = answer_data(decision, pack.base)["rules"] == kept.get("rules") and decision.verdict == attempt.verdict
    return Answer(pack.id, pack.version, VERDICT_TAGS[decision.verdict], found, same)


# --- what was known -------------------------------------------------------------------------------------------------------


def facts_told(attempt: ContactAttempt) -> tuple[list[tuple[Message, Any]], list[tuple[datetime, Message]], bool]:
    """The facts in words, the calls that were looked back on (latest first), and whether the entry kept all of them."""
    try:
        facts = facts_from(attempt.decision)
    except (LookupError, TypeError, ValueError):
        return [], [], False
    said: list[tuple[Message, Any]] = [
        (say("Where the debtor is"), ", ".join(facts.places) or say("not known")),
        (say("Counted on that day, all together"), _counts(facts)),
        (say("Holds that stood"), [flag_words(flag) for flag in sorted(facts.flags)] or say("none")),
        (say("Further facts"), [FACT_WORDS.get(fact, fact) for fact in sorted(facts.known)] or say("none")),
    ]
    calls = [(call.at, _call(call)) for call in facts.log or () if isinstance(call, Call)]
    return said, sorted(calls, key=lambda call: call[0], reverse=True), attempt.decision.get("format") == FORMAT


def _counts(facts: Facts) -> Any:
    whole = [
        (measure, count) for (measure, point), count in sorted(facts.counts.items(), key=str) if point == 0 and count
    ]
    return [
        say("%(what)s: %(count)s", what=MEASURE_WORDS.get(measure, measure), count=count) for measure, count in whole
    ] or say("nothing")  # fmt: skip


def _call(call: Call) -> Message:
    outcome = OUTCOMES[call.outcome].label if call.outcome in OUTCOMES else say("conversation")
    if call.by == "consumer":
        return say("they called: %(outcome)s", outcome=outcome)
    channel = CHANNELS[Channel(call.channel)] if call.channel in set(Channel) else call.channel
    return say(
        "%(channel)s to %(party)s: %(outcome)s", channel=channel, party=PARTIES.get(call.to, call.to), outcome=outcome
    )  # fmt: skip
