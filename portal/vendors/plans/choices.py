"""What may be chosen on the page of a plan, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from portal.commission.plan import Measure
from portal.commission.plan.holes import KNOWN_VALUES
from portal.foundation.language import say
from portal.vendors.plans.words import BASES, MEASURES, SCOPES, STAGES

__all__ = ["Choices", "choices"]

Pairs = list[tuple[str, Any]]


@dataclass(frozen=True)
class Choices:
    """Pairs of value and words for each select of the page."""

    measures: Pairs
    small_measures: Pairs
    kinds: Pairs
    scopes: Pairs
    bases: Pairs
    bases_by: dict[str, Any]
    buckets: Pairs
    stages: Pairs

    def stages_with(self, value: str) -> Pairs:
        """The stages, and one that a plan names beside them."""
        known = [("", "–"), *self.stages]
        return known if value in dict(known) else [*known, (value, value)]


def choices() -> Choices:
    """In the order in which contracts speak of them."""
    return Choices(
        measures=[(measure.value, words) for measure, words in MEASURES.items()],
        small_measures=[
            (m.value, words)
            for m, words in sorted(MEASURES.items(), key=lambda one: one[0] is not Measure.PLACED_BALANCE)
            if not m.is_a_word and not m.is_of_batch
        ],
        kinds=[("from", say("from … on")), ("above", say("above …")), ("is", say("only for …"))],
        scopes=[(scope.value, words) for scope, words in SCOPES.items()],
        bases=[(basis.value, words) for basis, words in BASES.items()],
        bases_by={basis.value: words for basis, words in BASES.items()},
        buckets=[("", "–"), *((value, value) for value in KNOWN_VALUES[Measure.BUCKET])],
        stages=[*STAGES.items()],
    )
