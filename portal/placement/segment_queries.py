"""Reads of saved segments, and how many accounts a question finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.foundation.database import summed
from portal.foundation.errors import NotFound
from portal.foundation.visibility import visible
from portal.identity.models import User
from portal.placement import eligibility
from portal.placement.criteria import Criteria
from portal.placement.fairness import Tally
from portal.placement.segment_models import Segment
from portal.portfolio import limitation_sql
from portal.portfolio.models import Account
from portal.vendors.models import PlacementKind

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = [
    "Scrubbed", "changer_of", "conditions_of_segment", "count_of", "criteria_of", "scrub", "segment_for", "segment_rows",
    "segments_to_choose", "taken_names",
]  # fmt: skip


def segment_rows(actor: Actor) -> sa.Select[tuple[Segment]]:
    """All segments, archived ones too."""
    return visible(Segment, actor)


def changer_of(session: Session, actor: Actor, segment: Segment) -> str | None:
    """The name of who changed a segment last."""
    return session.scalar(visible(User, actor).where(User.id == segment.changed_by).with_only_columns(User.name))


def segment_for(session: Session, actor: Actor, segment_id: int, *, lock: bool = False, fresh: bool = False) -> Segment:
    """One segment, kept for this transaction where `lock`, read anew where `fresh`; NotFound where the actor sees none."""
    wanted = visible(Segment, actor).where(Segment.id == segment_id)
    if lock:
        wanted = wanted.with_for_update()
    if lock or fresh:
        wanted = wanted.execution_options(populate_existing=True)
    found = session.scalar(wanted)
    if found is None:
        raise NotFound
    return found


def segments_to_choose(session: Session, actor: Actor) -> list[Segment]:
    """Those that are not archived, by name."""
    return list(session.scalars(visible(Segment, actor).where(Segment.archived_at.is_(None)).order_by(Segment.name)))


def taken_names(session: Session, actor: Actor) -> set[str]:
    """The names that no new segment may have."""
    return {segment.name for segment in segments_to_choose(session, actor)}


def conditions_of_segment(session: Session, actor: Actor, segment_id: int) -> Criteria:
    """What a run made from the segment asks for, as it is now: `dataclasses.replace` gives it its kind and its seed.
    NotFound where the actor sees none."""
    return criteria_of(segment_for(session, actor, segment_id))


def criteria_of(segment: Segment) -> Criteria:
    """A segment's question, as of a run of collection."""
    return Criteria.from_data(PlacementKind.COLLECTION, segment.data["currency"], 1, segment.data)


def count_of(session: Session, criteria: Criteria) -> Tally:
    """The accounts that a question finds, whatever stands in their way."""
    found = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(Account.total_minor), 0))
    accounts, total = session.execute(found.where(*eligibility.segment(criteria))).one()
    return Tally(None, accounts, int(total))


@dataclass(frozen=True)
class Scrubbed:
    """What of a segment can be placed now, and what stands in the way of the rest; the tallies add up to the whole.

    `soon` and `unknown` are warnings about eligible accounts: their limitation ends soon, or is not known.
    """

    by_bucket: tuple[Tally, ...]
    eligible: Tally
    left_out: tuple[Tally, ...]
    soon: Tally
    unknown: Tally

    @property
    def accounts(self) -> int:
        """All accounts of the segment."""
        return sum(tally.accounts for tally in self.by_bucket)

    @property
    def total_minor(self) -> int:
        """What all of them owe."""
        return sum(tally.total_minor for tally in self.by_bucket)


def scrub(session: Session, criteria: Criteria, today: date) -> Scrubbed:
    """The whole segment in one pass, by bucket, obstacle and warning."""
    obstacles = eligibility.Obstacles(criteria.kind, today, criteria.unknown_limitation)
    warning = sa.case(
        (limitation_sql.expires_soon(today), "soon"), (limitation_sql.unknown(), "unknown"), else_=sa.null()
    )
    columns = (Account.bucket, obstacles.reason.label("reason"), warning.label("warning"), Account.total_minor)
    one = obstacles.beside(sa.select(*columns).select_from(Account)).where(*eligibility.segment(criteria)).subquery()
    keys = (one.c.bucket, one.c.reason, one.c.warning)
    amount = summed(one.c.total_minor)
    rows = session.execute(sa.select(*keys, sa.func.count(), amount).group_by(*keys)).all()
    free = [row for row in rows if row[1] is None]
    reasons = _tallies((row[1], row[3], row[4]) for row in rows if row[1] is not None)
    return Scrubbed(
        by_bucket=tuple(sorted(_tallies((row[0], row[3], row[4]) for row in rows))),
        eligible=_sum(None, free),
        left_out=tuple(sorted(reasons, key=lambda t: (-t.accounts, t.reason or ""))),
        soon=_sum("limitation_soon", [row for row in free if row[2] == "soon"]),
        unknown=_sum("limitation_unknown", [row for row in free if row[2] == "unknown"]),
    )


def _sum(name: str | None, rows: Any) -> Tally:
    return Tally(name, sum(row[3] for row in rows), sum(row[4] for row in rows))


def _tallies(rows: Any) -> list[Tally]:
    sums: dict[str, tuple[int, int]] = {}
    for name, accounts, total in rows:
        before = sums.get(name, (0, 0))
        sums[name] = (before[0] + accounts, before[1] + total)
    return [Tally(name, *found) for name, found in sums.items()]
