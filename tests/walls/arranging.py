"""What is arranged with debtors, on either side."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.contact.arrangements.income import Figures, take_down
from portal.contact.arrangements.models import IncomeProof
from portal.contact.arrangements.operations import draw_up
from portal.contact.arrangements.rules import Kind
from portal.contact.arrangements.terms import Wish as ArrangementWish
from portal.foundation.access import Role
from portal.foundation.work import reading
from portal.portfolio.models import Account
from portal.vendors.proofs import Proof
from tests.identity.factories import observer
from tests.walls.world import SIDES

if TYPE_CHECKING:
    from tests.walls.world import World

__all__ = ["arranged"]


def arranged(world: World) -> None:
    """Each agency has offered a plan to a debtor, and put a settlement before the bank; of one it knows the income."""
    for side in SIDES:
        code = f"{side.mark}AG"
        staff = world.person(Role.AGENCY_STAFF, code).actor
        held = {what: _key(Account, Account.account_ref == f"{side.mark}-{what}") for what in ("WORKED-1", "WORKED-2")}
        statement = take_down(
            staff, held["WORKED-1"], Figures(1, {"wages": 123_456}), [Proof(f"%PDF-1.4 {code}".encode(), f"{code}.pdf")]
        )
        proof = _key(IncomeProof, IncomeProof.income_statement_id == statement)
        world.keep("proof of income", code, statement, proof)
        first_on = date(2005, 9, 20)
        plan = ArrangementWish(kind=Kind.INSTALMENTS, parts=24, first_on=first_on, reason=f"{code} reason")
        short = ArrangementWish(kind=Kind.INSTALMENTS, parts=6, first_on=first_on, reason=f"{code} reason")
        world.keep("arrangement", code, draw_up(staff, held["WORKED-1"], plan))
        offered = draw_up(staff, held["WORKED-2"], short)
        world.keep("arrangement", code, offered)
        for language in ("zh", "en"):
            world.keep("printed arrangement", code, offered, language)


def _key(model: Any, condition: Any) -> int:
    with reading(observer()) as session:
        return int(session.scalars(sa.select(model.id).where(condition)).one())
