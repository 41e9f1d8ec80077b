"""Letter packs of the demo: built by the firm's assistant, read and approved by its lawyer, taken to the printer."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from itertools import cycle
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from cryptography.x509.oid import NameOID

from letters import load_template, render_document
from portal.demo.cast import HOUSES
from portal.foundation.jobs import run_pending
from portal.foundation.services import services
from portal.foundation.visibility import visible
from portal.foundation.work import reading
from portal.identity.models import Organisation
from portal.legal.approving import approve_pack
from portal.legal.building import build_pack
from portal.legal.dispatch.files import import_dispatch, receive_dispatch
from portal.legal.dispatch.models import LetterDispatch, LetterResult
from portal.legal.dispatch.operations import dispatch_pack, record_result
from portal.legal.dispatch.queries import letters_by_number, letters_to_send, ways_of
from portal.legal.dispatch.terms import Outcome
from portal.legal.models import Letter, LetterPack, PackState
from portal.legal.operations import open_letter, refuse_letter, refuse_pack
from portal.legal.queries import batches_to_pack, letter_rows, packs
from portal.legal.sealing import ask_singles
from portal.legal.signing import certificate_of, put_certificate, put_image
from portal.legal.taking import record_download, set_up_print
from portal.legal.verification.operations import verify
from portal.portfolio.importing import Options
from portal.vendors.proofs import Proof

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from portal.demo.stage import Stage
    from portal.legal.choosing import Choice

__all__ = [
    "FIRMS", "approve_packs", "ask_about_letters", "build_packs", "note_results", "packs_of", "send_letters", "take_files",
]  # fmt: skip

CERTIFICATE_WORD = "demo-seal-2026"  # of a certificate that the demo makes for itself
SEALED = "lawyer-letter-zh"  # whose folder has a picture of a seal
HEAD = ("函件编号", "承运方", "邮件号", "寄出日期", "投递结果", "结果日期", "原因")
# What a carrier reports of one letter after the other; nothing: it is still on its way.
REPORTED = (
    ("妥投", ""), ("妥投", ""), ("退回", "查无此人"), ("妥投", ""), ("", ""), ("妥投", ""), ("拒收", "收件人拒收"),
    ("妥投", ""), ("逾期未领", "三次投递未果"), ("妥投", ""), ("退回", "迁移新址不明"), ("", ""),
)  # fmt: skip
SIGNED_CARD = "<h1>国内特快专递邮件回执</h1><p>收件人签收：本人</p><p>{number}</p>"
FIRMS = {house.code: [person.user_name for person in house.people] for house in HOUSES}
UNSEALED = {house.code for house in HOUSES if house.is_abroad}  # letters of lawyers abroad bear no seal
DOUBT = "地址与身份证住址不一致，请银行核实后重新委托"  # why a letter is left out


def give_seal(stage: Stage, code: str) -> None:
    """The firm's lawyer adds the picture of its seal and a certificate, which the demo issues to itself."""
    lawyer = stage.actor(FIRMS[code][0])
    with reading(lawyer) as session:
        if certificate_of(session, lawyer) is not None:
            return
        name = (
            session.scalars(visible(Organisation, lawyer).where(Organisation.id == lawyer.organisation_id)).one().name
        )
    put_image(lawyer, load_template(SEALED).assets["seal-placeholder.png"])
    put_certificate(lawyer, _certificate(name), CERTIFICATE_WORD)


def _certificate(name: str) -> bytes:
    """A certificate as PKCS#12, valid from the demo's first days to long after: no reader of PDF trusts its issuer, which is the firm itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), services().clock.real_now()
    holder = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(holder)
        .issuer_name(holder)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=14_600))
        .sign(key, hashes.SHA256())
    )
    return serialize_key_and_certificates(
        None, key, certificate, None, BestAvailableEncryption(CERTIFICATE_WORD.encode())
    )


def build_packs(stage: Stage, code: str, choice: Choice | None = None) -> None:
    """Make a pack of every letter batch that the firm has accepted."""
    if code not in UNSEALED:
        give_seal(stage, code)
    assistant = stage.actor(FIRMS[code][1])
    with reading(assistant) as session:
        waiting = [batch.id for batch in session.scalars(batches_to_pack(assistant, unpacked=True))]
    for batch_id in waiting:
        build_pack(assistant, batch_id, choice)
    run_pending(stage.app)


def approve_packs(stage: Stage, code: str, doubt: str = DOUBT) -> None:
    """Read what has to be read, leave one letter out, approve the rest; the print file is made."""
    lawyer = stage.actor(FIRMS[code][0])
    for pack_id in packs_of(stage, code, PackState.REVIEW):
        with reading(lawyer) as session:
            letters = [row[0] for row in session.execute(letter_rows(lawyer, pack_id).order_by(Letter.position))]
            sample = [letter.id for letter in letters if letter.in_sample]
            others = [letter.id for letter in letters if not (letter.in_sample or letter.flagged)]
        for letter_id in sample:
            open_letter(lawyer, pack_id, letter_id)
        if len(others) > 1:
            refuse_letter(lawyer, pack_id, others[-1], doubt)
        if sample or others:
            approve_pack(lawyer, pack_id)
        else:
            refuse_pack(lawyer, pack_id, "函件资料均不完整，请银行补充后重新委托")
    run_pending(stage.app)


def take_files(stage: Stage, code: str) -> None:
    """The assistant takes the files of what is ready."""
    assistant = stage.actor(FIRMS[code][1])
    ready = packs_of(stage, code, PackState.READY)
    for pack_id in ready[:1]:
        set_up_print(assistant, pack_id, duplex=True, postal=True)
        run_pending(stage.app)
        if code not in UNSEALED:
            ask_singles(assistant, pack_id)
            run_pending(stage.app)
    for pack_id in ready:
        for file_name in ("print.pdf", "manifest.csv"):
            record_download(assistant, pack_id, file_name)


def send_letters(stage: Stage, code: str) -> None:
    """The assistant notes how the letters went out: all by one carrier, then the tracking numbers by file."""
    assistant = stage.actor(FIRMS[code][1])
    today = services().clock.today()
    for pack_id in packs_of(stage, code, PackState.READY):
        with reading(assistant) as session:
            ways = letters_to_send(session, assistant, pack_id)
        if not ways:
            continue
        numbers = [str(way.letter.letter_no) for way in ways]
        dispatch_pack(assistant, pack_id, "中国邮政EMS", today)
        _file(
            stage,
            code,
            today,
            ((number, "", f"EA{pack_id:03d}{n:06d}CN", "", "", "", "") for n, number in enumerate(numbers, 1)),
        )


def note_results(stage: Stage, code: str) -> None:
    """What the carrier reports a few days later, by file: most were delivered, some came back, some are still on their way."""
    assistant = stage.actor(FIRMS[code][1])
    today = services().clock.today()
    with reading(assistant) as session:
        wanted = ways_of(assistant).where(LetterDispatch.id.is_not(None), LetterResult.id.is_(None))
        numbers = list(session.scalars(wanted.with_only_columns(Letter.letter_no).order_by(Letter.id)))
    day = today.isoformat()
    said = zip(numbers, cycle(REPORTED), strict=False)
    rows = [(str(number), "", "", "", result, day, reason) for number, (result, reason) in said if result]
    if rows:
        _file(stage, code, today, rows)
        _prove_first_delivery(stage, code, str(rows[0][0]))


def _prove_first_delivery(stage: Stage, code: str, number: str) -> None:
    """The signed card of one letter is on file as well."""
    assistant = stage.actor(FIRMS[code][1])
    with reading(assistant) as session:
        way = letters_by_number(session, assistant, assistant.organisation_id or 0, [number])[number]
        result = way.result
    if result is not None:
        outcome = Outcome(result.result, result.result_on, result.reason)
        record_result(
            assistant,
            way.pack.id,
            way.letter.id,
            outcome,
            Proof(render_document(SIGNED_CARD.format(number=number), ""), f"{number}-回执.pdf"),
        )


def ask_about_letters(stage: Stage, code: str) -> None:
    """Those who got a letter look whether it is genuine; of one letter a forged copy goes around."""
    assistant = stage.actor(FIRMS[code][1])
    with reading(assistant) as session:
        codes = list(session.scalars(ways_of(assistant).with_only_columns(Letter.verify_code).order_by(Letter.id)))
    if not codes:
        return
    for verify_code in codes[1::3]:
        verify(verify_code)
    for n in range(11):
        verify(codes[0], "(2005)沪明衡律函字第000999号" if n % 4 == 3 else "")
    verify("2222-3333-4444")


def _file(stage: Stage, code: str, today: date, rows: Iterable[Sequence[str]]) -> None:
    """A file of the firm's, sent and imported."""
    assistant = stage.actor(FIRMS[code][1])
    content = "\r\n".join(",".join(row) for row in (HEAD, *rows)).encode("gb18030")
    options = Options(organisation_id=assistant.organisation_id)
    run = receive_dispatch(assistant, BytesIO(content), f"寄递-{today:%m%d}.csv", options, as_job=False)
    import_dispatch(assistant, run.id)


def packs_of(stage: Stage, code: str, state: PackState) -> list[int]:
    """The firm's packs in a state, oldest first."""
    lawyer = stage.actor(FIRMS[code][0])
    with reading(lawyer) as session:
        wanted = packs(lawyer).where(LetterPack.state == state).order_by(LetterPack.id)
        return [pack.id for pack in session.scalars(wanted)]
