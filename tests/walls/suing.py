"""The suits of both firms: a matter each, with what belongs to it, and a bundle of evidence."""

from __future__ import annotations

import io
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.contact.log.sealing import keep_under_new_key
from portal.contact.proofs import person_key_of
from portal.foundation.access import Role
from portal.foundation.services import services
from portal.foundation.work import reading, transaction
from portal.identity.models import User
from portal.legal.matters.bundle import PURPOSE
from portal.legal.matters.costs import Wanted, approve_cost, ask_cost
from portal.legal.matters.course import Said
from portal.legal.matters.documents import add_document, withdraw_document
from portal.legal.matters.feeds import make_feed
from portal.legal.matters.hearings import Summons, fix_hearing
from portal.legal.matters.models import CostKind, DocumentKind, EvidenceBundle, HearingKind, Matter
from portal.legal.matters.operations import Opening, add_step, open_matter
from portal.legal.matters.queries import steps_of
from portal.legal.matters.stages import Stage
from portal.portfolio.models import Account
from portal.vendors.models import PlacementKind
from portal.vendors.operations import create_contract
from portal.vendors.proofs import Proof
from portal.vendors.terms import DataClauses, Terms
from tests.identity.factories import contracts_clerk, observer
from tests.placement.factories import Desk, criteria, placed, placements
from tests.portfolio.factories import make_accounts
from tests.walls.world import SIDES

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from tests.walls.world import World

__all__ = ["suits_of_both_sides"]


def suits_of_both_sides(world: World, desk: Desk) -> None:
    """Each firm gets one account for litigation, older than all others, and sues for it."""
    for side in SIDES:
        code = f"{side.mark}LF"
        create_contract(
            contracts_clerk(), world.organisations[code].id, number=f"CT-{code}-S", kind=PlacementKind.LITIGATION, currency="CNY",
            started_on=date(2005, 1, 1), ended_on=None, terms=Terms(Decimal("0.10"), 0, 360, None, data=DataClauses()),
        )  # fmt: skip
        (account,) = make_accounts(1, days=200, currency="CNY", total_minor=900_000)
        with transaction(observer()) as work:
            row = work.session.scalars(sa.select(Account).where(Account.id == account.id)).one()
            row.account_ref = f"{side.mark}-SUED-1"
        batch_id = placed(desk, world.organisations[code], criteria(PlacementKind.LITIGATION, "CNY", buckets=("M7+",)))
        world.keep("batch", code, batch_id)
        _sue(world, code, side.mark, placements(batch_id)[0].account_id)
    for what, (mine, theirs) in product(
        ("step of a matter", "hearing", "cost of a matter", "document of a matter"), _pairs()
    ):
        rows = [ids for owner, ids in world.things[what] if owner == theirs]
        world.mixed.setdefault(what, []).append((world.one("matter", mine), rows[0][1]))


def _pairs() -> tuple[tuple[str, str], ...]:
    return ("EASTLF", "WESTLF"), ("WESTLF", "EASTLF")


def _sue(world: World, code: str, mark: str, account_id: int) -> None:
    lawyer, today = world.person(Role.LEGAL_PARTNER, code).actor, services().clock.today()
    with transaction(observer()) as work:
        person = work.session.scalars(sa.select(User).where(User.id == lawyer.user_id)).one()
        person.lawyer_licence_no = person.lawyer_licence_no or f"L-{code}"
    matter_id = open_matter(lawyer, account_id, Opening("9000", lawyer.user_id or 0, today, f"{mark} court"))
    world.keep("matter", code, matter_id)
    add_step(lawyer, matter_id, Said(Stage.FILED, today, f"{mark} court", note=f"{mark} filed"))
    with reading(lawyer) as session:
        for step in steps_of(session, lawyer, matter_id):
            world.keep("step of a matter", code, matter_id, step.id)
    summons = Summons(services().clock.now() + timedelta(days=90), f"{mark} court", f"{mark} room")
    world.keep("hearing", code, matter_id, fix_hearing(lawyer, matter_id, HearingKind.TRIAL, summons))
    scan = Proof(f"%PDF-1.4 {mark}".encode(), f"{mark}.pdf")
    for _number in range(2):
        cost_id = ask_cost(lawyer, matter_id, Wanted(CostKind.COURT_FEE, "50", f"{mark} fee", scan))
        world.keep("cost of a matter", code, matter_id, cost_id)
    approve_cost(world.person(Role.FINANCE).actor, matter_id, cost_id)
    document_id = add_document(lawyer, matter_id, DocumentKind.COMPLAINT, scan)
    world.keep("document of a matter", code, matter_id, document_id)
    withdraw_document(lawyer, matter_id, add_document(lawyer, matter_id, DocumentKind.OTHER, scan), f"{mark} error")
    world.keep("calendar", "nobody", make_feed(lawyer))
    world.keep("bundle", code, _bundle(lawyer, matter_id, mark))


def _bundle(lawyer: Actor, matter_id: int, mark: str) -> int:
    """As the job keeps one."""
    kept = keep_under_new_key(io.BytesIO(f"%PDF-1.4 {mark} bundle".encode()))
    with transaction(lawyer) as work:
        matter = work.session.scalars(sa.select(Matter).where(Matter.id == matter_id)).one()
        key = person_key_of(work.session, lawyer, matter.account_id)
        row = EvidenceBundle(
            organisation_id=lawyer.organisation_id, account_id=matter.account_id, account_ref=matter.account_ref,
            matter_id=matter.id, job_id=matter.id, language="en", stored=kept.stored, key_sealed=work.vault.seal(key, kept.key.hex(), PURPOSE),
            sha256=kept.digest, size=kept.size, pages=1, by_user_id=lawyer.user_id, by_name=lawyer.name, at=work.now,
        )  # fmt: skip
        work.session.add(row)
        work.session.flush()
        return row.id
