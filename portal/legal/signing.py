"""What a firm signs its letters with: its certificate (PKCS#12) and the picture of its seal, kept and replaced by its lawyers.

A certificate's key and password are sealed under the environment's data key and leave the vault only to seal letters: no page,
no file, no log line and no audit event has them.
"""

from __future__ import annotations

import base64
import hashlib
import json
import unicodedata
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

import letters
from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, NotFound
from portal.foundation.language import say
from portal.foundation.services import services
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.identity.models import Organisation
from portal.legal.licences import licence_of
from portal.legal.seal_models import FirmCertificate, SealImage

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from letters.seal import Certificate
    from portal.foundation.access import Actor
    from portal.foundation.work import Work

__all__ = [
    "LARGEST_CERTIFICATE", "LARGEST_IMAGE", "certificate_of", "end_certificate", "end_image", "image_of",
    "opened_certificate", "put_certificate", "put_image",
]  # fmt: skip

LARGEST_CERTIFICATE = 64 * 1024  # bytes
LARGEST_IMAGE = 300 * 1024
SIDES = range(120, 1201)  # pixels: a seal of 42 mm is 500 at 300 dpi
PNG = b"\x89PNG\r\n\x1a\n"
_PURPOSE = "firm certificate"
_FAULTS = {
    "seal.broken": say("This is no PKCS#12 file (.p12 or .pfx)."),
    "seal.algorithm": say("The file is encrypted in a way that is not read any more. Export it again with AES."),
    "seal.password": say("The password does not open this file, or the file is damaged."),
    "seal.no_key": say("The file holds no certificate together with its key."),
    "seal.weak": say("Readers of PDF do not accept this key. Take RSA from 2,048 bits, or P-256, P-384 or P-521."),
}


# --- the certificate ----------------------------------------------------------------------------------------------------


def put_certificate(actor: Actor, content: bytes, password: str, *, may_be_anothers: bool = True) -> int:
    """Take the certificate that the firm's letters are sealed with from now on; its id. The one before ends.

    DomainError (403) without the actor's own valid licence; DomainError naming `file` or `password` for a file that is no
    PKCS#12, a wrong password, a weak key, or a certificate that is not valid now; unless it `may_be_anothers`, DomainError
    naming `may_be_anothers` for one that does not name the firm.
    """
    demand(actor, Permission.PACKS_APPROVE)
    certificate = _read(content, password)
    with transaction(actor) as work:
        licence_of(work.session, actor, work.today)
        if certificate.valid_until <= work.real_now:
            words = say("This certificate is over. Have a new one issued and upload that.")
            raise DomainError("legal.certificate_over", words, field="file")
        if certificate.valid_from > work.real_now:
            words = say("This certificate is not valid yet: it begins on %(day)s.", day=certificate.valid_from.date())
            raise DomainError("legal.certificate_early", words, field="file")
        if not may_be_anothers:
            _refuse_anothers(work, certificate)
        _end(work, FirmCertificate)
        secret = json.dumps({"pkcs12": base64.b64encode(content).decode(), "password": password})
        row = FirmCertificate(
            organisation_id=actor.organisation_id, subject=certificate.subject[:200], issuer=certificate.issuer[:200],
            serial=certificate.serial[:64], valid_from=certificate.valid_from, valid_until=certificate.valid_until,
            secret_sealed=work.vault.seal_secret(secret, _PURPOSE), added_by=actor.user_id, added_at=work.now,
        )  # fmt: skip
        work.session.add(row)
        work.session.flush()
        work.audit("legal.certificate_put", row, after={"serial": row.serial, "until": row.valid_until.isoformat()})
        return row.id


def _refuse_anothers(work: Work, certificate: Certificate) -> None:
    """A seal under a name that is not the firm's makes whoever reads the letter doubt it."""
    firm = work.session.scalars(
        visible(Organisation, work.actor).where(Organisation.id == work.actor.organisation_id)
    ).one()
    subject = _bare(certificate.subject)
    if not any(name and _bare(name) in subject for name in (firm.name, firm.name_en)):
        words = say(
            "The certificate is issued to “%(subject)s”, not to “%(firm)s”. If letters are to be sealed with it all the same, "
            "choose the file again, give its password, and tick the box.",
            subject=certificate.subject, firm=firm.name,
        )  # fmt: skip
        raise DomainError("legal.certificate_name", words, field="may_be_anothers")


def _bare(name: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", name).casefold() if c.isalnum())


def end_certificate(actor: Actor) -> None:
    """Seal no more letters with the present certificate. NotFound where there is none."""
    demand(actor, Permission.PACKS_APPROVE)
    with transaction(actor) as work:
        licence_of(work.session, actor, work.today)
        if not _end(work, FirmCertificate):
            raise NotFound


def certificate_of(session: Session, actor: Actor) -> FirmCertificate | None:
    """The certificate that stands for the actor's firm."""
    found: FirmCertificate | None = session.scalar(_standing(actor, FirmCertificate))
    return found


def opened_certificate(session: Session, actor: Actor) -> Certificate | None:
    """The same ready to seal, for the job that seals; None where none stands."""
    row = certificate_of(session, actor)
    if row is None:
        return None
    kept = json.loads(services().vault.open_secret(row.secret_sealed, _PURPOSE))
    return _read(base64.b64decode(kept["pkcs12"]), kept["password"])


def _read(content: bytes, password: str) -> Certificate:
    if not content:
        raise DomainError("legal.file_empty", say("The file is empty."), field="file")
    if len(content) > LARGEST_CERTIFICATE:
        raise _too_large(LARGEST_CERTIFICATE, "file")
    from letters.seal import SealFault, read_certificate  # most of a second to load, for the few that seal

    try:
        return read_certificate(content, password)
    except SealFault as fault:
        field = "password" if fault.code == "seal.password" else "file"
        raise DomainError(f"legal.{fault.code}", _FAULTS[fault.code], field=field) from None


# --- the picture of the seal --------------------------------------------------------------------------------------------


def put_image(actor: Actor, content: bytes) -> int:
    """Take the picture of the seal that the firm's letters show from the next pack on; its id. The one before ends.

    DomainError naming `image` for what is no PNG of 120 to 1,200 pixels a side and 300 KB at most.
    """
    demand(actor, Permission.PACKS_APPROVE)
    size = _checked(content)
    with transaction(actor) as work:
        licence_of(work.session, actor, work.today)
        _end(work, SealImage)
        row = SealImage(
            organisation_id=actor.organisation_id, content=content, sha256=hashlib.sha256(content).hexdigest(),
            added_by=actor.user_id, added_at=work.now,
        )  # fmt: skip
        work.session.add(row)
        work.session.flush()
        work.audit("legal.seal_put", row, after={"sha256": row.sha256, "pixels": f"{size[0]} x {size[1]}"})
        return row.id


def end_image(actor: Actor) -> None:
    """Show no seal on the letters of later packs. NotFound where none stands."""
    demand(actor, Permission.PACKS_APPROVE)
    with transaction(actor) as work:
        licence_of(work.session, actor, work.today)
        if not _end(work, SealImage):
            raise NotFound


def image_of(session: Session, actor: Actor, firm_id: int | None = None) -> SealImage | None:
    """The picture that stands for a firm; for the actor's own if none is named."""
    found: SealImage | None = session.scalar(_standing(actor, SealImage, firm_id))
    return found


def _checked(content: bytes) -> tuple[int, int]:
    if not content:
        raise DomainError("legal.file_empty", say("The file is empty."), field="image")
    if len(content) > LARGEST_IMAGE:
        raise _too_large(LARGEST_IMAGE, "image")
    size = letters.picture_size(content) if content.startswith(PNG) else None
    if size is None or (max(size) <= SIDES[-1] and not letters.is_drawable_png(content)):
        words = say("This is not a PNG picture. Save the scan of the seal as PNG, with a transparent ground.")
        raise DomainError("legal.seal_png", words, field="image")
    if any(side not in SIDES for side in size):
        words = say(
            "The picture is %(width)s by %(height)s pixels. Take one of %(least)s to %(most)s pixels a side.",
            width=size[0], height=size[1], least=SIDES[0], most=SIDES[-1],
        )  # fmt: skip
        raise DomainError("legal.seal_size", words, field="image")
    if letters.is_blank_png(content):
        words = say(
            "Nothing is to be seen of this picture on paper: it is transparent, or of one colour. Scan the seal anew."
        )
        raise DomainError("legal.seal_blank", words, field="image")
    return size


# --- of both ------------------------------------------------------------------------------------------------------------


def _too_large(most: int, field: str) -> DomainError:
    return DomainError("legal.file_large", say("The file is larger than %(kb)s KB.", kb=most // 1024), field=field)


def _standing(actor: Actor, table: Any, firm_id: int | None = None) -> sa.Select[Any]:
    return (
        visible(table, actor)
        .where(table.organisation_id == (firm_id or actor.organisation_id), table.ended_at.is_(None))
        .order_by(table.id)
    )


def _end(work: Work, table: Any) -> bool:
    """End what stands; whether something stood. The new one is inserted after the old one's end has reached the database."""
    before = work.session.scalar(_standing(work.actor, table).with_for_update())
    if before is None:
        return False
    before.ended_at = work.now
    work.session.flush()
    work.audit("legal.certificate_ended" if table is FirmCertificate else "legal.seal_ended", before)
    return True
