"""What the world of the walls is paid beside payments: adjustments that agencies read, receipts of law firms, what is the bank's."""

from __future__ import annotations

import io
from datetime import date
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.commission.charging import Adjustment, Cost, approve_charge, enter_cost, propose_adjustment
from portal.commission.scoring import propose_scoring
from portal.commission.trying import Asked, ask_trial
from portal.foundation.access import Role
from portal.foundation.work import reading
from portal.placement.models import Placement
from portal.portfolio.models import Account
from portal.vendors.models import Contract, PlacementKind
from portal.vendors.proofs import read_proof
from tests.identity.factories import actor_of, make_user, observer
from tests.walls.world import SIDES

if TYPE_CHECKING:
    from tests.walls.world import World

__all__ = ["charged"]


def charged(world: World) -> None:
    """After everything else of the world."""
    finance, manager = world.person(Role.FINANCE).actor, world.person(Role.VENDOR_MANAGER).actor
    second = actor_of(make_user(Role.FINANCE, world.organisations["BANK"], name="BANK second of finance"))
    for side in SIDES:
        agency = f"{side.mark}AG"
        charge = propose_adjustment(
            second,
            Adjustment(
                world.organisations[agency].id, "CNY", "-1.00", f"{side.mark} adjustment", about=f"{side.mark}-1"
            ),
        )
        approve_charge(finance, charge)
        world.keep("charge", agency, charge)
        firm = f"{side.mark}LF"
        reference, placed_on = _lettered(world.organisations[firm].id)
        proof = read_proof(io.BytesIO(b"%PDF-1.4 " + side.mark.encode()), f"{side.mark}.pdf")
        cost = enter_cost(
            world.person(Role.LEGAL_PARTNER, firm).actor,
            Cost(reference, "10.00", placed_on, f"{side.mark} court fee", proof),
        )
        world.keep("charge", firm, cost)
        world.keep("receipt", firm, cost)
    world.keep("scoring", "BANK", propose_scoring(manager, date(2005, 7, 1), "CNY", {}))
    with reading(observer()) as session:
        contract = session.scalars(sa.select(Contract.id).order_by(Contract.id)).first()
    asked = Asked(contract or 0, date(2005, 7, 1), date(2005, 8, 31), 1)
    world.keep("trial", "BANK", ask_trial(manager, asked))


def _lettered(firm_id: int) -> tuple[str, date]:
    """An account that the firm has for letters, and since when."""
    with reading(observer()) as session:
        wanted = (
            sa.select(Account.account_ref, Placement.placed_on)
            .join(Placement, Placement.account_id == Account.id)
            .where(Placement.organisation_id == firm_id, Placement.kind == PlacementKind.LETTER)
            .where(Placement.ended_at.is_(None), Placement.accepted_at.is_not(None))
            .order_by(Placement.id)
        )
        row = session.execute(wanted).first()
        assert row is not None
        return row[0], row[1]
