"""What the bank's people do with rule packs: propose a version, publish it as a second person, take it back before its day; and
choose which pack holds for debtors of which place.

Nothing of a published version changes. What is wrong with one is put right by the next.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portal.contact.rules.models import RulePackChoice, RulePackVersion, RulePackWithdrawal
from portal.contact.rules.packs import pack_names, read_pack, shipped_text
from portal.contact.rules.reader import LONGEST_TEXT, PackError
from portal.contact.rules.shelf import shelf_of, shipped_choices
from portal.foundation import hooks
from portal.foundation.access import Permission, demand
from portal.foundation.bulk import one_at_a_time
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.language import say
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.portfolio.region_names import written_place

if TYPE_CHECKING:
    from datetime import date

    from portal.contact.rules.packs import Draft
    from portal.foundation.access import Actor
    from portal.foundation.work import Work

__all__ = [
    "LONGEST_REASON", "LONGEST_TEXT", "Publication", "confirm_choice", "discard_draft", "drop_choice", "propose_choice", "propose_version",
    "publish_version", "put_shipped_on_shelf", "read_upload", "withdraw_version",
]  # fmt: skip

LONGEST_REASON = 2_000
SHIPPED_NOTE = "shipped with the portal"


@dataclass(frozen=True, kw_only=True)
class Publication:
    """How a version is published. `sha256`: of the text that the person has read. `sign_off`: why, where a source was not read
    in full; `signed`: that the person answers for it by name."""

    effective_from: date
    sha256: str
    sign_off: str = ""
    signed: bool = False


def read_upload(content: bytes) -> str:
    """The text of a file that was sent. DomainError for one that is too long or no text in UTF-8."""
    if len(content) > LONGEST_TEXT:
        words = say("This file is longer than %(most)s bytes; a rule pack is not.", most=LONGEST_TEXT)
        raise DomainError("rules.too_long", words, field="file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DomainError("rules.encoding", say("This file is no text in UTF-8."), field="file") from None


# --- versions -------------------------------------------------------------------------------------------------------------


def propose_version(actor: Actor, text: str, note: str) -> int:
    """Put a version up for publishing; its number.

    DomainError, with the rule and the word, for a pack that is not understood, or an overlay that would loosen; Refused where
    this version of the pack is there already.
    """
    demand(actor, Permission.RULES_PROPOSE)
    note = _reason(note, "note")
    with transaction(actor) as work:
        one_at_a_time(work.session, "rule packs")
        draft = _understood(work, text)
        pack = draft.pack
        _refuse_known(work, pack.id, pack.version)
        _refuse_another_kind(work, draft)
        row = _row(draft, text, work)
        row.note, row.proposed_by = note, actor.user_id
        work.session.add(row)
        work.session.flush()
        work.audit("rules.proposed", row, after=_facts(row), note=note)
        return row.id


def _understood(work: Work, text: str) -> Draft:
    """The pack over what is published of the pack below on this day."""
    shelf = shelf_of(work.session, work.actor)
    try:
        return read_pack(text, lambda name: shelf.named(name, work.today), strict=True)
    except PackError as error:
        raise DomainError("rules.not_understood", error.message, field="file") from error


def _refuse_known(work: Work, pack: str, version: str) -> None:
    known = visible(RulePackVersion, work.actor).where(RulePackVersion.pack == pack, RulePackVersion.version == version)
    if work.session.scalar(known.with_only_columns(RulePackVersion.id)) is not None:
        words = say(
            "Version %(version)s of %(pack)s is there already; give this one another number.",
            version=version,
            pack=pack,
        )
        raise Refused("rules.version_known", words)


def _refuse_another_kind(work: Work, draft: Draft) -> None:
    """A later version stays what the pack is: for its place, and over the pack that it extends, whose rules it cannot shed."""
    name = draft.pack.id
    mine = visible(RulePackVersion, work.actor).where(RulePackVersion.pack == name)
    kinds = work.session.execute(
        mine.with_only_columns(RulePackVersion.jurisdiction, RulePackVersion.extends).limit(1)
    ).all()
    if not kinds and name in pack_names():
        shipped = read_pack(shipped_text(name))
        known: tuple[str, str] = (shipped.pack.jurisdiction, shipped.extends)
    elif kinds:
        known = (kinds[0][0], kinds[0][1])
    else:
        return
    if known[0] != draft.pack.jurisdiction:
        words = say(
            "The pack “%(name)s” is for %(place)s; give one for another place its own name.", name=name, place=known[0]
        )
        raise DomainError("rules.other_place", words, field="file")
    if known[1] != draft.extends:
        words = say(
            "The pack “%(name)s” has to extend what it has extended before (%(base)s).", name=name, base=known[1] or "–"
        )
        raise DomainError("rules.other_base", words, field="file")


def publish_version(actor: Actor, version_id: int, wanted: Publication) -> None:
    """Let a version hold from a day on, as a second person.

    NotFound; Refused for who proposed it, for a draft that has changed or is published already; DomainError for a day that
    has passed, and where a source was not read in full and nobody signs for it with a reason.
    """
    demand(actor, Permission.RULES_PUBLISH)
    with transaction(actor) as work:
        one_at_a_time(work.session, "rule packs")
        row = _draft(work, version_id)
        if row.proposed_by is not None and row.proposed_by == actor.user_id:
            raise Refused("rules.own", say("You proposed this version, so another person has to publish it."))
        if row.sha256 != wanted.sha256:
            raise Refused("rules.changed", say("This is not the text that you have read. Read it again."))
        if wanted.effective_from < work.today:
            words = say("A version is in force from today or a later day on: what was decided is not decided again.")
            raise DomainError("rules.past", words, field="effective_from")
        draft = _understood(work, row.content)  # what it extends may have become tighter since
        if draft.unsettled:
            row.sign_off, row.signed_off_by = _signed(wanted), actor.user_id
        row.published_by, row.published_at, row.effective_from = actor.user_id, work.now, wanted.effective_from
        work.session.flush()
        unsettled = [source.title for source in draft.unsettled]
        work.audit("rules.published", row, after=_facts(row), sign_off=row.sign_off, unsettled=unsettled)


def _signed(wanted: Publication) -> str:
    if not wanted.signed:
        words = say(
            "Sources of this pack were not read in full. Say by name that you answer for it, or wait for counsel."
        )
        raise DomainError("rules.not_signed", words, field="signed")
    return _reason(wanted.sign_off, "sign_off")


def discard_draft(actor: Actor, version_id: int, reason: str) -> None:
    """Drop a draft. NotFound; Refused once it is published."""
    demand(actor, Permission.RULES_PROPOSE)
    reason = _reason(reason, "reason")
    with transaction(actor) as work:
        row = _draft(work, version_id)
        work.audit("rules.discarded", row, before=_facts(row), reason=reason)
        work.session.delete(row)


def withdraw_version(actor: Actor, version_id: int, reason: str) -> None:
    """Take a published version back before its first day. NotFound; Refused from that day on, or where it was done before."""
    demand(actor, Permission.RULES_PUBLISH)
    reason = _reason(reason, "reason")
    with transaction(actor) as work:
        one_at_a_time(work.session, "rule packs")
        row = _version(work, version_id)
        if row.published_at is None:
            raise Refused("rules.draft", say("This version is not published."))
        if row.effective_from is None or row.effective_from <= work.today:
            words = say("This version is in force already. Publish another that takes its place.")
            raise Refused("rules.holds", words)
        gone = visible(RulePackWithdrawal, actor).where(RulePackWithdrawal.version_id == row.id)
        if work.session.scalar(gone) is not None:
            raise Refused("rules.withdrawn", say("This version was withdrawn before."))
        withdrawal = RulePackWithdrawal(
            version_id=row.id, reason=reason, withdrawn_by=actor.user_id, withdrawn_at=work.now
        )
        work.session.add(withdrawal)
        work.audit("rules.withdrawn", row, after=_facts(row), reason=reason)


def _version(work: Work, version_id: int) -> RulePackVersion:
    wanted = visible(RulePackVersion, work.actor).where(RulePackVersion.id == version_id).with_for_update()
    row = work.session.scalar(wanted.execution_options(populate_existing=True))
    if row is None:
        raise NotFound
    return row


def _draft(work: Work, version_id: int) -> RulePackVersion:
    row = _version(work, version_id)
    if row.published_at is not None:
        raise Refused("rules.published", say("This version is published already."))
    return row


def _reason(text: str, field: str) -> str:
    text = text.strip()
    if not text:
        raise DomainError("rules.reason", say("Say why."), field=field)
    if len(text) > LONGEST_REASON:
        words = say("Say it in at most %(most)s characters.", most=LONGEST_REASON)
        raise DomainError("rules.reason", words, field=field)
    return text


def _row(draft: Draft, text: str, work: Work) -> RulePackVersion:
    return RulePackVersion(
        pack=draft.pack.id, version=draft.pack.version, jurisdiction=draft.pack.jurisdiction, extends=draft.extends,
        content=text, sha256=hashlib.sha256(text.encode()).hexdigest(), proposed_at=work.now,
    )  # fmt: skip


def _facts(row: RulePackVersion) -> dict[str, Any]:
    return {
        "pack": row.pack,
        "version": row.version,
        "sha256": row.sha256,
        "effective_from": row.effective_from.isoformat() if row.effective_from else None,
    }


# --- which pack for whom --------------------------------------------------------------------------------------------------


def propose_choice(actor: Actor, region: str, pack: str, effective_from: date) -> int:
    """Ask that another pack holds for debtors of a place (empty: of every other) from a day on; its number.

    DomainError for a place, a pack or a day that cannot be meant.
    """
    demand(actor, Permission.RULES_PROPOSE)
    region = written_place(region, "region") if region.strip() else ""
    with transaction(actor) as work:
        _check_day(work, effective_from)
        try:
            shelf_of(work.session, actor).named(pack, effective_from)
        except LookupError:
            raise DomainError("rules.pack", say("Choose a pack that is published."), field="pack") from None
        row = RulePackChoice(
            region=region, pack=pack, effective_from=effective_from, proposed_by=actor.user_id, proposed_at=work.now
        )
        work.session.add(row)
        work.session.flush()
        work.audit("rules.choice_asked", row, after=_choice_facts(row))
        return row.id


def confirm_choice(actor: Actor, choice_id: int) -> None:
    """Let it hold, as a second person. NotFound; Refused for who asked; DomainError where its day has passed meanwhile."""
    demand(actor, Permission.RULES_PUBLISH)
    with transaction(actor) as work:
        row = _choice(work, choice_id)
        if row.proposed_by is not None and row.proposed_by == actor.user_id:
            raise Refused("rules.own", say("You asked for this, so another person has to answer it."))
        if row.effective_from is not None:
            _check_day(work, row.effective_from)
        row.confirmed_by, row.confirmed_at = actor.user_id, work.now
        work.audit("rules.choice_confirmed", row, after=_choice_facts(row))


def drop_choice(actor: Actor, choice_id: int) -> None:
    """Take back, or refuse, what was asked for. NotFound; Refused once it is confirmed."""
    demand(actor, Permission.RULES_PROPOSE)
    with transaction(actor) as work:
        row = _choice(work, choice_id)
        work.audit("rules.choice_dropped", row, before=_choice_facts(row))
        work.session.delete(row)


def _choice(work: Work, choice_id: int) -> RulePackChoice:
    wanted = visible(RulePackChoice, work.actor).where(RulePackChoice.id == choice_id).with_for_update()
    row = work.session.scalar(wanted.execution_options(populate_existing=True))
    if row is None:
        raise NotFound
    if row.confirmed_at is not None:
        raise Refused("rules.choice_state", say("This has already been answered."))
    return row


def _check_day(work: Work, day: date) -> None:
    if day < work.today:
        raise DomainError("rules.past", say("Choose today or a later day."), field="effective_from")


def _choice_facts(row: RulePackChoice) -> dict[str, Any]:
    day = row.effective_from.isoformat() if row.effective_from else None
    return {"region": row.region, "pack": row.pack, "effective_from": day}


# --- what is shipped ------------------------------------------------------------------------------------------------------


@hooks.bank_beginning.register
def put_shipped_on_shelf(work: Work) -> None:
    """The packs of this release: published from the beginning where the bank has none of the name, else a draft for its people.

    Asked again, it changes nothing; so `portal init` brings what an upgrade has brought.
    """
    for name in pack_names():
        text = shipped_text(name)
        draft = read_pack(text)
        mine = visible(RulePackVersion, work.actor).where(RulePackVersion.pack == name)
        versions = set(work.session.scalars(mine.with_only_columns(RulePackVersion.version)))
        if draft.pack.version in versions:
            continue
        row = _row(draft, text, work)
        row.shipped, row.note = True, SHIPPED_NOTE
        if not versions:
            row.published_at = work.now
            row.sign_off = SHIPPED_NOTE if draft.unsettled else ""
        work.session.add(row)
        work.session.flush()
        work.audit("rules.shipped", row, after=_facts(row))
    chosen = visible(RulePackChoice, work.actor).with_only_columns(RulePackChoice.id).limit(1)
    if work.session.scalar(chosen) is None:
        for region, name in sorted(shipped_choices().items()):
            work.session.add(
                RulePackChoice(region=region, pack=name, proposed_at=work.now, confirmed_at=work.now)
            )  # fmt: skip
