"""Which accounts may be placed, and what stands in the way of the others (the scrub), as one SQL expression.

A run asks twice: when it is made and again at the moment it is sent, since weeks may lie between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.placement.conditions import matching
from portal.placement.criteria import UnknownLimitation
from portal.placement.models import Placement
from portal.portfolio import limitation_sql
from portal.portfolio.models import Account, AccountStatus, Hold
from portal.vendors.models import PlacementKind

if TYPE_CHECKING:
    from datetime import date

    from portal.placement.criteria import Criteria

__all__ = ["EXCLUDING", "HOLD", "SINCE", "Obstacles", "excluding_kinds", "segment"]

EXCLUDING = (PlacementKind.COLLECTION, PlacementKind.LITIGATION)
HOLD = "hold:"  # before the flag, in a reason code
SINCE = "since:"  # before the reason code of what came between the decision and the sending


def excluding_kinds(kind: PlacementKind) -> tuple[PlacementKind, ...]:
    """The kinds whose live placement of an account excludes a new one of this kind (DESIGN section 3.1)."""
    return EXCLUDING if kind in EXCLUDING else (kind,)


def segment(criteria: Criteria) -> list[sa.ColumnElement[bool]]:
    """The accounts that the criteria name, whatever stands in their way. A closed account is none of them."""
    conditions = [
        Account.currency == criteria.currency,
        Account.status == AccountStatus.OPEN,
        Account.bucket.in_(criteria.buckets),
        Account.total_minor > 0,
    ]
    if criteria.from_minor is not None:
        conditions.append(Account.total_minor >= criteria.from_minor)
    if criteria.to_minor is not None:
        conditions.append(Account.total_minor <= criteria.to_minor)
    return [*conditions, *matching(criteria.conditions)]


class Obstacles:
    """What stands in the way of placing an account in a kind on a day: `reason` beside accounts that `beside` joins.

    `reason` is null where nothing does, else one of `closed`, `hold:<flag>` (the first flag by name where several
    stand), `placed` (somebody holds it in a kind that excludes this one), `letter_placed`, `limitation` (the claim has
    expired by `today`), `limitation_unknown` (no law is known for its region, and such accounts are to be left out).
    Joined as sets rather than asked account by account, so that a million accounts are one pass.
    """

    def __init__(
        self, kind: PlacementKind, today: date, unknown_limitation: UnknownLimitation = UnknownLimitation.PLACE
    ) -> None:
        flag = sa.func.min(sa.type_coerce(Hold.flag, sa.String)).label("flag")
        of_account = sa.select(Hold.account_id, flag).where(Hold.released_at.is_(None), Hold.account_id.is_not(None))
        of_person = sa.select(Hold.customer_id, flag).where(Hold.released_at.is_(None), Hold.account_id.is_(None))
        live = sa.select(Placement.account_id).where(
            Placement.ended_at.is_(None), Placement.kind.in_(excluding_kinds(kind))
        )
        self._account = of_account.group_by(Hold.account_id).subquery("account_hold")
        self._person = of_person.group_by(Hold.customer_id).subquery("person_hold")
        self._live = live.subquery("live_placement")
        held = sa.func.coalesce(self._account.c.flag, self._person.c.flag)
        placed = "letter_placed" if kind is PlacementKind.LETTER else "placed"
        self.reason: sa.ColumnElement[str | None] = sa.case(
            (Account.status != AccountStatus.OPEN, "closed"),
            (Account.total_minor <= 0, "closed"),
            (held.is_not(None), sa.literal(HOLD).concat(held)),
            (self._live.c.account_id.is_not(None), placed),
            (limitation_sql.expired(today), "limitation"),
            *_of_unknown(unknown_limitation),
            else_=sa.null(),
        )

    def beside(self, statement: sa.Select[Any]) -> sa.Select[Any]:
        """The statement, which reads `Account`, with what `reason` needs."""
        return (
            statement.outerjoin(self._account, self._account.c.account_id == Account.id)
            .outerjoin(self._person, self._person.c.customer_id == Account.customer_id)
            .outerjoin(self._live, self._live.c.account_id == Account.id)
        )


def _of_unknown(wanted: UnknownLimitation) -> list[tuple[sa.ColumnElement[bool], str]]:
    leave_out = wanted is UnknownLimitation.LEAVE_OUT
    return [(limitation_sql.unknown(), "limitation_unknown")] if leave_out else []
