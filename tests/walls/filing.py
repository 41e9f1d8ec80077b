"""Files that wait, were dropped or imported: the bank's own, and those of an organisation's staff."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.foundation.work import reading
from portal.portfolio.importing import Options
from portal.portfolio.intake import load_profile
from portal.portfolio.models import StoredMapping
from portal.portfolio.profiles import save_profile
from portal.portfolio.waiting import drop, receive_waiting
from portal.vendors.staff_files import STAFF, import_staff, receive_staff
from tests.identity.factories import observer

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from portal.portfolio.importing import FileKind
    from tests.walls.world import Person, World

__all__ = ["files_of_staff", "files_that_wait", "layout_of"]


def files_of_staff(world: World, leader: Person) -> None:
    """Sent by the organisation itself: one that was imported, all but a row of it, one that waits, one that was dropped."""
    code, sender = leader.mark, leader.actor
    mine = world.organisations[code].id
    content = f"employee_no,name,started_on\n{code}-8,{code} caller,2005-03-01\n{code}-9,{code} nobody,\n".encode()
    options = Options(organisation_id=mine)
    run = receive_staff(sender, io.BytesIO(content), f"{code}.csv", options, as_job=False).id
    assert import_staff(sender, run)["rejected"] == 1
    world.keep("import of staff", code, run)
    world.keep("rejects of staff", code, run, "rejects.csv")
    for what in ("waiting", "dropped"):
        waiting = receive_waiting(sender, STAFF, io.BytesIO(content), f"{code}-{what}.csv", mine)
        world.keep(f"{what} staff", code, waiting.id)
    drop(sender, STAFF.kind, world.one("dropped staff", code))


def files_that_wait(world: World, clerk: Actor, rules: FileKind, content: bytes) -> None:
    """One that waits for its layout, one that was dropped, and a layout of the bank's own."""
    kind = rules.kind.value
    for what in ("waiting", "dropped"):
        run = receive_waiting(clerk, rules, io.BytesIO(content), f"{what}.csv")
        world.keep(f"{what} {kind}", "BANK", run.id)
    drop(clerk, rules.kind, world.one(f"dropped {kind}", "BANK"))
    layout_of(world, clerk, rules)


def layout_of(world: World, clerk: Actor, rules: FileKind) -> None:
    """A layout of the bank's own."""
    kind = rules.kind.value
    name = f"walls-{kind}"
    save_profile(clerk, rules.kind, name, dict(load_profile(None, kind).data), "first")
    with reading(observer()) as session:
        number = session.scalars(sa.select(StoredMapping.id).where(StoredMapping.name == name)).one()
    world.keep(f"layout of {kind}", "BANK", number)
