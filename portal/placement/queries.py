"""Reads of runs, batches and placements. Lower rooms ask here who holds an account, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload

from portal.foundation.database import summed
from portal.foundation.errors import NotFound
from portal.foundation.visibility import visible
from portal.identity.models import Organisation, User
from portal.placement.allocation import Candidate, Former
from portal.placement.eligibility import SINCE, Obstacles, segment
from portal.placement.fairness import Tally
from portal.placement.models import (
    AllocationLine,
    AllocationRun,
    BatchState,
    Placement,
    PlacementBatch,
    RunState,
)
from portal.placement.references import account_reference
from portal.portfolio.models import Account
from portal.vendors.models import PlacementKind

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.placement.criteria import Criteria

__all__ = [
    "account_ids", "batch_for", "batch_rows", "batches_by_bucket", "batches_of_run", "batches_to_answer", "candidates", "currencies",
    "line_rows", "live_placement", "placement_rows", "placements_of_account", "run_for",
    "run_rows", "runs_to_approve", "tally_by_obstacle", "tally_since",
]  # fmt: skip

CHUNK = 5_000


# --- for other rooms ----------------------------------------------------------------------------------------------------


def placements_of_account(session: Session, account_id: int) -> list[Placement]:
    """All placements of an account that the session's actor may see, the latest first, each with its batch."""
    return list(
        session.scalars(
            sa.select(Placement)
            .where(Placement.account_id == account_id)
            .options(joinedload(Placement.batch).joinedload(PlacementBatch.organisation))
            .order_by(Placement.starts_at.desc(), Placement.id.desc())
        )
    )


def live_placement(session: Session, account_id: int, organisation_id: int) -> Placement | None:
    """The accepted placement by which the organisation holds the account now, None where it does not. Of a collection
    or litigation and a letter placement side by side the former."""
    return session.scalars(
        sa.select(Placement)
        .where(
            Placement.account_id == account_id,
            Placement.organisation_id == organisation_id,
            Placement.accepted_at.is_not(None),
            Placement.ended_at.is_(None),
        )
        .order_by(Placement.kind == PlacementKind.LETTER, Placement.id)
        .limit(1)
    ).first()


# --- making a run -------------------------------------------------------------------------------------------------------


def tally_by_obstacle(session: Session, criteria: Criteria, today: date) -> list[Tally]:
    """The accounts of a segment counted by what stands in the way, the most first; eligible ones under None."""
    obstacles = Obstacles(criteria.kind, today, criteria.unknown_limitation)
    counted = (
        obstacles.beside(sa.select(obstacles.reason.label("reason"), Account.total_minor).select_from(Account))
        .where(*segment(criteria))
        .subquery()
    )
    rows = session.execute(
        sa.select(counted.c.reason, sa.func.count(), summed(counted.c.total_minor))
        .group_by(counted.c.reason)
        .order_by(sa.func.count().desc(), counted.c.reason)
    )
    return [Tally(*row) for row in rows]


def candidates(session: Session, criteria: Criteria, today: date, *, history: bool = False) -> list[Candidate]:
    """The accounts of a segment that nothing stands in the way of; with `history`, who held them before in this kind."""
    obstacles = Obstacles(criteria.kind, today, criteria.unknown_limitation)
    columns = (
        Account.id, Account.customer_id, Account.total_minor, Account.days_past_due, Account.bucket, Account.region,
    )  # fmt: skip
    statement = obstacles.beside(sa.select(*columns).select_from(Account)).where(
        *segment(criteria), obstacles.reason.is_(None)
    )
    rows = session.execute(statement.execution_options(yield_per=CHUNK))
    if not history:
        return [Candidate(*row) for row in rows]
    held = _holders_before(session, criteria)
    found = []
    for row in rows:
        former, ended_on = held.get(row[0], ((), None))
        found.append(Candidate(*row)._replace(former=former, ended_on=ended_on))
    return found


def _holders_before(session: Session, criteria: Criteria) -> dict[int, tuple[tuple[Former, ...], date | None]]:
    """By account, who had it in this kind and until when: accepted placements that have ended, not those in error."""
    rows = session.execute(
        sa.select(Placement.account_id, Placement.organisation_id, Placement.round, Placement.ended_on)
        .join(Account, Account.id == Placement.account_id)
        .where(Placement.kind == criteria.kind, Placement.accepted_at.is_not(None), ~Placement.reverse)
        .where(Placement.ended_on.is_not(None), *segment(criteria))
        .order_by(Placement.account_id, Placement.id)
        .execution_options(yield_per=CHUNK)
    )
    found: dict[int, tuple[tuple[Former, ...], date | None]] = {}
    for account_id, organisation_id, round_, ended_on in rows:
        before, last = found.get(account_id, ((), None))
        former = Former(organisation_id, round_, ended_on)
        found[account_id] = ((*before, former), ended_on if last is None else max(last, ended_on))
    return found


def account_ids(session: Session, refs: Collection[str]) -> dict[str, int]:
    """Accounts by reference; one that is not there is not among them."""
    if not refs:
        return {}
    return dict(
        session.execute(sa.select(Account.account_ref, Account.id).where(Account.account_ref.in_(refs))).tuples().all()
    )


def currencies(session: Session) -> list[str]:
    """The currencies of the accounts in the book."""
    return list(session.scalars(sa.select(Account.currency).distinct().order_by(Account.currency)))


# --- runs ---------------------------------------------------------------------------------------------------------------

Maker, Decider = aliased(User), aliased(User)


def run_rows(actor: Actor) -> sa.Select[Any]:
    """Runs with the names of who made and who decided them."""
    return (
        visible(AllocationRun, actor)
        .add_columns(Maker.name.label("maker"), Decider.name.label("decider"))
        .outerjoin(Maker, Maker.id == AllocationRun.made_by)
        .outerjoin(Decider, Decider.id == AllocationRun.decided_by)
    )


def run_for(session: Session, actor: Actor, run_id: int) -> tuple[AllocationRun, str | None, str | None]:
    """One run with the names of who made and who decided it; NotFound where the actor sees none."""
    found = session.execute(run_rows(actor).where(AllocationRun.id == run_id)).first()
    if found is None:
        raise NotFound
    return found[0], found[1], found[2]


def tally_since(session: Session, run: AllocationRun) -> list[Tally]:
    """What a run had to leave out when it was sent, by reason."""
    rows = session.execute(
        sa.select(
            AllocationLine.reason,
            sa.func.count(),
            summed(AllocationLine.total_minor),
        )
        .where(AllocationLine.run_id == run.id, AllocationLine.reason.startswith(SINCE))
        .group_by(AllocationLine.reason)
        .order_by(sa.func.count().desc(), AllocationLine.reason)
    )
    return [Tally(*row) for row in rows]


def line_rows(actor: Actor, run_id: int) -> sa.Select[Any]:
    """The lines of a run, each with its account's reference and its receiver."""
    return (
        visible(AllocationLine, actor)
        .add_columns(Account.account_ref, Organisation)
        .join(Account, Account.id == AllocationLine.account_id)
        .outerjoin(Organisation, Organisation.id == AllocationLine.organisation_id)
        .where(AllocationLine.run_id == run_id)
    )


def runs_to_approve(session: Session, actor: Actor) -> int:
    """How many submitted runs wait for this person, who did not make them."""
    waiting = sa.select(sa.func.count()).where(
        AllocationRun.state == RunState.SUBMITTED, AllocationRun.made_by.is_distinct_from(actor.user_id)
    )
    return session.scalar(waiting) or 0


# --- batches ------------------------------------------------------------------------------------------------------------


def batch_rows(actor: Actor) -> sa.Select[Any]:
    """Batches that the actor may see, each with its organisation."""
    return (
        visible(PlacementBatch, actor)
        .add_columns(Organisation)
        .join(Organisation, Organisation.id == PlacementBatch.organisation_id)
    )


def batch_for(session: Session, actor: Actor, batch_id: int) -> PlacementBatch:
    """One batch with its organisation and terms; NotFound where the actor sees none."""
    found = session.scalar(
        visible(PlacementBatch, actor)
        .where(PlacementBatch.id == batch_id)
        .options(joinedload(PlacementBatch.organisation), joinedload(PlacementBatch.contract_version))
    )
    if found is None:
        raise NotFound
    return found


def batches_of_run(session: Session, run: AllocationRun) -> list[PlacementBatch]:
    """What a run was sent as, by organisation's code."""
    return list(
        session.scalars(
            sa.select(PlacementBatch)
            .join(Organisation, Organisation.id == PlacementBatch.organisation_id)
            .where(PlacementBatch.run_id == run.id)
            .options(joinedload(PlacementBatch.organisation))
            .order_by(Organisation.code)
        )
    )


def batches_by_bucket(session: Session, run: AllocationRun) -> dict[int, list[tuple[str, int, int]]]:
    """Of each batch of a run that has just been sent: bucket, accounts and amount in minor units as placed."""
    rows = session.execute(
        sa.select(
            Placement.batch_id,
            Placement.placed_bucket,
            sa.func.count(),
            summed(Placement.placed_total_minor),
        )
        .join(PlacementBatch, PlacementBatch.id == Placement.batch_id)
        .where(PlacementBatch.run_id == run.id)
        .group_by(Placement.batch_id, Placement.placed_bucket)
        .order_by(Placement.batch_id, Placement.placed_bucket)
    )
    found: dict[int, list[tuple[str, int, int]]] = {}
    for batch_id, *part in rows:
        found.setdefault(batch_id, []).append(tuple(part))
    return found


def placement_rows(actor: Actor, batch_id: int) -> sa.Select[Any]:
    """The placements of a batch, each with its `account_reference`. Before an organisation has accepted them it sees none."""
    return (
        visible(Placement, actor)
        .add_columns(*account_reference())
        .outerjoin(Account, Account.id == Placement.account_id)
        .where(Placement.batch_id == batch_id, sa.or_(Account.id.is_not(None), Placement.past_ref != ""))
    )


def batches_to_answer(session: Session, actor: Actor) -> int:
    """How many batches wait for an answer of this organisation."""
    waiting = visible(PlacementBatch, actor).where(PlacementBatch.state == BatchState.SENT).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(waiting)) or 0


def batch_numbered(session: Session, actor: Actor, number: str) -> PlacementBatch | None:
    """The batch with this number, if the actor may see it."""
    return session.scalar(visible(PlacementBatch, actor).where(PlacementBatch.number == number))


def run_numbered(session: Session, actor: Actor, number: str) -> AllocationRun | None:
    """The run with this number, if the actor may see it."""
    return session.scalar(visible(AllocationRun, actor).where(AllocationRun.number == number))
