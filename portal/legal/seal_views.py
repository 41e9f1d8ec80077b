"""The page of a firm's seal and certificate, and the printer's test page."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Response, redirect, render_template, url_for
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, PasswordField

import letters
from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError, NotFound
from portal.foundation.forms import show_error
from portal.foundation.language import _l, say
from portal.foundation.services import services
from portal.foundation.web import actor, requires, say_flash
from portal.identity.models import LetterLaw
from portal.legal import queries, signing
from portal.legal.blueprint import blueprint
from portal.legal.licences import has_licence

if TYPE_CHECKING:
    from portal.foundation.language import Message

__all__ = ["put_certificate", "put_seal", "seal", "seal_picture", "test_page"]


class CertificateForm(FlaskForm):  # type: ignore[misc]
    """The firm's certificate with its key."""

    file = FileField(
        _l("Certificate with its key"),
        [FileRequired()],
        description=_l("A PKCS#12 file (.p12 or .pfx) of up to 64 KB."),
    )
    may_be_anothers = BooleanField(_l("Seal with it although it names another"))
    password = PasswordField(
        _l("Password of the file"),
        render_kw={"autocomplete": "off", "maxlength": 200},
        description=_l("File and password are kept encrypted and are never shown again."),
    )


class ImageForm(FlaskForm):  # type: ignore[misc]
    """The picture of the seal."""

    image = FileField(
        _l("Picture of the seal"),
        [FileRequired()],
        description=_l("A PNG picture with a transparent ground, 120 to 1,200 pixels a side, up to 300 KB."),
    )


@blueprint.get("/packs/seal")
@requires(Permission.PACKS_APPROVE)
def seal() -> Any:
    """What the firm's letters are sealed with."""
    return _page(CertificateForm(), ImageForm())


@blueprint.post("/packs/seal/certificate")
@requires(Permission.PACKS_APPROVE)
def put_certificate() -> Any:
    """Take a certificate; the one before ends."""
    form = CertificateForm()
    try:
        content = _sent(form.file, signing.LARGEST_CERTIFICATE)
        signing.put_certificate(
            actor(), content, form.password.data or "", may_be_anothers=form.may_be_anothers.data
        )  # fmt: skip
    except DomainError as error:
        if error.field is None:
            raise
        show_error(form, error)
        return _page(form, ImageForm()), error.status
    return _done(say("Letters are sealed with this certificate from now on."))


@blueprint.post("/packs/seal/certificate/end")
@requires(Permission.PACKS_APPROVE)
def end_certificate() -> Any:
    """Seal no more letters with the present one."""
    signing.end_certificate(actor())
    return _done(say("The certificate is ended: no letter is sealed with it any more."))


@blueprint.post("/packs/seal/picture")
@requires(Permission.PACKS_APPROVE)
def put_seal() -> Any:
    """Take a picture of the seal; the one before ends."""
    form = ImageForm()
    try:
        signing.put_image(actor(), _sent(form.image, signing.LARGEST_IMAGE))
    except DomainError as error:
        if error.field is None:
            raise
        show_error(form, error)
        return _page(CertificateForm(), form), error.status
    return _done(say("The letters of packs that are built from now on show this seal."))


@blueprint.post("/packs/seal/picture/end")
@requires(Permission.PACKS_APPROVE)
def end_seal() -> Any:
    """Show no seal on the letters of later packs."""
    signing.end_image(actor())
    return _done(say("The letters of packs that are built from now on show no seal."))


@blueprint.get("/packs/seal/picture.png")
@requires(Permission.PACKS_APPROVE)
def seal_picture() -> Response:
    """The picture that stands."""
    image = signing.image_of(db.session(), actor())
    if image is None:
        raise NotFound
    response = Response(image.content, content_type="image/png")
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@blueprint.get("/packs/<int:pack_id>/test-page.pdf")
@requires(Permission.PACKS_DOWNLOAD)
def test_page(pack_id: int) -> Response:
    """A page by which the printer is set up, for the sides that the pack is printed on. Nothing of a letter is on it."""
    pack = queries.pack_for(db.session(), actor(), pack_id)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "test.pdf"
        language = "en-US" if pack.jurisdiction == LetterLaw.STATES else "zh-CN"
        letters.write_test_page(str(pack.head["firm"]["name"]), file, duplex=pack.duplex, language=language)
        response = Response(file.read_bytes(), content_type="application/pdf")
    response.headers["Content-Disposition"] = 'inline; filename="test-page.pdf"'
    return response


def _page(certificate_form: CertificateForm, image_form: ImageForm) -> str:
    session, who = db.session(), actor()
    certificate = signing.certificate_of(session, who)
    image = signing.image_of(session, who)
    return render_template(
        "legal/seal.html",
        certificate=certificate,
        certificate_by=queries.name_of_user(session, certificate.added_by) if certificate else None,
        is_valid=certificate is not None
        and certificate.valid_from <= services().clock.real_now() < certificate.valid_until,
        image=image,
        image_by=queries.name_of_user(session, image.added_by) if image else None,
        certificate_form=certificate_form,
        image_form=image_form,
        may_put=has_licence(session, who, services().clock.today()),
        lawyers=[
            lawyer.name for lawyer in queries.lawyers(session, who, who.organisation_id or 0, services().clock.today())
        ],
    )


def _sent(field: FileField, most: int) -> bytes:
    """The file that was chosen, and no more of it than shows that it is too large."""
    if not field.data:
        raise DomainError("legal.no_file", say("Choose a file."), field=field.name)
    content: bytes = field.data.read(most + 1)
    return content


def _done(sentence: Message) -> Any:
    say_flash(sentence)
    return redirect(url_for("legal.seal"))
