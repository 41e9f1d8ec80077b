"""By when a hold is decided about: so many days for each kind, as the bank has set them, else these."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from portal.portfolio.models import HoldFlag

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LONGEST", "USUAL", "review_day"]

LONGEST: Final = 3_650  # days
# Days from raising a hold to deciding about it; None: it stands until what it waits for is over.
USUAL: Final[dict[HoldFlag, int | None]] = {
    HoldFlag.DISPUTE: 30,
    HoldFlag.COMPLAINT: 15,
    HoldFlag.DECEASED: 90,
    HoldFlag.BANKRUPT: 90,
    HoldFlag.REPRESENTED: 90,
    HoldFlag.PLAN: None,
    HoldFlag.DO_NOT_CONTACT: 180,
    HoldFlag.HARDSHIP: 60,
    HoldFlag.IMPRISONED: 180,
    HoldFlag.FRAUD_CLAIMED: 30,
}


def review_day(flag: HoldFlag, raised_on: date, days: Mapping[HoldFlag, int | None]) -> date | None:
    """The day by which a hold that was raised then is decided about; None where it has no clock."""
    found = days.get(flag, USUAL[flag])
    return None if found is None else raised_on + timedelta(days=found)
