"""What the days bring by themselves: deadlines, terms, last days, payments; once, however many ask and whoever dies."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from portal.cli import main
from portal.foundation.audit import AuditEvent
from portal.foundation.daily import ask_for_due, portal_itself
from portal.foundation.jobs import Job, run_pending
from portal.foundation.jobs.sessions import system_session
from portal.foundation.work import reading
from portal.placement import recall_days
from portal.placement.codes import ClosureCode, ObjectionReason, RecallReason
from portal.placement.models import EndReason
from portal.placement.objections import answer_objections, answer_retention, ask_retention, object_to_recall
from portal.placement.recall_days import end_finals, recall_at_term
from portal.placement.recall_models import (
    MoveCause,
    Objection,
    Recall,
    RecallLine,
    RecallMove,
    RecallOrigin,
    RecallState,
)
from portal.placement.returns import return_placements
from tests.identity.factories import make_agency, observer
from tests.placement.factories import answerer, make_desk, on, placed, placements, recall_terms, recalled
from tests.placement.test_at_once import together
from tests.portfolio.bringing import bring_payments
from tests.portfolio.factories import make_accounts
from tests.recovery.factories import payments_file
from tests.recovery.test_payments import paid
from tests.vendors.factories import make_contract

if TYPE_CHECKING:
    from flask import Flask

    from portal.foundation.access import Actor
    from portal.identity.models import Organisation

pytestmark = pytest.mark.settings(today=date(2005, 7, 1))
TERM = date(2005, 7, 30)  # the thirtieth day of a placement of 30 days from 1 July


def agency(code: str = "HT", **terms: int) -> Organisation:
    organisation = make_agency(code)
    make_contract(organisation)
    recall_terms(organisation, **({"term_days": 30} | terms))
    return organisation


def portal() -> Actor:
    found = portal_itself()
    assert found is not None
    return found


def rows(model: type, *conditions: object) -> list:  # type: ignore[type-arg]
    with reading(observer()) as session:
        found = list(session.scalars(sa.select(model).where(*conditions).order_by(model.id)))  # type: ignore[attr-defined,arg-type]
        session.expunge_all()
        return found


def day(app: Flask, at: date) -> list[str]:
    """Live that day: what is due is asked for and done; the kinds of the jobs."""
    on(app, at)
    asked = ask_for_due()
    run_pending(app)
    with system_session(writes=False) as session:
        return sorted(session.scalars(sa.select(Job.kind).where(Job.id.in_(asked))))


# --- the way through a term ---------------------------------------------------------------------------------------------


def test_on_the_day_of_the_term_the_recall_is_pending_and_after_the_notice_it_is_final(app: Flask) -> None:
    receiver = agency(recall_notice_days=10)
    make_accounts(3)
    batch_id = placed(make_desk(), receiver)

    assert day(app, TERM - timedelta(days=1)) == []
    assert day(app, TERM) == ["placement.terms"]

    (recall,) = rows(Recall)
    assert (recall.origin, recall.state, recall.account_count) == (RecallOrigin.TERM, RecallState.PENDING, 3)
    assert (recall.asked_by, recall.reason, recall.organisation_id) == (None, RecallReason.TERM, receiver.id)
    last = date(2005, 8, 9)
    assert {p.final_recall_on for p in placements(batch_id)} == {line.final_on for line in rows(RecallLine)} == {last}

    assert day(app, last) == []  # the last day counts whole
    assert {p.ended_at for p in placements(batch_id)} == {None}
    assert day(app, last + timedelta(days=1)) == ["placement.finals"]

    assert {(p.ended_on, p.end_reason) for p in placements(batch_id)} == {(last, EndReason.TERM_EXPIRED)}
    assert rows(Recall)[0].state is RecallState.DONE
    assert day(app, last + timedelta(days=2)) == []


def test_without_notice_placements_end_on_the_day_of_their_term(app: Flask) -> None:
    make_accounts(2)
    batch_id = placed(make_desk(), agency())

    assert day(app, TERM) == ["placement.terms"]
    assert day(app, TERM + timedelta(days=1)) == ["placement.finals"]

    assert {p.ended_on for p in placements(batch_id)} == {TERM}


def test_the_last_day_is_the_announced_one_however_late_the_work_is_done(app: Flask) -> None:
    make_accounts(1)
    batch_id = placed(make_desk(), agency(recall_notice_days=5))

    day(app, TERM + timedelta(days=3))  # nobody worked over the weekend: the notice is whole all the same
    assert placements(batch_id)[0].final_recall_on == TERM + timedelta(days=8)
    day(app, TERM + timedelta(days=20))

    assert placements(batch_id)[0].ended_on == TERM + timedelta(days=8)


def test_a_batch_without_an_answer_comes_back_by_itself(app: Flask) -> None:
    make_accounts(2)
    batch_id = placed(make_desk(), agency(), accepted=False)

    assert day(app, date(2005, 7, 2)) == []
    assert day(app, date(2005, 7, 4)) == ["placement.expire"]

    assert {p.end_reason for p in placements(batch_id)} == {EndReason.NOT_ANSWERED}


def test_the_audit_trail_names_the_portal_itself(app: Flask) -> None:
    make_accounts(1)
    placed(make_desk(), agency())
    day(app, TERM)

    (event,) = rows(AuditEvent, AuditEvent.action == "recall.pending")
    assert (event.actor_user_id, event.actor_name, event.origin) == (None, "portal", "job")
    assert event.organisation_id == portal().organisation_id is not None


def test_a_recall_that_was_only_asked_for_does_not_keep_the_term_from_coming(app: Flask) -> None:
    from portal.placement.recalls import Wish, ask_batch_recall, carry_out

    desk = make_desk()
    make_accounts(1)
    batch_id = placed(desk, agency(recall_notice_days=10))
    recall_id = ask_batch_recall(desk.maker, batch_id, Wish(RecallReason.CLIENT))

    day(app, TERM)
    assert placements(batch_id)[0].final_recall_on == TERM + timedelta(days=10)
    carry_out(desk.checker, recall_id)

    assert placements(batch_id)[0].end_reason is EndReason.RECALLED
    assert {recall.state for recall in rows(Recall)} == {RecallState.DONE}


# --- what moves it ------------------------------------------------------------------------------------------------------


def test_a_live_objection_holds_the_final_recall_until_it_is_answered(app: Flask) -> None:
    desk, receiver = make_desk(), agency(recall_notice_days=10)
    make_accounts(2)
    batch_id = placed(desk, receiver)
    day(app, TERM)
    held, _ = rows(RecallLine)
    object_to_recall(answerer(receiver), [held.id], ObjectionReason.PAYMENT, 20)

    day(app, date(2005, 8, 12))  # three days behind the last one
    assert [p.ended_on for p in placements(batch_id)] == [None, date(2005, 8, 9)]
    answer_objections(desk.checker, [rows(Objection)[0].id], None, "nothing came")

    assert placements(batch_id)[0].final_recall_on == date(2005, 8, 12)
    day(app, date(2005, 8, 13))
    assert placements(batch_id)[0].ended_on == date(2005, 8, 12)


def test_a_payment_moves_both_dates_once_where_the_contract_says_so(app: Flask) -> None:
    receiver = agency(payment_extends_days=7, recall_notice_days=10)
    account, other = make_accounts(2)
    batch_id = placed(make_desk(), receiver)
    on(app, date(2005, 7, 20))

    content = payments_file(account, paid("P-1", day="2005-07-20"))
    bring_payments(content)
    bring_payments(content)  # the same file once more
    bring_payments(payments_file(account, paid("P-1", day="2005-07-20"), paid("P-2", day="2005-07-20")))

    moved, unmoved = placements(batch_id)
    assert (moved.account_id, moved.term_ends_on) == (account.id, TERM + timedelta(days=14))
    assert unmoved.term_ends_on == TERM
    assert [(m.cause, m.reference, m.term_after) for m in rows(RecallMove)] == [
        (MoveCause.PAYMENT, "P-1", TERM + timedelta(days=7)),
        (MoveCause.PAYMENT, "P-2", TERM + timedelta(days=14)),
    ]
    day(app, date(2005, 8, 13))
    assert {p.final_recall_on for p in placements(batch_id)} == {date(2005, 8, 23)}
    bring_payments(payments_file(other, paid("P-3", day="2005-08-13")))
    assert [p.final_recall_on for p in placements(batch_id)] == [date(2005, 8, 23), date(2005, 8, 30)]
    assert sorted(line.final_on for line in rows(RecallLine)) == [date(2005, 8, 23), date(2005, 8, 30)]


def test_a_payment_moves_nothing_without_that_term_nor_what_the_bank_takes_back(app: Flask) -> None:
    desk = make_desk()
    (account,) = make_accounts(1)
    first = placed(desk, agency("HT"))
    bring_payments(payments_file(account, paid("P-1", day="2005-07-01")))
    assert rows(RecallMove) == []

    recalled(desk, first)
    on(app, date(2005, 7, 2))
    second = placed(desk, agency("ZX", payment_extends_days=7))
    recalled(desk, second, final_on=date(2005, 7, 20))
    on(app, date(2005, 7, 12))
    bring_payments(payments_file(account, paid("P-2", day="2005-07-12")))

    assert rows(RecallMove) == []
    assert placements(second)[0].final_recall_on == date(2005, 7, 20)


def test_retention_is_asked_for_by_one_and_approved_by_another(app: Flask) -> None:
    from portal.foundation.errors import DomainError, Refused

    desk, receiver = make_desk(), agency()
    make_accounts(2)
    batch_id = placed(desk, receiver)
    (wish,) = ask_retention(desk.maker, 20, "plans run until then", batch_id=batch_id)

    with pytest.raises(Refused) as own:
        answer_retention(desk.maker, wish, True)
    assert own.value.code == "retention.own"
    with pytest.raises(Refused):
        ask_retention(answerer(receiver), 5, "again", batch_id=batch_id)
    answer_retention(desk.checker, wish, True)

    assert {p.term_ends_on for p in placements(batch_id)} == {TERM + timedelta(days=20)}
    assert {m.cause for m in rows(RecallMove)} == {MoveCause.RETENTION}
    (second,) = ask_retention(answerer(receiver), 5, "more", placement_ids=[placements(batch_id)[0].id])
    with pytest.raises(DomainError):
        answer_retention(desk.maker, second, False, "")
    answer_retention(desk.maker, second, False, "enough")
    assert {p.term_ends_on for p in placements(batch_id)} == {TERM + timedelta(days=20)}


# --- once, however many ask ---------------------------------------------------------------------------------------------


def test_what_is_due_is_asked_for_once_however_many_workers_look(app: Flask) -> None:
    make_accounts(3)
    placed(make_desk(), agency())
    on(app, TERM)

    answers = together(app, *[ask_for_due] * 4)

    assert len({tuple(answer) for answer in answers if isinstance(answer, list)}) == 1
    run_pending(app)
    assert len(rows(Recall)) == 1


def test_two_who_do_the_day_at_once_do_it_once(app: Flask) -> None:
    make_accounts(6)
    batch_id = placed(make_desk(), agency())
    on(app, TERM)
    actor = portal()
    assert sorted(n for n in together(app, *[lambda: recall_at_term(actor)] * 3)) == [0, 0, 6]  # type: ignore[type-var]
    on(app, TERM + timedelta(days=1))
    assert sorted(n for n in together(app, *[lambda: end_finals(actor)] * 3)) == [0, 0, 6]  # type: ignore[type-var]
    assert {p.ended_on for p in placements(batch_id)} == {TERM}


def test_a_job_that_dies_half_way_leaves_nothing_and_is_done_by_the_next(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_accounts(4)
    batch_id = placed(make_desk(), agency(recall_notice_days=3))
    on(app, TERM)
    with monkeypatch.context() as dying:

        def die(*_args: object, **_fields: object) -> None:
            raise KeyboardInterrupt

        dying.setattr(recall_days, "set_final_days", die)  # the lines are written, their days are not
        with pytest.raises(KeyboardInterrupt):
            recall_at_term(portal())
    assert rows(Recall) == rows(RecallLine) == []

    assert recall_at_term(portal()) == 4
    assert recall_at_term(portal()) == 0
    assert {p.final_recall_on for p in placements(batch_id)} == {TERM + timedelta(days=3)}


def test_a_return_and_the_final_recall_at_one_moment_end_each_account_once(app: Flask) -> None:
    receiver = agency()
    make_accounts(10)
    batch_id = placed(make_desk(), receiver)
    day(app, TERM)
    on(app, TERM + timedelta(days=1))
    leader, actor = answerer(receiver), portal()
    mine = [p.id for p in placements(batch_id)[:5]]

    together(app, lambda: return_placements(leader, mine, ClosureCode.EXHAUSTED), lambda: end_finals(actor))

    reasons = [p.end_reason for p in placements(batch_id)]
    assert reasons[5:] == [EndReason.TERM_EXPIRED] * 5
    assert reasons[:5] in ([EndReason.RETURNED] * 5, [EndReason.TERM_EXPIRED] * 5)


def test_a_payment_that_is_posted_while_the_final_recall_runs_either_moves_the_date_or_comes_too_late(
    app: Flask,
) -> None:
    (account,) = make_accounts(1)
    batch_id = placed(make_desk(), agency(payment_extends_days=10))
    day(app, TERM)
    on(app, TERM + timedelta(days=1))
    actor = portal()
    content = payments_file(account, paid("P-1", day=TERM.isoformat()))

    together(app, lambda: bring_payments(content), lambda: end_finals(actor))

    (placement,) = placements(batch_id)
    moved = bool(rows(RecallMove))
    assert placement.ended_on == (None if moved else TERM)
    assert placement.final_recall_on == (TERM + timedelta(days=10) if moved else TERM)


# --- by hand ------------------------------------------------------------------------------------------------------------


def test_the_command_does_the_day_and_finds_nothing_the_second_time(app: Flask) -> None:
    make_accounts(2)
    batch_id = placed(make_desk(), agency())

    def daily(at: str) -> dict[str, object]:
        result = CliRunner().invoke(main, ["daily", "--date", at], obj=app)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout.strip().splitlines()[-1])  # type: ignore[no-any-return]

    first = daily(TERM.isoformat())
    assert first["date"] == TERM.isoformat()
    assert [(piece["kind"], piece["state"]) for piece in first["done"]] == [("placement.terms", "done")]  # type: ignore[attr-defined]
    assert daily(TERM.isoformat())["done"] == []
    daily((TERM + timedelta(days=1)).isoformat())
    assert {p.ended_on for p in placements(batch_id)} == {TERM}
