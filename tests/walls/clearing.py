"""Payments of the world of the walls: what is credited to whom, what nobody is credited with, and a proposal about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.foundation.access import Role
from portal.foundation.work import reading
from portal.recovery.clearing import propose_nobody
from portal.recovery.models import EXCEPTIONS
from portal.recovery.queries import standing
from tests.identity.factories import observer

if TYPE_CHECKING:
    from tests.walls.world import World

__all__ = ["keep_payments"]


def keep_payments(world: World, codes: dict[int, str]) -> None:
    """Each payment is its holder's; the last exception has a proposal, so that both of the second person's steps are left."""
    with reading(observer()) as session:
        found = [
            (each.id, each.payment_id, each.organisation_id, each.decision)
            for each in session.scalars(standing(observer()))
        ]
    waiting = []
    for attribution_id, payment_id, organisation_id, decision in found:
        world.keep("payment", codes[organisation_id] if organisation_id else "BANK", payment_id)
        if decision in EXCEPTIONS:
            world.keep("exception", "BANK", payment_id)
            waiting.append(attribution_id)
    second = world.person(Role.FINANCE, locale="zh_Hans").actor
    world.keep("proposal", "BANK", propose_nobody(second, waiting[-1:], "walls"))
