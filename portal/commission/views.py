"""Pages of statements: the list, one statement line by line, and its steps."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from flask import redirect, request, url_for
from sqlalchemy.orm import selectinload

from portal.commission import (
    dispute_views,
    line_views,
    operations,
    paper_views,
    papers,
    queries,
    settlement_views,
    silence,
    tax_views,
)
from portal.commission.blueprint import blueprint
from portal.commission.charge_queries import organisations_paid
from portal.commission.closing import ask_for_period, refuse_open_period
from portal.commission.drawing import DRAWN_ANEW
from portal.commission.labels import REASONS, STATES, STEPS, clause_of
from portal.commission.life_labels import CODES, DISPUTE_REASONS
from portal.commission.life_page import LIFE_FILTERS, life_of, to_settle
from portal.commission.life_queries import paper_of
from portal.commission.models import CommissionLine, Statement, StatementEvent, StatementState
from portal.commission.periods import last_day, month_of
from portal.commission.stepping import SILENCE
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
from portal.foundation.table_pages import table_response
from portal.foundation.tables import Cell, Column, Empty, Filter, Table
from portal.foundation.web import actor, requires, say_flash
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from portal.commission.life_page import Life

__all__ = ["blueprint", "dispute_views", "line_views", "paper_views", "settlement_views", "silence", "tax_views"]

S = StatementState
UNSEEN = (S.DRAWN, S.ISSUED, S.WITHDRAWN)  # an agency sees no statement in these
_KEPT = [("agency", _l("the agency, which kept its commission"))]


@blueprint.get("/statements")
@requires(Permission.STATEMENTS_VIEW)
def statements() -> Any:
    """All statements that the person may see, and the month that can be drawn up next; a month that was asked for and cannot be
    is refused where it was written."""
    written = request.args.get("month")
    return table_response(
        _statements_table(actor()), "commission/statements.html",
        month=f"{_last_month():%Y-%m}" if written is None else written,
        refusal=None if written is None else _refusal(written),
    )  # fmt: skip


def _refusal(written: str) -> Message | None:
    """Why a month cannot be drawn up."""
    try:
        refuse_open_period(services().clock.today(), month_of(written))
    except DomainError as error:
        return error.message
    return None


@blueprint.post("/statements/draw")
@requires(Permission.STATEMENTS_DRAW)
def draw() -> Any:
    """Ask for a month's statements."""
    written = request.form.get("period", "")
    if _refusal(written) is not None:
        return redirect(url_for("commission.statements", month=written[:20]))
    job = ask_for_period(actor(), month_of(written))
    return redirect(url_for("jobs.job", job_id=job.id))


@blueprint.get("/statements/<int:statement_id>")
@requires(Permission.STATEMENTS_VIEW)
def statement(statement_id: int) -> Any:
    """One statement: totals first, then its lines with the why."""
    found = queries.statement_for(db.session(), actor(), statement_id)
    events = queries.events_of(db.session(), actor(), found.id)
    life = life_of(db.session(), actor(), found, events)
    totals = {
        "base": Cell("money", sum(total.base for total in life.totals), found.currency),
        "commission": Cell("money", found.total_minor, found.currency),
    }
    return table_response(
        _lines_table(actor(), found, life),
        "commission/statement.html",
        life=life,
        totals=totals,
        statement=found,
        state=events[-1].state,
        tag=STATES[events[-1].state],
        events=[_step(event) for event in reversed(events)],
        name=name_of(found.organisation),
        issued_by_me=any(e.state is S.ISSUED and e.by_user_id == actor().user_id for e in events),
        last_day=last_day(found.period),
        clauses=REASONS,
        reasons=DISPUTE_REASONS,
        paper_languages=papers.LANGUAGES,
        paper_at_once=papers.AT_ONCE,
        papers_made={code for code in papers.LANGUAGES if paper_of(db.session(), actor(), found.id, code)},
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
        return queries.count_in_state(session, who, S.ISSUED, S.CONTESTED) + to_settle(session, who) if can_act else 0
    return queries.count_in_state(session, who, S.RELEASED, S.ANSWERED) + to_settle(session, who)


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


def _last_month() -> date:
    first = services().clock.today().replace(day=1)
    return date.fromordinal(first.toordinal() - 1).replace(day=1)


def _step(event: StatementEvent) -> dict[str, Any]:
    """A step as the timeline shows it; what the program wrote as a code is said in words."""
    anew = {DRAWN_ANEW: _l("What came in since stands on the statement drawn up after it.")}
    text = (anew | CODES).get(event.reason, event.reason)
    if event.reason == SILENCE:  # nobody did it
        return {"at": event.at, "title": STATES[event.state].label, "who": None, "text": text}
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
            *([Filter("organisation", _l("Organisation"), "choice", _of, _organisations(who))] if who.is_bank else []),
            Filter("state", _l("State"), "choice", _in_state, [(s.value, STATES[s].label) for s in _states(who)]),
            Filter("life", _l("Still to do"), "choice", _with_work, [(code, label) for code, label, _ in LIFE_FILTERS]),
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


def _organisations(who: Actor) -> list[tuple[str, str]]:
    return [(str(one.id), name_of(one)) for one in organisations_paid(db.session(), who)]


def _of(statement: Any, value: str) -> Any:
    return statement.where(Statement.organisation_id == int(value))


def _states(who: Actor) -> list[StatementState]:
    """States in which the reader meets statements: an agency none of before the release."""
    return [state for state in STATES if who.is_bank or state not in UNSEEN]


def _in_state(statement: Any, value: str) -> Any:
    return statement.where(queries.current_state() == StatementState(value))


def _with_work(statement: Any, value: str) -> Any:
    return statement.where(next(condition for code, _, condition in LIFE_FILTERS if code == value)())


def _lines_table(who: Actor, found: Statement, life: Life) -> Table:
    clauses = [(each.reason, REASONS.get(each.reason, each.reason)) for each in life.clauses]
    return Table(
        name=found.number,
        statement=queries.lines_of(who, found.id).options(selectinload(CommissionLine.disputes)),
        choosable=life.may_contest,
        key=CommissionLine.id,
        columns=[
            Column("position", _l("No."), "number", expression=CommissionLine.position, sortable=True),
            Column("payment", _l("Payment"), value="payment_ref", link=_line_url),
            Column("paid_on", _l("Value date"), "day", value="paid_on"),
            Column("base", _l("Base"), "money", value="base_minor"),
            Column("rate", _l("Rate"), "percent", value=lambda line: Decimal(line.rate) if line.rate else None),
            Column("commission", _l("Commission"), "money", value="commission_minor"),
            Column("reason", _l("Clause"), value=clause_of),
            Column("dispute", _l("Contested"), "state", value=life.tag_of),
            Column("why", _l("Why"), "why", value=lambda line: translate(from_data(line.why["message"]))),
        ],
        filters=[
            Filter("payment", _l("Payment"), "text", _payment),
            Filter(
                "batch",
                _l("Batch"),
                "choice",
                _of_batch,
                [(str(total.batch_id), total.batch) for total in life.totals if total.batch_id],
            ),
            Filter("contract", _l("Contract"), "choice", _under, _versions(life)),
            Filter("reason", _l("Clause"), "choice", _for_reason, clauses),
            *([Filter("held", _l("Received by"), "choice", _kept_by(who), _KEPT)] if found.kept_minor else []),
        ],
        row_url=_line_url,
        default_sort="position",
        empty=Empty(say("This statement has no lines.")),
    )


def _payment(statement: Any, value: str) -> Any:
    return statement.where(CommissionLine.payment_ref == value.strip())


def _of_batch(statement: Any, value: str) -> Any:
    return statement.where(CommissionLine.batch_id == int(value))


def _versions(life: Life) -> list[tuple[str, Any]]:
    """Contract versions that lines of the statement are under."""
    words = {
        str(total.version_id): say("%(number)s, version %(n)s", number=total.contract, n=total.version)
        for total in life.totals
        if total.version_id and total.contract
    }
    return list(words.items())


def _under(statement: Any, value: str) -> Any:
    return statement.where(CommissionLine.contract_version_id == int(value))


def _kept_by(who: Actor) -> Callable[[Any, str], Any]:
    return lambda statement, _value: statement.where(queries.is_kept(who))


def _for_reason(statement: Any, value: str) -> Any:
    return statement.where(CommissionLine.reason == value)


def _line_url(line: CommissionLine) -> str:
    return url_for("commission.line", statement_id=line.statement_id, position=line.position)
