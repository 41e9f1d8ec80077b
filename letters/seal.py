"""The firm's electronic seal: a PAdES signature over a single letter, under the firm's certificate (PKCS#12).

Sealing is the last step: whatever changes the file afterwards breaks the seal. A certificate's key and password never stand
in a message, a log line or a representation.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pypdfium2
import pypdfium2.raw
from asn1crypto import keys, pkcs12, x509
from cryptography import x509 as certificates
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates
from pyhanko.pdf_utils.content import RawContent
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.sign import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator.registry import SimpleCertificateStore

from letters.errors import LettersError

__all__ = ["Certificate", "SealFault", "read_certificate", "seal_letter"]

FIELD = "FirmSeal"
LARGEST = 64 * 1024  # bytes; a certificate with its chain is a few thousand
WEAKEST_RSA = 2048  # bits


class SealFault(LettersError):
    """A certificate that cannot seal letters, with what is wrong with it."""


@dataclass(frozen=True)
class Certificate:
    """A firm's certificate with its key, ready to seal. Days of validity are instants in UTC."""

    subject: str
    issuer: str
    serial: str
    valid_from: datetime
    valid_until: datetime
    _signer: SimpleSigner = field(repr=False)


def read_certificate(content: bytes, password: str) -> Certificate:
    """The certificate in a PKCS#12 file. SealFault for a file that is none, a wrong password, one without a key, or a key that
    readers of PDF do not trust (RSA under 2,048 bits, anything but RSA and the NIST curves)."""
    if len(content) > LARGEST or not _is_pkcs12(content):
        raise SealFault(
            "seal.broken", "This is not a PKCS#12 file (.p12, .pfx).", "这不是 PKCS#12 文件（.p12、.pfx）。"
        )
    try:
        key, certificate, others = load_key_and_certificates(content, password.encode())
    except UnsupportedAlgorithm:
        raise SealFault(
            "seal.algorithm",
            "The file is encrypted in a way that is not read any more. Export it again with AES.",
            "该文件的加密方式已不受支持，请用 AES 重新导出。",
        ) from None
    except ValueError:
        raise SealFault(
            "seal.password",
            "The password does not open this file, or the file is damaged.",
            "密码无法打开该文件，或文件已损坏。",
        ) from None
    if key is None or certificate is None:
        raise SealFault("seal.no_key", "The file holds no certificate with its key.", "文件中没有带私钥的证书。")
    _refuse_weak(key)
    return Certificate(
        subject=_name_of(certificate.subject),
        issuer=_name_of(certificate.issuer),
        serial=f"{certificate.serial_number:X}",
        valid_from=certificate.not_valid_before_utc,
        valid_until=certificate.not_valid_after_utc,
        _signer=_signer(key, certificate, others),
    )


def seal_letter(
    pdf: bytes, certificate: Certificate, *, now: datetime, reason: str, image: tuple[int, int] | None = None
) -> bytes:
    """The letter with a PAdES signature under the certificate; `reason` stands in it, and the time of signing.

    `image`: width and height in pixels of the seal that the letter shows. The signature then lies over it, so that a reader who
    clicks on the seal is told whose it is; without it, or where the letter shows none, the signature has no place on the page.
    SealFault where the certificate is not valid at `now`, the real time in UTC.
    """
    if not certificate.valid_from <= now <= certificate.valid_until:
        raise SealFault(
            "seal.ended",
            f"The certificate is valid from {certificate.valid_from:%Y-%m-%d} to {certificate.valid_until:%Y-%m-%d} only.",
            f"证书有效期为 {certificate.valid_from:%Y-%m-%d} 至 {certificate.valid_until:%Y-%m-%d}。",
        )
    place = _place_of(pdf, image) if image else None
    spec = SigFieldSpec(FIELD, on_page=place[0] if place else 0, box=place[1] if place else None)
    style = None
    if place:
        left, bottom, right, top = place[1]
        nothing = RawContent(b"", box=BoxConstraints(right - left, top - bottom))
        style = StaticStampStyle(border_width=0, background=nothing)
    how = PdfSignatureMetadata(field_name=FIELD, md_algorithm="sha256", reason=reason, subfilter=SigSeedSubFilter.PADES)
    signer = PdfSigner(how, certificate._signer, stamp_style=style, new_field_spec=spec)
    out = io.BytesIO()
    signer.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), output=out)
    return out.getvalue()


def _is_pkcs12(content: bytes) -> bool:
    try:
        return bool(pkcs12.Pfx.load(content, strict=True)["version"].native == "v3")
    except (ValueError, TypeError):
        return False


def _refuse_weak(key: Any) -> None:
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= WEAKEST_RSA:
        return
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in ("secp256r1", "secp384r1", "secp521r1"):
        return
    raise SealFault(
        "seal.weak",
        "The certificate's key is not one that readers of PDF accept: RSA from 2,048 bits, or P-256, P-384, P-521.",
        "PDF 阅读器不认可该证书的密钥：须为 2,048 位以上的 RSA，或 P-256、P-384、P-521。",
    )


def _name_of(name: certificates.Name) -> str:
    """The common name, else the whole name."""
    found = name.get_attributes_for_oid(certificates.NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()


def _signer(key: Any, certificate: certificates.Certificate, others: list[certificates.Certificate]) -> SimpleSigner:
    plain = serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, plain)
    own, *chain = (
        x509.Certificate.load(one.public_bytes(serialization.Encoding.DER)) for one in (certificate, *others)
    )
    return SimpleSigner(
        signing_cert=own,
        signing_key=keys.PrivateKeyInfo.load(secret),
        cert_registry=SimpleCertificateStore.from_certs([own, *chain]),  # type: ignore[no-untyped-call]
    )


def _place_of(pdf: bytes, image: tuple[int, int]) -> tuple[int, tuple[int, int, int, int]] | None:
    """Page and box (points) of the picture of that size, looked for from the last page."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        for number in reversed(range(len(document))):
            page = document[number]
            for found in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE], max_depth=4):
                if tuple(found.get_px_size()) == image:
                    edges, around = found.get_bounds(), found.container
                    while around is not None:  # inside of a form, edges are the form's
                        edges, around = around.get_matrix().on_rect(*edges), around.container
                    left, bottom, right, top = (round(edge) for edge in edges)
                    return number, (left, bottom, right, top)
    finally:
        document.close()
    return None
