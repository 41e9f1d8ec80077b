"""An issued statement reckoned once more, under its own plan versions and from the credits that it holds: equal to the cent,
or the lines that are not."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

from portal.commission.models import CommissionLine, Statement, StatementState
from portal.commission.periods import month_of
from portal.commission.queries import current_state, lines_of, seen_by, state_of, statement_for, statement_numbered
from portal.commission.reckoning import Due, Reckoning, reckon
from portal.foundation.daily import portal_itself
from portal.foundation.errors import DomainError, Refused
from portal.foundation.jobs import handler
from portal.foundation.language import Message, _l, as_data, say
from portal.foundation.money import Money
from portal.foundation.work import reading, transaction

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.jobs import Job, JobView, Progress

__all__ = ["Difference", "Rerun", "ask_for_rerun", "rerun", "statements_named", "told"]

MOST_SHOWN = 100
AT_ONCE = 5_000


class Difference(NamedTuple):
    """A line that says something else now; minor units. None: there is no such line on that side."""

    position: int
    payment_ref: str
    issued: int | None
    now: int | None


@dataclass
class Rerun:
    """What came of it: sums of all lines in minor units, and the first lines that differ."""

    statement: Statement
    lines: int = 0
    issued: int = 0
    now: int = 0
    count: int = 0
    differences: list[Difference] = field(default_factory=list)

    @property
    def is_equal(self) -> bool:
        """To the cent, line by line."""
        return self.count == 0


def rerun(actor: Actor, statement_id: int) -> Rerun:
    """Reckon a statement again. NotFound where the actor may not see it; Refused for one that was withdrawn; DomainError where
    a plan cannot be read any more.

    It is reckoned by the portal, since an agency sees its statement and not the postings under it.
    """
    with reading(actor) as session:
        _refuse_withdrawn(session, statement_for(session, actor, statement_id))
    portal = portal_itself() or actor
    with reading(portal) as session:
        statement = statement_for(session, portal, statement_id)
        found = Rerun(statement)
        pairs = zip_longest(_stored(session, portal, statement), reckon(Reckoning.again(session, statement)))
        for position, (line, due) in enumerate(pairs, 1):
            _compare(found, position, line, due)
        return found


def _refuse_withdrawn(session: Session, statement: Statement) -> None:
    """It gave back what it held, so that there is nothing that it could be reckoned from."""
    if state_of(session, statement.id) is StatementState.WITHDRAWN:
        raise Refused(
            "commission.withdrawn",
            say(
                "%(number)s was withdrawn and pays nothing, so there is nothing to reckon again. Look at the statement that "
                "took its place.",
                number=statement.number,
            ),
        )


def _stored(session: Session, actor: Actor, statement: Statement) -> Iterator[CommissionLine]:
    """Page by page, so that memory does not grow with the statement."""
    position = 0
    while True:
        wanted = lines_of(actor, statement.id).where(CommissionLine.position > position)
        page = list(session.scalars(wanted.order_by(CommissionLine.position).limit(AT_ONCE)))
        if not page:
            return
        yield from page
        position = page[-1].position


def _compare(found: Rerun, position: int, line: CommissionLine | None, due: Due | None) -> None:
    found.lines += line is not None
    found.issued += line.commission_minor if line else 0
    found.now += due.commission if due else 0
    if line is not None and due is not None and _says(line) == (due.payment_ref, due.commission, due.base, due.reason):
        return
    found.count += 1
    if len(found.differences) < MOST_SHOWN:
        reference = line.payment_ref if line else due.payment_ref if due else ""
        sums = line.commission_minor if line else None, due.commission if due else None
        found.differences.append(Difference(position, reference, *sums))


def _says(line: CommissionLine) -> tuple[str, int, int, str]:
    return line.payment_ref, line.commission_minor, line.base_minor, line.reason


def statements_named(actor: Actor, numbers: Sequence[str], period: str | None) -> list[int]:
    """Statements by number, or all that stand of a month written as 2005-07; of neither: all that stand. DomainError where one
    is not there or the month is none."""
    with reading(actor) as session:
        found = []
        for number in numbers:
            statement = statement_numbered(session, actor, number)
            if statement is None:
                raise DomainError("commission.no_statement", say("There is no statement %(number)s.", number=number))
            found.append(statement.id)
        if numbers:
            return found
        wanted = seen_by(actor).where(current_state() != StatementState.WITHDRAWN)
        if period is not None:
            wanted = wanted.where(Statement.period == month_of(period))
        return list(session.scalars(wanted.with_only_columns(Statement.id).order_by(Statement.id)))


# --- as a job --------------------------------------------------------------------------------------------------------------


def ask_for_rerun(actor: Actor, statement_id: int) -> Job:
    """Ask for a statement to be reckoned again. NotFound where the actor may not see it; Refused for one that was withdrawn."""
    with transaction(actor) as work:
        statement = statement_for(work.session, actor, statement_id)
        _refuse_withdrawn(work.session, statement)
        moment = f"{work.real_now:%Y-%m-%dT%H:%M}"  # each time is a question of its own, a double click is none
        return work.request_job("commission.rerun", f"{statement.id}-{moment}", {"statement_id": statement.id})


@handler("commission.rerun", _l("Reckoning a statement again"))
def _rerun_job(job: JobView, progress: Progress) -> dict[str, Any]:
    found = rerun(job.actor, int(job.payload["statement_id"]))
    tone = "success" if found.is_equal else "warning"
    return {"message": as_data(told(found)), "tone": tone, "url": f"/statements/{found.statement.id}"}


def told(found: Rerun) -> Message:
    """The outcome in words."""
    currency = found.statement.currency
    if found.is_equal:
        return say(
            "%(number)s reckoned again under its own plan versions: all %(lines)s lines and the total of %(total)s are equal, "
            "to the cent.",
            number=found.statement.number, lines=found.lines, total=Money(found.issued, currency),
        )  # fmt: skip
    first = found.differences[0]
    return say(
        "%(number)s reckoned again differs in %(count)s of %(lines)s lines: issued %(issued)s, now %(now)s. The first: line "
        "%(position)s, %(payment)s.",
        number=found.statement.number, count=found.count, lines=found.lines, issued=Money(found.issued, currency),
        now=Money(found.now, currency), position=first.position, payment=first.payment_ref,
    )  # fmt: skip
