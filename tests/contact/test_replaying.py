"""A stored decision can be asked again years later, and gives the answer that it gave."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from portal.cli import main
from portal.contact.conduct import Facts, Question, check, events
from portal.contact.evidence import FORMAT, answer_data, decision_data, facts_from, question_from
from portal.contact.facts import Checked, Known
from portal.contact.models import ContactAttempt
from portal.contact.operations import log_attempt
from portal.contact.rules.models import ConductDayCount, ConductFinding
from portal.contact.rules.packs import pack_named, pack_names
from portal.contact.rules.publishing import confirm_choice, propose_choice
from portal.contact.rules.replaying import replay, under_its_own, what_if
from portal.contact.rules.shelf import shelf_of
from portal.foundation.errors import Refused
from portal.foundation.work import reading, transaction
from portal.portfolio.models import Account
from tests.contact.factories import NOON, Desk, Person, at_time, call, make_desk, make_person
from tests.contact.packs import Officers, make_officers, own_text
from tests.identity.factories import observer

TODAY = date(2005, 7, 1)
AFTERNOON = datetime(2005, 7, 1, 15, 0, tzinfo=UTC)  # daytime in London and New York

# --- the facts, written down and read again ---------------------------------------------------------------------------

INSTANTS = st.datetimes(datetime(2005, 6, 1), datetime(2005, 7, 1), timezones=st.just(UTC))  # noqa: DTZ001 - given a zone
DEBTS = st.lists(st.sampled_from(["7", "8"]), max_size=2).map(tuple)
HOURS = st.sampled_from([None, (time(8), time(9, 30))])
DAYS = st.one_of(st.none(), st.dates(date(2005, 6, 1), date(2005, 8, 1)))
EVENTS = st.one_of(
    st.builds(
        events.Call, INSTANTS, st.sampled_from(["conversation", "no_answer", "busy"]), DEBTS, DEBTS,
        st.sampled_from(["collector", "consumer"]), st.sampled_from(["self", "friend"]), number=st.sampled_from(["", "3"]),
    ),
    st.builds(events.Consent, INSTANTS, DEBTS, st.frozensets(st.dates(date(2005, 6, 1), date(2005, 7, 1)), max_size=2)),
    st.builds(events.ConsentToTime, INSTANTS, HOURS, DAYS),
    st.builds(events.AgreedFrequency, INSTANTS, st.integers(1, 9), DAYS),
    st.builds(
        events.InconvenientTime, INSTANTS,
        st.dictionaries(st.integers(0, 6), st.just(((time(8), time(12)), (time(20), time.max)))), DAYS,
    ),
    st.builds(events.BreathingSpace, INSTANTS, st.booleans(), DAYS),
    st.builds(events.MediaStop, INSTANTS, st.just("sms"), st.just("3")),
    st.builds(events.CeaseReceived, INSTANTS),
    st.builds(events.Session, INSTANTS, st.booleans()),
)  # fmt: skip
COUNTS = st.dictionaries(
    st.tuples(st.sampled_from(["conversation", "unanswered", "connected"]), st.sampled_from([0, 3])), st.integers(1, 5)
)
KNOWN: dict[str, Any] = {
    "zone": st.sampled_from([None, "Asia/Shanghai", "America/New_York", "Europe/London"]),
    "zones": st.sampled_from([(), ("America/New_York", "America/Chicago")]),
    "counts": COUNTS,
    "earlier": st.one_of(
        st.none(), st.dictionaries(st.dates(date(2005, 6, 25), date(2005, 6, 30)), COUNTS, max_size=3)
    ),
    "flags": st.frozensets(st.sampled_from(["plan", "dispute", "nothing_owed"])),
    "known": st.frozensets(st.just("debtor_number_invalid")),
    "log": st.one_of(st.none(), st.lists(EVENTS, max_size=5).map(lambda each: tuple(sorted(each, key=lambda e: e.at)))),
    "spoken": st.one_of(st.none(), st.dictionaries(st.just(3), st.integers(1, 2))),
}
QUESTIONS = st.builds(
    Question, INSTANTS, st.sampled_from(["call", "sms", "visit"]), to=st.sampled_from(["self", "friend"]),
    point=st.sampled_from([None, 3]), debt=st.sampled_from(["7", "8"]), reply=st.booleans(), place=st.sampled_from(["", "work"]),
)  # fmt: skip


@given(st.sampled_from(pack_names()), QUESTIONS, st.fixed_dictionaries(KNOWN))
def test_every_question_and_fact_survives_being_kept_as_json(
    name: str, question: Question, told: dict[str, Any]
) -> None:
    pack = pack_named(name)
    facts = Known(pack=pack, debt="7", **told)
    decision = check(pack, question, facts)
    kept = json.loads(json.dumps(decision_data(Checked(question, facts, decision))))

    assert question_from(kept, NOON) == question
    assert facts_from(kept) == Facts(**told)
    again = check(pack, question_from(kept, NOON), facts_from(kept))
    assert json.loads(json.dumps(answer_data(again, pack.base))).items() <= kept.items()


def test_every_kind_of_event_can_be_kept() -> None:
    from portal.contact.evidence import _EVENTS

    assert set(events.__all__) - {"Event"} == set(_EVENTS)


# --- what was logged --------------------------------------------------------------------------------------------------


@pytest.fixture
def person(app: Flask) -> Person:
    at_time(NOON)
    return make_person()


@pytest.fixture
def desk(person: Person) -> Desk:
    return make_desk(person)


@pytest.fixture
def officers(person: Person) -> Officers:
    return make_officers()


def worked(desk: Desk, person: Person) -> None:
    """A day with calls of every sort, two of them breaches."""
    for hour, outcome in ((9, "no_answer"), (10, "refuses"), (11, "hung_up"), (12, "negotiating")):
        at_time(NOON.replace(hour=hour))
        log_attempt(desk.actor, desk.account_id, call(person.mobile, outcome))
    log_attempt(desk.actor, desk.account_id, call(person.office, already_happened=True))  # beyond the three
    at_time(NOON.replace(hour=23))
    log_attempt(desk.actor, desk.account_id, call(person.mobile, already_happened=True))
    log_attempt(desk.actor, desk.account_id, call(person.friend, already_happened=True))


def test_every_logged_decision_gives_the_same_answer_again(desk: Desk, person: Person) -> None:
    worked(desk, person)
    with reading(observer()) as session:
        again = list(replay(session, observer(), shelf_of(session, observer()), None))
        assert [one.differs for one in again] == [()] * 7
        assert all(one.decision is not None and one.decision.verdict == one.stored for one in again)


def test_a_decision_is_asked_again_under_its_own_version_after_another_has_come(
    desk: Desk, person: Person, officers: Officers
) -> None:
    officers.published(own_text("1", most=3), TODAY)
    confirm_choice(officers.publishes, propose_choice(officers.proposes, "", "own-cn", TODAY))
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "refuses"))
    second = log_attempt(desk.actor, desk.account_id, call(person.mobile, "refuses"))
    officers.published(own_text("2", most=1), date(2005, 7, 2))

    at_time(NOON + timedelta(days=1))
    with reading(observer()) as session:
        shelf = shelf_of(session, observer())
        attempt = session.scalars(sa.select(ContactAttempt).where(ContactAttempt.id == second.attempt_id)).one()
        assert (attempt.decision["pack"], attempt.decision["version"], attempt.decision["base"]) == (
            "own-cn", "1", ["cn-card", "2026.11.2"],
        )  # fmt: skip
        assert attempt.decision["format"] == FORMAT
        assert under_its_own(shelf, attempt).differs == ()
        today = shelf.named("own-cn", date(2005, 7, 2))
        changed = [
            (one.stored, one.decision and one.decision.verdict) for one in what_if(session, observer(), today, None)
        ]
    assert changed == [("allow", "allow"), ("allow", "block")]


def test_what_is_logged_late_is_asked_about_under_the_version_of_its_own_day(
    desk: Desk, person: Person, officers: Officers
) -> None:
    officers.published(own_text("1", most=3), TODAY)
    officers.published(own_text("2", most=1), date(2005, 7, 2))
    confirm_choice(officers.publishes, propose_choice(officers.proposes, "", "own-cn", TODAY))
    at_time(NOON + timedelta(days=1))
    logged = log_attempt(desk.actor, desk.account_id, call(person.mobile, "refuses", at=NOON))
    current = log_attempt(desk.actor, desk.account_id, call(person.mobile, "refuses"))
    with pytest.raises(Refused):
        log_attempt(desk.actor, desk.account_id, call(person.mobile))  # one conversation a day from today on
    with reading(observer()) as session:
        versions = [
            session.scalars(sa.select(ContactAttempt.decision).where(ContactAttempt.id == number)).one()["version"]
            for number in (logged.attempt_id, current.attempt_id)
        ]
    assert versions == ["1", "2"]


@pytest.mark.parametrize(
    ("region", "zone", "pack"), [("US-MA", "America/New_York", "us-ma"), ("GB-EAW", "Europe/London", "uk")]
)
def test_a_debtor_elsewhere_is_asked_about_under_the_pack_of_that_place(
    app: Flask, region: str, zone: str, pack: str
) -> None:
    at_time(AFTERNOON)
    person = make_person(zone)
    desk = make_desk(person, region=region)
    verdicts = []
    for n in range(4):
        at_time(AFTERNOON + timedelta(minutes=10 * n))
        verdicts.append(log_attempt(desk.actor, desk.account_id, call(person.mobile, already_happened=True)).verdict)
    # Massachusetts: two a week about one debt; the British pattern of ours: three a week, then somebody approves
    expected = ["block", "block"] if pack == "us-ma" else ["allow", "warn_then_approve"]
    assert verdicts == ["allow", "allow", *expected]
    with reading(observer()) as session:
        kept = session.scalars(sa.select(ContactAttempt.decision).order_by(ContactAttempt.id)).all()
        assert {one["pack"] for one in kept} == {pack}
        assert [one.differs for one in replay(session, observer(), shelf_of(session, observer()), None)] == [()] * 4


def test_counts_of_the_days_before_are_looked_back_on_where_a_pack_does(app: Flask) -> None:
    at_time(AFTERNOON)
    person = make_person("Europe/London")
    desk = make_desk(person, region="GB-EAW")
    verdicts = []
    for day in range(3, 7):
        at_time(AFTERNOON + timedelta(days=day))
        verdicts.append(log_attempt(desk.actor, desk.account_id, call(person.mobile)).verdict)
    assert verdicts == ["allow", "allow", "allow", "warn_then_approve"]


def test_an_american_third_person_is_spoken_to_once(app: Flask) -> None:
    at_time(AFTERNOON)
    person = make_person("America/New_York")
    desk = make_desk(person, region="US-NY")
    log_attempt(desk.actor, desk.account_id, call(person.friend, "third_party_message"))
    at_time(AFTERNOON + timedelta(days=100))
    with pytest.raises(Refused, match="spoken to before"):
        log_attempt(desk.actor, desk.account_id, call(person.friend, "no_answer"))


# --- what was kept before format 2 ------------------------------------------------------------------------------------


def _as_before(session: Session, attempt_id: int, **changes: Any) -> Any:
    """An entry as an earlier release has kept it."""
    attempt = session.scalars(sa.select(ContactAttempt).where(ContactAttempt.id == attempt_id)).one()
    data = json.loads(json.dumps(attempt.decision))
    log = data["facts"].pop("log")
    data["facts"] = {key: data["facts"][key] for key in ("zone", "counts", "flags", "known")}
    data["facts"]["calls"] = [[e["at"]["at"], e.get("by", "collector"), e["to"], e["outcome"]] for e in log]
    data["question"] = {key: data["question"].get(key) for key in ("channel", "direction", "to", "point")} | {
        "direction": "outbound", "to": "self",
    }  # fmt: skip
    del data["format"]
    return type("Kept", (), {"id": 1, "at": attempt.at, "verdict": attempt.verdict, "decision": data | changes})


def test_an_entry_of_an_earlier_release_is_asked_again_as_far_as_it_kept_what_was_known(
    desk: Desk, person: Person
) -> None:
    log_attempt(desk.actor, desk.account_id, call(person.mobile))
    logged = log_attempt(desk.actor, desk.account_id, call(person.mobile))
    with reading(observer()) as session:
        shelf = shelf_of(session, observer())
        assert under_its_own(shelf, _as_before(session, logged.attempt_id)).differs == ()
        for gone in ({"version": "1999.1"}, {"facts": {}}, {"question": {}}, {"pack": "nobody"}):
            assert under_its_own(shelf, _as_before(session, logged.attempt_id, **gone)).decision is None


# --- the commands -----------------------------------------------------------------------------------------------------


def run(app: Flask, *words: str) -> tuple[int, list[dict[str, Any]]]:
    result = CliRunner().invoke(main, ["conduct", *words], obj=app)
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]


def test_the_command_replays_everything_and_says_what_differs(
    app: Flask, desk: Desk, person: Person, officers: Officers, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked(desk, person)
    assert run(app, "replay") == (0, [{"equal": 7, "differ": 0, "not_kept": 0}])
    assert run(app, "replay", "--since", "2005-07-02") == (0, [{"equal": 0, "differ": 0, "not_kept": 0}])
    _forge(desk)
    code, told = run(app, "replay")
    assert code == 1
    assert told[0]["differs"] == ["verdict", "rules", "next_allowed"] or "verdict" in told[0]["differs"]
    assert told[-1] == {"equal": 7, "differ": 1, "not_kept": 0}


def _forge(desk: Desk) -> None:
    """An entry that claims to have been allowed, with facts that say otherwise."""
    with transaction(observer()) as work:
        last = work.session.scalars(sa.select(ContactAttempt).order_by(ContactAttempt.id.desc()).limit(1)).one()
        values = {column.name: getattr(last, column.name) for column in ContactAttempt.__table__.columns}
        forged = {**last.decision, "rules": [], "next_allowed": None}
        values |= {"id": None, "attempt_ref": "forged", "verdict": "allow", "decision": forged}
        work.session.add(ContactAttempt(**values))


def test_another_version_is_tried_before_it_is_published(
    app: Flask, desk: Desk, person: Person, officers: Officers
) -> None:
    worked(desk, person)
    officers.put_up(own_text(most=1))
    code, told = run(app, "replay", "--pack", "own-cn", "--version", "1")
    assert code == 0
    assert told[-1]["asked"] == 7 and told[-1]["changes"] == {"allow -> block": 2}
    assert {one["now"] for one in told[:-1]} == {"block"}
    code, told = run(app, "replay", "--pack", "cn-card", "--version", "2026.11.2")
    assert (code, told) == (0, [{"asked": 7, "changed": 0, "not_kept": 0, "changes": {}}])


def test_the_command_refuses_a_version_that_is_not_there_and_half_a_question(app: Flask, officers: Officers) -> None:
    assert run(app, "replay", "--pack", "own-cn", "--version", "9")[0] == 3
    assert run(app, "replay", "--pack", "own-cn")[0] == 2


def test_the_audit_sums_up_breaches_by_month_organisation_and_rule(
    app: Flask, desk: Desk, person: Person, officers: Officers
) -> None:
    worked(desk, person)
    code, told = run(app, "audit", "--from", "2005-07-01", "--to", "2005-07-31")
    found = {(one["organisation"], one["rule"]): one["breaches"] for one in told}
    assert code == 0 and all(one["month"] == "2005-07" and not one["presumptions"] for one in told)
    assert found == {
        (desk.agency.code, "cn.effective_calls"): 2, (desk.agency.code, "cn.hours"): 2,
        (desk.agency.code, "cn.unrelated_third_party"): 1,
    }  # fmt: skip
    assert run(app, "audit", "--from", "2005-08-01", "--to", "2005-08-31") == (0, [])


# --- findings as rows -------------------------------------------------------------------------------------------------


def test_each_finding_is_a_row_and_counted_and_a_correction_takes_it_off(
    desk: Desk, person: Person, db_session: Session
) -> None:
    at_time(NOON.replace(hour=23))
    wrong = log_attempt(desk.actor, desk.account_id, call(person.mobile, already_happened=True))
    row = db_session.scalars(sa.select(ConductFinding)).one()
    assert (row.attempt_id, row.rule, row.verdict, row.code, row.pack) == (
        wrong.attempt_id, "cn.hours", "block", "HOURS", "cn-card",
    )  # fmt: skip
    assert (row.day, row.at, row.organisation_id) == (TODAY, NOON.replace(hour=23), desk.agency.id)
    count = sa.select(ConductDayCount.count)
    assert db_session.scalars(count).one() == 1

    log_attempt(
        desk.actor,
        desk.account_id,
        call(person.mobile, corrects_id=wrong.attempt_id, at=NOON.replace(hour=21, minute=59)),
    )
    assert db_session.scalars(count).one() == 0
    assert len(db_session.scalars(sa.select(ConductFinding)).all()) == 1  # evidence stays


def test_what_is_allowed_leaves_no_finding(desk: Desk, person: Person, db_session: Session) -> None:
    log_attempt(desk.actor, desk.account_id, call(person.mobile))
    assert not db_session.scalars(sa.select(ConductFinding)).all()


def test_an_agency_sees_its_own_findings_alone(desk: Desk, person: Person) -> None:
    at_time(NOON.replace(hour=23))
    other = make_desk(person)
    for one in (desk, other):
        log_attempt(one.actor, one.account_id, call(person.mobile, already_happened=True))
    with reading(other.actor) as session:
        assert {row.organisation_id for row in session.scalars(sa.select(ConductFinding))} == {other.agency.id}
        assert {row.organisation_id for row in session.scalars(sa.select(ConductDayCount))} == {other.agency.id}
        assert session.scalars(sa.select(Account.id)).all() == [other.account_id]
