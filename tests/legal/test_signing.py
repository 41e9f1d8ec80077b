"""A firm's seal and certificate: kept by its lawyers, never shown, and on every single letter that is asked for."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from datetime import date
from typing import TYPE_CHECKING

import PIL.Image
import pytest
import sqlalchemy as sa

from portal.foundation.audit import AuditEvent
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.jobs import run_pending
from portal.foundation.services import services
from portal.foundation.work import reading
from portal.legal.approving import approve_pack
from portal.legal.models import PackState
from portal.legal.seal_models import FirmCertificate, SealImage
from portal.legal.sealing import ask_singles
from portal.legal.signing import certificate_of, end_certificate, end_image, put_certificate, put_image
from portal.legal.taking import record_download, set_up_print
from tests.identity.factories import actor_of, make_law_firm, make_user
from tests.legal.factories import Firm, a_firm, a_seal, built_pack, end_licences, letters_of, open_sample, the_pack
from tests.letters.support import pages_text
from tests.letters.test_seal import PASSWORD, a_certificate, said_by_pdfsig

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask import Flask
    from sqlalchemy.orm import Session

    from portal.identity.models import User
    from tests.support.pages import PageClient

pytestmark = pytest.mark.settings(today=date(2005, 7, 1))


def ready(app: Flask, firm: Firm, accounts: int = 2) -> int:
    pack_id = built_pack(app, firm, accounts=accounts)
    open_sample(firm.actor, pack_id)
    approve_pack(firm.actor, pack_id)
    run_pending(app)
    return pack_id


def the_zip(actor: object, pack_id: int) -> zipfile.ZipFile:
    taken = record_download(actor, pack_id, "letters.zip")  # type: ignore[arg-type]
    with services().storage.open(taken.digest) as stream:
        return zipfile.ZipFile(io.BytesIO(stream.read()))


def test_each_letter_is_sealed_by_itself_and_its_hash_stands_beside_it(app: Flask, tmp_path: Path) -> None:
    firm = a_firm()
    put_image(firm.actor, a_seal())
    put_certificate(firm.actor, a_certificate(), PASSWORD)
    pack_id = ready(app, firm)

    ask_singles(firm.actor, pack_id)
    run_pending(app)

    archive = the_zip(firm.actor, pack_id)
    *names, hashes = archive.namelist()
    listed = list(csv.DictReader(io.StringIO(archive.read(hashes).decode())))
    assert [row["letter_no"] for row in listed] == [letter.letter_no for letter in letters_of(pack_id)]
    assert [row["content_sha256"] for row in listed] == [letter.content_sha256 for letter in letters_of(pack_id)]
    for name, row in zip(names, listed, strict=True):
        content = archive.read(name)
        assert hashlib.sha256(content).hexdigest() == row["file_sha256"]
        assert row["letter_no"] in "".join(pages_text(content))
        assert "Signature is Valid" in said_by_pdfsig(content, tmp_path)
    assert not list((services().settings.home / "tmp").glob("pack-*"))


def test_a_pack_that_is_made_again_has_its_letters_sealed_again(app: Flask) -> None:
    firm = a_firm()
    put_certificate(firm.actor, a_certificate(), PASSWORD)
    pack_id = ready(app, firm)
    ask_singles(firm.actor, pack_id)
    run_pending(app)
    assert the_pack(pack_id).singles_digest
    set_up_print(firm.actor, pack_id, duplex=True, postal=False)
    run_pending(app)
    assert the_pack(pack_id).singles_digest is None
    with pytest.raises(NotFound):
        record_download(firm.actor, pack_id, "letters.zip")
    ask_singles(firm.actor, pack_id)
    run_pending(app)
    assert len(the_zip(firm.actor, pack_id).namelist()) == 3


def test_without_a_certificate_that_is_valid_no_letter_is_sealed(app: Flask) -> None:
    firm = a_firm()
    pack_id = ready(app, firm, accounts=1)
    with pytest.raises(Refused, match="no certificate"):
        ask_singles(firm.actor, pack_id)
    put_certificate(firm.actor, a_certificate(), PASSWORD)
    ask_singles(firm.actor, pack_id)
    end_certificate(firm.actor)
    run_pending(app)
    pack = the_pack(pack_id)
    assert (pack.state, pack.singles_digest) == (PackState.READY, None)


def test_a_pack_in_review_has_no_letter_to_seal(app: Flask) -> None:
    firm = a_firm()
    put_certificate(firm.actor, a_certificate(), PASSWORD)
    with pytest.raises(Refused, match="not ready"):
        ask_singles(firm.actor, built_pack(app, firm, accounts=1))


@pytest.mark.parametrize(
    ("content", "password", "field"),
    [
        (b"no certificate", PASSWORD, "file"),
        (b"", "", "file"),
        (a_certificate(), "wrong", "password"),
        (a_certificate(days=(-30, -1)), PASSWORD, "file"),
        (a_certificate(days=(1, 30)), PASSWORD, "file"),
        (b"x" * (64 * 1024 + 1), PASSWORD, "file"),
    ],
)
def test_a_broken_or_ended_certificate_is_refused_at_its_field(
    db_session: Session, content: bytes, password: str, field: str
) -> None:
    firm = a_firm()
    put_certificate(firm.actor, a_certificate(name="standing"), PASSWORD)
    with pytest.raises(DomainError) as refused:
        put_certificate(firm.actor, content, password)
    assert refused.value.field == field
    with reading(firm.actor) as session:
        standing = certificate_of(session, firm.actor)
        assert standing is not None
        assert standing.subject == "standing"


def test_key_and_password_are_nowhere_to_be_read(db_session: Session) -> None:
    firm = a_firm()
    content = a_certificate()
    put_certificate(firm.actor, content, PASSWORD)
    row = db_session.scalars(sa.select(FirmCertificate)).one()
    for secret in (PASSWORD.encode(), content[:60], content[-60:]):
        assert secret not in row.secret_sealed
    events = db_session.scalars(sa.select(AuditEvent)).all()
    assert not any(PASSWORD in f"{event.after}{event.before}{event.details}" for event in events)


def test_the_next_certificate_ends_the_one_before(db_session: Session) -> None:
    firm = a_firm()
    for name in ("first", "second"):
        put_certificate(firm.actor, a_certificate(name=name), PASSWORD)
    rows = db_session.execute(
        sa.select(FirmCertificate.subject, FirmCertificate.ended_at.is_(None)).order_by(FirmCertificate.id)
    )
    assert [tuple(row) for row in rows] == [("first", False), ("second", True)]


@pytest.mark.parametrize("picture", [b"", b"GIF89a", a_seal()[:200], a_seal(60), a_seal(1300)])
def test_a_picture_that_no_letter_could_show_is_refused(db_session: Session, picture: bytes) -> None:
    firm = a_firm()
    with pytest.raises(DomainError) as refused:
        put_image(firm.actor, picture)
    assert refused.value.field == "image"
    assert db_session.scalar(sa.select(sa.func.count()).select_from(SealImage)) == 0


def test_letters_show_the_seal_that_stood_when_their_pack_was_built(app: Flask) -> None:
    firm = a_firm()
    put_image(firm.actor, a_seal())
    with_seal = built_pack(app, firm, accounts=1)
    end_image(firm.actor)
    without = built_pack(app, firm, accounts=1)
    assert ("seal" in the_pack(with_seal).head["firm"], "seal" in the_pack(without).head["firm"]) == (True, False)


def test_only_lawyers_with_a_valid_licence_change_what_is_signed_with(db_session: Session) -> None:
    firm = a_firm()
    end_licences(firm.organisation.id, date(2005, 6, 30))
    for act in (
        lambda: put_image(firm.actor, a_seal()),
        lambda: put_certificate(firm.actor, a_certificate(), PASSWORD),
    ):
        with pytest.raises(DomainError, match="licence"):
            act()


def test_one_firm_knows_nothing_of_anothers_seal(db_session: Session) -> None:
    firm = a_firm()
    put_certificate(firm.actor, a_certificate(), PASSWORD)
    other = actor_of(make_user(organisation=make_law_firm("沪示")))
    with reading(other) as session:
        assert certificate_of(session, other) is None
        assert session.scalar(sa.select(sa.func.count()).select_from(FirmCertificate)) == 0


@pytest.mark.databases("sqlite")
def test_a_lawyer_adds_seal_and_certificate_on_the_page(client_for: Callable[[User], PageClient]) -> None:
    firm = a_firm()
    pages = client_for(firm.lawyer)
    page = pages.get("/packs/seal")
    assert "There is none yet" in page
    others = {"file": (io.BytesIO(a_certificate(name="示例所")), "firm.p12"), "password": PASSWORD}
    page = page.submit("certificate", status=422, **others)
    assert "The certificate is issued to “示例所”" in page
    others["file"] = (io.BytesIO(a_certificate(name="示例所")), "firm.p12")
    page = page.submit("certificate", to="/packs/seal", **others, may_be_anothers="y")
    assert "示例所" in page
    assert PASSWORD not in page
    page = page.submit("picture", to="/packs/seal", image=(io.BytesIO(a_seal()), "seal.png"))
    assert "The seal as letters show it" in page.response.text
    refused = page.submit("certificate", status=422, file=(io.BytesIO(b"x"), "firm.p12"), password="x")
    assert "This is no PKCS#12 file" in refused


@pytest.mark.databases("sqlite")
def test_no_file_an_empty_one_and_one_that_is_too_large_are_told_apart(
    client_for: Callable[[User], PageClient],
) -> None:
    page = client_for(a_firm().lawyer).get("/packs/seal")
    for form, field in (("certificate", "file"), ("picture", "image")):
        assert "Choose a file." in page.submit(form, status=422)
        assert "The file is empty." in page.submit(form, status=422, **{field: (io.BytesIO(b""), "x")})
        large = io.BytesIO(b"x" * (300 * 1024 + 1))
        assert "The file is larger than" in page.submit(form, status=422, **{field: (large, "x")})


@pytest.mark.databases("sqlite")
def test_who_has_no_licence_sees_no_forms_and_reads_who_may(client_for: Callable[[User], PageClient]) -> None:
    firm = a_firm()
    assistant = make_user(organisation=firm.organisation, lawyer_licence_no="")
    page = client_for(assistant).get("/packs/seal")
    assert firm.lawyer.name in page and "a lawyer of your firm" in page
    assert not [form for form in page.forms if "/packs/seal" in (form.get("action") or "")]


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("colour", [(0, 0, 0, 0), (190, 30, 30, 255), (255, 255, 255, 128)])
def test_a_picture_of_which_nothing_is_seen_on_paper_is_no_seal(app: Flask, colour: tuple[int, ...]) -> None:
    out = io.BytesIO()
    PIL.Image.new("RGBA", (200, 200), colour).save(out, format="PNG")
    with pytest.raises(DomainError, match="Nothing is to be seen") as caught:
        put_image(a_firm().actor, out.getvalue())
    assert caught.value.field == "image"
