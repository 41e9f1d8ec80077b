"""What organisations' systems hear of: each event is written in the transaction of what it tells.

Data names batches, recalls, accounts and payments by their references, with numbers, amounts as decimal strings and days;
never a person, a reason in words, or the kind of a hold, which can say something about a person's health or means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from portal.api.webhook_events import listeners, tell
from portal.api.webhook_models import EventKind
from portal.foundation import hooks
from portal.foundation.access import OrganisationKind
from portal.foundation.database import summed
from portal.foundation.jobs import handler
from portal.foundation.language import _l
from portal.foundation.money import format_amount
from portal.foundation.services import services
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.identity.models import Organisation
from portal.placement.models import Placement
from portal.portfolio.models import Account, Hold

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from portal.foundation.jobs import JobView, Progress
    from portal.foundation.work import Work
    from portal.placement.models import PlacementBatch
    from portal.placement.recall_models import Recall

__all__ = ["HOLD", "MOST_NAMED"]

HOLD: Final = "webhook.hold"
MOST_NAMED: Final = 100  # accounts or payments of one event; how many more there are it says


def _link(path: str) -> str:
    return services().settings.base_url + path


def _instant(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z") if at else None


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _named(name: str, references: Sequence[str]) -> dict[str, Any]:
    """The first of them, and how many more there are."""
    return {name: list(references[:MOST_NAMED]), "more": max(len(references) - MOST_NAMED, 0)}


# --- batches ------------------------------------------------------------------------------------------------------------


def _tell_of_batch(work: Work, kind: EventKind, batch: PlacementBatch) -> None:
    data = {
        "batch": batch.number,
        "placement": batch.kind.value,
        "state": batch.state.value,
        "accounts": batch.account_count,
        "amount": format_amount(batch.total_minor, batch.currency),
        "currency": batch.currency,
        "placed_on": _day(batch.placed_on),
        "term_ends_on": _day(batch.term_ends_on),
        "accept_by": _instant(batch.accept_by),
        "link": _link(f"/batches/{batch.id}"),
    }
    tell(work, batch.organisation_id, kind, f"batch:{batch.id}", data)


@hooks.batch_sent.register
def _batch_sent(work: Work, batch: PlacementBatch) -> None:
    _tell_of_batch(work, EventKind.BATCH_SENT, batch)


@hooks.batch_accepted.register
def _batch_accepted(work: Work, batch: PlacementBatch) -> None:
    _tell_of_batch(work, EventKind.BATCH_ACCEPTED, batch)


@hooks.batch_ended.register
def _batch_ended(work: Work, batch: PlacementBatch) -> None:
    """Also one that was refused or not answered: its state says which."""
    _tell_of_batch(work, EventKind.BATCH_ENDED, batch)


# --- recalls ------------------------------------------------------------------------------------------------------------


def _tell_of_recall(work: Work, kind: EventKind, recall: Recall, about: str = "", **more: Any) -> None:
    data = {
        "recall": recall.number,
        "state": recall.state.value,
        "reason": recall.reason.value,
        "category": recall.category.value,
        "accounts": recall.account_count,
        "at_term": recall.at_term,
        "final_on": _day(recall.final_on),
        "link": _link(f"/recalls/{recall.id}"),
    }
    tell(work, recall.organisation_id, kind, f"recall:{recall.id}{about}", data | more)


@hooks.recall_announced.register
def _recall_announced(work: Work, recall: Recall) -> None:
    _tell_of_recall(work, EventKind.RECALL_ANNOUNCED, recall)


@hooks.recall_carried_out.register
def _recall_carried_out(work: Work, recall: Recall, accounts: int, last_on: date) -> None:
    """A recall whose accounts go on several days is carried out on each of them."""
    if accounts:
        _tell_of_recall(
            work, EventKind.RECALL_CARRIED_OUT, recall, f":{last_on.isoformat()}:{_instant(work.now)}", gone=accounts,
            last_on=_day(last_on),
        )  # fmt: skip


@hooks.recall_withdrawn.register
def _recall_withdrawn(work: Work, recall: Recall) -> None:
    _tell_of_recall(work, EventKind.RECALL_WITHDRAWN, recall)


# --- payments -----------------------------------------------------------------------------------------------------------


@hooks.payments_credited.register
def _payments_credited(work: Work, import_run_id: int) -> None:
    """One event for each organisation that is credited with payments of a file, not one for each payment."""
    hearing = listeners(work)
    if not hearing:
        return
    lines = hooks.credit_lines.one(work.actor, import_run_id).subquery()
    credited = (
        visible(Placement, work.actor)
        .join(lines, lines.c.placement_id == Placement.id)
        .where(Placement.organisation_id.in_(hearing))
    )
    credit = summed(lines.c.credit_minor)
    sums: dict[int, list[tuple[str, int, int]]] = {}
    grouped = (
        credited.with_only_columns(Placement.organisation_id, lines.c.currency, sa.func.count(), credit)
        .group_by(Placement.organisation_id, lines.c.currency)
        .order_by(Placement.organisation_id, lines.c.currency)
    )
    for organisation_id, currency, count, minor in work.session.execute(grouped):
        sums.setdefault(organisation_id, []).append((currency, count, minor))
    kinds = {found.id: found.kind for found in _organisations(work, sums)}
    for organisation_id, parts in sums.items():
        count = sum(part[1] for part in parts)
        first = credited.with_only_columns(lines.c.payment_ref).where(Placement.organisation_id == organisation_id)
        named = work.session.scalars(first.order_by(lines.c.payment_ref).limit(MOST_NAMED)).all()
        page = "/payments" if kinds[organisation_id] is OrganisationKind.AGENCY else "/statements"
        data = {
            "import": import_run_id,
            "count": count,
            "sums": [{"currency": c, "amount": format_amount(minor, c), "count": n} for c, n, minor in parts],
            "payments": list(named),
            "more": count - len(named),
            "link": _link(page),
        }
        tell(work, organisation_id, EventKind.PAYMENTS_CREDITED, f"import:{import_run_id}", data)


def _organisations(work: Work, ids: Iterable[int]) -> Sequence[Organisation]:
    return work.session.scalars(visible(Organisation, work.actor).where(Organisation.id.in_(list(ids)))).all()


# --- holds --------------------------------------------------------------------------------------------------------------


@hooks.hold_raised.register
def _hold_raised(work: Work, hold: Hold) -> None:
    _tell_of_hold(work, EventKind.HOLD_RAISED, hold)


@hooks.hold_released.register
def _hold_released(work: Work, hold: Hold) -> None:
    _tell_of_hold(work, EventKind.HOLD_RELEASED, hold)


def _tell_of_hold(work: Work, kind: EventKind, hold: Hold) -> None:
    """Tell everybody who holds the account, or an account of the person, now.

    An organisation that raises a hold knows nothing of others that hold accounts of the same person, nor may it write
    for them; so what it sees is told at once, and the portal itself, which is asked in the same transaction, tells the
    others.
    """
    work.session.flush()
    about = Placement.account_id == hold.account_id if hold.account_id else Placement.customer_id == hold.customer_id
    when = hold.released_at if kind is EventKind.HOLD_RELEASED else hold.raised_at
    scope = "account" if hold.account_id else "person"
    _tell_holders(work, kind, about, f"hold:{hold.id}", {"hold": hold.id, "scope": scope, "since": _instant(when)})
    if not work.actor.is_bank:
        work.request_job(HOLD, f"{hold.id}-{kind.value}", {"hold_id": hold.id, "kind": kind.value}, as_portal=True)


def _tell_holders(work: Work, kind: EventKind, about: Any, subject: str, data: dict[str, Any]) -> None:
    hearing = listeners(work)
    if not hearing:
        return
    held = (
        visible(Placement, work.actor)
        .join(Account, Account.id == Placement.account_id)
        .where(about, Placement.ended_at.is_(None), Placement.accepted_at.is_not(None))
        .where(Placement.organisation_id.in_(hearing))
        .with_only_columns(Placement.organisation_id, Account.account_ref)
        .distinct()
        .order_by(Placement.organisation_id, Account.account_ref)
    )
    accounts: dict[int, list[str]] = {}
    for organisation_id, reference in work.session.execute(held):
        accounts.setdefault(organisation_id, []).append(reference)
    # The holds of a file have no page together; the list of accounts is where all of them are seen.
    page = "/accounts" if data["hold"] is None else f"/holds/{data['hold']}"
    for organisation_id, references in accounts.items():
        tell(work, organisation_id, kind, subject, data | _named("accounts", references) | {"link": _link(page)})


@handler(HOLD, _l("Telling of a hold"))
def tell_of_hold(job: JobView, _progress: Progress) -> dict[str, Any] | None:
    """Tell of a hold that an organisation has raised; who was told already hears nothing more."""
    with transaction(job.actor) as work:
        hold = work.session.scalar(visible(Hold, job.actor).where(Hold.id == job.payload["hold_id"]))
        if hold is not None:
            _tell_of_hold(work, EventKind(job.payload["kind"]), hold)
    return None


@hooks.holds_filed.register
def _holds_filed(work: Work, import_run_id: int) -> None:
    """The holds of a file of accounts: one event for each organisation."""
    filed = sa.exists().where(
        Hold.account_id == Placement.account_id, Hold.raised_at == work.now, Hold.raised_by.is_(None),
        Hold.released_at.is_(None),
    )  # fmt: skip
    data = {"hold": None, "scope": "file", "since": _instant(work.now)}
    _tell_holders(work, EventKind.HOLD_RAISED, filed, f"import:{import_run_id}", data)
