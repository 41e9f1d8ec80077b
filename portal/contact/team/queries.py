"""What the team's page and its list of accounts read: per collector, and account by account."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.contact.days import work_by_person
from portal.contact.models import DeskTotal, WorkItem
from portal.contact.queue import COUNTED_TO, count_untouched
from portal.contact.team.desks import Scope, colleagues
from portal.foundation.access import Permission
from portal.foundation.filters import Filter
from portal.foundation.hooks import account_filters
from portal.foundation.language import _l, say
from portal.foundation.services import services
from portal.foundation.visibility import visible
from portal.portfolio.models import Account

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.contact.days import Span, Work
    from portal.foundation.access import Actor

__all__ = ["DealtAccount", "Desk", "dealt_accounts", "desks_of", "filters_of_accounts", "pool_new", "team_items"]


@dataclass(frozen=True, slots=True)
class Desk:
    """A collector of the team, or the pool (`user_id` None). Totals by currency: accounts, and minor units as placed.

    `untouched` is counted up to `COUNTED_TO`. `work`: what was logged in the span that was asked for.
    """

    user_id: int | None
    name: str
    may_work: bool
    is_collector: bool = False
    totals: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    untouched: int = 0
    work: Work | None = None

    @property
    def accounts(self) -> int:
        """In all currencies."""
        return sum(accounts for accounts, _ in self.totals.values())

    @property
    def has_more_untouched(self) -> bool:
        """Whether there may be more than were counted."""
        return self.untouched >= COUNTED_TO


def desks_of(session: Session, actor: Actor, today: date, span: Span) -> tuple[Desk, list[Desk]]:
    """The pool, and everybody who works the queue or still has accounts in it, by name."""
    totals = _totals(session, actor)
    worked = work_by_person(session, actor, span)

    def untouched(desk: int | None) -> int:
        return count_untouched(session, actor, today, Scope((desk,))) if totals.get(desk or 0) else 0

    people = [
        Desk(
            each.user_id, each.name, each.may_work, each.is_collector, totals.get(each.user_id, {}), untouched(each.user_id),
            worked.get(each.user_id),
        )
        for each in colleagues(session, actor, today)
        if each.may_work or totals.get(each.user_id) or each.user_id in worked
    ]  # fmt: skip
    return Desk(None, "", may_work=False, totals=totals.get(0, {}), untouched=untouched(None)), people


def _totals(session: Session, actor: Actor) -> dict[int, dict[str, tuple[int, int]]]:
    found: dict[int, dict[str, tuple[int, int]]] = {}
    mine = visible(DeskTotal, actor).where(DeskTotal.organisation_id == actor.organisation_id, DeskTotal.accounts > 0)
    for row in session.scalars(mine.order_by(DeskTotal.user_id, DeskTotal.currency)):
        found.setdefault(row.user_id, {})[row.currency] = (row.accounts, row.value_minor)
    return found


def pool_new(session: Session, actor: Actor) -> int:
    """How many of the pool nobody has tried, counted up to `COUNTED_TO`."""
    new = visible(WorkItem, actor).where(
        WorkItem.open.is_(True), WorkItem.assigned_to.is_(None), WorkItem.next_kind == "new"
    )
    some = new.with_only_columns(WorkItem.id).limit(COUNTED_TO).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(some)) or 0


@dataclass(frozen=True, slots=True)
class DealtAccount:
    """A place in the queue with its account, and on whose desk it lies (empty: the pool)."""

    item: WorkItem
    account: Account
    desk: str

    @property
    def currency(self) -> str:
        """The account's."""
        return self.account.currency


def team_items(actor: Actor) -> sa.Select[Any]:
    """All that stands in the queue of the actor's organisation."""
    return visible(WorkItem, actor).where(WorkItem.organisation_id == actor.organisation_id, WorkItem.open.is_(True))


def dealt_accounts(session: Session, actor: Actor, items: Sequence[WorkItem]) -> list[DealtAccount]:
    """The same with account and desk, in the same order."""
    ids = [item.account_id for item in items]
    accounts = {a.id: a for a in session.scalars(visible(Account, actor).where(Account.id.in_(ids)))}
    names = {each.user_id: each.name for each in colleagues(session, actor)}
    return [DealtAccount(i, accounts[i.account_id], names.get(i.assigned_to or 0, "")) for i in items]


@account_filters.register
def filters_of_accounts(session: Session, actor: Actor, placement_id: Any) -> list[Filter]:
    """By desk and by work standard, in the list of all that the agency holds."""
    if not actor.can(Permission.QUEUE_DEAL):
        return []
    today = services().clock.today()
    untouched = count_untouched(session, actor, today, Scope())
    counted = f"{untouched:,}"
    more = untouched >= COUNTED_TO
    label = say("untouched (%(n)s+)", n=counted) if more else say("untouched (%(n)s)", n=counted)
    return [
        whose_filter(
            session,
            actor,
            lambda statement, of_desk: statement.where(placement_id.in_(_placements(actor).where(of_desk))),
        ),
        Filter(
            "standard", _l("Work standard"), "choice",
            lambda statement, _v: statement.where(
                placement_id.in_(_placements(actor).where(WorkItem.try_by < today))
            ),
            [("untouched", label)],
        ),
    ]  # fmt: skip


def _placements(actor: Actor) -> sa.Select[Any]:
    return team_items(actor).with_only_columns(WorkItem.placement_id)


def whose_filter(session: Session, actor: Actor, narrow: Any) -> Filter:
    """Whose work: `narrow(statement, condition)` puts the condition on places of the queue to the statement."""

    def apply(statement: Any, value: str) -> Any:
        desk = None if value == "pool" else int(value)
        return narrow(statement, Scope((desk,)).conditions()[0])

    people = [(str(each.user_id), each.name) for each in colleagues(session, actor)]
    return Filter("whose", _l("Worked by"), "choice", apply, [("pool", _l("the pool")), *people])
