"""What must not go out any more is out of the files before anybody takes them; a pack is printed as its printer wants it."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import TYPE_CHECKING

import pikepdf
import pytest
import sqlalchemy as sa

from portal.foundation.audit import AuditEvent
from portal.foundation.errors import NotFound, Refused
from portal.foundation.jobs import run_pending
from portal.foundation.services import services
from portal.legal.approving import approve_pack
from portal.legal.dispatch.operations import dispatch_letter
from portal.legal.dispatch.terms import Sent
from portal.legal.models import LetterEvent, LetterState, PackState
from portal.legal.taking import record_download, set_up_print
from portal.portfolio.models import Account, HoldFlag
from tests.identity.factories import actor_of, make_law_firm, make_user
from tests.legal.factories import Firm, a_firm, built_pack, letters_of, open_sample, text_of, the_pack
from tests.portfolio.factories import make_hold

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from sqlalchemy.orm import Session

    from portal.identity.models import User
    from tests.support.pages import PageClient

pytestmark = pytest.mark.settings(today=date(2005, 7, 1))


def ready(app: Flask, firm: Firm, accounts: int = 3) -> int:
    pack_id = built_pack(app, firm, accounts=accounts)
    open_sample(firm.actor, pack_id)
    approve_pack(firm.actor, pack_id)
    run_pending(app)
    return pack_id


def stored(digest: str | None) -> bytes:
    with services().storage.open(digest or "") as stream:
        return stream.read()


def manifest(pack_id: int) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(stored(the_pack(pack_id).manifest_digest).decode())))


def dispute(session: Session, letter_id: int, pack_id: int) -> None:
    (letter,) = [one for one in letters_of(pack_id) if one.id == letter_id]
    make_hold(session.scalars(sa.select(Account).where(Account.id == letter.account_id)).one(), HoldFlag.DISPUTE)


def test_what_came_in_the_way_after_the_print_is_void_before_anybody_takes_a_file(
    app: Flask, db_session: Session
) -> None:
    firm = a_firm()
    pack_id = ready(app, firm)
    before, held = the_pack(pack_id), letters_of(pack_id)[1]
    dispute(db_session, held.id, pack_id)

    with pytest.raises(Refused, match="1 letter must not go out"):
        record_download(firm.actor, pack_id, "print.pdf")
    assert the_pack(pack_id).state is PackState.APPROVED
    with pytest.raises(Refused, match="not ready"):
        record_download(firm.actor, pack_id, "manifest.csv")
    run_pending(app)

    after = the_pack(pack_id)
    assert (after.state, after.edition) == (PackState.READY, 2)
    assert after.print_digest != before.print_digest
    assert [row["status"] for row in manifest(pack_id)] == ["printed", "void", "printed"]
    assert manifest(pack_id)[1]["letter_no"] == held.letter_no
    taken = record_download(firm.actor, pack_id, "print.pdf")
    assert str(held.letter_no) not in text_of(stored(taken.digest))
    events = sa.select(LetterEvent.state, LetterEvent.reason).where(LetterEvent.letter_id == held.id)
    assert db_session.execute(events.order_by(LetterEvent.id)).all()[-1] == (LetterState.VOID, "hold.dispute")
    assert [letter.letter_no for letter in letters_of(pack_id)] == [row["letter_no"] for row in manifest(pack_id)]


def test_taking_a_file_twice_makes_nothing_again(app: Flask, db_session: Session) -> None:
    firm = a_firm()
    pack_id = ready(app, firm)
    first = record_download(firm.actor, pack_id, "print.pdf")
    assert record_download(firm.actor, pack_id, "print.pdf") == first
    assert the_pack(pack_id).edition == 1
    voided = sa.select(sa.func.count()).where(AuditEvent.action == "legal.letters_voided")
    assert db_session.scalar(voided) == 0


def test_a_page_says_that_the_files_are_made_again(
    app: Flask, client_for: Callable[[User], PageClient], db_session: Session
) -> None:
    firm = a_firm()
    pack_id = ready(app, firm)
    dispute(db_session, letters_of(pack_id)[0].id, pack_id)
    pages = client_for(firm.lawyer)
    answer = pages.client.get(f"/packs/{pack_id}/files/print.pdf")
    assert (answer.status_code, answer.location) == (302, f"/packs/{pack_id}")
    page = pages.get(answer.location)
    assert "1 letter must not go out any more" in page
    assert "approved, being printed" in page


@pytest.mark.parametrize(("duplex", "pages"), [(False, 6), (True, 6)])
def test_a_pack_is_printed_again_as_its_printer_wants_it(
    app: Flask, db_session: Session, duplex: bool, pages: int
) -> None:
    firm = a_firm()
    pack_id = ready(app, firm)
    numbers = [letter.letter_no for letter in letters_of(pack_id)]
    assert set_up_print(firm.actor, pack_id, duplex=duplex, postal=True)
    run_pending(app)

    pack = the_pack(pack_id)
    rows = manifest(pack_id)
    assert (pack.duplex, pack.postal, pack.edition, pack.print_pages) == (duplex, True, 2, pages)
    assert sorted(row["letter_no"] for row in rows) == sorted(str(number) for number in numbers)
    assert [row["address"] for row in rows] == sorted(row["address"] for row in rows)
    assert [int(row["first_page"]) for row in rows] == [1, 3, 5]
    assert not set_up_print(firm.actor, pack_id, duplex=duplex, postal=True)


def test_how_a_pack_is_printed_can_be_said_before_the_approval(app: Flask) -> None:
    firm = a_firm()
    pack_id = built_pack(app, firm, accounts=1)
    assert not set_up_print(firm.actor, pack_id, duplex=True, postal=False)
    open_sample(firm.actor, pack_id)
    approve_pack(firm.actor, pack_id)
    with pytest.raises(Refused, match="before the approval"):
        set_up_print(firm.actor, pack_id, duplex=False, postal=False)
    run_pending(app)
    assert the_pack(pack_id).edition == 1


def test_labels_are_for_the_letters_that_go_out(app: Flask, db_session: Session) -> None:
    firm = a_firm()
    pack_id = ready(app, firm)
    with pikepdf.open(io.BytesIO(stored(record_download(firm.actor, pack_id, "labels.pdf").digest))) as labels:
        assert len(labels.pages) == 1
    addresses = [row["address"] for row in manifest(pack_id)]
    text = text_of(stored(the_pack(pack_id).labels_digest))
    assert all(address in text for address in addresses)
    dispute(db_session, letters_of(pack_id)[0].id, pack_id)
    with pytest.raises(Refused):
        record_download(firm.actor, pack_id, "labels.pdf")
    run_pending(app)
    again = text_of(stored(the_pack(pack_id).labels_digest))
    assert [address in again for address in addresses] == [False, True, True]


def test_another_firm_neither_prints_nor_takes(app: Flask) -> None:
    firm = a_firm()
    pack_id = ready(app, firm, accounts=1)
    other = actor_of(make_user(organisation=make_law_firm("沪示")))
    with pytest.raises(NotFound):
        record_download(other, pack_id, "labels.pdf")
    with pytest.raises(NotFound):
        set_up_print(other, pack_id, duplex=True, postal=True)


def test_what_has_gone_out_is_not_called_back(app: Flask, db_session: Session) -> None:
    firm = a_firm()
    pack_id = ready(app, firm)
    sent, waits, _ = letters_of(pack_id)
    dispatch_letter(firm.actor, pack_id, sent.id, Sent("EMS", "", date(2005, 7, 1)))
    for one in (sent, waits):
        dispute(db_session, one.id, pack_id)

    with pytest.raises(Refused, match="1 letter must not go out"):
        record_download(firm.actor, pack_id, "print.pdf")
    run_pending(app)

    assert [row["status"] for row in manifest(pack_id)] == ["printed", "void", "printed"]
