"""Payments attributed to the placements that hold their accounts and paid on statements, beside the bare work: the interval
join alone, and COPY of what was written into the same tables.

Half of the accounts had an earlier placement, so that there are three placements for two payments. The yardstick joins the
payments with all placements on account and value date, and puts the same rows into the same tables, emptied, with all their
indexes, keys and checks. On SQLite, which has no COPY, it is INSERT … SELECT out of another file.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.bench.filling import fill_accounts, make_agencies
from portal.bench.importing import put_back
from portal.bench.measuring import Measured, by_size, measure, rounded
from portal.bench.scratch import Place, scratch, vacuum
from portal.commission.closing import close_period
from portal.foundation.bulk import in_chunks
from portal.foundation.database import db
from portal.foundation.work import transaction
from portal.placement.models import AllocationRun, BatchState, PlacementBatch, RunState
from portal.portfolio.bulk import CHUNK
from portal.portfolio.intake.seen import digest_of
from portal.portfolio.models import ImportKind, ImportRun, ImportState
from portal.recovery.bulk import PaymentWriter
from portal.recovery.posting import PaymentRow
from portal.vendors.models import ContractVersion, PlacementKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["bench_attribution"]

PERIOD = date(2026, 10, 1)
FIRST_ON, FIRST_ENDED = date(2026, 6, 1), date(2026, 8, 31)
NOW_ON = date(2026, 9, 15)
# All that attribution and the close fill, in the order in which keys refer to each other.
FILLED = (
    "payment", "attribution", "day_credit", "limitation_clock", "statement", "statement_event", "line_claim", "commission_line",
    "statement_share",
)  # fmt: skip
JOIN = """
SELECT count(*) FROM payment y JOIN placement p ON p.account_id = y.account_id
AND p.placed_on <= y.paid_on AND (p.ended_on IS NULL OR y.paid_on <= p.ended_on)
"""
PLACED = """
INSERT INTO placement (account_id, customer_id, organisation_id, batch_id, contract_version_id, kind, round, currency,
  placed_on, starts_at, accepted_at, ended_at, ended_on, end_reason, term_ends_on, closure_code, closure_note, reverse,
  past_ref, placed_principal_minor, placed_interest_minor, placed_fees_minor, placed_total_minor, placed_days_past_due,
  placed_bucket)
SELECT a.id, a.customer_id, b.organisation_id, b.id, b.contract_version_id, 'collection', :round, 'CNY', :placed_on, :starts,
  :starts, :ended_at, :ended_on, :reason, :ends, '', '', :reverse, '', a.principal_minor, a.interest_minor, a.fees_minor,
  a.total_minor, a.days_past_due, a.bucket
FROM account a JOIN placement_batch b ON b.run_id = :run AND b.organisation_id = :agency
WHERE a.id % :agencies = :place AND a.id % :one_in = 0
"""
TYPES: dict[str, Any] = {
    "starts": sa.DateTime(),
    "ended_at": sa.DateTime(),
    "ended_on": sa.Date(),
    "reason": sa.String(),
}


def bench_attribution(server: str | None, sizes: Sequence[int]) -> dict[str, Any]:
    """Each size in a database of its own; `ratio` of the largest, and how the time grows with the work."""
    return by_size([_one(server, size) for size in sorted(sizes)])


def _one(server: str | None, payments: int) -> dict[str, Any]:
    with scratch(server) as place:
        agencies = make_agencies(payments)
        fill_accounts(place, payments)
        placements = _place(place, agencies, "first", FIRST_ON, FIRST_ENDED, one_in=2)
        placements += _place(place, agencies, "second", NOW_ON, None, one_in=1)
        vacuum()
        with measure() as attributed:
            _post(place, payments)
        with measure() as closed:
            close = close_period(place.maker, PERIOD)
        lines = sum(statement.line_count for statement in close.drawn)
        if lines != payments or close.refused:
            raise RuntimeError(f"the close did not do its work: {lines} lines, {close.refused}")
        vacuum()
        joined = _join()
        copied, rows = put_back(place, FILLED)
        seconds, bare = attributed.seconds + closed.seconds, joined.seconds + copied.seconds
        return {
            "accounts": payments,
            "payments": payments,
            "placements": placements,
            "rows_written": rows,
            "seconds": rounded(seconds),
            "attribute_seconds": rounded(attributed.seconds),
            "close_seconds": rounded(closed.seconds),
            "payments_a_second": round(payments / seconds),
            "peak_mb": max(attributed.peak_mb, closed.peak_mb),
            "join_seconds": rounded(joined.seconds),
            "yardstick_seconds": rounded(bare),
            "ratio": round(seconds / bare, 2),
            **place.about(),
        }


def _place(
    place: Place, agencies: Sequence[int], name: str, placed_on: date, ended_on: date | None, one_in: int
) -> int:
    """Every second account, or every one, with one of ten agencies from a day on; how many."""
    run, batches = _batches(place, agencies, name, placed_on, ended_on)
    last = datetime.combine(ended_on + timedelta(days=1), time(0)) if ended_on else None
    shared = {
        "run": run, "placed_on": placed_on, "ends": placed_on + timedelta(days=90), "starts": datetime.combine(placed_on, time(1)),
        "ended_at": last, "ended_on": ended_on, "reason": "recalled" if ended_on else None, "round": 1 if ended_on else 2,
        "reverse": False, "agencies": len(agencies), "one_in": one_in,
    }  # fmt: skip
    with db.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT set_config('portal.scope', 'bank', true)"))
        statement = sa.text(PLACED).bindparams(
            *(sa.bindparam(name, type_=kind) for name, kind in TYPES.items())
        )  # fmt: skip
        return sum(
            connection.execute(statement, shared | {"agency": agency, "place": number}).rowcount
            for number, agency in enumerate(batches)
        )


def _batches(
    place: Place, agencies: Sequence[int], name: str, placed_on: date, ended_on: date | None
) -> tuple[int, list[int]]:
    """A run with a batch for each agency: its number, and the agencies."""
    at = datetime.combine(placed_on, time(1), tzinfo=UTC)
    with transaction(place.maker) as work:
        run = AllocationRun(
            number=f"RB-{name}", kind=PlacementKind.COLLECTION, state=RunState.SENT, currency="CNY", placed_on=placed_on,
            criteria={}, shares=[], seed=1, made_at=at,
        )  # fmt: skip
        work.session.add(run)
        work.session.flush()
        for number, agency in enumerate(agencies):
            version = work.session.scalars(
                sa.select(ContractVersion).where(ContractVersion.organisation_id == agency)
            ).one()
            work.session.add(
                PlacementBatch(
                    number=f"WB-{name}-{number}", run_id=run.id, organisation_id=agency, contract_version_id=version.id,
                    kind=PlacementKind.COLLECTION, state=BatchState.ENDED if ended_on else BatchState.ACCEPTED,
                    currency="CNY", placed_on=placed_on, term_ends_on=placed_on + timedelta(days=90), account_count=1,
                    total_minor=1, sent_at=at, accept_by=at,
                )
            )  # fmt: skip
        return run.id, list(agencies)


def _post(place: Place, payments: int) -> None:
    """The payments as an import posts and attributes them, without reading a file."""
    with transaction(place.maker) as work:
        run = ImportRun(
            kind=ImportKind.PAYMENTS, state=ImportState.RECEIVED, file_name="bench", content_sha256="", mapping="",
            options={}, requested_at=work.now,
        )  # fmt: skip
        work.session.add(run)
        work.session.flush()
        writer = PaymentWriter(work, run.id)
        for chunk in in_chunks(_payments(payments), CHUNK):
            writer.write(chunk)
        writer.finish()


def _payments(count: int) -> Iterator[PaymentRow]:
    for number in range(1, count + 1):
        day = PERIOD + timedelta(days=number % 31)
        reference = f"P{number:010d}"
        amount = 1_000 + number * 31 % 40_000
        yield PaymentRow(
            line=number, payment_ref=reference, account_ref=f"A{10_000_000 + number}", amount=amount, currency="CNY",
            principal=None, interest=None, fees=None, paid_on=day, received_on=day, cleared_on=None, posted_on=day,
            received_by="bank", channel="", reverses="", content_hash=digest_of(reference, amount), posted_before=False,
            extra={},
        )  # fmt: skip


def _join() -> Measured:
    with measure() as taken, db.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT set_config('portal.scope', 'bank', true)"))
        connection.scalar(sa.text(JOIN))
    return taken
