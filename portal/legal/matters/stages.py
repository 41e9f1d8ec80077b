"""Which stage of a matter may follow which, and when. Pure: no database, no Flask.

The course is that of the Civil Procedure Law of the People's Republic of China (中华人民共和国民事诉讼法): part two, first
instance (起诉和受理, 开庭审理, 判决和裁定), the chapter on mediation (调解), and part three, enforcement (执行程序); and of the
Supreme People's Court's interpretation of it, by which an enforcement that found nothing may end for this time (终结本次执行程序)
and be taken up again whenever something is found. Mediation may come before the court accepts the claim (先行调解) and at any
time before judgment; where it fails the court goes on. An appeal is one more hearing after a judgment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portal.foundation.money import Money

__all__ = [
    "AWARDING",
    "FOLLOWS",
    "IN_COURT",
    "NUMBERED",
    "OUTCOMES",
    "Fault",
    "Flaw",
    "Limits",
    "Outcome",
    "Stage",
    "Step",
    "fault_in",
    "may_follow",
    "usual_next",
]


class Stage(StrEnum):
    """Where a matter is."""

    PREPARED = "prepared"  # the firm has opened it; nothing is at the court
    FILED = "filed"  # 递交起诉材料
    ACCEPTED = "accepted"  # 立案
    MEDIATED = "mediated"  # 调解
    HEARING = "hearing"  # 开庭
    JUDGMENT = "judgment"  # 判决
    ENFORCEMENT = "enforcement"  # 执行
    CLOSED = "closed"  # 结案


class Outcome(StrEnum):
    """How a matter ended."""

    WON = "won"  # judgment for the bank, and paid without enforcement
    SETTLED = "settled"
    WITHDRAWN = "withdrawn"  # 撤诉
    NOT_ACCEPTED = "not_accepted"  # 不予受理
    DISMISSED = "dismissed"  # 驳回
    ENFORCED = "enforced"  # 执行完毕
    UNENFORCEABLE = "unenforceable"  # 终结本次执行程序


# What may come behind a stage; nothing (None) is before the first.
FOLLOWS: dict[Stage | None, frozenset[Stage]] = {
    None: frozenset({Stage.PREPARED}),
    Stage.PREPARED: frozenset({Stage.FILED, Stage.CLOSED}),
    Stage.FILED: frozenset({Stage.ACCEPTED, Stage.MEDIATED, Stage.CLOSED}),
    Stage.ACCEPTED: frozenset({Stage.MEDIATED, Stage.HEARING, Stage.CLOSED}),
    Stage.MEDIATED: frozenset({Stage.ACCEPTED, Stage.HEARING, Stage.JUDGMENT, Stage.ENFORCEMENT, Stage.CLOSED}),
    Stage.HEARING: frozenset({Stage.HEARING, Stage.MEDIATED, Stage.JUDGMENT, Stage.CLOSED}),
    Stage.JUDGMENT: frozenset({Stage.HEARING, Stage.ENFORCEMENT, Stage.CLOSED}),
    Stage.ENFORCEMENT: frozenset({Stage.CLOSED}),
    Stage.CLOSED: frozenset({Stage.ENFORCEMENT}),  # only behind one that found nothing
}
# What must have been somewhere before.
NEEDS: dict[Stage, Stage] = {Stage.HEARING: Stage.ACCEPTED, Stage.JUDGMENT: Stage.HEARING}
ONCE = frozenset({Stage.ACCEPTED})
# What usually comes next; where nothing stands here, or that cannot be, the first that can.
USUAL: dict[Stage, Stage] = {
    Stage.ACCEPTED: Stage.HEARING,
    Stage.MEDIATED: Stage.CLOSED,
    Stage.HEARING: Stage.JUDGMENT,
    Stage.JUDGMENT: Stage.ENFORCEMENT,
}
# What a matter must have come to before it can end so.
OUTCOMES: dict[Outcome, frozenset[Stage]] = {
    Outcome.WON: frozenset({Stage.JUDGMENT}),
    Outcome.SETTLED: frozenset(),
    Outcome.WITHDRAWN: frozenset(),
    Outcome.NOT_ACCEPTED: frozenset({Stage.FILED}),
    Outcome.DISMISSED: frozenset({Stage.ACCEPTED}),
    Outcome.ENFORCED: frozenset({Stage.ENFORCEMENT}),
    Outcome.UNENFORCEABLE: frozenset({Stage.ENFORCEMENT}),
}
AWARDS_NOTHING = frozenset({Outcome.WITHDRAWN, Outcome.NOT_ACCEPTED, Outcome.DISMISSED})
AWARDING = frozenset({Stage.MEDIATED, Stage.JUDGMENT, Stage.CLOSED})  # may say amounts
NUMBERED = frozenset({Stage.ACCEPTED, Stage.ENFORCEMENT})  # the court gives its case a number
IN_COURT = frozenset(Stage) - {Stage.PREPARED, Stage.CLOSED}  # name the court


@dataclass(frozen=True, slots=True)
class Step:
    """A stage that a matter came to on a day. `awarded`: amounts in minor units, principal, interest, fees, costs; None where
    none are said."""

    stage: Stage
    on: date
    court: str = ""
    case_no: str = ""
    outcome: Outcome | None = None
    awarded: tuple[int, int, int, int] | None = None


class Flaw(StrEnum):
    """What is wrong with a step."""

    FUTURE = "future"
    BEFORE = "before"  # the day lies before that of the step before it
    FOLLOWS = "follows"  # cannot come behind the step before it
    NEEDS = "needs"  # something has to have been before
    TWICE = "twice"
    COURT = "court"
    CASE_NO = "case_no"
    OUTCOME = "outcome"  # closed without saying how
    OUTCOME_EARLY = "outcome_early"  # it has not come to what such an end needs
    OUTCOME_ELSEWHERE = "outcome_elsewhere"
    AWARDED = "awarded"  # amounts where none can be
    NEGATIVE = "negative"  # an amount less than nothing
    MORE = "more"  # more principal than is sued for
    UNPLACED = "unplaced"  # before the firm had the account


@dataclass(frozen=True, slots=True)
class Limits:
    """What a course cannot go beyond: `since`: the day on which the firm took the account on; `claimed`: what is sued for."""

    since: date | None = None
    claimed: Money | None = None


class Fault(NamedTuple):
    """The first thing that is wrong with a course: at which of its steps (from 0), and what; `stage`: the one that is missing,
    or that it cannot follow."""

    place: int
    flaw: Flaw
    stage: Stage | None = None


def may_follow(course: Sequence[Step]) -> list[Stage]:
    """What can come next, in the usual order; nothing where the matter is over."""
    last = course[-1] if course else None
    allowed = FOLLOWS[last.stage if last else None]
    if last and last.stage is Stage.CLOSED and last.outcome is not Outcome.UNENFORCEABLE:
        return []
    been = {step.stage for step in course}
    return [s for s in Stage if s in allowed and not (s in ONCE and s in been) and NEEDS.get(s, s) in been | {s}]


def usual_next(ahead: Sequence[Stage], at: Stage, fixed: Stage | None = None) -> Stage | None:
    """Of what can come next, what usually does; `fixed`: what a day in court is fixed for, which goes before."""
    usual = next((stage for stage in (fixed, USUAL.get(at)) if stage in ahead), None)
    return usual or next(iter(ahead), None)


def fault_in(course: Sequence[Step], today: date, limits: Limits = Limits()) -> Fault | None:
    """What is wrong with a course of steps, the first of it; None where it can have been so."""
    for place, step in enumerate(course):
        if limits.since and step.on < limits.since:
            return Fault(place, Flaw.UNPLACED)
        flaw = _fault(course[:place], step, today) or _award_fault(step, limits.claimed)
        if flaw is not None:
            return Fault(place, *flaw)
    return None


def _fault(before: Sequence[Step], step: Step, today: date) -> tuple[Flaw, Stage | None] | None:
    last = before[-1] if before else None
    if step.on > today:
        return Flaw.FUTURE, None
    if last and step.on < last.on:
        return Flaw.BEFORE, last.stage
    if step.stage not in may_follow(before):
        return _why_not(before, step.stage)
    if step.stage in IN_COURT and not step.court:
        return Flaw.COURT, None
    if step.stage in NUMBERED and not step.case_no:
        return Flaw.CASE_NO, None
    return _outcome_fault(before, step)


def _why_not(before: Sequence[Step], stage: Stage) -> tuple[Flaw, Stage | None]:
    last, been = before[-1].stage if before else None, {step.stage for step in before}
    if stage in ONCE and stage in been:
        return Flaw.TWICE, None
    if stage in FOLLOWS[last] and stage in NEEDS and NEEDS[stage] not in been:
        return Flaw.NEEDS, NEEDS[stage]
    return Flaw.FOLLOWS, last


def _outcome_fault(before: Sequence[Step], step: Step) -> tuple[Flaw, Stage | None] | None:
    if (step.stage is Stage.CLOSED) != (step.outcome is not None):
        return (Flaw.OUTCOME if step.outcome is None else Flaw.OUTCOME_ELSEWHERE), None
    if step.outcome is not None:
        missing = OUTCOMES[step.outcome] - {earlier.stage for earlier in before}
        if missing:
            return Flaw.OUTCOME_EARLY, next(stage for stage in Stage if stage in missing)
    return None


def _award_fault(step: Step, claimed: Money | None) -> tuple[Flaw, Stage | None] | None:
    """A court awards no more than was asked for (a judgment beyond the claims is set aside, Civil Procedure Law 211 no. 11), and
    what is sued for holds the principal whole. Interest runs on until it is paid, and costs are the court's to lay on the loser:
    both may go beyond. What parties agree to before the court may too, but not in principal: that was lent once."""
    if step.awarded is None:
        return None
    if step.stage not in AWARDING or step.outcome in AWARDS_NOTHING:
        return Flaw.AWARDED, None
    if min(step.awarded) < 0:
        return Flaw.NEGATIVE, None
    return (Flaw.MORE, None) if claimed is not None and step.awarded[0] > claimed.minor else None
