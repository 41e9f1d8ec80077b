"""How alike the books of a run are: what a manager looks at before submitting, and an auditor afterwards. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

__all__ = ["Book", "Group", "Outcome", "Tally", "books_of", "group_by_bucket", "mean_balance"]

Group = tuple[int | None, str, int, int, int]  # organisation, bucket, accounts, amount in minor units, days past due


class Tally(NamedTuple):
    """How many accounts, and how much in minor units, for one reason (None: nothing stands in the way)."""

    reason: str | None
    accounts: int
    total_minor: int


@dataclass(frozen=True)
class Outcome:
    """What a run decided, in figures, kept with it: so its page costs the same for a hundred accounts and a million.

    `groups` as proposed; `left_out` by reason when it was made; `since` what came up before it was sent; `beyond`: the
    eligible accounts that were not asked for.
    """

    groups: Sequence[Group]
    left_out: Sequence[Tally] = ()
    beyond: int = 0
    beyond_minor: int = 0
    since: Sequence[Tally] = ()

    def as_data(self) -> dict[str, Any]:
        """For the run's row."""
        return {
            "groups": [list(group) for group in self.groups],
            "left_out": [list(tally) for tally in self.left_out],
            "beyond": self.beyond,
            "beyond_minor": self.beyond_minor,
            "since": [list(tally) for tally in self.since],
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Outcome:
        """The inverse of `as_data`."""
        return cls(
            groups=[(g[0], g[1], g[2], g[3], g[4]) for g in data["groups"]],
            left_out=[Tally(*tally) for tally in data["left_out"]],
            beyond=data["beyond"],
            beyond_minor=data["beyond_minor"],
            since=[Tally(*tally) for tally in data["since"]],
        )


@dataclass
class Book:
    """What one organisation gets; `organisation_id` None: what nobody has room for. `share` is what it was to get."""

    organisation_id: int | None
    share: Decimal | None
    accounts: int = 0
    total_minor: int = 0
    days: int = 0
    of_all: int = 0
    by_bucket: Counter[str] = field(default_factory=Counter)

    @property
    def mean_days(self) -> Decimal | None:
        """Mean days past due."""
        return Decimal(self.days) / self.accounts if self.accounts else None

    @property
    def mean_minor(self) -> int | None:
        """Mean balance, in whole minor units."""
        return mean_balance(self.total_minor, self.accounts)

    @property
    def part(self) -> Decimal | None:
        """The part of all accounts that it gets."""
        return Decimal(self.accounts) / self.of_all if self.of_all else None

    @property
    def from_share(self) -> Decimal | None:
        """Distance from the share, of one: -0.012 is 1.2 points too few."""
        return None if self.share is None or self.part is None else self.part - self.share


def mean_balance(total_minor: int, accounts: int) -> int | None:
    """Mean balance in whole minor units, rounded; None of no accounts."""
    return round(Decimal(total_minor) / accounts) if accounts else None


def books_of(groups: Iterable[Group], shares: Mapping[int, Decimal]) -> list[Book]:
    """One book for each share, in that order, and behind them one for what is not placed, where there is any."""
    books: dict[int | None, Book] = {key: Book(key, share) for key, share in shares.items()}
    for organisation_id, bucket, accounts, total_minor, days in groups:
        book = books.setdefault(organisation_id, Book(organisation_id, None))
        book.accounts += accounts
        book.total_minor += total_minor
        book.days += days
        book.by_bucket[bucket] += accounts
    all_accounts = sum(book.accounts for book in books.values())
    for book in books.values():
        book.of_all = all_accounts
    return sorted(books.values(), key=lambda book: book.organisation_id is None)


def group_by_bucket(rows: Iterable[tuple[int | None, str, int, int]]) -> list[Group]:
    """Accounts (organisation, bucket, amount, days past due) counted by organisation and bucket."""
    found: dict[tuple[int | None, str], list[int]] = {}
    for organisation_id, bucket, total_minor, days in rows:
        group = found.setdefault((organisation_id, bucket), [0, 0, 0])
        group[0] += 1
        group[1] += total_minor
        group[2] += days
    return [(key[0], key[1], *sums) for key, sums in found.items()]  # type: ignore[misc]
