"""What each agency is paid: statements of two months, with their lines."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from portal.commission import operations as commission
from portal.commission.closing import draw_period
from portal.foundation.access import Role
from tests.walls.billing import bill
from tests.walls.world import SIDES

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from tests.walls.world import World

__all__ = ["august_payments", "draw_up"]


def august_payments() -> list[list[str]]:
    """A file of payments for both agencies."""
    header = ["payment_ref", "account_ref", "amount", "paid_on"]
    rows = [[f"{side.mark}-AUGUST", f"{side.mark}-WORKED-2", "2000.00", "2005-08-05"] for side in SIDES]
    return [header, *rows, ["EAST-LOST", "EAST-UNKNOWN", "5.00", "2005-08-05"]]


def draw_up(world: World, second: Actor) -> None:
    """July's are released, the west's contested and answered; August's are issued and no agency sees them yet."""
    first = world.person(Role.FINANCE).actor
    codes = {organisation.id: code for code, organisation in world.organisations.items()}
    for month in (date(2005, 7, 1), date(2005, 8, 1)):
        for statement in draw_period(first, month):
            commission.issue_statement(first, statement.id)
            code = codes[statement.organisation_id]
            if month.month == 7:
                commission.release_statement(second, statement.id)
                world.keep("statement", code, statement.id)
                world.keep("line", code, statement.id, 1)
            else:
                world.shut.setdefault("statement", []).append((code, (statement.id,)))
    assert {code for code, _ids in world.things["statement"]} == {"EASTAG", "WESTAG"}
    for side in SIDES:
        bill(world, side.mark, first)
