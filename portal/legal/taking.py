"""The files of a pack: how they are to be printed, and who takes them away.

What must not go out any more is void before a byte of the pack leaves: then its files are made again without it
(reference/letters.md, Gates).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

import letters
from portal.foundation.access import Permission, demand
from portal.foundation.errors import NotFound, Refused
from portal.foundation.language import say, say_count
from portal.foundation.services import services
from portal.foundation.work import reading, transaction
from portal.identity.models import LetterLaw
from portal.legal import bulk
from portal.legal.dispatch.queries import is_out
from portal.legal.models import Letter, LetterPack, LetterState, PackDownload, PackState
from portal.legal.queries import current_state, obstacles_now, pack_for
from portal.legal.wording import last_day_to_send

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from portal.foundation.language import Message
    from portal.foundation.work import Work

__all__ = [
    "MADE_AGAIN", "NOT_READY", "PACK_FILES", "PackFile", "Taken", "no_more_changes", "not_ready", "print_key", "record_download", "request_print", "set_up_print",
    "template_changed", "void_what_must_stay",
]  # fmt: skip

MADE_AGAIN, NOT_READY = "legal.made_again", "legal.not_ready"


class PackFile(NamedTuple):
    """A file of a ready pack: how it is recorded, and where the pack keeps its address."""

    code: str
    column: str
    mimetype: str


PACK_FILES = {
    "print.pdf": PackFile("print", "print_digest", "application/pdf"),
    "labels.pdf": PackFile("labels", "labels_digest", "application/pdf"),
    "letters.zip": PackFile("singles", "singles_digest", "application/zip"),
    "manifest.csv": PackFile("manifest_csv", "manifest_digest", "text/csv; charset=utf-8"),
    "manifest.xlsx": PackFile(
        "manifest_xlsx",
        "manifest_xlsx_digest",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
}


class Taken(NamedTuple):
    """A file that somebody takes away: its address in the storage, its size in bytes, its name."""

    digest: str
    size: int
    file_name: str
    mimetype: str


def record_download(actor: Actor, pack_id: int, file_name: str) -> Taken:
    """Somebody takes a file of a ready pack; recorded with its hash before a byte goes out.

    NotFound for another firm's pack or a file it does not have; Refused before the pack is ready, and where letters of it
    must not go out any more: these are void then, and the files are being made again.
    """
    demand(actor, Permission.PACKS_DOWNLOAD)
    wanted = PACK_FILES.get(file_name)
    if wanted is None:
        raise NotFound
    _check_validation(actor, pack_id)
    voided = _take_out(actor, pack_id)
    if voided:
        raise Refused(
            MADE_AGAIN,
            say_count(
                "%(n)s letter must not go out any more and is void. The files are being made again without it: take them then.",
                "%(n)s letters must not go out any more and are void. The files are being made again without them: take them "
                "then.",
                voided,
            ),
        )
    with transaction(actor) as work:
        pack = pack_for(work.session, actor, pack_id)
        if pack.state is not PackState.READY:
            raise not_ready()
        digest: str | None = getattr(pack, wanted.column)
        if digest is None:
            raise NotFound
        size = work.storage.size(digest)
        work.session.add(
            PackDownload(
                pack_id=pack.id,
                organisation_id=pack.organisation_id,
                user_id=actor.user_id,
                at=work.now,
                origin=actor.origin[:64],
                file=wanted.code,
                digest=digest,
            )
        )
        work.audit("legal.pack_downloaded", pack, file=wanted.code, sha256=digest)
        return Taken(digest, size, f"{pack.number}-{file_name}", wanted.mimetype)


def _check_validation(actor: Actor, pack_id: int) -> None:
    """Refused for a US pack whose letters name an end of the validation period that today is too near: it would be defective."""
    with reading(actor) as session:
        pack = pack_for(session, actor, pack_id)
        today = services().clock.today()
        if (
            pack.jurisdiction == LetterLaw.STATES
            and pack.state is PackState.READY
            and today > last_day_to_send(pack.issued_on)
        ):
            words = say(
                "These letters had to go out by %(day)s: the validation period that they name would be too short by now "
                "(12 CFR 1006.34(b)(5)). Give the pack up and build it anew.",
                day=last_day_to_send(pack.issued_on),
            )
            raise Refused("legal.validation_period", words)


def not_ready() -> Refused:
    """What is said of a pack whose files are not made, or are being made again."""
    return Refused(NOT_READY, say("The pack is not ready: only an approved pack can be taken away."))


def set_up_print(actor: Actor, pack_id: int, *, duplex: bool, postal: bool) -> bool:
    """Say how the pack is printed: on both sides of a sheet, by postcode. A pack that is ready is made again, with the same
    letters and numbers; whether it is. Refused while its files are being made, and for a pack that was refused."""
    demand(actor, Permission.PACKS_DOWNLOAD)
    with transaction(actor) as work:
        pack = pack_for(work.session, actor, pack_id, lock=True)
        if pack.state not in (PackState.REVIEW, PackState.READY):
            raise Refused(
                "legal.print_state", say("This can be changed before the approval and once the files are made.")
            )
        before = {"duplex": pack.duplex, "postal": pack.postal}
        after = {"duplex": duplex, "postal": postal}
        if before == after:
            return False
        if pack.state is PackState.READY and template_changed(pack):
            raise Refused("legal.template_changed", no_more_changes())
        pack.duplex, pack.postal = duplex, postal
        work.audit("legal.print_set_up", pack, before=before, after=after)
        if pack.state is PackState.READY:
            _make_again(work, pack)
            return True
        return False


def template_changed(pack: LetterPack) -> bool:
    """Whether the template of a pack is another one than when its data was frozen, or is not there any more."""
    try:
        return letters.load_template(pack.template).version != pack.template_version
    except letters.LettersError:
        return True


def no_more_changes() -> Message:
    """Said of a pack that is printed and could not be printed again."""
    return say(
        "The template has changed since this pack was printed: take its files as they are, they stay what was approved."
    )


def request_print(work: Work, pack: LetterPack, letters: int) -> None:
    """Have the files of an approved pack made, within the caller's transaction."""
    work.request_job("legal.print", print_key(pack), {"pack": pack.id}, total=letters)


def print_key(pack: LetterPack) -> str:
    """Under which name the making of a pack's present files stands among the jobs."""
    return f"{pack.id}-{pack.edition}"


def void_what_must_stay(work: Work, pack: LetterPack) -> int:
    """Recalled, paid, put on hold or erased since the approval: such letters are void and keep their numbers; how many. What has
    gone out stays what it was: nobody can call it back."""
    obstacles = obstacles_now(work.session, pack.id)
    approved = work.session.scalars(
        sa.select(Letter.id)
        .where(
            Letter.pack_id == pack.id, Letter.letter_no.is_not(None), current_state() == LetterState.APPROVED, ~is_out()
        )
        .order_by(Letter.id)
    )
    found = [(letter_id, obstacles[letter_id]) for letter_id in approved if letter_id in obstacles]
    if found:
        bulk.add_events(work, pack.organisation_id, LetterState.VOID, found, by_person=False)
        work.audit("legal.letters_voided", pack, letters=len(found))
    return len(found)


def _take_out(actor: Actor, pack_id: int) -> int:
    """Void what must stay and have the files made again, in a transaction of its own: it holds although nobody takes a file."""
    with transaction(actor) as work:
        pack = pack_for(work.session, actor, pack_id, lock=True)
        if pack.state is not PackState.READY:
            return 0
        voided = void_what_must_stay(work, pack)
        if voided:
            _make_again(work, pack)
        return voided


def _make_again(work: Work, pack: LetterPack) -> None:
    pack.state = PackState.APPROVED
    pack.edition += 1
    pack.singles_digest = None
    numbered = sa.select(sa.func.count()).where(Letter.pack_id == pack.id, Letter.letter_no.is_not(None))
    request_print(work, pack, work.session.scalar(numbered) or 0)
