"""The bucket of an account, from its days past due. Pure."""

from __future__ import annotations

from typing import Final

__all__ = ["BUCKETS", "bucket", "days_of"]

# M0 is not overdue: an account that has been cured.
BUCKETS: Final = ("M0", "M1", "M2", "M3", "M4", "M5", "M6", "M7+")
_DAYS_A_BUCKET: Final = 30


def bucket(days_past_due: int) -> str:
    """M1 = 1-30 days … M6 = 151-180, M7+ = 181 and more (DESIGN section 2); M0 = not overdue. ValueError below 0."""
    if days_past_due < 0:
        raise ValueError("days past due are 0 or more")
    return BUCKETS[min(-(-days_past_due // _DAYS_A_BUCKET), len(BUCKETS) - 1)]


def days_of(name: str) -> tuple[int, int | None]:
    """First and last days past due of a bucket, both included; no last day for M7+. ValueError if unknown."""
    place = BUCKETS.index(name)
    if place == 0:
        return 0, 0
    last = place * _DAYS_A_BUCKET
    return last - _DAYS_A_BUCKET + 1, None if place == len(BUCKETS) - 1 else last
