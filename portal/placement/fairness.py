"""How alike the books of a run are: what a manager looks at before submitting, and an auditor afterwards. Pure.

books = compare_books(zip(candidates, result.decisions), shares_of_steps(result.steps), Bands.of(strategy, candidates))
largest_difference(books, "bucket")        # the bucket in which two books differ most, and by how much
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from portal.placement.allocation import Strata, bands_of

if TYPE_CHECKING:
    from portal.placement.allocation import Candidate, Decision, StepOutcome, Strategy

__all__ = [
    "DIMENSIONS",
    "Bands",
    "Book",
    "Difference",
    "Group",
    "Outcome",
    "Tally",
    "books_of",
    "compare_books",
    "group_by_bucket",
    "largest_difference",
    "mean_balance",
    "shares_of_steps",
]

DIMENSIONS = ("bucket", "band", "region")

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
    eligible accounts that were not asked for; `evidence`: see placement/evidence.py, None in runs of before there was any.
    """

    groups: Sequence[Group]
    left_out: Sequence[Tally] = ()
    beyond: int = 0
    beyond_minor: int = 0
    since: Sequence[Tally] = ()
    evidence: Mapping[str, Any] | None = None

    def as_data(self) -> dict[str, Any]:
        """For the run's row."""
        return {
            "evidence": self.evidence,
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
            evidence=data.get("evidence"),
        )


@dataclass
class Book:
    """What one organisation gets; `organisation_id` None: what nobody gets. `share` is what it was to get.

    Distributions count accounts; `by_band` and `by_region` are empty where only buckets were counted.
    """

    organisation_id: int | None
    share: Decimal | None
    accounts: int = 0
    total_minor: int = 0
    days: int = 0
    of_all: int = 0
    by_bucket: Counter[str] = field(default_factory=Counter)
    of_all_minor: int = 0
    by_band: Counter[str] = field(default_factory=Counter)
    by_region: Counter[str] = field(default_factory=Counter)

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
    def amount_part(self) -> Decimal | None:
        """The part of the whole amount that it gets."""
        return Decimal(self.total_minor) / self.of_all_minor if self.of_all_minor else None

    @property
    def from_share(self) -> Decimal | None:
        """Distance of its part of the accounts from the share, of one: -0.012 is 1.2 points too few."""
        return None if self.share is None or self.part is None else self.part - self.share

    @property
    def amount_from_share(self) -> Decimal | None:
        """Distance of its part of the amount from the share, of one."""
        return None if self.share is None or self.amount_part is None else self.amount_part - self.share

    def spread(self, dimension: str) -> Counter[str]:
        """Its accounts by `bucket`, `band` or `region`."""
        found: Counter[str] = getattr(self, f"by_{dimension}")
        return found

    def part_in(self, dimension: str, value: str) -> Decimal:
        """The part of its own accounts in a bucket, band or region."""
        return Decimal(self.spread(dimension)[value]) / self.accounts if self.accounts else Decimal(0)

    def as_data(self) -> dict[str, Any]:
        """For the run's row: the evidence that stays with it."""
        return {
            "organisation_id": self.organisation_id,
            "share": None if self.share is None else str(self.share),
            "accounts": self.accounts,
            "total_minor": self.total_minor,
            "days": self.days,
            "of_all": self.of_all,
            "of_all_minor": self.of_all_minor,
            **{f"by_{dimension}": dict(sorted(self.spread(dimension).items())) for dimension in DIMENSIONS},
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Book:
        """The inverse of `as_data`."""
        counted = {f"by_{dimension}": Counter(data[f"by_{dimension}"]) for dimension in DIMENSIONS}
        share = None if data["share"] is None else Decimal(data["share"])
        return cls(**{**data, **counted, "share": share})


class Difference(NamedTuple):
    """Where two books differ most: the part of `more`'s accounts at `value` is `distance` (of one) above `less`'s."""

    dimension: str
    value: str
    more: int
    less: int
    distance: Decimal


class Bands(NamedTuple):
    """Bands of balances: where they begin (the first one left out), and what they are called."""

    begins: Sequence[int]
    names: Sequence[str]

    @classmethod
    def of(cls, strategy: Strategy, candidates: Iterable[Candidate]) -> Bands:
        """The bands that the strategy names, else quarters of these accounts."""
        strata = Strata(("balance",), strategy.strata.bands, 0 if strategy.strata.bands else 4)
        totals = [] if strata.bands else sorted(candidate.total_minor for candidate in candidates)
        return cls(*bands_of(strata, strategy.currency, totals))

    def name(self, total_minor: int) -> str:
        """What the band of a balance is called."""
        return self.names[bisect_right(self.begins, total_minor)]


def compare_books(
    pairs: Iterable[tuple[Candidate, Decision]], shares: Mapping[int, Fraction], bands: Bands
) -> list[Book]:
    """One book for each share, in that order, then other receivers', and behind them one for what nobody gets."""
    books: dict[int | None, Book] = {key: Book(key, Decimal(s.numerator) / s.denominator) for key, s in shares.items()}
    for candidate, decision in pairs:
        book = books.get(decision.receiver)
        if book is None:
            book = books[decision.receiver] = Book(decision.receiver, None)
        book.accounts += 1
        book.total_minor += candidate.total_minor
        book.days += candidate.days_past_due
        book.by_bucket[candidate.bucket] += 1
        book.by_band[bands.name(candidate.total_minor)] += 1
        book.by_region[candidate.region] += 1
    return _of_all(books)


def shares_of_steps(steps: Sequence[StepOutcome]) -> dict[int, Fraction]:
    """What each receiver was to get of all that the steps with shares placed: its share of each, by what each placed.

    In accounts; a receiver that such a step names and that was to get nothing is there with 0.
    """
    sharing = [step for step in steps if step.shares]
    placed = sum(sum(step.accounts.values()) for step in sharing)
    found: dict[int, Fraction] = defaultdict(Fraction)
    for step in sharing:
        part = Fraction(sum(step.accounts.values()), placed) if placed else Fraction(1, len(sharing))
        for receiver, share in step.shares.items():
            found[receiver] += share * part
    return dict(sorted(found.items()))


def largest_difference(books: Iterable[Book], dimension: str) -> Difference | None:
    """The value of `bucket`, `band` or `region` at which the books of two receivers differ most; None of fewer than
    two books."""
    found: Difference | None = None
    filled = [book for book in books if book.organisation_id is not None and book.accounts]
    if len(filled) < 2:
        return None
    for value in sorted({value for book in filled for value in book.spread(dimension)}):
        more = max(filled, key=lambda book: book.part_in(dimension, value))
        less = min(filled, key=lambda book: book.part_in(dimension, value))
        distance = more.part_in(dimension, value) - less.part_in(dimension, value)
        if found is None or distance > found.distance:
            found = Difference(dimension, value, more.organisation_id or 0, less.organisation_id or 0, distance)
    return found


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
    return _of_all(books)


def _of_all(books: Mapping[int | None, Book]) -> list[Book]:
    """The books beside the sum of them all, what nobody gets last."""
    all_accounts = sum(book.accounts for book in books.values())
    all_minor = sum(book.total_minor for book in books.values())
    for book in books.values():
        book.of_all, book.of_all_minor = all_accounts, all_minor
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
