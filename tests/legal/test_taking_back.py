"""What was said of a letter's way in error is taken back with a reason: what had followed is undone, what was said stays on file."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.jobs import run_pending
from portal.legal.building import build_pack
from portal.legal.choosing import Choice, Selection
from portal.legal.dispatch.models import LetterDispatch, LetterResult
from portal.legal.dispatch.operations import dispatch_letter, dispatch_pack, record_result
from portal.legal.dispatch.taking_back import take_back_dispatch, take_back_result
from portal.legal.dispatch.terms import MailResult, Outcome, Sent
from portal.legal.giving_up import give_pack_up
from portal.portfolio.models import ContactStatus
from tests.commission.factories import JULY, drawn, make_finance
from tests.commission.test_letter_fees import approved_pack, at
from tests.commission.test_plans_paid import lines
from tests.legal.factories import Firm, a_firm, letters_of, ready_pack, the_pack
from tests.legal.test_dispatch import actions, came, live_in, point_of, restarted_on, rows, sent

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from portal.identity.models import User
    from tests.support.pages import PageClient

pytestmark = pytest.mark.settings(today=date(2005, 7, 20))
TODAY = date(2005, 7, 20)


@pytest.fixture
def firm(app: Flask) -> Firm:
    return a_firm()


@pytest.fixture
def pack_id(app: Flask, firm: Firm) -> int:
    return ready_pack(app, firm)


def test_a_dispatch_that_was_noted_in_error_is_taken_back_and_the_letter_is_to_be_sent(
    firm: Firm, pack_id: int
) -> None:
    letter = sent(firm, pack_id)

    with pytest.raises(DomainError, match="why"):
        take_back_dispatch(firm.actor, pack_id, letter.id, " ")
    take_back_dispatch(firm.actor, pack_id, letter.id, "the bag was still here")

    first, second = rows(LetterDispatch)
    assert (first.taken_back, second.taken_back, second.corrects_id) == (False, True, first.id)
    assert second.why == "the bag was still here"
    assert "legal.dispatch_taken_back" in actions()
    with pytest.raises(Refused, match="not noted as sent"):
        take_back_dispatch(firm.actor, pack_id, letter.id, "once more")
    with pytest.raises(Refused, match="how the letter went out"):
        came(firm, letter, MailResult.DELIVERED)
    assert dispatch_pack(firm.actor, pack_id, "EMS", TODAY) == 3
    assert rows(LetterDispatch)[2].corrects_id == second.id


def test_a_letter_whose_dispatch_was_taken_back_is_void_with_a_pack_that_is_given_up(firm: Firm, pack_id: int) -> None:
    letter = sent(firm, pack_id)
    take_back_dispatch(firm.actor, pack_id, letter.id, "the bag was still here")

    assert give_pack_up(firm.actor, pack_id, "none goes out") == 3


def test_a_return_that_is_taken_back_leaves_the_address_as_it_was(firm: Firm, pack_id: int) -> None:
    letter = sent(firm, pack_id)
    came(firm, letter, MailResult.RETURNED, "moved")
    assert point_of(letter).status is ContactStatus.INVALID
    with pytest.raises(Refused, match="Take back first"):
        take_back_dispatch(firm.actor, pack_id, letter.id, "wrong letter")

    take_back_result(firm.actor, pack_id, letter.id, "it was another letter")

    assert point_of(letter).status is ContactStatus.UNCHECKED
    assert [row.taken_back for row in rows(LetterResult)] == [False, True]
    came(firm, letter, MailResult.DELIVERED)
    with pytest.raises(Refused, match="No account is left"):
        build_pack(firm.actor, the_pack(pack_id).batch_id, Choice(selection=Selection(again=True)))
    take_back_result(firm.actor, pack_id, letter.id, "still another one")
    take_back_dispatch(firm.actor, pack_id, letter.id, "it is here")


def test_a_delivery_that_is_taken_back_begins_no_time_to_sue_anew(firm: Firm, pack_id: int) -> None:
    live_in("CN-SH")
    letter = sent(firm, pack_id)
    came(firm, letter, MailResult.DELIVERED)
    before = restarted_on(letter)

    take_back_result(firm.actor, pack_id, letter.id, "the card is another's")

    assert (before, restarted_on(letter)) == (TODAY, None)
    with pytest.raises(Refused, match="Nothing is noted"):
        take_back_result(firm.actor, pack_id, letter.id, "once more")


def test_a_return_is_not_taken_back_once_another_letter_was_written_for_it(
    app: Flask, firm: Firm, pack_id: int
) -> None:
    letter = sent(firm, pack_id)
    came(firm, letter, MailResult.UNCLAIMED)
    build_pack(firm.actor, the_pack(pack_id).batch_id, Choice(selection=Selection(again=True)))
    run_pending(app)

    with pytest.raises(Refused, match="Another letter was written"):
        take_back_result(firm.actor, pack_id, letter.id, "it was delivered")


def test_another_firm_takes_nothing_back(firm: Firm, pack_id: int) -> None:
    letter, stranger = sent(firm, pack_id), a_firm("沪例")

    for take_back in (take_back_dispatch, take_back_result):
        with pytest.raises(NotFound):
            take_back(stranger.actor, pack_id, letter.id, "not ours")


@pytest.mark.settings(today=date(2005, 7, 1))
def test_a_dispatch_that_was_taken_back_is_not_paid_and_one_that_was_paid_is_not_taken_back(app: Flask) -> None:
    firm, pack_id = approved_pack(app, 850)
    finance = make_finance()
    letter, other = letters_of(pack_id)[:2]
    at(7, 5)
    for one in (letter, other):
        dispatch_letter(firm.actor, pack_id, one.id, Sent("EMS", "", date(2005, 7, 5)))
    take_back_dispatch(firm.actor, pack_id, letter.id, "the bag was still here")
    at(8, 1)

    (july,) = drawn(finance, JULY)

    assert lines(july) == [(the_pack(pack_id).number, 850, "letter_fee")]
    with pytest.raises(Refused, match="A statement has paid"):
        take_back_dispatch(firm.actor, pack_id, other.id, "this one too")
    dispatch_letter(firm.actor, pack_id, letter.id, Sent("EMS", "", date(2005, 8, 1)))


@pytest.mark.databases("sqlite")
def test_the_page_of_the_letter_takes_back_and_shows_what_was_said(
    firm: Firm, pack_id: int, client_for: Callable[[User], PageClient]
) -> None:
    letter = sent(firm, pack_id)
    record_result(firm.actor, pack_id, letter.id, Outcome(MailResult.UNCLAIMED, TODAY))
    way = f"/packs/{pack_id}/letters/{letter.id}/way"
    pages = client_for(firm.lawyer)
    base = f"/packs/{pack_id}/letters/{letter.id}"

    page = pages.get(way).submit(f"{base}/result/take-back", reason="wrong row of the list", to=way)
    assert "wrong row of the list" in page
    page = page.submit(f"{base}/dispatch/take-back", reason="the bag was still here", to=way)

    assert "the letter is to be sent" in page
    assert "the bag was still here" in page
    assert page.html.count("taken back") >= 2
    assert "It was sent" in page.links
