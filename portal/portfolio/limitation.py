"""Until when a debt can be sued for: the limitation date of an account, by the law of its region.

Pure: nothing but the standard library. `limitation_sql.py` says the same for sets and is held equal by a test.

| region | period | source |
|---|---|---|
| CN (not CN-TW, CN-HK, CN-MO: law of their own) | 3 years, at most 20 from the due date | Civil Code 188, 192, 195 |
| GB, GB-EAW, GB-NIR … | 6 years | Limitation Act 1980 s.5 |
| GB-SCT | 5 years | Prescription and Limitation (Scotland) Act 1973 |
| everywhere else, or no region | unknown | no table says so: never guessed |

The period begins on the day that the debt fell due, or on that of a later part payment, which restarts it in all of these
laws. A bank's file knows the last payment only, so payments before it are taken to have kept the claim alive. What else
restarts it the rule packs say (`contact/conduct/limits.py`): a demand in China (195), never in Great Britain. Such a day
counts only while the claim still stands; what comes after its end is for a lawyer to judge, so nothing but a payment begins a
period that is over anew. The date is the earliest that it can be.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

__all__ = [
    "LAWS", "MOST_DAYS", "SOON_DAYS", "Law", "Limitation", "due_since", "first_running", "law_of", "limitation",
    "restarts_that_count",
]  # fmt: skip

SOON_DAYS = 90  # within so many days of its end a limitation is worth a warning
MOST_DAYS = 100_000  # days past due beyond which a debt is simply very old


@dataclass(frozen=True)
class Law:
    """The period of one region in years; `outer_years` end it whatever restarts it; `besides`: parts with another law."""

    region: str
    years: int
    outer_years: int | None = None
    besides: tuple[str, ...] = ()


LAWS = (
    Law("CN", 3, outer_years=20, besides=("CN-TW", "CN-HK", "CN-MO")),
    Law("GB", 6, besides=("GB-SCT",)),
    Law("GB-SCT", 5),
)


@dataclass(frozen=True)
class Limitation:
    """`expires_on` is the last day on which the claim stands. `begins_on`: from when it runs; `restarted`: by something that
    happened on that day, `paid` where that is a part payment; `inferred`: the due date was reckoned from the days past due.
    """

    expires_on: date
    begins_on: date
    years: int
    restarted: bool
    inferred: bool
    paid: bool = False

    def has_expired(self, today: date) -> bool:
        """Whether the claim no longer stands on that day."""
        return self.expires_on < today

    def expires_soon(self, today: date) -> bool:
        """Whether it still stands and ends within `SOON_DAYS`."""
        return today <= self.expires_on < today + timedelta(days=SOON_DAYS)


def limitation(
    region: str,
    due_on: date | None,
    last_paid_on: date | None,
    days_past_due: int,
    balance_as_of: date,
    restarted_on: date | None = None,
) -> Limitation | None:
    """The limitation of an account by the facts of the bank's file; None where no law is known for the region.

    `restarted_on`: the last day on which something else than a payment began it anew (`restarts_that_count`). Without a due date
    the day is inferred: days past due before the date of the balance. Only an inference: a bank that counts from another
    day, or starts again after a payment, means another one.
    """
    law = law_of(region)
    if law is None:
        return None
    due = due_on or due_since(days_past_due, balance_as_of)
    begins = max(due, last_paid_on or due, restarted_on or due)
    return Limitation(
        _expiry(law, due, begins), begins, law.years, restarted=begins > due, inferred=due_on is None,
        paid=due < begins == last_paid_on,
    )  # fmt: skip


def restarts_that_count(law: Law, due: date, last_paid_on: date | None, days: Iterable[date]) -> list[date]:
    """Of days on which something happened that begins the period anew, those that found the claim still standing, by all
    that had happened before each, and came after the last payment; the last of them is what the period runs from."""
    begins = max(due, last_paid_on or due)
    found = []
    for day in sorted(set(days)):
        if begins < day <= _expiry(law, due, begins):
            begins = day
            found.append(day)
    return found


def law_of(region: str) -> Law | None:
    """The law of a region; None where none is known."""
    fitting = (law for law in LAWS if _within(region, law.region))
    return next((law for law in fitting if not any(_within(region, other) for other in law.besides)), None)


def due_since(days_past_due: int, balance_as_of: date) -> date:
    """The day that so many days past due lead back to."""
    return balance_as_of - timedelta(days=min(days_past_due, MOST_DAYS))


def first_running(today: date, years: int) -> date:
    """The first day that a period may have begun on and not have expired by `today`; all before it have."""
    try:
        return today.replace(year=today.year - years)
    except ValueError:  # 29 February
        return date(today.year - years, 3, 1)


def _expiry(law: Law, due: date, begins: date) -> date:
    expires = _years_after(begins, law.years)
    return expires if law.outer_years is None else min(expires, _years_after(due, law.outer_years))


def _within(region: str, area: str) -> bool:
    return region == area or region.startswith(f"{area}-")


def _years_after(day: date, years: int) -> date:
    """The same day so many years on; the month's last where there is none (Civil Code 202)."""
    if day.year + years > date.max.year:
        return date.max
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 2, 28)
