"""What the world of the walls is paid beside payments: adjustments that agencies read, receipts of law firms, what is the bank's."""

from __future__ import annotations

import io
from datetime import date
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.commission.charge_models import ChargeClaim, LetterClaim, SuccessClaim
from portal.commission.charging import Adjustment, Cost, approve_charge, enter_cost, propose_adjustment
from portal.commission.scoring import propose_scoring
from portal.commission.trying import Asked, ask_trial
from portal.foundation.access import Role
from portal.foundation.work import reading, transaction
from portal.legal.models import Letter
from portal.placement.models import Placement
from portal.portfolio.models import Account
from portal.recovery.models import Attribution
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
    _claimed(world)
    world.keep("scoring", "BANK", propose_scoring(manager, date(2005, 7, 1), "CNY", {}))
    with reading(observer()) as session:
        contract = session.scalars(sa.select(Contract.id).order_by(Contract.id)).first()
    asked = Asked(contract or 0, date(2005, 7, 1), date(2005, 8, 31), 1)
    world.keep("trial", "BANK", ask_trial(manager, asked))


def _claimed(world: World) -> None:
    """What statements of either side claim, as drawing them up writes it."""
    with transaction(observer()) as work:
        session = work.session
        for side in SIDES:
            agency, firm = world.organisations[f"{side.mark}AG"].id, world.organisations[f"{side.mark}LF"].id
            statement = world.one("statement", f"{side.mark}AG")
            credit = session.scalars(
                sa.select(Attribution).where(Attribution.organisation_id == agency).order_by(Attribution.id)
            ).first()
            letter = session.scalars(
                sa.select(Letter).where(Letter.organisation_id == firm).order_by(Letter.id)
            ).first()
            assert credit is not None and letter is not None
            batch = session.scalars(sa.select(Placement.batch_id).where(Placement.id == letter.placement_id)).one()
            session.add_all(
                (
                    ChargeClaim(charge_id=world.one("charge", f"{side.mark}AG"), statement_id=statement, organisation_id=agency),
                    SuccessClaim(
                        attribution_id=credit.id, turn=1, placement_id=letter.placement_id, statement_id=statement,
                        organisation_id=firm,
                    ),
                    LetterClaim(
                        letter_id=letter.id, turn=1, statement_id=statement, organisation_id=firm, batch_id=batch,
                        pack_ref="P", out_on=date(2005, 8, 1),
                    ),
                )
            )  # fmt: skip


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
