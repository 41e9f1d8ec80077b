"""What became of letters: sent, delivered or sent back, corrected by more rows, and what follows from it elsewhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from portal.contact.limits.models import LimitationRestart
from portal.foundation.audit import AuditEvent
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.jobs import run_pending
from portal.foundation.work import reading, transaction
from portal.legal.dispatch.models import LetterDispatch, LetterResult, ResultEffect
from portal.legal.dispatch.operations import dispatch_letter, dispatch_pack, record_result
from portal.legal.dispatch.terms import MailResult, Outcome, Sent
from portal.legal.models import LetterEvent, LetterState
from portal.placement.models import EndReason, Placement
from portal.portfolio.models import Account, ContactPoint, ContactStatus, LimitationClock
from portal.vendors.proofs import Proof
from tests.identity.factories import actor_of, make_user, observer
from tests.legal.factories import Firm, a_firm, built_pack, letters_of, ready_pack, the_pack

if TYPE_CHECKING:
    from typing import Any

    from flask import Flask

    from portal.legal.models import Letter

pytestmark = pytest.mark.settings(today=date(2005, 7, 20))

ISSUED = TODAY = date(2005, 7, 20)
EMS = Sent("中国邮政EMS", "EA123456789CN", TODAY)
SCAN = Proof(b"%PDF-1.4 signed", "signed.pdf")


@pytest.fixture
def firm(app: Flask) -> Firm:
    return a_firm()


@pytest.fixture
def pack_id(app: Flask, firm: Firm) -> int:
    return ready_pack(app, firm)


def rows(model: Any) -> list[Any]:
    with reading(observer()) as session:
        found = list(session.scalars(sa.select(model).order_by(model.id)))
        session.expunge_all()
    return found


def actions() -> list[str]:
    return [event.action for event in rows(AuditEvent)]


def point_of(letter: Letter) -> ContactPoint:
    (found,) = (point for point in rows(ContactPoint) if point.id == letter.contact_point_id)
    return found


def void(letter: Letter) -> None:
    with transaction(observer()) as work:
        event = {"letter_id": letter.id, "organisation_id": letter.organisation_id, "state": LetterState.VOID}
        work.session.add(LetterEvent(**event, at=work.now, reason="account_closed"))


def restarted_on(letter: Letter) -> date | None:
    with reading(observer()) as session:
        wanted = sa.select(LimitationClock.restarted_on).where(LimitationClock.account_id == letter.account_id)
        return session.scalar(wanted)


def sent(firm: Firm, pack_id: int, place: int = 0) -> Letter:
    """A letter of the pack that went out today."""
    letter = letters_of(pack_id)[place]
    item = replace(EMS, tracking_no=f"EB{place}23456789CN") if place else EMS
    dispatch_letter(firm.actor, pack_id, letter.id, item)
    return letter


def came(firm: Firm, letter: Letter, result: MailResult, reason: str = "", proof: Proof | None = None) -> bool:
    return record_result(firm.actor, letter.pack_id, letter.id, Outcome(result, TODAY, reason), proof)


def live_in(region: str) -> None:
    with transaction(observer()) as work:
        work.session.execute(
            sa.update(Account).values(region=region).execution_options(synchronize_session=False)
        )  # fmt: skip


# --- sending -------------------------------------------------------------------------------------------------------------


def test_a_letter_is_noted_as_sent_once_and_a_correction_is_a_row_that_names_the_former(
    firm: Firm, pack_id: int
) -> None:
    letter = sent(firm, pack_id)
    assert dispatch_letter(firm.actor, pack_id, letter.id, EMS) is False
    assert dispatch_letter(firm.actor, pack_id, letter.id, Sent("EMS", "EA987654321CN", TODAY)) is True

    first, second = rows(LetterDispatch)
    assert (first.carrier, first.tracking_no, first.corrects_id) == ("中国邮政EMS", "EA123456789CN", None)
    assert (second.tracking_no, second.corrects_id) == ("EA987654321CN", first.id)
    assert actions().count("legal.letter_dispatched") == 2


def test_a_whole_pack_is_sent_at_once_but_for_what_is_void_or_out(firm: Firm, pack_id: int) -> None:
    sent(firm, pack_id)
    void(letters_of(pack_id)[1])

    assert dispatch_pack(firm.actor, pack_id, "EMS", TODAY) == 1
    assert {row.letter_id for row in rows(LetterDispatch)} == {letters_of(pack_id)[place].id for place in (0, 2)}
    with pytest.raises(Refused, match="No letter of this pack is left to be sent"):
        dispatch_pack(firm.actor, pack_id, "EMS", TODAY)


def test_a_void_letter_must_not_go_out(firm: Firm, pack_id: int) -> None:
    letter = letters_of(pack_id)[0]
    void(letter)

    with pytest.raises(Refused, match="must not go out"):
        dispatch_letter(firm.actor, pack_id, letter.id, EMS)


@pytest.mark.parametrize(
    ("said", "fields"),
    [
        (Sent("EMS", "", date(2005, 7, 21)), {"dispatched_on"}),
        (Sent("EMS", "", date(2005, 7, 19)), {"dispatched_on"}),
        (Sent("", "", TODAY), {"carrier"}),
        (Sent("x" * 65, "y" * 65, date(2005, 7, 21)), {"carrier", "tracking_no", "dispatched_on"}),
    ],
)
def test_a_dispatch_that_cannot_be_is_refused_with_all_its_faults(
    firm: Firm, pack_id: int, said: Sent, fields: set[str]
) -> None:
    with pytest.raises(DomainError) as refused:
        dispatch_letter(firm.actor, pack_id, letters_of(pack_id)[0].id, said)

    found = getattr(refused.value, "errors", [refused.value])
    assert {error.field for error in found} == fields
    assert rows(LetterDispatch) == []


def test_letters_of_a_pack_that_is_not_ready_and_of_another_firm_are_not_there(
    app: Flask, firm: Firm, pack_id: int
) -> None:
    in_review = built_pack(app, a_firm("沪例"), 2)
    stranger = a_firm("粤示")

    with pytest.raises(NotFound):
        dispatch_letter(stranger.actor, pack_id, letters_of(pack_id)[0].id, EMS)
    with pytest.raises(NotFound):
        dispatch_pack(firm.actor, in_review, "EMS", TODAY)
    with pytest.raises(Refused, match="does not include"):
        dispatch_pack(actor_of(make_user()), pack_id, "EMS", TODAY)


# --- results -------------------------------------------------------------------------------------------------------------


def test_a_result_needs_a_dispatch_and_a_day_that_can_be(firm: Firm, pack_id: int) -> None:
    letter = letters_of(pack_id)[0]
    with pytest.raises(Refused, match="when and how the letter went out"):
        came(firm, letter, MailResult.DELIVERED)

    sent(firm, pack_id)
    with pytest.raises(DomainError, match="still to come"):
        record_result(firm.actor, pack_id, letter.id, Outcome(MailResult.DELIVERED, date(2005, 7, 21)))
    with pytest.raises(DomainError, match="Before the letter went out"):
        record_result(firm.actor, pack_id, letter.id, Outcome(MailResult.DELIVERED, date(2005, 7, 19)))
    with pytest.raises(DomainError, match="why it came back"):
        came(firm, letter, MailResult.RETURNED)


def test_mail_that_came_back_marks_the_address_it_was_written_to(firm: Firm, pack_id: int) -> None:
    letter = sent(firm, pack_id)

    came(firm, letter, MailResult.RETURNED, "查无此人")

    assert point_of(letter).status is ContactStatus.INVALID
    (event,) = (event for event in rows(AuditEvent) if event.action == "contact_point.marked")
    assert event.after == {"status": "invalid"}
    assert point_of(letters_of(pack_id)[1]).status is ContactStatus.UNCHECKED


@pytest.mark.parametrize("result", [MailResult.REFUSED, MailResult.UNCLAIMED])
def test_an_addressee_who_did_not_take_it_lives_there_all_the_same(
    firm: Firm, pack_id: int, result: MailResult
) -> None:
    letter = sent(firm, pack_id)
    came(firm, letter, result)
    assert point_of(letter).status is ContactStatus.UNCHECKED


def test_a_letter_that_was_frozen_before_it_knew_its_address_marks_nothing(firm: Firm, pack_id: int) -> None:
    letter = sent(firm, pack_id)
    with transaction(observer()) as work:  # as a letter of before the release
        wanted = sa.select(ContactPoint).where(ContactPoint.id == letter.contact_point_id)
        point = work.session.scalars(wanted).one()
        point.status = ContactStatus.THIRD_PARTY

    came(firm, letter, MailResult.RETURNED, "moved")

    assert point_of(letter).status is ContactStatus.THIRD_PARTY  # what is known already is not said again
    assert rows(ResultEffect) == []


def test_a_delivered_demand_begins_the_time_to_sue_anew_in_china_and_a_correction_takes_that_back(
    firm: Firm, pack_id: int
) -> None:
    live_in("CN-31")
    letter = sent(firm, pack_id)
    came(firm, letter, MailResult.DELIVERED, proof=SCAN)

    (row,) = rows(LimitationRestart)
    assert (row.happened_on, row.words, row.organisation_id) == (TODAY, letter.letter_no, letter.organisation_id)
    assert row.proof_name == "signed.pdf" and row.proof_digest
    assert restarted_on(letter) == TODAY

    assert came(firm, letter, MailResult.RETURNED, "signed by a neighbour, sent back") is True

    assert restarted_on(letter) is None
    assert point_of(letter).status is ContactStatus.INVALID
    first, second = rows(LetterResult)
    assert second.corrects_id == first.id

    came(firm, letter, MailResult.DELIVERED)

    assert point_of(letter).status is ContactStatus.UNCHECKED
    assert restarted_on(letter) == TODAY


def test_a_corrected_day_keeps_the_proof_and_another_result_does_not(firm: Firm, pack_id: int) -> None:
    letter = sent(firm, pack_id)
    came(firm, letter, MailResult.DELIVERED, proof=SCAN)
    came(firm, letter, MailResult.DELIVERED, "left with the porter")
    came(firm, letter, MailResult.UNCLAIMED)

    assert [row.proof_name for row in rows(LetterResult)] == ["signed.pdf", "signed.pdf", ""]


def test_a_delivered_demand_begins_nothing_anew_in_great_britain(firm: Firm, pack_id: int) -> None:
    live_in("GB")
    came(firm, sent(firm, pack_id), MailResult.DELIVERED)
    assert rows(LimitationRestart) == []


def test_a_result_that_comes_once_the_account_has_gone_back_is_followed_by_the_banks_portal(
    app: Flask, firm: Firm, pack_id: int
) -> None:
    live_in("CN-31")
    returned, delivered = sent(firm, pack_id, 0), sent(firm, pack_id, 1)
    with transaction(observer()) as work:
        for placement in work.session.scalars(sa.select(Placement).order_by(Placement.id)):
            placement.ended_at, placement.ended_on, placement.end_reason = work.now, TODAY, EndReason.RECALLED

    came(firm, returned, MailResult.RETURNED, "moved")
    came(firm, delivered, MailResult.DELIVERED)
    assert point_of(returned).status is ContactStatus.UNCHECKED
    with pytest.raises(NotFound):
        came(firm, returned, MailResult.DELIVERED, proof=SCAN)
    run_pending(app)

    assert point_of(returned).status is ContactStatus.INVALID
    assert restarted_on(delivered) == TODAY


def test_what_was_said_of_a_letter_is_neither_changed_nor_deleted(firm: Firm, pack_id: int) -> None:
    came(firm, sent(firm, pack_id), MailResult.RETURNED, "moved")
    for model in (LetterDispatch, LetterResult, ResultEffect):
        for deed in (sa.update(model).values(at=sa.func.now()), sa.delete(model)):
            with pytest.raises(DBAPIError, match="append-only"), transaction(observer()) as work:
                work.session.execute(deed.execution_options(synchronize_session=False))


def test_the_pack_knows_the_address_that_each_letter_is_written_to(pack_id: int) -> None:
    assert the_pack(pack_id).issued_on == ISSUED
    for letter in letters_of(pack_id):
        point = point_of(letter)
        assert point.customer_id == letter.customer_id
        assert point.kind == "address"
