"""The queue as a table of the one kind: its rows come from several ranges of an index, so they are drawn here."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask import url_for

from portal.contact.labels import may_call, next_words
from portal.contact.outcomes import OUTCOMES
from portal.foundation.language import _l, say
from portal.foundation.tables import Column, Empty, Head, RowView, Table, TablePage

if TYPE_CHECKING:
    from portal.contact.queue import QueuePage

__all__ = ["queue_view"]


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
        Column("next", _l("Why now"), value=lambda r: next_words(r.item, r.tab, now, zone)),
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
        empty=Empty(say("Nothing waits here.")),
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
