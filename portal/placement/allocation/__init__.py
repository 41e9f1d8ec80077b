"""Who gets which accounts. Pure: no database, no Flask, whole numbers and exact fractions only.

    strategy = Strategy.from_data(json.load(file))          # or built in code; `fixed_shares(...)` for the plainest
    result = allocate(candidates, receivers, strategy)
    result.decisions, result.refused_picks, result.steps

Where to read what: `facts` what goes in and comes out, `strategy` what may be asked for, `rules` what no step may
break, `families` customers and the row in which they stand, `targets` what rules and room leave of the shares,
`dealing` who gets which family, `engine` the steps in their order, `reading` and `writing` a strategy as JSON. The
method and its guarantees are told in docs/allocation.md.
"""

from portal.placement.allocation.choosing import choose_most
from portal.placement.allocation.engine import allocate
from portal.placement.allocation.facts import (
    Allocation,
    Candidate,
    Decision,
    Former,
    Key,
    Order,
    Reason,
    Receiver,
    RefusedPick,
    StepOutcome,
)
from portal.placement.allocation.families import bands_of
from portal.placement.allocation.reading import read_receivers
from portal.placement.allocation.strategy import (
    By,
    Champion,
    Equal,
    FormerHolders,
    Licence,
    Only,
    Overflow,
    Performance,
    Picks,
    Problem,
    Ranked,
    Rules,
    Shares,
    Step,
    Strata,
    Strategy,
    StrategyError,
    fixed_shares,
)

__all__ = [
    "RULE",
    "Allocation",
    "By",
    "Candidate",
    "Champion",
    "Decision",
    "Equal",
    "Former",
    "FormerHolders",
    "Key",
    "Licence",
    "Only",
    "Order",
    "Overflow",
    "Performance",
    "Picks",
    "Problem",
    "Ranked",
    "Reason",
    "Receiver",
    "RefusedPick",
    "Rules",
    "Shares",
    "Step",
    "StepOutcome",
    "Strata",
    "Strategy",
    "StrategyError",
    "allocate",
    "bands_of",
    "choose_most",
    "fixed_shares",
    "read_receivers",
]

RULE = "strategy@1"
"""The name and version of this method, as a run keeps it."""
