"""Decisions made anew, where what they rest on has changed: never edited, superseded where the rules now say something else.

A placement that came, ended or was moved in the past marks its accounts (`AccountTouch`), and what agencies have logged late
is looked through once a day. The first is done as soon as a worker looks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.contact.models import ContactAttempt
from portal.foundation import hooks
from portal.foundation.bulk import in_chunks, insert_rows
from portal.foundation.daily import Due
from portal.foundation.jobs import handler
from portal.foundation.language import _l, as_data, say_count
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.placement.models import Placement
from portal.recovery.attribution import BY_HAND, RULE, Paid, decide
from portal.recovery.decisions import Decisions, alone, not_superseded, row_of
from portal.recovery.following import follow
from portal.recovery.models import AccountTouch, Attribution, Decision, DecisionRound, Payment, SecondLook
from portal.recovery.places import EXCLUDING_KINDS, contact_outcomes, holder_of, places_of, terms_of_versions
from portal.recovery.reported.receipts import note_moved_receipts
from portal.recovery.words import trace_of
from portal.vendors.models import ContractVersion

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.jobs import JobView, Progress
    from portal.foundation.work import Work
    from portal.placement.models import PlacementBatch
    from portal.recovery.attribution import Credit
    from portal.recovery.places import Held

__all__ = ["DECIDE", "Anew", "decide_again", "decide_touched", "touch_accounts", "touch_ended_since"]

DECIDE = "recovery.decide"
AT_ONCE = 1_000  # accounts
# No rule makes or unmakes these: they wait for a person, or for a payment that is not there.
NOT_BY_PLACEMENT = (
    Decision.SPLIT_NEEDED, Decision.ABOVE_BALANCE, Decision.ORIGINAL_UNKNOWN, Decision.CANNOT_REVERSE,
)  # fmt: skip

BY_PLACEMENT = (Decision.NOT_PLACED, Decision.BEFORE_PLACEMENT, Decision.AFTER_PLACEMENT)


@dataclass
class Anew:
    """What came of deciding again: decisions that took another's place, and those by hand that the rules would now make
    otherwise, each with what they say."""

    changed: int = 0
    doubted: list[int] = field(default_factory=list)


# --- what is touched ----------------------------------------------------------------------------------------------------


def touch_accounts(work: Work, rows: Sequence[tuple[int, int]]) -> None:
    """Within another operation: decisions on these accounts are to be made anew; each with the organisation whose placement
    has changed."""
    insert_rows(
        work.session, AccountTouch, ("account_id", "organisation_id", "touched_at"), [(*row, work.now) for row in rows]
    )


@hooks.batch_sent.register
def _touch_back_dated(work: Work, batch: PlacementBatch) -> None:
    """Payments may have been posted for days from which on a batch now says that it holds their accounts."""
    paid = sa.exists().where(Payment.account_id == Placement.account_id, Payment.paid_on >= batch.placed_on)
    wanted = visible(Placement, work.actor).where(Placement.batch_id == batch.id, paid)
    touched = work.session.execute(wanted.with_only_columns(Placement.account_id, Placement.organisation_id))
    touch_accounts(work, [(account_id, owner) for account_id, owner in touched])


@hooks.placements_ended.register
def _touch_ended(work: Work, ended: sa.Select[tuple[int]]) -> None:
    """What was credited for days after the last one that earns: a batch that was refused, an end in the past."""
    wanted = (
        visible(Attribution, work.actor)
        .join(Placement, Placement.id == Attribution.placement_id)
        .where(Placement.id.in_(ended), Attribution.paid_on > Placement.ended_on)
        .with_only_columns(Attribution.account_id, Placement.organisation_id)
        .distinct()
    )
    touch_accounts(work, [(account_id, owner) for account_id, owner in work.session.execute(wanted)])


def touch_ended_since(work: Work, import_run_id: int) -> None:
    """Payments of a file whose placement has ended before their value date: in the tail, or while the file was posted, unseen
    by whoever ended it. The caller has the lock under which placements end."""
    ended = (
        visible(Attribution, work.actor)
        .join(Payment, Payment.id == Attribution.payment_id)
        .join(Placement, Placement.id == Attribution.placement_id)
        .where(
            Payment.import_run_id == import_run_id,
            # one that was refused ended as if it had never begun
            sa.or_(Placement.ended_at >= work.now, Placement.ended_on < Placement.placed_on),
            Attribution.paid_on > Placement.ended_on,
        )
        .with_only_columns(Attribution.account_id, Placement.organisation_id)
        .distinct()
    )
    touch_accounts(work, [(account_id, owner) for account_id, owner in work.session.execute(ended)])


def _overlooked(work: Work) -> set[int]:
    """Accounts of exceptions that somebody did hold on the value date: a batch that was sent while the payment was posted."""
    held = sa.exists().where(
        Placement.account_id == Attribution.account_id, Placement.kind.in_(EXCLUDING_KINDS),
        Placement.placed_on <= Attribution.paid_on,
        sa.or_(Placement.ended_on.is_(None), Placement.ended_on >= Attribution.paid_on),
    )  # fmt: skip
    wanted = visible(Attribution, work.actor).where(Attribution.decision.in_(BY_PLACEMENT), not_superseded(), held)
    return set(work.session.scalars(wanted.with_only_columns(Attribution.account_id).distinct()))


@hooks.due_work.register
def due(session: Session, actor: Actor, _now: datetime, today: date) -> list[Due]:
    """What was touched, at once; the logs, once a day."""
    latest = session.scalar(visible(AccountTouch, actor).with_only_columns(sa.func.max(AccountTouch.id)))
    decided = session.scalar(visible(Attribution, actor).with_only_columns(Attribution.id).limit(1))
    found = [Due(DECIDE, f"day-{today.isoformat()}")] if decided else []
    return [*found, Due(DECIDE, f"touch-{latest}")] if latest else found


@handler(DECIDE, _l("Deciding again to whom payments belong"))
def _decide_job(job: JobView, progress: Progress) -> dict[str, Any]:
    anew = decide_touched(job.actor)
    progress.step(1, 1)
    words = say_count(
        "%(n)s decision on a payment has changed.", "%(n)s decisions on payments have changed.", anew.changed
    )
    return {"url": "/payments", "message": as_data(words), "changed": anew.changed, "doubted": len(anew.doubted)}


def decide_touched(actor: Actor) -> Anew:
    """Decide again about all accounts that were touched and those whose logs have grown; in pieces, each whole by itself."""
    done = Anew()
    while True:
        with transaction(actor) as work:
            alone(work)
            touches = work.session.execute(
                visible(AccountTouch, actor)
                .with_only_columns(AccountTouch.id, AccountTouch.account_id)
                .order_by(AccountTouch.id)
                .limit(AT_ONCE)
            ).all()
            accounts = {account_id for _, account_id in touches}
            last = 0
            if len(touches) < AT_ONCE:
                logged, last = _accounts_with_new_contacts(work)
                accounts |= logged | _overlooked(work)
            anew = Anew()
            for some in in_chunks(sorted(accounts), AT_ONCE):
                part = decide_again(work, some)
                anew.changed += part.changed
                anew.doubted += part.doubted
            gone = sa.delete(AccountTouch).where(AccountTouch.id.in_([touch_id for touch_id, _ in touches]))
            work.session.execute(gone, execution_options={"synchronize_session": False})
            _note_round(work, last, len(accounts), anew)
        done.changed += anew.changed
        done.doubted += anew.doubted
        if len(touches) < AT_ONCE:
            return done


def _note_round(work: Work, last_attempt_id: int, accounts: int, anew: Anew) -> None:
    """A round that found nothing to do leaves no row behind, but for how far the logs are read."""
    before = _last_attempt(work)
    if not accounts and last_attempt_id <= before:
        return
    done = DecisionRound(
        at=work.now, last_attempt_id=max(last_attempt_id, before), accounts=accounts, changed=anew.changed,
        doubted=len(anew.doubted),
    )  # fmt: skip
    work.session.add(done)
    work.session.flush()
    if anew.changed or anew.doubted:
        work.audit(
            "attribution.decided_again", done, accounts=accounts, changed=anew.changed, doubted=len(anew.doubted)
        )


def _last_attempt(work: Work) -> int:
    return work.session.scalar(sa.select(sa.func.max(DecisionRound.last_attempt_id))) or 0


def _accounts_with_new_contacts(work: Work) -> tuple[set[int], int]:
    """Accounts whose logs have a new contact, or an entry put right, under a contract that asks for the first contact; and
    the last entry that was looked at."""
    before = _last_attempt(work)
    last = work.session.scalar(sa.select(sa.func.max(ContactAttempt.id))) or 0
    versions = work.session.scalars(sa.select(ContractVersion.id)).all()
    asking = [
        v for v, terms in terms_of_versions(work.session, versions).items() if terms.clauses.exclude_before_contact
    ]
    if not asking or last <= before:
        return set(), last
    wanted = (
        visible(ContactAttempt, work.actor)
        .join(Placement, Placement.id == ContactAttempt.placement_id)
        .where(ContactAttempt.id > before, ContactAttempt.id <= last, Placement.contract_version_id.in_(asking))
        .where(sa.or_(ContactAttempt.outcome.in_(contact_outcomes()), ContactAttempt.corrects_id.is_not(None)))
        .where(sa.exists().where(Attribution.placement_id == Placement.id))
        .with_only_columns(ContactAttempt.account_id)
        .distinct()
    )
    return set(work.session.scalars(wanted)), last


# --- deciding -----------------------------------------------------------------------------------------------------------


def decide_again(work: Work, account_ids: Collection[int]) -> Anew:
    """Decide about every payment of these accounts as if it came today, by the contract versions of its placements, and
    append what differs; reversals follow. The caller has the lock (`alone`) and bounds the number of accounts.

    What two persons decided stays. Where the rules would now decide otherwise it is put down for a second look.
    """
    session = work.session
    standing = session.execute(
        sa.select(Attribution, Payment.received_by, Payment.channel)
        .join(Payment, Payment.id == Attribution.payment_id)
        .where(Attribution.account_id.in_(account_ids), Payment.reverses_ref.is_(None))
        .where(Attribution.decision.not_in(NOT_BY_PLACEMENT), not_superseded())
        .order_by(Attribution.id)
        .execution_options(populate_existing=True)
    ).all()
    places = places_of(session, {old.account_id for old, *_ in standing})
    anew, decisions = Anew(), Decisions(session)
    values: list[tuple[Any, ...]] = []
    replaced: list[Attribution] = []
    doubts: list[tuple[Any, ...]] = []
    agreed: list[tuple[Any, ...]] = []
    for old, received_by, channel in standing:
        held = places.get(old.account_id, [])
        credit = decide(Paid(old.paid_on, received_by.value, channel), [each.place for each in held])
        holder = holder_of(credit, held)
        trace = trace_of(old.paid_on, credit, holder)
        differs = _differs(old, credit, holder)
        if old.rule == BY_HAND:
            (doubts if differs else agreed).append((old.id, work.now, as_data(trace)))
        elif differs:
            replaced.append(old)
            values.append(
                row_of(
                    old, old.account_id, old.amount_minor, credit, holder, trace, RULE, work.now,
                    payment_id=old.payment_id, share=old.share, supersedes=old.id,
                )
            )  # fmt: skip
    decisions.insert(values, replaced)
    moved = sorted({old.payment_id for old in replaced})
    anew.changed = len(values) + follow(session, moved, decisions, work.now)
    decisions.sum_up()
    note_moved_receipts(work, moved)
    _put_down(session, doubts, agreed)
    anew.doubted = [attribution_id for attribution_id, *_ in doubts]
    return anew


def _differs(old: Attribution, credit: Credit, holder: Held | None) -> bool:
    """Whether a decision is another one; that somebody's last day has become known is none. Two persons' word that nobody
    is credited holds whatever the rules' reason for it."""
    named = holder.place.window.placement_id if holder else None
    if old.decision is Decision.NOBODY:
        return named is not None
    return (old.decision.value, old.placement_id, old.exclusion) != (credit.decision, named, credit.exclusion)


def _put_down(session: Session, doubts: Sequence[tuple[Any, ...]], agreed: Sequence[tuple[Any, ...]]) -> None:
    ids = [attribution_id for attribution_id, *_ in (*doubts, *agreed)]
    gone = sa.delete(SecondLook).where(SecondLook.attribution_id.in_(ids))
    session.execute(gone, execution_options={"synchronize_session": False})
    insert_rows(session, SecondLook, ("attribution_id", "found_at", "trace"), doubts)
