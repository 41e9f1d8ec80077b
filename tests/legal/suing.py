"""Matters for the tests of the room, made by its own operations."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, NamedTuple

import pikepdf
import sqlalchemy as sa

from portal.foundation.clock import FrozenClock
from portal.foundation.services import services
from portal.foundation.work import reading
from portal.legal.matters.course import Said
from portal.legal.matters.models import Matter
from portal.legal.matters.operations import Opening, add_step, open_matter
from portal.legal.matters.stages import Stage
from portal.placement.batches import accept_batch
from portal.vendors.models import PlacementKind
from tests.identity.factories import actor_of, make_law_firm, make_user, observer
from tests.placement.factories import Desk, criteria, make_desk, placed, placements
from tests.portfolio.factories import make_accounts
from tests.vendors.factories import make_contract

if TYPE_CHECKING:
    from typing import Any

    from portal.foundation.access import Actor
    from portal.identity.models import Organisation, User

__all__ = [
    "ACCEPTED",
    "COURT",
    "PDF",
    "TODAY",
    "Suing",
    "a_suing_firm",
    "at",
    "in_court",
    "rows",
    "said",
    "sue",
    "the_matter",
]

TODAY = date(2005, 7, 20)
COURT = "上海市浦东新区人民法院"
ACCEPTED = datetime(2005, 5, 20, 4, tzinfo=UTC)  # when the firm took the accounts on


def _a_pdf() -> bytes:
    """A scan of one empty page, the same each time."""
    made = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        document.save(made, deterministic_id=True)
    return made.getvalue()


PDF = _a_pdf()


class Suing(NamedTuple):
    """A law firm that holds accounts for litigation; `batch`: of the bank."""

    organisation: Organisation
    lawyer: User
    actor: Actor
    desk: Desk
    batch: int
    accounts: list[int]


def a_suing_firm(code: str = "沪诉", accounts: int = 2, desk: Desk | None = None) -> Suing:
    """A firm with one licensed lawyer, and so many accounts placed with it for litigation, two months ago."""
    today, services().clock = services().clock, FrozenClock(at=ACCEPTED)
    organisation = make_law_firm(code)
    make_contract(organisation, kind=PlacementKind.LITIGATION, currency="CNY")
    lawyer = make_user(organisation=organisation, name=f"{code}律师", lawyer_licence_no=f"L-{code}")
    desk = desk or make_desk()
    make_accounts(accounts, currency="CNY", days=200, total_minor=5_283_895)
    batch = placed(desk, organisation, criteria(kind=PlacementKind.LITIGATION, currency="CNY"), accepted=False)
    accept_batch(actor_of(lawyer), batch)
    services().clock = today
    ids = [placement.account_id for placement in placements(batch)]
    return Suing(organisation, lawyer, actor_of(lawyer), desk, batch, ids)


def sue(firm: Suing, number: int = 0, **fields: Any) -> int:
    """A matter about one of the firm's accounts; its id."""
    usual: dict[str, Any] = {"claimed": "52838.95", "lawyer_id": firm.lawyer.id, "opened_on": date(2005, 6, 1)}
    return open_matter(firm.actor, firm.accounts[number], Opening(**usual | {"court": COURT} | fields))


def said(stage: Stage, day: int, month: int = 6, **fields: Any) -> Said:
    """A step on a day of June 2005, at the usual court, with a number where one is needed."""
    usual: dict[str, Any] = {}
    if stage not in (Stage.PREPARED, Stage.CLOSED):
        usual["court"] = COURT
    if stage in (Stage.ACCEPTED, Stage.ENFORCEMENT):
        usual["case_no"] = "(2005)沪0115民初1234号" if stage is Stage.ACCEPTED else "(2005)沪0115执77号"
    return Said(stage, date(2005, month, day), **usual | fields)


def in_court(firm: Suing, number: int = 0) -> int:
    """A matter that the court has accepted; its id."""
    matter_id = sue(firm, number)
    add_step(firm.actor, matter_id, said(Stage.FILED, 2))
    add_step(firm.actor, matter_id, said(Stage.ACCEPTED, 9))
    return matter_id


def at(day: int, hour: int = 9, minute: int = 30, month: int = 8) -> datetime:
    """A time of a day of August 2005 as Shanghai's clocks show it."""
    return datetime(2005, month, day, hour - 8, minute, tzinfo=UTC)


def the_matter(matter_id: int) -> Matter:
    with reading(observer()) as session:
        found = session.scalars(sa.select(Matter).where(Matter.id == matter_id)).one()
        session.expunge(found)
    return found


def rows(model: Any) -> list[Any]:
    """All of a table, as the bank sees it."""
    with reading(observer()) as session:
        found = list(session.scalars(sa.select(model).order_by(model.id)))
        session.expunge_all()
    return found
