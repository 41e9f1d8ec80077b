"""Complaints: raised by either side, on hold at once, asked about, decided in time; what the organisation sees of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.contact.complaints.codes import LONGEST_AHEAD, Category, ComplaintStep, Outcome, Root, Source, decided_by
from portal.contact.complaints.models import Complaint, ComplaintEvent
from portal.contact.complaints.operations import (
    Heard,
    ask_organisation,
    close_complaint,
    move_deadline,
    note_complaint,
    raise_complaint,
    reply_to_question,
    take_complaint,
)
from portal.contact.holds.operations import release_with_proof
from portal.contact.requests.operations import Said
from portal.foundation.access import Actor, Role
from portal.foundation.audit import AuditEvent
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.money import Money
from portal.foundation.work import reading, transaction
from portal.identity.models import User
from portal.placement.ending import Ending, end_placements
from portal.placement.models import EndReason, Placement
from portal.portfolio.models import Hold, HoldFlag
from portal.portfolio.operations import raise_hold, release_hold
from tests.contact.factories import NOON, Desk, at_time, make_account, make_desk, make_person
from tests.identity.factories import actor_of, make_agency, make_bank, make_user, observer
from tests.support.pages import PageClient

Client = Callable[..., PageClient]
TODAY = NOON.date()


@pytest.fixture
def desk(app: Flask) -> Desk:
    at_time(NOON)
    make_bank()
    return make_desk(make_person())


@pytest.fixture
def compliance(desk: Desk) -> User:
    return make_user(Role.COMPLIANCE)


@pytest.fixture
def officer(compliance: User) -> Actor:
    return actor_of(compliance)


def heard(about: int | None = None, received_on: date = TODAY) -> Heard:
    return Heard(Category.FREQUENCY, Source.REGULATOR, received_on, about)


def raised(actor: Actor, desk: Desk, about: int | None = None, text: str = "一天打了八个电话") -> int:
    return raise_complaint(actor, desk.account_id, heard(about), Said(text))


def standing(db_session: Session) -> list[str]:
    return [hold.reason for hold in db_session.scalars(sa.select(Hold).where(Hold.released_at.is_(None)))]


# --- raising ------------------------------------------------------------------------------------------------------------


def test_a_complaint_of_either_side_puts_the_account_on_hold_at_once(
    desk: Desk, officer: Actor, db_session: Session
) -> None:
    raised(desk.actor, desk, desk.agency.id)
    (hold,) = db_session.scalars(sa.select(Hold)).all()
    assert (hold.flag, hold.account_id, hold.reason) == (HoldFlag.COMPLAINT, desk.account_id, "complaint:CP000001")
    raised(officer, desk)
    assert standing(db_session) == ["complaint:CP000001"]


def test_the_bank_has_fifteen_days_from_the_day_it_was_received(
    desk: Desk, officer: Actor, db_session: Session
) -> None:
    raise_complaint(officer, desk.account_id, heard(received_on=TODAY - timedelta(days=3)), Said("words"))
    complaint = db_session.scalars(sa.select(Complaint)).one()
    assert complaint.due_on == TODAY + timedelta(days=12)
    assert complaint.owner_id == officer.user_id


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 60))
def test_a_deadline_counts_whole_days(received_on: date, days: int) -> None:
    assert (decided_by(received_on, days) - received_on).days == days


@pytest.mark.parametrize("day", [TODAY + timedelta(days=1), TODAY - timedelta(days=400)])
def test_a_complaint_was_received_and_not_long_ago(desk: Desk, officer: Actor, day: date) -> None:
    with pytest.raises(DomainError) as raised_error:
        raise_complaint(officer, desk.account_id, heard(received_on=day), Said("words"))
    assert raised_error.value.field == "received_on"


def test_who_holds_the_account_knows_of_a_complaint_about_the_bank(
    desk: Desk, officer: Actor, db_session: Session
) -> None:
    raised(officer, desk)
    complaint = db_session.scalars(sa.select(Complaint)).one()
    assert (complaint.root, complaint.organisation_id) == (Root.BANK, desk.agency.id)


def test_nobody_is_complained_of_who_never_held_the_account(desk: Desk, officer: Actor) -> None:
    with pytest.raises(DomainError) as raised_error:
        raised(officer, desk, make_agency().id)
    assert raised_error.value.field == "about"


def test_another_agency_cannot_raise_or_find_it(desk: Desk, client_for: Client) -> None:
    rival = make_user(Role.AGENCY_LEADER, make_agency())
    complaint_id = raised(desk.actor, desk)
    with pytest.raises(NotFound):
        raised(actor_of(rival), desk)
    with pytest.raises(NotFound):
        reply_to_question(actor_of(rival), complaint_id, Said("we"))
    client_for(rival).get(f"/complaints/{complaint_id}", status=404)


# --- what the organisation sees -----------------------------------------------------------------------------------------


def test_the_organisation_sees_kind_and_state_and_nothing_of_what_the_bank_wrote(
    desk: Desk, officer: Actor, client_for: Client
) -> None:
    complaint_id = raised(officer, desk, desk.agency.id, "the debtor names the collector")
    note_complaint(officer, complaint_id, Said("their third this month"))
    page = client_for(desk.user).get(f"/complaints/{complaint_id}")
    assert "contacted too often" in page and "open" in page
    assert "names the collector" not in page and "their third" not in page
    with reading(desk.actor) as session:
        steps = session.scalars(sa.select(ComplaintEvent.step)).all()
    assert steps == [ComplaintStep.RAISED]


def test_the_organisation_replies_to_what_it_is_asked_and_only_then(
    desk: Desk, officer: Actor, db_session: Session
) -> None:
    complaint_id = raised(officer, desk, desk.agency.id)
    with pytest.raises(Refused):
        reply_to_question(desk.actor, complaint_id, Said("nobody asked"))
    ask_organisation(officer, complaint_id, Said("who called?"))
    complaint = db_session.scalars(sa.select(Complaint)).one()
    assert complaint.question_due_at == NOON.astimezone(UTC) + timedelta(hours=48)
    reply_to_question(desk.actor, complaint_id, Said("A colleague who has left."))
    assert db_session.scalars(sa.select(Complaint.question_due_at)).all() == [None]


def test_who_no_longer_holds_the_account_is_not_asked_and_cannot_read(
    desk: Desk, officer: Actor, client_for: Client
) -> None:
    complaint_id = raised(desk.actor, desk, desk.agency.id)
    ask_organisation(officer, complaint_id, Said("who called?"))
    with transaction(observer()) as work:
        ids = sa.select(Placement.id).where(Placement.id == desk.placement_id)
        end_placements(work, ids, Ending(EndReason.RECALLED, NOON.astimezone(UTC)))
    with pytest.raises(Refused):
        reply_to_question(desk.actor, complaint_id, Said("late"))
    with pytest.raises(Refused):
        ask_organisation(officer, complaint_id, Said("and?"))
    page = client_for(desk.user).get(f"/complaints/{complaint_id}")
    assert "contacted too often" in page and "closed to you since the account went back" in page
    assert "一天打了八个电话" not in page and "who called?" not in page


# --- deciding -----------------------------------------------------------------------------------------------------------


def test_a_decision_releases_the_hold_and_is_told_with_its_outcome(
    desk: Desk, officer: Actor, client_for: Client, db_session: Session
) -> None:
    complaint_id = raised(desk.actor, desk, desk.agency.id)
    assert close_complaint(officer, complaint_id, Outcome.PARTLY, "two of them", Money(20_000, "CNY"))
    assert standing(db_session) == []
    complaint = db_session.scalars(sa.select(Complaint)).one()
    assert (complaint.compensation_minor, complaint.currency) == (20_000, "CNY")
    page = client_for(desk.user).get(f"/complaints/{complaint_id}")
    assert "Decided: upheld in part" in page and "two of them" not in page and "¥200" not in page
    event = db_session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "complaint.closed")).one()
    assert event.after and event.after["outcome"] == "partly"


def test_the_hold_stays_while_another_complaint_is_open(desk: Desk, officer: Actor, db_session: Session) -> None:
    first, second = raised(officer, desk), raised(officer, desk)
    assert not close_complaint(officer, first, Outcome.REJECTED, "no such calls")
    assert len(standing(db_session)) == 1
    assert close_complaint(officer, second, Outcome.REJECTED, "no such calls")
    assert standing(db_session) == []


def test_other_holds_stay_when_a_complaint_is_decided(desk: Desk, officer: Actor, db_session: Session) -> None:
    raise_hold(officer, desk.account_id, HoldFlag.HARDSHIP, "ill")
    close_complaint(officer, raised(officer, desk), Outcome.REJECTED, "no")
    assert standing(db_session) == ["ill"]


@pytest.mark.parametrize("paid", [Money(0, "CNY"), Money(-5, "CNY")])
def test_a_compensation_is_more_than_nothing(desk: Desk, officer: Actor, paid: Money) -> None:
    complaint_id = raised(officer, desk)
    with pytest.raises(DomainError) as raised_error:
        close_complaint(officer, complaint_id, Outcome.UPHELD, "yes", paid)
    assert raised_error.value.field == "compensation"
    with pytest.raises(DomainError):
        close_complaint(officer, complaint_id, Outcome.REJECTED, "no", Money(5, "CNY"))


def test_what_is_decided_stays_decided(desk: Desk, officer: Actor) -> None:
    complaint_id = raised(officer, desk)
    close_complaint(officer, complaint_id, Outcome.UPHELD, "yes")
    for deed in (
        lambda: close_complaint(officer, complaint_id, Outcome.REJECTED, "no"),
        lambda: note_complaint(officer, complaint_id, Said("more")),
        lambda: take_complaint(officer, complaint_id),
    ):
        with pytest.raises(Refused):
            deed()


def test_a_deadline_moves_forward_with_its_reason_and_not_beyond_the_longest(
    desk: Desk, officer: Actor, db_session: Session
) -> None:
    complaint_id = raised(officer, desk)
    for day in (TODAY + timedelta(days=15), TODAY + timedelta(days=LONGEST_AHEAD + 1)):
        with pytest.raises(DomainError) as raised_error:
            move_deadline(officer, complaint_id, day, "a recording is awaited")
        assert raised_error.value.field == "due_on"
    move_deadline(officer, complaint_id, TODAY + timedelta(days=LONGEST_AHEAD), "a recording is awaited")
    assert db_session.scalars(sa.select(Complaint.due_on)).all() == [TODAY + timedelta(days=60)]


def test_only_compliance_decides(desk: Desk) -> None:
    complaint_id = raised(desk.actor, desk)
    for actor in (desk.actor, actor_of(make_user(Role.VENDOR_MANAGER))):
        with pytest.raises(Refused) as refused:
            close_complaint(actor, complaint_id, Outcome.REJECTED, "no")
        assert refused.value.status == 403


def test_entries_are_kept_by_the_database_itself(desk: Desk, db_session: Session) -> None:
    raised(desk.actor, desk)
    for deed in (sa.update(ComplaintEvent).values(proof_name="other"), sa.delete(ComplaintEvent)):
        with pytest.raises(DBAPIError):
            db_session.execute(deed)
        db_session.rollback()


# --- pages --------------------------------------------------------------------------------------------------------------


def test_a_collector_writes_a_complaint_down_and_compliance_decides_it(
    desk: Desk, compliance: User, client_for: Client
) -> None:
    collector, officer = client_for(desk.user), client_for(compliance)
    page = collector.get(f"/accounts/{desk.account_id}")
    page = collector.get(page.links["Write down a complaint"])
    page = page.submit("form", category="hours", source="phone", about=f"{desk.agency.id}", text="夜里十一点来电")
    assert "The complaint is written down. Until it is decided, contact keeps to its subject." in page
    assert "夜里十一点来电" in page
    assert "To be heeded: A complaint is open" in collector.get(f"/queue/{desk.account_id}")
    assert "a complaint is open" in collector.get(f"/accounts/{desk.account_id}")

    home = officer.get("/")
    assert "Complaints are to be decided" in home and home.links["Complaints"] == "/complaints"
    page = officer.get(officer.get("/complaints").links["CP000001"])
    page = page.submit(f"{page.path}/take")
    assert "yours to decide" in page
    page = page.submit("say-form", step="question", text="Who called?")
    assert "waits for the organisation" in page

    page = collector.get(collector.get("/complaints?asked=yes").links["CP000001"])
    assert "Who called?" in page
    page = page.submit("say-form", text="Nobody of ours.")
    assert "The bank has your reply." in page

    page = officer.get(page.path)
    assert "Nobody of ours." in page
    page = page.submit("close-form", **{"end-outcome": "upheld", "end-compensation": "a lot", "end-reason": "proven"})
    assert page.status == 422 and "Write an amount" in page
    page = page.submit("close-form", **{"end-outcome": "upheld", "end-compensation": "200.00", "end-reason": "proven"})
    assert "its hold released" in page and "¥200.00" in page
    assert "released on" in officer.get(f"/accounts/{desk.account_id}")


def test_more_days_are_given_on_the_page(desk: Desk, compliance: User, client_for: Client) -> None:
    complaint_id = raised(desk.actor, desk)
    page = client_for(compliance).get(f"/complaints/{complaint_id}")
    wrong = page.submit("later-form", **{"later-due_on": "2006-07-01", "later-reason": "why not"})
    assert wrong.status == 422 and "until" in wrong
    page = page.submit("later-form", **{"later-due_on": "2005-08-01", "later-reason": "the recording is awaited"})
    assert "Deadline moved to 1 Aug 2005" in page


def test_what_is_late_and_whose_it_is_can_be_listed(desk: Desk, compliance: User, client_for: Client) -> None:
    raised(desk.actor, desk)
    at_time(NOON + timedelta(days=20))
    page = client_for(compliance).get("/complaints?late=yes&owner=nobody&root=bank&category=frequency")
    assert "CP000001" in page and "overdue" in page
    assert "Nothing matches" in client_for(compliance).get("/complaints?owner=me")


def test_a_reply_that_the_organisation_owes_is_marked_once_its_hours_have_passed(
    desk: Desk, officer: Actor, compliance: User, client_for: Client
) -> None:
    complaint_id = raised(officer, desk, desk.agency.id)
    ask_organisation(officer, complaint_id, Said("who called?"))
    words = "Organisations have not replied about complaints in time"
    at_time(NOON + timedelta(hours=47))
    bank = client_for(compliance)
    assert "overdue" not in bank.get(f"/complaints/{complaint_id}").text and words not in bank.get("/")

    at_time(NOON + timedelta(hours=49))
    bank = client_for(compliance)
    for client in (bank, client_for(desk.user)):
        page = client.get(f"/complaints/{complaint_id}")
        assert page.text.split("Reply until")[1].split()[:5] == "3 Jul 2005 12:00 overdue".split()
    assert "reply overdue" in bank.get("/complaints?late=yes") and words in bank.get("/")
    reply_to_question(desk.actor, complaint_id, Said("Nobody of ours."))
    assert "overdue" not in bank.get(f"/complaints/{complaint_id}").text and words not in bank.get("/")


def test_a_complaint_before_anybody_held_the_account_is_the_banks_alone(
    desk: Desk, officer: Actor, compliance: User, client_for: Client
) -> None:
    lonely = make_account(make_person())
    complaint_id = raise_complaint(officer, lonely, heard(), Said("about the fees"))
    page = client_for(compliance).get(f"/complaints/{complaint_id}")
    assert "about the fees" in page and "a question to the organisation" not in page


def test_the_hold_of_an_open_complaint_is_released_by_its_decision_alone(
    desk: Desk, compliance: User, officer: Actor, client_for: Client, db_session: Session
) -> None:
    complaint_id = raised(desk.actor, desk, desk.agency.id)
    hold_id = db_session.scalars(sa.select(Hold.id)).one()
    words = "The decision about complaint CP000001 releases this hold."
    for deed in (release_hold, release_with_proof):
        with pytest.raises(Refused, match="decision about complaint"):
            deed(officer, hold_id, "no reason left")

    client = client_for(compliance)
    for address in (f"/holds/{hold_id}", f"/accounts/{desk.account_id}"):
        page = client.get(address)
        assert words in page and page.links["Open the complaint"] == f"/complaints/{complaint_id}"
        assert not [form for form in page.forms if (form.get("action") or "").endswith(("/end", "/release"))]

    close_complaint(officer, complaint_id, Outcome.REJECTED, "no such calls")
    assert standing(db_session) == []


def test_a_hold_for_a_complaint_that_a_file_told_of_is_released_like_any_other(
    desk: Desk, officer: Actor, db_session: Session
) -> None:
    hold = raise_hold(officer, desk.account_id, HoldFlag.COMPLAINT, "file")
    release_with_proof(officer, hold.id, "answered by the branch")
    assert standing(db_session) == []
