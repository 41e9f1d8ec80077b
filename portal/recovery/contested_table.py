"""The list of credits that agencies contest, beside the exceptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flask import url_for
from sqlalchemy.orm import aliased

from portal.foundation.access import Permission
from portal.foundation.language import _l, say
from portal.foundation.services import services
from portal.foundation.tables import Column, Empty, Table
from portal.identity.models import Organisation
from portal.placement.models import Placement
from portal.placement.references import account_reference
from portal.portfolio.models import Account
from portal.recovery.clearing_models import ClearingClaim
from portal.recovery.contested import contested, objections
from portal.recovery.models import Attribution
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal.foundation.access import Actor

__all__ = ["contested_table"]


def contested_table(who: Actor) -> Table:
    """Each objection with the credit that it is about, whose that is, and whether something is proposed."""
    said, agency, holder = objections(who), aliased(Organisation, name="agency"), aliased(Organisation, name="holder")
    statement = (
        contested(who, said)
        .join(agency, agency.id == said.c.organisation_id)
        .outerjoin(holder, holder.id == Attribution.organisation_id)
        .outerjoin(Account, Account.id == Attribution.account_id)
        .outerjoin(Placement, Placement.id == Attribution.placement_id)
        .outerjoin(ClearingClaim, ClearingClaim.attribution_id == Attribution.id)
        .add_columns(*account_reference(), *said.c, ClearingClaim.clearing_id, agency, holder)
    )
    today, zone = services().clock.today(), ZoneInfo(services().clock.time_zone)
    return Table(
        name="contested",
        statement=statement,
        key=said.c.dispute_id,
        prefix="contested_",
        page_size=20,
        columns=[
            Column("payment", _l("Payment"), value="Attribution.payment_ref"),
            Column("account", _l("Account"), value="account_ref"),
            Column(
                "age", _l("Days open"), "number",
                value=lambda row: (today - row.contested_at.astimezone(zone).date()).days,
            ),
            Column(
                "amount", _l("Amount"), "money",
                value="Attribution.amount_minor", currency=lambda row: row.Attribution.currency,
            ),
            Column("holder", _l("Credited to"), value=lambda row: name_of(row.holder) if row.holder else _l("nobody")),
            Column("agency", _l("Contested by"), value=lambda row: name_of(row.agency)),
            Column(
                "proposed", _l("Proposal"),
                value=lambda row: _l("waits for a second person") if row.clearing_id else "",
                link=lambda row: url_for("recovery.clearing_page", clearing_id=row.clearing_id) if row.clearing_id else None,
            ),
            Column("words", _l("In words"), value="words", wraps=True),
            Column(
                "line", _l("Line"), value=lambda row: f"{row.statement_no} / {row.position}", link=_dispute_url(who)
            ),
        ],
        row_url=lambda row: url_for("recovery.exception", payment_id=row.Attribution.payment_id),
        empty=Empty(say("No agency contests a credit.")),
    )  # fmt: skip


def _dispute_url(who: Actor) -> Callable[[Any], str | None]:
    def url(row: Any) -> str | None:
        if not who.can(Permission.STATEMENTS_VIEW):
            return None
        return url_for("commission.dispute", statement_id=row.statement_id, dispute_id=row.dispute_id)

    return url
