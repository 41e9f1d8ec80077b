"""Until when a debt can be sued for: worked cases of the rule, and the same for sets in SQL on both databases."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from portal.foundation.work import reading, transaction
from portal.portfolio import limitation_sql
from portal.portfolio.limitation import MOST_DAYS, Limitation, first_running, law_of, limitation, restarts_that_count
from portal.portfolio.models import Account, LimitationClock
from tests.identity.factories import observer
from tests.portfolio.factories import make_accounts

if TYPE_CHECKING:
    from flask import Flask

AS_OF = date(2026, 11, 20)
REGIONS = ("CN", "CN-SH", "CN-TW", "CN-HK", "CNX", "cn-sh", "TW", "US-MA", "GB", "GB-EAW", "GB-SCT", "GB-SCT-1", "")


def of(region: str, due: date | None = None, paid: date | None = None, days: int = 0) -> Limitation | None:
    return limitation(region, due, paid, days, AS_OF)


@pytest.mark.parametrize(
    ("region", "due", "paid", "expires"),
    [
        ("CN-SH", date(2024, 3, 10), None, date(2027, 3, 10)),
        ("CN-SH", date(2024, 2, 29), None, date(2027, 2, 28)),  # no such day: the month's last
        ("CN-SH", date(2024, 3, 10), date(2025, 6, 1), date(2028, 6, 1)),  # a part payment begins it anew
        ("CN-SH", date(2024, 3, 10), date(2024, 1, 1), date(2027, 3, 10)),  # what was paid before does not
        ("CN-SH", date(2005, 1, 5), date(2024, 6, 1), date(2025, 1, 5)),  # never more than 20 years from the due date
        ("GB-EAW", date(2020, 5, 4), None, date(2026, 5, 4)),
        ("GB", date(2000, 5, 4), date(2024, 6, 1), date(2030, 6, 1)),  # no outer limit
        ("GB-SCT", date(2020, 5, 4), None, date(2025, 5, 4)),
    ],
)
def test_the_period_is_the_regions_and_begins_with_the_due_date_or_a_later_payment(
    region: str, due: date, paid: date | None, expires: date
) -> None:
    found = of(region, due, paid)

    assert found is not None
    assert found.expires_on == expires
    assert found.restarted is (paid is not None and paid > due)
    assert not found.inferred


@pytest.mark.parametrize("region", ["TW", "CN-TW", "CN-HK", "CN-MO", "US", "US-MA", "", "cn-sh", "CNX"])
def test_where_no_law_is_known_nothing_is_guessed(region: str) -> None:
    assert of(region, date(2000, 1, 1)) is None


def test_without_a_due_date_it_is_reckoned_from_the_days_past_due_and_says_so() -> None:
    found = of("CN-SH", days=50)

    assert found == Limitation(date(2029, 10, 1), date(2026, 10, 1), 3, restarted=False, inferred=True)


def test_the_last_day_still_stands_and_the_next_does_not() -> None:
    found = of("CN-SH", date(2024, 3, 10))

    assert found is not None
    assert not found.has_expired(date(2027, 3, 10))
    assert found.has_expired(date(2027, 3, 11))
    assert found.expires_soon(date(2027, 3, 10))
    assert found.expires_soon(date(2026, 12, 11))
    assert not found.expires_soon(date(2026, 12, 10))
    assert not found.expires_soon(date(2027, 3, 11))


@given(
    due=st.dates(date(1995, 1, 1), date(2005, 1, 1)),
    paid=st.none() | st.dates(date(1995, 1, 1), date(2015, 1, 1)),
    days=st.lists(st.dates(date(1995, 1, 1), date(2030, 1, 1)), max_size=6),
    region=st.sampled_from(("CN", "GB", "GB-SCT")),
)
def test_each_restart_that_counts_found_the_claim_standing_and_a_later_one_never_shortens_it(
    due: date, paid: date | None, days: list[date], region: str
) -> None:
    law = law_of(region)
    assert law is not None
    counting = restarts_that_count(law, due, paid, days)
    begins: date | None = None
    for day in counting:
        before = limitation(region, due, paid, 0, AS_OF, begins)
        assert before is not None and before.begins_on < day <= before.expires_on
        begins = day
    found = limitation(region, due, paid, 0, AS_OF, begins)
    assert found is not None
    for day in set(days) - set(counting):
        assert day <= max(due, paid or due) or not found.begins_on < day <= found.expires_on


DAYS = st.dates(date(1995, 1, 1), date(2040, 12, 31))
# around the end of February, where years are not alike
EDGES = st.builds(
    lambda year, offset: date(year, 2, 27) + timedelta(offset), st.integers(2000, 2032), st.integers(0, 3)
)


@given(begins=DAYS | EDGES, today=DAYS | EDGES, years=st.sampled_from((3, 5, 6, 20)))
def test_what_began_before_the_first_running_day_and_nothing_else_has_expired(
    begins: date, today: date, years: int
) -> None:
    region = {3: "CN", 5: "GB-SCT", 6: "GB", 20: "CN"}[years]
    paid = begins + timedelta(days=20 * 366) if years == 20 else None
    found = of(region, begins, paid)

    assert found is not None
    assert found.has_expired(today) is (begins < first_running(today, years))


FACTS = st.tuples(
    st.sampled_from(REGIONS),
    st.none() | DAYS | EDGES,
    st.none() | DAYS | EDGES,
    st.none() | DAYS | EDGES,  # a payment that was posted
    st.none() | DAYS | EDGES,  # another restart
    st.integers(0, 9_000) | st.sampled_from((MOST_DAYS, MOST_DAYS + 1, 10**12)),
    DAYS | EDGES,
)


Facts = tuple[str, date | None, date | None, date | None, date | None, int, date]


def test_sets_are_asked_in_sql_what_the_rule_says_of_each(app: Flask) -> None:
    ids = [account.id for account in make_accounts(40)]

    @settings(max_examples=20, deadline=None, phases=(Phase.explicit, Phase.generate))
    @given(facts=st.lists(FACTS, min_size=40, max_size=40), today=DAYS | EDGES)
    def check(facts: list[Facts], today: date) -> None:
        write(dict(zip(ids, facts, strict=True)))
        with reading(observer()) as session:
            asked = (limitation_sql.expired(today), limitation_sql.expires_soon(today), limitation_sql.unknown())
            said = {row[0]: tuple(map(bool, row[1:])) for row in session.execute(sa.select(Account.id, *asked))}
        for account_id, (region, due, paid, posted, restarted, days, as_of) in zip(ids, facts, strict=True):
            last = max((day for day in (paid, posted) if day), default=None)
            found = limitation(region, due, last, days, as_of, restarted)
            expected = (
                found is not None and found.has_expired(today),
                found is not None and found.expires_soon(today),
                found is None,
            )
            assert said[account_id] == expected, (region, due, paid, posted, restarted, days, as_of, today)

    check()


def write(facts: dict[int, Facts]) -> None:
    with transaction(observer()) as work:
        work.session.execute(sa.delete(LimitationClock))
        for account in work.session.scalars(sa.select(Account)):
            account.region, account.due_date, account.last_paid_on, paid_on, restarted_on, *rest = facts[account.id]
            account.days_past_due, account.balance_as_of = rest
            if paid_on or restarted_on:
                clock = LimitationClock(account_id=account.id, paid_on=paid_on, restarted_on=restarted_on)
                work.session.add(clock)
