"""The queue, the workbench, promises and the day, as agency staff see them."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from portal.contact.models import Channel, ContactAttempt, EvidenceFile, Promise, WorkItem
from portal.contact.operations import log_attempt
from portal.contact.requests.operations import Said, ask
from portal.contact.requests.thread import RequestCode
from portal.foundation.access import Role
from portal.foundation.audit import AuditEvent
from portal.foundation.jobs import run_pending
from portal.foundation.work import transaction
from portal.placement.ending import Ending, end_placements
from portal.placement.models import EndReason, Placement
from portal.portfolio.models import Account, HoldFlag
from portal.portfolio.operations import raise_hold, release_hold
from tests.contact.factories import NOON, Desk, Person, at_time, call, make_account, make_desk, make_person, place
from tests.contact.logs import a_log, number_of, ref_of
from tests.identity.factories import actor_of, make_bank, make_user, observer
from tests.support.pages import PageClient

Client = Callable[..., PageClient]


@pytest.fixture
def person(app: Flask) -> Person:
    at_time(NOON)
    return make_person()


@pytest.fixture
def desk(person: Person) -> Desk:
    return make_desk(person)


def test_the_queue_shows_who_is_next_and_whether_they_may_be_called(desk: Desk, client_for: Client) -> None:
    page = client_for(desk.user).get("/queue")
    assert "王**" in page and "王小明" not in page
    assert "52,838.95" in page and "M3" in page and "now" in page
    at_time(NOON.replace(hour=23))
    assert "from tomorrow 08:00" in client_for(desk.user).get("/queue")


@pytest.mark.parametrize(
    ("locale", "words"), [("en", "May be called now, until 22:00."), ("zh_Hans", "现在可以致电，至 22:00 止。")]
)
def test_the_workbench_says_until_when_a_call_is_allowed_in_both_languages(
    person: Person, desk: Desk, client_for: Client, locale: str, words: str
) -> None:
    user = make_user(Role.AGENCY_STAFF, desk.agency, locale=locale)
    page = client_for(user).get(f"/queue/{desk.account_id}")
    assert words in page
    assert "GB/T 45251-2025" in page


def test_a_promise_is_logged_and_the_next_account_opens(
    person: Person, desk: Desk, client_for: Client, db_session: Session
) -> None:
    other = make_account(make_person(name="李四"), total=100_000)
    place(desk.agency, other)
    page = client_for(desk.user).get(f"/queue/{desk.account_id}")
    page = page.submit("log", outcome="promise", promise_amount="5,000.00", promise_on="2005-07-05", note="下周发工资")
    assert page.path.startswith(f"/queue/{other}")
    assert "Saved: Promise to pay." in page
    promise = db_session.scalars(sa.select(Promise)).one()
    assert (promise.amount_minor, promise.promised_on.isoformat()) == (500_000, "2005-07-05")


def test_a_promise_of_several_days_is_logged_as_one_each_and_must_be_in_order(
    desk: Desk, client_for: Client, db_session: Session
) -> None:
    page = client_for(desk.user).get(f"/queue/{desk.account_id}")
    several = {
        "outcome": "promise", "promise_amount": "100", "promise_on": "2005-07-05",
        "promise_amount_2": "200", "promise_on_2": "2005-07-05",
    }  # fmt: skip
    page = page.submit("log", **several)
    assert page.status == 422 and "Each day comes after the one before it." in page
    page = page.submit("log", **several | {"promise_amount_2": "60,000"})
    assert page.status == 422 and "Together that is more than is owed" in page
    page.submit("log", **several | {"promise_on_2": "2005-07-20"})
    kept = db_session.scalars(sa.select(Promise).order_by(Promise.promised_on)).all()
    assert [(p.amount_minor, p.promised_on.day, p.kept_until.day) for p in kept] == [(10_000, 5, 8), (20_000, 20, 23)]


def test_the_last_account_leads_back_to_the_queue(desk: Desk, client_for: Client) -> None:
    page = client_for(desk.user).get(f"/queue/{desk.account_id}").submit("log", outcome="no_answer")
    assert page.path.startswith("/queue") and "Nothing waits here." in page
    assert "not before later" in page.html.lower()


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(
    desk: Desk, client_for: Client, db_session: Session
) -> None:
    page = client_for(desk.user).get(f"/queue/{desk.account_id}")
    page = page.submit("log", outcome="promise", promise_amount="a lot", promise_on="2005-07-05", note="kept words")
    assert page.status == 422
    assert "Write an amount" in page and "kept words" in page
    assert db_session.scalars(sa.select(ContactAttempt)).all() == []


@pytest.mark.parametrize("amount", ["0", "-5", "0.00"])
def test_an_amount_that_is_nothing_is_told_as_such(desk: Desk, client_for: Client, amount: str) -> None:
    page = client_for(desk.user).get(f"/queue/{desk.account_id}")
    page = page.submit("log", outcome="promise", promise_amount=amount, promise_on="2005-07-05")
    assert page.status == 422 and "The amount has to be more than nothing." in page


def test_yesterdays_call_can_be_logged_while_calls_are_allowed_and_keeps_what_was_entered(
    desk: Desk, client_for: Client, db_session: Session
) -> None:
    at_time(NOON + timedelta(days=1))
    page = client_for(desk.user).get(f"/queue/{desk.account_id}")
    assert "Log a contact that has already taken place" in page
    late = page.submit("log", outcome="no_answer", note="from the car", late="1")
    assert late.status == 200 and "from the car" in late and "Log a contact that has already" not in late
    late.submit("log", at="2005-07-01T15:00")
    kept = db_session.scalars(sa.select(ContactAttempt)).one()
    assert (kept.at, kept.verdict) == (NOON.replace(hour=15), "allow")


def test_once_contact_has_ended_the_first_line_says_so_and_why(person: Person, desk: Desk, client_for: Client) -> None:
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "cease_requested"))
    page = client_for(desk.user).get(f"/queue/{desk.account_id}").submit("log", outcome="no_answer")
    assert page.status == 422
    summary = next(each for each in page.root.iter("div") if each.get("class") == "error-summary")
    first = "".join(next(summary.iter("li")).itertext())
    assert "Contact has ended: The debtor has asked not to be contacted." in first
    assert "Log a contact that has already taken place" in "".join(summary.itertext())
    assert "Choose the way of contact" not in page


def test_hardship_brings_advice_as_its_reasons_do(person: Person, desk: Desk, client_for: Client) -> None:
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "hardship"))
    page = client_for(desk.user).get(f"/queue/{desk.account_id}")
    assert "Hardship: ask why" in page and page.links["Take down income and outgoings"].endswith("/income")
    at_time(NOON + timedelta(hours=1))
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "negotiating", reason_behind="illness"))
    page = client_for(desk.user).get(f"/queue/{desk.account_id}")
    assert "Illness: ask for the proof" in page and "Hardship: ask why" not in page


def test_at_night_the_form_for_a_call_is_closed_and_says_why_and_a_breach_can_still_be_recorded(
    desk: Desk, client_for: Client, db_session: Session
) -> None:
    at_time(NOON.replace(hour=22, minute=30))
    client = client_for(desk.user)
    page = client.get(f"/queue/{desk.account_id}")
    assert "The form for a call is closed" in page
    refused = page.submit("log", channel="call", outcome="no_answer")
    assert refused.status == 422 and "08:00 to 22:00" in refused
    typed = refused.submit("log", outcome="no_answer", note="rang twice", late="1")
    assert typed.status == 200 and db_session.scalars(sa.select(ContactAttempt)).all() == []
    assert "rang twice" in typed and 'value="no_answer" data-key="n" checked' in typed.html
    kept = typed.submit("log")
    assert "王**: This contact was against the conduct rules; it is recorded as a breach." in kept
    assert db_session.scalars(sa.select(ContactAttempt.verdict)).all() == ["block"]


def test_a_number_is_shown_by_a_click_that_is_recorded(
    person: Person, desk: Desk, client_for: Client, db_session: Session
) -> None:
    client = client_for(desk.user)
    page = client.get(f"/queue/{desk.account_id}")
    assert "****" in page
    shown = page.submit(f"reveal-point-{person.mobile}")
    assert "+86138" in shown
    named = page.submit("reveal-name")
    assert "王小明" in named
    events = db_session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "person.revealed")).all()
    assert len(events) == 2 and "王" not in str([event.details for event in events])


def test_notes_are_shown_on_request_only(person: Person, desk: Desk, client_for: Client) -> None:
    log_attempt(desk.actor, desk.account_id, call(person.mobile, note="孩子生病"))
    client = client_for(desk.user)
    page = client.get(f"/queue/{desk.account_id}")
    assert "孩子生病" not in page and "Note, not shown" in page
    answer = client.post(f"/queue/{desk.account_id}/reveal", {"what": "notes"}, status=200)
    assert "孩子生病" in answer


def test_another_agency_finds_nothing(desk: Desk, client_for: Client) -> None:
    stranger = make_user(Role.AGENCY_STAFF)
    client = client_for(stranger)
    assert "王" not in client.get("/queue")
    client.get(f"/queue/{desk.account_id}", status=404)
    client.post(f"/queue/{desk.account_id}/reveal", {"what": "name"}, status=404)
    client.post(f"/queue/{desk.account_id}", {"channel": "call", "outcome": "no_answer"}, status=404)


def test_a_number_of_another_person_is_not_shown(person: Person, desk: Desk, client_for: Client) -> None:
    other = make_person()
    client_for(desk.user).post(f"/queue/{desk.account_id}/reveal", {"what": f"point-{other.mobile}"}, status=404)


def test_an_entry_is_corrected_from_the_history(
    person: Person, desk: Desk, client_for: Client, db_session: Session
) -> None:
    old = log_attempt(desk.actor, desk.account_id, call(person.mobile, "refuses"))
    page = client_for(desk.user).get(f"/queue/{desk.account_id}?late=1&corrects={old.attempt_id}")
    page.submit("log", outcome="no_answer")
    assert db_session.scalars(sa.select(ContactAttempt.corrects_id).order_by(ContactAttempt.id)).all() == [
        None, old.attempt_id,
    ]  # fmt: skip


def test_a_correction_begins_with_what_was_logged(
    person: Person, desk: Desk, client_for: Client, db_session: Session
) -> None:
    old = log_attempt(desk.actor, desk.account_id, call(person.mobile, "refuses"))
    page = client_for(desk.user).get(f"/queue/{desk.account_id}?late=1&corrects={old.attempt_id}")
    page.submit("log", reason_behind="abroad")
    kept = db_session.scalars(sa.select(ContactAttempt).order_by(ContactAttempt.id.desc())).first()
    assert kept is not None and (kept.outcome, kept.corrects_id) == ("refuses", old.attempt_id)


def test_promises_are_listed_by_day_and_state(person: Person, desk: Desk, client_for: Client) -> None:
    day = NOON.date() + timedelta(days=2)
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "promise", promise_minor=123_400, promise_on=day))
    client = client_for(desk.user)
    assert "1,234.00" in client.get("/promises") and "still ahead" in client.get("/promises?state=open")
    assert "1,234.00" not in client.get("/promises?state=broken")
    at_time(NOON + timedelta(days=3))
    assert "1,234.00" in client_for(desk.user).get("/promises?state=grace")
    at_time(NOON + timedelta(days=6))
    assert "1,234.00" in client_for(desk.user).get("/promises?state=broken")


def test_my_day_counts_what_i_logged_reached_and_was_promised(person: Person, desk: Desk, client_for: Client) -> None:
    log_attempt(desk.actor, desk.account_id, call(person.mobile))
    log_attempt(
        desk.actor, desk.account_id, call(person.mobile, "promise", promise_minor=5_000, promise_on=NOON.date())
    )
    page = client_for(desk.user).get("/queue")
    assert "2 logged" in page and "1 reached" in page and "1 promised" in page
    assert "No answer" in client_for(desk.user).get("/my-day")
    colleague = make_user(Role.AGENCY_STAFF, desk.agency)
    assert "You have logged nothing today." in client_for(colleague).get("/my-day")


def test_the_bank_has_no_queue(desk: Desk, client_for: Client) -> None:
    client_for(make_user(Role.VENDOR_MANAGER, make_bank())).get("/queue", status=403)


def test_the_bank_reads_the_contact_history_on_its_account_page_with_the_agency_named(
    person: Person, desk: Desk, client_for: Client
) -> None:
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "refuses", note="只有银行和本机构可见"))
    page = client_for(make_user(Role.COMPLIANCE, make_bank())).get(f"/accounts/{desk.account_id}")
    assert "History" in page and "Refuses to pay" in page and desk.agency.name in page
    assert "只有银行和本机构可见" not in page


def test_both_sides_read_holds_and_requests_in_the_one_history_of_the_account_page(
    desk: Desk, client_for: Client
) -> None:
    officer = make_user(Role.COMPLIANCE, make_bank())
    raise_hold(actor_of(officer), desk.account_id, HoldFlag.HARDSHIP, "ill")
    ask(desk.actor, desk.account_id, RequestCode.DOCUMENTS, Said("the contract"))
    asked = {officer.id: "We were asked: documents", desk.user.id: "We asked: documents"}
    for user in (officer, desk.user):
        page = client_for(user).get(f"/accounts/{desk.account_id}")
        assert "The debtor is in hardship: offer" in page and asked[user.id] in page


def test_a_standing_hold_is_in_the_head_of_the_workbench_when_the_hours_forbid_the_call(
    desk: Desk, client_for: Client
) -> None:
    hold = raise_hold(actor_of(make_user(Role.COMPLIANCE, make_bank())), desk.account_id, HoldFlag.HARDSHIP, "ill")
    at_time(NOON.replace(hour=23))
    page = client_for(desk.user).get(f"/queue/{desk.account_id}")
    assert "hardship since 1 Jul 2005 · ill" in page and "Contact is allowed from 08:00" in page
    assert page.links["hardship"] == f"/holds/{hold.id}"
    release_hold(actor_of(make_user(Role.COMPLIANCE)), hold.id, "well again")
    assert "hardship since" not in client_for(desk.user).get(f"/queue/{desk.account_id}")


def test_another_agency_that_holds_an_account_of_the_same_person_reads_nothing_of_it(
    person: Person, desk: Desk, client_for: Client
) -> None:
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "refuses"))
    other = make_desk(person)
    for path in (f"/accounts/{other.account_id}", f"/queue/{other.account_id}"):
        page = client_for(other.user).get(path)
        assert "Call: Refuses to pay" not in page and desk.agency.name not in page
    assert "2 of 3 conversations left today" in page


def test_what_was_promised_stays_in_the_list_when_the_account_has_gone_back_and_the_person_is_closed(
    person: Person, desk: Desk, client_for: Client
) -> None:
    log_attempt(
        desk.actor, desk.account_id, call(person.mobile, "promise", promise_minor=123_400, promise_on=NOON.date())
    )
    with transaction(observer()) as work:
        placement = work.session.get_one(Placement, desk.placement_id)
        placement.ended_at, placement.ended_on, placement.end_reason = NOON, NOON.date(), EndReason.RECALLED
    client = client_for(desk.user)
    for path in ("/promises", "/my-day"):
        page = client.get(path)
        assert "王" not in page and f"/queue/{desk.account_id}" not in page.html
    assert "1,234.00" in client.get("/promises") and "Promise to pay" in page
    client.get(f"/queue/{desk.account_id}", status=404)


def test_an_earlier_day_is_chosen_by_its_date_and_holds_what_was_logged_between_its_midnights(
    person: Person, desk: Desk, client_for: Client
) -> None:
    last_minute = NOON.replace(day=2, hour=23, minute=59)
    for when, outcome in ((NOON, "no_answer"), (last_minute, "refuses"), (NOON.replace(day=3, hour=0), "wrong_number")):
        at_time(when)
        late = call(person.mobile, outcome, already_happened=True)
        log_attempt(desk.actor, desk.account_id, late)
    at_time(NOON + timedelta(days=3))
    client = client_for(desk.user)
    page = client.get("/my-day?day=2005-07-02")
    assert "Refuses to pay" in page and "No answer" not in page and "Wrong number" not in page
    assert page.title.startswith("My day: 2 Jul 2005")
    assert "/my-day?day=2005-07-01" in page.html and "/my-day?day=2005-07-03" in page.html
    assert "No answer" in client.get("/my-day?day=2005-07-01")
    today = client.get("/my-day")
    assert "You have logged nothing today." in today and "Next day" not in today
    assert "Nothing was logged on this day." in client.get("/my-day?day=2005-06-01")
    in_file = client.client.get("/my-day?day=2005-07-02&export=csv").get_data(as_text=True)
    assert "Refuses to pay" in in_file and "No answer" not in in_file


@pytest.mark.parametrize(
    ("day", "complaint"),
    [
        ("yesterday", "Write the date as year-month-day"),
        ("2005-07-02", "not ahead of today"),
        ("0001-01-01", "not ahead of today"),
    ],
)
def test_a_day_that_cannot_be_meant_is_told_and_today_is_shown(
    person: Person, desk: Desk, client_for: Client, day: str, complaint: str
) -> None:
    log_attempt(desk.actor, desk.account_id, call(person.mobile))
    page = client_for(desk.user).get(f"/my-day?day={day}")
    assert complaint in page and "No answer" in page and 'aria-invalid="true"' in page.html


def test_a_leader_sees_the_day_of_everybody_or_of_one_and_staff_only_their_own(
    person: Person, desk: Desk, client_for: Client
) -> None:
    leader, colleague = make_user(Role.AGENCY_LEADER, desk.agency), make_user(Role.AGENCY_STAFF, desk.agency)
    log_attempt(desk.actor, desk.account_id, call(person.mobile))
    log_attempt(actor_of(colleague), desk.account_id, call(person.office, "refuses"))
    other = make_desk(make_person(name="李四"))
    log_attempt(other.actor, other.account_id, call(None, "sent", channel=Channel.LETTER))
    leads = client_for(leader)
    page = leads.get("/my-day")
    assert page.title.startswith("The team's day")
    assert "No answer" in page and "Refuses to pay" in page and page.html.count("data-row-link") == 2
    assert desk.user.name in page and other.user.name not in page
    only = leads.get(f"/my-day?who={colleague.id}")
    assert "Refuses to pay" in only and "No answer" not in only
    assert leads.get(f"/my-day?who={other.user.id}").html.count("data-row-link") == 2  # a stranger is nobody to choose
    assert f'href="/my-day?who={leader.id}"' in leads.get("/queue").html
    for address in ("/my-day", f"/my-day?who={colleague.id}"):
        mine = client_for(desk.user).get(address)
        assert "No answer" in mine and "Refuses to pay" not in mine and colleague.name not in mine


@pytest.mark.parametrize("role", [Role.AGENCY_STAFF, Role.AGENCY_LEADER])
def test_an_earlier_day_keeps_what_was_logged_for_accounts_that_have_gone_back_without_the_person(
    person: Person, desk: Desk, client_for: Client, db_session: Session, role: Role
) -> None:
    reference = db_session.get_one(Account, desk.account_id).account_ref
    log_attempt(desk.actor, desk.account_id, call(person.mobile))
    at_time(NOON + timedelta(days=1))
    with transaction(observer()) as work:
        mine = sa.select(Placement.id).where(Placement.id == desk.placement_id)
        end_placements(work, mine, Ending(EndReason.RECALLED))
    reader = desk.user if role is Role.AGENCY_STAFF else make_user(role, desk.agency)
    client = client_for(reader)
    page = client.get(f"/my-day?day={NOON.date()}")
    assert reference in page and "No answer" in page
    for words in (page.html, client.client.get(f"/my-day?day={NOON.date()}&export=csv").get_data(as_text=True)):
        assert "王" not in words and f"/queue/{desk.account_id}" not in words


def test_a_log_takes_a_recording_the_next_step_and_the_debts_it_was_about(
    person: Person, desk: Desk, client_for: Client, db_session: Session
) -> None:
    second = make_account(person, total=100_000)
    place(desk.agency, second)
    both = [str(desk.account_id), str(second)]
    sound = (io.BytesIO(b"RIFF....WAVEfmt "), "call 7.wav")

    page = client_for(desk.user).get(f"/queue/{desk.account_id}").submit(
        "log", outcome="refuses", next_action="sms", again_on="2005-07-08", debts_placed_for=both, debts_discussed=both[1:],
        evidence=sound,
    )  # fmt: skip

    assert "Saved: Refuses to pay." in page
    attempt = db_session.scalars(sa.select(ContactAttempt)).one()
    assert (attempt.debts_placed_for, attempt.debts_discussed) == ([desk.account_id, second], [second])
    assert (attempt.next_action, str(attempt.again_on)) == ("sms", "2005-07-08")
    item = db_session.scalars(sa.select(WorkItem).where(WorkItem.account_id == desk.account_id)).one()
    assert (item.next_kind, str(item.next_on)) == ("rest", "2005-07-08")
    page = client_for(desk.user).get(f"/queue/{desk.account_id}")
    assert "Next: send a message." in page and "recording or photo" in page
    kept = db_session.scalars(sa.select(EvidenceFile)).one()
    answer = client_for(desk.user).client.get(f"/evidence/{kept.id}/file")
    assert (answer.status_code, answer.data) == (200, b"RIFF....WAVEfmt ")
    assert db_session.scalar(sa.select(AuditEvent.action).where(AuditEvent.action == "evidence.opened"))


def test_what_is_no_recording_is_refused_beside_its_field_and_nothing_is_logged(
    desk: Desk, client_for: Client, db_session: Session
) -> None:
    page = client_for(desk.user).get(f"/queue/{desk.account_id}").submit(
        "log", outcome="refuses", evidence=(io.BytesIO(b"MZ program"), "call.wav"), status=422
    )  # fmt: skip
    assert "This is no recording" in page
    assert db_session.scalar(sa.select(sa.func.count()).select_from(ContactAttempt)) == 0


def test_recordings_are_sent_by_the_names_of_the_log_once_each_and_never_over_another(
    desk: Desk, client_for: Client
) -> None:
    leader = client_for(make_user(Role.AGENCY_LEADER, desk.agency))
    files = [(io.BytesIO(b"ID3" + bytes([n])), f"{n}.mp3") for n in (1, 2)]
    assert "2 files are kept." in leader.post("/evidence", {"files": files}, to="/evidence")
    again = [(io.BytesIO(b"ID3\x01"), "1.mp3"), (io.BytesIO(b"ID3\x09"), "2.mp3"), (io.BytesIO(b"<html>"), "3.mp3")]
    page = leader.post("/evidence", {"files": again}, to="/evidence")
    assert "1 file was here before." in page
    assert "2.mp3 was not kept: Another file is here under this name." in page
    assert "3.mp3 was not kept: This is no recording" in page
    assert "Choose the files." in leader.post("/evidence", {}, status=422)
    stranger = client_for(make_user(Role.AGENCY_LEADER, make_desk(make_person()).agency))
    assert "1.mp3" not in stranger.get("/evidence")
    assert stranger.client.get("/evidence/1/file").status_code == 404


def test_a_log_by_file_is_read_on_the_pages_and_says_what_was_against_the_rules(
    person: Person, desk: Desk, client_for: Client, app: Flask
) -> None:
    at_time(NOON.replace(hour=23))
    mobile, ref = number_of(person.mobile), ref_of(desk.account_id)
    rows = [
        f"D{n},{ref},2005-07-01 {clock},call,{mobile},,no_answer" for n, clock in enumerate(("21:00", "22:30", "never"))
    ]
    leader = client_for(make_user(Role.AGENCY_LEADER, desk.agency))

    page = leader.post("/attempts/imports/new", {"file": (io.BytesIO(a_log(*rows)), "log.csv")})
    assert number_of(person.mobile) not in page
    page.submit("prepare", step="import")
    run_pending(app)

    page = leader.get("/attempts/imports/1")
    assert "Contacts against the conduct rules" in page
    assert "Not a date and time" in page
