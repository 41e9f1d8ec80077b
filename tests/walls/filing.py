"""Files that wait, were dropped or imported: the bank's own, and those of an organisation's staff."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.contact.log.evidence import keep_evidence
from portal.contact.log.files import ATTEMPTS, import_attempts, receive_attempts
from portal.contact.models import EvidenceFile
from portal.foundation.work import reading
from portal.portfolio.importing import Options
from portal.portfolio.intake import load_profile
from portal.portfolio.models import StoredMapping
from portal.portfolio.profiles import save_profile
from portal.portfolio.waiting import drop, receive_waiting
from portal.vendors.staff_files import STAFF, import_staff, receive_staff
from tests.identity.factories import observer

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from portal.foundation.access import Actor
    from portal.portfolio.importing import FileKind
    from tests.walls.world import Person, World

__all__ = ["files_of", "files_of_staff", "files_that_wait", "layout_of", "logs_of"]


def files_of_staff(world: World, leader: Person) -> None:
    """Sent by the organisation itself: one that was imported, all but a row of it, one that waits, one that was dropped."""
    code = leader.mark
    content = f"employee_no,name,started_on\n{code}-8,{code} caller,2005-03-01\n{code}-9,{code} nobody,\n".encode()
    files_of(world, leader, STAFF, content, receive_staff, import_staff)


def logs_of(world: World, leader: Person, account_ref: str) -> None:
    """The same of an agency's contact log, and a recording of it."""
    code = leader.mark
    rows = [
        f"{code}-{n},{ref},2005-07-05 10:00,visit,,visit_absent" for n, ref in enumerate((account_ref, "NOBODY"), 80)
    ]
    content = "\n".join(["attempt_ref,account_ref,at,channel,contact_point,outcome", *rows, ""]).encode()
    files_of(world, leader, ATTEMPTS, content, receive_attempts, import_attempts)
    keep_evidence(leader.actor, [(f"{code}.wav", io.BytesIO(b"RIFF" + code.encode()))])
    with reading(leader.actor) as session:
        world.keep("evidence", code, session.scalars(sa.select(EvidenceFile.id)).one())


def files_of(
    world: World,
    leader: Person,
    rules: FileKind,
    content: bytes,
    receive: Callable[..., Any],
    apply: Callable[..., Any],
) -> None:
    """One that was imported, all but a row of it, one that waits, one that was dropped."""
    code, sender, kind = leader.mark, leader.actor, rules.kind.value
    mine = world.organisations[code].id
    run = receive(sender, io.BytesIO(content), f"{code}.csv", Options(organisation_id=mine), as_job=False).id
    assert apply(sender, run)["rejected"] == 1
    world.keep(f"import of {kind}", code, run)
    world.keep(f"rejects of {kind}", code, run, "rejects.csv")
    for what in ("waiting", "dropped"):
        waiting = receive_waiting(sender, rules, io.BytesIO(content), f"{code}-{what}.csv", mine)
        world.keep(f"{what} {kind}", code, waiting.id)
    drop(sender, rules.kind, world.one(f"dropped {kind}", code))


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
