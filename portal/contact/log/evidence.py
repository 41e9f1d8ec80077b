"""Recordings and photos beside the log: an organisation sends them by the names that its log gives them.

What a file is, its first bytes say; its name and what the browser claims of it are not believed. It is never opened here and
leaves only as a file to be kept. Which attempt it belongs to, the attempt's `evidence_name` says, so that log and recordings
may come in either order. Erasing the people that it is about takes a file with them (`sealing.py`).
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from portal.contact.log.sealing import keep_sealed
from portal.contact.models import ContactAttempt, EvidenceFile, EvidenceKey
from portal.foundation.access import OrganisationKind, Permission, demand
from portal.foundation.errors import DomainError, NotFound
from portal.foundation.language import Message, say
from portal.foundation.vault import PersonKey
from portal.foundation.visibility import actor_of, visible
from portal.foundation.work import reading, transaction
from portal.identity.models import Organisation
from portal.placement.models import Placement
from portal.placement.references import account_reference
from portal.portfolio.models import Account, Customer
from portal.vendors import proofs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = [
    "LARGEST", "TYPES", "Kept", "count_missing", "evidence_rows", "keep_evidence", "keep_one", "open_evidence",
]  # fmt: skip

LARGEST: Final = 50 * 1024 * 1024  # bytes; an hour's call in a telephone's quality
MOST_AT_ONCE: Final = 500
LONGEST_NAME: Final = 255

# What stands where in the first bytes: ending, and the type that it is sent back as.
_SIGNS: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0, b"RIFF", "wav"),
    (0, b"ID3", "mp3"),
    (0, b"\xff\xfb", "mp3"),
    (0, b"\xff\xf3", "mp3"),
    (0, b"OggS", "ogg"),
    (0, b"#!AMR", "amr"),
    (4, b"ftyp", "m4a"),
    *((0, sign, form) for sign, form in proofs.SIGNS),
)
TYPES: Final = {
    "wav": "audio/wav", "mp3": "audio/mpeg", "ogg": "audio/ogg", "amr": "audio/amr", "m4a": "audio/mp4",
} | proofs.TYPES  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kept:
    """How many files are new, how many were here before, and what is wrong with the others, by name."""

    new: int
    before: int
    refused: tuple[tuple[str, Message], ...]


def keep_evidence(actor: Actor, files: Iterable[tuple[str | None, IO[bytes]]]) -> Kept:
    """Keep files (name, content) of the actor's agency; what is wrong with one does not hold up the others.

    The same content under the same name is here already; another content under a name that is taken is refused.
    DomainError where there is no file, or too many.
    """
    demand(actor, Permission.ATTEMPTS_IMPORT)
    if actor.organisation_kind is not OrganisationKind.AGENCY:
        raise DomainError(
            "evidence.whose", say("Evidence is sent by the agency whose log it belongs to."), field="files"
        )
    files = list(files)
    if not files:
        raise DomainError("evidence.none", say("Choose the files."), field="files")
    if len(files) > MOST_AT_ONCE:
        words = say("Send at most %(most)s files at once.", most=MOST_AT_ONCE)
        raise DomainError("evidence.too_many", words, field="files")
    new = before = 0
    refused: list[tuple[str, Message]] = []
    for given, stream in files:
        name = _name_of(given)
        try:
            is_new = _keep(actor, name, stream)
        except DomainError as error:
            refused.append((name, error.message))
        else:
            new, before = new + is_new, before + (not is_new)
    return Kept(new, before, tuple(refused))


def keep_one(actor: Actor, given: str | None, stream: IO[bytes]) -> str:
    """Keep a file that comes with one attempt, by a name of its own; the name. DomainError for the field `evidence`."""
    demand(actor, Permission.ATTEMPTS_IMPORT)
    name = f"{secrets.token_hex(6)}-{_name_of(given)[-200:]}"
    try:
        _keep(actor, name, stream)
    except DomainError as error:
        error.field = "evidence"
        raise
    return name


def _keep(actor: Actor, name: str, stream: IO[bytes]) -> bool:
    """One file; whether it is new."""
    if not name or len(name) > LONGEST_NAME:
        raise DomainError(
            "evidence.name", say("The file needs a name of at most %(most)s characters.", most=LONGEST_NAME)
        )
    form, size = _form_of(stream), _size_of(stream)
    if form is None:
        raise DomainError("evidence.type", say("This is no recording (WAV, MP3, M4A, OGG, AMR), photo or PDF."))
    if size > LARGEST:
        raise DomainError("evidence.size", say("The file is larger than %(n)s MB.", n=LARGEST >> 20))
    digest = _digest_of(stream)
    with reading(actor) as session:
        if _is_here(session, actor, name, digest):
            return False
    kept = keep_sealed(stream)
    with transaction(actor) as work:
        if _is_here(work.session, actor, name, digest):
            return False
        row = EvidenceFile(
            organisation_id=actor.organisation_id, name=name, digest=digest, stored=kept.stored, size=size, form=form,
            uploaded_at=work.now, uploaded_by=actor.user_id,
        )  # fmt: skip
        work.session.add(row)
        work.session.flush()
        key = EvidenceKey(evidence_file_id=row.id, organisation_id=row.organisation_id, key_sealed=kept.key_sealed)
        work.session.add(key)
        work.audit("evidence.kept", row, after={"digest": digest, "size": size, "form": form})
        return True


def _is_here(session: Session, actor: Actor, name: str, digest: str) -> bool:
    """Whether this very file is kept under the name. DomainError where another one is."""
    known = session.scalar(_of(actor).where(EvidenceFile.name == name))
    if known is not None and known.digest != digest:
        raise DomainError("evidence.taken", say("Another file is here under this name. Give it a name of its own."))
    return known is not None


def open_evidence(actor: Actor, evidence_id: int) -> EvidenceFile:
    """The file's row, for whoever may have it; that it was opened is recorded.

    An agency has a recording as long as it has the account that it is of, and what belongs to no attempt yet. NotFound,
    also once all people are erased that it is about.
    """
    demand(actor, Permission.ATTEMPTS_VIEW)
    with transaction(actor) as work:
        row = work.session.scalar(visible(EvidenceFile, actor).where(EvidenceFile.id == evidence_id))
        if row is None or not (actor.is_bank or _is_open(work.session, actor, row)) or _is_erased(work.session, row):
            raise NotFound
        work.audit("evidence.opened", row, after={"digest": row.digest})
        return row


def _is_open(session: Session, actor: Actor, row: EvidenceFile) -> bool:
    named = visible(ContactAttempt, actor).where(
        ContactAttempt.organisation_id == row.organisation_id, ContactAttempt.evidence_name == row.name
    )
    of_accounts = set(session.scalars(named.with_only_columns(ContactAttempt.account_id)))
    if not of_accounts:
        return True
    held = visible(Account, actor).where(Account.id.in_(of_accounts)).with_only_columns(Account.id)
    return of_accounts <= set(session.scalars(held))


def _is_erased(session: Session, row: EvidenceFile) -> bool:
    """Whether it is about people, and none of them is left: a file may be sent, or named, after its person was erased."""
    actor = actor_of(session)
    salts = session.scalars(
        visible(ContactAttempt, actor)
        .join(Customer, Customer.id == ContactAttempt.customer_id)
        .join(PersonKey, PersonKey.id == Customer.person_key_id)
        .where(ContactAttempt.organisation_id == row.organisation_id, ContactAttempt.evidence_name == row.name)
        .with_only_columns(PersonKey.salt)
    ).all()
    return bool(salts) and not any(salts)


def evidence_rows(actor: Actor) -> sa.Select[Any]:
    """Files that were sent, each with its sender's organisation and the attempt that names it, if one does."""
    return (
        visible(EvidenceFile, actor)
        .join(Organisation, Organisation.id == EvidenceFile.organisation_id)
        .outerjoin(
            ContactAttempt,
            sa.and_(
                ContactAttempt.organisation_id == EvidenceFile.organisation_id,
                ContactAttempt.evidence_name == EvidenceFile.name,
                ContactAttempt.evidence_name != "",
            ),
        )
        .outerjoin(Placement, Placement.id == ContactAttempt.placement_id)
        .outerjoin(Account, Account.id == ContactAttempt.account_id)
        .add_columns(Organisation, ContactAttempt, *account_reference())
    )


def _missing(actor: Actor) -> sa.Select[Any]:
    """Attempts of the actor's organisation that name a file which is not here yet."""
    here = sa.exists().where(
        EvidenceFile.organisation_id == ContactAttempt.organisation_id,
        EvidenceFile.name == ContactAttempt.evidence_name,
    )
    return visible(ContactAttempt, actor).where(
        ContactAttempt.organisation_id == actor.organisation_id, ContactAttempt.evidence_name != "", ~here
    )


def count_missing(session: Session, actor: Actor, most: int) -> int:
    """How many files the log names that are not here, counted up to `most`."""
    some = _missing(actor).with_only_columns(ContactAttempt.id).limit(most).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(some)) or 0


def _of(actor: Actor) -> sa.Select[tuple[EvidenceFile]]:
    return visible(EvidenceFile, actor).where(EvidenceFile.organisation_id == actor.organisation_id)


def _name_of(given: str | None) -> str:
    """The name without folders and without what no name needs."""
    name = PurePosixPath(unicodedata.normalize("NFC", given or "").replace("\\", "/")).name
    return "".join(c for c in name if c.isprintable()).strip()


def _form_of(stream: IO[bytes]) -> str | None:
    stream.seek(0)
    head = stream.read(16)
    stream.seek(0)
    return next((form for place, sign, form in _SIGNS if head[place : place + len(sign)] == sign), None)


def _digest_of(stream: IO[bytes]) -> str:
    """The SHA-256 of the content; the stream stands at its beginning again."""
    digest = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
    stream.seek(0)
    return digest


def _size_of(stream: IO[bytes]) -> int:
    size = stream.seek(0, 2)
    stream.seek(0)
    return size
