"""The steps of a strategy in their order: the one function that decides."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from itertools import pairwise
from operator import attrgetter, itemgetter
from typing import TypeVar

from portal.placement.allocation.dealing import deal
from portal.placement.allocation.facts import (
    Allocation,
    Candidate,
    Decision,
    Order,
    Reason,
    Receiver,
    RefusedPick,
    StepOutcome,
)
from portal.placement.allocation.families import Family, belongs, row_of
from portal.placement.allocation.rooms import Rooms
from portal.placement.allocation.rules import Permissions
from portal.placement.allocation.strategy import (
    Champion,
    Picks,
    Problem,
    Ranked,
    ShareLike,
    Step,
    Strategy,
    StrategyError,
)

__all__ = ["allocate"]

Figure = TypeVar("Figure")

# what stops a receiver only for want of a share or a step: said where nothing else does
WEAK = (Reason.BEYOND_SHARE, Reason.OUT_OF_TRIAL, Reason.NO_STEP)


def allocate(candidates: Iterable[Candidate], receivers: Sequence[Receiver], strategy: Strategy) -> Allocation:
    """Decide every candidate: the same result for the same strategy, whatever the order of candidates and receivers.

    Every candidate is one account of the strategy's currency that nothing else stands in the way of. `receivers` are
    all that the steps name by code, with the room they have left; ones that no step names get nothing.

        allocate(candidates, [Receiver(7, "HT", room_accounts=500), Receiver(9, "ZX")], Strategy.from_data(data))
        allocate(candidates, receivers, fixed_shares({"HT": Decimal("0.4"), "ZX": Decimal("0.6")}, seed=1, …))

    StrategyError where a step names a receiver that is not among them; ValueError where two receivers share a key or a
    code, a key is below 1, a room is negative, or two candidates share a key.
    """
    taking = sorted(receivers, key=attrgetter("key"))
    _check(taking, strategy)
    rows = sorted(candidates, key=itemgetter(0))
    if any(a.account_id == b.account_id for a, b in pairwise(rows)):
        raise ValueError("candidates need keys of their own")
    with _collector_paused():
        return _Run(rows, taking, strategy).result()


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Millions of small tuples that live to the end: walking over them again and again takes a fifth of the time and
    finds nothing, since nothing here refers to itself."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _check(receivers: Sequence[Receiver], strategy: Strategy) -> None:
    keys, codes = {r.key for r in receivers}, {r.code for r in receivers}
    if not receivers or len(keys) < len(receivers) or len(codes) < len(receivers) or min(keys) < 1:
        raise ValueError("receivers need keys of their own, 1 and more, and codes of their own")
    if any(room is not None and room < 0 for r in receivers for room in (r.room_accounts, r.room_minor)):
        raise ValueError("rooms are not negative")
    unknown = [
        Problem("unknown_receiver", f"steps[{number}]", f"There is no receiver “{code}”. Name one of the receivers.")
        for number, step in enumerate(strategy.steps)
        for code in sorted(step.names() - codes)
    ]
    if unknown:
        raise StrategyError(unknown)


class _Run:
    """One allocation while it goes on. Receivers go by their number (in order of key) until they are written down."""

    def __init__(self, rows: Sequence[Candidate], receivers: Sequence[Receiver], strategy: Strategy) -> None:
        self._rows = rows
        self._receivers = receivers
        self._strategy = strategy
        self._permissions = Permissions(receivers, strategy)
        self._rooms = Rooms(receivers)
        self._number = {receiver.code: i for i, receiver in enumerate(receivers)}
        self._row = row_of(rows, self._permissions, strategy)
        self._decisions: list[Decision | None] = [None] * len(rows)
        self._refused: list[RefusedPick] = []
        self._steps: list[StepOutcome] = []
        self._known: dict[tuple[tuple[int, Reason], ...], tuple[tuple[int, Reason], ...]] = {}

    def result(self) -> Allocation:
        """All steps, and the reasons for what is left behind them."""
        waiting = self._row.families
        for step in self._strategy.steps:
            waiting = self._step(step, waiting)
        self._leave(waiting)
        decisions = [decision for decision in self._decisions if decision is not None]
        return Allocation(decisions, tuple(self._refused), tuple(self._steps))

    def _step(self, step: Step, waiting: list[Family]) -> list[Family]:
        """One step; what it does not place, in the row's order."""
        accounts = {self._number[code]: 0 for code in step.names()}
        amounts = dict(accounts)
        shares: Mapping[int, Fraction] = {}
        targets: Mapping[int, Fraction] = {}
        mine = waiting if step.only.is_all else [family for family in waiting if belongs(family, step.only)]
        if isinstance(step, Picks):
            given = self._pick(step, mine)
        elif isinstance(step, Ranked):
            given = self._rank(step, mine)
        else:
            shares = {self._number[code]: part for code, part in step.parts().items()}
            given, targets = self._share(step, shares, mine)
        number = len(self._steps) + 1
        for receiver, reason, families in given:
            accounts[receiver], amounts[receiver] = self._place(families, self._receivers[receiver].key, reason, number)
        self._steps.append(
            StepOutcome(
                number=number,
                kind=step.kind,
                by=str(getattr(step, "by", "")),
                accounts=self._by_key(accounts),
                amounts=self._by_key(amounts),
                shares=self._by_key(shares),
                targets=self._by_key(targets),
            )
        )
        return [family for family in waiting if self._decisions[family.accounts[0]] is None]

    def _share(
        self, step: ShareLike, shares: Mapping[int, Fraction], families: list[Family]
    ) -> tuple[list[tuple[int, Reason, Iterable[Family]]], Mapping[int, Fraction]]:
        challengers: set[int] = set()
        if isinstance(step, Champion):
            challengers = {self._number[code] for code in step.challengers}
            every = self._arms(step)
            families = sorted((f for f in families if f.may & every == every), key=itemgetter(0, 2, 3))
        books, targets = deal(families, shares, step.by, step.overflow, self._rooms)

        def reason(receiver: int) -> Reason:
            if not isinstance(step, Champion):
                return Reason.SHARE
            return Reason.CHALLENGER if receiver in challengers else Reason.CHAMPION

        return [(receiver, reason(receiver), books.of(receiver)) for receiver in shares], targets

    def _arms(self, step: Champion) -> int:
        """Everybody in a trial who gets a part of it."""
        return sum(1 << self._number[code] for code, part in step.parts().items() if part)

    def _rank(self, step: Ranked, families: list[Family]) -> list[tuple[int, Reason, Iterable[Family]]]:
        def place(family: Family) -> tuple[int, bytes]:
            if step.order is Order.RANDOM:
                return 0, family.draw
            if step.order is Order.LARGEST:
                return -family.total, family.draw
            return -max(self._rows[i].days_past_due for i in family.accounts), family.draw

        rest = sorted(families, key=place)
        given: list[tuple[int, Reason, Iterable[Family]]] = []
        for code in step.receivers:
            receiver = self._number[code]
            got, left = [], []
            for family in rest:
                if family.may >> receiver & 1 and self._rooms.short_of(receiver, family) is None:
                    self._rooms.take(receiver, family)
                    got.append(family)
                else:
                    left.append(family)
            given.append((receiver, Reason.RANK, got))
            rest = left
        return given

    def _pick(self, step: Picks, families: list[Family]) -> list[tuple[int, Reason, Iterable[Family]]]:
        """Each family to whom somebody picked for one of its accounts, in the order of the picks' accounts."""
        given: dict[int, list[Family]] = {self._number[code]: [] for code in step.names()}
        unseen = set(step.picks)
        chosen: list[tuple[str, Family, list[str]]] = []
        for family in families:
            own = [ref for i in family.accounts if (ref := str(self._rows[i].account_id)) in step.picks]
            if own:
                unseen.difference_update(own)
                chosen.append((min(own), family, own))
        for _, family, own in sorted(chosen, key=itemgetter(0)):
            codes = sorted({step.picks[ref] for ref in own})
            receiver = self._number[codes[0]]
            against = Reason.PICKS_DISAGREE if len(codes) > 1 else self._against(family, receiver)
            if against is None:
                self._rooms.take(receiver, family)
                given[receiver].append(family)
            else:
                self._refused += [RefusedPick(ref, step.picks[ref], against) for ref in sorted(own)]
        self._refused += [RefusedPick(ref, step.picks[ref], Reason.NOT_A_CANDIDATE) for ref in sorted(unseen)]
        return [(receiver, Reason.PICK, got) for receiver, got in given.items()]

    def _against(self, family: Family, receiver: int) -> Reason | None:
        """The rule or the room that keeps a family from a receiver; None where nothing does."""
        if not family.may >> receiver & 1:
            stops = (self._permissions.stop(self._rows[i], receiver) for i in family.accounts)
            return next(stop for stop in stops if stop is not None)
        return self._rooms.short_of(receiver, family)

    def _place(self, families: Iterable[Family], key: int, reason: Reason, number: int) -> tuple[int, int]:
        """Write down who gets these; how many accounts and minor units they are."""
        rows, decisions, strata = self._rows, self._decisions, self._row.strata
        accounts = amount = 0
        for family in families:
            stratum = strata[family.stratum]
            for i in family.accounts:
                decisions[i] = Decision(rows[i].account_id, key, reason, number, stratum)
            accounts += len(family.accounts)
            amount += family.total
        return accounts, amount

    def _leave(self, families: Iterable[Family]) -> None:
        """Nobody gets these: what stopped each receiver that a step names."""
        named = {self._number[code] for step in self._strategy.steps for code in step.names()}
        for family in families:
            stops = tuple((self._receivers[r].key, self._stop(family, r)) for r in sorted(named))
            stops = self._known.setdefault(stops, stops)
            reason = _in_short({reason for _, reason in stops})
            stratum = self._row.strata[family.stratum]
            for i in family.accounts:
                self._decisions[i] = Decision(self._rows[i].account_id, None, reason, 0, stratum, stops)

    def _stop(self, family: Family, receiver: int) -> Reason:
        against = self._against(family, receiver)
        if against is not None:
            return against
        code = self._receivers[receiver].code
        looked = [s for s in self._strategy.steps if code in s.names() and belongs(family, s.only)]
        sharing = [s for s in looked if not isinstance(s, Picks | Ranked)]
        if any(not isinstance(s, Champion) or family.may & self._arms(s) == self._arms(s) for s in sharing):
            return Reason.BEYOND_SHARE
        return Reason.OUT_OF_TRIAL if sharing else Reason.NO_STEP

    def _by_key(self, figures: Mapping[int, Figure]) -> dict[int, Figure]:
        return {self._receivers[r].key: figures[r] for r in sorted(figures)}


def _in_short(stops: set[Reason]) -> Reason:
    """One reason for all: the rule that stopped everybody it was not merely no turn of; several rules are NO_RECEIVER."""
    strong = stops.difference(WEAK)
    if len(strong) == 1:
        return strong.pop()
    if strong == {Reason.NO_ROOM, Reason.NO_ROOM_AMOUNT}:
        return Reason.NO_ROOM
    if strong:
        return Reason.NO_RECEIVER
    return next((reason for reason in WEAK if reason in stops), Reason.NO_STEP)
