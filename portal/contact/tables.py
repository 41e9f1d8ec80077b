"""The agency's lists that more than a view describes: the queue, whose rows come from several ranges of an index, and a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask import url_for

from portal.contact.authors import author_words
from portal.contact.labels import CHANNELS, may_call, row_words
from portal.contact.models import ContactAttempt
from portal.contact.outcomes import OUTCOMES
from portal.contact.team.desks import MINE, POOL, colleagues, is_own_only
from portal.contact.words import VERDICT_TAGS, deciding, finding_words, rule_against
from portal.foundation.access import Permission
from portal.foundation.filters import Filter, FilterState
from portal.foundation.language import _l, say
from portal.foundation.states import StateTag
from portal.foundation.tables import Column, Empty, Head, RowView, Table, TablePage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from sqlalchemy.orm import Session

    from portal.contact.conduct import Decision
    from portal.contact.queue import QueuePage
    from portal.foundation.access import Actor

__all__ = ["day_table", "queue_view", "whose_state"]


def queue_view(
    page: QueuePage, tab: str | None, now: datetime, zone: str, names: Mapping[int, str], whose: FilterState
) -> TablePage:
    """One page of the queue for the table macro; what decides whom to call stands first, where a narrow window shows it.
    `names`: of the people on whose desks it lies, where that is to be seen."""
    columns = (
        Column("name", _l("Debtor"), value=lambda r: r.customer.name_masked),
        Column(
            "call", _l("May be called"), "state", value=lambda r: _call_tag(r.decision, now, zone),
            title=lambda r: finding_words(found) if (found := deciding(r.decision)) else None,
        ),
        Column("next", _l("Why now"), value=lambda r: row_words(r, now, zone)),
        Column("account_ref", _l("Account"), value=lambda r: r.account.account_ref),
        Column("bucket", _l("Bucket"), "bucket", value=lambda r: r.account.bucket),
        *(() if names else (Column("days", _l("Days"), "number", value=lambda r: r.account.days_past_due),)),
        Column(
            "amount", _l("Amount"), "money",
            value=lambda r: r.account.total_minor, currency=lambda r: r.account.currency,
        ),
        Column(
            "last", _l("Last outcome"),
            value=lambda r: OUTCOMES[r.item.last_outcome].label if r.item.last_outcome else say("not tried"),
        ),
        *((Column("desk", _l("Collector"), value=lambda r: names.get(r.item.assigned_to or 0) or say("the pool")),) if names else ()),
    )  # fmt: skip
    table = Table(
        "queue",
        sa.select(),
        columns,
        caption=_l("Queue"),
        empty=_nobody_waits(tab),
        export_allowed=False,
    )
    chosen = whose.written[0] or None
    rows = (
        RowView(row.item.id, url_for("contact.account", account_id=row.account.id, tab=tab, whose=chosen), (), row)
        for row in page.rows
    )
    older = url_for("contact.queue", tab=tab, whose=chosen, after=page.older.encode()) if page.older else None
    return TablePage(
        table=table,
        heads=tuple(Head(column, None, None) for column in columns),
        rows=tuple(RowView(r.key, r.url, tuple(c.cell(r.row) for c in columns), r.row) for r in rows),
        filters=(whose,) if whose.choices else (),
        kept=(("tab", tab),) if tab else (),
        newer_url=None,
        older_url=older,
        exports=(),
        clear_url=url_for("contact.queue", tab=tab),
    )


def _call_tag(decision: Decision, now: datetime, zone: str) -> StateTag:
    """Whether an account may be called, from when, and the rule that stands against it."""
    tag, rule = may_call(decision, now, zone), rule_against(decision)
    if rule is None:
        return tag
    if decision.is_blocked and decision.next_allowed is None:
        return replace(tag, label=say("no: %(rule)s", rule=rule))
    return replace(tag, label=say("%(when)s: %(rule)s", when=tag.label, rule=rule))


def whose_state(session: Session, actor: Actor, whose: str) -> FilterState:
    """The filter of the queue: whose work it shows. Without choices where there is nothing to choose."""
    choices: list[tuple[str, Any]] = []
    if actor.can(Permission.QUEUE_DEAL):
        people = [(str(each.user_id), each.name) for each in colleagues(session, actor)]
        choices = [(MINE, _l("mine")), (POOL, _l("the pool")), *people]
    elif not is_own_only(session, actor):
        choices = [(MINE, _l("mine")), (POOL, _l("the pool"))]
    filter_ = Filter("whose", _l("Worked by"), "choice", lambda statement, _value: statement, choices)
    return FilterState(filter_, ("whose",), (whose,), tuple(choices))


def _nobody_waits(tab: str | None) -> Empty:
    if tab is not None:
        return Empty(say("Nothing waits here."), _l("Who next"), url_for("contact.queue"))
    return Empty(say("Nothing waits here."), _l("Accounts come with the batches that your organisation accepts."))


def day_table(
    statement: sa.Select[Any], is_today: bool, of_everybody: bool, row_url: Callable[[Any], str | None]
) -> Table:
    """What was logged on a day (`days.attempts_statement`); `of_everybody`: with who it was."""
    who = (Column("who", _l("Logged by"), value=author_words),) if of_everybody else ()
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
