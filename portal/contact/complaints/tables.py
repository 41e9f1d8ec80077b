"""The list of complaints."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask import url_for

from portal.contact.complaints import queries
from portal.contact.complaints.codes import Category, ComplaintState, Root
from portal.contact.complaints.labels import CATEGORIES, ROOTS, STATES, complaint_tag
from portal.contact.complaints.models import Complaint
from portal.foundation.language import _l, say, translate
from portal.foundation.tables import Column, Empty, Filter, Table
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from portal.foundation.access import Actor

__all__ = ["complaints_table"]


def complaints_table(actor: Actor, now: datetime, today: date) -> Table:
    """Complaints, the latest first; an organisation sees those about its accounts, and of them what concerns it."""
    columns = [
        Column("number", _l("Complaint"), value="Complaint.number"),
        Column("category", _l("What about"), value=lambda row: CATEGORIES[row.Complaint.category]),
        Column(
            "state", _l("State"), "state",
            value=lambda row: complaint_tag(row.Complaint, is_bank=actor.is_bank, now=now, today=today),
        ),
        Column("account", _l("Account"), value=lambda row: row.account_ref or translate(say("closed to you"))),
        Column(
            "received_on", _l("Received on"), "day", expression=Complaint.received_on, value="Complaint.received_on",
            sortable=True,
        ),
    ]  # fmt: skip
    filters = [
        Filter(
            "state", _l("State"), "choice", lambda s, v: s.where(Complaint.state == ComplaintState(v)),
            [(state.value, label) for state, label in STATES.items()],
        ),
        Filter(
            "category", _l("What about"), "choice", lambda s, v: s.where(Complaint.category == Category(v)),
            [(c.value, label) for c, label in CATEGORIES.items()],
        ),
    ]  # fmt: skip
    if actor.is_bank:
        columns[3:3] = [Column("about", _l("Whom it is about"), value=_about)]
        columns += [
            Column(
                "due_on",
                _l("Decide until"),
                "day",
                expression=Complaint.due_on,
                value="Complaint.due_on",
                sortable=True,
            ),
            Column("owner", _l("In whose hands"), value="owner"),
        ]
        filters += [
            Filter(
                "root", _l("Whom it is about"), "choice", lambda s, v: s.where(Complaint.root == Root(v)),
                [(root.value, label) for root, label in ROOTS.items()],
            ),
            Filter("late", _l("Overdue"), "choice", lambda s, _v: _overdue(s, now, today), [("yes", _l("only these"))]),
            Filter("owner", _l("In whose hands"), "choice", lambda s, v: _owned(s, v, actor), _OWNERS),
        ]  # fmt: skip
    else:
        columns.append(Column("reply", _l("Reply until"), "instant", value="Complaint.question_due_at"))
        filters.append(Filter("asked", _l("Questions"), "choice", _asked, [("yes", _l("only those that wait for us"))]))
    return Table(
        name="complaints",
        statement=queries.complaints(actor),
        key=Complaint.id,
        default_sort="-received_on",
        columns=columns,
        filters=filters,
        row_url=lambda row: url_for("contact.complaint", complaint_id=row.Complaint.id),
        empty=Empty(say("Nobody has complained. A complaint is written down on the page of its account.")),
    )


_OWNERS = [("me", _l("me")), ("nobody", _l("nobody yet"))]


def _about(row: Any) -> Any:
    """The bank, or the organisation by its name."""
    return ROOTS[Root.BANK] if row.Complaint.root is Root.BANK else name_of(row.Organisation)


def _asked(statement: sa.Select[Any], _value: str) -> sa.Select[Any]:
    return statement.where(Complaint.question_due_at.is_not(None))


def _overdue(statement: sa.Select[Any], now: datetime, today: date) -> sa.Select[Any]:
    """Past the day of the decision, or the organisation lets the bank wait for its reply."""
    late = sa.or_(Complaint.due_on < today, Complaint.question_due_at < now)
    return statement.where(Complaint.state == ComplaintState.OPEN, late)


def _owned(statement: sa.Select[Any], value: str, actor: Actor) -> sa.Select[Any]:
    return statement.where(Complaint.owner_id.is_(None) if value == "nobody" else Complaint.owner_id == actor.user_id)
