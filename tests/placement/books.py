"""Made-up books of accounts and receivers for the tests of the allocation."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from portal.placement.allocation import (
    Allocation,
    Candidate,
    Former,
    FormerHolders,
    Key,
    Overflow,
    Receiver,
    Rules,
    Shares,
    Strata,
    Strategy,
)
from portal.portfolio.buckets import bucket

TODAY = date(2026, 1, 5)
REGIONS = ("CN-GD", "CN-SH", "TW", "")
FREE = Rules(former_holders=FormerHolders(0))


def account(number: int, customer: int | None = None, **given: Any) -> Candidate:
    """An account with 40 days past due and 100.00 owed, if nothing else is given."""
    days = given.pop("days", 40)
    total = given.pop("total", 10_000)
    return Candidate(number, customer or number, total, days, bucket(days), **given)


def accounts(count: int, **given: Any) -> list[Candidate]:
    return [account(number, **given) for number in range(1, count + 1)]


def agencies(*codes: str, **given: Any) -> list[Receiver]:
    return [Receiver(key, code, **given) for key, code in enumerate(codes, start=1)]


def strategy(*steps: Any, rules: Rules = FREE, seed: int = 7, **given: Any) -> Strategy:
    return Strategy(seed, TODAY, "CNY", steps, rules, given.get("strata", Strata()))


def given_to(result: Allocation) -> Counter[int | None]:
    return Counter(d.receiver for d in result.decisions)


def holders(result: Allocation) -> dict[Key, int | None]:
    return {d.account_id: d.receiver for d in result.decisions}


def shares_of(parts: list[int]) -> list[Decimal]:
    """Shares in whole per cent, none of them nought, that make one."""
    shares = [Decimal(1 + (100 - len(parts)) * part // sum(parts)) / 100 for part in parts]
    shares[0] += 1 - sum(shares)
    return shares


@st.composite
def books(draw: st.DrawFn, *, families: int = 4, receivers: int = 0, most: int = 80) -> list[Candidate]:
    """Customers with up to `families` accounts; some were held before by receivers 1 to `receivers`."""
    people = draw(st.lists(st.integers(1, families), min_size=0, max_size=most))
    figures = random.Random(draw(st.integers(0, 2**32)))
    found: list[Candidate] = []
    for customer, own in enumerate(people, start=1):
        for _ in range(own):
            days = figures.randint(1, 250)
            former: tuple[Former, ...] = ()
            ended = None
            if receivers and figures.random() < 0.5:
                rounds = figures.sample(range(1, receivers + 1), figures.randint(1, min(receivers, 3)))
                ended = TODAY - timedelta(days=figures.randint(1, 60))
                former = tuple(Former(key, n, ended) for n, key in enumerate(rounds, start=1))
            total = figures.randint(1, 10**7)
            region = figures.choice(REGIONS)
            found.append(Candidate(len(found) + 1, customer, total, days, bucket(days), region, former, ended))
    return found


@st.composite
def receivers(
    draw: st.DrawFn, *, rooms: bool = True, permits: bool = False, least: int = 1, most: int = 6
) -> list[Receiver]:
    """Receivers A, B, C …; some with room, some with permitted regions and buckets or a licence that ends."""
    count = draw(st.integers(least, most))
    limits = st.none() | st.integers(0, 60) if rooms else st.none()
    amounts = st.none() | st.integers(0, 10**8) if rooms and permits else st.none()
    regions = st.none() | st.frozensets(st.sampled_from(("CN", "CN-GD", "CN-SH", "TW"))) if permits else st.none()
    buckets = st.none() | st.frozensets(st.sampled_from(("M1", "M2", "M3", "M7+"))) if permits else st.none()
    licences = (
        st.none() | st.sampled_from((TODAY - timedelta(1), TODAY, TODAY + timedelta(90))) if permits else st.none()
    )
    return [
        Receiver(
            key=key,
            code="ABCDEFGH"[key - 1],
            room_accounts=draw(limits),
            room_minor=draw(amounts),
            regions=draw(regions),
            buckets=draw(buckets),
            licence_until=draw(licences),
            term_days=90,
        )
        for key in range(1, count + 1)
    ]


@st.composite
def shared(draw: st.DrawFn, taking: list[Receiver], overflow: Overflow = Overflow.NOBODY) -> Shares:
    """A step of fixed shares for these receivers."""
    parts = draw(st.lists(st.integers(1, 100), min_size=len(taking), max_size=len(taking)))
    return Shares({r.code: share for r, share in zip(taking, shares_of(parts), strict=True)}, overflow=overflow)
