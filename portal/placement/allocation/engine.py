"""The steps of a strategy in their order: the one function that decides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from portal.placement.allocation.facts import Allocation, Candidate, Receiver
from portal.placement.allocation.strategy import Strategy

__all__ = ["allocate"]


def allocate(candidates: Iterable[Candidate], receivers: Sequence[Receiver], strategy: Strategy) -> Allocation:
    """Decide every candidate: the same result for the same strategy, whatever the order of candidates and receivers.

    Every candidate is one account of the strategy's currency that nothing else stands in the way of. `receivers` are
    all that the steps name by code, with the room they have left; ones that no step names get nothing.
    StrategyError where a step names a receiver that is not among them, ValueError where two share a key or a code.
    """
    raise NotImplementedError
