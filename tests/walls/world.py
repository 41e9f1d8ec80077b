"""Two sides of the same kind, an agency and a law firm of the east and their rivals of the west, and what belongs to whom.

Whatever belongs to a side carries its mark (EASTAG, EASTLF, WESTAG, WESTLF; accounts and payments EAST- and WEST-), so
that a page which shows a rival's can be told by a word. `tests.walls.making` makes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from portal.foundation.access import Role
from tests.identity.factories import actor_of

if TYPE_CHECKING:
    from flask import Flask

    from portal.foundation.access import Actor
    from portal.identity.models import Organisation, User

__all__ = ["BANK_ROLES", "LOCALES", "SIDES", "Ids", "Person", "Side", "World", "home_of"]

LOCALES = ("en", "zh_Hans")
BANK_ROLES = (Role.ADMINISTRATOR, Role.VENDOR_MANAGER, Role.FINANCE, Role.COMPLIANCE)
Ids = tuple[Any, ...]


@dataclass(frozen=True)
class Side:
    """Where its accounts lie: days past due, and the bucket they make, of what is worked, recalled, just sent."""

    mark: str
    worked: tuple[int, str]
    recalled: tuple[int, str]
    fresh: tuple[int, str]
    surname: str


SIDES = (
    Side("EAST", worked=(45, "M2"), recalled=(15, "M1"), fresh=(75, "M3"), surname="东方"),
    Side("WEST", worked=(135, "M5"), recalled=(105, "M4"), fresh=(165, "M6"), surname="西门"),
)


@dataclass(frozen=True)
class Person:
    """Somebody of a role, who reads one language; `mark` is the organisation's code."""

    role: Role
    mark: str
    user: User

    @property
    def is_bank(self) -> bool:
        return self.mark == "BANK"

    @property
    def actor(self) -> Actor:
        return actor_of(self.user)


@dataclass
class World:
    """The people, and what belongs to whom: `things[what]` holds pairs of an organisation's code and ids."""

    app: Flask
    kind: str
    organisations: dict[str, Organisation] = field(default_factory=dict)
    people: dict[tuple[str, Role, str], Person] = field(default_factory=dict)
    things: dict[str, list[tuple[str, Ids]]] = field(default_factory=dict)
    shut: dict[str, list[tuple[str, Ids]]] = field(default_factory=dict)  # one's own, and yet not (any more) to be seen
    mixed: dict[str, list[Ids]] = field(default_factory=dict)  # ids that do not belong together, or to the other kind

    def person(self, role: Role, mark: str | None = None, locale: str = "en") -> Person:
        """Somebody of the role; of the east where there are two sides."""
        return self.people[(mark or home_of(role), role, locale)]

    def own(self, what: str, person: Person) -> list[Ids]:
        """Ids that the person may use: the bank all but the jobs and sessions of others, and what an agency works."""
        personal = what in ("own session", "own job", "own filter")
        key = f"{person.user.id}" if personal else person.mark
        if what == "job" and person.role is Role.ADMINISTRATOR:
            return [ids for _owner, ids in self.things["job"]]
        everything = person.is_bank and not personal and what not in ("job", "desk")
        mine = [ids for owner, ids in self.things.get(what, ()) if everything or owner == key]
        return mine + [ids for _owner, ids in self.shut.get(what, ()) if everything]

    def foreign(self, what: str, person: Person) -> list[Ids]:
        """Ids that are there and that the person must not find: one of every owner, and those that do not go together."""
        mine = set(self.own(what, person))
        found: dict[tuple[str, bool], Ids] = {}
        for is_shut, rows in ((False, self.things.get(what, [])), (True, self.shut.get(what, []))):
            for owner, ids in rows:
                if ids not in mine:
                    found.setdefault((owner, is_shut), ids)
        others = [] if what == "own job" else list(dict.fromkeys(found.values()))
        return others + self.mixed.get(what, [])

    def words_of_others(self, person: Person) -> list[str]:
        """Beginnings of words that must not stand on any page of this person."""
        if person.is_bank:
            return []
        other_side = next(side.mark for side in SIDES if not person.mark.startswith(side.mark))
        codes = [mark for mark in self.organisations if mark not in ("BANK", person.mark)]
        return [*codes, f"{other_side}-", f"{other_side} "]

    def keep(self, what: str, owner: str, *ids: Any) -> None:
        self.things.setdefault(what, []).append((owner, ids))

    def one(self, what: str, owner: str) -> int:
        """The first of an owner's."""
        return int(next(ids[-1] for mark, ids in self.things[what] if mark == owner))


def home_of(role: Role) -> str:
    """The code of the organisation in which the walk looks for somebody of the role."""
    if role is Role.LEGAL_PARTNER:
        return "EASTLF"
    return "EASTAG" if role in (Role.AGENCY_LEADER, Role.AGENCY_STAFF) else "BANK"
