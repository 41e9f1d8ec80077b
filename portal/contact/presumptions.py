"""What a presumption means in daily work: it is no ban, but it closes a contact until somebody says why it goes on.

Regulation F presumes a violation from the eighth call in seven days on, and lets the collector rebut it (12 CFR
1006.14(b)(2)(i)); the reasons for which that may be are listed by the rule. What has happened already is kept as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.contact.policy import presumption_is_final
from portal.contact.rules.labels import REASON_WORDS
from portal.contact.words import deciding, finding_words
from portal.foundation.errors import DomainError, Refused
from portal.foundation.language import Message, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from portal.contact.conduct import Decision

__all__ = ["is_closed", "kept_reason", "reason_words", "reasons_to_choose"]


def reasons_to_choose(decision: Decision) -> tuple[str, ...]:
    """The reasons of which one opens a contact that is about to be made; none where it needs none, or none helps."""
    return () if presumption_is_final() else decision.overrides


def is_closed(decision: Decision) -> bool:
    """Whether a contact that is about to be made is refused, whatever is said for it."""
    return decision.is_blocked or (decision.verdict == "presume" and not reasons_to_choose(decision))


def kept_reason(decision: Decision, reason: str, *, planned: bool) -> str:
    """The reason that is kept with an attempt: none where nothing is presumed.

    Raises Refused for a contact that is planned and has no reason, or that none opens, and DomainError for a reason that the
    rules do not list.
    """
    if decision.verdict != "presume":
        return ""
    finding = deciding(decision)
    said = finding_words(finding) if finding else ""
    if planned and is_closed(decision):
        words = say("%(finding)s It is presumed to be against the rules, and the bank lets nobody go on.", finding=said)
        raise Refused("conduct.presumed", words)
    if reason and reason not in decision.overrides:
        words = say("This reason does not count here. Choose one of: %(reasons)s.", reasons=_listed(decision.overrides))
        raise DomainError("conduct.override_reason", words, field="override_reason")
    if planned and not reason:
        words = say(
            "%(finding)s It is presumed to be against the rules. Say why it goes on all the same: %(reasons)s.",
            finding=said,
            reasons=_listed(decision.overrides),
        )
        raise Refused("conduct.presumed", words, field="override_reason")
    return reason


def reason_words(code: str) -> Message | str:
    """A reason in words; a code that nobody has words for stands for itself."""
    return REASON_WORDS.get(code, code)


def _listed(codes: Iterable[str]) -> Message | str:
    found: Message | str = ""
    for code in codes:
        word = reason_words(code)
        found = say("%(first)s; %(second)s", first=found, second=word) if found else word
    return found
