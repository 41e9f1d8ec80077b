"""The list of requests, with the objections to recalls among them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask import url_for

from portal.contact.requests import queries
from portal.contact.requests.labels import CODES, OVERDUE, STATES, TURNS, request_tag, side_words
from portal.contact.requests.operations import side_of
from portal.contact.requests.thread import RequestState, Side
from portal.foundation.language import _l, say, translate
from portal.foundation.tables import Column, Empty, Filter, Table
from portal.placement.recall_labels import OBJECTION_STATES
from portal.placement.recall_models import Objection, ObjectionState
from portal.placement.recall_queries import objection_rows
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.states import StateTag

__all__ = ["requests_table"]

WAITS = "waits"  # what somebody has yet to do something about


@dataclass(frozen=True, slots=True)
class _Line:
    """One row as it is shown: a request, or an objection to a recall, whose page is the recall's."""

    code: str
    account: str
    organisation: str
    asked_by: Side
    asked_at: datetime
    tag: StateTag
    turn: str | None
    due_at: datetime | None
    url: str


def requests_table(actor: Actor, now: datetime, state: str | None) -> Table:
    """What was asked about accounts by either side. `state`: which the address asks for; None where it says nothing.

    What waits stands by its deadline, overdue first. What is closed is asked for, and stands with it in the order of
    asking, the latest first: that order costs the same however much was ever asked.
    """
    rows, mine = queries.all_rows(actor, now), side_of(actor)
    by_deadline = state in (None, WAITS, RequestState.OPEN, RequestState.ANSWERED)

    def complete(session: Session, found: Sequence[Any]) -> list[_Line]:
        return _lines(session, actor, found, now)

    def of_turn(statement: sa.Select[Any], value: str) -> sa.Select[Any]:
        whose = mine if value == "ours" else mine.other
        return statement.where(rows.c.bank_turn if whose is Side.BANK else rows.c.organisation_turn)

    columns = [
        Column("code", _l("What about"), value=lambda line: CODES[line.code]),
        Column("account", _l("Account"), value=lambda line: line.account or translate(say("closed to you"))),
        Column("state", _l("State"), "state", value=lambda line: line.tag),
        Column("asked_by", _l("Asked by"), value=lambda line: side_words(line.asked_by, line.organisation, mine)),
        Column("turn", _l("Whose turn"), value=lambda line: side_words(line.turn, line.organisation, mine)),
        Column(
            "due_at", _l("Due"), "instant", value=lambda line: line.due_at,
            expression=queries.deadline(rows), sortable=True, nullable=False,
        ),
        Column(
            "asked_at", _l("Asked"), "day", value=lambda line: line.asked_at,
            expression=rows.c.asked_at, sortable=True, nullable=False,
        ),
    ]  # fmt: skip
    if actor.is_bank:
        columns.insert(2, Column("organisation", _l("Organisation"), value=lambda line: line.organisation))
    return Table(
        name="requests",
        statement=sa.select(rows),
        key=rows.c.key,
        default_sort="due_at" if by_deadline else "-asked_at",
        complete=complete,
        columns=columns,
        filters=[
            Filter(
                "state", _l("State"), "choice", lambda s, v: s.where(_stands(rows, v)),
                [(WAITS, _l("not closed")), *((one.value, label) for one, label in STATES.items())], default=WAITS,
            ),
            Filter("turn", _l("Whose turn"), "choice", of_turn, list(TURNS.items())),
            Filter(
                "code", _l("What about"), "choice", lambda s, v: s.where(_is_about(rows, v)),
                [(queries.REQUESTS, _l("all but objections to recalls")),
                 *((str(code), label) for code, label in CODES.items())],
            ),
            Filter(
                "late", _l("Overdue"), "choice", lambda s, _v: s.where(rows.c.due_at < now), [("yes", _l("only these"))],
            ),
        ],
        row_url=lambda line: line.url,
        empty=Empty(say("Nothing has been asked yet. A question is put on the page of its account.")),
    )  # fmt: skip


def _stands(rows: Any, state: str) -> sa.ColumnElement[bool]:
    if state == WAITS:
        return queries.waits(rows)
    found: sa.ColumnElement[bool] = rows.c.state == state
    return found


def _is_about(rows: Any, code: str) -> sa.ColumnElement[bool]:
    found: sa.ColumnElement[bool] = (
        rows.c.code != queries.OBJECTION if code == queries.REQUESTS else rows.c.code == code
    )
    return found


def _lines(session: Session, actor: Actor, found: Sequence[Any], now: datetime) -> list[_Line]:
    """The rows with what is shown of them, in the same order."""
    objections = {row.id for row in found if row.code == queries.OBJECTION}
    asked = queries.of_requests(session, actor, [row.id for row in found if row.code != queries.OBJECTION])
    objected = {}
    if objections:
        rows = session.execute(objection_rows(actor).where(Objection.id.in_(objections)))
        objected = {row.Objection.id: row for row in rows}
    mine = side_of(actor)
    return [
        _of_objection(objected[row.id], row.due_at, now)
        if row.code == queries.OBJECTION
        else _of_request(asked[row.id], mine, now)
        for row in found
    ]


def _of_request(row: Any, mine: Side, now: datetime) -> _Line:
    request = row.Request
    return _Line(
        code=request.code.value,
        account=row.account_ref,
        organisation=name_of(row.Organisation),
        asked_by=request.asked_side,
        asked_at=request.asked_at,
        tag=request_tag(request.state, request.turn, request.due_at, request.answer, mine, now),
        turn=request.turn,
        due_at=request.due_at if request.state is RequestState.OPEN else None,
        url=url_for("contact.request_page", request_id=request.id),
    )


def _of_objection(row: Any, due_at: datetime | None, now: datetime) -> _Line:
    objection = row.Objection
    is_open = objection.state is ObjectionState.OPEN
    return _Line(
        code=queries.OBJECTION,
        account=row.account_ref,
        organisation=name_of(row.Organisation),
        asked_by=Side.ORGANISATION,
        asked_at=objection.raised_at,
        tag=OVERDUE if due_at is not None and due_at < now else OBJECTION_STATES[objection.state],
        turn=Side.BANK.value if is_open else None,
        due_at=due_at,
        url=url_for("placement.recall", recall_id=row.Recall.id, answer=objection.state.value),
    )
