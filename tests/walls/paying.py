"""What each agency has reported of payments and handed over, with files."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from portal.commission.remittance import Handed, announce
from portal.foundation.access import Role
from portal.foundation.jobs import run_pending
from portal.recovery.reported.files import REPORTED, import_reported, receive_reported
from portal.recovery.reported.models import ReportKind
from portal.recovery.reported.operations import report_payment
from portal.recovery.reported.telling import Telling
from portal.vendors.proofs import Proof
from tests.walls.filing import files_of, layout_of
from tests.walls.world import SIDES

if TYPE_CHECKING:
    from tests.walls.world import World

__all__ = ["pay_over"]

DAY = date(2005, 8, 20)


def pay_over(world: World) -> None:
    """Once accounts are worked on and payments posted."""
    for side in SIDES:
        code = f"{side.mark}AG"
        leader = world.person(Role.AGENCY_LEADER, code)
        scan = Proof(f"%PDF-1.4 {code}".encode(), f"{code}-slip.pdf")
        told = Telling(f"{side.mark}-REPORT", ReportKind.RECEIVED, 12_345, "CNY", DAY, DAY, f"{code} counter")
        reported_id, _new = report_payment(leader.actor, f"{side.mark}-WORKED-1", told, f"{side.mark} note", scan)
        world.keep("report", code, reported_id)
        world.keep("file of a report", code, reported_id)
        remittance_id = announce(leader.actor, Handed("CNY", 500, DAY), scan)
        world.keep("remittance", code, remittance_id)
        world.keep("file of a remittance", code, remittance_id)
        world.keep("agency", code, world.organisations[code].id)
        rows = [
            f"{side.mark}-FILE-{n},{ref},expected,1.00,2005-08-20"
            for n, ref in enumerate((f"{side.mark}-WORKED-1", "NOBODY"))
        ]
        content = "\n".join(["reported_ref,account_ref,kind,amount,paid_on", *rows, ""]).encode()
        files_of(world, leader, REPORTED, content, receive_reported, import_reported)
    layout_of(world, world.person(Role.FINANCE).actor, REPORTED)
    run_pending(world.app)
