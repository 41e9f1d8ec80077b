"""What is kept of a decision about one account, in a short text: why it is where it is, for as long as the run is kept.

Placed: `step;stratum`, the number of the step that placed it and where it stood in the row. Not placed:
`;;receiver:rule,receiver:rule`, the rule that stopped each receiver. Empty for what no step looked at. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from portal.placement.allocation import Decision

__all__ = ["Trace", "read_trace", "write_trace"]


@dataclass(frozen=True, slots=True)
class Trace:
    """`step` 0: nobody got it, and `stopped` says which rule kept it from which organisation."""

    step: int = 0
    stratum: str = ""
    stopped: tuple[tuple[int, str], ...] = ()


def write_trace(decision: Decision) -> str:
    """As a line keeps it."""
    if decision.receiver is not None:
        return f"{decision.step};{decision.stratum}"
    return ";;" + ",".join(f"{receiver}:{rule.value}" for receiver, rule in decision.stopped)


def read_trace(text: str) -> Trace:
    """The inverse; empty for lines of before there were traces."""
    if not text:
        return Trace()
    step, _, rest = text.partition(";")
    if step:
        return Trace(int(step), rest)
    pairs = (part.partition(":") for part in rest.removeprefix(";").split(",") if part)
    return Trace(stopped=tuple((int(receiver), rule) for receiver, _, rule in pairs))
