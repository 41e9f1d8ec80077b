"""Reads of rule packs: the list of versions, one of them as rules, what it changes, and which pack holds for which place."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.contact.conduct import (
    ContentRule,
    DisclosureRule,
    LimitationRule,
    PlacementGate,
    RetentionRule,
    ValidationRule,
)
from portal.contact.rules.models import RulePackChoice, RulePackVersion, RulePackWithdrawal
from portal.contact.rules.packs import pack_names, read_pack
from portal.contact.rules.shelf import shelf_of
from portal.foundation.errors import NotFound
from portal.foundation.visibility import visible
from portal.identity.models import User

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from portal.contact.conduct import Pack, Rule
    from portal.contact.rules.packs import Draft
    from portal.contact.rules.shelf import Shelf
    from portal.foundation.access import Actor

__all__ = [
    "Change", "State", "Versions", "after_of", "before_of", "choices_of", "drafts_waiting", "lines_changed", "pack_of", "published_names",
    "read_version", "rules_asked", "rules_changed", "signer_of", "version_for", "version_named", "versions_of", "versions_statement",
]  # fmt: skip

SAYS_NOTHING_OF_CONTACTS = (ContentRule, DisclosureRule, LimitationRule, PlacementGate, RetentionRule, ValidationRule)
State = Literal["draft", "coming", "holds", "past", "withdrawn"]
Change = Literal["new", "changed", "gone", "same"]


def versions_statement(actor: Actor) -> sa.Select[Any]:
    """Versions with the names of who proposed, published and withdrew them."""
    proposer, publisher, withdrawer = aliased(User), aliased(User), aliased(User)
    return (
        visible(RulePackVersion, actor)
        .outerjoin(proposer, proposer.id == RulePackVersion.proposed_by)
        .outerjoin(publisher, publisher.id == RulePackVersion.published_by)
        .outerjoin(RulePackWithdrawal, RulePackWithdrawal.version_id == RulePackVersion.id)
        .outerjoin(withdrawer, withdrawer.id == RulePackWithdrawal.withdrawn_by)
        .add_columns(
            proposer.name.label("proposer"),
            publisher.name.label("publisher"),
            withdrawer.name.label("withdrawer"),
            RulePackWithdrawal.withdrawn_at.label("withdrawn_at"),
            RulePackWithdrawal.reason.label("withdrawn_because"),
        )
    )


@dataclass(frozen=True)
class Versions:
    """Which version of each pack holds on a day, to tell the state of any."""

    holding: frozenset[int]
    today: date

    @classmethod
    def on(cls, session: Session, actor: Actor, today: date) -> Versions:
        shelf = shelf_of(session, actor)
        names = session.scalars(visible(RulePackVersion, actor).with_only_columns(RulePackVersion.pack).distinct())
        found = (shelf.edition(name, today) for name in names)
        return cls(frozenset(edition.id for edition in found if edition is not None), today)

    def state(self, version: RulePackVersion, withdrawn_at: Any) -> State:
        """Where a version stands on the day."""
        if withdrawn_at is not None:
            return "withdrawn"
        if version.published_at is None:
            return "draft"
        if version.effective_from and version.effective_from > self.today:
            return "coming"
        return "holds" if version.id in self.holding else "past"


def version_for(session: Session, actor: Actor, version_id: int) -> Any:
    """A version with those names. Raises NotFound."""
    row = session.execute(versions_statement(actor).where(RulePackVersion.id == version_id)).first()
    if row is None:
        raise NotFound
    return row


def version_named(session: Session, actor: Actor, pack: str, version: str) -> RulePackVersion | None:
    """A version by its pack and number, a draft too."""
    wanted = visible(RulePackVersion, actor).where(RulePackVersion.pack == pack, RulePackVersion.version == version)
    return session.scalar(wanted)


def versions_of(session: Session, actor: Actor, pack: str) -> list[RulePackVersion]:
    """Published versions of a pack that were not withdrawn, in the order in which they hold."""
    gone = sa.select(RulePackWithdrawal.id).where(RulePackWithdrawal.version_id == RulePackVersion.id).exists()
    wanted = visible(RulePackVersion, actor).where(
        RulePackVersion.pack == pack, RulePackVersion.published_at.is_not(None), ~gone
    )
    found = session.scalars(wanted).all()
    return sorted(found, key=lambda version: (version.effective_from or date.min, version.id))


def before_of(session: Session, actor: Actor, version: RulePackVersion) -> RulePackVersion | None:
    """The published version that this one follows: the one before it in time, for a draft the latest."""
    order = versions_of(session, actor, version.pack)
    earlier = [other for other in order if other.id != version.id]
    if version in order:
        earlier = order[: order.index(version)]
    return earlier[-1] if earlier else None


def after_of(session: Session, actor: Actor, version: RulePackVersion) -> RulePackVersion | None:
    """The published version that takes this one's place, where there is one."""
    order = versions_of(session, actor, version.pack)
    return next(iter(order[order.index(version) + 1 :]), None) if version in order else None


def published_names(session: Session, actor: Actor) -> Sequence[str]:
    """The packs of which a version is published."""
    wanted = visible(RulePackVersion, actor).with_only_columns(RulePackVersion.pack).distinct()
    return session.scalars(wanted.where(RulePackVersion.published_at.is_not(None))).all()


def signer_of(session: Session, actor: Actor, version: RulePackVersion) -> str | None:
    """Who answers by name for sources that were not read in full."""
    if version.signed_off_by is None:
        return None
    return session.scalar(visible(User, actor).with_only_columns(User.name).where(User.id == version.signed_off_by))


def rules_asked(session: Session, actor: Actor, shelf: Shelf, today: date) -> dict[str, Rule]:
    """The rules by their code, of all packs as they hold today, that may have something against a contact."""
    packs = [shelf.named(name, today) for name in sorted({*pack_names(), *published_names(session, actor)})]
    return {r.id: r for pack in packs for r in pack.rules if not isinstance(r, SAYS_NOTHING_OF_CONTACTS)}


def read_version(shelf: Shelf, version: RulePackVersion, today: date) -> Draft:
    """The rules of a version over what it extends on its first day, or today where it has begun or has none. PackError."""
    day = max(version.effective_from or today, today)
    return read_pack(version.content, lambda name: shelf.named(name, day))


def pack_of(session: Session, actor: Actor, version: RulePackVersion, today: date) -> Pack:
    """The same, as a pack to ask."""
    return read_version(shelf_of(session, actor), version, today).pack


def drafts_waiting(session: Session, actor: Actor) -> int:
    """How many drafts and choices wait for this person: those that others have put up, or that came with an upgrade."""
    drafts = visible(RulePackVersion, actor).where(
        RulePackVersion.published_at.is_(None), RulePackVersion.proposed_by.is_distinct_from(actor.user_id)
    )
    asked = visible(RulePackChoice, actor).where(
        RulePackChoice.confirmed_at.is_(None), RulePackChoice.proposed_by.is_distinct_from(actor.user_id)
    )
    counts = [
        session.scalar(some.with_only_columns(sa.func.count())) or 0 for some in (drafts, asked)
    ]  # fmt: skip
    return sum(counts)


def choices_of(session: Session, actor: Actor) -> Sequence[Any]:
    """What was chosen and asked for, by place; the latest day of each first."""
    proposer, confirmer = aliased(User), aliased(User)
    return session.execute(
        visible(RulePackChoice, actor)
        .outerjoin(proposer, proposer.id == RulePackChoice.proposed_by)
        .outerjoin(confirmer, confirmer.id == RulePackChoice.confirmed_by)
        .add_columns(proposer.name.label("proposer"), confirmer.name.label("confirmer"))
        .order_by(RulePackChoice.region, RulePackChoice.effective_from.desc(), RulePackChoice.id.desc())
        .limit(200)
    ).all()


# --- what a version changes -----------------------------------------------------------------------------------------------


def rules_changed(before: Sequence[Rule], after: Sequence[Rule]) -> dict[str, Change]:
    """By name of a rule, what becomes of it."""
    old, new = ({rule.id: rule for rule in rules} for rules in (before, after))
    found: dict[str, Change] = {}
    for name, rule in new.items():
        found[name] = "new" if name not in old else "same" if old[name] == rule else "changed"
    return found | {name: "gone" for name in old if name not in new}


def lines_changed(before: str, after: str) -> list[tuple[str, str]]:
    """The lines that differ, with a few around them: (`+`, `-`, ` ` or `@`, the line)."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    return [(line[:1], line[1:]) for line in lines if not line.startswith(("+++", "---"))]
