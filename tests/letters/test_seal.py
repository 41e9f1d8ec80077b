"""The firm's seal on a letter: readers that are not ours call it valid, and a change breaks it."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, NoEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from cryptography.x509.oid import NameOID

from letters import render_single
from letters.seal import SealFault, read_certificate, seal_letter
from tests.letters.factories import head, letter, template
from tests.letters.support import assert_sound, pages_text

PASSWORD = "章 seal-2026"


def a_certificate(
    key: Any = None,
    *,
    name: str = "北京示例律师事务所",
    days: tuple[int, int] = (-1, 365),
    password: str | None = PASSWORD,
) -> bytes:
    key = key or ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(0x1234ABCD)
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.KeyUsage(True, True, False, False, False, False, False, False, False), critical=True)
        .sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    )
    how = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return serialize_key_and_certificates(b"seal", key, made, None, how)


def with_seal() -> bytes:
    firm = head()["firm"] | {"seal": "seal-placeholder.png"}
    return render_single(template(), head(firm=firm), letter())


def seal_size() -> tuple[int, int]:
    png = template().assets["seal-placeholder.png"]
    return int.from_bytes(png[16:20]), int.from_bytes(png[20:24])


def said_by_pdfsig(pdf: bytes, folder: Path) -> str:
    if not shutil.which("pdfsig"):
        pytest.skip("pdfsig is not installed")
    (folder / "letter.pdf").write_bytes(pdf)
    command = ["pdfsig", "-nocert", str(folder / "letter.pdf")]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)])
def test_a_sealed_letter_is_valid_for_a_reader_that_is_not_ours_and_says_the_same(key: Any, tmp_path: Path) -> None:
    plain = with_seal()
    sealed = seal_letter(
        plain, read_certificate(a_certificate(key), PASSWORD), now=datetime.now(UTC), reason="律师函", image=seal_size()
    )
    said = said_by_pdfsig(sealed, tmp_path)
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said
    assert pages_text(sealed) == pages_text(plain)
    assert sealed.startswith(plain)
    assert_sound(tmp_path / "letter.pdf")


def test_a_change_after_sealing_shows(tmp_path: Path) -> None:
    sealed = seal_letter(
        with_seal(), read_certificate(a_certificate(), PASSWORD), now=datetime.now(UTC), reason="律师函"
    )
    changed = sealed.replace(b"/Title", b"/Titel", 1)
    assert changed != sealed
    assert "Signature is Valid" not in said_by_pdfsig(changed, tmp_path)


def test_the_signature_lies_on_the_seal_that_the_letter_shows(tmp_path: Path) -> None:
    sealed = seal_letter(
        with_seal(),
        read_certificate(a_certificate(), PASSWORD),
        now=datetime.now(UTC),
        reason="律师函",
        image=seal_size(),
    )
    (tmp_path / "a.pdf").write_bytes(sealed)
    with pikepdf.open(tmp_path / "a.pdf") as document:
        (widget,) = [note for page in document.pages for note in page.get("/Annots", [])]
        left, bottom, right, top = (float(edge) for edge in widget.Rect)
        assert widget.P.objgen == document.pages[-1].obj.objgen
    assert (round((right - left) / 72 * 25.4), round((top - bottom) / 72 * 25.4)) == (42, 42)


def test_a_certificate_says_whose_it_is_and_hides_its_key() -> None:
    certificate = read_certificate(a_certificate(), PASSWORD)
    assert (certificate.subject, certificate.serial) == ("北京示例律师事务所", "1234ABCD")
    assert certificate.valid_from < datetime.now(UTC) < certificate.valid_until
    assert "sign" not in repr(certificate).lower()


@pytest.mark.parametrize(
    ("content", "password", "code"),
    [
        (b"", "", "seal.broken"),
        (b"%PDF-1.7", "", "seal.broken"),
        (a_certificate()[:-40], PASSWORD, "seal.broken"),
        (a_certificate() + b"x" * 70_000, PASSWORD, "seal.broken"),
        (a_certificate(), "wrong", "seal.password"),
        (a_certificate(), "", "seal.password"),
        (a_certificate(rsa.generate_private_key(65537, 1024)), PASSWORD, "seal.weak"),
        (a_certificate(ed25519.Ed25519PrivateKey.generate()), PASSWORD, "seal.weak"),
    ],
)
def test_a_certificate_that_cannot_seal_is_refused_with_what_is_wrong(content: bytes, password: str, code: str) -> None:
    with pytest.raises(SealFault) as refused:
        read_certificate(content, password)
    assert refused.value.code == code
    assert refused.value.message_en
    assert refused.value.message_zh
    assert PASSWORD not in refused.value.message_en


@pytest.mark.parametrize("days", [(-30, -1), (1, 30)])
def test_a_certificate_seals_only_while_it_is_valid(days: tuple[int, int]) -> None:
    with pytest.raises(SealFault, match="valid from"):
        seal_letter(
            with_seal(), read_certificate(a_certificate(days=days), PASSWORD), now=datetime.now(UTC), reason="律师函"
        )
