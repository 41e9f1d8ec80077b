"""The agency's lists that more than a view describes: the queue, whose rows come from several ranges of an index, and a day."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask import url_for

from portal.contact.labels import CHANNELS, may_call, row_words
from portal.contact.models import ContactAttempt
from portal.contact.outcomes import OUTCOMES
from portal.contact.words import VERDICT_TAGS
from portal.foundation.language import _l, say
from portal.foundation.tables import Column, Empty, Head, RowView, Table, TablePage

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from portal.contact.queue import QueuePage

__all__ = ["day_table", "queue_view"]


def queue_view(page: QueuePage, tab: str | None, now: datetime, zone: str) -> TablePage:
    """One page of the queue for the table macro."""
    columns = (
        Column("name", _l("Debtor"), value=lambda r: r.customer.name_masked),
        Column("account_ref", _l("Account"), value=lambda r: r.account.account_ref),
        Column("bucket", _l("Bucket"), "bucket", value=lambda r: r.account.bucket),
        Column("days", _l("Days"), "number", value=lambda r: r.account.days_past_due),
        Column(
            "amount", _l("Amount"), "money",
            value=lambda r: r.account.total_minor, currency=lambda r: r.account.currency,
        ),
        Column("next", _l("Why now"), value=lambda r: row_words(r, now, zone)),
        Column(
            "last", _l("Last outcome"),
            value=lambda r: OUTCOMES[r.item.last_outcome].label if r.item.last_outcome else say("not tried"),
        ),
        Column("call", _l("May be called"), "state", value=lambda r: may_call(r.decision, now, zone)),
    )  # fmt: skip
    table = Table(
        "queue",
        sa.select(),
        columns,
        caption=_l("Queue"),
        empty=_nobody_waits(tab),
        export_allowed=False,
    )
    rows = (
        RowView(row.item.id, url_for("contact.account", account_id=row.account.id, tab=tab), (), row)
        for row in page.rows
    )
    older = url_for("contact.queue", tab=tab, after=page.older.encode()) if page.older else None
    return TablePage(
        table=table,
        heads=tuple(Head(column, None, None) for column in columns),
        rows=tuple(RowView(r.key, r.url, tuple(c.cell(r.row) for c in columns), r.row) for r in rows),
        filters=(),
        kept=(),
        newer_url=None,
        older_url=older,
        exports=(),
        clear_url=url_for("contact.queue"),
    )


def _nobody_waits(tab: str | None) -> Empty:
    if tab is not None:
        return Empty(say("Nothing waits here."), _l("Who next"), url_for("contact.queue"))
    return Empty(say("Nothing waits here."), _l("Accounts come with the batches that your organisation accepts."))


def day_table(
    statement: sa.Select[Any], is_today: bool, of_everybody: bool, row_url: Callable[[Any], str | None]
) -> Table:
    """What was logged on a day (`days.attempts_statement`); `of_everybody`: with who it was."""
    who = (Column("who", _l("Logged by"), value=lambda r: r.who),) if of_everybody else ()
    return Table(
        "my-day",
        statement,
        columns=(
            Column(
                "at", _l("When"), "instant",
                value=lambda r: r[0].at, expression=ContactAttempt.at, sortable=True, nullable=False,
            ),
            *who,
            Column("name", _l("Debtor")),
            Column("account_ref", _l("Account")),
            Column("channel", _l("Way of contact"), value=lambda r: CHANNELS[r[0].channel]),
            Column("outcome", _l("Outcome"), value=lambda r: OUTCOMES[r[0].outcome].label),
            Column("verdict", _l("Conduct"), "state", value=lambda r: VERDICT_TAGS[r[0].verdict]),
        ),
        default_sort="-at",
        key=ContactAttempt.id,
        row_url=row_url,
        empty=_empty_day(is_today, of_everybody),
    )  # fmt: skip


def _empty_day(is_today: bool, of_everybody: bool) -> Empty:
    if not is_today:
        return Empty(_l("Nothing was logged on this day."), _l("Show today"), url_for("contact.my_day"))
    nothing = _l("Nothing has been logged today.") if of_everybody else _l("You have logged nothing today.")
    return Empty(nothing, _l("Open the queue"), url_for("contact.queue"))
