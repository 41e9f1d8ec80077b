"""A letter never demands what was paid: a payment that was posted since the day of its balance keeps it back, at every step."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.foundation.errors import DomainError, Refused
from portal.foundation.jobs import run_pending
from portal.foundation.work import reading
from portal.legal.approving import approve_pack
from portal.legal.building import build_pack
from portal.legal.dispatch.operations import dispatch_letter, dispatch_pack
from portal.legal.dispatch.terms import Sent
from portal.legal.models import LetterEvent, LetterState
from portal.legal.releasing import release_letter
from portal.legal.taking import record_download
from portal.portfolio.models import Account
from tests.identity.factories import observer
from tests.legal.factories import Firm, a_firm, built_pack, letter_batch, letters_of, open_sample, the_pack
from tests.portfolio.bringing import bring_payments
from tests.recovery.factories import payments_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from portal.identity.models import User
    from tests.support.pages import PageClient

TODAY = date(2005, 7, 3)  # the balances are of 30 June
pytestmark = [pytest.mark.settings(today=TODAY), pytest.mark.usefixtures("app")]


def account_of(letter_id: int, pack_id: int) -> Account:
    (letter,) = (one for one in letters_of(pack_id) if one.id == letter_id)
    with reading(observer()) as session:
        account = session.scalars(sa.select(Account).where(Account.id == letter.account_id)).one()
        session.expunge(account)
    return account


def pay(account: Account, **row: str) -> None:
    summary = bring_payments(payments_file(account, row))
    assert summary["created"] == 1


def state_of(letter_id: int) -> tuple[LetterState, str] | None:
    with reading(observer()) as session:
        wanted = sa.select(LetterEvent).where(LetterEvent.letter_id == letter_id).order_by(LetterEvent.id.desc())
        event = session.scalars(wanted.limit(1)).first()
        return (event.state, event.reason) if event else None


@pytest.fixture
def firm() -> Firm:
    return a_firm()


def test_an_account_that_was_paid_since_its_balance_stands_aside_and_cannot_be_let_go_on(
    app: Flask, firm: Firm
) -> None:
    batch_id = letter_batch(firm, accounts=2)
    with reading(observer()) as session:
        account = session.scalars(sa.select(Account).order_by(Account.id)).first()
        assert account is not None
        session.expunge(account)
    pay(account, paid_on="2005-07-01")

    pack_id = build_pack(firm.actor, batch_id)
    run_pending(app)

    aside, other = letters_of(pack_id)
    assert [flag["code"] for flag in aside.flags] == ["paid_since"]
    assert (aside.account_id, aside.as_of, other.flagged) == (account.id, date(2005, 6, 30), False)
    with pytest.raises(Refused):
        release_letter(firm.actor, pack_id, aside.id, "仍欠余额")


@pytest.mark.parametrize(
    "days",
    [{"paid_on": "2005-06-30"}, {"paid_on": "2005-06-29", "posted_on": "2005-06-30"}],
    ids=["on the day of the balance", "before it, posted on it"],
)
def test_a_payment_that_the_balance_holds_already_keeps_nothing_back(
    app: Flask, firm: Firm, days: dict[str, str]
) -> None:
    pack_id = built_pack(app, firm, accounts=1)
    (letter,) = letters_of(pack_id)
    pay(account_of(letter.id, pack_id), **days)
    open_sample(firm.actor, pack_id)
    approve_pack(firm.actor, pack_id)
    assert state_of(letter.id) == (LetterState.APPROVED, "")


def test_a_payment_of_before_the_balance_that_was_posted_after_it_counts_by_its_posting(app: Flask, firm: Firm) -> None:
    pack_id = built_pack(app, firm, accounts=2)
    letter, other = letters_of(pack_id)
    pay(account_of(letter.id, pack_id), paid_on="2005-06-29", posted_on="2005-07-01")
    open_sample(firm.actor, pack_id)
    approve_pack(firm.actor, pack_id)
    assert state_of(letter.id) == (LetterState.REFUSED, "paid_since")
    assert state_of(other.id) == (LetterState.APPROVED, "")


def test_a_payment_after_the_files_are_made_voids_the_letter_before_a_byte_goes_out(app: Flask, firm: Firm) -> None:
    pack_id = built_pack(app, firm, accounts=2)
    open_sample(firm.actor, pack_id)
    approve_pack(firm.actor, pack_id)
    run_pending(app)
    letter, other = letters_of(pack_id)
    pay(account_of(letter.id, pack_id), paid_on="2005-07-02")

    with pytest.raises(Refused):
        record_download(firm.actor, pack_id, "print.pdf")
    run_pending(app)

    assert state_of(letter.id) == (LetterState.VOID, "paid_since")
    assert state_of(other.id) == (LetterState.APPROVED, "")
    assert record_download(firm.actor, pack_id, "print.pdf").size > 0
    assert the_pack(pack_id).edition == 2


def test_a_letter_that_had_gone_out_before_the_payment_stays_what_it_was(app: Flask, firm: Firm) -> None:
    pack_id = built_pack(app, firm, accounts=1)
    open_sample(firm.actor, pack_id)
    approve_pack(firm.actor, pack_id)
    run_pending(app)
    (letter,) = letters_of(pack_id)
    dispatch_letter(firm.actor, pack_id, letter.id, Sent("邮政EMS", "EM1", TODAY))
    pay(account_of(letter.id, pack_id), paid_on="2005-07-03")

    assert record_download(firm.actor, pack_id, "print.pdf").size > 0
    assert state_of(letter.id) == (LetterState.APPROVED, "")


def test_a_payment_that_was_taken_back_whole_keeps_nothing_back(app: Flask, firm: Firm) -> None:
    pack_id = built_pack(app, firm, accounts=1)
    (letter,) = letters_of(pack_id)
    account = account_of(letter.id, pack_id)
    pay(account, payment_ref="P-1", paid_on="2005-07-01")
    pay(account, payment_ref="P-2", reverses="P-1", paid_on="2005-07-02")
    open_sample(firm.actor, pack_id)
    approve_pack(firm.actor, pack_id)
    assert state_of(letter.id) == (LetterState.APPROVED, "")


def test_a_letter_that_must_stay_is_noted_as_sent_only_if_somebody_says_that_it_has_gone(
    app: Flask, firm: Firm
) -> None:
    pack_id = built_pack(app, firm, accounts=2)
    open_sample(firm.actor, pack_id)
    approve_pack(firm.actor, pack_id)
    run_pending(app)
    letter, other = letters_of(pack_id)
    pay(account_of(letter.id, pack_id), paid_on="2005-07-02")
    sent = Sent("邮政EMS", "EM1", TODAY)

    assert dispatch_pack(firm.actor, pack_id, "邮政EMS", TODAY) == 1
    with pytest.raises(Refused, match="left to be sent"):
        dispatch_pack(firm.actor, pack_id, "邮政EMS", TODAY)
    with pytest.raises(DomainError, match="must not go out") as refused:
        dispatch_letter(firm.actor, pack_id, letter.id, sent)
    assert refused.value.field == "all_the_same"
    assert dispatch_letter(firm.actor, pack_id, letter.id, sent, all_the_same=True)
    assert state_of(other.id) == (LetterState.APPROVED, "")


def test_the_pages_of_dispatch_tell_of_letters_that_must_stay(
    app: Flask, firm: Firm, client_for: Callable[[User], PageClient]
) -> None:
    pack_id = built_pack(app, firm, accounts=2)
    open_sample(firm.actor, pack_id)
    approve_pack(firm.actor, pack_id)
    run_pending(app)
    letter, _other = letters_of(pack_id)
    pay(account_of(letter.id, pack_id), paid_on="2005-07-02")
    client = client_for(firm.lawyer)

    assert "1 more letter must not go out any more" in client.get(f"/packs/{pack_id}/dispatch/all")
    address = f"/packs/{pack_id}/letters/{letter.id}/dispatch"
    assert "a payment was posted since the day of its balance" in client.get(address)
    entered = {"carrier": "邮政EMS", "tracking_no": "EM9", "dispatched_on": "2005-07-03"}
    client.post(address, entered, status=422)
    client.post(address, entered | {"all_the_same": "y"}, to=f"/packs/{pack_id}/letters/{letter.id}/way")
