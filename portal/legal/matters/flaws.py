"""What is wrong with a matter's course, in words, at the field that has to be mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.foundation.errors import DomainError
from portal.foundation.language import say
from portal.legal.matters.labels import OUTCOMES, STAGES
from portal.legal.matters.stages import Flaw, Limits, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from portal.foundation.language import Message
    from portal.legal.matters.stages import Fault, Step

__all__ = ["PARTS", "error_of", "not_placed_yet"]

PARTS = ("principal", "interest", "fees", "costs")
FIELDS = {
    Flaw.FUTURE: "happened_on", Flaw.BEFORE: "happened_on", Flaw.FOLLOWS: "stage", Flaw.NEEDS: "stage", Flaw.TWICE: "stage",
    Flaw.COURT: "court", Flaw.CASE_NO: "case_no", Flaw.OUTCOME: "outcome", Flaw.OUTCOME_EARLY: "outcome",
    Flaw.OUTCOME_ELSEWHERE: "outcome", Flaw.AWARDED: "principal",
    Flaw.MORE: "principal", Flaw.UNPLACED: "happened_on",
}  # fmt: skip


def error_of(fault: Fault, course: Sequence[Step], place: int, limits: Limits = Limits()) -> DomainError:  # noqa: B008
    """The fault as it is told to who has just said what stands at `place` of the course; the step of another place is named,
    since that one would not be right any more."""
    words = _words(fault, course, limits)
    if fault.place != place:
        step = course[fault.place]
        words = say(
            "Then “%(stage)s” on %(day)s would not be right any more: %(reason)s", stage=STAGES[step.stage].label,
            day=step.on, reason=words,
        )  # fmt: skip
        return DomainError(f"matter.{fault.flaw.value}", words, field="happened_on")
    return DomainError(f"matter.{fault.flaw.value}", words, field=FIELDS.get(fault.flaw) or _negative(course[place]))


def not_placed_yet(since: date | None) -> Message:
    """That a matter cannot begin before the firm had the account."""
    return say("Your firm accepted the account on %(day)s; a matter cannot begin before.", day=since)


def _negative(step: Step) -> str:
    """Which part of what was awarded is less than nothing."""
    return next(part for part, minor in zip(PARTS, step.awarded or (), strict=True) if minor < 0)


def _words(fault: Fault, course: Sequence[Step], limits: Limits) -> Message:
    step = course[fault.place]
    before = course[fault.place - 1] if fault.place else None
    stage = STAGES[fault.stage].label if fault.stage else ""
    if fault.flaw is Flaw.BEFORE and before is not None:
        return say("The step before it, “%(stage)s”, was on %(day)s.", stage=stage, day=before.on)
    if fault.flaw is Flaw.FOLLOWS:
        return say("This cannot come behind “%(stage)s”.", stage=stage)
    if fault.flaw is Flaw.NEEDS:
        return say("Say first when it came to “%(stage)s”.", stage=stage)
    if fault.flaw is Flaw.OUTCOME_EARLY:
        outcome = OUTCOMES[step.outcome].label if step.outcome else ""
        return say("“%(outcome)s” needs that it came to “%(stage)s” before.", outcome=outcome, stage=stage)
    if fault.flaw is Flaw.AWARDED and step.outcome is not None and step.outcome is not Outcome.WON:
        return say("An end like this awards nothing; leave the amounts empty.")
    if fault.flaw is Flaw.UNPLACED:
        return not_placed_yet(limits.since)
    if fault.flaw is Flaw.MORE:
        return say(
            "At most what is sued for, %(amount)s; what goes beyond it is interest, fees or costs.",
            amount=limits.claimed,
        )
    return {
        Flaw.FUTURE: say("The day is still to come."),
        Flaw.TWICE: say("The court accepts a claim once."),
        Flaw.COURT: say("Say which court it is."),
        Flaw.CASE_NO: say("Write the number that the court has given to the case."),
        Flaw.OUTCOME: say("Say how the matter ended."),
        Flaw.OUTCOME_ELSEWHERE: say("Only a matter that is closed has ended."),
        Flaw.AWARDED: say("Amounts belong to a mediation, a judgment or the end."),
        Flaw.NEGATIVE: say("An amount that is awarded is never less than nothing."),
    }[fault.flaw]
