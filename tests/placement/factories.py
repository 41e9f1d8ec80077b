"""Runs and batches for the tests of every room, made by the room's own operations."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from portal.foundation.access import Actor, Role
from portal.foundation.clock import FrozenClock
from portal.foundation.work import reading, transaction
from portal.placement.batches import accept_batch
from portal.placement.codes import RecallReason
from portal.placement.criteria import PLACEABLE_BUCKETS, Criteria, Share
from portal.placement.models import Placement, PlacementBatch
from portal.placement.operations import approve_run, make_run, submit_run
from portal.placement.recalls import Wish, ask_batch_recall, carry_out
from portal.placement.sending import send_run
from portal.vendors.models import ContractVersion, PlacementKind
from tests.identity.factories import actor_of, make_bank, make_user, observer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from flask import Flask
    from sqlalchemy.orm import Session

    from portal.foundation.services import Services
    from portal.identity.models import Organisation

__all__ = [
    "Desk",
    "answerer",
    "batches",
    "criteria",
    "even_shares",
    "make_desk",
    "on",
    "placed",
    "placements",
    "recalled",
    "sent_run",
]


R = TypeVar("R")


class Desk(NamedTuple):
    """Two vendor managers: one makes, the other approves."""

    maker: Actor
    checker: Actor


def make_desk() -> Desk:
    make_bank()
    return Desk(actor_of(make_user(Role.VENDOR_MANAGER)), actor_of(make_user(Role.VENDOR_MANAGER)))


def criteria(kind: PlacementKind = PlacementKind.COLLECTION, currency: str = "TWD", **fields: object) -> Criteria:
    """All buckets, any balance, unless said otherwise."""
    return Criteria(**({"kind": kind, "currency": currency, "buckets": PLACEABLE_BUCKETS, "seed": 7} | fields))  # type: ignore[arg-type]


def even_shares(*organisations: Organisation) -> list[Share]:
    """The same share for everybody; the first takes what does not divide."""
    each = Decimal(100 // len(organisations)) / 100
    first = 1 - each * (len(organisations) - 1)
    return [Share(o.id, first if i == 0 else each) for i, o in enumerate(organisations)]


def sent_run(desk: Desk, shares: Sequence[Share], wanted: Criteria | None = None) -> int:
    """A run that was made, submitted, approved by the other person and sent; its id."""
    run_id = make_run(desk.maker, wanted or criteria(), shares)
    submit_run(desk.maker, run_id)
    approve_run(desk.checker, run_id)
    send_run(desk.checker, run_id)
    return run_id


def on(app: Flask, day: date, hour: int = 10) -> datetime:
    """From here on it is that hour of the day in the bank's zone."""
    found: Services = app.extensions["portal"]
    at = datetime.combine(day, time(hour), ZoneInfo(found.settings.time_zone)).astimezone(UTC)
    found.clock = FrozenClock(time_zone=found.settings.time_zone, at=at)
    return at


def recall_terms(organisation: Organisation, **terms: int) -> None:
    """What the organisation's contract says of recalls from its second day on: `recall_notice_days`, `objection_days`,
    `payment_extends_days`, `term_days`."""
    with transaction(observer()) as work:
        wanted = sa.select(ContractVersion).where(ContractVersion.organisation_id == organisation.id)
        old = work.session.scalars(wanted.order_by(ContractVersion.version.desc())).first()
        assert old is not None
        same = ("contract_id", "organisation_id", "plan", "letter_fee_minor", "term_days", "clauses", "created_at")
        work.session.add(
            ContractVersion(
                **{name: getattr(old, name) for name in same} | terms,
                version=old.version + 1,
                effective_from=old.effective_from + timedelta(days=1),
            )
        )


def recalled(desk: Desk, batch_id: int, reason: RecallReason = RecallReason.CLIENT, **fields: object) -> int:
    """A whole batch that one asked back and the other took back, at once unless said otherwise; the recall's id."""
    recall_id = ask_batch_recall(desk.maker, batch_id, Wish(reason, **fields))  # type: ignore[arg-type]
    carry_out(desk.checker, recall_id)
    return recall_id


def answerer(organisation: Organisation) -> Actor:
    """Somebody who may accept for the organisation."""
    return actor_of(make_user(organisation=organisation))


def placed(desk: Desk, organisation: Organisation, wanted: Criteria | None = None, *, accepted: bool = True) -> int:
    """A batch with all that is eligible, accepted unless said otherwise; its id."""
    run_id = sent_run(desk, even_shares(organisation), wanted)
    batch = batches(run_id)[0]
    if accepted:
        accept_batch(answerer(organisation), batch.id)
    return batch.id


def batches(run_id: int) -> list[PlacementBatch]:
    """The batches of a run, by organisation."""
    with reading(observer()) as session:
        wanted = sa.select(PlacementBatch).where(PlacementBatch.run_id == run_id)
        return _loose(session, session.scalars(wanted.order_by(PlacementBatch.organisation_id)).all())


def placements(batch_id: int) -> list[Placement]:
    """The placements of a batch, by account."""
    with reading(observer()) as session:
        wanted = sa.select(Placement).where(Placement.batch_id == batch_id)
        return _loose(session, session.scalars(wanted.order_by(Placement.account_id)).all())


def _loose(session: Session, rows: Sequence[R]) -> list[R]:
    """The rows as they are now, free of the session that read them."""
    session.expunge_all()
    return list(rows)
