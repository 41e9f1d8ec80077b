"""A book of any size straight into the tables, by the database itself: what the benchmarks of later steps stand on.

People are sealed with one key's bytes (nothing here opens them); the accounts are those of `book`: one customer in five
has two, days past due and balances spread over all buckets.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.bench.scratch import TODAY, Place, vacuum
from portal.foundation.access import OrganisationKind, Permission
from portal.foundation.database import UtcDateTime, db
from portal.foundation.services import services
from portal.foundation.vault import PersonKey
from portal.identity.operations import OrganisationDetails, create_organisation
from portal.identity.people import command_actor
from portal.portfolio.models import Account, AccountStatus, ContactPoint, Customer, Hold
from portal.vendors.models import PlacementKind
from portal.vendors.operations import create_contract
from portal.vendors.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

__all__ = ["AGENCIES", "HELD_ONE_IN", "fill_accounts", "fill_attempts", "fill_phones", "make_agencies"]

AGENCIES = 10
HELD_ONE_IN = 50  # accounts with an open dispute
FAMILY = 5
PIECE = 200_000  # rows a statement on SQLite, where the numbers are a recursive query
_PLACED = """
SELECT row_number() OVER (ORDER BY p.id) - 1 AS place, p.id, p.organisation_id, p.account_id, p.customer_id, c.id AS point_id
FROM placement p JOIN contact_point c ON c.customer_id = p.customer_id
"""
_TALLY = """
INSERT INTO contact_tally (attempt_id, customer_id, day, at, measure, contact_point_id)
SELECT id, customer_id, local_date, at, counts_as, contact_point_id FROM contact_attempt WHERE id > :after
"""


def make_agencies(accounts: int) -> list[int]:
    """Ten agencies, each with a contract; the capacities are a little more than all accounts together."""
    administrator = command_actor(None, Permission.ORGANISATIONS_MANAGE)
    made = []
    for number in range(1, AGENCIES + 1):
        details = OrganisationDetails(name=f"Agency {number}")
        made.append(create_organisation(administrator, OrganisationKind.AGENCY, f"AG{number:02d}", details))
        create_contract(
            administrator, made[-1], number=f"HY-{number:02d}", kind=PlacementKind.COLLECTION, currency="CNY",
            started_on=TODAY - timedelta(days=30),
            terms=Terms(Decimal("0.25"), capacity_accounts=accounts * (8 + number) // (AGENCIES * 10)),
        )  # fmt: skip
    return made


def fill_accounts(place: Place, accounts: int) -> None:
    """So many open accounts, with the holds that stand on some of them."""
    now = services().clock.now()
    db.session.remove()
    with db.engine.begin() as connection:
        for first in range(1, accounts + 1, PIECE):
            numbers = _numbers(connection, first, min(first + PIECE - 1, accounts))
            for statement in _rows(numbers, now):
                connection.execute(statement)
        for table in ("person_key", "customer", "account"):
            if place.is_postgresql:
                connection.execute(sa.text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {accounts})"))
    vacuum()


def fill_phones(place: Place, accounts: int) -> None:
    """A telephone for everybody; the mark is unique, the number nobody's."""
    at = sa.literal(services().clock.now(), UtcDateTime())
    with db.engine.begin() as connection:
        for first in range(1, accounts + 1, PIECE):
            n = sa.cast(_numbers(connection, first, min(first + PIECE - 1, accounts)).c.n, sa.BigInteger)
            sealed = sa.literal(b"sealed", sa.LargeBinary())
            values = {
                "customer_id": n, "kind": "phone", "relation": "self", "value_sealed": sealed, "value_masked": "138****0000",
                "value_hash": sealed, "postcode": "", "source": "reserved", "status": "unchecked", "position": 1,
                "made_up": True, "created_at": at, "lawful_ground": "",
            }  # fmt: skip
            connection.execute(_insert(ContactPoint, values, n % FAMILY != 0))


def fill_attempts(place: Place, count: int) -> int:
    """So many calls of the last two months over all that is placed, one person after the other; how many there are now more.

    The counts that the database keeps by a trigger for each row are made here in one statement for each piece."""
    spread = """
    INSERT INTO contact_attempt (organisation_id, placement_id, account_id, customer_id, attempt_ref, at, local_date, channel,
      direction, initiated_by, contact_point_id, party, outcome, counts_as, reason_behind, debts_placed_for, debts_discussed,
      evidence_name, next_action, verdict, decision, logged_at)
    SELECT p.organisation_id, p.id, p.account_id, p.customer_id, 'F' || CAST(n.n AS VARCHAR), {at}, {day}, 'call', 'outbound',
      'collector', p.point_id, 'self', 'no_answer', 'unanswered', '', '[]', '[]', '', '', 'allow', '{{}}', {at}
    FROM ({numbers}) n JOIN bench_placed p ON p.place = n.n % :placed
    """
    days = "(1 + n.n / :placed % 60)"
    with db.engine.begin() as connection, _counted_by_piece(connection, place) as counted:
        if place.is_postgresql:
            parts = {
                "at": f"CAST(:today AS timestamptz) - {days} * interval '1 day' + (n.n % 36000) * interval '1 second'",
                "day": f"CAST(:today AS date) - CAST({days} AS integer)",
                "numbers": "SELECT generate_series(CAST(:first AS bigint), :last) AS n",
            }
        else:
            parts = {
                "at": f"strftime('%Y-%m-%d %H:%M:%S.000000', :today, '-' || {days} || ' days', (n.n % 36000) || ' seconds')",
                "day": f"date(:today, '-' || {days} || ' days')",
                "numbers": "WITH RECURSIVE s(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM s WHERE n < :last) SELECT n FROM s",
            }
        placed = connection.scalar(sa.text("SELECT count(*) FROM bench_placed")) or 1
        begun = connection.scalar(sa.text("SELECT coalesce(max(id), 0) FROM contact_attempt")) or 0
        for first in range(begun + 1, begun + count + 1, PIECE):
            last = min(first + PIECE - 1, begun + count)
            values = {"first": first, "last": last, "placed": placed, "today": TODAY.isoformat()}
            before = connection.scalar(sa.text("SELECT coalesce(max(id), 0) FROM contact_attempt"))
            connection.execute(sa.text(spread.format(**parts)), values)
            counted(before)
    return count


@contextmanager
def _counted_by_piece(connection: sa.Connection, place: Place) -> Iterator[Callable[[int], None]]:
    """What is placed as `bench_placed`; and the counts that a trigger keeps row by row, made for all after an id at once."""
    connection.execute(sa.text("DROP TABLE IF EXISTS bench_placed"))
    if not place.is_postgresql:  # its triggers cannot be told to rest
        connection.execute(sa.text(f"CREATE TEMPORARY TABLE bench_placed AS {_PLACED}"))
        yield lambda after: None
        return
    connection.execute(sa.text("SELECT set_config('portal.scope', 'bank', true)"))
    connection.execute(sa.text(f"CREATE TEMPORARY TABLE bench_placed ON COMMIT DROP AS {_PLACED}"))
    connection.execute(sa.text("CREATE UNIQUE INDEX ON bench_placed (place)"))
    connection.execute(sa.text("ANALYZE bench_placed"))
    connection.execute(sa.text("ALTER TABLE contact_attempt DISABLE TRIGGER USER"))

    def count(after: int) -> None:
        connection.execute(sa.text(_TALLY), {"after": after})

    yield count
    connection.execute(sa.text("SET CONSTRAINTS ALL IMMEDIATE"))
    connection.execute(sa.text("ALTER TABLE contact_attempt ENABLE TRIGGER USER"))


def _numbers(connection: sa.Connection, first: int, last: int) -> sa.FromClause:
    """The whole numbers from `first` to `last` as column `n`."""
    if connection.dialect.name == "postgresql":
        return sa.func.generate_series(first, last).table_valued("n").render_derived(name="numbers")
    series = sa.select(sa.literal(first).label("n")).cte("numbers", recursive=True)
    return series.union_all(sa.select(series.c.n + 1).where(series.c.n < last))


def _rows(numbers: sa.FromClause, now: datetime) -> list[Any]:
    n = sa.cast(numbers.c.n, sa.BigInteger)
    person = sa.case((n % FAMILY == 0, n - 1), else_=n)
    alone = n % FAMILY != 0
    at = sa.literal(now, UtcDateTime())
    owed, days = 50_000 + n * 7_919 % 9_000_000, 1 + n * 37 % 240
    sealed = sa.literal(b"sealed", sa.LargeBinary())
    return [
        _insert(PersonKey, {"id": n, "customer_id": n, "key_id": "bench", "salt": sealed}, alone),
        _insert(
            Customer,
            {"id": n, "customer_ref": _ref("C", n), "person_key_id": n, "name_sealed": sealed, "name_masked": "王*",
             "region": "CN-SH", "time_zone": "Asia/Shanghai", "made_up": True, "created_at": at},
            alone,
        ),
        _insert(
            Account,
            {"id": n, "account_ref": _ref("A", n), "customer_id": person, "product": "gold", "card_last4": "0001",
             "currency": "CNY", "principal_minor": owed, "interest_minor": 0, "fees_minor": 0, "total_minor": owed,
             "days_past_due": days, "bucket": _bucket(days), "balance_as_of": TODAY, "region": "CN-SH",
             "status": AccountStatus.OPEN.value, "made_up": True, "created_at": at},
        ),
        _insert(
            Hold,
            {"customer_id": person, "account_id": n, "flag": "dispute", "reason": "bench", "raised_at": at,
             "release_reason": ""},
            n % HELD_ONE_IN == 0,
        ),
    ]  # fmt: skip


def _insert(model: Any, values: dict[str, Any], *conditions: Any) -> Any:
    """INSERT … SELECT of these expressions."""
    table: sa.Table = model.__table__
    columns = [
        sa.type_coerce(value, table.c[name].type)
        if isinstance(value, sa.ColumnElement)
        else sa.literal(value, table.c[name].type)
        for name, value in values.items()
    ]
    return sa.insert(table).from_select(list(values), sa.select(*columns).where(*conditions))


def _ref(letter: str, n: sa.ColumnElement[int]) -> sa.ColumnElement[str]:
    return sa.literal(letter).concat(sa.cast(10_000_000 + n, sa.String))


def _bucket(days: sa.ColumnElement[int]) -> sa.ColumnElement[str]:
    """`buckets.bucket` in SQL, for days from 1 on."""
    return sa.case((days > 180, "M7+"), else_=sa.literal("M").concat(sa.cast((days + 29) // 30, sa.String)))
