"""Rows of money that the world's own course does not bring about: one for each agency, straight into their tables."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.commission.life_models import Settlement, TaxRule
from portal.commission.models import LineChange, LineClaim
from portal.commission.papers import keep_paper
from portal.commission.remittance_models import RemittanceCover, RemittanceEvent
from portal.foundation.access import Role
from portal.foundation.work import transaction
from portal.recovery.models import Attribution
from portal.recovery.reported.models import AgencyReceipt, Remits, Unreported
from portal.recovery.rule_models import AboveBalance, Pairs, PaymentRule
from tests.identity.factories import observer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from tests.walls.world import World

__all__ = ["pad_money"]

DAY = date(2005, 8, 20)


def pad_money(world: World) -> None:
    """A receipt and what is known of it, a settlement, a tax, a change of a line; rules for all; and a paper, which is asked
    for as people do, since pages answer with its content."""
    for code in ("EASTAG", "WESTAG"):
        leader, statement_id = world.person(Role.AGENCY_LEADER, code).actor, world.one("statement", code)
        keep_paper(leader, statement_id, "zh")
    with transaction(observer()) as work:
        work.session.add(
            PaymentRule(
                above_balance=next(iter(AboveBalance)), pairs=next(iter(Pairs)), match_days=1, match_amount="0",
                received_days=1, cleared_days=1, posted_days=1, chase_days=1, set_at=work.now,
            )
        )  # fmt: skip
        for code in ("EASTAG", "WESTAG"):
            owner = world.organisations[code].id
            credit = _first(work.session, Attribution, owner)
            claim = _first(work.session, LineClaim, owner)
            _add_receipt(work.session, credit)
            event = _first(work.session, RemittanceEvent, owner)
            signed: dict[str, Any] = {"by_name": code, "at": work.now}
            work.session.add_all(
                [
                    RemittanceCover(event_id=event.id, organisation_id=owner, attribution_id=credit.id, amount_minor=1),
                    TaxRule(organisation_id=owner, rate="0.06", included=True, effective_from=DAY, **signed),
                    Settlement(
                        statement_id=claim.statement_id, organisation_id=owner, turn=1, currency=credit.currency,
                        amount_minor=1, owing_minor=1, paid_on=DAY, bank_ref=f"{code}-PAID", reason="", **signed,
                    ),
                    LineChange(
                        attribution_id=claim.attribution_id, turn=1, statement_id=claim.statement_id, organisation_id=owner,
                        takes_back=False,
                    ),
                ]
            )  # fmt: skip


def _first(session: Session, model: Any, owner: int) -> Any:
    key = sa.inspect(model).primary_key[0]
    return session.scalars(sa.select(model).where(model.organisation_id == owner).order_by(key)).first()


def _add_receipt(session: Session, credit: Attribution) -> None:
    customer_id = credit.payment.customer_id
    session.add(
        AgencyReceipt(
            attribution_id=credit.id, organisation_id=credit.organisation_id, payment_id=credit.payment_id,
            account_id=credit.account_id, customer_id=customer_id, placement_id=credit.placement_id,
            payment_ref=credit.payment_ref, currency=credit.currency, amount_minor=credit.amount_minor,
            paid_on=credit.paid_on, noted_on=DAY, remittance=Remits.GROSS,
        )
    )  # fmt: skip
    session.flush()
    session.add(
        Unreported(
            attribution_id=credit.id, organisation_id=credit.organisation_id, payment_id=credit.payment_id
        )
    )  # fmt: skip
