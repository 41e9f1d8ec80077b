"""What stays with a run of how it decided: the books side by side, what each step did, who took part with which limits.

Kept as JSON in the run's row, so that its page costs the same for a hundred accounts and a million.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from portal.placement.fairness import DIMENSIONS, Book, Difference, Tally, largest_difference

if TYPE_CHECKING:
    from portal.placement.allocation import StepOutcome

__all__ = ["NO_EVIDENCE", "Evidence", "step_as_data"]


@dataclass(frozen=True)
class Evidence:
    """`steps`: see `step_as_data`; `receivers`: room, limits and licence as they were, with `organisation_id`;
    `refused_picks`: reference, receiver's code, the rule; `strategy`: what the engine followed, as in a strategy file."""

    books: Sequence[Book] = ()
    not_placed: Sequence[Tally] = ()
    steps: Sequence[Mapping[str, Any]] = ()
    refused_picks: Sequence[tuple[str, str, str]] = ()
    receivers: Sequence[Mapping[str, Any]] = ()
    strategy: Mapping[str, Any] = field(default_factory=dict)

    def differences(self) -> list[Difference]:
        """Where the books differ most, in buckets, bands of balance and regions."""
        found = (largest_difference(self.books, dimension) for dimension in DIMENSIONS)
        return [difference for difference in found if difference is not None and difference.distance]

    def as_data(self) -> dict[str, Any]:
        """For the run's row."""
        return {
            "books": [book.as_data() for book in self.books],
            "not_placed": [list(tally) for tally in self.not_placed],
            "steps": list(self.steps),
            "refused_picks": [list(pick) for pick in self.refused_picks],
            "receivers": list(self.receivers),
            "strategy": dict(self.strategy),
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Evidence:
        """The inverse of `as_data`."""
        return cls(
            books=[Book.from_data(book) for book in data["books"]],
            not_placed=[Tally(*tally) for tally in data["not_placed"]],
            steps=data["steps"],
            refused_picks=[(pick[0], pick[1], pick[2]) for pick in data["refused_picks"]],
            receivers=data["receivers"],
            strategy=data["strategy"],
        )


NO_EVIDENCE = Evidence()


def step_as_data(step: StepOutcome) -> dict[str, Any]:
    """What a step set out to do and did; shares as exact fractions in text, all by organisation."""
    return {
        "number": step.number,
        "kind": step.kind,
        "by": step.by,
        "accounts": {str(key): count for key, count in step.accounts.items()},
        "amounts": {str(key): minor for key, minor in step.amounts.items()},
        "shares": {str(key): str(share) for key, share in step.shares.items()},
        "targets": {str(key): str(target) for key, target in step.targets.items()},
    }
