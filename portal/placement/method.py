"""How a run decides, as a person asks for it: one way to share out, what goes before and after it, and the rules.

It becomes the strategy that the pure rules follow (portal/placement/allocation); the run keeps both, so that its page can
say what was asked and an auditor can repeat what was done.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from portal.foundation.errors import DomainError
from portal.foundation.language import say
from portal.placement.allocation import (
    By,
    Champion,
    Equal,
    FormerHolders,
    Licence,
    Order,
    Overflow,
    Performance,
    Picks,
    Ranked,
    Rules,
    Shares,
    Step,
    Strata,
    Strategy,
)
from portal.placement.criteria import Share, check_shares

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from portal.placement.criteria import Criteria

__all__ = ["MOST_PICKS", "STRATA", "Method", "MethodKind", "as_method"]

MOST_PICKS = 60  # on the page; more are a segment, or a strategy file
MOST_DAYS = 3_650
MOST_ROUNDS = 100
STRATA = ("bucket", "balance", "region")
QUANTILES = 4  # bands of balance, each of as many customers


class MethodKind(StrEnum):
    """How accounts are shared out."""

    SHARES = "shares"
    EQUAL = "equal"
    PERFORMANCE = "performance"
    CHAMPION = "champion"
    RANKED = "ranked"


@dataclass(frozen=True)
class Method:
    """`values` by organisation: its share of one, its score, its share of its side of a trial, or its rank; of no
    meaning where all get the same. `challengers`: who of them tries against the others, for `part` of the customers.

    `former_rounds`: who held an account in so many last rounds does not get it again; None: ever; 0: it may. `picks`:
    account references with a receiver's code, placed before all else. `fill`: what is left goes to whoever has room, in
    the order of their values.
    """

    kind: MethodKind = MethodKind.SHARES
    values: Mapping[int, Decimal] = field(default_factory=dict)
    by: By = By.ACCOUNTS
    overflow: Overflow = Overflow.NOBODY
    challengers: frozenset[int] = frozenset()
    part: Decimal = Decimal("0.1")
    floor: Decimal = Decimal(0)
    ceiling: Decimal = Decimal(1)
    strata: tuple[str, ...] = ("bucket",)
    former_rounds: int | None = 0
    cool_down_days: int = 0
    licence: Licence = Licence.DAY
    picks: tuple[tuple[str, str], ...] = ()
    fill: bool = False

    def check(self) -> Method:
        """This method; DomainError naming the field where it cannot be meant."""
        if not self.values:
            raise DomainError("run.no_receiver", say("Give at least one organisation a share."), field="shares")
        if self.kind is MethodKind.SHARES:
            check_shares([Share(organisation, share) for organisation, share in self.values.items()])
        if self.kind is MethodKind.CHAMPION:
            self._check_trial()
        if self.kind is MethodKind.PERFORMANCE:
            self._check_scores()
        if not 0 <= self.cool_down_days <= MOST_DAYS:
            words = say("Write a number of days from 0 to %(most)s.", most=MOST_DAYS)
            raise DomainError("run.cool_down", words, field="cool_down")
        if self.former_rounds is not None and not 0 <= self.former_rounds <= MOST_ROUNDS:
            raise DomainError("run.former", say("This is none of the choices."), field="former")
        if len(self.picks) > MOST_PICKS:
            words = say(
                "At most %(most)s accounts are picked by hand here. Make a segment of them instead.", most=MOST_PICKS
            )
            raise DomainError("run.picks", words, field="picks")
        return self

    def _check_trial(self) -> None:
        sides = [{o: v for o, v in self.values.items() if (o in self.challengers) is side} for side in (False, True)]
        if not all(sides):
            words = say("A trial needs at least one champion and one challenger.")
            raise DomainError("run.trial", words, field="shares")
        if any(sum(side.values()) != 1 for side in sides):
            words = say("The champions' shares have to make 100%%, and the challengers' too.")
            raise DomainError("run.trial", words, field="shares")
        if not 0 < self.part < 1:
            words = say("The challengers' part lies between 0 and 100%%.")
            raise DomainError("run.part", words, field="part")

    def _check_scores(self) -> None:
        count = len(self.values)
        if not any(self.values.values()):
            raise DomainError("run.scores", say("At least one score has to be above nought."), field="shares")
        if not 0 <= self.floor <= self.ceiling <= 1 or self.floor * count > 1 or self.ceiling * count < 1:
            words = say(
                "With %(count)s receivers the smallest share is at most %(floor)s%%, the largest at least that.",
                count=count, floor=format((Decimal(100) / count).quantize(Decimal("0.1")), "f"),
            )  # fmt: skip
            raise DomainError("run.limits", words, field="floor")

    def strategy(
        self, codes: Mapping[int, str], account_ids: Mapping[str, int], criteria: Criteria, on_date: date
    ) -> Strategy:
        """The strategy for the engine. `codes` by organisation; `account_ids` of the picks by reference; a reference that
        is not among them stands as it is, and is refused by the engine with its reason."""
        named = {codes[organisation]: value for organisation, value in self.values.items()}
        steps: list[Step] = []
        if self.picks:
            steps.append(Picks(picks={str(account_ids.get(ref, ref)): code for ref, code in self.picks}))
        steps.append(self._main_step(named, codes))
        if self.fill and self.kind is not MethodKind.RANKED:
            steps.append(Ranked(receivers=self._ranked(named, largest_first=True), order=criteria.order))
        rules = Rules(FormerHolders(self.former_rounds), self.cool_down_days, licence=self.licence)
        strata = Strata(self.strata, quantiles=QUANTILES if "balance" in self.strata else 0)
        return Strategy(criteria.seed, on_date, criteria.currency, tuple(steps), rules, strata)

    def _main_step(self, named: Mapping[str, Decimal], codes: Mapping[int, str]) -> Step:
        match self.kind:
            case MethodKind.EQUAL:
                return Equal(receivers=tuple(sorted(named)), by=self.by, overflow=self.overflow)
            case MethodKind.PERFORMANCE:
                return Performance(
                    scores=named, floor=self.floor, ceiling=self.ceiling, by=self.by, overflow=self.overflow
                )
            case MethodKind.CHAMPION:
                tries = {codes[organisation] for organisation in self.challengers}
                return Champion(
                    champions={code: share for code, share in named.items() if code not in tries},
                    challengers={code: share for code, share in named.items() if code in tries},
                    part=self.part, by=self.by,
                )  # fmt: skip
            case MethodKind.RANKED:
                return Ranked(receivers=self._ranked(named, largest_first=False), order=Order.LARGEST)
        return Shares(shares=named, by=self.by, overflow=self.overflow)

    @staticmethod
    def _ranked(named: Mapping[str, Decimal], *, largest_first: bool) -> tuple[str, ...]:
        """By rank (1 first), or by share or score (the largest first); equal ones by code."""
        sign = -1 if largest_first else 1
        return tuple(sorted(named, key=lambda code: (sign * named[code], code)))

    def as_data(self) -> dict[str, Any]:
        """For the run's row."""
        return {
            "kind": self.kind.value,
            "values": [[organisation, format(value, "f")] for organisation, value in self.values.items()],
            "by": self.by.value,
            "overflow": self.overflow.value,
            "challengers": sorted(self.challengers),
            "part": format(self.part, "f"),
            "floor": format(self.floor, "f"),
            "ceiling": format(self.ceiling, "f"),
            "strata": list(self.strata),
            "former_rounds": self.former_rounds,
            "cool_down_days": self.cool_down_days,
            "licence": self.licence.value,
            "picks": [list(pick) for pick in self.picks],
            "fill": self.fill,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Method:
        """The inverse of `as_data`."""
        return cls(
            kind=MethodKind(data["kind"]),
            values={int(organisation): Decimal(value) for organisation, value in data["values"]},
            by=By(data["by"]),
            overflow=Overflow(data["overflow"]),
            challengers=frozenset(data["challengers"]),
            part=Decimal(data["part"]),
            floor=Decimal(data["floor"]),
            ceiling=Decimal(data["ceiling"]),
            strata=tuple(data["strata"]),
            former_rounds=data["former_rounds"],
            cool_down_days=data["cool_down_days"],
            licence=Licence(data["licence"]),
            picks=tuple((ref, code) for ref, code in data["picks"]),
            fill=data["fill"],
        )


def as_method(asked: Method | Sequence[Share]) -> Method:
    """A method, or the plainest: fixed shares of the accounts and no rule but that customers stay together."""
    if isinstance(asked, Method):
        return asked
    check_shares(list(asked))  # a dictionary would hide that somebody is named twice
    return Method(values=_values(asked))


def _values(shares: Iterable[Share]) -> dict[int, Decimal]:
    return {share.organisation_id: share.share for share in shares}
