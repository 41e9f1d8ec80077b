"""Rule packs of the world of the walls: what is shipped, a draft, a version to come, one withdrawn, a choice that waits; and on
either side a breach."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.contact.entries import Entry
from portal.contact.models import Channel, ContactAttempt
from portal.contact.operations import log_attempt
from portal.contact.rules.models import RulePackVersion
from portal.contact.rules.publishing import propose_choice, withdraw_version
from portal.foundation.access import Role
from portal.foundation.work import reading
from portal.portfolio.models import Account, ContactKind, ContactPoint
from tests.contact.packs import Officers, own_text, put_shipped
from tests.identity.factories import make_user, observer
from tests.walls.world import SIDES, World

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["keep_rules"]

AT_NIGHT = datetime(2005, 9, 1, 15, 30, tzinfo=UTC)  # half past eleven in Shanghai


def keep_rules(world: World) -> None:
    """The bank's own, all of it; an attempt's decision is looked at by the bank alone."""
    bank = world.organisations["BANK"]
    officers = Officers(world.person(Role.COMPLIANCE).user, make_user(Role.COMPLIANCE, bank))
    put_shipped()
    officers.published(own_text("1"), date(2005, 9, 3))
    withdraw_version(officers.publishes, officers.published(own_text("2"), date(2005, 9, 4)), "walls")
    officers.put_up(own_text("3", seen="secondary"))
    for number in _numbers(sa.select(RulePackVersion.id).order_by(RulePackVersion.id.desc())):
        world.keep("version of rules", "BANK", number)
        world.keep("text of rules", "BANK", number, "pack.yaml")
    world.keep("choice of rules", "BANK", propose_choice(officers.proposes, "CN", "own-cn", date(2005, 9, 3)))
    _breaches(world)
    for number in _numbers(sa.select(ContactAttempt.id).order_by(ContactAttempt.id)):
        world.keep("decision", "BANK", number)


def _breaches(world: World) -> None:
    """Each agency has called one of its accounts at night."""
    for side in SIDES:
        wanted = (
            sa.select(Account.id, sa.func.min(ContactPoint.id))
            .join(ContactPoint, ContactPoint.customer_id == Account.customer_id)
            .where(Account.account_ref == f"{side.mark}-WORKED-1", ContactPoint.kind == ContactKind.PHONE)
            .group_by(Account.id)
        )
        with reading(observer()) as session:
            account_id, point = session.execute(wanted).one()
        entry = Entry(
            channel=Channel.CALL, outcome="no_answer", contact_point_id=point, at=AT_NIGHT, already_happened=True
        )  # fmt: skip
        log_attempt(world.person(Role.AGENCY_STAFF, f"{side.mark}AG").actor, account_id, entry)


def _numbers(statement: sa.Select[tuple[int]]) -> Iterator[int]:
    with reading(observer()) as session:
        yield from session.scalars(statement).all()
