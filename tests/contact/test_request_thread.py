"""The rules of a thread between the bank and an organisation: whose turn it is, until when, what may follow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.contact.requests.thread import Answer, RequestState, Side, Step, Thread, ended, first_of, following, may

NOON = datetime(2005, 7, 1, 12, tzinfo=UTC)
BANK, AGENCY = Side.BANK, Side.ORGANISATION


def asked(by: Side = AGENCY) -> Thread:
    return first_of(by, NOON, 48)


def answered(answer: Answer) -> Thread:
    return following(asked(), BANK, Step.ANSWERED, NOON, 48, answer)


def test_the_other_side_has_the_contracts_hours() -> None:
    thread = asked()
    assert (thread.turn, thread.due_at) == (BANK, NOON + timedelta(hours=48))
    assert Step.ANSWERED in may(thread, BANK) and Step.ANSWERED not in may(thread, AGENCY)


def test_an_answer_stops_the_clock_and_leaves_the_rest_to_who_asked() -> None:
    thread = answered(Answer.GRANTED)
    assert (thread.state, thread.turn, thread.due_at) == (RequestState.ANSWERED, AGENCY, None)
    assert may(thread, AGENCY) == {Step.SAID, Step.CLOSED, Step.REOPENED}
    assert may(thread, BANK) == {Step.SAID}


def test_what_needs_more_goes_back_and_comes_again_with_a_new_clock() -> None:
    later = NOON + timedelta(hours=5)
    thread = following(asked(), BANK, Step.ANSWERED, later, 48, Answer.NEEDS_MORE)
    assert (thread.state, thread.turn, thread.answer) == (RequestState.OPEN, AGENCY, None)
    assert following(thread, BANK, Step.SAID, later, 48) == thread
    again = following(thread, AGENCY, Step.SAID, later + timedelta(hours=1), 48)
    assert (again.turn, again.due_at) == (BANK, later + timedelta(hours=49))


def test_words_of_who_is_to_answer_do_not_stop_the_clock() -> None:
    assert following(asked(), BANK, Step.SAID, NOON + timedelta(hours=3), 48) == asked()


def test_who_asked_opens_again_what_was_answered_or_closed() -> None:
    thread = following(answered(Answer.REFUSED), AGENCY, Step.REOPENED, NOON, 48)
    assert thread == asked()
    closed = following(asked(), AGENCY, Step.CLOSED, NOON, 48)
    assert may(closed, AGENCY) == {Step.REOPENED} and may(closed, BANK) == frozenset()


@pytest.mark.parametrize("step", [Step.CLOSED, Step.REOPENED])
def test_only_who_asked_closes_and_reopens(step: Step) -> None:
    with pytest.raises(ValueError, match="may not"):
        following(answered(Answer.DONE), BANK, step, NOON, 48)


steps = st.tuples(st.sampled_from(Side), st.sampled_from(Step), st.none() | st.sampled_from(Answer))


@given(st.sampled_from(Side), st.lists(steps, max_size=12))
def test_however_it_goes_a_thread_waits_for_somebody_until_it_is_closed(
    by: Side, taken: list[tuple[Side, Step, Answer | None]]
) -> None:
    """The conditions that the database holds as well."""
    thread = first_of(by, NOON, 24)
    for number, (side, step, answer) in enumerate(taken):
        if step in may(thread, side):
            given_answer = (answer or Answer.DONE) if step is Step.ANSWERED else None
            thread = following(thread, side, step, NOON + timedelta(hours=number), 24, given_answer)
        assert (thread.state is RequestState.CLOSED) == (thread.turn is None)
        assert (thread.state is RequestState.OPEN) == (thread.due_at is not None)
        assert thread.state is not RequestState.ANSWERED or thread.answer not in (None, Answer.NEEDS_MORE)
        assert thread.asked_by is by
    assert may(ended(thread), by.other) == frozenset()
