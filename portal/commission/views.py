"""Pages of statements: the list, one statement line by line, and its steps."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from flask import Blueprint, redirect, request, url_for

from portal.commission import operations, queries
from portal.commission.closing import ask_for_period
from portal.commission.drawing import DRAWN_ANEW, last_day
from portal.commission.models import CommissionLine, Statement, StatementEvent, StatementState
from portal.foundation import hooks
from portal.foundation.access import Actor, Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError
from portal.foundation.formats import month
from portal.foundation.language import Message, _l, from_data, say, translate
from portal.foundation.money import Money
from portal.foundation.navigation import counts
from portal.foundation.panels import Found
from portal.foundation.services import services
from portal.foundation.states import StateTag
from portal.foundation.table_pages import table_response
from portal.foundation.tables import Cell, Column, Empty, Filter, Table
from portal.foundation.web import actor, requires, say_flash
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

blueprint = Blueprint("commission", __name__)

S = StatementState
STATES = {
    S.DRAWN: StateTag("drawn", _l("drawn up"), "wait"),
    S.ISSUED: StateTag("issued", _l("waits for release"), "wait"),
    S.RELEASED: StateTag("released", _l("with the agency"), "go"),
    S.CONTESTED: StateTag("contested", _l("contested"), "bad"),
    S.ANSWERED: StateTag("answered", _l("answered"), "go"),
    S.CONFIRMED: StateTag("confirmed", _l("confirmed"), "good"),
    S.WITHDRAWN: StateTag("withdrawn", _l("withdrawn"), "plain"),
}
STEPS = {
    S.DRAWN: _l("Drawn up"),
    S.ISSUED: _l("Issued"),
    S.RELEASED: _l("Released to the agency"),
    S.CONTESTED: _l("Contested"),
    S.ANSWERED: _l("Answered"),
    S.CONFIRMED: _l("Confirmed by the agency"),
    S.WITHDRAWN: _l("Withdrawn"),
}
REASONS = {
    "rate": _l("rate"),
    "reversal": _l("reversal"),
    "true_up": _l("true-up"),
    "taken_back": _l("credit taken back"),
    "minimum": _l("minimum"),
    "cap": _l("cap"),
    "small_balance": _l("small balance"),
    "below_first_band": _l("below the first step"),
    "free_period": _l("free days"),
    "automatic_debit": _l("automatic debit"),
    "before_first_contact": _l("before the first contact"),
    "outside_placement": _l("outside the placement"),
    "letter_fee": _l("letter fee"),
    "letter_void": _l("letters void"),
    "success": _l("success fee"),
    "cost": _l("cost advanced"),
    "adjustment": _l("adjustment"),
    "kpi": _l("bonus or penalty"),
}


@blueprint.get("/statements")
@requires(Permission.STATEMENTS_VIEW)
def statements() -> Any:
    """All statements that the person may see, and the month that can be drawn up next."""
    return table_response(_statements_table(actor()), "commission/statements.html", month_ends=_last_month())


@blueprint.post("/statements/draw")
@requires(Permission.STATEMENTS_DRAW)
def draw() -> Any:
    """Ask for a month's statements."""
    job = ask_for_period(actor(), _period(request.form.get("period", "")))
    return redirect(url_for("jobs.job", job_id=job.id))


@blueprint.get("/statements/<int:statement_id>")
@requires(Permission.STATEMENTS_VIEW)
def statement(statement_id: int) -> Any:
    """One statement: totals first, then its lines with the why."""
    found = queries.statement_for(db.session(), actor(), statement_id)
    events = queries.events_of(db.session(), actor(), found.id)
    totals = {
        "base": Cell("money", found.recovered_minor, found.currency),
        "commission": Cell("money", found.total_minor, found.currency),
    }
    return table_response(
        _lines_table(actor(), found),
        "commission/statement.html",
        totals=totals,
        statement=found,
        state=events[-1].state,
        tag=STATES[events[-1].state],
        events=[_step(event) for event in reversed(events)],
        name=name_of(found.organisation),
        issued_by_me=any(e.state is S.ISSUED and e.by_user_id == actor().user_id for e in events),
        last_day=last_day(found.period),
    )


@blueprint.post("/statements/<int:statement_id>/issue")
@requires(Permission.STATEMENTS_ISSUE)
def issue(statement_id: int) -> Any:
    """Put it before a second person."""
    operations.issue_statement(actor(), statement_id)
    return _done(statement_id, say("The statement is issued. A second person has to release it."))


@blueprint.post("/statements/<int:statement_id>/release")
@requires(Permission.STATEMENTS_RELEASE)
def release(statement_id: int) -> Any:
    """Let the agency see it."""
    operations.release_statement(actor(), statement_id)
    return _done(statement_id, say("The statement is released; the agency can see it now."))


@blueprint.post("/statements/<int:statement_id>/withdraw")
@requires(Permission.STATEMENTS_ISSUE)
def withdraw(statement_id: int) -> Any:
    """Take back what is not released."""
    return _with_reason(statement_id, operations.refuse_statement, say("The statement is withdrawn; its credits wait."))


@blueprint.post("/statements/<int:statement_id>/confirm")
@requires(Permission.STATEMENTS_CONFIRM)
def confirm(statement_id: int) -> Any:
    """The agency agrees."""
    operations.confirm_statement(actor(), statement_id)
    return _done(statement_id, say("The statement is confirmed."))


@blueprint.post("/statements/<int:statement_id>/contest")
@requires(Permission.STATEMENTS_CONFIRM)
def contest(statement_id: int) -> Any:
    """The agency does not agree."""
    return _with_reason(
        statement_id, operations.contest_statement, say("The statement is contested; the bank will answer.")
    )


@blueprint.post("/statements/<int:statement_id>/answer")
@requires(Permission.STATEMENTS_ISSUE)
def answer(statement_id: int) -> Any:
    """The bank's word on what was contested."""
    return _with_reason(statement_id, operations.answer_statement, say("The answer is with the agency."))


@counts("commission.statements")
def waiting(who: Actor) -> int:
    """What waits on the statements page for this person."""
    session = db.session()
    if who.is_bank:
        can_act = who.can(Permission.STATEMENTS_RELEASE)
        return queries.count_in_state(session, who, S.ISSUED, S.CONTESTED) if can_act else 0
    return queries.count_in_state(session, who, S.RELEASED, S.ANSWERED)


@hooks.found.register
def found(session: Session, who: Actor, words: str) -> list[Found]:
    """A statement by its number."""
    if not who.can(Permission.STATEMENTS_VIEW):
        return []
    hit = queries.statement_numbered(session, who, words)
    if hit is None:
        return []
    return [Found(_l("Statement"), hit.number, url_for("commission.statement", statement_id=hit.id))]


def _done(statement_id: int, sentence: Message) -> Any:
    say_flash(sentence)
    return redirect(url_for("commission.statement", statement_id=statement_id))


def _with_reason(statement_id: int, step: Callable[[Actor, int, str], None], sentence: Message) -> Any:
    step(actor(), statement_id, request.form.get("reason", ""))
    return _done(statement_id, sentence)


def _period(written: str) -> date:
    """The first day of a month written as 2005-07. DomainError for anything else."""
    try:
        return date.fromisoformat(f"{written}-01")
    except ValueError:
        raise DomainError(
            "commission.period", say("Write the month as year and month, for example 2005-07."), field="period"
        ) from None


def _last_month() -> date:
    first = services().clock.today().replace(day=1)
    return date.fromordinal(first.toordinal() - 1).replace(day=1)


def _step(event: StatementEvent) -> dict[str, Any]:
    """A step as the timeline shows it; what the program wrote as a code is said in words."""
    text = (
        _l("What came in since stands on the statement drawn up after it.")
        if event.reason == DRAWN_ANEW
        else event.reason
    )
    return {"at": event.at, "title": STEPS[event.state], "who": event.by_name, "text": text}


def _statements_table(who: Actor) -> Table:
    columns = [
        Column("number", _l("Statement"), value="Statement.number"),
        Column("period", _l("Month"), "month", expression=Statement.period, sortable=True, value="Statement.period"),
        Column("state", _l("State"), "state", value="state", states=STATES),
        Column("recovered", _l("Recovered"), "money", value=_money("recovered_minor")),
        Column("total", _l("Commission"), "money", value=_money("total_minor")),
        Column("lines", _l("Lines"), "number", value="Statement.line_count"),
        Column("drawn_at", _l("Drawn up at"), "instant", value="Statement.drawn_at"),
    ]
    if who.is_bank:
        columns.insert(
            2, Column("organisation", _l("Organisation"), value=lambda row: name_of(row.Statement.organisation))
        )
    months = [(f"{day:%Y-%m}", month(day)) for day in queries.periods_drawn(db.session(), who)]
    return Table(
        name="statements",
        statement=queries.statements(who),
        key=Statement.id,
        columns=columns,
        default_sort="-period",
        filters=[
            Filter("period", _l("Month"), "choice", _in_month, months),
            Filter("state", _l("State"), "choice", _in_state, [(s.value, tag.label) for s, tag in STATES.items()]),
        ],
        row_url=lambda row: url_for("commission.statement", statement_id=row.Statement.id),
        empty=Empty(
            say("No statement has been drawn up yet."),
            say("Choose a month that is over and draw up its statements.") if who.is_bank else None,
        ),
    )


def _money(field: str) -> Callable[[Any], Money]:
    return lambda row: Money(getattr(row.Statement, field), row.Statement.currency)


def _in_month(statement: Any, value: str) -> Any:
    return statement.where(Statement.period == date.fromisoformat(f"{value}-01"))


def _in_state(statement: Any, value: str) -> Any:
    return statement.where(queries.current_state() == StatementState(value))


def _lines_table(who: Actor, found: Statement) -> Table:
    return Table(
        name=found.number,
        statement=queries.lines_of(who, found.id),
        key=CommissionLine.id,
        columns=[
            Column("position", _l("No."), "number", expression=CommissionLine.position, sortable=True),
            Column("payment", _l("Payment"), value="payment_ref"),
            Column("paid_on", _l("Value date"), "day", value="paid_on"),
            Column("base", _l("Base"), "money", value="base_minor"),
            Column("rate", _l("Rate"), "percent", value=lambda line: Decimal(line.rate) if line.rate else None),
            Column("commission", _l("Commission"), "money", value="commission_minor"),
            Column("reason", _l("Clause"), value=lambda line: REASONS.get(line.reason, line.reason)),
            Column("why", _l("Why"), "why", value=lambda line: translate(from_data(line.why["message"]))),
        ],
        filters=[Filter("payment", _l("Payment"), "text", _payment)],
        default_sort="position",
        empty=Empty(say("This statement has no lines.")),
    )


def _payment(statement: Any, value: str) -> Any:
    return statement.where(CommissionLine.payment_ref == value.strip())
