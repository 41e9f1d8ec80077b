"""Payments of the world of the walls: what is credited to whom, and was; what nobody is credited with; proposals about it."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.foundation.access import Role
from portal.foundation.visibility import visible
from portal.foundation.work import reading, transaction
from portal.placement.models import Placement
from portal.portfolio.importing import Options
from portal.recovery.again import decide_again, decide_touched, touch_accounts
from portal.recovery.clearing import approve, propose_nobody, send_back
from portal.recovery.models import Attribution
from portal.recovery.operations import import_payments, receive_payments
from portal.recovery.queries import standing, waits_for_somebody
from tests.identity.factories import observer
from tests.portfolio.intake.files import csv_bytes
from tests.walls.world import SIDES

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from tests.walls.world import World

__all__ = ["keep_payments"]


def keep_payments(world: World, codes: dict[int, str]) -> None:
    """Each payment is its holder's. Of four that came before any placement one is cleared, one was sent back, one has a proposal."""
    first, second = world.person(Role.FINANCE).actor, world.person(Role.FINANCE, locale="zh_Hans").actor
    rows = [[f"{s.mark}-EARLY-{n}", f"{s.mark}-FRESH-1", "7.00", "2005-06-01"] for s in SIDES for n in (1, 2)]
    content = csv_bytes([["payment_ref", "account_ref", "amount", "paid_on"], *rows])
    import_payments(first, receive_payments(first, io.BytesIO(content), "early.csv", Options()).id)
    early = [_standing(f"{side.mark}-EARLY-{n}") for side in SIDES for n in (1, 2)]
    approve(second, propose_nobody(first, [early[0].id], "walls"))
    send_back(second, propose_nobody(first, [early[1].id], "walls"), "walls")
    _moved(early[0].account_id, early[0].paid_on)  # the rules would have it otherwise, for a moment
    for side in SIDES:
        credit = _standing(f"{side.mark}-WORKED-1-JULY")
        _moved(credit.account_id, credit.paid_on + timedelta(days=1))
        with transaction(observer()) as work:
            decide_again(work, [credit.account_id])
    decide_touched(observer())
    with transaction(observer()) as work:
        touch_accounts(work, [(credit.account_id, world.organisations[f"{side.mark}AG"].id) for side in SIDES])
    with reading(observer()) as session:
        for each in session.scalars(standing(observer())):
            world.keep("payment", codes[each.organisation_id] if each.organisation_id else "BANK", each.payment_id)
        for payment_id in session.scalars(
            standing(observer()).where(waits_for_somebody()).with_only_columns(Attribution.payment_id)
        ):
            world.keep("exception", "BANK", payment_id)
    world.keep("proposal", "BANK", propose_nobody(second, [early[2].id], "walls"))


def _standing(reference: str) -> Any:
    """Key, account and value date of the decision that stands on a payment."""
    columns = (Attribution.id, Attribution.account_id, Attribution.paid_on)
    with reading(observer()) as session:
        wanted = standing(observer()).where(Attribution.payment_ref == reference).with_only_columns(*columns)
        return session.execute(wanted).one()


def _moved(account_id: int, placed_on: date) -> None:
    """Decide as if the account's placements had begun on another day, and put them back where they were."""
    with transaction(observer()) as work:
        wanted = visible(Placement, observer()).where(Placement.account_id == account_id)
        kept = {placement.id: placement.placed_on for placement in work.session.scalars(wanted)}
        _begin(work.session, dict.fromkeys(kept, placed_on))
        decide_again(work, [account_id])
        _begin(work.session, kept)


def _begin(session: Session, days: dict[int, date]) -> None:
    for placement_id, day in days.items():
        session.execute(sa.update(Placement).where(Placement.id == placement_id).values(placed_on=day))
