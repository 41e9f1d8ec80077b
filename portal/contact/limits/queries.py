"""Reads of what began a claim's limitation anew, and of the days that records of an account are kept by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.contact.complaints.models import Complaint
from portal.contact.limits.keeping import days_that_count
from portal.contact.limits.models import LimitationRestart
from portal.contact.models import Channel, ContactAttempt
from portal.contact.rules.shelf import shelf_of
from portal.foundation.errors import NotFound
from portal.foundation.visibility import visible
from portal.identity.models import Organisation, User
from portal.placement.leaving_models import CertificateDuty
from portal.placement.models import Placement
from portal.portfolio.models import Account, LimitationClock
from portal.portfolio.queries import last_paid

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.contact.conduct import Pack
    from portal.foundation.access import Actor

__all__ = ["Step", "copies_of", "pack_of_claim", "record_days", "restart_for", "restarts_of"]

MOST = 200


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that may have begun a claim's limitation anew. `state`: `runs` (the period runs from it), `counted` (until
    a later one), `overtaken` (a payment came after it), `late` (the claim was over) or `back` (taken back, with `why`).
    `attempt_id`: only where the reader may see the attempt."""

    row: LimitationRestart
    state: str
    who: str | None
    attempt_id: int | None
    why: str


def restarts_of(session: Session, actor: Actor, account: Account) -> list[Step]:
    """What began an account's limitation anew or would have, latest first."""
    back, noter = aliased(LimitationRestart), aliased(User)
    seen = visible(ContactAttempt, actor).with_only_columns(ContactAttempt.id).where(
        ContactAttempt.account_id == account.id
    ).subquery()  # fmt: skip
    rows = session.execute(
        visible(LimitationRestart, actor)
        .outerjoin(back, back.takes_back_id == LimitationRestart.id)
        .outerjoin(noter, noter.id == LimitationRestart.noted_by)
        .outerjoin(seen, seen.c.id == LimitationRestart.attempt_id)
        .where(LimitationRestart.account_id == account.id, LimitationRestart.takes_back_id.is_(None))
        .add_columns(
            back.words.label("why"), back.id.label("back_id"), noter.name.label("who"), seen.c.id.label("seen")
        )
        .order_by(LimitationRestart.happened_on.desc(), LimitationRestart.id.desc())
        .limit(MOST)
    ).all()
    clock = session.scalar(visible(LimitationClock, actor).where(LimitationClock.account_id == account.id))
    standing = [row.LimitationRestart.happened_on for row in rows if row.back_id is None]
    counting = days_that_count(account, clock, standing)
    paid = last_paid(account.last_paid_on, clock)
    return [
        Step(
            row.LimitationRestart,
            "back" if row.back_id else _state(row.LimitationRestart.happened_on, counting, paid),
            row.who if actor.is_bank else None,
            row.seen,
            row.why or "",
        )
        for row in rows
    ]


def _state(day: date, counting: list[date], paid: date | None) -> str:
    if counting and day == counting[-1]:
        return "runs"
    if day in counting:
        return "counted"
    return "overtaken" if paid is not None and day <= paid else "late"


def restart_for(session: Session, actor: Actor, restart_id: int) -> LimitationRestart:
    """A row with a file that the actor may have: the bank any, an organisation its own. NotFound."""
    wanted = visible(LimitationRestart, actor).where(LimitationRestart.id == restart_id)
    if not actor.is_bank:
        wanted = wanted.where(LimitationRestart.organisation_id == actor.organisation_id)
    row = session.scalar(wanted)
    if row is None:
        raise NotFound
    return row


def pack_of_claim(session: Session, actor: Actor, account: Account, today: date) -> Pack:
    """The rules by which a claim runs out and its records are kept: those of the place in whose law the account stands, wherever
    the debtor has gone to live (contacts go by that: `history.pack_of`)."""
    return shelf_of(session, actor).pack_for(account.region, today)


def record_days(session: Session, actor: Actor, account: Account) -> dict[str, date | None]:
    """By class of records, the day of the account's latest that the actor may see; None where there is none."""
    attempts = visible(ContactAttempt, actor).where(ContactAttempt.account_id == account.id)
    last, last_call = session.execute(
        attempts.with_only_columns(
            sa.func.max(ContactAttempt.local_date),
            sa.func.max(sa.case((ContactAttempt.channel == Channel.CALL, ContactAttempt.local_date))),
        )
    ).one()
    complaint = session.scalar(
        visible(Complaint, actor)
        .where(Complaint.account_id == account.id)
        .with_only_columns(sa.func.max(Complaint.received_on))
    )
    return {"call_recording": last_call, "collection_record": last, "complaint_record": complaint}


def copies_of(session: Session, actor: Actor, account: Account) -> Sequence[Any]:
    """Who had the account or has it, each with the duty to certify that its copy is deleted, where one has fallen due."""
    return session.execute(
        visible(Placement, actor)
        .join(Organisation, Organisation.id == Placement.organisation_id)
        .outerjoin(
            CertificateDuty,
            sa.and_(
                CertificateDuty.batch_id == Placement.batch_id,
                CertificateDuty.organisation_id == Placement.organisation_id,
            ),
        )
        .where(Placement.account_id == account.id, Placement.accepted_at.is_not(None))
        .add_columns(Organisation, CertificateDuty.id.label("duty_id"))
        .order_by(Placement.id.desc())
    ).all()
