"""Rule packs of the world of the walls: what is shipped, a draft, a version to come, a choice that waits, and breaches."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.contact.models import ContactAttempt
from portal.contact.pack_models import RulePackVersion
from portal.contact.pack_publishing import propose_choice
from portal.foundation.access import Role
from portal.foundation.work import reading
from portal.identity.models import Organisation
from tests.contact.packs import Officers, own_text, put_shipped
from tests.identity.factories import make_user, observer
from tests.walls.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["keep_rules"]


def keep_rules(world: World) -> None:
    """The bank's own, all of it; an attempt's decision is looked at by the bank alone."""
    bank = world.organisations["BANK"]
    officers = Officers(world.person(Role.COMPLIANCE).user, make_user(Role.COMPLIANCE, bank))
    put_shipped()
    officers.published(own_text("1"), date(2005, 9, 3))
    officers.put_up(own_text("2", seen="secondary"))
    for number in _numbers(sa.select(RulePackVersion.id).order_by(RulePackVersion.id.desc())):
        world.keep("version of rules", "BANK", number)
        world.keep("text of rules", "BANK", number, "pack.yaml")
    world.keep("choice of rules", "BANK", propose_choice(officers.proposes, "CN", "own-cn", date(2005, 9, 3)))
    attempts = sa.select(ContactAttempt.id).join(Organisation, Organisation.id == ContactAttempt.organisation_id)
    for number in _numbers(attempts.order_by(ContactAttempt.id)):
        world.keep("decision", "BANK", number)


def _numbers(statement: sa.Select[tuple[int]]) -> Iterator[int]:
    with reading(observer()) as session:
        yield from session.scalars(statement).all()
