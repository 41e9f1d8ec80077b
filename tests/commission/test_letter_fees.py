"""Letters are paid once they have gone out, by the piece, and what becomes void afterwards is taken back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from portal.foundation.clock import FrozenClock
from portal.foundation.jobs import run_pending
from portal.foundation.services import services
from portal.foundation.work import transaction
from portal.legal.approving import approve_pack
from portal.legal.dispatch.operations import dispatch_letter, dispatch_pack
from portal.legal.dispatch.terms import Sent
from portal.legal.models import LetterEvent, LetterState
from portal.legal.taking import record_download
from tests.commission.factories import JULY, drawn, make_finance, released
from tests.commission.test_plans_paid import AUGUST, assert_reruns_are_equal, lines, why
from tests.identity.factories import actor_of, make_law_firm, make_user, observer
from tests.legal.factories import Firm, built_pack, letters_of, open_sample, the_pack
from tests.vendors.factories import make_contract

if TYPE_CHECKING:
    from flask import Flask

pytestmark = pytest.mark.settings(today=date(2005, 7, 1))


def approved_pack(app: Flask, fee: int) -> tuple[Firm, int]:
    """A ready pack of three letters of a firm that gets so much for each."""
    organisation = make_law_firm("京示")
    make_contract(organisation, currency="CNY", letter_fee_minor=fee)
    lawyer = make_user(organisation=organisation, name="张示例")
    firm = Firm(organisation, lawyer, actor_of(lawyer))
    pack_id = built_pack(app, firm, accounts=3)
    open_sample(firm.actor, pack_id)
    approve_pack(firm.actor, pack_id)
    run_pending(app)
    return firm, pack_id


def at(month: int, day: int) -> None:
    services().clock = FrozenClock(at=datetime(2005, month, day, 4, tzinfo=UTC))


def void(pack_id: int, position: int) -> None:
    letter = letters_of(pack_id)[position]
    with transaction(observer()) as work:
        work.session.add(
            LetterEvent(
                letter_id=letter.id, organisation_id=letter.organisation_id, state=LetterState.VOID, at=work.now, reason="",
            )
        )  # fmt: skip


def test_letters_are_paid_by_the_piece_once_they_were_sent_and_only_then(app: Flask) -> None:
    firm, pack_id = approved_pack(app, 850)
    finance = make_finance()
    at(8, 2)
    record_download(firm.actor, pack_id, "print.pdf")
    assert drawn(finance) == []

    at(8, 3)
    dispatch_pack(firm.actor, pack_id, "EMS", date(2005, 8, 3))
    assert drawn(finance, JULY) == []
    at(9, 1)
    (august,) = released(finance, AUGUST)

    pack = the_pack(pack_id).number
    assert lines(august) == [(pack, 2_550, "letter_fee")]
    assert "3 at CNY 8.50 each" in why(august, 1)
    letter = letters_of(pack_id)[0].id
    dispatch_letter(
        firm.actor, pack_id, letter, Sent("EMS", "EA1CN", date(2005, 8, 4))
    )  # corrected, and not paid again
    assert drawn(finance, AUGUST) == []
    assert_reruns_are_equal()


def test_a_letter_that_is_void_by_then_is_not_paid_and_one_that_becomes_void_later_is_taken_back(app: Flask) -> None:
    firm, pack_id = approved_pack(app, 850)
    finance = make_finance()
    dispatch_pack(firm.actor, pack_id, "EMS", date(2005, 7, 1))
    void(pack_id, 0)
    at(8, 2)
    (july,) = released(finance)
    void(pack_id, 1)
    at(9, 2)

    (august,) = released(finance, AUGUST)

    pack = the_pack(pack_id).number
    assert lines(july) == [(pack, 1_700, "letter_fee")]
    assert lines(august) == [(pack, -850, "letter_void")]
    assert drawn(finance, AUGUST) == []
    assert_reruns_are_equal()


def test_where_no_fee_is_agreed_letters_are_no_lines(app: Flask) -> None:
    firm, pack_id = approved_pack(app, 0)
    dispatch_pack(firm.actor, pack_id, "EMS", date(2005, 7, 1))
    at(8, 2)

    assert drawn(make_finance()) == []


def test_letters_that_were_sent_on_two_days_are_two_lines_and_each_is_paid_once(app: Flask) -> None:
    firm, pack_id = approved_pack(app, 850)
    finance = make_finance()
    at(7, 20)
    dispatch_letter(firm.actor, pack_id, letters_of(pack_id)[0].id, Sent("EMS", "EA1CN", date(2005, 7, 19)))
    dispatch_pack(firm.actor, pack_id, "EMS", date(2005, 7, 20))
    at(8, 2)

    (july,) = released(finance)

    pack = the_pack(pack_id).number
    assert lines(july) == [(pack, 850, "letter_fee"), (pack, 1_700, "letter_fee")]
    assert "sent on" in why(july, 1)
    assert_reruns_are_equal()
