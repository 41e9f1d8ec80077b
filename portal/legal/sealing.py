"""The sealed single letters of a ready pack, as one ZIP: each laid out by itself, signed under the firm's certificate.

The job goes on where it died: letters that are laid out or sealed already are taken as they are.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import zipfile
from typing import TYPE_CHECKING, Any, NamedTuple

import letters
from portal.foundation.access import Permission, demand
from portal.foundation.errors import Refused
from portal.foundation.jobs import handler
from portal.foundation.language import _l, as_data, say
from portal.foundation.services import services
from portal.foundation.work import reading, transaction
from portal.legal.models import PackState
from portal.legal.printing import Numbered, Source, numbered_letters, same_as_approved, so_far, work_folder
from portal.legal.queries import pack_for
from portal.legal.signing import certificate_of, opened_certificate
from portal.legal.taking import not_ready, print_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from letters.seal import Certificate
    from portal.foundation.access import Actor
    from portal.foundation.jobs import JobView, Progress
    from portal.legal.models import LetterPack
    from portal.legal.seal_models import FirmCertificate

__all__ = ["ask_singles", "job_key", "seal_singles"]

HASHES = "sha256.csv"
STAMP = (1980, 1, 1, 0, 0, 0)  # of a file in the ZIP: nothing of the clock is in it but what the signatures say


class _Pack(NamedTuple):
    number: str
    edition: int
    source: Source
    certificate: Certificate
    living: list[Numbered]


def ask_singles(actor: Actor, pack_id: int) -> int:
    """Have the letters of a ready pack sealed one by one; the job's number. Refused before the pack is ready, and where the
    firm has no certificate that is valid now."""
    demand(actor, Permission.PACKS_DOWNLOAD)
    with transaction(actor) as work:
        pack = pack_for(work.session, actor, pack_id, lock=True)
        if pack.state is not PackState.READY or pack.print_digest is None:
            raise not_ready()
        certificate = certificate_of(work.session, actor)
        if certificate is None or not certificate.valid_from <= work.real_now < certificate.valid_until:
            raise Refused(
                "legal.no_certificate",
                say("Your firm has no certificate that is valid now. A lawyer adds it under “Seal and certificate”."),
            )
        work.audit("legal.singles_asked", pack, certificate=certificate.serial)
        key = job_key(pack, certificate)
        return work.request_job("legal.seal", key, {"pack": pack.id}, total=pack.letter_count).id


def job_key(pack: LetterPack, certificate: FirmCertificate) -> str:
    """Under which name the sealing of a pack's present files stands among the jobs."""
    return f"{print_key(pack)}-{certificate.id}"


@handler("legal.seal", _l("Sealing single letters"))
def seal_singles(job: JobView, progress: Progress) -> dict[str, Any]:
    """Lay out, sign and pack the letters of the pack's present edition. Run again, it makes the same letters."""
    pack_id = int(job.payload["pack"])
    found = _read(job.actor, pack_id)
    with work_folder(f"pack-{pack_id}-{found.edition}-singles") as folder:
        rows = _laid_out(found, folder, progress)
        sealed = [row for row in rows if row.status == "printed"]
        _seal(found, sealed, folder, progress)
        _finish(job.actor, pack_id, found, len(sealed), _zip(found, sealed, folder))
    words = say("The sealed letters of pack %(number)s are ready to be taken away.", number=found.number)
    return {"message": as_data(words), "url": f"/packs/{pack_id}"}


def _finish(actor: Actor, pack_id: int, found: _Pack, count: int, digest: str) -> None:
    """The letters can be taken away, unless the pack was made again in the meantime."""
    with transaction(actor) as work:
        pack = pack_for(work.session, actor, pack_id, lock=True)
        if pack.state is PackState.READY and pack.edition == found.edition:
            pack.singles_digest = digest
            work.audit("legal.singles_sealed", pack, letters=count, sha256=digest, certificate=found.certificate.serial)


def _read(actor: Actor, pack_id: int) -> _Pack:
    with reading(actor) as session:
        pack = pack_for(session, actor, pack_id)
        certificate = opened_certificate(session, actor)
        if pack.state is not PackState.READY or certificate is None:
            raise Refused(
                "legal.singles_gone", say("The pack or the certificate has changed in the meantime. Ask again.")
            )
        source = Source(pack.template, pack.template_version, dict(pack.head), duplex=False)
        living = [n for n in numbered_letters(session, pack.id) if n.data is not None]
        return _Pack(pack.number, pack.edition, source, certificate, living)


def _laid_out(found: _Pack, folder: Path, progress: Progress) -> list[letters.ManifestRow]:
    """One PDF per letter in `single`, as many as a worker has finished before."""
    template = same_as_approved(found.source, found.living)
    total = len(found.living)
    try:
        return letters.render_print_file(
            template,
            found.source.head,
            [n.data for n in found.living if n.data is not None],
            folder / "print.pdf",
            workers=services().settings.print_workers,
            progress=lambda done, _total: progress.step(done, total=2 * total, note=so_far(done, total)),
            options=letters.PrintOptions(kept=folder / "parts", split=folder / "single"),
        )
    except letters.NothingToPrint as nothing:
        return nothing.rows


def _seal(found: _Pack, rows: Sequence[letters.ManifestRow], folder: Path, progress: Progress) -> None:
    from letters.seal import SealFault, seal_letter  # most of a second to load, for the few that seal

    (folder / "sealed").mkdir(exist_ok=True)
    seal = found.source.head["firm"].get("seal")
    image = letters.picture_size(base64.b64decode(seal)) if seal else None
    for done, row in enumerate(rows, 1):
        name = letters.single_name(row.position, row.letter_no)
        target = folder / "sealed" / name
        if not target.exists():
            reason = f"{row.letter_no} {row.content_sha256}"
            try:
                content = seal_letter(
                    (folder / "single" / name).read_bytes(),
                    found.certificate,
                    now=services().clock.real_now(),
                    reason=reason,
                    image=image,
                )
            except SealFault:
                raise Refused(
                    "legal.certificate_over", say("This certificate is over. Have a new one issued and upload that.")
                ) from None
            letters.write_whole(target, content)
        note = say("%(done)s of %(total)s letters are sealed", done=done, total=len(rows))
        progress.step(len(found.living) + done, total=2 * len(found.living), note=note)


def _zip(found: _Pack, rows: Sequence[letters.ManifestRow], folder: Path) -> str:
    """The letters and a list of their hashes, in the storage; its address."""
    listed = io.StringIO()
    writer = csv.writer(listed)
    writer.writerow(("letter_no", "file", "content_sha256", "file_sha256"))
    with zipfile.ZipFile(folder / "letters.zip", "w") as archive:  # PDFs do not get smaller by being packed
        for row in rows:
            name = letters.single_name(row.position, row.letter_no)
            content = (folder / "sealed" / name).read_bytes()
            archive.writestr(zipfile.ZipInfo(name, STAMP), content)
            writer.writerow((row.letter_no, name, row.content_sha256, hashlib.sha256(content).hexdigest()))
        archive.writestr(zipfile.ZipInfo(HASHES, STAMP), listed.getvalue())
    with (folder / "letters.zip").open("rb") as stream:
        return services().storage.put(stream)
