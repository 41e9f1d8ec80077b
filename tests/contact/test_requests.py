"""Requests between the bank and who holds an account: who asks whom, what stays open to whom, what the pages offer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, timedelta
from io import BytesIO

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.contact.requests.models import Request, RequestMessage
from portal.contact.requests.operations import Said, Stop, ask, close_request, reopen_request, write_message
from portal.contact.requests.queries import waiting
from portal.contact.requests.thread import Answer, RequestCode, RequestState, Step
from portal.foundation.access import Actor, Role
from portal.foundation.audit import AuditEvent
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.services import services
from portal.foundation.work import reading, transaction
from portal.identity.models import User
from portal.placement.ending import Ending, end_placements
from portal.placement.models import EndReason, Placement
from portal.portfolio.models import Hold, HoldFlag
from portal.vendors.proofs import Proof
from tests.contact.factories import NOON, Desk, at_time, make_account, make_desk, make_person, place
from tests.identity.factories import actor_of, make_agency, make_bank, make_law_firm, make_user, observer
from tests.support.pages import PageClient

Client = Callable[..., PageClient]
WORDS = "请提供合同复印件, 客户电话 13800120012"
SCAN = Proof(b"%PDF-1.4 contract of the customer", "contract.pdf")


@pytest.fixture
def desk(app: Flask) -> Desk:
    at_time(NOON)
    make_bank()
    return make_desk(make_person())


@pytest.fixture
def manager(desk: Desk) -> User:
    return make_user(Role.VENDOR_MANAGER)


@pytest.fixture
def officer(manager: User) -> Actor:
    return actor_of(manager)


def asked(desk: Desk, code: RequestCode = RequestCode.DOCUMENTS, text: str = WORDS) -> int:
    return ask(desk.actor, desk.account_id, code, Said(text))


def goes_back(desk: Desk) -> None:
    with transaction(observer()) as work:
        ids = sa.select(Placement.id).where(Placement.id == desk.placement_id)
        end_placements(work, ids, Ending(EndReason.RECALLED, NOON.astimezone(UTC)))


def states(db_session: Session) -> list[tuple[str, str | None]]:
    return [(r.state.value, r.turn) for r in db_session.scalars(sa.select(Request).order_by(Request.id))]


# --- what is done -------------------------------------------------------------------------------------------------------


def test_the_bank_has_the_hours_of_the_contract_to_answer(desk: Desk, officer: Actor, db_session: Session) -> None:
    asked(desk)
    request = db_session.scalars(sa.select(Request)).one()
    assert (request.turn, request.due_at) == ("bank", NOON.astimezone(UTC) + timedelta(hours=48))
    with reading(officer) as session:
        assert waiting(session, officer) == 1
    with reading(desk.actor) as session:
        assert waiting(session, desk.actor) == 0


def test_the_words_lie_sealed_and_the_trail_does_not_repeat_them(desk: Desk, db_session: Session) -> None:
    asked(desk)
    message = db_session.scalars(sa.select(RequestMessage)).one()
    assert message.text_sealed and b"13800120012" not in message.text_sealed
    event = db_session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "request.asked")).one()
    assert "13800120012" not in f"{event.after}{event.details}"


def test_a_request_goes_its_whole_way(desk: Desk, officer: Actor, db_session: Session) -> None:
    request_id = asked(desk)
    write_message(officer, request_id, Said("which contract?"), Answer.NEEDS_MORE)
    assert states(db_session) == [("open", "organisation")]
    write_message(desk.actor, request_id, Said("the first"))
    write_message(officer, request_id, Said(), Answer.DONE)
    assert states(db_session) == [("answered", "organisation")]
    reopen_request(desk.actor, request_id, "a page is missing")
    write_message(officer, request_id, Said(), Answer.DONE)
    close_request(desk.actor, request_id)
    assert states(db_session) == [("closed", None)]
    steps = db_session.scalars(sa.select(RequestMessage.step).order_by(RequestMessage.id)).all()
    assert steps == [
        Step.ASKED, Step.ANSWERED, Step.SAID, Step.ANSWERED, Step.REOPENED, Step.ANSWERED, Step.CLOSED,
    ]  # fmt: skip


def test_the_side_that_was_not_asked_cannot_answer_and_nobody_answers_twice(desk: Desk, officer: Actor) -> None:
    request_id = asked(desk)
    with pytest.raises(Refused):
        write_message(desk.actor, request_id, Said("yes"), Answer.GRANTED)
    write_message(officer, request_id, Said(), Answer.GRANTED)
    with pytest.raises(Refused):
        write_message(officer, request_id, Said(), Answer.DONE)
    with pytest.raises(Refused):
        close_request(officer, request_id)


@pytest.mark.parametrize("answer", [Answer.GRANTED, Answer.DONE])
@pytest.mark.parametrize("whole_person", [False, True])
def test_who_is_told_that_a_hold_is_granted_finds_it_standing(
    desk: Desk, officer: Actor, db_session: Session, answer: Answer, whole_person: bool
) -> None:
    request_id = asked(desk, RequestCode.HOLD)
    write_message(officer, request_id, Said(), answer, Stop(HoldFlag.HARDSHIP, whole_person))
    hold = db_session.scalars(sa.select(Hold)).one()
    assert (hold.flag, hold.account_id) == (HoldFlag.HARDSHIP, None if whole_person else desk.account_id)
    assert (hold.reason, hold.raised_by) == (f"request:{request_id}", officer.user_id)


@pytest.mark.parametrize("stop", [None, Stop(HoldFlag.PLAN)])
def test_a_hold_is_not_granted_without_a_kind_that_people_raise(
    desk: Desk, officer: Actor, db_session: Session, stop: Stop | None
) -> None:
    request_id = asked(desk, RequestCode.HOLD)
    with pytest.raises(DomainError) as raised:
        write_message(officer, request_id, Said(), Answer.GRANTED, stop)
    assert raised.value.field == "flag"
    assert states(db_session) == [("open", "bank")] and not db_session.scalars(sa.select(Hold)).all()


def test_only_a_granted_hold_raises_one(desk: Desk, officer: Actor, db_session: Session) -> None:
    stop = Stop(HoldFlag.HARDSHIP)
    write_message(officer, asked(desk, RequestCode.HOLD), Said("no"), Answer.REFUSED, stop)
    write_message(officer, asked(desk), Said(), Answer.GRANTED, stop)
    assert not db_session.scalars(sa.select(Hold)).all()


def test_who_may_not_stop_collection_does_not_grant_it(desk: Desk, client_for: Client) -> None:
    request_id = asked(desk, RequestCode.HOLD)
    clerk = make_user(Role.FINANCE)
    page = client_for(clerk).get(f"/requests/{request_id}")
    assert "granted" not in page and "refused" in page
    with pytest.raises(Refused) as raised:
        write_message(actor_of(clerk), request_id, Said(), Answer.GRANTED, Stop(HoldFlag.HARDSHIP))
    assert raised.value.status == 403


def test_the_page_of_a_request_for_a_hold_asks_for_its_kind_and_leads_to_it(
    desk: Desk, manager: User, client_for: Client
) -> None:
    bank = client_for(manager)
    page = bank.get(f"/requests/{asked(desk, RequestCode.HOLD)}")
    page = page.submit("form", status=422, answer="granted")
    assert "Choose a reason from the list." in page
    page = page.submit("form", answer="granted", flag="hardship")
    assert "The answer is given, and the hold stands." in page
    assert "granted on request" in bank.get(page.links["hardship"])
    theirs = client_for(desk.user)
    assert "stands" in theirs.get(page.path) and "hardship" in theirs.get(f"/queue/{desk.account_id}")


@pytest.mark.parametrize("answer", [Answer.REFUSED, Answer.NEEDS_MORE, None])
def test_a_refusal_and_a_question_back_need_words(desk: Desk, officer: Actor, answer: Answer | None) -> None:
    request_id = asked(desk)
    with pytest.raises(DomainError) as raised:
        write_message(officer, request_id, Said("  "), answer)
    assert raised.value.field == "text"


def test_the_bank_asks_who_holds_the_account_and_says_whom_where_two_do(
    desk: Desk, officer: Actor, db_session: Session
) -> None:
    firm = make_law_firm()
    place(firm, desk.account_id, kind="letter")
    with pytest.raises(DomainError) as raised:
        ask(officer, desk.account_id, RequestCode.PROGRESS, Said("?"))
    assert raised.value.field == "organisation"
    ask(officer, desk.account_id, RequestCode.PROGRESS, Said("?"), firm.id)
    assert db_session.scalars(sa.select(Request.organisation_id)).all() == [firm.id]


def test_nobody_is_asked_about_an_account_that_nobody_holds(desk: Desk, officer: Actor) -> None:
    lonely = make_account(make_person())
    with pytest.raises(Refused):
        ask(officer, lonely, RequestCode.PROGRESS, Said("?"))


def test_another_agency_knows_nothing_of_it(desk: Desk, client_for: Client) -> None:
    request_id = asked(desk)
    rival = make_user(Role.AGENCY_LEADER, make_agency())
    with pytest.raises(NotFound):
        write_message(actor_of(rival), request_id, Said("mine"))
    with pytest.raises(NotFound):
        ask(actor_of(rival), desk.account_id, RequestCode.HOLD, Said("?"))
    client_for(rival).get(f"/requests/{request_id}", status=404)


def test_what_was_said_is_kept_by_the_database_itself(desk: Desk, db_session: Session) -> None:
    asked(desk)
    for deed in (sa.update(RequestMessage).values(proof_name="other"), sa.delete(RequestMessage)):
        with pytest.raises(DBAPIError):
            db_session.execute(deed)
        db_session.rollback()


def test_when_the_account_goes_back_the_request_closes_and_its_words_are_shut(
    desk: Desk, officer: Actor, client_for: Client, db_session: Session
) -> None:
    request_id = ask(desk.actor, desk.account_id, RequestCode.DOCUMENTS, Said(WORDS, SCAN))
    goes_back(desk)
    assert states(db_session) == [("closed", None)]
    message_id = db_session.scalars(sa.select(sa.func.min(RequestMessage.id))).one()
    page = client_for(desk.user).get(f"/requests/{request_id}")
    assert "closed" in page and "closed to you since the account went back" in page
    assert "请提供" not in page and "contract.pdf" not in page
    client_for(desk.user).get(f"/requests/messages/{message_id}/proof", status=404)
    with pytest.raises(Refused):
        reopen_request(desk.actor, request_id, "again")
    theirs = client_for(make_user(Role.VENDOR_MANAGER)).get(f"/requests/{request_id}")
    assert "请提供" in theirs and "contract.pdf" in theirs


def test_a_file_is_sealed_with_the_persons_key_and_comes_back_whole(
    desk: Desk, client_for: Client, manager: User, db_session: Session
) -> None:
    ask(desk.actor, desk.account_id, RequestCode.DOCUMENTS, Said("", SCAN))
    message = db_session.scalars(sa.select(RequestMessage)).one()
    with services().storage.open(message.proof_digest) as stored:
        assert SCAN.content not in stored.read()
    answer = client_for(manager).client.get(f"/requests/messages/{message.id}/proof")
    assert answer.data == SCAN.content and answer.mimetype == "application/pdf"
    assert "attachment" in answer.headers["Content-Disposition"]


# --- pages --------------------------------------------------------------------------------------------------------------


def test_a_collector_asks_from_the_workbench_and_the_bank_answers(
    desk: Desk, manager: User, client_for: Client
) -> None:
    collector, bank = client_for(desk.user), client_for(manager)
    page = collector.get(f"/queue/{desk.account_id}")
    page = collector.get(page.links["Ask the bank"])
    assert "The bank has 48 hours to answer" in page
    page = page.submit("form", code="documents", text=WORDS)
    assert page.h1.endswith("documents") and "waits for the other side" in page

    listed = bank.get("/requests?turn=ours")
    assert "documents" in listed and "waits for us" in listed
    page = bank.get(listed.links["documents"])
    page = page.submit("form", answer="refused", text="no copy is kept")
    assert "The answer is given." in page and "refused" in page
    page = collector.get(page.path)
    assert "no copy is kept" in page
    page = page.submit(f"{page.path}/close")
    assert "The request is closed." in page


def test_numbers_in_the_words_are_masked_until_they_are_asked_for(
    desk: Desk, client_for: Client, db_session: Session
) -> None:
    request_id = asked(desk)
    page = client_for(desk.user).get(f"/requests/{request_id}")
    assert "请提供合同复印件" in page and "13800120012" not in page
    page = page.submit(f"/requests/{request_id}/reveal")
    assert "13800120012" in page
    event = db_session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "person.revealed")).one()
    assert event.subject_type == "request"


def test_what_is_wrong_is_said_beside_its_field(desk: Desk, manager: User, client_for: Client) -> None:
    page = client_for(desk.user).get(f"/accounts/{desk.account_id}/requests/new")
    page = page.submit("form", code="other", text="")
    assert page.status == 422 and "Say what it is about." in page
    request_id = asked(desk)
    page = client_for(manager).get(f"/requests/{request_id}")
    page = page.submit("form", answer="done", text="", proof=(BytesIO(b"MZ program"), "x.exe"))
    assert page.status == 422 and "no PDF, PNG or JPEG" in page


def test_what_is_late_is_said_by_word_in_the_list_and_waits_at_home(
    desk: Desk, manager: User, client_for: Client
) -> None:
    asked(desk)
    at_time(NOON + timedelta(days=3))
    bank = client_for(manager)
    assert "overdue" in bank.get("/requests?late=yes")
    home = bank.get("/")
    assert "Requests wait for your answer" in home and "late" in home
    leader = make_user(Role.AGENCY_LEADER, desk.agency)
    assert "Requests wait for your answer" not in client_for(leader).get("/")


def test_the_account_and_its_history_tell_of_requests(desk: Desk, officer: Actor, client_for: Client) -> None:
    request_id = asked(desk)
    write_message(officer, request_id, Said(), Answer.DONE)
    client = client_for(desk.user)
    history = client.get(f"/queue/{desk.account_id}")
    assert "We asked: documents" in history and "Request answered: documents, done" in history
    assert "documents" in client.get(f"/accounts/{desk.account_id}")


def test_the_navigation_counts_what_it_is_our_turn_in(desk: Desk, manager: User, client_for: Client) -> None:
    asked(desk)
    links = client_for(manager).get("/accounts").links
    assert links.get("Requests waiting: 1") == "/requests"
    assert client_for(desk.user).get("/accounts").links.get("Requests") == "/requests"


@pytest.mark.parametrize("state", list(RequestState))
def test_the_list_is_narrowed_by_state_and_can_be_taken_away(
    desk: Desk, manager: User, client_for: Client, state: RequestState
) -> None:
    asked(desk)
    client = client_for(manager)
    page = client.get(f"/requests?state={state.value}&code=documents")
    assert ("Nothing matches these filters." in page) is (state is not RequestState.OPEN)
    assert client.client.get("/requests?export=csv").status_code == 200
