"""The tax on statements as bank finance sets it: per organisation, from a day on. Every setting stays; a later one counts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.commission.life_models import TaxRule
from portal.foundation.access import OrganisationKind
from portal.foundation.errors import DomainError
from portal.foundation.language import say
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.identity.models import Organisation

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = ["set_tax", "taxed_organisations"]


def set_tax(actor: Actor, organisation_id: int, rate: Decimal, included: bool, effective_from: date) -> None:
    """`rate` as a share, 0 to below 1 (0: no tax). It counts for statements drawn up from now on whose month ends on that day
    or later; what is drawn up keeps the tax that it has."""
    if not 0 <= rate < 1:
        raise DomainError("tax.rate", say("Enter a rate from 0 to below 100 %%."), field="rate")
    with transaction(actor) as work:
        if organisation_id not in {row.id for row in taxed_organisations(work.session, work.actor)}:
            raise DomainError("tax.organisation", say("Choose an agency or a law firm."), field="organisation_id")
        rule = TaxRule(
            organisation_id=organisation_id, rate=format(rate.normalize(), "f"), included=included,
            effective_from=effective_from, by_user_id=work.actor.user_id, by_name=work.actor.name, at=work.now,
        )  # fmt: skip
        work.session.add(rule)
        work.session.flush()
        work.audit(
            "tax.set", rule,
            after={"organisation_id": organisation_id, "rate": rule.rate, "included": included, "from": effective_from.isoformat()},
        )  # fmt: skip


def taxed_organisations(session: Session, actor: Actor) -> list[Organisation]:
    """Agencies and law firms, by name."""
    wanted = visible(Organisation, actor).where(
        sa.or_(Organisation.kind == OrganisationKind.AGENCY, Organisation.kind == OrganisationKind.LAW_FIRM)
    )
    return list(session.scalars(wanted.order_by(Organisation.name)))
