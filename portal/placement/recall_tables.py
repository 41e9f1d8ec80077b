"""The lists of recalls, their lines, objections, and wishes for retention."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import url_for
from sqlalchemy import select

from portal.foundation.formats import day
from portal.foundation.language import _l, say, translate
from portal.foundation.tables import Column, Empty, Filter, Table
from portal.foundation.visibility import visible
from portal.placement import recall_queries as queries
from portal.placement.codes import RecallCategory, RecallReason
from portal.placement.labels import placement_state
from portal.placement.recall_dates import may_object
from portal.placement.recall_labels import (
    CATEGORIES,
    LINE_STATES,
    OBJECTION_REASONS,
    OBJECTION_STATES,
    RECALL_REASONS,
    RECALL_STATES,
    RETENTION_STATES,
    move_words,
    when_words,
)
from portal.placement.recall_models import (
    MoveCause,
    Objection,
    ObjectionState,
    Recall,
    RecallLine,
    RecallLineState,
    RecallState,
    Retention,
    RetentionLine,
    RetentionState,
)
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.placement.recall_models import RecallMove

__all__ = [
    "answer_words",
    "lines_table",
    "objections_table",
    "recalls_table",
    "retention_lines_table",
    "retentions_table",
]


def recalls_table(actor: Actor) -> Table:
    """Recalls, the latest first."""
    columns = [
        Column("number", _l("Recall"), expression=Recall.id, value="Recall.number", sortable=True),
        Column("state", _l("State"), "state", value="Recall.state", states=RECALL_STATES),
        Column("reason", _l("Reason"), value=lambda row: RECALL_REASONS[row.Recall.reason]),
        Column("category", _l("Category"), value=lambda row: CATEGORIES[row.Recall.category]),
        Column("accounts", _l("Accounts"), "number", value="Recall.account_count"),
        Column("when", _l("When"), value=lambda row: translate(when_words(row.Recall))),
        Column("asked_at", _l("Asked for"), "instant", value="Recall.asked_at"),
    ]
    if actor.is_bank:
        columns.insert(1, Column("organisation", _l("Organisation"), value=lambda row: name_of(row.Organisation)))
    else:
        columns[-1] = Column("announced_at", _l("Announced"), "instant", value="Recall.announced_at")
    return Table(
        name="recalls",
        statement=queries.recall_rows(actor),
        key=Recall.id,
        default_sort="-number",
        columns=columns,
        filters=[
            Filter("state", _l("State"), "choice", _in_state, [(s.value, t.label) for s, t in RECALL_STATES.items()]),
            Filter("reason", _l("Reason"), "choice", _for_reason, [(r.value, w) for r, w in RECALL_REASONS.items()]),
            Filter("category", _l("Category"), "choice", _of_category, [(c.value, w) for c, w in CATEGORIES.items()]),
        ],
        row_url=lambda row: url_for("placement.recall", recall_id=row.Recall.id),
        empty=(
            Empty(
                say("Nothing has been recalled yet. A batch or accounts are recalled from their page."),
                say("Open the batches"),
                url_for("placement.batches"),
            )
            if actor.is_bank
            else Empty(say("The bank has recalled nothing from you."))
        ),
    )


def lines_table(actor: Actor, recall: Recall, today: date) -> Table:
    """What a recall covers, account by account, with its last day and its objection. The organisation may choose those to
    whose last day it can still object, the bank those whose objection waits for it."""
    moves: dict[int, list[RecallMove]] = {}

    def complete(session: Session, rows: Sequence[RecallLine]) -> list[Any]:
        wanted = queries.line_rows(actor, recall.id).where(RecallLine.id.in_([line.id for line in rows]))
        found = {row.RecallLine.id: row for row in session.execute(wanted)}
        moves.update(queries.moves_of(session, actor, [line.placement_id for line in rows]))
        return [found[line.id] for line in rows]

    return Table(
        name=f"{recall.number}-accounts",
        statement=visible(RecallLine, actor).where(RecallLine.recall_id == recall.id),
        key=RecallLine.id,
        complete=complete,
        columns=[
            Column("account", _l("Account"), value=lambda row: row.account_ref or translate(say("closed to you"))),
            Column("state", _l("State"), "state", value="RecallLine.state", states=LINE_STATES),
            Column("final_on", _l("Last day"), "day", value="RecallLine.final_on"),
            Column("moved", _l("Moved"), "why", value=lambda row: _moves(row, moves)),
            Column("objection", _l("Objection"), value=_objection, wraps=True),
            Column("answer", _l("Answer"), "state", value=_answer),
            Column("said", _l("The bank says"), value=lambda row: _said(row, moves), wraps=True),
            Column("ended_on", _l("Ended on"), "day", value="Placement.ended_on"),
        ],
        filters=[
            Filter("line", _l("State"), "choice", _line_state, [(s.value, t.label) for s, t in LINE_STATES.items()]),
            Filter("answer", _l("Answer"), "choice", _answered, [(s.value, t.label) for s, t in OBJECTION_STATES.items()]),
        ],
        row_url=lambda row: (
            url_for("portfolio.account", account_id=row.open_id) if row.open_id else None
        ),
        choosable=lambda row: _waits(row) if actor.is_bank else _open_to_objection(row, today),
        caption=_l("Accounts of the recall"),
        empty=say("This recall covers no account."),
    )  # fmt: skip


def objections_table(actor: Actor) -> Table:
    """Objections, the latest first."""
    columns = [
        Column("recall", _l("Recall"), expression=Objection.id, value="Recall.number", sortable=True),
        Column("account", _l("Account"), value=lambda row: row.account_ref or translate(say("closed to you"))),
        Column("reason", _l("Reason"), value=lambda row: OBJECTION_REASONS[row.Objection.reason]),
        Column("days", _l("Days asked for"), "number", value="Objection.extra_days"),
        Column("granted", _l("Days granted"), "number", value="Objection.granted_days"),
        Column("state", _l("State"), "state", value="Objection.state", states=OBJECTION_STATES),
        # by what must be answered first; of open ones there are never many
        Column(
            "final_on",
            _l("Last day"),
            "day",
            expression=RecallLine.final_on,
            value="RecallLine.final_on",
            sortable=True,
        ),
        Column("raised_at", _l("Raised"), "instant", value="Objection.raised_at"),
    ]
    if actor.is_bank:
        columns.insert(1, Column("organisation", _l("Organisation"), value=lambda row: name_of(row.Organisation)))
    return Table(
        name="objections",
        statement=queries.objection_rows(actor),
        key=Objection.id,
        default_sort="-recall",
        columns=columns,
        filters=[
            Filter("state", _l("State"), "choice", _objected, [(s.value, t.label) for s, t in OBJECTION_STATES.items()])
        ],
        row_url=lambda row: url_for("placement.recall", recall_id=row.Recall.id, answer=row.Objection.state.value),
        empty=say("There is no objection."),
    )


def retentions_table(actor: Actor) -> Table:
    """Wishes for retention, the latest first."""
    columns = [
        Column("number", _l("No."), "number", expression=Retention.id, value="Retention.id", sortable=True),
        Column("state", _l("State"), "state", value="Retention.state", states=RETENTION_STATES),
        Column("accounts", _l("Accounts"), "number", value="Retention.account_count"),
        Column("days", _l("Days past the term"), "number", value="Retention.extra_days"),
        Column("reason", _l("Why"), value="Retention.reason", wraps=True),
        Column("asked_at", _l("Asked for"), "instant", value="Retention.asked_at"),
        Column("decided_at", _l("Answered"), "instant", value="Retention.decided_at"),
    ]
    if actor.is_bank:
        columns.insert(1, Column("organisation", _l("Organisation"), value=lambda row: name_of(row.Organisation)))
    return Table(
        name="retentions",
        statement=queries.retention_rows(actor),
        key=Retention.id,
        default_sort="-number",
        columns=columns,
        filters=[
            Filter("state", _l("State"), "choice", _retained, [(s.value, t.label) for s, t in RETENTION_STATES.items()])
        ],
        row_url=lambda row: url_for("placement.retention", retention_id=row.Retention.id),
        empty=say("Nobody has asked to keep accounts past their term."),
    )


def retention_lines_table(actor: Actor, retention: Retention) -> Table:
    """The accounts of a wish, each with its term."""
    return Table(
        name=f"retention-{retention.id}",
        statement=queries.retention_line_rows(actor, retention.id),
        key=RetentionLine.id,
        columns=[
            Column("account", _l("Account"), value=lambda row: row.account_ref or translate(say("closed to you"))),
            Column("term", _l("Term"), "day", value="Placement.term_ends_on"),
            Column("final_on", _l("Last day"), "day", value="Placement.final_recall_on"),
            Column("placement", _l("Placement"), "state", value=lambda row: placement_state(row.Placement)),
        ],
        row_url=lambda row: url_for("portfolio.account", account_id=row.open_id) if row.open_id else None,
        caption=_l("Accounts that are to stay"),
        empty=say("None of these accounts is there any more."),
    )


def _moves(row: Any, moves: Mapping[int, list[RecallMove]]) -> list[str] | None:
    found = moves.get(row.RecallLine.placement_id)
    return [translate(move_words(move)) for move in found] if found else None


def _waits(row: Any) -> bool:
    return row.Objection is not None and row.Objection.state is ObjectionState.OPEN


def _open_to_objection(row: Any, today: date) -> bool:
    line: RecallLine = row.RecallLine
    pending = line.state is RecallLineState.PENDING and line.final_on is not None and may_object(line.final_on, today)
    return pending and row.Objection is None


def _objection(row: Any) -> str | None:
    return None if row.Objection is None else objection_words(row.Objection)


def objection_words(objection: Objection) -> str:
    """What an organisation asks for with an objection: why, how many days, in its own words."""
    reason = OBJECTION_REASONS[objection.reason]
    words = translate(say("%(reason)s, %(days)s days", reason=reason, days=objection.extra_days))
    return f"{words} · {objection.note}" if objection.note else words


def answer_words(objection: Objection, moves: Iterable[RecallMove]) -> str | None:
    """What the bank said: how many of the days it granted, until when that was, and its own words."""
    if objection.granted_days is None:
        return objection.answer or None
    days = {"days": objection.granted_days, "asked": objection.extra_days}
    until = next((move.final_after for move in moves if _granted_it(move, objection)), None)
    words = (
        say("%(days)s of %(asked)s days, until %(until)s", until=day(until), **days)
        if until
        else say("%(days)s of %(asked)s days", **days)
    )
    return f"{translate(words)} · {objection.answer}" if objection.answer else translate(words)


def _said(row: Any, moves: Mapping[int, list[RecallMove]]) -> str | None:
    return answer_words(row.Objection, moves.get(row.RecallLine.placement_id, ())) if row.Objection else None


def _granted_it(move: RecallMove, objection: Objection) -> bool:
    return move.cause is MoveCause.OBJECTION and move.reference == str(objection.id)


def _answer(row: Any) -> Any:
    return OBJECTION_STATES[row.Objection.state] if row.Objection is not None else None


def _in_state(statement: Select[Any], value: str) -> Select[Any]:
    return statement.where(Recall.state == RecallState(value))


def _for_reason(statement: Select[Any], value: str) -> Select[Any]:
    return statement.where(Recall.reason == RecallReason(value))


def _of_category(statement: Select[Any], value: str) -> Select[Any]:
    return statement.where(Recall.category == RecallCategory(value))


def _line_state(statement: Select[Any], value: str) -> Select[Any]:
    return statement.where(RecallLine.state == RecallLineState(value))


def _answered(statement: Select[Any], value: str) -> Select[Any]:
    answered = select(Objection.recall_line_id).where(Objection.state == ObjectionState(value))
    return statement.where(RecallLine.id.in_(answered))


def _objected(statement: Select[Any], value: str) -> Select[Any]:
    return statement.where(Objection.state == ObjectionState(value))


def _retained(statement: Select[Any], value: str) -> Select[Any]:
    return statement.where(Retention.state == RetentionState(value))
