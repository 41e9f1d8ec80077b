"""Webhooks of the world's organisations: one each, with a delivery that nobody has made yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.api.webhook_operations import CHOSEN_KINDS, Wanted, add_webhook, send_test
from portal.foundation.access import Role

if TYPE_CHECKING:
    from tests.walls.world import World

__all__ = ["webhooks_of"]


def webhooks_of(world: World) -> None:
    """Each organisation's, told of a test."""
    for code in world.organisations:
        if code == "BANK":
            continue
        leader = world.person(Role.LEGAL_PARTNER if code.endswith("LF") else Role.AGENCY_LEADER, code).actor
        webhook_id, _ = add_webhook(leader, Wanted(f"https://{code.lower()}.invalid/portal", CHOSEN_KINDS))
        delivery_id = send_test(leader, webhook_id)
        world.keep("webhook", code, webhook_id)
        world.keep("webhook delivery", code, webhook_id, delivery_id)
    (_, mine), (_, theirs) = (world.things["webhook delivery"][n] for n in (0, 2))
    world.mixed["webhook delivery"] = [(mine[0], theirs[1]), (theirs[0], mine[1])]
