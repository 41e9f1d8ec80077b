"""Mapping profiles of the bank's own: kept by name, version by version, and found again by `name@version`.

A version is evidence of how a file was read, so it never changes; a change is the next version. A profile that is no
longer wanted is archived: nobody is offered it, and its versions can still be named. The names of the profiles that come
with the portal stay theirs.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
import yaml

from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.language import say
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.portfolio.intake import load_profile, parse_profile, shipped_profiles
from portal.portfolio.intake.profile import profile_file, unknown_profile
from portal.portfolio.models import ImportKind, StoredMapping, StoredMappingVersion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.work import Work
    from portal.portfolio.intake import MappingProfile

__all__ = [
    "PERMISSIONS", "archive_profile", "content_of", "find", "latest_versions", "may_keep", "profile_for", "restore_profile",
    "save_profile", "text_of", "versions_of",
]  # fmt: skip

PERMISSIONS: Final = {
    ImportKind.ACCOUNTS: Permission.ACCOUNTS_IMPORT,
    ImportKind.PAYMENTS: Permission.PAYMENTS_IMPORT,
    ImportKind.RECALLS: Permission.PLACEMENTS_PROPOSE,
    ImportKind.STAFF: Permission.REGISTER_KEEP,
    ImportKind.ATTEMPTS: Permission.ATTEMPTS_IMPORT,
    ImportKind.REPORTED: Permission.REPORTED_VIEW,  # agencies send them, and the bank keeps their layouts
    ImportKind.DISPATCH: Permission.PACKS_VIEW,  # as above, of law firms
}
_NAMED: Final = re.compile(r"([a-z0-9][a-z0-9-]{0,47})(?:@(\d{1,6}))?")
_LONGEST_NOTE: Final = 200


# --- finding ------------------------------------------------------------------------------------------------------------


def find(
    session: Session, actor: Actor, mapping: str | None, kind: ImportKind, *, files: bool = False
) -> MappingProfile:
    """The profile that `name` (its latest version), `name@version` or, with `files`, a file of this machine means.

    DomainError `mapping.unknown`, `mapping.archived`, or `mapping.wrong` for a file whose name and version are another's.
    """
    named = _NAMED.fullmatch(mapping or "standard")
    if named is not None:
        name, version = named[1], int(named[2]) if named[2] else None
        if name in shipped_profiles():
            return _shipped(name, version, kind)
        row = _stored(session, actor, name, version, kind)
        if row is not None:
            return parse_profile(row.content)
    if files and mapping and Path(mapping).is_file():
        profile = profile_file(mapping, kind.value)
        _refuse_borrowed_name(session, actor, profile)
        return profile
    raise unknown_profile(mapping or "", [*shipped_profiles(), *(name for name, _ in _names(session, actor, kind))])


def _shipped(name: str, version: int | None, kind: ImportKind) -> MappingProfile:
    profile = load_profile(name, kind.value)
    if version not in (None, profile.version):
        raise DomainError(
            "mapping.unknown",
            say("The mapping “%(name)s” has the version %(version)s only.", name=name, version=profile.version),
            field="mapping",
        )
    return profile


def _stored(
    session: Session, actor: Actor, name: str, version: int | None, kind: ImportKind
) -> StoredMappingVersion | None:
    """A version of a stored profile, its latest where none is named; an archived one has to be named with its version."""
    wanted = (
        visible(StoredMappingVersion, actor)
        .join(StoredMapping, StoredMapping.id == StoredMappingVersion.mapping_profile_id)
        .where(StoredMapping.name == name, StoredMapping.kind == kind)
        .order_by(StoredMappingVersion.version.desc())
    )
    if version is not None:
        return session.scalars(wanted.where(StoredMappingVersion.version == version)).first()
    row = session.scalars(wanted).first()
    if row is not None and row.mapping.archived_at is not None:
        raise DomainError(
            "mapping.archived",
            say("The mapping “%(name)s” is archived. Restore it, or name one of its versions.", name=name),
            field="mapping",
        )
    return row


def _names(session: Session, actor: Actor, kind: ImportKind) -> list[tuple[str, int]]:
    wanted = visible(StoredMapping, actor).where(StoredMapping.kind == kind, StoredMapping.archived_at.is_(None))
    return [(row.name, row.id) for row in session.scalars(wanted.order_by(StoredMapping.name))]


def _refuse_borrowed_name(session: Session, actor: Actor, profile: MappingProfile) -> None:
    """By `name@version` a run remembers how it read its file, so a file may not say something else under another's. Written
    in another way, as a file that `portal mapping import` has taken may be, it says the same."""
    if profile.name in shipped_profiles():
        known: MappingProfile | None = load_profile(profile.name, profile.kind)
    else:
        row = _stored(session, actor, profile.name, profile.version, ImportKind(profile.kind))
        known = parse_profile(row.content) if row else None
    if known is not None and replace(known, digest=profile.digest) != profile:
        raise DomainError(
            "mapping.wrong",
            say(
                "The portal knows another mapping as %(label)s. Give the file's mapping another name or version.",
                label=profile.label,
            ),
            field="mapping",
        )


def latest_versions(session: Session, actor: Actor, kind: ImportKind) -> list[MappingProfile]:
    """The latest version of each stored profile of a kind that is not archived, by name."""
    rows = session.scalars(
        visible(StoredMappingVersion, actor)
        .join(StoredMapping, StoredMapping.id == StoredMappingVersion.mapping_profile_id)
        .where(StoredMapping.kind == kind, StoredMapping.archived_at.is_(None))
        .order_by(StoredMapping.name, StoredMappingVersion.version)
    )
    latest = {row.mapping_profile_id: row for row in rows}
    return [parse_profile(row.content) for row in latest.values()]


def profile_for(session: Session, actor: Actor, kind: ImportKind, profile_id: int) -> StoredMapping:
    """One stored profile; NotFound."""
    found = session.scalar(
        visible(StoredMapping, actor).where(StoredMapping.id == profile_id, StoredMapping.kind == kind)
    )
    if found is None:
        raise NotFound
    return found


def versions_of(session: Session, actor: Actor, profile_id: int) -> list[StoredMappingVersion]:
    """All versions of a profile, the latest first."""
    wanted = visible(StoredMappingVersion, actor).where(StoredMappingVersion.mapping_profile_id == profile_id)
    return list(session.scalars(wanted.order_by(StoredMappingVersion.version.desc())))


def text_of(session: Session, actor: Actor, mapping: str, kind: ImportKind) -> str:
    """The YAML of a stored or shipped profile, to be kept in a file; the standard layout is no file."""
    named = _NAMED.fullmatch(mapping)
    if named is not None and named[1] not in shipped_profiles():
        row = _stored(session, actor, named[1], int(named[2]) if named[2] else None, kind)
        if row is not None:
            return row.content
    find(session, actor, mapping, kind)  # says what is wrong with the name
    return content_of(load_profile(named[1], kind.value).data if named else {})


# --- keeping ------------------------------------------------------------------------------------------------------------


def content_of(data: Mapping[str, Any]) -> str:
    """A profile's parts as the YAML that is kept."""
    return yaml.safe_dump(dict(data), allow_unicode=True, sort_keys=False, width=100)


def may_keep(actor: Actor) -> bool:
    """Whether layouts can be kept by this person: they are the bank's; others say for each file how it is read."""
    return actor.is_bank


def save_profile(actor: Actor, kind: ImportKind, name: str, data: dict[str, Any], note: str = "") -> MappingProfile:
    """Keep a profile under a name: its first version, or the next one where the name is known. The kept profile.

    `data` are its parts; name, version and kind in them are ours to say. The same content again is no new version.
    DomainError where the name is reserved, another kind's, or archived, or where the profile is wrong.
    """
    demand(actor, PERMISSIONS[kind])
    if not may_keep(actor):
        raise Refused("mapping.bank", say("Only the bank keeps layouts."), status=403)
    name = name.strip().lower()
    with transaction(actor) as work:
        stored = _for_name(work, kind, name)
        row = work.session.scalars(
            sa.select(StoredMappingVersion)
            .where(StoredMappingVersion.mapping_profile_id == stored.id)
            .order_by(StoredMappingVersion.version.desc())
        ).first()
        rest = {key: value for key, value in data.items() if key not in ("name", "version", "kind")}
        if row is not None:
            same = content_of({"name": name, "version": row.version, "kind": kind.value} | rest)
            if same == row.content:
                return parse_profile(row.content)
        version = row.version + 1 if row else 1
        content = content_of({"name": name, "version": version, "kind": kind.value} | rest)
        profile = parse_profile(content)
        kept = StoredMappingVersion(
            mapping_profile_id=stored.id,
            version=version,
            content=content,
            content_sha256=hashlib.sha256(content.encode()).hexdigest(),
            note=note.strip()[:_LONGEST_NOTE],
            created_by=actor.user_id,
            created_at=work.now,
        )
        work.session.add(kept)
        work.audit("mapping.saved", stored, after={"mapping": profile.label, "sha256": kept.content_sha256})
        return profile


def _for_name(work: Work, kind: ImportKind, name: str) -> StoredMapping:
    if name in shipped_profiles() or name.startswith("once-"):
        raise DomainError(
            "mapping.reserved",
            say("The name “%(name)s” is the portal's own; choose another.", name=name),
            field="profile_name",
        )
    if not _NAMED.fullmatch(name) or "@" in name:
        raise DomainError(
            "mapping.name",
            say("A layout's name consists of small letters, digits and dashes, at most 48."),
            field="profile_name",
        )
    stored = work.session.scalar(visible(StoredMapping, work.actor).where(StoredMapping.name == name))
    if stored is None:
        stored = StoredMapping(kind=kind, name=name, created_by=work.actor.user_id, created_at=work.now)
        work.session.add(stored)
        work.session.flush()
        return stored
    if stored.kind is not kind:
        raise DomainError(
            "mapping.kind",
            say("“%(name)s” is a layout of other files; choose another name.", name=name),
            field="profile_name",
        )
    if stored.archived_at is not None:
        raise DomainError(
            "mapping.archived",
            say("The mapping “%(name)s” is archived. Restore it, or name one of its versions.", name=name),
            field="profile_name",
        )
    return stored


def archive_profile(actor: Actor, kind: ImportKind, profile_id: int) -> None:
    """Offer a profile to nobody any more; its versions stay. Raises NotFound."""
    _set_archived(actor, kind, profile_id, archived=True)


def restore_profile(actor: Actor, kind: ImportKind, profile_id: int) -> None:
    """Offer an archived profile again. Raises NotFound."""
    _set_archived(actor, kind, profile_id, archived=False)


def _set_archived(actor: Actor, kind: ImportKind, profile_id: int, *, archived: bool) -> None:
    demand(actor, PERMISSIONS[kind])
    with transaction(actor) as work:
        stored = profile_for(work.session, actor, kind, profile_id)
        if (stored.archived_at is not None) is archived:
            return
        stored.archived_at = work.now if archived else None
        stored.archived_by = actor.user_id if archived else None
        work.audit("mapping.archived" if archived else "mapping.restored", stored, after={"name": stored.name})
