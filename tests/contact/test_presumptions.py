"""A presumption is no ban: it closes a contact until somebody says why it goes on, and the reason is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.contact.conduct import Decision, Finding
from portal.contact.models import ContactAttempt
from portal.contact.operations import log_attempt
from portal.contact.presumptions import is_closed, kept_reason
from portal.contact.rules.replaying import under_its_own
from portal.contact.rules.shelf import shelf_of
from portal.foundation.access import Role
from portal.foundation.audit import AuditEvent
from portal.foundation.errors import DomainError, Refused
from portal.foundation.services import services
from portal.foundation.work import transaction
from tests.contact.factories import Desk, Person, at_time, call, make_account, make_desk, make_person, place
from tests.identity.factories import make_bank, make_user, observer
from tests.support.pages import PageClient

Client = Callable[..., PageClient]
NEW_YORK = ZoneInfo("America/New_York")
TALKED = datetime(2005, 7, 5, 10, 0, tzinfo=NEW_YORK)
LATER = TALKED + timedelta(days=2)  # within the seven days of rest after a conversation, 12 CFR 1006.14(b)(2)(i)(B)
REASONS = ("applicable_law", "active_litigation", "consumer_request", "avoid_negative_effect")


@pytest.fixture
def person(app: Flask) -> Person:
    at_time(TALKED)
    return make_person("America/New_York")


@pytest.fixture
def desk(person: Person) -> Desk:
    """An account in New York about which somebody has talked with the debtor two days ago."""
    desk = make_desk(person, region="US-NY")
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "refuses"))
    at_time(LATER)
    return desk


def the_last(session: Session) -> ContactAttempt:
    return session.scalars(sa.select(ContactAttempt).order_by(ContactAttempt.id.desc())).first()


def refuse_all() -> None:
    services().settings = replace(services().settings, presumption="refuse")


# --- the operation ----------------------------------------------------------------------------------------------------


def test_a_planned_contact_without_a_reason_is_refused_and_told_which_there_are(person: Person, desk: Desk) -> None:
    with pytest.raises(Refused) as refused:
        log_attempt(desk.actor, desk.account_id, call(person.mobile))
    assert (refused.value.code, refused.value.field) == ("conduct.presumed", "override_reason")
    assert "no call about it for 7 days" in str(refused.value.message)
    assert "the person has asked for it" in str(refused.value.message)


@pytest.mark.parametrize("reason", REASONS)
def test_each_reason_of_the_rule_opens_it_and_is_kept_with_the_attempt_its_decision_and_the_trail(
    person: Person, desk: Desk, db_session: Session, reason: str
) -> None:
    log_attempt(desk.actor, desk.account_id, call(person.mobile, override_reason=reason))
    kept = the_last(db_session)
    assert (kept.verdict, kept.override_reason, kept.decision["override_reason"]) == ("presume", reason, reason)
    logged = sa.select(AuditEvent).where(AuditEvent.action == "attempt.logged").order_by(AuditEvent.id)
    assert db_session.scalars(logged).all()[-1].after["override_reason"] == reason
    assert under_its_own(shelf_of(db_session, observer()), kept).differs == ()


def test_a_reason_that_the_rule_does_not_list_is_refused_also_of_what_has_happened(person: Person, desk: Desk) -> None:
    for happened in (False, True):
        entry = call(person.mobile, override_reason="opt_out_confirmation", already_happened=happened)
        with pytest.raises(DomainError) as refused:
            log_attempt(desk.actor, desk.account_id, entry)
        assert (refused.value.code, refused.value.field) == ("conduct.override_reason", "override_reason")


def test_what_has_happened_is_kept_with_a_reason_or_without(person: Person, desk: Desk, db_session: Session) -> None:
    log_attempt(desk.actor, desk.account_id, call(person.mobile, already_happened=True))
    assert (the_last(db_session).verdict, the_last(db_session).override_reason) == ("presume", "")
    happened = call(person.mobile, already_happened=True, override_reason="consumer_request")
    log_attempt(desk.actor, desk.account_id, happened)
    assert the_last(db_session).override_reason == "consumer_request"


def test_where_nothing_is_presumed_no_reason_is_kept(person: Person, desk: Desk, db_session: Session) -> None:
    at_time(TALKED + timedelta(days=7))
    log_attempt(desk.actor, desk.account_id, call(person.mobile, override_reason="consumer_request"))
    assert (the_last(db_session).verdict, the_last(db_session).override_reason) == ("allow", "")


def test_where_the_bank_lets_nobody_go_on_no_reason_opens_it_and_what_has_happened_is_kept(
    person: Person, desk: Desk, db_session: Session
) -> None:
    refuse_all()
    with pytest.raises(Refused) as refused:
        log_attempt(desk.actor, desk.account_id, call(person.mobile, override_reason="consumer_request"))
    assert refused.value.code == "conduct.presumed" and refused.value.field is None
    log_attempt(desk.actor, desk.account_id, call(person.mobile, already_happened=True))
    assert the_last(db_session).verdict == "presume"


def test_a_call_for_two_debts_is_judged_by_the_one_that_the_rules_are_against(
    person: Person, desk: Desk, db_session: Session
) -> None:
    second = make_account(person, region="US-NY")
    place(desk.agency, second)
    log_attempt(desk.actor, second, call(person.mobile))
    assert the_last(db_session).verdict == "allow"  # the talk was about the other one
    with pytest.raises(Refused) as refused:
        log_attempt(desk.actor, second, call(person.mobile, debts_placed_for=(second, desk.account_id)))
    assert refused.value.code == "conduct.presumed"
    both = call(person.mobile, debts_placed_for=(second, desk.account_id), override_reason="consumer_request")
    log_attempt(desk.actor, second, both)
    kept = the_last(db_session)
    assert kept.decision["question"]["debt"] == str(desk.account_id)
    assert under_its_own(shelf_of(db_session, observer()), kept).differs == ()


def test_the_database_takes_no_sentence_for_a_reason(person: Person, desk: Desk, db_session: Session) -> None:
    row = sa.inspect(ContactAttempt).local_table
    values = dict(db_session.execute(sa.select(row)).mappings().first() or {})
    for wrong in ("Because I say so", "two words", "x" * 33):
        with pytest.raises((IntegrityError, sa.exc.DataError)), transaction(observer()) as work:
            fresh = values | {"id": 999, "attempt_ref": "W999", "override_reason": wrong}
            work.session.execute(sa.insert(row).values(fresh))


# --- the rules' own terms ---------------------------------------------------------------------------------------------


def decision(*findings: tuple[str, tuple[str, ...]]) -> Decision:
    found = tuple(Finding("r", verdict, "COOL_OFF", {"days": 7}, (), None, reasons) for verdict, reasons in findings)  # type: ignore[arg-type]
    return Decision("p", "1", found[0].verdict if found else "allow", found, None, None, {})


def test_of_several_presumptions_only_what_each_lists_opens_the_contact() -> None:
    assert decision(("presume", ("a", "b")), ("presume", ("b", "c"))).overrides == ("b",)
    assert decision(("block", ()), ("presume", ("a",))).overrides == ()
    assert decision(("warn", ())).overrides == ()


def test_a_presumption_that_lists_no_reason_is_closed_to_a_planned_contact(app: Flask) -> None:
    alone = decision(("presume", ()))
    assert is_closed(alone) and not is_closed(decision(("presume", ("a",)))) and not is_closed(decision())
    with pytest.raises(Refused):
        kept_reason(alone, "a", planned=True)
    assert kept_reason(alone, "", planned=False) == ""


# --- pages ------------------------------------------------------------------------------------------------------------


def test_the_form_asks_for_the_reason_only_where_one_is_presumed_and_shows_it_afterwards(
    person: Person, desk: Desk, client_for: Client, db_session: Session
) -> None:
    client = client_for(desk.user)
    page = client.get(f"/queue/{desk.account_id}")
    assert "Closed until you say why it goes on" in page and 'name="override_reason"' in page.html
    refused = page.submit("log", channel="call", outcome="no_answer", note="kept words")
    assert refused.status == 422 and "Say why it goes on all the same" in refused
    assert "kept words" in refused and 'id="override_reason-error"' in refused.html
    saved = refused.submit("log", override_reason="consumer_request")
    assert "went on because: the person has asked for it" in saved
    assert the_last(db_session).override_reason == "consumer_request"
    assert "Went on although presumed wrong: the person has asked for it" in client.get(f"/queue/{desk.account_id}")
    at_time(TALKED + timedelta(days=7))
    assert 'name="override_reason"' not in client_for(desk.user).get(f"/queue/{desk.account_id}").html


def test_of_what_has_happened_the_form_takes_a_reason_and_asks_for_none(
    person: Person, desk: Desk, client_for: Client, db_session: Session
) -> None:
    page = client_for(desk.user).get(f"/queue/{desk.account_id}?late=1")
    assert "Presumed to be against the rules." in page and 'name="override_reason"' in page.html
    assert "Closed until" not in page and "stays closed" not in page
    page.submit("log", outcome="no_answer")
    assert (the_last(db_session).verdict, the_last(db_session).override_reason) == ("presume", "")


def test_the_queue_says_that_a_call_needs_a_reason(desk: Desk, client_for: Client) -> None:
    assert "with a reason" in client_for(desk.user).get("/queue?tab=later")
    refuse_all()
    page = client_for(desk.user).get(f"/queue/{desk.account_id}")
    assert "The form for a call is closed" in page and 'name="override_reason"' not in page.html


@pytest.mark.parametrize(("locale", "words"), [("en", "the person has asked for it"), ("zh_Hans", "本人")])
def test_compliance_reads_the_reason_with_the_decision_and_in_the_list(
    person: Person, desk: Desk, client_for: Client, db_session: Session, locale: str, words: str
) -> None:
    log_attempt(desk.actor, desk.account_id, call(person.mobile, override_reason="consumer_request"))
    officer = client_for(make_user(Role.COMPLIANCE, make_bank(), locale=locale))
    for path in ("/conduct", f"/conduct/attempts/{the_last(db_session).id}"):
        assert words in officer.get(path)
