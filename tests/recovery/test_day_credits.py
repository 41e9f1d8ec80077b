"""Days are summed up as payments come: at any moment they say what the standing decisions say, payment by payment."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.foundation.work import reading
from portal.recovery.models import Attribution, DayCredit
from portal.recovery.queries import credited_by_batch, credited_in, standing
from tests.identity.factories import observer
from tests.portfolio.bringing import bring_payments
from tests.recovery.factories import held_account, payments_file
from tests.recovery.test_payments import paid, reversal

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from tests.recovery.factories import Held

TODAY = date(2005, 10, 1)
FIRST = date(2005, 6, 25)  # a few days before the accounts are placed, so that some payments are credited to nobody
pytestmark = [pytest.mark.settings(today=TODAY), pytest.mark.usefixtures("app")]

# files, each a list of: whose account, days after FIRST, amount in cents, and what it takes back (None: it is a payment)
POSTINGS = st.lists(
    st.lists(st.tuples(st.booleans(), st.integers(0, 20), st.integers(1, 9_999), st.none() | st.integers(0, 9)), max_size=4),
    max_size=4,
)  # fmt: skip


def summed(session: Session) -> Counter[tuple[int, str, date]]:
    rows = session.execute(sa.select(DayCredit.batch_id, DayCredit.currency, DayCredit.paid_on, DayCredit.credit_minor))
    return _without_nothing((tuple(row[:3]), row[3]) for row in rows)


def decided(session: Session) -> Counter[tuple[int, str, date]]:
    rows = session.scalars(standing(observer()).where(Attribution.batch_id.is_not(None)))
    return _without_nothing(((row.batch_id, row.currency, row.paid_on), row.credit_minor) for row in rows)


def _without_nothing(pairs: object) -> Counter[tuple[int, str, date]]:
    found: Counter[tuple[int, str, date]] = Counter()
    for day, credit in pairs:  # type: ignore[attr-defined]
        found[day] += credit
    return Counter({day: credit for day, credit in found.items() if credit})


@pytest.fixture
def holders() -> tuple[Held, Held]:
    return held_account(), held_account(ended_on=date(2005, 7, 10))


def test_days_say_what_the_decisions_say_whatever_comes_in_whatever_order(
    db_session: Session, holders: tuple[Held, Held]
) -> None:
    round_ = 0

    @settings(max_examples=12, deadline=None)
    @given(POSTINGS)
    def check(files: list[list[tuple[bool, int, int, int | None]]]) -> None:
        nonlocal round_
        round_ += 1
        number = 0
        for rows in filter(None, files):
            content = b""
            for second, day, cents, of in rows:
                number += 1
                held, when = holders[second], (FIRST + timedelta(days=day)).isoformat()
                amount, name = f"{cents // 100}.{cents % 100:02d}", f"X{round_}-{number}"
                row = paid(name, amount, when) if of is None else reversal(name, f"X{round_}-{of + 1}", amount, when)
                lines = payments_file(held.account, {"reverses": "", **row})
                content += lines if not content else lines.partition(b"\n")[2]
            bring_payments(content)
        db_session.expire_all()
        assert summed(db_session) == decided(db_session)

    check()


def test_a_month_and_a_batch_are_read_from_their_days(holders: tuple[Held, Held]) -> None:
    mine, other = holders
    bring_payments(
        payments_file(mine.account, paid("P-1", "10.00"), paid("P-2", "5.50"), paid("P-3", "1.00", "2005-08-01"))
    )
    bring_payments(payments_file(mine.account, reversal("R-1", "P-1", "4.00", "2005-07-20")))
    bring_payments(payments_file(other.account, paid("P-4", "7.00")))

    def july(actor: object) -> dict[str, int]:
        with reading(actor) as session:  # type: ignore[arg-type]
            return credited_in(session, actor, date(2005, 7, 1), date(2005, 7, 31))  # type: ignore[arg-type]

    assert july(observer()) == {"TWD": 1_850}
    assert july(mine.actor) == {"TWD": 1_150}
    with reading(observer()) as session:
        batch = session.scalar(sa.select(Attribution.batch_id).where(Attribution.payment_ref == "P-1"))
        assert batch is not None
        assert credited_by_batch(session, observer(), [batch]) == {
            batch: ((date(2005, 7, 10), 1_550), (date(2005, 7, 20), -400), (date(2005, 8, 1), 100))
        }
