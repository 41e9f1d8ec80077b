"""The print file of an approved pack: made in a folder of its own, put into the storage by its hash, and named in the audit.

It may be started again at any point: numbers were drawn with the approval and are only read here, parts that are finished are
taken as they are, and the same letters give the same bytes. What must not go out any more is void before a page is laid out,
and keeps its number.
"""

from __future__ import annotations

import errno
import shutil
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
from flask_babel import force_locale

import letters
from portal.foundation.errors import Refused
from portal.foundation.jobs import Cancelled, handler
from portal.foundation.language import _l, as_data, say, translate
from portal.foundation.money import format_amount
from portal.foundation.services import services
from portal.foundation.vault import PersonKey
from portal.foundation.work import reading, transaction
from portal.legal import bulk
from portal.legal.flags import SENT_BEFORE, UNPRINTABLE, reason_words
from portal.legal.models import Letter, LetterEvent, LetterPack, LetterState, PackState
from portal.legal.queries import pack_for
from portal.legal.reading import unsealed
from portal.legal.taking import void_what_must_stay
from portal.legal.verification.bulk import make_known
from portal.legal.wording import language_of
from portal.portfolio.models import Customer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sqlalchemy.orm import Session

    from letters import ManifestRow
    from portal.foundation.access import Actor
    from portal.foundation.jobs import JobView, Progress
    from portal.foundation.language import Message

__all__ = [
    "Numbered",
    "Source",
    "in_order",
    "numbered_letters",
    "print_pack",
    "same_as_approved",
    "so_far",
    "work_folder",
]

VOID = LetterState.VOID
FORGOTTEN = 7 * 24 * 3600  # seconds after which half-made files of a pack that nobody came back for are removed


class Numbered(NamedTuple):
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
    labels: str | None
    csv: str
    xlsx: str
    unprintable: list[int]


@handler("legal.print", _l("Printing a letter pack"))
def print_pack(job: JobView, progress: Progress) -> dict[str, Any]:
    """Make the print file and the manifests of an approved pack. Run again on a ready pack, it changes nothing."""
    pack_id = int(job.payload["pack"])
    if _is_done(job.actor, pack_id):
        return _result(pack_id)
    with transaction(job.actor) as work:
        void_what_must_stay(work, pack_for(work.session, job.actor, pack_id, lock=True))
    with reading(job.actor) as session:
        pack = pack_for(session, job.actor, pack_id)
        source = Source(pack.template, pack.template_version, dict(pack.head), pack.duplex)
        numbered = in_order(numbered_letters(session, pack.id), postal=pack.postal)
        edition = pack.edition
    with work_folder(f"pack-{pack_id}-{edition}") as folder:
        rows = _render(source, numbered, folder, progress)
        _finish(job.actor, pack_id, edition, _keep(rows, numbered, folder, letters.load_template(source.template)))
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


def numbered_letters(session: Session, pack_id: int) -> list[Numbered]:
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
        found.append(Numbered(*facts, void, data))
    return found


# --- making it ----------------------------------------------------------------------------------------------------------


class Source(NamedTuple):
    """What the letters of a pack are made of beside their data, and how they are printed."""

    template: str
    version: str
    head: dict[str, Any]
    duplex: bool


def in_order(numbered: list[Numbered], *, postal: bool) -> list[Numbered]:
    """By number, or as a post office sorts them, with those at the end that do not go out."""
    if not postal:
        return numbered
    living = [n for n in numbered if n.data is not None]
    places = letters.in_postal_order([n.data or {} for n in living])
    return [living[place] for place in places] + [n for n in numbered if n.data is None]


@contextmanager
def work_folder(name: str) -> Iterator[Path]:
    """A folder that only this process's user may read, kept until the work is done or cancelled: an attempt that died has left
    its finished parts there. What nobody came back for within a week is removed.

    Refused where there is no room for what has to be written: the next attempt goes on from there.
    """
    home = services().settings.home / "tmp"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in home.glob("pack-*"):
        if left.name != name and left.stat().st_mtime < services().clock.real_now().timestamp() - FORGOTTEN:
            shutil.rmtree(left, ignore_errors=True)
    folder = home / name
    folder.mkdir(mode=0o700, exist_ok=True)
    try:
        yield folder
    except Cancelled:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        words = say("There is no room left on the disk. Have some made, then try again: what is finished is kept.")
        raise Refused("legal.no_room", words) from error
    shutil.rmtree(folder, ignore_errors=True)


def _render(source: Source, numbered: Sequence[Numbered], folder: Path, progress: Progress) -> list[ManifestRow]:
    """Lay the letters out; a row for each numbered letter, in order. Refused where they would not be what was approved."""
    living = [n for n in numbered if n.data is not None]
    template = same_as_approved(source, living)
    rows: list[ManifestRow] = []
    if living:
        try:
            rows = letters.render_print_file(
                template,
                source.head,
                [n.data for n in living if n.data is not None],
                folder / "print.pdf",
                workers=services().settings.print_workers,
                progress=lambda done, total: progress.step(done, total=total, note=so_far(done, total)),
                options=letters.PrintOptions(duplex=source.duplex, kept=folder / "parts"),
            )
        except letters.NothingToPrint as nothing:
            rows = nothing.rows
    made = {n.id: row for n, row in zip(living, rows, strict=True)}
    return [replace(made.get(n.id) or _void_row(n), position=place) for place, n in enumerate(numbered, 1)]


def same_as_approved(source: Source, living: Sequence[Numbered]) -> letters.Template:
    """The template. Refused where it, the fonts or the data are not those that the lawyer approved."""
    template = letters.load_template(source.template)
    if template.version != source.version or any(
        letters.content_hash(template, source.head, n.data) != n.content_sha256 for n in living if n.data is not None
    ):
        raise Refused(
            "legal.not_what_was_approved",
            say(
                "The template or the fonts of this machine are not those that the letters were approved with. Give the pack up, "
                "which voids its numbers, and build it anew."
            ),
        )
    return template


def so_far(done: int, total: int) -> Message:
    """How far the layout is, for the progress bar."""
    return say("%(done)s of %(total)s letters are laid out", done=done, total=total)


def _void_row(letter: Numbered) -> ManifestRow:
    """A number that is kept and goes nowhere: no name and no address stand beside it. Where it is not void, it went out before
    and the person's data has gone back since."""
    code = letter.void or SENT_BEFORE
    problem = letters.Problem(code, "", _said("en", code), _said("zh_Hans", code))
    return letters.ManifestRow(
        position=0, letter_no=letter.letter_no, name="", postcode="", address="", currency=letter.currency,
        total=format_amount(letter.total_minor, letter.currency), as_of="", content_sha256=letter.content_sha256,
        status="void" if letter.void else "held", problems=(problem,),
    )  # fmt: skip


def _said(locale: str, reason: str) -> str:
    with force_locale(locale):
        return translate(reason_words(reason))


# --- keeping it ---------------------------------------------------------------------------------------------------------


def _keep(rows: list[ManifestRow], numbered: Sequence[Numbered], folder: Path, template: letters.Template) -> _Printed:
    """Put the files into the storage; the same content has the same address, so a second run adds nothing. The manifest is the
    firm's own paper: one language, that of its letters, so that one pack has one manifest."""
    locale = language_of(template)
    letters.write_manifest_csv(rows, folder / "manifest.csv", locale=locale)
    letters.write_manifest_xlsx(rows, folder / "manifest.xlsx", locale=locale)
    printed = [n.data or {} for n, row in zip(numbered, rows, strict=True) if row.status == "printed"]
    letters.write_labels(printed, folder / "labels.pdf", template.language)
    held = [n.id for n, row in zip(numbered, rows, strict=True) if row.status == "held" and n.data is not None]
    return _Printed(
        pdf=_put(folder / "print.pdf"),
        pages=max((row.last_page or 0 for row in rows), default=0),
        labels=_put(folder / "labels.pdf"),
        csv=_put(folder / "manifest.csv") or "",
        xlsx=_put(folder / "manifest.xlsx") or "",
        unprintable=held,
    )


def _put(file: Path) -> str | None:
    """The file's address in the storage, None where there is no such file."""
    if not file.exists():
        return None
    with file.open("rb") as stream:
        return services().storage.put(stream)


def _finish(actor: Actor, pack_id: int, edition: int, printed: _Printed) -> None:
    """The pack is ready; the manifest's hash stands in the audit trail."""
    with transaction(actor) as work:
        pack: LetterPack = pack_for(work.session, actor, pack_id, lock=True)
        if pack.state is not PackState.APPROVED or pack.edition != edition:
            return
        unprintable = [(letter_id, UNPRINTABLE) for letter_id in printed.unprintable]
        bulk.add_events(work, pack.organisation_id, VOID, unprintable, by_person=False)
        pack.state = PackState.READY
        pack.print_digest, pack.print_pages = printed.pdf, printed.pages
        pack.manifest_digest, pack.manifest_xlsx_digest = printed.csv, printed.xlsx
        make_known(work, pack)
        pack.labels_digest = printed.labels
        after = {"state": pack.state.value, "edition": edition, "pages": printed.pages, "print_sha256": printed.pdf}
        manifests = {"manifest_sha256": printed.csv, "manifest_xlsx_sha256": printed.xlsx}
        work.audit("legal.pack_printed", pack, after=after | manifests, unprintable=len(unprintable))
