"""What matters show to other rooms: those of an account on its page, and one to who looks for its number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask import url_for

from portal.foundation import hooks
from portal.foundation.access import Permission
from portal.foundation.filters import Filter
from portal.foundation.language import _l
from portal.foundation.panels import Found, Panel
from portal.foundation.visibility import visible
from portal.legal.matters import queries
from portal.legal.matters.labels import LANGUAGES, OUTCOMES, STAGES
from portal.legal.matters.models import Matter
from portal.legal.matters.stages import Stage

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.portfolio.models import Account

__all__ = ["filters_of_accounts", "found", "matters_panel", "suits_under_way"]


@hooks.found.register
def found(session: Session, actor: Actor, words: str) -> list[Found]:
    """A matter by its number or the court's."""
    matter = queries.matter_numbered(session, actor, words) if actor.can(Permission.MATTERS_VIEW) else None
    return [Found(_l("Matter"), matter.number, url_for("matters.matter", matter_id=matter.id))] if matter else []


@hooks.stands_against_end.register
def suits_under_way(actor: Actor) -> tuple[str, sa.Select[tuple[int]]]:
    """Placements with a matter that is open: ending them leaves a suit without its lawyer."""
    suits = visible(Matter, actor).with_only_columns(Matter.placement_id).where(Matter.stage != Stage.CLOSED)
    return "suit", suits


@hooks.account_filters.register
def filters_of_accounts(_session: Session, actor: Actor, placement_id: Any) -> list[Filter]:
    """Accounts that are to be sued for, in the list of all that the firm holds."""
    if not actor.can(Permission.MATTERS_RUN):
        return []

    def narrowed(statement: sa.Select[Any], _value: str) -> sa.Select[Any]:
        return statement.where(placement_id.in_(queries.not_sued_for(actor)))

    return [Filter("suit", _l("Suit"), "choice", narrowed, [("none", _l("for litigation, without a matter"))])]


@hooks.account_panels.register
def matters_panel(session: Session, actor: Actor, account: Account) -> Panel | None:
    """Matters about the account and bundles of its evidence, with the way to new ones; None where there is neither."""
    if not (actor.can(Permission.MATTERS_VIEW) or actor.can(Permission.EVIDENCE_BUNDLE)):
        return None
    may_open = (
        actor.can(Permission.MATTERS_RUN)
        and queries.placement_for_suit(session, actor, account.id) is not None
        and queries.open_matter_of(session, actor, account.id) is None
    )
    matters = queries.matters_of_account(session, actor, account.id) if actor.can(Permission.MATTERS_VIEW) else []
    bundles = queries.bundles_of(session, actor, account.id) if actor.can(Permission.EVIDENCE_BUNDLE) else []
    shown = {
        "matters": matters, "bundles": bundles, "stages": STAGES, "outcomes": OUTCOMES, "languages": LANGUAGES, "may_open": may_open,
        "account": account,
    }  # fmt: skip
    return Panel(_l("Matters and evidence"), "legal/matters_panel.html", shown)
