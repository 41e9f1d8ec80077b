"""What else chooses accounts, beside currency, buckets and balance: plain values, and the same in SQL.

The values are kept as JSON with a saved segment and frozen with a run. `matching` is the one place where they become SQL.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.foundation.errors import DomainError
from portal.foundation.language import say
from portal.placement.models import Placement
from portal.placement.recall_queries import returned_by
from portal.portfolio.models import Account
from portal.vendors.models import PlacementKind

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Conditions", "matching"]

LARGEST = 10**9  # of days and rounds; more cannot be meant
LARGEST_ID = 2**62
MOST_NAMED = 40
LONGEST_NAME = 64


@dataclass(frozen=True)
class Conditions:
    """Every one that is given must hold; both ends count. Accounts that lack a date fit no limit of it.

    `regions`: codes; a country takes all its regions. `paid_from`, `paid_to`: the last payment; with `never_paid` also
    accounts that never had one, and only those where neither limit is given. `rounds_from`, `rounds_to`: how often an
    organisation has accepted the account for collection, what was placed in error not counted; 0 = never. `former_holders`:
    organisations one of which has had it. `returned_by`: a recall that brought it back.
    """

    days_from: int | None = None
    days_to: int | None = None
    regions: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    charged_off: bool | None = None
    paid_from: date | None = None
    paid_to: date | None = None
    never_paid: bool = False
    opened_from: date | None = None
    opened_to: date | None = None
    due_from: date | None = None
    due_to: date | None = None
    rounds_from: int | None = None
    rounds_to: int | None = None
    former_holders: tuple[int, ...] = ()
    returned_by: int | None = None

    def check(self) -> Conditions:
        """These conditions; DomainError naming the field where they cannot be meant."""
        for name in ("days", "rounds"):
            _check_numbers(name, (getattr(self, f"{name}_from"), getattr(self, f"{name}_to")))
        for name in ("days", "rounds", "paid", "opened", "due"):
            first, last = getattr(self, f"{name}_from"), getattr(self, f"{name}_to")
            if first is not None and last is not None and first > last:
                words = say("The first value is greater than the second.")
                raise DomainError("segment.range", words, field=f"{name}_from")
        for name in ("regions", "products"):
            _check_names(name, getattr(self, name))
        if any(not 0 < number < LARGEST_ID for number in self.former_holders):
            raise DomainError("segment.choice", say("This is none of the choices."), field="former_holders")
        if self.returned_by is not None and not 0 < self.returned_by < LARGEST_ID:
            raise DomainError("segment.choice", say("This is none of the choices."), field="returned_by")
        return self

    def as_data(self) -> dict[str, Any]:
        """For a JSON column: only what is given, days as text."""
        return {name: _plain(value) for name, value in self._given()}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Conditions:
        """The inverse of `as_data`; what is not there is not asked for."""
        days = {name: date.fromisoformat(data[name]) for name in _DAYS & data.keys()}
        lists = {name: tuple(data[name]) for name in _LISTS & data.keys()}
        return cls(**(data | days | lists))

    def _given(self) -> Iterator[tuple[str, Any]]:
        for field in fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                yield field.name, value


_DAYS = {"paid_from", "paid_to", "opened_from", "opened_to", "due_from", "due_to"}
_LISTS = {"regions", "products", "former_holders"}


def matching(conditions: Conditions) -> list[sa.ColumnElement[bool]]:
    """The conditions on `Account`, as a session of the bank asks them."""
    found = [
        *_between(Account.days_past_due, conditions.days_from, conditions.days_to),
        *_between(Account.opened_on, conditions.opened_from, conditions.opened_to),
        *_between(Account.due_date, conditions.due_from, conditions.due_to),
        *_paid(conditions),
        *_rounds(conditions.rounds_from, conditions.rounds_to),
    ]
    if conditions.regions:
        found.append(sa.or_(*(_in_region(region) for region in conditions.regions)))
    if conditions.products:
        found.append(Account.product.in_(conditions.products))
    if conditions.charged_off is not None:
        there = Account.charged_off_on.is_not(None)
        found.append(there if conditions.charged_off else ~there)
    if conditions.former_holders:
        had = sa.select(Placement.account_id).where(Placement.organisation_id.in_(conditions.former_holders), *_ROUND)
        found.append(Account.id.in_(had))
    if conditions.returned_by is not None:
        found.append(Account.id.in_(returned_by(conditions.returned_by)))
    return found


_ROUND = (Placement.kind == PlacementKind.COLLECTION, Placement.accepted_at.is_not(None), ~Placement.reverse)


def _between(column: Any, first: Any, last: Any) -> list[sa.ColumnElement[bool]]:
    found = []
    if first is not None:
        found.append(column >= first)
    if last is not None:
        found.append(column <= last)
    return found


def _paid(conditions: Conditions) -> list[sa.ColumnElement[bool]]:
    within = _between(Account.last_paid_on, conditions.paid_from, conditions.paid_to)
    if not conditions.never_paid:
        return within
    never = Account.last_paid_on.is_(None)
    return [sa.or_(never, sa.and_(*within)) if within else never]


def _rounds(least: int | None, most: int | None) -> list[sa.ColumnElement[bool]]:
    """How many rounds there were, as semi-joins and anti-joins of sets rather than a count for each account."""
    found: list[sa.ColumnElement[bool]] = []
    if least == 1:
        found.append(Account.id.in_(sa.select(Placement.account_id).where(*_ROUND)))
    elif least:
        found.append(Account.id.in_(_counted(sa.func.count() >= least)))
    if most == 0:
        found.append(~sa.exists().where(Placement.account_id == Account.id, *_ROUND).correlate(Account))
    elif most is not None:
        more = _counted(sa.func.count() > most).subquery("more_rounds")
        found.append(~sa.exists().where(more.c.account_id == Account.id).correlate(Account))
    return found


def _counted(having: sa.ColumnElement[bool]) -> sa.Select[tuple[int]]:
    return sa.select(Placement.account_id).where(*_ROUND).group_by(Placement.account_id).having(having)


def _in_region(region: str) -> sa.ColumnElement[bool]:
    # a slice rather than LIKE, which on SQLite takes cn-gd for CN-GD and everywhere % for anything
    return sa.or_(Account.region == region, sa.func.substr(Account.region, 1, len(region) + 1) == f"{region}-")


def _check_numbers(name: str, ends: tuple[int | None, int | None]) -> None:
    for end, number in zip(("from", "to"), ends, strict=True):
        if number is not None and not 0 <= number <= LARGEST:
            words = say("Write a whole number from 0 to %(most)s.", most=LARGEST)
            raise DomainError("segment.number", words, field=f"{name}_{end}")


def _check_names(field: str, names: tuple[str, ...]) -> None:
    if len(names) > MOST_NAMED:
        raise DomainError("segment.names", say("Name at most %(most)s.", most=MOST_NAMED), field=field)
    if any(not name or len(name) > LONGEST_NAME or not name.isprintable() for name in names):
        words = say("One of these names is empty, too long, or holds signs that cannot be printed.")
        raise DomainError("segment.names", words, field=field)


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
