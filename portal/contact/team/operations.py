"""What a team's leader does: deal accounts out to collectors, take them back, hand them over when somebody leaves.

Each deed is one transaction and one event of the audit trail, however many accounts it moves. What is more than a page's
answer should wait for is a job; done again after its worker died it finds what is still to be moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from portal.contact.models import TeamRule, WorkItem
from portal.contact.team import bulk
from portal.contact.team.dealing import By, deal_evenly
from portal.contact.team.desks import colleagues
from portal.foundation import hooks
from portal.foundation.access import Permission, demand
from portal.foundation.bulk import one_at_a_time
from portal.foundation.errors import DomainError, NotFound
from portal.foundation.language import say
from portal.foundation.visibility import visible
from portal.foundation.work import transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from portal.contact.team.bulk import Moved
    from portal.foundation.access import Actor
    from portal.foundation.jobs import Job
    from portal.foundation.work import Work

__all__ = [
    "DEAL", "HAND_OVER", "MOST_AT_ONCE", "Dealt", "Evenly", "ask_to_deal", "ask_to_hand_over", "deal", "deal_chosen",
    "hand_over", "settle_rule",
]  # fmt: skip

DEAL: Final = "contact.deal"
HAND_OVER: Final = "contact.hand_over"
MOST_AT_ONCE = 2_000  # accounts that are moved while somebody waits for the page


@dataclass(frozen=True, slots=True)
class Dealt:
    """What was moved: accounts, and how many of them each collector got."""

    accounts: int
    by_person: dict[int, int]


@dataclass(frozen=True, slots=True)
class Evenly:
    """The wish to deal the pool out evenly: to whom, by what, and whether only what nobody has tried."""

    people: tuple[int, ...]
    by: By
    new_only: bool = True


def _silent(_done: int, _total: int) -> None:
    """Nobody waits for it."""


def deal_chosen(actor: Actor, item_ids: Sequence[int], to: int | None) -> Dealt:
    """Put chosen places of the queue on a collector's desk, or back into the pool for None.

    Those that have ended meanwhile are left out. DomainError where nothing was chosen, or `to` may not be dealt anything.
    """
    demand(actor, Permission.QUEUE_DEAL)
    if not item_ids:
        raise DomainError("team.nothing", say("Choose the accounts first: tick them in the list."))
    if len(item_ids) > MOST_AT_ONCE:
        words = say("At most %(most)s accounts are chosen at once. Deal them out in parts.", most=f"{MOST_AT_ONCE:,}")
        raise DomainError("team.too_many", words)
    with transaction(actor) as work:
        _check_people(work, () if to is None else (to,), "to")
        wanted = sa.and_(
            bulk.open_items(_organisation(work)), WorkItem.id.in_(item_ids), WorkItem.assigned_to.is_distinct_from(to)
        )
        moved = bulk.moved_of(work.session, wanted)
        accounts = bulk.move(work.session, wanted, to)
        if accounts:
            _note(work, "work.dealt", moved, {} if to is None else {to: accounts}, how="chosen")
        return Dealt(accounts, {} if to is None else {to: accounts})


def ask_to_deal(actor: Actor, wish: Evenly) -> Dealt | Job:
    """Deal the pool out evenly, at once or, where it is large, as a job. DomainError as `deal`."""
    demand(actor, Permission.QUEUE_DEAL)
    with transaction(actor) as work:
        _check_people(work, wish.people, "people")
        pool = bulk.in_pool(_organisation(work), wish.new_only)
        if not _is_large(work, pool):
            return _deal(work, wish, _silent)
        payload = {"people": list(wish.people), "by": wish.by.value, "new_only": wish.new_only}
        return work.request_job(DEAL, _key(work), payload)


def deal(actor: Actor, wish: Evenly, step: Callable[[int, int], None] = _silent) -> Dealt:
    """Deal the pool out evenly. DomainError where nobody is named or somebody may not be dealt anything."""
    demand(actor, Permission.QUEUE_DEAL)
    with transaction(actor) as work:
        _check_people(work, wish.people, "people")
        return _deal(work, wish, step)


def _deal(work: Work, wish: Evenly, step: Callable[[int, int], None]) -> Dealt:
    organisation = _organisation(work)
    _alone(work)
    pool = bulk.in_pool(organisation, wish.new_only)
    moved = bulk.moved_of(work.session, pool)
    known = bulk.known_by(work.session, organisation, wish.people)
    dealt = deal_evenly(bulk.parcels_of(work.session, pool), wish.people, wish.by, known)
    bulk.give(work.session, organisation, dealt, step)
    by_person = dict.fromkeys(wish.people, 0)
    for person in dealt.values():
        by_person[person] += 1
    if dealt:
        _note(work, "work.dealt", moved, by_person, how="evenly", by=wish.by.value)
    return Dealt(len(dealt), by_person)


def ask_to_hand_over(actor: Actor, giver: int, to: int | None) -> Dealt | Job:
    """Move all that a person has to another, or into the pool for None; at once or, where it is much, as a job.

    NotFound for a giver who is none of the team's; DomainError where `to` may not be dealt anything.
    """
    demand(actor, Permission.QUEUE_DEAL)
    with transaction(actor) as work:
        _check_giver(work, giver, to)
        theirs = sa.and_(bulk.open_items(_organisation(work)), WorkItem.assigned_to == giver)
        if not _is_large(work, theirs):
            return _hand_over(work, giver, to, _silent)
        return work.request_job(HAND_OVER, _key(work), {"giver": giver, "to": to})


def hand_over(actor: Actor, giver: int, to: int | None, step: Callable[[int, int], None] = _silent) -> Dealt:
    """The same, all of it now."""
    demand(actor, Permission.QUEUE_DEAL)
    with transaction(actor) as work:
        _check_giver(work, giver, to)
        return _hand_over(work, giver, to, step)


def _hand_over(work: Work, giver: int, to: int | None, step: Callable[[int, int], None]) -> Dealt:
    organisation = _organisation(work)
    _alone(work)
    theirs = sa.and_(bulk.open_items(organisation), WorkItem.assigned_to == giver)
    moved = bulk.moved_of(work.session, theirs)
    ids = bulk.ids_of(work.session, organisation, giver)
    bulk.give(work.session, organisation, dict.fromkeys(ids, to), step)
    taken = {} if to is None else {to: len(ids)}
    if ids:
        _note(work, "work.taken_back" if to is None else "work.handed_over", moved, taken, giver=giver)
    return Dealt(len(ids), taken)


def settle_rule(actor: Actor, own_only: bool) -> None:
    """Whether collectors have only their own accounts in their queue, or the pool as well."""
    demand(actor, Permission.QUEUE_DEAL)
    with transaction(actor) as work:
        one_at_a_time(work.session, f"team.rule.{actor.organisation_id}")
        rule = work.session.scalar(visible(TeamRule, actor).where(TeamRule.organisation_id == actor.organisation_id))
        before = rule.own_only if rule else False
        if before == own_only:
            return
        if rule is None:
            rule = TeamRule(organisation_id=actor.organisation_id, own_only=own_only, changed_at=work.now)
            work.session.add(rule)
        rule.own_only, rule.changed_by, rule.changed_at = own_only, actor.user_id, work.now
        work.session.flush()
        work.audit("team.rule_changed", rule, {"own_only": before}, {"own_only": own_only})


@hooks.person_left.register
def return_work(work: Work, user: Any) -> None:
    """What somebody had who may no longer sign in goes back into the pool of the agency."""
    theirs = sa.and_(bulk.open_items(user.organisation_id), WorkItem.assigned_to == user.id)
    moved = bulk.moved_of(work.session, theirs)
    if moved:
        bulk.move(work.session, theirs, None)
        _note(work, "work.taken_back", moved, {}, giver=user.id, organisation=user.organisation_id)


# --- what several of these need -----------------------------------------------------------------------------------------


def _organisation(work: Work) -> int:
    return work.actor.organisation_id or 0


def _alone(work: Work) -> None:
    """Two who deal the same pool at the same moment would each write half of it twice."""
    one_at_a_time(work.session, f"team.deal.{work.actor.organisation_id}")


def _is_large(work: Work, which: sa.ColumnElement[bool]) -> bool:
    some = sa.select(WorkItem.id).where(which).limit(MOST_AT_ONCE + 1).subquery()
    return (work.session.scalar(sa.select(sa.func.count()).select_from(some)) or 0) > MOST_AT_ONCE


def _key(work: Work) -> str:
    """Asked for twice it is two deeds, unless in the same instant; the page's own token keeps a second click away."""
    return f"{work.actor.user_id}-{work.real_now.isoformat()}"


def _check_people(work: Work, people: Sequence[int], field: str) -> None:
    if field == "people" and not people:
        raise DomainError("team.people", say("Choose at least one collector to deal to."), field=field)
    may = {each.user_id for each in colleagues(work.session, work.actor, work.today) if each.may_work}
    if not may.issuperset(people):
        words = say("Choose from the list somebody of your team who may work now.")
        raise DomainError("team.person", words, field=field)


def _check_giver(work: Work, giver: int, to: int | None) -> None:
    if giver not in {each.user_id for each in colleagues(work.session, work.actor)}:
        raise NotFound
    if to == giver:
        words = say("Choose somebody else to hand the accounts over to, or the pool.")
        raise DomainError("team.same_person", words, field="to")
    _check_people(work, () if to is None else (to,), "to")


def _note(work: Work, action: str, moved: Moved, to: dict[int, int], **details: Any) -> None:
    organisation = details.pop("organisation", work.actor.organisation_id)
    after = {
        "accounts": sum(accounts for accounts, _ in moved.values()),
        "amounts": {currency: minor for currency, (_, minor) in sorted(moved.items())},
        "to": {str(person): accounts for person, accounts in sorted(to.items())},
    }
    work.audit(action, ("organisation", organisation), after=after, **details)
