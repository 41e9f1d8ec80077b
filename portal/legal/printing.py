"""The print file of an approved pack: made in a temporary folder, put into the storage by its hash, and named in the audit.

It may be started again at any point: numbers were drawn with the approval and are only read here, and the same letters
give the same bytes. What must not go out any more is void before a page is laid out, and keeps its number.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
from flask_babel import force_locale

import letters
from portal.foundation.errors import Refused
from portal.foundation.jobs import handler
from portal.foundation.language import _l, as_data, say, translate
from portal.foundation.money import format_amount
from portal.foundation.services import services
from portal.foundation.vault import PersonKey
from portal.foundation.work import reading, transaction
from portal.legal import bulk
from portal.legal.flags import UNPRINTABLE, reason_words
from portal.legal.models import Letter, LetterEvent, LetterPack, LetterState, PackState
from portal.legal.queries import current_state, obstacles_now, pack_for
from portal.legal.reading import unsealed
from portal.legal.verification.bulk import make_known
from portal.portfolio.models import Customer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.orm import Session

    from letters import ManifestRow
    from portal.foundation.access import Actor
    from portal.foundation.jobs import JobView, Progress

__all__ = ["print_pack"]

MANIFEST_LOCALE = "zh"  # the manifest is the firm's own paper; one language, so that one pack has one manifest
VOID = LetterState.VOID


class _Numbered(NamedTuple):
    """A letter with its number, and its data where it may still be read."""

    id: int
    letter_no: str
    content_sha256: str
    currency: str
    total_minor: int
    void: str | None
    data: dict[str, Any] | None


class _Printed(NamedTuple):
    """What goes into the storage: addresses, pages, and letters that could not be laid out."""

    pdf: str | None
    pages: int
    csv: str
    xlsx: str
    unprintable: list[int]


@handler("legal.print", _l("Printing a letter pack"))
def print_pack(job: JobView, progress: Progress) -> dict[str, Any]:
    """Make the print file and the manifests of an approved pack. Run again on a ready pack, it changes nothing."""
    pack_id = int(job.payload["pack"])
    if _is_done(job.actor, pack_id):
        return _result(pack_id)
    _void_what_must_stay(job.actor, pack_id)
    with reading(job.actor) as session:
        pack = pack_for(session, job.actor, pack_id)
        numbered = _numbered(session, pack.id)
        source = pack.template, pack.template_version, dict(pack.head)
    with _scratch(pack_id) as folder:
        rows = _render(source, numbered, folder, progress)
        printed = _keep(rows, numbered, folder)
    _finish(job.actor, pack_id, printed)
    return _result(pack_id)


def _result(pack_id: int) -> dict[str, Any]:
    return {"message": as_data(say("The pack is ready to be taken away.")), "url": f"/packs/{pack_id}"}


def _is_done(actor: Actor, pack_id: int) -> bool:
    """Whether nothing is left to do. Refused where nobody has approved the pack."""
    with reading(actor) as session:
        state = pack_for(session, actor, pack_id).state
    if state not in (PackState.APPROVED, PackState.READY):
        raise Refused("legal.not_approved", say("Nobody has approved this pack, so there is nothing to print."))
    return state is PackState.READY


# --- what goes in -------------------------------------------------------------------------------------------------------


def _void_what_must_stay(actor: Actor, pack_id: int) -> None:
    """Recalled, paid, put on hold or erased since the approval: the letter is void and keeps its number."""
    with transaction(actor) as work:
        pack = pack_for(work.session, actor, pack_id, lock=True)
        obstacles = obstacles_now(work.session, pack_id)
        approved = work.session.scalars(
            sa.select(Letter.id).where(
                Letter.pack_id == pack_id, Letter.letter_no.is_not(None), current_state() == LetterState.APPROVED
            )
        )
        found = [(letter_id, obstacles[letter_id]) for letter_id in approved if letter_id in obstacles]
        if found:
            bulk.add_events(work, pack.organisation_id, VOID, found, by_person=False)
            work.audit("legal.letters_voided", pack, letters=len(found))


def _numbered(session: Session, pack_id: int) -> list[_Numbered]:
    """The pack's numbered letters in the order of their numbers, void ones among them."""
    vault = services().vault
    reason = (
        sa.select(LetterEvent.reason)
        .where(LetterEvent.letter_id == Letter.id, LetterEvent.state == VOID)
        .order_by(LetterEvent.id.desc())
        .limit(1)
        .correlate(Letter)
        .scalar_subquery()
    )
    people = sa.select(Letter.customer_id).where(Letter.pack_id == pack_id)
    held = sa.select(Customer.id, PersonKey).join(PersonKey, PersonKey.id == Customer.person_key_id)
    # Asked apart: of a person whom the firm does not hold any more the letter is there and the key is not.
    keys = dict(session.execute(held.where(Customer.id.in_(people))).tuples().all())
    wanted = sa.select(Letter, reason).where(Letter.pack_id == pack_id, Letter.letter_no.is_not(None))
    found = []
    for letter, void in session.execute(wanted.order_by(Letter.number)):
        key = keys.get(letter.customer_id)
        data = unsealed(vault, (letter.frozen_sealed, key), letter.letter_no) if key is not None and not void else None
        facts = (letter.id, letter.letter_no, letter.content_sha256, letter.currency, letter.total_minor)
        found.append(_Numbered(*facts, void, data))
    return found


# --- making it ----------------------------------------------------------------------------------------------------------


@contextmanager
def _scratch(pack_id: int) -> Iterator[Path]:
    """A folder that only this process may read; what a killed worker left of the same pack is removed first."""
    home = services().settings.home / "tmp"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    prefix = f"pack-{pack_id}-"
    for left in home.glob(prefix + "*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=home) as folder:
        yield Path(folder)


def _render(
    source: tuple[str, str, dict[str, Any]], numbered: Sequence[_Numbered], folder: Path, progress: Progress
) -> list[ManifestRow]:
    """Lay the letters out; a row for each numbered letter, in order. Refused where they would not be what was approved."""
    name, version, head = source
    template = letters.load_template(name)
    living = [n for n in numbered if n.data is not None]
    if template.version != version or any(
        letters.content_hash(template, head, n.data) != n.content_sha256 for n in living if n.data is not None
    ):
        raise Refused(
            "legal.not_what_was_approved",
            say("The template or the fonts of this machine are not those that the letters were approved with."),
        )
    rows: list[ManifestRow] = []
    if living:
        try:
            rows = letters.render_print_file(
                template,
                head,
                [n.data for n in living if n.data is not None],
                folder / "print.pdf",
                workers=services().settings.print_workers,
                progress=lambda done, total: progress.step(done, total=total, note=_so_far(done, total)),
            )
        except letters.NothingToPrint as nothing:
            rows = nothing.rows
    made = {n.id: row for n, row in zip(living, rows, strict=True)}
    return [replace(made.get(n.id) or _void_row(n), position=place) for place, n in enumerate(numbered, 1)]


def _so_far(done: int, total: int) -> Any:
    return say("%(done)s of %(total)s letters are laid out", done=done, total=total)


def _void_row(letter: _Numbered) -> ManifestRow:
    """A number that is kept and goes nowhere: no name and no address stand beside it."""
    code = letter.void or ""
    problem = letters.Problem(code, "", _said("en", code), _said("zh_Hans", code))
    return letters.ManifestRow(
        position=0, letter_no=letter.letter_no, name="", postcode="", address="", currency=letter.currency,
        total=format_amount(letter.total_minor, letter.currency), as_of="", content_sha256=letter.content_sha256,
        status="void", problems=(problem,),
    )  # fmt: skip


def _said(locale: str, reason: str) -> str:
    with force_locale(locale):
        return translate(reason_words(reason))


# --- keeping it ---------------------------------------------------------------------------------------------------------


def _keep(rows: list[ManifestRow], numbered: Sequence[_Numbered], folder: Path) -> _Printed:
    """Put the files into the storage; the same content has the same address, so a second run adds nothing."""
    letters.write_manifest_csv(rows, folder / "manifest.csv", locale=MANIFEST_LOCALE)
    letters.write_manifest_xlsx(rows, folder / "manifest.xlsx", locale=MANIFEST_LOCALE)
    held = [n.id for n, row in zip(numbered, rows, strict=True) if row.status == "held"]
    pdf = folder / "print.pdf"
    return _Printed(
        pdf=_put(pdf) if pdf.exists() else None,
        pages=max((row.last_page or 0 for row in rows), default=0),
        csv=_put(folder / "manifest.csv"),
        xlsx=_put(folder / "manifest.xlsx"),
        unprintable=held,
    )


def _put(file: Path) -> str:
    with file.open("rb") as stream:
        return services().storage.put(stream)


def _finish(actor: Actor, pack_id: int, printed: _Printed) -> None:
    """The pack is ready; the manifest's hash stands in the audit trail."""
    with transaction(actor) as work:
        pack: LetterPack = pack_for(work.session, actor, pack_id, lock=True)
        if pack.state is not PackState.APPROVED:
            return
        unprintable = [(letter_id, UNPRINTABLE) for letter_id in printed.unprintable]
        bulk.add_events(work, pack.organisation_id, VOID, unprintable, by_person=False)
        pack.state = PackState.READY
        pack.print_digest, pack.print_pages = printed.pdf, printed.pages
        pack.manifest_digest, pack.manifest_xlsx_digest = printed.csv, printed.xlsx
        make_known(work, pack)
        after = {"state": pack.state.value, "pages": printed.pages, "print_sha256": printed.pdf}
        manifests = {"manifest_sha256": printed.csv, "manifest_xlsx_sha256": printed.xlsx}
        work.audit("legal.pack_printed", pack, after=after | manifests, unprintable=len(unprintable))
