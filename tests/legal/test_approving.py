"""The approval: whose licence, what was read, and numbers without a gap, also when two approve at once."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from portal.foundation.audit import AuditEvent
from portal.foundation.clock import FrozenClock
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.jobs import run_pending
from portal.foundation.services import services
from portal.foundation.work import reading, transaction
from portal.legal.approving import approve_pack
from portal.legal.building import build_pack
from portal.legal.choosing import Choice
from portal.legal.models import Letter, LetterEvent, LetterState, PackState
from portal.legal.operations import open_letter, refuse_letter
from portal.legal.queries import pack_for, reading_time
from portal.portfolio.models import Account, HoldFlag
from tests.identity.factories import actor_of, make_law_firm, make_user, observer
from tests.legal.factories import a_firm, built_pack, end_licences, letter_batch, letters_of, open_sample, the_pack
from tests.portfolio.factories import make_hold

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

pytestmark = pytest.mark.settings(today=date(2005, 7, 1))


def states(session: Session, pack_id: int) -> dict[int, list[LetterState]]:
    found: dict[int, list[LetterState]] = {}
    wanted = sa.select(LetterEvent).join(Letter, Letter.id == LetterEvent.letter_id).where(Letter.pack_id == pack_id)
    for event in session.scalars(wanted.order_by(LetterEvent.id)):
        found.setdefault(event.letter_id, []).append(event.state)
    return found


def test_an_approval_numbers_all_letters_in_the_order_of_the_pack(app: Flask, db_session: Session) -> None:
    firm = a_firm()
    pack_id = built_pack(app, firm, accounts=7)
    open_sample(firm.actor, pack_id)

    numbers = approve_pack(firm.actor, pack_id)

    letters, pack = letters_of(pack_id), the_pack(pack_id)
    assert [letter.number for letter in letters] == [1, 2, 3, 4, 5, 6, 7]
    assert letters[0].letter_no == numbers.first == "(2005)京示律函字第000001号"
    assert {letter.year for letter in letters} == {2005}
    assert (pack.state, pack.decided_by) == (PackState.APPROVED, firm.lawyer.id)
    assert pack.lawyer_licence_no == firm.lawyer.lawyer_licence_no
    assert re.fullmatch("[0-9a-f]{64}", pack.content_sha256 or "")
    assert set(map(tuple, states(db_session, pack_id).values())) == {(LetterState.APPROVED,)}
    event = db_session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "legal.pack_approved")).one()
    assert event.after is not None
    assert event.after["content_sha256"] == pack.content_sha256


def test_codes_cannot_be_guessed_and_are_not_taken_for_another(app: Flask) -> None:
    letters = letters_of(built_pack(app, a_firm(), accounts=5))

    codes = {letter.verify_code for letter in letters}

    assert len(codes) == 5
    assert all(re.fullmatch(r"([2-9A-HJ-NP-Z]{4}-){2}[2-9A-HJ-NP-Z]{4}", code) for code in codes)


def test_the_next_pack_goes_on_where_the_last_one_ended(app: Flask) -> None:
    firm = a_firm()
    for expected in ([1, 2], [3, 4, 5]):
        pack_id = built_pack(app, firm, accounts=len(expected))
        open_sample(firm.actor, pack_id)
        approve_pack(firm.actor, pack_id)
        assert [letter.number for letter in letters_of(pack_id)] == expected


def test_letters_that_stand_aside_or_were_refused_get_no_number_and_leave_no_gap(app: Flask) -> None:
    firm = a_firm()
    pack_id = built_pack(app, firm, accounts=5, but=1)
    open_sample(firm.actor, pack_id)
    refuse_letter(firm.actor, pack_id, letters_of(pack_id)[2].id, "wrong person")

    approve_pack(firm.actor, pack_id)

    assert [letter.number for letter in letters_of(pack_id)] == [None, 1, None, 2, 3]


def test_what_came_on_hold_since_the_freeze_is_left_out(app: Flask, db_session: Session) -> None:
    firm = a_firm()
    pack_id = built_pack(app, firm, accounts=2)
    held = letters_of(pack_id)[0]
    make_hold(db_session.scalars(sa.select(Account).where(Account.id == held.account_id)).one(), HoldFlag.DISPUTE)
    open_sample(firm.actor, pack_id)

    approve_pack(firm.actor, pack_id)

    assert [letter.number for letter in letters_of(pack_id)] == [None, 1]
    event = db_session.scalars(sa.select(LetterEvent).where(LetterEvent.letter_id == held.id)).one()
    assert (event.state, event.reason, event.by_user_id) == (LetterState.REFUSED, "hold.dispute", None)


@pytest.mark.parametrize("licence", [{"lawyer_licence_no": ""}, {"lawyer_licence_until": date(2005, 6, 30)}])
def test_nobody_approves_without_a_licence_of_their_own_that_is_valid_today(
    app: Flask, licence: dict[str, object]
) -> None:
    firm = a_firm()
    pack_id = built_pack(app, firm, accounts=1)
    colleague = actor_of(make_user(organisation=firm.organisation, **licence))
    open_sample(colleague, pack_id)

    with pytest.raises(DomainError, match="licence") as refused:
        approve_pack(colleague, pack_id)

    assert refused.value.status == 403
    assert the_pack(pack_id).state is PackState.REVIEW


def test_a_licence_that_ended_after_the_building_ends_the_right_to_approve(app: Flask) -> None:
    firm = a_firm()
    pack_id = built_pack(app, firm, accounts=1)
    open_sample(firm.actor, pack_id)
    end_licences(firm.organisation.id, date(2005, 6, 30))

    with pytest.raises(DomainError, match="ended on"):
        approve_pack(firm.actor, pack_id)


def test_the_sample_has_to_be_opened_by_the_person_who_approves(app: Flask) -> None:
    firm = a_firm()
    pack_id = built_pack(app, firm, accounts=6)
    colleague = actor_of(make_user(organisation=firm.organisation))
    open_sample(colleague, pack_id)
    sample = [letter for letter in letters_of(pack_id) if letter.in_sample]
    for letter in sample[:-1]:
        open_letter(firm.actor, pack_id, letter.id)

    with pytest.raises(Refused, match="4 of the 5"):
        approve_pack(firm.actor, pack_id)
    open_letter(firm.actor, pack_id, sample[-1].id)
    approve_pack(firm.actor, pack_id)


def test_leaving_letters_of_the_sample_out_does_not_shorten_the_reading(app: Flask) -> None:
    firm = a_firm()
    pack_id = built_pack(app, firm, accounts=8)
    first = next(letter for letter in letters_of(pack_id) if letter.in_sample)
    before = {letter.id for letter in letters_of(pack_id) if letter.in_sample}

    refuse_letter(firm.actor, pack_id, first.id, "地址不全")

    drawn = {letter.id for letter in letters_of(pack_id) if letter.in_sample} - before
    assert len(drawn) == 1
    with pytest.raises(Refused, match="0 of the 5"):
        approve_pack(firm.actor, pack_id)
    for letter_id in drawn | before - {first.id}:
        open_letter(firm.actor, pack_id, letter_id)
    approve_pack(firm.actor, pack_id)


@pytest.mark.parametrize(("days", "waits"), [(7, 4), (30, 5), (3, 0)])
def test_letters_are_approved_while_their_date_is_young_and_time_to_pay_is_left(
    app: Flask, days: int, waits: int
) -> None:
    firm = a_firm()
    pack_id = build_pack(firm.actor, letter_batch(firm, accounts=1), Choice(pay_within_days=days))
    run_pending(app)
    open_sample(firm.actor, pack_id)
    services().clock = FrozenClock(at=datetime(2005, 7, 1, 4, tzinfo=UTC) + timedelta(days=waits + 1))
    with pytest.raises(Refused, match="too little time"):
        approve_pack(firm.actor, pack_id)
    services().clock = FrozenClock(at=datetime(2005, 7, 1, 4, tzinfo=UTC) + timedelta(days=waits))
    approve_pack(firm.actor, pack_id)


def test_what_is_opened_after_the_approval_is_no_time_of_the_review(app: Flask) -> None:
    firm = a_firm()
    pack_id = built_pack(app, firm, accounts=2)
    start = datetime(2005, 7, 1, 4, tzinfo=UTC)
    for minute, letter in enumerate(letters_of(pack_id)):
        services().clock = FrozenClock(at=start + timedelta(minutes=minute))
        open_letter(firm.actor, pack_id, letter.id)
    approve_pack(firm.actor, pack_id)
    services().clock = FrozenClock(at=start + timedelta(minutes=9))
    open_letter(firm.actor, pack_id, letters_of(pack_id)[0].id)

    with reading(firm.actor) as session:
        (read,) = reading_time(session, firm.actor, pack_for(session, firm.actor, pack_id))
    assert (read.letters, read.minutes) == (2, 1)


def test_where_all_letters_stand_aside_it_is_said_that_some_may_go_on(app: Flask, db_session: Session) -> None:
    firm = a_firm()
    batch_id = letter_batch(firm, accounts=1)
    make_hold(db_session.scalars(sa.select(Account)).one(), HoldFlag.DISPUTE)
    pack_id = build_pack(firm.actor, batch_id)
    run_pending(app)
    with pytest.raises(Refused, match="stands aside"):
        approve_pack(firm.actor, pack_id)


def test_a_pack_is_approved_once(app: Flask) -> None:
    firm = a_firm()
    pack_id = built_pack(app, firm, accounts=1)
    open_sample(firm.actor, pack_id)
    approve_pack(firm.actor, pack_id)

    with pytest.raises(Refused):
        approve_pack(firm.actor, pack_id)


def test_another_firms_pack_is_not_there(app: Flask) -> None:
    pack_id = built_pack(app, a_firm(), accounts=1)
    stranger = actor_of(make_user(organisation=make_law_firm()))

    with pytest.raises(NotFound):
        approve_pack(stranger, pack_id)


def test_a_letter_with_a_number_cannot_be_changed_or_removed(app: Flask) -> None:
    firm = a_firm()
    pack_id = built_pack(app, firm, accounts=1)
    open_sample(firm.actor, pack_id)
    approve_pack(firm.actor, pack_id)

    for deed in (sa.update(Letter).values(number=9), sa.delete(Letter)):
        with pytest.raises(DBAPIError, match="append-only"), transaction(observer()) as work:
            work.session.execute(deed.execution_options(synchronize_session=False))


def test_two_approvals_at_once_share_one_row_of_numbers_without_a_gap(app: Flask) -> None:
    """Also the year's first ones, which have to agree on the counter itself."""
    firm = a_firm()
    packs = [built_pack(app, firm, accounts=size) for size in (4, 5, 3)]
    for pack_id in packs:
        open_sample(firm.actor, pack_id)
    start = Barrier(len(packs))

    def approve(pack_id: int) -> None:
        with app.app_context():
            start.wait()
            approve_pack(firm.actor, pack_id)

    with ThreadPoolExecutor(len(packs)) as pool:
        list(pool.map(approve, packs))

    drawn = [[letter.number for letter in letters_of(pack_id)] for pack_id in packs]
    assert sorted(number for numbers in drawn for number in numbers) == list(range(1, 13))
    assert all(numbers == sorted(numbers) for numbers in drawn)
    assert all(numbers[-1] - numbers[0] == len(numbers) - 1 for numbers in drawn)


def test_an_approval_that_fails_in_the_end_draws_no_number(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    firm = a_firm()
    first, second = built_pack(app, firm, accounts=2), built_pack(app, firm, accounts=2)
    for pack_id in (first, second):
        open_sample(firm.actor, pack_id)
    with monkeypatch.context() as broken, pytest.raises(RuntimeError):
        broken.setattr("portal.foundation.work.Work.request_job", _fail)
        approve_pack(firm.actor, first)

    approve_pack(firm.actor, second)

    assert [letter.number for letter in letters_of(first)] == [None, None]
    assert [letter.number for letter in letters_of(second)] == [1, 2]


def _fail(*_: object, **__: object) -> None:
    raise RuntimeError("the power went")


def test_the_time_to_pay_stays_within_reason(app: Flask) -> None:
    firm = a_firm()
    batch_id = letter_batch(firm, accounts=1)

    with pytest.raises(DomainError, match="3 to 90"):
        build_pack(firm.actor, batch_id, Choice(pay_within_days=1))
