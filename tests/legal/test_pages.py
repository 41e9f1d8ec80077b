"""The room's pages as people use them: the pack, the letter, the downloads; what one may not see is not there."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.foundation.jobs import run_pending
from portal.foundation.work import reading
from portal.legal.approving import approve_pack
from portal.legal.models import LetterOpening, PackState
from portal.legal.taking import record_download
from portal.placement.models import PlacementBatch
from tests.identity.factories import make_law_firm, make_user, observer
from tests.legal.factories import a_firm, built_pack, letter_batch, letters_of, open_sample, the_pack

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from sqlalchemy.orm import Session

    from portal.identity.models import User
    from tests.support.pages import PageClient

pytestmark = [pytest.mark.settings(today=date(2005, 7, 1)), pytest.mark.databases("sqlite")]


def test_a_pack_goes_from_the_batch_to_the_download_on_the_pages(
    app: Flask, client_for: Callable[[User], PageClient], db_session: Session
) -> None:
    firm = a_firm()
    batch_id = letter_batch(firm, accounts=2)
    pages = client_for(firm.lawyer)

    new = pages.get(pages.get("/packs").links[f"New pack of {the_batch(batch_id)}"])
    building = new.submit("save", pay_within_days="10")
    assert "being built" in building
    run_pending(app)
    pack = pages.get(building.path)
    assert "0 of 2" in pack
    assert not [form for form in pack.forms if (form.get("action") or "").endswith("/approve")]

    letter = pages.get(pack.links["Read the next letter"])
    assert "王*" in letter
    letter = pages.get(letter.links["Seen, on to the next to be opened a"])
    pack = pages.get(letter.links["Seen, back to the pack a"])
    assert db_session.scalar(sa.select(sa.func.count(LetterOpening.id))) == 2

    pack = pack.submit(f"{building.path}/approve", to=building.path)
    assert "(2005)京示律函字第000001号" in pack
    run_pending(app)
    pack = pages.get(building.path)
    answer = pages.client.get(pack.links["Print file"])
    assert answer.status_code == 200
    assert answer.data.startswith(b"%PDF")
    answer.headers["Content-Disposition"].encode("latin-1")  # what a server can send, though the number is Chinese
    assert answer.headers["X-Content-SHA256"] in pages.get(building.path)


def the_batch(batch_id: int) -> str:
    """Its number."""
    with reading(observer()) as session:
        return session.scalars(sa.select(PlacementBatch.number).where(PlacementBatch.id == batch_id)).one()


def test_pages_of_a_letter_are_pictures_that_no_browser_keeps(
    app: Flask, client_for: Callable[[User], PageClient]
) -> None:
    firm = a_firm()
    pack_id = built_pack(app, firm, accounts=1)
    address = f"/packs/{pack_id}/letters/{letters_of(pack_id)[0].id}"
    pages = client_for(firm.lawyer)

    picture = pages.client.get(f"{address}/page-1.png")
    pdf = pages.client.get(f"{address}/letter.pdf")

    assert picture.data.startswith(b"\x89PNG")
    assert (picture.headers["Cache-Control"], pdf.headers["Cache-Control"]) == ("no-store", "no-store")
    assert pdf.data.startswith(b"%PDF")
    assert pages.client.get(f"{address}/page-99.png").status_code == 404


def test_a_letter_is_left_out_with_a_reason(app: Flask, client_for: Callable[[User], PageClient]) -> None:
    firm = a_firm()
    pack_id = built_pack(app, firm, accounts=1)
    letter = client_for(firm.lawyer).get(f"/packs/{pack_id}/letters/{letters_of(pack_id)[0].id}")

    page = letter.submit(f"{letter.path}/refuse", reason="the address is a school", to=letter.path)

    assert "left out" in page
    assert "the address is a school" in page
    assert "the address is a school" in page.client.get(f"/packs/{pack_id}")
    assert not [form for form in page.forms if (form.get("action") or "").endswith("/refuse")]


def test_another_firm_finds_nothing(app: Flask, client_for: Callable[[User], PageClient]) -> None:
    firm = a_firm()
    pack_id = built_pack(app, firm, accounts=1)
    letter_id = letters_of(pack_id)[0].id
    stranger = client_for(make_user(organisation=make_law_firm()))

    for path in (
        f"/packs/{pack_id}",
        f"/packs/{pack_id}/letters/{letter_id}",
        f"/packs/{pack_id}/letters/{letter_id}/page-1.png",
        f"/packs/{pack_id}/letters/{letter_id}/letter.pdf",
        f"/packs/{pack_id}/files/print.pdf",
    ):
        assert stranger.client.get(path).status_code == 404, path
    stranger.post(f"/packs/{pack_id}/approve", status=404)
    stranger.post(f"/packs/{pack_id}/letters/{letter_id}/refuse", {"reason": "x"}, status=404)
    assert "No pack has been built yet." in stranger.get("/packs")


def test_the_bank_sees_the_pack_with_masks_and_no_letter(app: Flask, client_for: Callable[[User], PageClient]) -> None:
    firm = a_firm()
    pack_id = built_pack(app, firm, accounts=1, but=1)
    pages = client_for(make_user())

    page = pages.get(f"/packs/{pack_id}")

    assert "王*" in page
    assert "王伟" not in page.html
    assert "no address on file" in page
    assert not [form for form in page.forms if "packs" in form.get("action", "")]
    letter = f"/packs/{pack_id}/letters/{letters_of(pack_id)[0].id}"
    assert pages.client.get(letter).status_code == 403
    assert pages.client.get(f"/packs/{pack_id}/files/print.pdf").status_code == 403


def test_a_letter_that_cannot_be_laid_out_says_why_and_shows_no_picture(
    app: Flask, client_for: Callable[[User], PageClient]
) -> None:
    firm = a_firm()
    pack_id = built_pack(app, firm, accounts=1, but=1)
    letter = letters_of(pack_id)[0]

    page = client_for(firm.lawyer).get(f"/packs/{pack_id}/letters/{letter.id}")

    assert "cannot be laid out" in page
    assert not list(page.root.iter("img"))


def test_the_account_page_names_the_letters_of_the_account(
    app: Flask, client_for: Callable[[User], PageClient]
) -> None:
    firm = a_firm()
    pack_id = built_pack(app, firm, accounts=1)

    page = client_for(make_user()).get(f"/accounts/{letters_of(pack_id)[0].account_id}")

    assert the_pack(pack_id).number in page


def test_the_navigation_counts_what_waits_for_the_lawyer(app: Flask, client_for: Callable[[User], PageClient]) -> None:
    firm = a_firm()
    built_pack(app, firm, accounts=1)
    letter_batch(firm, accounts=1)

    assert "waiting: 2" in client_for(firm.lawyer).get("/packs").html.replace("</span>", "")


def test_a_file_that_is_none_of_the_packs_is_not_there(app: Flask, client_for: Callable[[User], PageClient]) -> None:
    firm = a_firm()
    pack_id = built_pack(app, firm, accounts=1)
    open_sample(firm.actor, pack_id)
    approve_pack(firm.actor, pack_id)
    run_pending(app)
    pages = client_for(firm.lawyer)

    assert the_pack(pack_id).state is PackState.READY
    assert record_download(firm.actor, pack_id, "manifest.csv").mimetype.startswith("text/csv")
    assert pages.client.get(f"/packs/{pack_id}/files/../secret").status_code == 404
    assert pages.client.get(f"/packs/{pack_id}/files/head.json").status_code == 404
