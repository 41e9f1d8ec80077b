"""Placements of the demo: runs that one vendor manager makes and the other approves, batches that are answered or recalled."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.demo.cast import HOUSES
from portal.foundation.errors import DomainError, Refused
from portal.foundation.jobs import run_pending
from portal.foundation.work import reading
from portal.identity.models import Organisation
from portal.placement.batches import accept_batch, refuse_batch
from portal.placement.codes import RecallReason
from portal.placement.criteria import Criteria, Share
from portal.placement.method import Method, MethodKind
from portal.placement.models import BatchState, PlacementBatch
from portal.placement.operations import approve_run, make_run, submit_run
from portal.placement.queries import batches_of_run, run_for
from portal.placement.recall_models import Recall, RecallState
from portal.placement.recalls import Wish, ask_batch_recall, carry_out
from portal.placement.segments import seed_segments
from portal.vendors.models import PlacementKind

if TYPE_CHECKING:
    from portal.demo.stage import Stage
    from portal.foundation.access import Actor

__all__ = [
    "LETTERS", "SUITS", "answer_batches", "ask_back", "keep_segments", "propose_run", "propose_trial", "refuse_late", "send",
    "take_back",
]  # fmt: skip

COLLECTION, LETTERS, SUITS = PlacementKind.COLLECTION, PlacementKind.LETTER, PlacementKind.LITIGATION
LEADERS = {house.code: house.leader.user_name for house in HOUSES}


def propose_run(
    stage: Stage,
    buckets: tuple[str, ...],
    percent: dict[str, int],
    most: int,
    *,
    kind: PlacementKind = COLLECTION,
    maker: str = "vendor1",
) -> int | None:
    """A run that waits for approval; None where nothing is left to place. `percent` by code of the organisation."""
    shares = _shares(stage, percent)
    criteria = Criteria(kind, stage.currency, buckets, most=most, seed=1 + len(buckets))
    try:
        run_id = make_run(stage.actor(maker), criteria, shares)
    except Refused:
        return None
    run_pending(stage.app)  # a large run is split by a job
    submit_run(stage.actor(maker), run_id)
    return run_id


def send(
    stage: Stage, buckets: tuple[str, ...], percent: dict[str, int], most: int, kind: PlacementKind = COLLECTION
) -> list[int]:
    """A run that the second vendor manager approves at once; ids of its batches."""
    run_id = propose_run(stage, buckets, percent, most, kind=kind)
    if run_id is None:
        return []
    approve_run(stage.actor("vendor2"), run_id)
    run_pending(stage.app)
    vendor = stage.actor("vendor2")
    with reading(vendor) as session:
        run, _, _ = run_for(session, vendor, run_id)
        return [batch.id for batch in batches_of_run(session, run)]


def keep_segments(stage: Stage) -> None:
    """The questions that the bank asks every month."""
    seed_segments(stage.actor("vendor1"), stage.currency, 2_000_000)


def propose_trial(stage: Stage, champion: str, challenger: str, buckets: tuple[str, ...], most: int) -> None:
    """A run that waits for approval: one agency tries against another on a fifth of the customers, and nobody gets back
    what it had in the last round."""
    maker = stage.actor("vendor1")
    with reading(maker) as session:
        ids = dict(session.execute(sa.select(Organisation.code, Organisation.id)).tuples().all())
    method = Method(
        MethodKind.CHAMPION, {ids[champion]: Decimal(1), ids[challenger]: Decimal(1)},
        challengers=frozenset({ids[challenger]}), part=Decimal("0.2"), strata=("bucket", "balance"), former_rounds=1,
    )  # fmt: skip
    try:
        run_id = make_run(maker, Criteria(COLLECTION, stage.currency, buckets, most=most, seed=20), method)
    except (Refused, DomainError):
        return
    run_pending(stage.app)
    submit_run(maker, run_id)


def answer_batches(stage: Stage, refusing: str = "", slow: str = "", only: str = "") -> None:
    """Every organisation, or `only` one, accepts what was sent to it; one sends it back, and one takes its time, if they are
    named."""
    for batch_id, code in _batches(stage.actor("vendor1"), BatchState.SENT):
        if code == slow or (only and code != only):
            continue
        leader = stage.actor(LEADERS[code])
        if code == refusing:
            refuse_batch(leader, batch_id, "本月人员培训，暂无余力接收新批次")
        else:
            accept_batch(leader, batch_id)


def refuse_late(stage: Stage, code: str) -> None:
    """An organisation sends back what it has not answered for days: what was credited to it meanwhile is taken back."""
    for batch_id, owner in _batches(stage.actor("vendor1"), BatchState.SENT):
        if owner == code:
            refuse_batch(stage.actor(LEADERS[code]), batch_id, "名单与我方在办案件重复，整批退回")
    run_pending(stage.app)


def ask_back(stage: Stage, code: str, asker: str) -> None:
    """Ask for the recall of an organisation's oldest accepted batch."""
    mine = [batch for batch, owner in _batches(stage.actor(asker), BatchState.ACCEPTED) if owner == code]
    if mine:
        note = "回收率连续两个月低于同批平均，收回后重新委派"
        ask_batch_recall(stage.actor(asker), mine[0], Wish(RecallReason.CLIENT, note=note))


def take_back(stage: Stage, checker: str) -> None:
    """Carry out the recalls that somebody else asked for."""
    with reading(stage.actor(checker)) as session:
        asked = sa.select(Recall.id).where(Recall.state == RecallState.ASKED)
        waiting = session.scalars(asked.order_by(Recall.id)).all()
    for recall_id in waiting:
        carry_out(stage.actor(checker), recall_id)


def _shares(stage: Stage, percent: dict[str, int]) -> list[Share]:
    """Shares of those that have a contract in the currency; what the others would have got is the last one's."""
    held = {
        house.code for house in HOUSES for agreement in house.agreements if agreement.currency == stage.currency
    }  # whoever is asked for a kind has a contract of it
    codes = [code for code in percent if code in held] or sorted(held & {"HT", "ZX"})
    parts = {code: Decimal(percent.get(code, 50)) / 100 for code in codes}
    parts[codes[-1]] += 1 - sum(parts.values())
    with reading(stage.actor("vendor1")) as session:
        ids = dict(session.execute(sa.select(Organisation.code, Organisation.id)).tuples().all())
    return [Share(ids[code], part) for code, part in parts.items()]


def _batches(actor: Actor, state: BatchState) -> list[tuple[int, str]]:
    """Batches in a state with their organisation's code, oldest first."""
    wanted = (
        sa.select(PlacementBatch.id, Organisation.code)
        .join(Organisation, Organisation.id == PlacementBatch.organisation_id)
        .where(PlacementBatch.state == state)
        .order_by(PlacementBatch.id)
    )
    with reading(actor) as session:
        return [(row[0], row[1]) for row in session.execute(wanted)]
