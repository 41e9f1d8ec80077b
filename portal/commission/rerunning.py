"""An issued statement reckoned once more, under its own plan versions and from the credits that it holds: equal to the cent,
or the lines that are not."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

from portal.commission.models import CommissionLine, Statement
from portal.commission.queries import lines_of, statement_for
from portal.commission.reckoning import Due, Reckoning, reckon, standing_before
from portal.foundation.daily import portal_itself
from portal.foundation.work import reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = ["Difference", "Rerun", "rerun"]

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
    """Reckon a statement again. NotFound where the actor may not see it; DomainError where a plan cannot be read any more.

    It is reckoned by the portal, since an agency sees its statement and not the postings under it.
    """
    with reading(actor) as session:
        statement_for(session, actor, statement_id)
    portal = portal_itself() or actor
    with reading(portal) as session:
        statement = statement_for(session, portal, statement_id)
        found = Rerun(statement)
        pairs = zip_longest(_stored(session, portal, statement), _again(session, statement))
        for position, (line, due) in enumerate(pairs, 1):
            _compare(found, position, line, due)
        return found


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


def _again(session: Session, statement: Statement) -> Iterator[Due]:
    before = standing_before(session, statement.organisation_id, statement.currency, statement.id)
    kept = statement.basis or {}
    return reckon(
        Reckoning(
            session, statement.id, statement.organisation_id, statement.currency, statement.period, before,
            placed=dict(kept.get("placed", {})), standing=dict(kept.get("standing", {})),
        )
    )  # fmt: skip


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
