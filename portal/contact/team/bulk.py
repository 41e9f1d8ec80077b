"""Set-based work of dealing: places in the queue change desks by the thousand.

One of the modules that may pass the net under ORM statements. Every statement names the organisation.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.contact.models import WorkItem
from portal.contact.team.dealing import Parcel
from portal.foundation.bulk import in_chunks
from portal.foundation.visibility import actor_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy.orm import Session

__all__ = ["Moved", "give", "ids_of", "in_pool", "known_by", "move", "moved_of"]

CHUNK = 2_000
Moved = dict[str, tuple[int, int]]  # by currency: accounts, minor units


def open_items(organisation_id: int) -> sa.ColumnElement[bool]:
    """What is in an organisation's queue."""
    return sa.and_(WorkItem.organisation_id == organisation_id, WorkItem.open.is_(True))


def in_pool(organisation_id: int, new_only: bool) -> sa.ColumnElement[bool]:
    """What nobody was dealt; `new_only`: and nobody has tried."""
    pool = sa.and_(open_items(organisation_id), WorkItem.assigned_to.is_(None))
    return sa.and_(pool, WorkItem.next_kind == "new") if new_only else pool


def parcels_of(session: Session, which: sa.ColumnElement[bool]) -> Iterator[Parcel]:
    """What is to be dealt."""
    actor_of(session)
    columns = (WorkItem.id, WorkItem.customer_id, WorkItem.value_minor, WorkItem.currency)
    return (Parcel(*row) for row in session.execute(sa.select(*columns).where(which).order_by(WorkItem.id)))


def known_by(session: Session, organisation_id: int, collectors: Sequence[int]) -> dict[int, int]:
    """By customer the collector of these who has an account of theirs; the one with the lowest number where several have."""
    actor_of(session)
    theirs = sa.select(WorkItem.customer_id, sa.func.min(WorkItem.assigned_to)).where(
        open_items(organisation_id), WorkItem.assigned_to.in_(collectors)
    )
    found = session.execute(theirs.group_by(WorkItem.customer_id))
    return {customer: collector for customer, collector in found if collector is not None}


def ids_of(session: Session, organisation_id: int, desk: int) -> list[int]:
    """What a collector has in the queue."""
    mine = sa.select(WorkItem.id).where(open_items(organisation_id), WorkItem.assigned_to == desk)
    return list(session.scalars(mine.order_by(WorkItem.id)))


def moved_of(session: Session, which: sa.ColumnElement[bool]) -> Moved:
    """What these come to, before they are moved."""
    sums = sa.select(WorkItem.currency, sa.func.count(), sa.func.sum(WorkItem.value_minor)).where(which)
    return {c: (n, int(minor)) for c, n, minor in session.execute(sums.group_by(WorkItem.currency))}


def move(session: Session, which: sa.ColumnElement[bool], to: int | None) -> int:
    """Put these on a collector's desk, or into the pool for None; how many there were."""
    actor_of(session)
    moved = session.execute(
        sa.update(WorkItem).where(which).values(assigned_to=to),
        execution_options={"synchronize_session": False, "preserve_rowcount": True},
    )
    return int(moved.rowcount)  # type: ignore[attr-defined]


def give(
    session: Session, organisation_id: int, dealt: Mapping[int, int | None], step: Callable[[int, int], None]
) -> None:
    """Put each place in the queue on its desk, some thousands at a time; `step` hears how many of how many."""
    by_desk: dict[int | None, list[int]] = defaultdict(list)
    for item_id, desk in dealt.items():
        by_desk[desk].append(item_id)
    done = 0
    for desk, chunk in _chunks(by_desk.items()):
        done += len(chunk)
        move(session, sa.and_(open_items(organisation_id), WorkItem.id.in_(chunk)), desk)
        step(done, len(dealt))


def _chunks(desks: Iterable[tuple[int | None, list[int]]]) -> Iterator[tuple[int | None, list[int]]]:
    for desk, ids in desks:
        for chunk in in_chunks(ids, CHUNK):
            yield desk, chunk
