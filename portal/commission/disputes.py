"""What an agency contests, line by line or as a whole, and how the bank answers. The statement itself never changes: where the
agency was right, something else follows, and the difference is on a later statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.commission.drawing import add_event
from portal.commission.life_models import DisputeEnd, DisputeEvent, DisputeReason, Follows, StatementDispute
from portal.commission.life_queries import Deadlines, deadlines, dispute_for, disputes_open, whole_was_contested
from portal.commission.models import CommissionLine, Statement, StatementState
from portal.commission.queries import events_of, state_of
from portal.commission.stepping import WITHDRAWN_LINES, given, locked
from portal.foundation.access import Permission
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.language import say
from portal.foundation.visibility import visible
from portal.foundation.work import transaction

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from portal.foundation.access import Actor
    from portal.foundation.work import Work

__all__ = [
    "answer_dispute", "answer_statement", "confirm_statement", "contest_lines", "contest_statement", "is_in_time",
    "may_contest", "may_contest_line", "withdraw_dispute",
]  # fmt: skip

S = StatementState
OPEN_TO_CONTEST = {S.RELEASED, S.ANSWERED, S.CONTESTED}
MOST_AT_ONCE = 200


def confirm_statement(actor: Actor, statement_id: int) -> None:
    """The agency agrees with a released statement, whose contested lines are all answered."""
    with transaction(actor) as work:
        statement = locked(work, statement_id, {S.RELEASED, S.ANSWERED})
        add_event(work, statement, S.CONFIRMED)


def contest_lines(actor: Actor, statement_id: int, line_ids: Collection[int], reason: DisputeReason, words: str) -> int:
    """The agency does not agree with these lines; how many. DomainError where one is contested already, or too late."""
    words = given(words, "words")
    wanted = set(line_ids)
    if not wanted:
        raise DomainError("dispute.no_line", say("Tick the lines that are wrong."), field="row")
    if len(wanted) > MOST_AT_ONCE:
        raise DomainError("dispute.too_many", say("Contest at most %(n)s lines at once.", n=MOST_AT_ONCE), field="row")
    with transaction(actor) as work:
        statement = locked(work, statement_id, OPEN_TO_CONTEST)
        until = deadlines(statement, events_of(work.session, work.actor, statement.id))
        lines = _lines(work, statement, wanted)
        for line in lines:
            _refuse_line(line, until, work)
            _add(work, statement, reason, words, line)
        places = ", ".join(str(line.position) for line in lines)
        work.audit("statement.lines_contested", statement, after={"lines": places, "reason": reason.value})
        if state_of(work.session, statement.id) is not S.CONTESTED:
            add_event(work, statement, S.CONTESTED, words)
        return len(lines)


def contest_statement(actor: Actor, statement_id: int, reason: str) -> None:
    """The agency says what is missing on a released statement, or wrong with it as a whole."""
    words = given(reason)
    with transaction(actor) as work:
        statement = locked(work, statement_id, {S.RELEASED, S.ANSWERED})
        until = deadlines(statement, events_of(work.session, work.actor, statement.id))
        before = whole_was_contested(work.session, work.actor, statement.id)
        if until is not None and not is_in_time(until, work.today, again=before):
            raise _too_late(until)
        _add(work, statement, DisputeReason.MISSING, words, None)
        add_event(work, statement, S.CONTESTED, words)


def may_contest(reader: Actor, state: StatementState, until: Deadlines | None, today: date) -> bool:
    """Whether this reader may contest anything of a statement in this state now."""
    may = reader.can(Permission.STATEMENTS_CONFIRM) and state in OPEN_TO_CONTEST
    return may and is_in_time(until, today, again=True)


def may_contest_line(line: CommissionLine, until: Deadlines | None, today: date) -> bool:
    """Whether a line is open to be contested: not while an objection to it waits for its answer."""
    if line.disputes and line.disputes[-1].end is None:
        return False
    return is_in_time(until, today, again=bool(line.disputes))


def is_in_time(until: Deadlines | None, today: date, *, again: bool) -> bool:
    """A line, or the statement as a whole, is contested for the first time until the first deadline; what was contested
    before (`again`) until the last."""
    return until is None or today <= (until.last if again else until.first)


def _lines(work: Work, statement: Statement, wanted: set[int]) -> list[CommissionLine]:
    found = visible(CommissionLine, work.actor).where(
        CommissionLine.statement_id == statement.id, CommissionLine.id.in_(wanted)
    )
    lines = list(work.session.scalars(found.order_by(CommissionLine.position)))
    if len(lines) != len(wanted):
        raise NotFound
    return lines


def _refuse_line(line: CommissionLine, until: Deadlines | None, work: Work) -> None:
    if line.disputes and line.disputes[-1].end is None:
        raise Refused(
            "dispute.open",
            say("Line %(n)s is contested already, and the bank has not answered yet.", n=line.position),
        )
    if until is not None and not may_contest_line(line, until, work.today):
        raise _too_late(until)


def _too_late(until: Deadlines) -> Refused:
    return Refused(
        "dispute.too_late",
        say(
            "Lines could be contested until %(day)s. What was not contested by then counts as confirmed.",
            day=until.first,
        ),
    )


def _add(
    work: Work, statement: Statement, reason: DisputeReason, words: str, line: CommissionLine | None
) -> StatementDispute:
    dispute = StatementDispute(
        statement_id=statement.id, organisation_id=statement.organisation_id, line_id=line.id if line else None,
        turn=len(line.disputes) + 1 if line else 1, reason=reason, words=words, by_user_id=work.actor.user_id,
        by_name=work.actor.name, at=work.now,
    )  # fmt: skip
    work.session.add(dispute)
    work.session.flush()
    return dispute


# --- the bank's word -------------------------------------------------------------------------------------------------------


def answer_dispute(
    actor: Actor, statement_id: int, dispute_id: int, end: DisputeEnd, words: str, follows: Follows | None = None
) -> None:
    """The bank's word on one contested line: upheld, with what follows, or refused. The last answer answers the statement."""
    words = given(words, "words")
    if end is DisputeEnd.UPHELD and follows is None:
        raise DomainError("dispute.follows", say("Choose what follows, so that the agency knows."), field="follows")
    with transaction(actor) as work:
        statement = locked(work, statement_id, {S.CONTESTED})
        dispute = _open(work, statement_id, dispute_id)
        _end(work, statement, dispute, end, words, follows if end is DisputeEnd.UPHELD else None)
        if not disputes_open(work.session, work.actor, statement.id):
            add_event(work, statement, S.ANSWERED, words)


def answer_statement(actor: Actor, statement_id: int, reason: str) -> None:
    """The bank's word on what was said about the statement as a whole; the agency may then confirm, or contest again."""
    words = given(reason)
    with transaction(actor) as work:
        statement = locked(work, statement_id, {S.CONTESTED})
        whole = visible(StatementDispute, work.actor).where(
            StatementDispute.statement_id == statement.id, StatementDispute.line_id.is_(None)
        )
        for dispute in work.session.scalars(whole).unique().all():
            if dispute.end is None:
                _end(work, statement, dispute, DisputeEnd.REFUSED, words, None)
        if disputes_open(work.session, work.actor, statement.id):
            raise Refused("dispute.lines_open", say("Contested lines are answered one by one, below."))
        add_event(work, statement, S.ANSWERED, words)


def withdraw_dispute(actor: Actor, statement_id: int, dispute_id: int, reason: str) -> None:
    """The agency takes back what it contested and was not answered."""
    words = given(reason)
    with transaction(actor) as work:
        statement = locked(work, statement_id, {S.CONTESTED})
        _end(work, statement, _open(work, statement_id, dispute_id), DisputeEnd.WITHDRAWN, words, None)
        if not disputes_open(work.session, work.actor, statement.id):
            add_event(work, statement, S.ANSWERED, WITHDRAWN_LINES)


def _open(work: Work, statement_id: int, dispute_id: int) -> StatementDispute:
    dispute = dispute_for(work.session, work.actor, statement_id, dispute_id)
    if dispute.end is not None:
        raise Refused("dispute.ended", say("This was answered or withdrawn in the meantime."))
    return dispute


def _end(
    work: Work, statement: Statement, dispute: StatementDispute, end: DisputeEnd, words: str, follows: Follows | None
) -> None:
    work.session.add(
        DisputeEvent(
            dispute_id=dispute.id, organisation_id=statement.organisation_id, state=end, follows=follows, words=words,
            by_user_id=work.actor.user_id, by_name=work.actor.name, at=work.now,
        )
    )  # fmt: skip
    work.session.flush()
    work.session.refresh(dispute, ["end"])
    work.audit(
        f"statement.line_{end.value}", statement,
        after={"line": dispute.line.position if dispute.line else None, "follows": follows and follows.value},
    )  # fmt: skip
