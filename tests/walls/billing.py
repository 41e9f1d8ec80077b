"""What follows the release of a statement: the agency contests it, the bank answers, the agency confirms and bills it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.commission import operations as commission
from portal.commission.invoices import InvoiceDetails, upload_invoice
from portal.commission.life_models import StatementDispute
from portal.foundation.access import Role
from portal.foundation.work import reading
from portal.vendors.proofs import Proof
from tests.identity.factories import observer

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from tests.walls.world import World

__all__ = ["bill"]


def bill(world: World, mark: str, finance: Actor) -> None:
    """A statement contested and answered, then confirmed and billed."""
    code = f"{mark}AG"
    leader, statement_id = world.person(Role.AGENCY_LEADER, code).actor, world.one("statement", code)
    commission.contest_statement(leader, statement_id, f"{mark} objection")
    commission.answer_statement(finance, statement_id, f"{mark} answer")
    commission.confirm_statement(leader, statement_id)
    dispute_id = _dispute_of(statement_id)
    world.keep("contested line", code, statement_id, dispute_id)
    paper = InvoiceDetails(f"{mark}-INVOICE", date(2005, 9, 1), 1, 0)
    invoice = upload_invoice(leader, statement_id, paper, Proof(f"%PDF-1.4 {mark}".encode(), "invoice.pdf"))
    world.keep("invoice", code, statement_id, invoice.id)


def _dispute_of(statement_id: int) -> int:
    with reading(observer()) as session:
        wanted = sa.select(StatementDispute.id).where(StatementDispute.statement_id == statement_id)
        return int(session.scalars(wanted).one())
