"""The shelf: which pack holds for which debtor, and which version of it on which day.

A version holds from its first day on, by the debtor's own calendar, until the next one's; what was logged late is asked about
under the version of its own day. Before the first version the first one holds, since there is never no rule. A pack that
nobody has put into the database yet holds as it is shipped.

One short statement reads the shelf; texts are read and understood once a process, by their digest.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.contact.conduct import Pack
from portal.contact.rules.models import RulePackChoice, RulePackVersion, RulePackWithdrawal
from portal.contact.rules.packs import DEFAULT_PACK, load_pack, pack_named, pack_names
from portal.foundation.visibility import visible

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = ["ELSEWHERE", "Choice", "Edition", "Shelf", "shelf_of", "shipped_choices"]

ELSEWHERE = ""  # every place that has no choice of its own, and debtors of whose place nothing is known
KEPT = 64  # packs that are kept understood; a bank has a handful


@dataclass(frozen=True, slots=True)
class Edition:
    """A published version; `effective_from` None: from the beginning."""

    id: int
    pack: str
    version: str
    sha256: str
    extends: str
    effective_from: date | None

    @property
    def begins(self) -> date:
        return self.effective_from or date.min


@dataclass(frozen=True, slots=True)
class Choice:
    """A pack for a place, from a day on."""

    id: int
    region: str
    pack: str
    effective_from: date | None

    @property
    def begins(self) -> date:
        return self.effective_from or date.min


class Shelf:
    """What is published, with a way to read a version's text by its number."""

    def __init__(self, editions: Iterable[Edition], choices: Iterable[Choice], text_of: Callable[[int], str]) -> None:
        self._editions = sorted(editions, key=lambda edition: (edition.begins, edition.id))
        self._choices = sorted(choices, key=lambda choice: (choice.begins, choice.id))
        self._text_of = text_of

    def pack_for(self, region: str, day: date) -> Pack:
        """The rules for debtors of a place on a day of theirs."""
        return self.named(self.name_for(region, day), day)

    def name_for(self, region: str, day: date) -> str:
        """The pack that was chosen for the place, or for the nearest place around it (US-MA, else US), else for elsewhere.

        A choice holds once a version of its pack does; until then what was chosen before goes on holding.
        """
        chosen = self._chosen(day)
        around = [place for place in chosen if place and (region == place or region.startswith(f"{place}-"))]
        return chosen[max(around, key=len)] if around else chosen[ELSEWHERE]

    def packs_in_use(self, day: date) -> list[Pack]:
        """The packs that hold for some place on a day, each once."""
        return [self.named(name, day) for name in sorted(set(self._chosen(day).values()))]

    def _chosen(self, day: date) -> dict[str, str]:
        begun = [choice for choice in self._choices if choice.begins <= day and self._has_begun(choice.pack, day)]
        return dict(shipped_choices()) | {choice.region: choice.pack for choice in begun}

    def _has_begun(self, name: str, day: date) -> bool:
        return name in pack_names() or any(one.pack == name and one.begins <= day for one in self._editions)

    def named(self, name: str, day: date) -> Pack:
        """The version of a pack that holds on a day. LookupError for a pack that is neither published nor shipped."""
        edition = self.edition(name, day)
        return pack_named(name) if edition is None else self._read(edition, lambda below: self.named(below, day))

    def edition(self, name: str, day: date) -> Edition | None:
        """The published version that holds on a day; None where the pack holds as it is shipped."""
        mine = [edition for edition in self._editions if edition.pack == name]
        begun = [edition for edition in mine if edition.begins <= day]
        return begun[-1] if begun else next(iter(mine), None)

    def exactly(self, name: str, version: str, base: tuple[str, str] | None) -> Pack:
        """A version by its number, over just that version of the pack below, as a decision names them. LookupError."""
        edition = next((e for e in self._editions if (e.pack, e.version) == (name, version)), None)
        if edition is not None:
            return self._read(edition, lambda below: self._below(below, base))
        if name not in pack_names() or (pack_named(name).version, pack_named(name).base) != (version, base):
            raise LookupError(f"{name} {version}")
        return pack_named(name)

    def _below(self, name: str, base: tuple[str, str] | None) -> Pack:
        if base is None or base[0] != name:
            raise LookupError(name)
        return self.exactly(*base, None)

    def _read(self, edition: Edition, base: Callable[[str], Pack]) -> Pack:
        below = base(edition.extends) if edition.extends else None
        with _lock:
            known = _understood.get(edition.sha256)
        if known is not None and known[0] is below:
            return known[1]
        pack = load_pack(self._text_of(edition.id), base)
        with _lock:
            _understood[edition.sha256] = (below, pack)
            _understood.move_to_end(edition.sha256)
            while len(_understood) > KEPT:
                _understood.popitem(last=False)
        return pack


# By the digest of a text: what lies below it, and what the text says over that.
_understood: OrderedDict[str, tuple[Pack | None, Pack]] = OrderedDict()
_lock = Lock()


@cache
def shipped_choices() -> dict[str, str]:
    """Packs by place, as long as the bank has chosen none: each that is shipped for its own place."""
    return {pack_named(name).jurisdiction: name for name in pack_names()} | {ELSEWHERE: DEFAULT_PACK}


def shelf_of(session: Session, actor: Actor) -> Shelf:
    """What is published now. A draft is on no shelf, nor is what was withdrawn."""
    withdrawn = sa.select(RulePackWithdrawal.id).where(RulePackWithdrawal.version_id == RulePackVersion.id).exists()
    versions = visible(RulePackVersion, actor).with_only_columns(
        RulePackVersion.id, RulePackVersion.pack, RulePackVersion.effective_from, RulePackVersion.version,
        RulePackVersion.sha256, RulePackVersion.extends, sa.literal(None, sa.String).label("region"),
    )  # fmt: skip
    choices = visible(RulePackChoice, actor).with_only_columns(
        RulePackChoice.id, RulePackChoice.pack, RulePackChoice.effective_from, sa.null(), sa.null(), sa.null(),
        RulePackChoice.region,
    )  # fmt: skip
    versions = versions.where(RulePackVersion.published_at.is_not(None), ~withdrawn)
    rows: Any = session.execute(sa.union_all(versions, choices.where(RulePackChoice.confirmed_at.is_not(None)))).all()
    return Shelf(
        [Edition(r.id, r.pack, r.version, r.sha256, r.extends, r.effective_from) for r in rows if r.region is None],
        [Choice(r.id, r.region, r.pack, r.effective_from) for r in rows if r.region is not None],
        lambda version_id: _text(session, actor, version_id),
    )


def _text(session: Session, actor: Actor, version_id: int) -> str:
    content = visible(RulePackVersion, actor).with_only_columns(RulePackVersion.content)
    return session.scalars(content.where(RulePackVersion.id == version_id)).one()
