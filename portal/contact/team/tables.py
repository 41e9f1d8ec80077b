"""The leader's lists: the team with what lies on each desk, and the accounts of the queue to choose from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask import url_for

from portal.contact.entries import PAUSED
from portal.contact.labels import WORK_KINDS, untouched_tag
from portal.contact.models import WorkItem
from portal.contact.outcomes import OUTCOMES
from portal.contact.team.queries import dealt_accounts, team_items, whose_filter
from portal.foundation.language import _l, say
from portal.foundation.states import StateTag
from portal.foundation.tables import Column, Empty, Filter, Head, RowView, Table, TablePage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.contact.team.queries import Desk
    from portal.foundation.access import Actor

__all__ = ["team_accounts_table", "team_view"]

MAY_WORK = StateTag("works", _l("works"), "good")
MAY_NOT_WORK = StateTag("gone", _l("may not work now"), "bad")
POOL = StateTag("pool", _l("nobody's"), "plain")


def team_view(pool: Desk, people: Sequence[Desk]) -> TablePage:
    """The pool and everybody of the team, a line each; a line opens the accounts on that desk."""
    currencies = sorted({currency for desk in (pool, *people) for currency in desk.totals})
    columns = (
        Column("name", _l("Collector"), value=lambda d: d.name if d.user_id else say("The pool")),
        Column("state", _l("State"), "state", value=_state),
        Column("accounts", _l("Accounts"), "number", value="accounts"),
        *(_amount_column(currency, several=len(currencies) > 1) for currency in currencies),
        Column("untouched", _l("Untouched"), "number", value="untouched"),
        Column("logged", _l("Logged today"), "number", value=lambda d: _figure(d, "logged")),
        Column("reached", _l("Reached"), "number", value=lambda d: _figure(d, "reached")),
        Column("promises", _l("Promises"), "number", value=lambda d: _figure(d, "promises")),
    )
    table = Table("team", sa.select(), columns, caption=_l("Team"), export_allowed=False)
    rows = tuple(
        RowView(
            desk.user_id or 0,
            url_for("team.accounts", whose=desk.user_id or "pool"),
            tuple(column.cell(desk) for column in columns),
            desk,
        )
        for desk in (pool, *people)
    )
    return TablePage(
        table=table,
        heads=tuple(Head(column, None, None) for column in columns),
        rows=rows,
        filters=(),
        kept=(),
        newer_url=None,
        older_url=None,
        exports=(),
        clear_url=url_for("team.index"),
    )


def _state(desk: Desk) -> StateTag:
    if desk.user_id is None:
        return POOL
    return MAY_WORK if desk.may_work else MAY_NOT_WORK


def _figure(desk: Desk, name: str) -> int | None:
    if desk.user_id is None:
        return None
    return getattr(desk.work, name) if desk.work else 0


def _amount_column(currency: str, *, several: bool) -> Column:
    label = say("Amount in %(currency)s", currency=currency) if several else _l("Amount")
    return Column(
        f"amount_{currency}", label, "money",
        value=lambda desk: desk.totals.get(currency, (0, None))[1], currency=lambda _desk: currency,
    )  # fmt: skip


def team_accounts_table(session: Session, who: Actor, today: date) -> Table:
    """All that stands in the agency's queue, what waits longest by the work standard first."""

    def narrow_standard(statement: Any, _value: str) -> Any:
        return statement.where(WorkItem.try_by < today)

    return Table(
        name="team-accounts",
        statement=team_items(who),
        key=WorkItem.id,
        complete=lambda session, items: dealt_accounts(session, who, items),
        default_sort="try_by",
        columns=[
            Column("account", _l("Account"), value="account.account_ref"),
            Column("name", _l("Debtor"), value="account.customer.name_masked"),
            Column("bucket", _l("Bucket"), "bucket", value="account.bucket"),
            Column("total", _l("Owed"), "money", value="account.total_minor"),
            Column("desk", _l("Collector"), value=lambda row: row.desk or say("the pool")),
            Column("kind", _l("In the queue as"), value=lambda row: WORK_KINDS[row.item.next_kind]),
            Column(
                "last", _l("Last outcome"),
                value=lambda r: OUTCOMES[r.item.last_outcome].label if r.item.last_outcome else say("not tried"),
            ),
            Column("last_at", _l("Last tried"), "day", value=lambda row: row.item.last_attempt_at),
            Column(
                "try_by", _l("To be tried by"), "day", expression=WorkItem.try_by,
                value=lambda row: None if row.item.try_by == PAUSED else row.item.try_by,
                sortable=True, nullable=False,
            ),
            Column("standard", _l("Work standard"), "state", value=lambda row: untouched_tag(row.item, today)),
        ],
        filters=[
            whose_filter(session, who, lambda statement, of_desk: statement.where(of_desk)),
            Filter("standard", _l("Work standard"), "choice", narrow_standard, [("untouched", _l("untouched"))]),
        ],
        row_url=lambda row: url_for("contact.account", account_id=row.account.id),
        empty=Empty(_l("No account is in the queue."), _l("Accounts come with the batches that you accept.")),
    )  # fmt: skip
