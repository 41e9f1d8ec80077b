"""The end of a day as an instant, for the database: what is due on a day stands among what is due at an hour."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from portal.foundation.database import UtcDateTime

if TYPE_CHECKING:
    from sqlalchemy.sql.compiler import SQLCompiler

__all__ = ["end_of_day"]

DAY = timedelta(days=1)


def end_of_day(day: Any, zone: str, now: datetime) -> sa.ColumnElement[datetime]:
    """The last second of a date in a zone, by the clock that the zone has now."""
    ahead = now.astimezone(ZoneInfo(zone)).utcoffset() or timedelta(0)
    seconds = int((DAY - ahead).total_seconds()) - 1
    return sa.type_coerce(_DayAnd(day, sa.literal_column(str(seconds))), UtcDateTime())


class _DayAnd(FunctionElement[datetime]):
    """A day's midnight in UTC, so many seconds on."""

    type = UtcDateTime()
    inherit_cache = True
    name = "day_and"


@compiles(_DayAnd, "postgresql")
def _on_postgresql(element: _DayAnd, compiler: SQLCompiler, **given: Any) -> str:
    day, seconds = (compiler.process(clause, **given) for clause in element.clauses)
    return f"((CAST({day} AS TIMESTAMP) + make_interval(secs => {seconds})) AT TIME ZONE 'UTC')"


@compiles(_DayAnd, "sqlite")
def _on_sqlite(element: _DayAnd, compiler: SQLCompiler, **given: Any) -> str:
    # as SQLAlchemy writes instants there, so that both compare letter by letter
    day, seconds = (compiler.process(clause, **given) for clause in element.clauses)
    return f"strftime('%Y-%m-%d %H:%M:%S.000000', {day}, '{seconds} seconds')"
