"""Pages of contested lines: contested by the agency from the statement, answered by the bank one by one."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for

from portal.commission import contested
from portal.commission import disputes as operations
from portal.commission import life_queries as queries
from portal.commission.blueprint import blueprint
from portal.commission.dispute_page import adjustments_of, credit_now
from portal.commission.labels import clause_of
from portal.commission.life_forms import AnswerForm
from portal.commission.life_labels import DISPUTE_REASONS, FOLLOWS, dispute_number, dispute_tag
from portal.commission.life_models import DisputeReason, Follows
from portal.commission.line_queries import credit_of
from portal.commission.queries import statement_for
from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.errors import DomainError
from portal.foundation.forms import show_error
from portal.foundation.language import from_data, say, say_count, translate
from portal.foundation.web import actor, key, requires, say_flash

__all__ = ["answer_dispute", "contest_lines", "contested", "dispute", "withdraw_dispute"]


@blueprint.post("/statements/<int:statement_id>/lines/contest")
@requires(Permission.STATEMENTS_CONFIRM)
def contest_lines(statement_id: int) -> Any:
    """The agency does not agree with the lines that it ticked."""
    words = request.form.get("reason", "")
    rows = request.form.getlist("row", type=key)
    count = operations.contest_lines(actor(), statement_id, rows, _reason(request.form.get("code", "")), words)
    sentence = say_count(
        "%(n)s line is contested; the bank will answer.", "%(n)s lines are contested; the bank will answer.", count
    )
    say_flash(sentence)
    return redirect(url_for("commission.statement", statement_id=statement_id))


def _reason(code: str) -> DisputeReason:
    try:
        return DisputeReason(code)
    except ValueError:
        raise DomainError("dispute.reason", say("Choose what is wrong."), field="code") from None


@blueprint.get("/statements/<int:statement_id>/disputes/<int:dispute_id>")
@requires(Permission.STATEMENTS_VIEW)
def dispute(statement_id: int, dispute_id: int) -> str:
    """One contested line: what the agency says, what the line rests on, and the bank's word."""
    return _page(statement_id, dispute_id, AnswerForm())


@blueprint.post("/statements/<int:statement_id>/disputes/<int:dispute_id>/answer")
@requires(Permission.STATEMENTS_ISSUE)
def answer_dispute(statement_id: int, dispute_id: int) -> Any:
    """The bank's word."""
    form = AnswerForm()
    if form.validate_on_submit():
        end, words, follows = form.chosen()
        try:
            operations.answer_dispute(actor(), statement_id, dispute_id, end, words, follows)
        except DomainError as error:
            if error.status == 404:
                raise
            show_error(form, error)
        else:
            say_flash(say("The answer is with the agency."))
            if follows is Follows.ADJUSTMENT:  # which is proposed from here
                return redirect(url_for("commission.dispute", statement_id=statement_id, dispute_id=dispute_id))
            return redirect(url_for("commission.statement", statement_id=statement_id))
    return _page(statement_id, dispute_id, form), 422


@blueprint.post("/statements/<int:statement_id>/disputes/<int:dispute_id>/withdraw")
@requires(Permission.STATEMENTS_CONFIRM)
def withdraw_dispute(statement_id: int, dispute_id: int) -> Any:
    """The agency takes back what it contested."""
    operations.withdraw_dispute(actor(), statement_id, dispute_id, request.form.get("reason", ""))
    say_flash(say("What was contested is taken back."))
    return redirect(url_for("commission.statement", statement_id=statement_id))


def _page(statement_id: int, dispute_id: int, form: AnswerForm) -> str:
    session, who = db.session(), actor()
    statement = statement_for(session, who, statement_id)
    found = queries.dispute_for(session, who, statement.id, dispute_id)
    line = found.line
    paid = credit_of(session, who, line) if line else None
    return render_template(
        "commission/dispute.html",
        statement=statement,
        dispute=found,
        line=line,
        tag=dispute_tag(found),
        number=dispute_number(statement, found),
        reason=DISPUTE_REASONS[found.reason],
        follows=FOLLOWS[found.end.follows] if found.end and found.end.follows else None,
        clause=clause_of(line) if line else None,
        why=translate(from_data(line.why["message"])) if line else None,
        trace=translate(from_data(paid.trace)) if paid else None,
        credit=credit_now(session, who, found),
        adjustments=adjustments_of(session, who, statement, found),
        form=form,
        answers=found.end is None and who.can(Permission.STATEMENTS_ISSUE),
        withdraws=found.end is None and who.can(Permission.STATEMENTS_CONFIRM),
    )
