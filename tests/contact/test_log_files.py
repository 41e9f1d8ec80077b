"""The dialler's log by file: judged as of the time of each attempt, once, and nobody else's."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.contact.models import AttemptDay, ContactAttempt, Promise, PromiseState, WorkItem
from portal.contact.operations import log_attempt
from portal.foundation.access import Role
from portal.foundation.errors import DomainError, NotFound
from portal.foundation.work import reading, transaction
from portal.placement.models import EndReason, Placement
from portal.portfolio.importing import ImportRefused
from portal.portfolio.models import ContactPoint, ContactSource, ContactStatus, Hold, HoldFlag, ImportRun
from tests.contact.factories import NOON, Desk, Person, at_time, call, make_account, make_desk, make_person, place
from tests.contact.logs import a_log, bring, changes, kept, number_of, ref_of, rejected
from tests.identity.factories import actor_of, make_agency, make_user, observer

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from tests.support.pages import PageClient

    Client = Callable[..., PageClient]

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def person(app: Flask) -> Person:
    at_time(NOON.replace(hour=20))
    return make_person()


@pytest.fixture
def desk(person: Person) -> Desk:
    return make_desk(person)


def row(
    desk: Desk,
    ref: str,
    clock: str,
    number: str = "",
    outcome: str = "no_answer",
    party: str = "",
    day: str = "2005-07-01",
) -> str:
    return f"{ref},{ref_of(desk.account_id)},{day} {clock},call,{number},{party},{outcome}"


# --- what a log does ---------------------------------------------------------------------------------------------------


def test_a_log_is_kept_as_attempts_with_their_verdicts_and_a_second_time_changes_nothing(
    desk: Desk, person: Person
) -> None:
    mobile = number_of(person.mobile)
    content = a_log(row(desk, "D1", "09:00", mobile), row(desk, "D2", "10:00:30", mobile, "refuses"))

    summary = bring(desk.actor, content)

    assert (summary["status"], summary["rows"], summary["created"], summary["total"]) == ("applied", 2, 2, "0.00")
    first, second = kept()
    assert (first.attempt_ref, first.contact_point_id, first.verdict, first.counts_as) == (
        "D1",
        person.mobile,
        "allow",
        "unanswered",
    )
    assert (second.outcome, second.party, second.logged_by) == ("refuses", "self", desk.actor.user_id)
    assert second.decision["facts"]["counts"] == [["unanswered", 0, 1], ["unanswered", person.mobile, 1]]
    again = bring(desk.actor, content)
    assert (again["status"], again["unchanged"]) == ("already_imported", 2)
    more = bring(desk.actor, content + row(desk, "D3", "11:00", mobile).encode())
    assert (more["created"], more["unchanged"]) == (1, 2)
    assert len(kept()) == 3


def test_rows_are_judged_in_the_order_of_their_time_however_they_stand_in_the_file(desk: Desk, person: Person) -> None:
    mobile = number_of(person.mobile)
    clocks = ["13:00", "12:00", "11:00", "10:00"]
    bring(desk.actor, a_log(*(row(desk, f"D{n}", clock, mobile, "refuses") for n, clock in enumerate(clocks))))

    assert [attempt.verdict for attempt in kept()] == ["allow", "allow", "allow", "block"]
    assert kept()[-1].attempt_ref == "D0"
    assert changes() == {"breach": 1}


def test_a_breach_is_kept_and_a_call_before_it_that_comes_later_is_judged_without_what_followed(
    desk: Desk, person: Person
) -> None:
    for hours in (3, 2, 1):
        entry = call(person.mobile, "refuses", at=NOON.replace(hour=20) - timedelta(hours=hours))
        log_attempt(desk.actor, desk.account_id, entry)

    bring(
        desk.actor,
        a_log(row(desk, "D1", "16:00", number_of(person.mobile), "refuses"), row(desk, "D2", "19:30", "", "refuses")),
    )

    assert [(a.attempt_ref, a.verdict) for a in kept() if a.attempt_ref.startswith("D")] == [
        ("D1", "allow"),
        ("D2", "block"),
    ]


def test_calls_at_night_are_kept_as_breaches_by_the_minute(desk: Desk, person: Person) -> None:
    mobile = number_of(person.mobile)
    at_time(NOON.replace(hour=23))

    bring(desk.actor, a_log(row(desk, "D1", "21:59:59", mobile), row(desk, "D2", "22:00:00", mobile)))

    assert [attempt.verdict for attempt in kept()] == ["allow", "block"]


def test_a_wish_to_be_left_alone_stands_from_the_moment_it_was_said_and_calls_behind_it_are_breaches(
    desk: Desk, person: Person
) -> None:
    mobile = number_of(person.mobile)

    bring(
        desk.actor,
        a_log(
            row(desk, "D1", "10:00", mobile, "cease_requested"),
            row(desk, "D2", "11:00", mobile),
            row(desk, "D3", "09:00", mobile),
        ),
    )

    assert [(a.attempt_ref, a.verdict) for a in kept()] == [("D3", "allow"), ("D1", "allow"), ("D2", "block")]
    with reading(observer()) as session:
        hold = session.scalars(sa.select(Hold)).one()
    assert (hold.flag, hold.raised_at) == (HoldFlag.DO_NOT_CONTACT, NOON.replace(hour=10))


def test_the_latest_promise_of_a_log_stands_and_the_account_waits_for_its_day(desk: Desk, person: Person) -> None:
    header = "attempt_ref,account_ref,at,channel,contact_point,outcome,promise_amount,promise_on"
    ref, mobile = ref_of(desk.account_id), number_of(person.mobile)

    bring(desk.actor, a_log(
        f"D2,{ref},2005-07-01 15:00,电话,{mobile},承诺还款,2000.00,2005-07-09",
        f"D1,{ref},2005-07-01 10:00,call,{mobile},promise,\"1,000.00\",2005-07-05",
        header=header,
    ))  # fmt: skip

    with reading(observer()) as session:
        promises = session.scalars(sa.select(Promise).order_by(Promise.created_at)).all()
        item = session.scalars(sa.select(WorkItem)).one()
    assert [(p.amount_minor, p.state) for p in promises] == [
        (100_000, PromiseState.REPLACED),
        (200_000, PromiseState.OPEN),
    ]
    assert (item.next_kind, str(item.next_on), item.attempts) == ("promise", "2005-07-09", 2)


def test_a_correction_takes_the_place_of_its_entry_also_within_one_file(desk: Desk, person: Person) -> None:
    header = "attempt_ref,account_ref,at,channel,contact_point,outcome,corrects"
    ref, mobile = ref_of(desk.account_id), number_of(person.mobile)
    rows = [f"D{n},{ref},2005-07-01 1{n}:00,call,{mobile},refuses," for n in range(3)]

    bring(desk.actor, a_log(*rows, f"D9,{ref},2005-07-01 11:00,call,{mobile},no_answer,D1", header=header))
    bring(desk.actor, a_log(f"E1,{ref},2005-07-01 14:00,call,{mobile},refuses,", header=header))

    by_ref = {attempt.attempt_ref: attempt for attempt in kept()}
    assert by_ref["D9"].corrects_id == by_ref["D1"].id
    assert by_ref["E1"].verdict == "allow"  # two conversations stand before it, not three
    with pytest.raises(ImportRefused):
        bring(desk.actor, a_log(f"E2,{ref},2005-07-01 15:00,call,{mobile},refuses,D1", header=header))
    assert rejected() == {2: [("corrects", "conflict")]}


def test_debts_of_the_same_person_may_be_named_and_others_not(desk: Desk, person: Person) -> None:
    second = make_account(person)
    place(desk.agency, second)
    stranger = make_desk(make_person()).account_id
    header = "attempt_ref,account_ref,at,channel,contact_point,outcome,debts_placed_for,debts_discussed"
    ref, other, mobile = ref_of(desk.account_id), ref_of(second), number_of(person.mobile)

    summary = bring(desk.actor, a_log(
        f"D1,{ref},2005-07-01 10:00,call,{mobile},refuses,{ref};{other},{other}",
        f"D2,{ref},2005-07-01 11:00,call,{mobile},refuses,{ref};{ref_of(stranger)},",
        header=header,
    ))  # fmt: skip

    assert summary["errors"] == {"unknown_account": 1}
    (attempt,) = kept()
    assert (attempt.debts_placed_for, attempt.debts_discussed) == ([desk.account_id, second], [second])


# --- numbers that were found -------------------------------------------------------------------------------------------


def test_a_number_that_is_not_on_file_needs_source_and_ground_and_is_then_the_banks_to_see(
    desk: Desk, person: Person
) -> None:
    header = "attempt_ref,account_ref,at,channel,contact_point,party,outcome,found_source,lawful_ground"
    ref = ref_of(desk.account_id)

    summary = bring(desk.actor, a_log(
        f"D1,{ref},2005-07-01 10:00,call,13911112222,本人,拒绝还款,官网公示,公开来源",
        f"D2,{ref},2005-07-01 11:00,call,+8613911112222,self,no_answer,website,public source",
        f"D3,{ref},2005-07-01 12:00,call,13922223333,self,no_answer,,",
        header=header,
    ))  # fmt: skip

    assert summary["errors"] == {"missing": 2}
    assert changes() == {"contact_point": 1}
    with reading(observer()) as session:
        found = session.scalars(sa.select(ContactPoint).where(ContactPoint.source == ContactSource.FOUND)).one()
        assert (found.found_by_id, found.lawful_ground, found.status) == (
            desk.actor.organisation_id,
            "public_source",
            ContactStatus.VALID,
        )
        assert "官网".encode() not in (found.found_source_sealed or b"")
    assert {attempt.contact_point_id for attempt in kept()} == {found.id}


def test_a_number_that_proves_dead_is_marked(desk: Desk, person: Person) -> None:
    bring(desk.actor, a_log(row(desk, "D1", "10:00", number_of(person.mobile), "空号")))

    with reading(observer()) as session:
        assert session.get_one(ContactPoint, person.mobile).status is ContactStatus.INVALID


# --- what is wrong with a row ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "cells", "column", "code"),
    [
        ("", "D1,{ref},,call,{mobile},,no_answer", "at", "missing"),
        ("", "D1,{ref},yesterday,call,{mobile},,no_answer", "at", "unreadable"),
        ("", "D1,{ref},2005-07-01,call,{mobile},,no_answer", "at", "unreadable"),
        ("", "D1,{ref},2005-07-01 20:01,call,{mobile},,no_answer", "at", "future_date"),
        ("", "D1,{ref},2005-06-01 10:00,call,{mobile},,no_answer", "at", "unknown_account"),
        ("", "D1,NOBODY,2005-07-01 10:00,call,{mobile},,no_answer", "account_ref", "unknown_account"),
        ("", "D1,{ref},2005-07-01 10:00,pigeon,{mobile},,no_answer", "channel", "unknown_value"),
        ("", "D1,{ref},2005-07-01 10:00,,{mobile},,no_answer", "channel", "missing"),
        ("", "D1,{ref},2005-07-01 10:00,call,{mobile},,nothing", "outcome", "unknown_value"),
        ("", "D1,{ref},2005-07-01 10:00,call,{mobile},,", "outcome", "missing"),
        ("", "D1,{ref},2005-07-01 10:00,call,{mobile},,delivered", "outcome", "conflict"),
        ("", "D1,{ref},2005-07-01 10:00,call,{mobile},friend,refuses", "party", "conflict"),
        ("", "D1,{ref},2005-07-01 10:00,call,{mobile},cousin,refuses", "party", "unknown_value"),
        ("", "D1,{ref},2005-07-01 10:00,call,12,,no_answer", "contact_point", "unreadable"),
        ("", ",{ref},2005-07-01 10:00,call,{mobile},,no_answer", "attempt_ref", "missing"),
        (",promise_amount,promise_on", "D1,{ref},2005-07-01 10:00,call,{mobile},,promise,,2005-07-05", "promise_amount", "missing"),
        (",promise_amount,promise_on", "D1,{ref},2005-07-01 10:00,call,{mobile},,promise,10,2005-06-05", "promise_on", "conflict"),
        (",promise_amount,promise_on", "D1,{ref},2005-07-01 10:00,call,{mobile},,promise,-1,2005-07-05", "promise_amount", "negative"),
        (",promise_amount,promise_on", "D1,{ref},2005-07-01 10:00,call,{mobile},,promise,99999999,2005-07-05", "promise_amount", "conflict"),
        (",staff", "D1,{ref},2005-07-01 10:00,call,{mobile},,no_answer,ghost", "staff", "unknown_value"),
        (",ended_at", "D1,{ref},2005-07-01 10:00,call,{mobile},,no_answer,2005-07-01 09:00", "ended_at", "conflict"),
        (",corrects", "D1,{ref},2005-07-01 10:00,call,{mobile},,no_answer,D0", "corrects", "unknown_value"),
        (",reason_behind", "D1,{ref},2005-07-01 10:00,call,{mobile},,no_answer,lazy", "reason_behind", "unknown_value"),
        (",note", "D1,{ref},2005-07-01 10:00,call,{mobile},,no_answer,card 6222021234567890128", "note", "card_number"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_so_is_rejected_with_its_place_and_the_rest_is_kept(
    desk: Desk, person: Person, header: str, cells: str, column: str, code: str
) -> None:
    mobile = number_of(person.mobile)
    top = "attempt_ref,account_ref,at,channel,contact_point,party,outcome" + header
    filler = "," * header.count(",")
    bad = cells.format(ref=ref_of(desk.account_id), mobile=mobile)

    summary = bring(desk.actor, a_log(bad, row(desk, "G1", "10:30", mobile) + filler, header=top))

    assert (summary["created"], summary["rejected"]) == (1, 1)
    assert rejected() == {2: [(column, code)]}


def test_a_reference_with_other_content_is_a_conflict_in_the_file_and_beyond_it(desk: Desk, person: Person) -> None:
    mobile = number_of(person.mobile)
    bring(desk.actor, a_log(row(desk, "D1", "10:00", mobile)))

    summary = bring(desk.actor, a_log(
        row(desk, "D1", "10:00", mobile, "busy"), row(desk, "D2", "11:00", mobile),
        row(desk, "D2", "11:00", mobile), row(desk, "D2", "11:30", mobile),
    ))  # fmt: skip

    assert (summary["created"], summary["unchanged"], summary["errors"]) == (1, 1, {"conflict": 2})


def test_a_call_without_a_number_is_counted_over_all_of_them_and_said_to_be(desk: Desk, person: Person) -> None:
    rows = [row(desk, f"D{n}", f"1{n}:00") for n in range(7)]

    summary = bring(desk.actor, a_log(*rows))

    assert summary["warnings"] == {"missing": 7}
    assert [attempt.verdict for attempt in kept()] == ["allow"] * 6 + ["block"]


# --- whose log it is ---------------------------------------------------------------------------------------------------


def test_an_agency_sends_its_own_log_only_and_the_bank_must_say_whose(desk: Desk, person: Person) -> None:
    other = make_agency()
    other_id, stranger = other.id, actor_of(make_user(Role.AGENCY_LEADER, other))
    content = a_log(row(desk, "D1", "10:00", number_of(person.mobile)))

    with pytest.raises(NotFound):
        bring(desk.actor, content, other_id)
    with pytest.raises(DomainError):
        bring(observer(), content)
    with pytest.raises(ImportRefused):
        bring(stranger, content)
    assert rejected() == {2: [("account_ref", "unknown_account")]}
    assert kept() == []


def test_the_bank_logs_for_an_agency_what_it_did_before_the_account_went_back(desk: Desk, person: Person) -> None:
    with transaction(observer()) as work:
        placement = work.session.get_one(Placement, desk.placement_id)
        placement.ended_at = NOON.replace(hour=15)
        placement.ended_on, placement.end_reason = placement.ended_at.date(), EndReason.RECALLED
    content = a_log(
        row(desk, "D1", "14:00", number_of(person.mobile)), row(desk, "D2", "15:00", number_of(person.mobile))
    )
    with pytest.raises(ImportRefused):
        bring(desk.actor, content)

    summary = bring(observer(), content, desk.actor.organisation_id)

    assert (summary["created"], summary["errors"]) == (1, {"unknown_account": 1})
    (attempt,) = kept()
    assert (attempt.organisation_id, attempt.logged_by) == (desk.actor.organisation_id, None)


def test_what_a_day_came_to_is_kept_by_person_and_a_correction_takes_its_entry_off(desk: Desk, person: Person) -> None:
    header = "attempt_ref,account_ref,at,channel,contact_point,outcome,corrects"
    ref, mobile = ref_of(desk.account_id), number_of(person.mobile)
    bring(desk.actor, a_log(
        f"D1,{ref},2005-07-01 10:00,call,{mobile},refuses,",
        f"D2,{ref},2005-07-01 11:00,call,{mobile},refuses,",
        f"D3,{ref},2005-07-01 11:00,call,{mobile},no_answer,D2",
        header=header,
    ))  # fmt: skip
    log_attempt(desk.actor, desk.account_id, call(person.office, "refuses"))

    with reading(observer()) as session:
        days = [
            (d.user_id, str(d.day), d.logged, d.reached, d.breaches) for d in session.scalars(sa.select(AttemptDay))
        ]
    assert days == [(desk.actor.user_id, "2005-07-01", 3, 2, 0)]


# --- what was against the rules, line by line ---------------------------------------------------------------------------


def test_the_page_of_a_log_tells_each_breach_with_its_line_rule_and_reason(
    desk: Desk, person: Person, client_for: Client
) -> None:
    at_time(NOON.replace(hour=23, minute=30))
    leader = client_for(make_user(Role.AGENCY_LEADER, desk.agency))
    manager = client_for(make_user(Role.VENDOR_MANAGER))
    mobile = number_of(person.mobile)
    bring(
        desk.actor,
        a_log(row(desk, "D1", "22:10", mobile), row(desk, "D2", "09:00", mobile), row(desk, "D3", "23:00", mobile)),
    )
    run_id = last_run()
    d1, d3 = (next(a.id for a in kept() if a.attempt_ref == ref) for ref in ("D1", "D3"))

    bank = manager.get(f"/attempts/imports/{run_id}")
    listed = bank.html[bank.html.index('id="listed"') :]
    assert listed.index("D1<") < listed.index("D3<") and "D2<" not in listed
    assert ref_of(desk.account_id) in listed and "breach" in listed
    assert f"/conduct/attempts/{d1}" in listed and f"/conduct/attempts/{d3}" in listed
    assert lines_of(run_id) == [2, 4]

    own = leader.get(f"/attempts/imports/{run_id}")
    assert f"/queue/{desk.account_id}" in own.html and "/conduct/attempts/" not in own.html
    taken = leader.client.get(f"/attempts/imports/{run_id}?found_export=csv").get_data(as_text=True)
    assert "D1" in taken and "D3" in taken and "D2" not in taken


def test_a_log_without_breaches_lists_none(desk: Desk, person: Person, client_for: Client) -> None:
    bring(desk.actor, a_log(row(desk, "D1", "09:00", number_of(person.mobile))))
    page = client_for(make_user(Role.VENDOR_MANAGER)).get(f"/attempts/imports/{last_run()}")
    assert 'id="listed"' not in page.html


def last_run() -> int:
    with reading(observer()) as session:
        return session.scalars(sa.select(ImportRun.id).order_by(ImportRun.id.desc())).first() or 0


def lines_of(run_id: int) -> list[int | None]:
    """The lines of the log at which something was found, in order."""
    with reading(observer()) as session:
        wanted = sa.select(ContactAttempt.import_line).where(
            ContactAttempt.import_run_id == run_id, ContactAttempt.verdict == "block"
        )
        return list(session.scalars(wanted.order_by(ContactAttempt.import_line)))


def test_a_chinese_file_is_told_of_a_column_that_it_lacks_and_of_outcomes_in_chinese(
    desk: Desk, client_for: Client
) -> None:
    client = client_for(desk.user)
    header = "催记编号,账户编号,时间,方式,结果"
    ref = ref_of(desk.account_id)
    good = f"D1,{ref},2005-07-01 09:00,电话,无人接听"
    bad = f"D2,{ref},2005-07-01 10:00,电话,承诺还款", f"D3,{ref},2005-07-01 10:05,电话,乱写"
    bring(desk.actor, a_log(good, *bad, header=header))
    assert rejected() == {3: [("承诺金额", "missing"), ("承诺日期", "missing")], 4: [("结果", "unknown_value")]}
    page = client.get(f"/attempts/imports/{last_run()}")
    assert "无人接听, 拒接" in page and "no_answer" not in page


def test_an_outcome_that_is_none_is_told_what_may_stand_there_and_the_bank_whose_account_is_missing(
    desk: Desk, client_for: Client
) -> None:
    bring(
        desk.actor,
        a_log(
            row(desk, "D1", "09:00"), row(desk, "D2", "09:05", outcome="foo"), "D3,AC-NONE,2005-07-01 09:10,call,,,busy"
        ),
    )
    page = client_for(make_user(Role.VENDOR_MANAGER)).get(f"/attempts/imports/{last_run()}")
    assert "no_answer, rejected" in page
    assert "The agency has no account with this reference." in page


def test_the_page_to_send_a_log_lists_the_words_that_a_column_takes(desk: Desk, client_for: Client) -> None:
    page = client_for(desk.user).get("/attempts/imports/new")
    assert "no_answer, 无人接听" in page and "sms, 短信" in page
