"""Who next: the queue as ranges of one index, so that a page costs the same in a book of a thousand and of a million.

A segment is one range of `ix_work_item_queue`, or of each desk's in `ix_work_item_desk`: a kind, and days before, on or after
today. A tab of the page is a row of segments; a page is filled from the first of them, then the next. What is untouched
is a range by the work standard's day instead. Accounts and people are fetched for the rows of the page alone.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from portal.contact.conduct import Decision, Question
from portal.contact.facts import check_contact, facts_of
from portal.contact.history import Debtor
from portal.contact.models import CarriedPromise, Promise, PromiseState, WorkItem
from portal.contact.policy import in_grace_since
from portal.contact.team.desks import scope_of
from portal.foundation import hooks
from portal.foundation.visibility import visible
from portal.portfolio.models import Account, Customer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from portal.contact.team.desks import Scope
    from portal.foundation.access import Actor

__all__ = [
    "TABS", "UNTOUCHED", "Place", "QueuePage", "QueueRow", "count_untouched", "next_account", "queue_counts", "queue_page",
]  # fmt: skip

PAGE = 50
COUNTED_TO: Final = 1_000  # a tab with more shows this many and a plus
UNTOUCHED: Final = "untouched"
FIRST_LOOK = 4
CLOSED: Final = ("block", "presume")
LOOK_AHEAD = 30  # how far down the queue the next account that may be called is looked for


@dataclass(frozen=True, slots=True)
class Segment:
    """A kind of work, and whether its day is `past`, `today`, `due` (past or today) or `later`.

    The kind `untouched` is any work whose day by the work standard has passed, the oldest first. The day of a promise is today
    as long as its days of grace last. That of a plan is the one on which it is broken.
    """

    kind: str
    when: str

    @property
    def is_by_standard(self) -> bool:
        """Whether it goes by the work standard and not by whose turn it is."""
        return self.kind == UNTOUCHED

    def order(self, item: WorkItem) -> tuple[date, int, int]:
        """What its rows are sorted by; value counts where it goes by turn."""
        return (item.try_by, 0, item.id) if self.is_by_standard else (item.next_on, -item.value_minor, item.id)


TABS: Final[dict[str, tuple[Segment, ...]]] = {
    "due": (Segment("promise", "today"),),
    "broken": (Segment("promise", "past"), Segment("broken", "due"), Segment("plan", "due")),
    "callback": (Segment("callback", "due"),),
    "new": (Segment("new", "due"),),
    "rest": (Segment("rest", "due"),),
    "later": (
        Segment("promise", "later"),
        Segment("broken", "later"),
        Segment("callback", "later"),
        Segment("rest", "later"),
        Segment("plan", "later"),
    ),
    UNTOUCHED: (Segment(UNTOUCHED, "past"),),
}
# The order of the day: what was agreed for today comes first, then what was not kept, then who has not been tried.
ORDER: Final = tuple(segment for tab in ("due", "broken", "callback", "new", "rest") for segment in TABS[tab])


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a tab: the segment and the row behind which a page begins."""

    segment: int
    on: date
    value_minor: int
    id: int

    def encode(self) -> str:
        """For the address bar."""
        plain = json.dumps([self.segment, self.on.isoformat(), self.value_minor, self.id], separators=(",", ":"))
        return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Place | None:
        """None for what no page ever gave out."""
        try:
            segment, on, value, key = json.loads(base64.urlsafe_b64decode(text[:200] + "=" * (-len(text[:200]) % 4)))
            place = cls(int(segment), date.fromisoformat(on), int(value), int(key))
        except (ValueError, TypeError, OverflowError):  # JSON knows numbers that are infinite
            return None
        fits = 0 <= place.segment < 16 and abs(place.value_minor) < 2**63 and 0 < place.id < 2**63
        return place if fits else None


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One account of the queue. `decision`: whether a call is allowed now, before a number is chosen. `promised_on`: the
    next day for which an earlier holder was promised something. `broken_on`: the day of the last promise, where it was not
    kept and nothing was paid since. `is_untouched`: the work standard's day has passed."""

    item: WorkItem
    account: Account
    customer: Customer
    decision: Decision
    tab: str
    promised_on: date | None = None
    broken_on: date | None = None
    is_untouched: bool = False


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A page of the queue and the place behind it, if there is more."""

    rows: tuple[QueueRow, ...]
    older: Place | None


def queue_page(
    session: Session, actor: Actor, now: datetime, today: date, tab: str | None = None,
    after: Place | None = None, size: int = PAGE, scope: Scope | None = None,
) -> QueuePage:  # fmt: skip
    """A page of a tab, or of the day's whole order where none is named. `scope`: whose work, the actor's usual if left out."""
    scope = scope or scope_of(session, actor)
    segments = TABS.get(tab or "", ORDER)
    found: list[tuple[int, WorkItem]] = []
    first = after.segment if after else 0
    for number, segment in enumerate(segments[first:], first):
        place = after if after and number == after.segment else None
        wanted = size + 1 - len(found)
        if wanted > 0:
            ranges = _ranges(actor, segment, today, scope)
            found += [(number, item) for item in _first_of(session, segment, ranges, place, wanted)]
    shown = found[:size]
    older = None
    if len(found) > size:
        number, last = shown[-1]
        on, minus_value, key = segments[number].order(last)
        older = Place(number, on, -minus_value, key)
    return QueuePage(_rows(session, actor, [item for _, item in shown], now, today), older)


def _ranges(actor: Actor, segment: Segment, today: date, scope: Scope) -> list[sa.Select[tuple[WorkItem]]]:
    """A segment's range of the index, one for each desk."""
    whole = visible(WorkItem, actor).where(WorkItem.open.is_(True))
    if segment.is_by_standard:
        whole = whole.where(WorkItem.try_by < today).order_by(WorkItem.try_by, WorkItem.id)
    else:
        whole = whole.where(WorkItem.next_kind == segment.kind, _days(segment, today))
        whole = whole.order_by(WorkItem.next_on, WorkItem.value_minor.desc(), WorkItem.id)
    return [whole.where(of_desk) for of_desk in scope.conditions()]


def _first_of(
    session: Session, segment: Segment, ranges: Sequence[sa.Select[tuple[WorkItem]]], place: Place | None, wanted: int
) -> list[WorkItem]:
    """The first rows of several desks' ranges behind a place, in one order."""
    found: list[WorkItem] = []
    for whole in ranges:
        of_desk: list[WorkItem] = []
        for part in _behind(segment, whole, place):
            if len(of_desk) < wanted:
                of_desk += session.scalars(part.limit(wanted - len(of_desk)))
        found += of_desk
    return sorted(found, key=segment.order)[:wanted] if len(ranges) > 1 else found


def _behind(
    segment: Segment, whole: sa.Select[tuple[WorkItem]], place: Place | None
) -> list[sa.Select[tuple[WorkItem]]]:
    """The rest of a range behind a place: what is left of its day, then the days after it.

    Two statements, because each is a range of the index by itself; as one, every row of the day before the place would
    be read and thrown away.
    """
    if place is None:
        return [whole]
    if segment.is_by_standard:
        same_day = whole.where(WorkItem.try_by == place.on, WorkItem.id > place.id)
        return [same_day, whole.where(WorkItem.try_by > place.on)]
    less = WorkItem.value_minor < place.value_minor
    tied = sa.and_(WorkItem.value_minor == place.value_minor, WorkItem.id > place.id)
    same_day = whole.where(WorkItem.next_on == place.on, WorkItem.value_minor <= place.value_minor, sa.or_(less, tied))
    return [same_day, whole.where(WorkItem.next_on > place.on)]


def _days(segment: Segment, today: date) -> sa.ColumnElement[bool]:
    if segment.when == "past":
        return WorkItem.next_on < in_grace_since(today)
    if segment.when == "today":
        return WorkItem.next_on.between(in_grace_since(today), today)
    return WorkItem.next_on <= today if segment.when == "due" else WorkItem.next_on > today


def _rows(
    session: Session, actor: Actor, items: Sequence[WorkItem], now: datetime, today: date
) -> tuple[QueueRow, ...]:
    """The accounts and people of these items, and whether each may be called now. Accounts that are gone are left out."""
    if not items:
        return ()
    accounts = {
        account.id: (account, customer)
        for account, customer in session.execute(
            visible(Account, actor)
            .join(Customer, Customer.id == Account.customer_id)
            .add_columns(Customer)
            .where(Account.id.in_([item.account_id for item in items]))
        )
    }
    facts = facts_of(session, actor, [Debtor.of(*pair) for pair in accounts.values()], now)
    asked = Question(now, "call")
    promised = _promised_before(session, actor, list(accounts), today)
    broken = _broken(session, actor, [item.placement_id for item in items], today)
    return tuple(
        QueueRow(
            item,
            *accounts[item.account_id],
            check_contact(facts[item.account_id], asked).decision,
            tab_of(item, today),
            promised.get(item.account_id),
            broken.get(item.placement_id),
            item.try_by < today,
        )
        for item in items
        if item.account_id in accounts
    )


def _promised_before(session: Session, actor: Actor, account_ids: Sequence[int], today: date) -> dict[int, date]:
    """The next day that was promised to an earlier holder, of those accounts where one is still to come."""
    ahead = visible(CarriedPromise, actor).where(
        CarriedPromise.account_id.in_(account_ids),
        CarriedPromise.state == PromiseState.OPEN,
        CarriedPromise.kept_until >= today,
    )
    days = ahead.with_only_columns(CarriedPromise.account_id, sa.func.min(CarriedPromise.promised_on))
    return {row[0]: row[1] for row in session.execute(days.group_by(CarriedPromise.account_id))}


def _broken(session: Session, actor: Actor, placement_ids: Sequence[int], today: date) -> dict[int, date]:
    """The day of each placement's last promise, where that was not kept and nothing was credited from that day on."""
    counts = visible(Promise, actor).where(
        Promise.placement_id.in_(placement_ids),
        Promise.state.in_((PromiseState.OPEN, PromiseState.KEPT, PromiseState.BROKEN)),
    )
    last = {
        row.placement_id: row
        for row in session.execute(
            counts.with_only_columns(
                Promise.placement_id, Promise.promised_on, Promise.kept_until, Promise.state, _paid_since(actor)
            ).order_by(Promise.created_at, Promise.promised_on)
        )
    }
    return {key: row.promised_on for key, row in last.items() if row.paid <= 0 and _is_broken(row, today)}


def _paid_since(actor: Actor) -> sa.Label[int]:
    """What was credited for a promise's account from its day on, what was taken back again taken off."""
    lines = hooks.credit_lines.one(actor).subquery()
    since = sa.select(sa.func.coalesce(sa.func.sum(lines.c.credit_minor), 0)).where(
        lines.c.account_id == Promise.account_id, lines.c.paid_on >= Promise.promised_on
    )
    return since.correlate(Promise).scalar_subquery().label("paid")


def _is_broken(promise: Any, today: date) -> bool:
    is_late = promise.state is PromiseState.OPEN and promise.kept_until < today
    return promise.state is PromiseState.BROKEN or is_late


def tab_of(item: WorkItem, today: date) -> str:
    """The tab under which an item stands today."""
    if item.next_kind != "new" and item.next_on > today:
        return "later"
    if item.next_kind == "promise":
        return "due" if item.next_on >= in_grace_since(today) else "broken"
    return "broken" if item.next_kind == "plan" else item.next_kind


def queue_counts(session: Session, actor: Actor, today: date, scope: Scope | None = None) -> dict[str, int]:
    """How many stand under each tab, counted up to COUNTED_TO so that the count costs the same in any book."""
    scope = scope or scope_of(session, actor)
    return {tab: _count(session, actor, today, scope, segments) for tab, segments in TABS.items()}


def _count(session: Session, actor: Actor, today: date, scope: Scope, segments: Sequence[Segment]) -> int:
    number = 0
    for segment in segments:
        for of_desk in _ranges(actor, segment, today, scope):
            some = of_desk.order_by(None).limit(COUNTED_TO - number).with_only_columns(WorkItem.id)
            number += session.scalar(sa.select(sa.func.count()).select_from(some.subquery())) or 0
    return number


def count_untouched(session: Session, actor: Actor, today: date, scope: Scope) -> int:
    """How many the work standard says should have been tried, counted up to COUNTED_TO."""
    return _count(session, actor, today, scope, TABS[UNTOUCHED])


def next_account(
    session: Session, actor: Actor, now: datetime, today: date, tab: str | None, leave_out: int,
    scope: Scope | None = None,
) -> int | None:  # fmt: skip
    """The first account of the tab that may be called now without a word of reason, and is not to be called at a later hour of the day; the first at
    all where there is none such, None at the end."""
    rows: list[QueueRow] = []
    for size in (FIRST_LOOK, LOOK_AHEAD):  # the first may nearly always be called
        page = queue_page(session, actor, now, today, tab, size=size, scope=scope)
        rows = [row for row in page.rows if row.account.id != leave_out]
        for row in rows:
            if row.decision.verdict not in CLOSED and (row.item.next_at is None or row.item.next_at <= now):
                return row.account.id
    return rows[0].account.id if rows else None
