"""Packs under US law: each letter is opened, read for a while and approved by itself; then the numbers are drawn."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.jobs import run_pending
from portal.foundation.work import reading
from portal.identity.models import LetterLaw
from portal.legal import flags, one_by_one
from portal.legal.approving import approve_pack
from portal.legal.building import build_pack
from portal.legal.models import Letter, LetterApproval, LetterEvent, LetterState, PackState
from portal.legal.one_by_one import approve_letter, complete_pack
from portal.legal.operations import open_letter, refuse_letter
from portal.legal.reading import pdf_of
from portal.legal.taking import record_download
from portal.legal.wording import wording
from portal.portfolio.models import Account, HoldFlag
from tests.identity.factories import actor_of, make_user, observer
from tests.legal.factories import (
    a_firm,
    a_us_firm,
    built_pack,
    end_licences,
    letter_batch,
    letters_of,
    open_sample,
    text_of,
    the_pack,
    us_pack,
)
from tests.portfolio.factories import make_accounts, make_hold

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from portal.foundation.access import Actor
    from tests.support.pages import PageClient

pytestmark = pytest.mark.settings(today=date(2005, 7, 1))
START = datetime(2005, 7, 1, 2, tzinfo=UTC)


@pytest.fixture
def read(set_clock: Callable[[datetime], None]) -> Callable[[Actor, Letter], None]:
    """Opens a letter and lets half a minute pass."""
    clock = [START]
    set_clock(START)

    def open_and_wait(actor: Actor, letter: Letter) -> None:
        open_letter(actor, letter.pack_id, letter.id)
        clock[0] += timedelta(seconds=30)
        set_clock(clock[0])

    return open_and_wait


def test_a_us_letter_states_the_debt_from_a_date_that_the_regulation_knows(app: Flask) -> None:
    firm = a_us_firm()
    pack = the_pack(us_pack(app, firm, accounts=1))
    letter = letters_of(pack.id)[0]

    opened = open_letter(firm.actor, pack.id, letter.id)

    assert (pack.template, pack.jurisdiction, letter.flags) == ("demand-letter-us", "us", [])
    assert opened.data is not None
    assert (opened.data["itemization_event"], opened.data["amount_then"]) == ("charge-off date", "1000.00")
    assert pack.head["validation_ends"] == "2005-08-21"  # two weeks to send, five days of mail, thirty days
    text = text_of(pdf_of(opened))
    assert "Sample & Counsel LLP" in text
    assert "$1,000.00" in text.replace("USD ", "$")


def test_a_us_letter_without_a_balance_to_start_from_stands_aside(app: Flask) -> None:
    firm = a_us_firm()
    make_accounts(1, currency="USD", days=90)
    pack_id = build_pack(firm.actor, letter_batch(firm, accounts=0, currency="USD"))
    run_pending(app)

    assert [flag["code"] for flag in letters_of(pack_id)[0].flags] == [flags.NO_ITEMIZATION]


def test_no_us_pack_is_approved_as_a_whole_and_no_chinese_one_letter_by_letter(app: Flask) -> None:
    firm, chinese = a_us_firm(), a_firm()
    pack_id, other = us_pack(app, firm), built_pack(app, chinese, accounts=1)
    open_sample(firm.actor, pack_id)
    open_sample(chinese.actor, other)

    with pytest.raises(Refused, match="one by one"):
        approve_pack(firm.actor, pack_id)
    with pytest.raises(Refused, match="as a whole"):
        approve_letter(chinese.actor, other, letters_of(other)[0].id)
    with pytest.raises(Refused, match="as a whole"):
        complete_pack(chinese.actor, other)


def test_numbers_are_drawn_when_every_letter_is_approved_or_left_out(
    app: Flask, read: Callable[[Actor, Letter], None]
) -> None:
    firm = a_us_firm()
    pack_id = us_pack(app, firm)
    first, second, third = letters_of(pack_id)
    assert the_pack(pack_id).must_open == 3
    for letter in (first, third):
        read(firm.actor, letter)
        approve_letter(firm.actor, pack_id, letter.id)
        assert letters_of(pack_id)[letter.position - 1].number is None
    with pytest.raises(Refused, match="neither approved nor left out: 1"):
        complete_pack(firm.actor, pack_id)

    refuse_letter(firm.actor, pack_id, second.id, "disputed by telephone")
    numbers = complete_pack(firm.actor, pack_id)

    assert (numbers.first, numbers.last) == ("SC-2005-000001", "SC-2005-000002")
    assert [letter.number for letter in letters_of(pack_id)] == [1, None, 2]
    assert the_pack(pack_id).lawyer_licence_no == firm.lawyer.lawyer_licence_no
    run_pending(app)
    assert the_pack(pack_id).state is PackState.READY
    with reading(observer()) as session:
        approvals = session.scalars(sa.select(LetterApproval).order_by(LetterApproval.id)).all()
        assert [(a.letter_id, a.seconds, a.content_sha256) for a in approvals] == [
            (first.id, 30, first.content_sha256), (third.id, 30, third.content_sha256),
        ]  # fmt: skip
        assert {a.licence_no for a in approvals} == {firm.lawyer.lawyer_licence_no}


def test_a_letter_is_approved_by_who_had_it_open_and_for_long_enough(
    app: Flask, set_clock: Callable[[datetime], None]
) -> None:
    firm = a_us_firm()
    pack_id = us_pack(app, firm, accounts=1)
    letter = letters_of(pack_id)[0]
    colleague = actor_of(make_user(organisation=firm.organisation))
    set_clock(START)
    open_letter(colleague, pack_id, letter.id)

    with pytest.raises(Refused, match="Open this letter"):
        approve_letter(firm.actor, pack_id, letter.id)
    open_letter(firm.actor, pack_id, letter.id)
    set_clock(START + timedelta(seconds=wording().each_least_seconds - 1))
    with pytest.raises(Refused, match="15 seconds at least") as refused:
        approve_letter(firm.actor, pack_id, letter.id)
    assert refused.value.code == one_by_one.TOO_SOON
    open_letter(firm.actor, pack_id, letter.id)  # what was read before counts
    set_clock(START + timedelta(seconds=wording().each_least_seconds))
    approve_letter(firm.actor, pack_id, letter.id)
    with pytest.raises(Refused, match="approved or left out already"):
        approve_letter(firm.actor, pack_id, letter.id)


def test_nobody_approves_more_letters_within_an_hour_than_can_be_read(
    app: Flask, read: Callable[[Actor, Letter], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    firm = a_us_firm()
    pack_id = us_pack(app, firm)
    monkeypatch.setattr(one_by_one, "wording", lambda: wording()._replace(each_most_an_hour=2))
    letters = letters_of(pack_id)
    for letter in letters[:2]:
        read(firm.actor, letter)
        approve_letter(firm.actor, pack_id, letter.id)

    read(firm.actor, letters[2])
    with pytest.raises(Refused, match="within an hour"):
        approve_letter(firm.actor, pack_id, letters[2].id)


def test_an_approved_letter_that_came_on_hold_gets_no_number(app: Flask, read: Callable[[Actor, Letter], None]) -> None:
    firm = a_us_firm()
    pack_id = us_pack(app, firm, accounts=2)
    for letter in letters_of(pack_id):
        read(firm.actor, letter)
        approve_letter(firm.actor, pack_id, letter.id)
    held = letters_of(pack_id)[0]
    with reading(observer()) as session:
        account = session.scalars(sa.select(Account).where(Account.id == held.account_id)).one()
        session.expunge(account)
    make_hold(account, HoldFlag.DISPUTE)

    complete_pack(firm.actor, pack_id)

    assert [letter.number for letter in letters_of(pack_id)] == [None, 1]
    with reading(observer()) as session:
        events = session.scalars(
            sa.select(LetterEvent).where(LetterEvent.letter_id == held.id).order_by(LetterEvent.id)
        )
        assert [event.state for event in events] == [LetterState.APPROVED, LetterState.REFUSED]


def test_a_letter_on_hold_one_aside_and_one_of_another_firm_are_not_approved(
    app: Flask, read: Callable[[Actor, Letter], None]
) -> None:
    firm = a_us_firm()
    pack_id = us_pack(app, firm, accounts=1)
    letter = letters_of(pack_id)[0]
    read(firm.actor, letter)
    stranger = a_firm("NY", "USD", letter_law=LetterLaw.STATES)

    with pytest.raises(NotFound):
        approve_letter(stranger.actor, pack_id, letter.id)
    with reading(observer()) as session:
        account = session.scalars(sa.select(Account).where(Account.id == letter.account_id)).one()
        session.expunge(account)
    make_hold(account, HoldFlag.DISPUTE)
    with pytest.raises(Refused, match="hold stands"):
        approve_letter(firm.actor, pack_id, letter.id)
    end_licences(firm.organisation.id, date(2005, 6, 30))
    with pytest.raises(DomainError, match="licence"):
        approve_letter(firm.actor, pack_id, letter.id)


def test_us_letters_are_not_taken_away_when_their_validation_period_would_be_too_short(
    app: Flask, read: Callable[[Actor, Letter], None], set_clock: Callable[[datetime], None]
) -> None:
    firm = a_us_firm()
    pack_id = us_pack(app, firm, accounts=1)
    read(firm.actor, letters_of(pack_id)[0])
    approve_letter(firm.actor, pack_id, letters_of(pack_id)[0].id)
    complete_pack(firm.actor, pack_id)
    run_pending(app)

    set_clock(datetime(2005, 7, 15, 2, tzinfo=UTC))
    record_download(firm.actor, pack_id, "print.pdf")
    set_clock(datetime(2005, 7, 16, 2, tzinfo=UTC))
    with pytest.raises(Refused, match="validation period"):
        record_download(firm.actor, pack_id, "print.pdf")


@pytest.mark.databases("sqlite")
def test_the_pages_lead_from_letter_to_letter_and_to_the_numbers(
    app: Flask, client_for: Callable[..., PageClient], set_clock: Callable[[datetime], None]
) -> None:
    firm = a_us_firm()
    pack_id = us_pack(app, firm, accounts=2)
    pages = client_for(firm.lawyer)
    first, second = letters_of(pack_id)
    set_clock(START)

    pack = pages.get(f"/packs/{pack_id}")
    assert "neither approved nor left out: 2" in pack
    assert not [form for form in pack.forms if (form.get("action") or "").endswith(("/approve", "/complete"))]
    letter = pages.get(pack.links["Read the next letter"])
    letter = letter.submit(f"{letter.path}/approve", to=letter.path)
    assert "15 seconds at least" in letter
    set_clock(START + timedelta(seconds=20))
    letter = letter.submit(f"/packs/{pack_id}/letters/{first.id}/approve", to=f"/packs/{pack_id}/letters/{second.id}")
    set_clock(START + timedelta(seconds=50))
    pack = letter.submit(f"{letter.path}/approve", to=f"/packs/{pack_id}")
    pack = pack.submit(f"/packs/{pack_id}/complete", to=f"/packs/{pack_id}")
    assert "SC-2005-000001 to SC-2005-000002" in pack
    assert "approved this letter under licence" in pages.get(f"/packs/{pack_id}/letters/{first.id}")
    assert json.dumps(the_pack(pack_id).criteria)
