"""A letter that stands aside goes on only where a lawyer says why and nothing forbids it; otherwise it is dropped."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.foundation.audit import AuditEvent
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.work import transaction
from portal.legal.approving import approve_pack
from portal.legal.models import LetterRelease
from portal.legal.operations import refuse_letter
from portal.legal.releasing import release_letter
from portal.portfolio.models import Account, Hold, HoldFlag
from tests.identity.factories import actor_of, make_law_firm, make_user, observer
from tests.legal.factories import (
    Firm,
    a_firm,
    built_pack,
    change_accounts,
    end_licences,
    letter_batch,
    letters_of,
    open_sample,
    the_pack,
)  # fmt: skip
from tests.portfolio.factories import make_accounts, make_hold

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from sqlalchemy.orm import Session

    from portal.identity.models import User
    from tests.support.pages import PageClient

pytestmark = pytest.mark.settings(today=date(2005, 7, 1))
WHY = "银行书面确认余额无变动"


def old_balances(app: Flask, firm: Firm, accounts: int = 3) -> int:
    """A pack in which every letter stands aside, since its balance is too old."""
    from portal.foundation.jobs import run_pending
    from portal.legal.building import build_pack

    batch_id = letter_batch(firm, accounts=accounts)
    change_accounts(balance_as_of=date(2005, 1, 31))
    pack_id = build_pack(firm.actor, batch_id)
    run_pending(app)
    assert the_pack(pack_id).flagged_count == accounts
    return pack_id


def test_a_released_letter_has_to_be_opened_and_goes_on_with_the_pack(app: Flask, db_session: Session) -> None:
    firm = a_firm()
    pack_id = old_balances(app, firm)
    chosen = letters_of(pack_id)[1]

    release_letter(firm.actor, pack_id, chosen.id, WHY)

    pack = the_pack(pack_id)
    assert (pack.flagged_count, pack.must_open) == (2, 1)
    with pytest.raises(Refused, match="0 of the 1"):
        approve_pack(firm.actor, pack_id)
    open_sample(firm.actor, pack_id)
    approve_pack(firm.actor, pack_id)
    assert [letter.letter_no is not None for letter in letters_of(pack_id)] == [False, True, False]
    kept = db_session.scalars(sa.select(LetterRelease)).one()
    assert (kept.reason, kept.by_user_id, kept.flags[0]["code"]) == (WHY, firm.lawyer.id, "old_balance")
    event = db_session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "legal.letter_released")).one()
    assert (event.details or {})["licence"] == firm.lawyer.lawyer_licence_no


def test_what_cannot_be_printed_or_would_go_to_nobody_is_never_released(app: Flask) -> None:
    firm = a_firm()
    pack_id = built_pack(app, firm, accounts=2, but=1)
    aside = letters_of(pack_id)[0]
    assert aside.flagged
    with pytest.raises(Refused, match="Leave it out"):
        release_letter(firm.actor, pack_id, aside.id, WHY)


def test_a_hold_forbids_it_as_long_as_it_stands(app: Flask, db_session: Session) -> None:
    firm = a_firm()
    batch = letter_batch(firm, accounts=2)
    account = db_session.scalars(sa.select(Account).order_by(Account.id).limit(1)).one()
    make_hold(account, HoldFlag.DISPUTE)
    from portal.foundation.jobs import run_pending
    from portal.legal.building import build_pack

    pack_id = build_pack(firm.actor, batch)
    run_pending(app)
    aside = letters_of(pack_id)[0]
    with pytest.raises(Refused, match="dispute"):
        release_letter(firm.actor, pack_id, aside.id, WHY)

    with transaction(observer()) as work:
        work.session.scalars(sa.select(Hold)).one().released_at = work.now
    release_letter(firm.actor, pack_id, aside.id, WHY)
    assert the_pack(pack_id).flagged_count == 0


def test_a_letter_that_stands_aside_can_be_dropped_for_good(app: Flask) -> None:
    firm = a_firm()
    pack_id = old_balances(app, firm, accounts=1)
    (aside,) = letters_of(pack_id)
    refuse_letter(firm.actor, pack_id, aside.id, "余额过旧")
    with pytest.raises(Refused, match="left out"):
        release_letter(firm.actor, pack_id, aside.id, WHY)
    with pytest.raises(Refused, match="left out already"):
        refuse_letter(firm.actor, pack_id, aside.id, "余额过旧")


@pytest.mark.parametrize("reason", ["", "   ", "长" * 401, "卡号 6222 0212 3456 7890 128"])
def test_a_release_needs_words_that_may_be_kept(app: Flask, reason: str) -> None:
    firm = a_firm()
    pack_id = old_balances(app, firm, accounts=1)
    with pytest.raises(DomainError):
        release_letter(firm.actor, pack_id, letters_of(pack_id)[0].id, reason)


def test_only_a_lawyer_of_the_firm_with_a_valid_licence_releases(app: Flask) -> None:
    firm = a_firm()
    pack_id = old_balances(app, firm, accounts=1)
    (aside,) = letters_of(pack_id)
    with pytest.raises(NotFound):
        release_letter(actor_of(make_user(organisation=make_law_firm("沪示"))), pack_id, aside.id, WHY)
    end_licences(firm.organisation.id, date(2005, 6, 30))
    with pytest.raises(DomainError, match="licence"):
        release_letter(firm.actor, pack_id, aside.id, WHY)


def test_a_letter_of_a_decided_pack_stays_as_it_is(app: Flask) -> None:
    firm = a_firm()
    make_accounts(1, currency="CNY", days=90)
    pack_id = built_pack(app, firm, accounts=2, but=1)
    open_sample(firm.actor, pack_id)
    approve_pack(firm.actor, pack_id)
    with pytest.raises(Refused, match="not in review"):
        release_letter(firm.actor, pack_id, letters_of(pack_id)[0].id, WHY)


@pytest.mark.databases("sqlite")
def test_a_letter_is_released_on_its_page_and_the_page_says_by_whom(
    app: Flask, client_for: Callable[[User], PageClient]
) -> None:
    firm = a_firm()
    pack_id = old_balances(app, firm, accounts=1)
    (aside,) = letters_of(pack_id)
    address = f"/packs/{pack_id}/letters/{aside.id}"
    pages = client_for(firm.lawyer)
    page = pages.get(address).submit(f"{address}/release", to=address, reason=WHY)
    assert f"{firm.lawyer.name} let it go on" in page
    assert WHY in page
