"""The print file and its manifests: complete, the same twice, without what must not go, and each download recorded."""

from __future__ import annotations

import csv
import io
import os
from datetime import date
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.foundation.audit import AuditEvent
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.jobs import run_pending
from portal.foundation.services import services
from portal.foundation.work import transaction
from portal.legal.approving import approve_pack
from portal.legal.building import build_pack
from portal.legal.models import LetterEvent, LetterPack, LetterState, PackDownload, PackState
from portal.legal.taking import record_download
from portal.placement.codes import RecallCategory, RecallReason
from portal.placement.recalls import Wish, ask_batch_recall
from portal.portfolio.models import Account, HoldFlag
from tests.identity.factories import actor_of, make_law_firm, make_user, observer
from tests.legal.factories import (
    Firm,
    a_firm,
    built_pack,
    letter_batch,
    letters_of,
    open_sample,
    rename_person,
    text_of,
    the_pack,
)
from tests.placement.factories import make_desk, recalled
from tests.portfolio.factories import make_accounts, make_hold

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

pytestmark = pytest.mark.settings(today=date(2005, 7, 1))
HOSTILE = ["阿卜杜拉·买买提", "𠮷野 <b>&amp;\"'", "{{ 7*7 }} O'Brien"]


def stored(digest: str | None) -> bytes:
    with services().storage.open(digest or "") as stream:
        return stream.read()


def manifest_of(pack: LetterPack) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(stored(pack.manifest_digest).decode())))


def approved(app: Flask, firm: Firm, accounts: int) -> int:
    pack_id = built_pack(app, firm, accounts=accounts)
    open_sample(firm.actor, pack_id)
    approve_pack(firm.actor, pack_id)
    return pack_id


def test_an_approved_pack_becomes_one_print_file_with_a_manifest(app: Flask, db_session: Session) -> None:
    firm = a_firm()
    pack_id = approved(app, firm, accounts=3)

    run_pending(app)

    pack = the_pack(pack_id)
    rows, text = manifest_of(pack), text_of(stored(pack.print_digest))
    assert pack.state is PackState.READY
    assert [row["status"] for row in rows] == ["printed"] * 3
    assert [row["content_sha256"] for row in rows] == [letter.content_sha256 for letter in letters_of(pack_id)]
    assert int(rows[-1]["last_page"]) == pack.print_pages
    for letter in letters_of(pack_id):
        assert str(letter.letter_no) in text
        assert letter.verify_code in text
    assert stored(pack.manifest_xlsx_digest).startswith(b"PK")
    event = db_session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "legal.pack_printed")).one()
    assert event.after is not None
    assert event.after["manifest_sha256"] == pack.manifest_digest
    assert not list((services().settings.home / "tmp").glob("pack-*"))


def test_printing_again_after_a_kill_gives_the_same_bytes_and_the_same_numbers(app: Flask) -> None:
    firm = a_firm()
    pack_id = approved(app, firm, accounts=2)
    leftover = services().settings.home / "tmp" / "pack-0-1"
    leftover.mkdir(parents=True)
    os.utime(leftover, (1, 1))
    run_pending(app)
    first, numbers = the_pack(pack_id), [letter.letter_no for letter in letters_of(pack_id)]

    as_if_never_finished(pack_id)
    print_again(app, firm, pack_id)

    second = the_pack(pack_id)
    assert not leftover.exists()
    assert second.state is PackState.READY
    assert (second.print_digest, second.manifest_digest) == (first.print_digest, first.manifest_digest)
    assert second.manifest_xlsx_digest == first.manifest_xlsx_digest
    assert [letter.letter_no for letter in letters_of(pack_id)] == numbers


def test_hostile_names_stand_in_the_print_file_as_they_are(app: Flask) -> None:
    firm, desk = a_firm(), make_desk()
    accounts = make_accounts(len(HOSTILE), currency="CNY", days=90)
    for account, name in zip(accounts, HOSTILE, strict=True):
        rename_person(account.customer_id, name)
    pack_id = build_pack(firm.actor, letter_batch(firm, accounts=0, desk=desk))
    run_pending(app)
    open_sample(firm.actor, pack_id)
    approve_pack(firm.actor, pack_id)
    run_pending(app)

    pack = the_pack(pack_id)

    assert [row["name"] for row in manifest_of(pack)] == HOSTILE
    text = text_of(stored(pack.print_digest)).replace(" ", "")
    assert all(name.replace(" ", "") in text for name in HOSTILE)


def test_a_hold_after_the_approval_voids_the_letter_and_keeps_its_number(app: Flask, db_session: Session) -> None:
    firm = a_firm()
    pack_id = approved(app, firm, accounts=2)
    held = letters_of(pack_id)[0]
    make_hold(db_session.scalars(sa.select(Account).where(Account.id == held.account_id)).one(), HoldFlag.DISPUTE)

    run_pending(app)

    pack = the_pack(pack_id)
    void, printed = manifest_of(pack)
    assert (void["status"], void["letter_no"], void["name"], void["pages"]) == ("void", held.letter_no, "", "")
    assert "异议" in void["reason"] or "争议" in void["reason"]
    assert (printed["status"], printed["first_page"]) == ("printed", "1")
    assert str(held.letter_no) not in text_of(stored(pack.print_digest))
    events = db_session.scalars(
        sa.select(LetterEvent).where(LetterEvent.letter_id == held.id).order_by(LetterEvent.id)
    ).all()
    assert [(event.state, event.reason) for event in events] == [
        (LetterState.APPROVED, ""),
        (LetterState.VOID, "hold.dispute"),
    ]


def test_a_compliance_recall_keeps_a_letter_back_as_soon_as_it_is_asked_for(app: Flask) -> None:
    firm, desk = a_firm(), make_desk()
    batch_id = letter_batch(firm, accounts=2, desk=desk)
    pack_id = build_pack(firm.actor, batch_id)
    run_pending(app)
    open_sample(firm.actor, pack_id)
    approve_pack(firm.actor, pack_id)
    ask_batch_recall(desk.maker, batch_id, Wish(RecallReason.CONDUCT, RecallCategory.COMPLIANCE))

    run_pending(app)

    rows = manifest_of(the_pack(pack_id))
    assert [row["status"] for row in rows] == ["void", "void"]
    assert all("停止一切作业" in row["reason"] for row in rows)


def test_a_recall_after_the_approval_leaves_a_manifest_of_void_numbers_and_nothing_to_print(app: Flask) -> None:
    firm, desk = a_firm(), make_desk()
    batch_id = letter_batch(firm, accounts=2, desk=desk)
    pack_id = build_pack(firm.actor, batch_id)
    run_pending(app)
    open_sample(firm.actor, pack_id)
    approve_pack(firm.actor, pack_id)
    recalled(desk, batch_id)

    run_pending(app)

    pack = the_pack(pack_id)
    assert (pack.state, pack.print_digest, pack.print_pages) == (PackState.READY, None, 0)
    assert [row["status"] for row in manifest_of(pack)] == ["void", "void"]
    with pytest.raises(NotFound):
        record_download(firm.actor, pack_id, "print.pdf")


def test_other_data_than_was_approved_is_not_printed(app: Flask, db_session: Session) -> None:
    firm = a_firm()
    pack_id = approved(app, firm, accounts=1)
    with transaction(observer()) as work:
        pack = work.session.scalars(sa.select(LetterPack).where(LetterPack.id == pack_id)).one()
        pack.head = pack.head | {"pay_within_days": 30}

    run_pending(app)

    assert the_pack(pack_id).state is PackState.APPROVED


def test_only_a_ready_pack_can_be_taken_away(app: Flask) -> None:
    firm = a_firm()
    pack_id = built_pack(app, firm, accounts=1)

    with pytest.raises(Refused, match="not ready"):
        record_download(firm.actor, pack_id, "print.pdf")


def test_each_download_is_recorded_with_its_hash(app: Flask, db_session: Session) -> None:
    firm = a_firm()
    pack_id = approved(app, firm, accounts=1)
    run_pending(app)

    taken = record_download(firm.actor, pack_id, "print.pdf")

    pack = the_pack(pack_id)
    assert (taken.digest, taken.file_name) == (pack.print_digest, f"{pack.number}-print.pdf")
    assert taken.size == len(stored(pack.print_digest))
    row = db_session.scalars(sa.select(PackDownload)).one()
    assert (row.file, row.digest, row.user_id, row.origin) == ("print", taken.digest, firm.lawyer.id, "test")
    event = db_session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "legal.pack_downloaded")).one()
    assert event.details == {"file": "print", "sha256": taken.digest}


def test_nobody_else_takes_a_pack_away(app: Flask) -> None:
    firm = a_firm()
    pack_id = approved(app, firm, accounts=1)
    run_pending(app)

    with pytest.raises(NotFound):
        record_download(actor_of(make_user(organisation=make_law_firm())), pack_id, "print.pdf")
    with pytest.raises(DomainError, match="role"):
        record_download(actor_of(make_user()), pack_id, "print.pdf")


def as_if_never_finished(pack_id: int) -> None:
    """The worker died between its last file and its last word."""
    with transaction(observer()) as work:
        pack = work.session.scalars(sa.select(LetterPack).where(LetterPack.id == pack_id)).one()
        pack.state = PackState.APPROVED
        pack.print_digest = pack.manifest_digest = pack.manifest_xlsx_digest = None


def print_again(app: Flask, firm: Firm, pack_id: int) -> None:
    with transaction(firm.actor) as work:
        work.request_job("legal.print", f"{pack_id} again", {"pack": pack_id})
    run_pending(app)
