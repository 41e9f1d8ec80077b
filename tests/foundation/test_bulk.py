"""Many rows at once: typed as one by one, whole or not at all, through the same walls."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, StatementError

from portal.foundation.bulk import in_chunks, insert_rows, reserve_ids, stage_rows
from portal.foundation.database import MinorUnits
from portal.foundation.vault import PersonKey
from portal.foundation.work import transaction
from portal.portfolio.models import Hold, HoldFlag, PersonIndex, RejectedRow
from tests.identity.factories import actor_of, make_agency, make_user, observer
from tests.portfolio.factories import make_accounts

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

pytestmark = pytest.mark.usefixtures("app")
AT = datetime(2005, 7, 1, 12, 30, tzinfo=UTC)


def test_a_stream_is_cut_into_chunks_without_being_read_ahead() -> None:
    taken: list[int] = []

    def numbers() -> object:
        for n in range(5):
            taken.append(n)
            yield n

    chunks = in_chunks(numbers(), 2)  # type: ignore[arg-type]

    assert next(chunks) == [0, 1]
    assert taken == [0, 1]
    assert list(chunks) == [[2, 3], [4]]


def test_rows_come_out_as_they_went_in(db_session: Session) -> None:
    (account,) = make_accounts(1)
    names = ("customer_id", "account_id", "flag", "reason", "raised_at", "release_reason")

    with transaction(observer()) as work:
        insert_rows(
            work.session, Hold, names,
            [(account.customer_id, account.id, HoldFlag.DISPUTE.value, "a\tb\n\\N 王", AT, ""),
             (account.customer_id, None, HoldFlag.PLAN.value, "", AT, "")],
        )  # fmt: skip

    holds = db_session.scalars(sa.select(Hold).order_by(Hold.id)).all()
    assert [(h.account_id, h.flag, h.reason, h.raised_at, h.raised_by) for h in holds] == [
        (account.id, HoldFlag.DISPUTE, "a\tb\n\\N 王", AT, None),
        (None, HoldFlag.PLAN, "", AT, None),
    ]


def test_what_a_unique_index_has_already_is_passed_over_only_when_asked(db_session: Session) -> None:
    (account,) = make_accounts(1)
    names = ("customer_id", "flag", "reason", "raised_at", "release_reason")
    row = (account.customer_id, HoldFlag.PLAN.value, "", AT, "")

    with transaction(observer()) as work:
        insert_rows(work.session, Hold, names, [row])
        insert_rows(work.session, Hold, names, [row, row], skip_existing=True)
    with pytest.raises(DBAPIError), transaction(observer()) as work:
        insert_rows(work.session, Hold, names, [row])

    assert len(db_session.scalars(sa.select(Hold)).all()) == 1


def test_many_rows_are_numbered_in_their_order_and_the_first_of_two_that_exclude_each_other_stays(
    db_session: Session,
) -> None:
    (account,) = make_accounts(1)
    names = ("customer_id", "kind", "hash")
    twice = ("customer_id", "flag", "reason", "raised_at", "release_reason")

    with transaction(observer()) as work:
        insert_rows(
            work.session, PersonIndex, names, [(account.customer_id, "many", n.to_bytes(16)) for n in range(5_000)]
        )
        insert_rows(
            work.session, Hold, twice,
            [(account.customer_id, HoldFlag.PLAN.value, reason, AT, "") for reason in ("first", "second")],
            skip_existing=True,
        )  # fmt: skip

    numbered = sa.select(PersonIndex.hash).where(PersonIndex.kind == "many").order_by(PersonIndex.id)
    assert [int.from_bytes(mark) for mark in db_session.scalars(numbered)] == list(range(5_000))
    assert db_session.scalars(sa.select(Hold.reason)).all() == ["first"]


def test_no_rows_are_no_statement() -> None:
    with transaction(observer()) as work:
        insert_rows(work.session, Hold, ("customer_id",), [])
        assert reserve_ids(work.session, Hold, 0) == []


def test_reserved_numbers_are_free_and_the_next_ones_follow(db_session: Session) -> None:
    with transaction(observer()) as work:
        first = reserve_ids(work.session, PersonKey, 3)
        insert_rows(work.session, PersonKey, ("id", "key_id"), [(n, "k") for n in first])
        second = reserve_ids(work.session, PersonKey, 2)
        insert_rows(work.session, PersonKey, ("id", "key_id"), [(n, "k") for n in second])
        work.session.add(PersonKey(key_id="k"))

    assert len({*first, *second}) == 5
    assert len(db_session.scalars(sa.select(PersonKey.id)).all()) == 6


def test_a_staging_table_checks_types_and_can_be_made_anew() -> None:
    def columns() -> list[sa.Column[int]]:
        return [sa.Column("n", sa.BigInteger()), sa.Column("minor", MinorUnits())]

    with transaction(observer()) as work:
        stage_rows(work.session, "staged_test", columns(), [(1, 100)])
        staged = stage_rows(work.session, "staged_test", columns(), ((n, n * 100) for n in range(5_000)))
        total = work.session.connection().scalar(sa.select(sa.func.sum(staged.c.minor)))
        assert total == 100 * sum(range(5_000))
    with pytest.raises((TypeError, StatementError), match="minor units"), transaction(observer()) as work:
        stage_rows(work.session, "staged_test", columns(), [(1, 1.5)])


@pytest.mark.databases("postgresql")
def test_rows_go_through_the_same_wall(db_session: Session) -> None:
    agency = actor_of(make_user(organisation=make_agency()))

    with pytest.raises(DBAPIError, match="row-level security"), transaction(agency) as work:
        insert_rows(work.session, RejectedRow, ("import_run_id", "line", "errors"), [(1, 1, [])])
    assert not db_session.scalars(sa.select(RejectedRow)).all()


@pytest.mark.databases("postgresql")
def test_staging_again_and_again_in_one_transaction_holds_no_further_locks() -> None:
    """A file of a million rows is one transaction of five hundred chunks; the server has some thousand locks for all."""
    held = sa.text("SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid()")
    with transaction(observer()) as work:
        counts = []
        for chunk in range(5):
            staged = stage_rows(work.session, "staged_twice", [sa.Column("n", sa.BigInteger())], [(chunk,)])
            assert work.session.connection().scalars(sa.select(staged.c.n)).all() == [chunk]
            counts.append(work.session.connection().scalar(held))
    assert len(set(counts[1:])) == 1
