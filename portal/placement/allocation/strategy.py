"""A strategy: the rules, the strata, and the steps in their order. What it looks like as JSON is in docs/allocation.md.

Receivers are named by their code, shares and scores are exact decimals, amounts are minor units of `currency`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any, ClassVar

from portal.placement.allocation.facts import Order

__all__ = [
    "VERSION",
    "By",
    "Champion",
    "Equal",
    "FormerHolders",
    "Licence",
    "Only",
    "Overflow",
    "Performance",
    "Picks",
    "Problem",
    "Ranked",
    "Rules",
    "ShareLike",
    "Shares",
    "Step",
    "Strata",
    "Strategy",
    "StrategyError",
    "fixed_shares",
]

VERSION = 1


class Problem(Exception):
    """One thing that is wrong with a strategy: a stable `code`, `where` in the file, and `text`: what, how to mend it."""

    def __init__(self, code: str, where: str, text: str) -> None:
        super().__init__(f"{where}: {text}")
        self.code = code
        self.where = where
        self.text = text


class StrategyError(ValueError):
    """A strategy that cannot be meant, with everything that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


class By(StrEnum):
    """What a share is a share of."""

    ACCOUNTS = "accounts"
    AMOUNT = "amount"


class Overflow(StrEnum):
    """Where the part goes that rules or room keep from a receiver: to the others of the step in proportion to their
    shares, or to nobody (then it flows to the next step)."""

    OTHERS = "others"
    NOBODY = "nobody"


class Licence(StrEnum):
    """Until when a licence has to be valid: through the placement's term, or on the day it begins."""

    TERM = "term"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class FormerHolders:
    """Who held an account before does not get it again: ever, or (`within_rounds`) if that was one of so many last
    rounds. `within_rounds` 0: it may."""

    within_rounds: int | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """What no step may break. `cool_down_days`: so many whole days lie between one placement and the next."""

    former_holders: FormerHolders = FormerHolders()
    cool_down_days: int = 0
    customers_together: bool = True
    licence: Licence = Licence.TERM


@dataclass(frozen=True, slots=True)
class Strata:
    """What makes accounts comparable: any of `bucket`, `balance`, `region`, in this order of importance.

    Bands of balance begin at `bands` (minor units, ascending; below the first is a band too), or there are `quantiles`
    bands of equally many customers.
    """

    by: tuple[str, ...] = ("bucket",)
    bands: tuple[int, ...] = ()
    quantiles: int = 0


@dataclass(frozen=True, slots=True)
class Only:
    """Which accounts a step is for; None is all. Both ends of the balance are included, in minor units."""

    buckets: frozenset[str] | None = None
    regions: frozenset[str] | None = None
    from_minor: int | None = None
    to_minor: int | None = None

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return self == Only()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    only: Only = Only()


@dataclass(frozen=True, slots=True)
class Picks(_Step):
    """Accounts that a person chose, by the text of the account's key, and who gets them."""

    kind: ClassVar[str] = "picks"
    picks: Mapping[str, str]

    def names(self) -> set[str]:
        """The codes of its receivers."""
        return set(self.picks.values())


@dataclass(frozen=True, slots=True)
class Shares(_Step):
    """Fixed shares; they add up to one."""

    kind: ClassVar[str] = "shares"
    shares: Mapping[str, Decimal]
    by: By = By.ACCOUNTS
    overflow: Overflow = Overflow.NOBODY

    def parts(self) -> dict[str, Fraction]:
        """Each receiver's share of one."""
        return {code: Fraction(share) for code, share in self.shares.items()}

    def names(self) -> set[str]:
        """The codes of its receivers."""
        return set(self.shares)


@dataclass(frozen=True, slots=True)
class Equal(_Step):
    """The same share for everybody."""

    kind: ClassVar[str] = "equal"
    receivers: tuple[str, ...]
    by: By = By.ACCOUNTS
    overflow: Overflow = Overflow.NOBODY

    def parts(self) -> dict[str, Fraction]:
        """Each receiver's share of one."""
        return {code: Fraction(1, len(self.receivers)) for code in self.receivers}

    def names(self) -> set[str]:
        """The codes of its receivers."""
        return set(self.receivers)


@dataclass(frozen=True, slots=True)
class Performance(_Step):
    """Shares in proportion to scores, none below `floor` or above `ceiling`."""

    kind: ClassVar[str] = "performance"
    scores: Mapping[str, Decimal]
    floor: Decimal = Decimal(0)
    ceiling: Decimal = Decimal(1)
    by: By = By.ACCOUNTS
    overflow: Overflow = Overflow.NOBODY

    def parts(self) -> dict[str, Fraction]:
        """Each receiver's share of one: score × one factor for all, raised to the floor or cut to the ceiling; the
        factor is the one at which the shares add up to exactly one. ValueError where there is none."""
        scores = {code: Fraction(score) for code, score in self.scores.items()}
        floor, ceiling = Fraction(self.floor), Fraction(self.ceiling)
        factor = _factor(list(scores.values()), floor, ceiling)
        return {code: min(max(factor * score, floor), ceiling) for code, score in scores.items()}

    def names(self) -> set[str]:
        """The codes of its receivers."""
        return set(self.scores)


@dataclass(frozen=True, slots=True)
class Champion(_Step):
    """A trial: `part` of the customers, drawn by lot within each stratum, go to the challengers, the others to the
    champions. Both maps divide their side and add up to one. Only customers that every arm may take are in the trial;
    the others flow to the next step."""

    kind: ClassVar[str] = "champion"
    champions: Mapping[str, Decimal]
    challengers: Mapping[str, Decimal]
    part: Decimal
    by: By = By.ACCOUNTS
    overflow: ClassVar[Overflow] = Overflow.NOBODY

    def parts(self) -> dict[str, Fraction]:
        """Each receiver's share of one."""
        part = Fraction(self.part)
        champions = {code: (1 - part) * Fraction(share) for code, share in self.champions.items()}
        return champions | {code: part * Fraction(share) for code, share in self.challengers.items()}

    def names(self) -> set[str]:
        """The codes of its receivers."""
        return {*self.champions, *self.challengers}


@dataclass(frozen=True, slots=True)
class Ranked(_Step):
    """The first gets all that it may have and has room for, then the next; accounts come in the given order."""

    kind: ClassVar[str] = "ranked"
    receivers: tuple[str, ...]
    order: Order = Order.LARGEST

    def names(self) -> set[str]:
        """The codes of its receivers."""
        return set(self.receivers)


ShareLike = Shares | Equal | Performance | Champion
Step = ShareLike | Picks | Ranked


@dataclass(frozen=True, slots=True)
class Strategy:
    """How a run decides. The same strategy, receivers and accounts give the same result, in whatever order they come."""

    seed: int
    date: date
    currency: str
    steps: tuple[Step, ...]
    rules: Rules = Rules()
    strata: Strata = Strata()
    name: str = field(default="", compare=False)

    def as_data(self) -> dict[str, Any]:
        """As JSON takes it; `from_data` is the inverse."""
        from portal.placement.allocation.writing import strategy_as_data

        return strategy_as_data(self)

    @classmethod
    def from_data(cls, data: Any) -> Strategy:
        """From JSON's values. StrategyError says everything that is wrong, where, and how to mend it."""
        from portal.placement.allocation.reading import read_strategy

        return read_strategy(data)


def fixed_shares(
    shares: Mapping[str, Decimal], *, seed: int, date: date, currency: str, overflow: Overflow = Overflow.NOBODY
) -> Strategy:
    """The strategy of one step with fixed shares of accounts, and no rule but that customers stay together."""
    rules = Rules(former_holders=FormerHolders(0), licence=Licence.DAY)
    return Strategy(seed, date, currency, (Shares(shares, overflow=overflow),), rules)


def _factor(scores: list[Fraction], floor: Fraction, ceiling: Fraction) -> Fraction:
    """The factor f at which the clamped f × score add up to 1, between the two corners where the sum passes 1."""
    corners = sorted({limit / score for score in scores if score for limit in (floor, ceiling)})
    below = Fraction(0)
    for corner in corners:
        if sum(min(max(corner * s, floor), ceiling) for s in scores) >= 1:
            break
        below = corner
    else:
        raise ValueError("the ceilings do not add up to 1")
    low = sum(min(max(below * s, floor), ceiling) for s in scores)
    if low > 1:
        raise ValueError("the floors add up to more than 1")
    moving = sum(s for s in scores if floor <= below * s < ceiling and corner * s > floor)
    return below + (1 - low) / moving if moving else corner
