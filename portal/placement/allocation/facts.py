"""What an allocation is made from, and what comes out of it. Plain values, no behaviour beyond names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

__all__ = [
    "Allocation",
    "Candidate",
    "Decision",
    "Former",
    "Key",
    "Order",
    "Reason",
    "Receiver",
    "RefusedPick",
    "StepOutcome",
]

Key = int | str  # an account's or customer's key: a row's number in the database, its reference in a file


class Reason(StrEnum):
    """Why an account was given to somebody (the first five), or not (the others: what stopped its receivers)."""

    SHARE = "share"
    CHAMPION = "champion"
    CHALLENGER = "challenger"
    RANK = "rank"
    PICK = "pick"

    MAY_NOT_RECEIVE = "may_not_receive"
    LICENCE = "licence"
    REGION = "region"
    BUCKET = "bucket"
    FORMER_HOLDER = "former_holder"
    COOL_DOWN = "cool_down"
    NO_ROOM = "no_room"
    NO_ROOM_AMOUNT = "no_room_amount"
    BEYOND_SHARE = "beyond_share"
    OUT_OF_TRIAL = "out_of_trial"
    NO_STEP = "no_step"
    NO_RECEIVER = "no_receiver"
    """Different rules stopped different receivers; `Decision.stopped` says which."""

    # what is wrong with a pick, besides a rule
    NOT_A_CANDIDATE = "not_a_candidate"
    PICKS_DISAGREE = "picks_disagree"


class Order(StrEnum):
    """Which accounts come first where fewer are wanted than there are."""

    LARGEST = "largest"
    OLDEST = "oldest"
    RANDOM = "random"


class Former(NamedTuple):
    """Somebody who held the account before. `receiver`: key, 0 for one who takes no part; `round` 1 and more."""

    receiver: int
    round: int
    last_day: date | None = None


class Candidate(NamedTuple):
    """An account that may be placed.

    `total_minor` in minor units of the run's one currency; `bucket` M0 … M7+; `region` ISO 3166-2 or empty; `ended_on`
    the last day of its last placement, None where it had none.
    """

    account_id: Key
    customer_id: Key
    total_minor: int
    days_past_due: int
    bucket: str
    region: str = ""
    former: tuple[Former, ...] = ()
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody who may take accounts. `key` 1 and more; `code` is how the strategy names it.

    None is no limit: `room_accounts`, `room_minor` (what still fits, in accounts and in minor units), `regions`
    (`CN` permits all of CN-…), `buckets`, `licence_until` (last valid day), `term_days` (how long a placement runs:
    its last day is that many days after the business date). `may_not_receive`: why it takes nothing, or empty.
    """

    key: int
    code: str
    name: str = ""
    room_accounts: int | None = None
    room_minor: int | None = None
    regions: frozenset[str] | None = None
    buckets: frozenset[str] | None = None
    licence_until: date | None = None
    term_days: int = 0
    may_not_receive: str = ""


class Decision(NamedTuple):
    """What becomes of one account.

    `receiver` None: not placed; then `stopped` names for each receiver the rule that stopped it (its key, the rule).
    `step` is the number of the step that placed it (from 1), 0 for none; `stratum` where it stood in the row.
    """

    account_id: Key
    receiver: int | None
    reason: Reason
    step: int = 0
    stratum: str = ""
    stopped: tuple[tuple[int, Reason], ...] = ()


class RefusedPick(NamedTuple):
    """A manual pick that was not followed: account and receiver as the strategy names them, and the rule it breaks."""

    account: str
    receiver: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """What one step set out to do and did, by the receivers' keys.

    `shares` of one and `targets` (what rules and room leave of the shares, in accounts, or minor units where `by` is
    amount) are empty for steps without shares.
    """

    number: int
    kind: str
    by: str
    accounts: Mapping[int, int]
    amounts: Mapping[int, int]
    shares: Mapping[int, Fraction]
    targets: Mapping[int, Fraction]


@dataclass(frozen=True, slots=True)
class Allocation:
    """Everything that was decided: a decision for each candidate in order of account, the picks that were refused, and
    what each step did."""

    decisions: Sequence[Decision]
    refused_picks: Sequence[RefusedPick]
    steps: Sequence[StepOutcome]

    def share_of(self, decision: Decision) -> Fraction | None:
        """The share of its receiver in the step that placed it; None where there was none."""
        if decision.receiver is None or not decision.step:
            return None
        return self.steps[decision.step - 1].shares.get(decision.receiver)
