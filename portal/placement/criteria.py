"""What a run asks for, as plain values: which accounts, in which order, how many, and who takes part."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from portal.foundation.errors import DomainError
from portal.foundation.language import say
from portal.placement.allocation import Order
from portal.placement.conditions import Conditions
from portal.portfolio.buckets import BUCKETS
from portal.vendors.models import PlacementKind

__all__ = ["PLACEABLE_BUCKETS", "PLACEABLE_KINDS", "Criteria", "Share", "UnknownLimitation", "check_shares"]

PLACEABLE_BUCKETS = BUCKETS[1:]  # M0 is not overdue
PLACEABLE_KINDS = (PlacementKind.COLLECTION, PlacementKind.LETTER, PlacementKind.LITIGATION)
LARGEST_SEED = 2**53
NO_CONDITIONS = Conditions()


class UnknownLimitation(StrEnum):
    """What becomes of accounts whose limitation date the portal does not know."""

    PLACE = "place"  # they count as a warning
    LEAVE_OUT = "leave_out"


@dataclass(frozen=True)
class Criteria:
    """The accounts of a run. Balances in minor units of `currency`, both ends included; `conditions` say what else they
    must be; `most` accounts are taken in `order`; `seed` draws lots, so that the same run comes out the same."""

    kind: PlacementKind
    currency: str
    buckets: tuple[str, ...]
    from_minor: int | None = None
    to_minor: int | None = None
    most: int | None = None
    order: Order = Order.LARGEST
    seed: int = 1
    conditions: Conditions = NO_CONDITIONS
    unknown_limitation: UnknownLimitation = UnknownLimitation.PLACE

    def check(self) -> Criteria:
        """These criteria; DomainError naming the field where they cannot be meant."""
        if self.kind not in PLACEABLE_KINDS:
            raise DomainError("run.kind", say("This kind of placement is not made by a run."), field="kind")
        if not self.buckets or not set(self.buckets) <= set(PLACEABLE_BUCKETS):
            raise DomainError("run.buckets", say("Choose at least one bucket."), field="buckets")
        if self.from_minor is not None and self.to_minor is not None and self.from_minor > self.to_minor:
            words = say("The first value is greater than the second.")
            raise DomainError("run.balance", words, field="balance_from")
        if self.most is not None and self.most < 1:
            raise DomainError("run.most", say("Place at least one account."), field="most")
        if not 0 <= self.seed <= LARGEST_SEED:
            words = say("The seed is a whole number from 0 to %(most)s.", most=LARGEST_SEED)
            raise DomainError("run.seed", words, field="seed")
        self.conditions.check()
        return self

    def as_data(self) -> dict[str, Any]:
        """For the run's row; kind, currency and seed have columns of their own."""
        return {
            "buckets": list(self.buckets),
            "from_minor": self.from_minor,
            "to_minor": self.to_minor,
            "most": self.most,
            "order": self.order.value,
            "conditions": self.conditions.as_data(),
            "unknown_limitation": self.unknown_limitation.value,
        }

    @classmethod
    def from_data(cls, kind: PlacementKind, currency: str, seed: int, data: dict[str, Any]) -> Criteria:
        """The inverse of `as_data`; runs of before there were conditions have none."""
        return cls(
            kind=kind,
            currency=currency,
            buckets=tuple(data["buckets"]),
            from_minor=data["from_minor"],
            to_minor=data["to_minor"],
            most=data["most"],
            order=Order(data["order"]),
            seed=seed,
            conditions=Conditions.from_data(data.get("conditions", {})),
            unknown_limitation=UnknownLimitation(data.get("unknown_limitation", UnknownLimitation.PLACE)),
        )


@dataclass(frozen=True)
class Share:
    """What part of the accounts an organisation is to get: 0.40 is 40 %."""

    organisation_id: int
    share: Decimal

    def as_data(self) -> dict[str, Any]:
        """For the run's row; the share as a decimal string."""
        return {"organisation_id": self.organisation_id, "share": str(self.share)}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Share:
        """The inverse of `as_data`."""
        return cls(int(data["organisation_id"]), Decimal(data["share"]))


def check_shares(shares: list[Share]) -> None:
    """DomainError unless somebody takes part, nobody twice, and the shares add up to the whole."""
    if not shares:
        raise DomainError("run.no_receiver", say("Give at least one organisation a share."), field="shares")
    if len({s.organisation_id for s in shares}) < len(shares) or any(s.share <= 0 for s in shares):
        raise DomainError("run.shares", say("Each organisation has one share above nought."), field="shares")
    total = sum((s.share for s in shares), Decimal())
    if total != 1:
        percent = format((total * 100).normalize(), "f")
        words = say("The shares add up to %(sum)s%%. They have to make 100%%.", sum=percent)
        raise DomainError("run.shares_sum", words, field="shares")
