"""What reported payments, their states and steps are called on pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.foundation.language import Message, _l, say, say_count
from portal.foundation.states import StateTag
from portal.recovery.reported.models import ReportKind, ReportState, ReportStep, Way

if TYPE_CHECKING:
    from portal.recovery.dates import Step
    from portal.recovery.reported.models import ReportStanding

__all__ = ["AGE_LABELS", "KINDS", "SHORT_KINDS", "STATES", "STEPS", "WAYS", "apart_words", "state_tag", "step_words"]

KINDS: dict[ReportKind, Any] = {
    ReportKind.EXPECTED: _l("expected by the bank"),
    ReportKind.RECEIVED: _l("received by the agency"),
}
SHORT_KINDS: dict[ReportKind, Any] = {ReportKind.EXPECTED: _l("expected"), ReportKind.RECEIVED: _l("received")}
WAYS: dict[Way, Any] = {
    Way.EXACT: _l("exact"),
    Way.TOLERANT: _l("within the tolerance"),
    Way.BY_HAND: _l("by hand"),
}
STATES: dict[str, StateTag] = {
    "open": StateTag("open", _l("not matched yet"), "wait"),
    "chase": StateTag("chase", _l("to chase"), "bad"),
    "exact": StateTag("exact", _l("matched"), "good"),
    "tolerant": StateTag("tolerant", _l("matched within the tolerance"), "good"),
    "by_hand": StateTag("by_hand", _l("matched by hand"), "good"),
    "differs": StateTag("differs", _l("matched, differs"), "wait"),
    "late": StateTag("late", _l("matched, late"), "wait"),
    "withdrawn": StateTag("withdrawn", _l("withdrawn"), "plain"),
}
STEPS: dict[ReportStep, Any] = {
    ReportStep.REPORTED: _l("Reported"),
    ReportStep.MATCHED: _l("Matched with posting"),
    ReportStep.UNDONE: _l("Match undone"),
    ReportStep.WITHDRAWN: _l("Withdrawn"),
}
AGE_LABELS: dict[str, Any] = {
    "0-3": _l("0-3 days"), "4-7": _l("4-7 days"), "8-30": _l("8-30 days"), "31+": _l("31 days and more"),
}  # fmt: skip
_STEP_NAMES: dict[str, Any] = {
    "received": say("received by the bank"), "cleared": say("cleared"), "posted": say("posted"),
}  # fmt: skip


def state_tag(standing: ReportStanding, *, is_old: bool = False) -> StateTag:
    """Where a report stands, in one word: what differs or came late is said before how it was matched. `is_old`: it has
    been open for longer than the rules allow."""
    if standing.state is ReportState.WITHDRAWN:
        return STATES["withdrawn"]
    if standing.state is ReportState.OPEN:
        return STATES["chase" if is_old else "open"]
    if standing.differs:
        return STATES["differs"]
    if standing.late:
        return STATES["late"]
    return STATES[standing.way.value if standing.way else "exact"]


def step_words(step: Step) -> Message:
    """A step between two dates and how long it took."""
    what = _STEP_NAMES[step.name]
    if step.days == 0:
        return say("%(what)s on the same day", what=what)
    if step.days < 0:
        return say_count("%(what)s %(n)s day before", "%(what)s %(n)s days before", -step.days, what=what)
    return say_count("%(what)s after %(n)s day", "%(what)s after %(n)s days", step.days, what=what)


def apart_words(days: int | None) -> Message | None:
    """How far the posting's day is from what was reported; None where both are the same, or one is not known."""
    if not days:
        return None
    if days > 0:
        return say_count("posted %(n)s day later", "posted %(n)s days later", days)
    return say_count("posted %(n)s day earlier", "posted %(n)s days earlier", -days)
