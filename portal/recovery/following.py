"""Reversals follow the payments that they take back: decided for the first time, and anew when their payment's decision is."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from portal.foundation.language import as_data
from portal.recovery.attribution import BY_HAND, RULE, in_order, take_back
from portal.recovery.decisions import Decisions, not_superseded
from portal.recovery.models import Attribution, Decision, Payment
from portal.recovery.words import trace_of_impossible_reversal, trace_of_reversal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from portal.foundation.language import Message

__all__ = ["follow", "wait_for_originals"]


class _Part(NamedTuple):
    """What is decided about a reversal, or a part of it: which share it takes back (None: nothing), and how much."""

    decision: Decision
    original: Attribution | None
    amount: int
    trace: Message


def follow(session: Session, payment_ids: Collection[int], decisions: Decisions, now: datetime) -> int:
    """Decide about all reversals of these payments, by what stands about the payments now; how many decisions are new.

    What two persons decided about a reversal stays, and takes nothing back.
    """
    payments = {p.id: p for p in session.scalars(sa.select(Payment).where(Payment.id.in_(payment_ids)))}
    originals = _standing(session, payments)
    by_ref = {payment.payment_ref: payment for payment in payments.values()}
    reversals = session.scalars(sa.select(Payment).where(Payment.reverses_ref.in_(by_ref))).all()
    stands = _standing(session, {reversal.id for reversal in reversals})
    groups: dict[int, list[Payment]] = defaultdict(list)
    for reversal in reversals:
        groups[by_ref[reversal.reverses_ref or ""].id].append(reversal)
    decided: dict[int, list[_Part]] = {}
    for payment_id, group in groups.items():
        decided |= _decide(payments[payment_id], originals[payment_id], group, stands)
    values, replaced = [], []
    for reversal in sorted(reversals, key=lambda each: each.id):  # decided in the order in which they were posted
        if reversal.id in decided:
            for value, old in _differences(reversal, decided[reversal.id], stands[reversal.id], now):
                values.append(value)
                replaced += [old] if old else []
    decisions.insert(values, replaced)
    return len(values)


def wait_for_originals(session: Session, reversals: Sequence[Payment], decisions: Decisions, now: datetime) -> None:
    """Reversals whose payment has not been posted wait in the exception list."""
    values = []
    for each in reversals:
        part = _Part(
            Decision.ORIGINAL_UNKNOWN, None, each.amount_minor, trace_of_reversal(None, each.reverses_ref or "")
        )
        values.append(_values(each, part, 0, None, now))
    decisions.insert(values)


def _standing(session: Session, payment_ids: Collection[int]) -> dict[int, list[Attribution]]:
    """The decisions that stand on these payments, share by share."""
    found: dict[int, list[Attribution]] = defaultdict(list)
    wanted = sa.select(Attribution).where(Attribution.payment_id.in_(payment_ids), not_superseded())
    for each in session.scalars(wanted.order_by(Attribution.payment_id, Attribution.share)):
        found[each.payment_id].append(each)
    return found


def _decide(
    payment: Payment, shares: Sequence[Attribution], reversals: Sequence[Payment], stands: dict[int, list[Attribution]]
) -> dict[int, list[_Part]]:
    left = [share.amount_minor for share in shares]
    decided: dict[int, list[_Part]] = {}
    for reversal in in_order(reversals):
        if any(each.rule == BY_HAND for each in stands[reversal.id]):
            continue
        parts = None
        # A reversal's own amounts are negative: nothing is left of them. Another account's payment is no reversal's to take.
        if payment.reverses_ref is None and reversal.account_id == payment.account_id:
            parts = take_back(left, reversal.amount_minor)
        if parts is None:
            trace = trace_of_impossible_reversal(reversal.reverses_ref or "")
            decided[reversal.id] = [_Part(Decision.CANNOT_REVERSE, None, reversal.amount_minor, trace)]
            continue
        trace = trace_of_reversal(payment.payment_ref, reversal.reverses_ref or "")
        decided[reversal.id] = [
            _Part(shares[part.share].decision, shares[part.share], part.amount, trace) for part in parts
        ]
        for part in parts:
            left[part.share] -= part.amount
    return decided


def _differences(
    reversal: Payment, parts: Sequence[_Part], standing: Sequence[Attribution], now: datetime
) -> Iterator[tuple[tuple[Any, ...], Attribution | None]]:
    """The decisions that are new, each with the one whose place it takes. A part that is no more is left with nothing."""
    by_share = {each.share: each for each in standing}
    for share in range(max(len(parts), *(share + 1 for share in by_share), 0)):
        old = by_share.get(share)
        if share < len(parts):
            part = parts[share]
        elif old is not None and old.amount_minor:
            part = _Part(Decision.NOBODY, None, 0, trace_of_reversal(reversal.payment_ref, reversal.reverses_ref or ""))
        else:
            continue
        if old is None or _outcome(old) != (part.decision, part.original.id if part.original else None, -part.amount):
            yield _values(reversal, part, share, old.id if old else None, now), old


def _outcome(old: Attribution) -> tuple[Decision, int | None, int]:
    return old.decision, old.reverses_id, old.amount_minor


def _values(reversal: Payment, part: _Part, share: int, supersedes: int | None, now: datetime) -> tuple[Any, ...]:
    """What a reversal's attribution holds: the placement of what it takes back, and the amount."""
    original = part.original
    return (
        reversal.id,
        original.organisation_id if original else None,
        original.placement_id if original else None,
        original.batch_id if original else None,
        original.account_id if original else reversal.account_id,
        part.decision.value, original.exclusion if original else "", share,
        reversal.payment_ref, reversal.paid_on, reversal.currency,
        -part.amount if part.decision is Decision.CREDITED else 0,
        -part.amount, original.id if original else None, RULE, as_data(part.trace), supersedes, now,
    )  # fmt: skip
