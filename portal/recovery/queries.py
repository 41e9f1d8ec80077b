"""Reads of payments and their credit. The bank sees postings; an agency sees what it is credited with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.foundation import hooks
from portal.foundation.access import Permission
from portal.foundation.language import _l, from_data
from portal.foundation.panels import Panel
from portal.foundation.visibility import visible
from portal.identity.models import Organisation
from portal.portfolio.models import Account, ImportKind, ImportRun
from portal.recovery.models import Attribution, Decision, Payment

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = ["count_exceptions", "credits_of_account", "payment_import_runs", "payments", "recovered_by_currency"]


def standing(actor: Actor) -> sa.Select[tuple[Attribution]]:
    """Decisions that no later one has superseded."""
    later = aliased(Attribution)
    return visible(Attribution, actor).where(~sa.select(later.id).where(later.supersedes_id == Attribution.id).exists())


def payments(actor: Actor, *, exceptions: bool = False) -> sa.Select[Any]:
    """Payments with the decision on each and the account's reference; `exceptions`: only those credited to nobody."""
    wanted = (
        standing(actor)
        .add_columns(Account.account_ref, Organisation.name, Organisation.name_en)
        .outerjoin(Account, Account.id == Attribution.account_id)
        .outerjoin(Organisation, Organisation.id == Attribution.organisation_id)
    )
    return wanted.where(Attribution.decision != Decision.CREDITED) if exceptions else wanted


def count_exceptions(session: Session, actor: Actor) -> int:
    """How many payments are credited to nobody."""
    wanted = standing(actor).where(Attribution.decision != Decision.CREDITED).with_only_columns(sa.func.count())
    return session.scalar(wanted.order_by(None)) or 0


def credits_of_account(session: Session, actor: Actor, account_id: int, most: int = 50) -> list[Attribution]:
    """The latest decisions on an account's payments that the actor may see."""
    wanted = standing(actor).where(Attribution.account_id == account_id)
    return list(session.scalars(wanted.order_by(Attribution.paid_on.desc(), Attribution.id.desc()).limit(most)))


def recovered_by_currency(session: Session, actor: Actor) -> list[tuple[str, int]]:
    """What is credited to the actor's organisation, or to all for the bank, by currency in minor units."""
    wanted = standing(actor).with_only_columns(Attribution.currency, sa.func.sum(Attribution.credit_minor))
    rows = session.execute(wanted.group_by(Attribution.currency).order_by(Attribution.currency))
    return [(currency, int(total)) for currency, total in rows]


def payment_import_runs(actor: Actor) -> sa.Select[tuple[ImportRun]]:
    """Files of payments that were received."""
    return visible(ImportRun, actor).where(ImportRun.kind == ImportKind.PAYMENTS)


def payment_for(session: Session, actor: Actor, reference: str) -> Payment | None:
    """A posting by its reference; None where there is none that the actor may see."""
    return session.scalar(visible(Payment, actor).where(Payment.payment_ref == reference))


@hooks.credit_lines.register
def credit_lines(actor: Actor) -> sa.Select[Any]:
    """What payments brought, for rooms above that show it beside an account or a promise."""
    return standing(actor).with_only_columns(
        Attribution.account_id,
        Attribution.placement_id,
        Attribution.paid_on,
        Attribution.currency,
        Attribution.credit_minor,
        Attribution.payment_ref,
    )


@hooks.account_panels.register
def payments_panel(session: Session, actor: Actor, account: Account) -> Panel | None:
    """The account's payments with the why of each credit."""
    if not actor.can(Permission.PAYMENTS_VIEW):
        return None
    found = [(credit, from_data(credit.trace)) for credit in credits_of_account(session, actor, account.id)]
    return Panel(_l("Payments"), "recovery/_account_payments.html", {"credits": found})
