"""Which stage of a matter may follow which: the rules alone."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.foundation.money import Money
from portal.legal.matters.stages import (
    AWARDING,
    NUMBERED,
    OUTCOMES,
    Flaw,
    Limits,
    Outcome,
    Stage,
    Step,
    fault_in,
    may_follow,
    usual_next,
)

TODAY = date(2005, 7, 20)
FIRST = date(2005, 1, 3)


def course(*stages: Stage, end: Outcome = Outcome.SETTLED) -> list[Step]:
    """Step after step, a week apart."""
    return [
        Step(stage, FIRST + timedelta(days=7 * n), "court", "no. 1", end if stage is Stage.CLOSED else None)
        for n, stage in enumerate(stages)
    ]


P, F, A, M = Stage.PREPARED, Stage.FILED, Stage.ACCEPTED, Stage.MEDIATED
H, J, E, C = Stage.HEARING, Stage.JUDGMENT, Stage.ENFORCEMENT, Stage.CLOSED


@pytest.mark.parametrize(
    ("stages", "end"),
    [
        ((P, F, A, H, J, E, C), Outcome.ENFORCED),
        ((P, F, A, H, J, E, C, E, C), Outcome.UNENFORCEABLE),
        ((P, F, A, H, J, H, J, C), Outcome.WON),
        ((P, F, M, A, H, J, C), Outcome.WON),
        ((P, F, A, H, M, J, E, C), Outcome.ENFORCED),
        ((P, F, A, M, E, C), Outcome.ENFORCED),
        ((P, F, C), Outcome.NOT_ACCEPTED),
        ((P, F, A, C), Outcome.DISMISSED),
        ((P, C), Outcome.WITHDRAWN),
    ],
)
def test_these_courses_can_have_been(stages: tuple[Stage, ...], end: Outcome) -> None:
    assert fault_in(course(*stages, end=end), TODAY) is None


@pytest.mark.parametrize(
    ("stages", "place", "flaw", "stage"),
    [
        ((F,), 0, Flaw.FOLLOWS, None),
        ((P, A), 1, Flaw.FOLLOWS, P),
        ((P, F, H), 2, Flaw.FOLLOWS, F),
        ((P, F, M, H), 3, Flaw.NEEDS, A),
        ((P, F, A, M, J), 4, Flaw.NEEDS, H),
        ((P, F, A, M, A), 4, Flaw.TWICE, None),
        ((P, F, A, H, E), 4, Flaw.FOLLOWS, H),
        ((P, F, C, F), 3, Flaw.FOLLOWS, C),
        ((P, F, A, M, E, C, E), 6, Flaw.FOLLOWS, C),
    ],
)
def test_these_cannot(stages: tuple[Stage, ...], place: int, flaw: Flaw, stage: Stage | None) -> None:
    fault = fault_in(course(*stages), TODAY)
    assert fault is not None
    assert (fault.place, fault.flaw, fault.stage) == (place, flaw, stage)


def test_a_step_lies_neither_ahead_nor_before_the_one_before_it() -> None:
    steps = [Step(P, FIRST), Step(F, FIRST, "court")]
    assert fault_in(steps, FIRST) is None  # the same day will do
    assert fault_in([Step(P, TODAY + timedelta(days=1))], TODAY) == (0, Flaw.FUTURE, None)
    early = Step(F, FIRST - timedelta(days=1), "court")
    assert fault_in([steps[0], early], TODAY) == (1, Flaw.BEFORE, P)


def test_what_the_court_does_names_it_and_what_it_numbers_has_its_number() -> None:
    assert fault_in([Step(P, FIRST), Step(F, FIRST)], TODAY) == (1, Flaw.COURT, None)
    filed = [Step(P, FIRST), Step(F, FIRST, "court")]
    assert fault_in([*filed, Step(A, FIRST, "court")], TODAY) == (2, Flaw.CASE_NO, None)


def test_only_what_is_closed_says_how_it_ended_and_only_as_far_as_it_came() -> None:
    filed = [Step(P, FIRST), Step(F, FIRST, "court")]
    assert fault_in([*filed, Step(C, FIRST)], TODAY) == (2, Flaw.OUTCOME, None)
    assert fault_in([*filed[:1], Step(F, FIRST, "court", outcome=Outcome.WON)], TODAY) == (
        1,
        Flaw.OUTCOME_ELSEWHERE,
        None,
    )
    assert fault_in([*filed, Step(C, FIRST, outcome=Outcome.ENFORCED)], TODAY) == (2, Flaw.OUTCOME_EARLY, E)
    assert fault_in([*filed, Step(C, FIRST, outcome=Outcome.DISMISSED)], TODAY) == (2, Flaw.OUTCOME_EARLY, A)


def test_amounts_stand_where_something_is_awarded_and_are_never_less_than_nothing() -> None:
    filed = [Step(P, FIRST), Step(F, FIRST, "court")]
    settled = Step(C, FIRST, outcome=Outcome.SETTLED, awarded=(1, 0, 0, 0))
    assert fault_in([*filed, settled], TODAY) is None
    less = Step(C, FIRST, outcome=Outcome.SETTLED, awarded=(1, 0, 0, -1))
    assert fault_in([*filed, less], TODAY) == (2, Flaw.NEGATIVE, None)
    for wrong in (
        Step(C, FIRST, outcome=Outcome.WITHDRAWN, awarded=(0, 0, 0, 0)),
        Step(A, FIRST, "court", "no. 1", awarded=(1, 0, 0, 0)),
    ):
        assert fault_in([*filed, wrong], TODAY) == (2, Flaw.AWARDED, None)


def test_no_more_principal_is_awarded_than_was_sued_for_while_interest_and_costs_may_go_beyond_it() -> None:
    limits = Limits(claimed=Money(100, "CNY"))
    tried = course(P, F, A, H)
    for stage, outcome in ((M, None), (J, None), (C, Outcome.SETTLED)):
        for awarded, flaw in (((100, 900, 900, 900), None), ((101, 0, 0, 0), Flaw.MORE)):
            fault = fault_in([*tried, Step(stage, TODAY, "court", outcome=outcome, awarded=awarded)], TODAY, limits)
            assert (fault.flaw if fault else None) == flaw


def test_a_matter_does_not_begin_before_the_firm_took_the_account_on() -> None:
    steps = course(P, F)
    assert fault_in(steps, TODAY, Limits(since=FIRST)) is None
    assert fault_in(steps, TODAY, Limits(since=FIRST + timedelta(days=1))) == (0, Flaw.UNPLACED, None)


def test_what_usually_comes_next_is_what_a_day_in_court_was_fixed_for_or_else_the_usual_course() -> None:
    for steps, usual in (
        ((P,), F), ((P, F), A), ((P, F, A), H), ((P, F, A, H), J), ((P, F, A, H, J), E), ((P, F, A, H, J, E), C), ((P, F, A, M), C),
    ):  # fmt: skip
        assert usual_next(may_follow(course(*steps)), steps[-1]) is usual
    assert usual_next(may_follow(course(P, F, A)), A, fixed=M) is M
    assert usual_next(may_follow(course(P, F)), F, fixed=H) is A  # no hearing before the court has accepted the claim
    assert usual_next([C], H) is C and usual_next([], C) is None


@given(st.lists(st.integers(0, 7), max_size=12), st.sampled_from(Outcome))
def test_whoever_takes_what_is_offered_always_has_a_course_that_can_have_been(choices: list[int], end: Outcome) -> None:
    steps: list[Step] = []
    for n, choice in enumerate(choices):
        offered = may_follow(steps)
        if not offered:
            break
        stage, been = offered[choice % len(offered)], {step.stage for step in steps}
        ends = [one for one in (end, *Outcome) if been >= OUTCOMES[one]]
        steps.append(Step(stage, FIRST + timedelta(days=n), "court", "no. 1", ends[0] if stage is C else None))
        assert fault_in(steps, TODAY) is None
    assert all(fault_in(steps[:n], TODAY) is None for n in range(len(steps)))  # a course's beginning is one too


@given(st.lists(st.sampled_from(Stage), min_size=1, max_size=8))
def test_what_is_not_offered_is_a_fault(stages: list[Stage]) -> None:
    steps = course(*stages, end=Outcome.WITHDRAWN)
    for n, step in enumerate(steps):
        if step.stage not in may_follow(steps[:n]):
            fault = fault_in(steps, TODAY)
            assert fault is not None and fault.place <= n
            return
    assert fault_in(steps, TODAY) is None


def test_a_matter_that_is_over_goes_nowhere_unless_nothing_was_found_to_enforce_on() -> None:
    assert may_follow([]) == [P]
    assert may_follow(course(P, F, C)) == []
    assert may_follow(course(P, F, A, M, E, C, end=Outcome.UNENFORCEABLE)) == [E]
    assert A not in may_follow(course(P, F, A, M)) and A in may_follow(course(P, F, M))
    assert {J, M, C} <= AWARDING and {A, E} == NUMBERED
