"""Until when a statement as a whole may be contested: as a line, for the first time until the first deadline."""

from __future__ import annotations

from datetime import date

import pytest

from portal.commission.disputes import answer_dispute, answer_statement, contest_lines, contest_statement
from portal.commission.life_models import DisputeEnd, DisputeReason
from portal.foundation.errors import Refused
from tests.commission.test_life import disputes, lines, on, statement_of

pytestmark = [pytest.mark.settings(today=date(2005, 8, 1)), pytest.mark.usefixtures("app")]


def test_the_whole_is_contested_for_the_first_time_until_the_first_deadline_only() -> None:
    held, finance, statement_id = statement_of()
    contest_lines(held.actor, statement_id, lines(statement_id)[:1], DisputeReason.RATE, "wrong")
    on(date(2005, 8, 20))
    answer_dispute(finance.issuer, statement_id, disputes(statement_id)[0], DisputeEnd.REFUSED, "right")

    with pytest.raises(Refused) as refused:  # the answer opens its line again, and nothing else
        contest_statement(held.actor, statement_id, "and something is missing")
    assert refused.value.code == "dispute.too_late"


def test_a_whole_that_was_contested_in_time_is_open_again_after_its_answer() -> None:
    held, finance, statement_id = statement_of()
    contest_statement(held.actor, statement_id, "something is missing")
    on(date(2005, 8, 20))
    answer_statement(finance.issuer, statement_id, "nothing is")

    on(date(2005, 8, 30))
    contest_statement(held.actor, statement_id, "still missing")
    answer_statement(finance.issuer, statement_id, "nothing is")
    on(date(2005, 9, 10))
    with pytest.raises(Refused):
        contest_statement(held.actor, statement_id, "and still")
