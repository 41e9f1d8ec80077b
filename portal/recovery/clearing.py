"""Payments that no rule decides, or whose credit is contested: one person proposes what is to become of them, another one approves it or sends it back.

What is approved takes the exception's place as a decision by hand, which says who decided, and why. Rules do not overturn it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.free_text import given_reason
from portal.foundation.language import Message, say
from portal.foundation.money import format_amount
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.identity.models import User
from portal.portfolio.models import Account
from portal.recovery.attribution import BY_HAND, Credit, Paid, decide, share_faults
from portal.recovery.clearing_models import Clearing, ClearingClaim, ClearingDecision, ClearingKind, ClearingLine
from portal.recovery.contested import is_to_decide
from portal.recovery.decisions import Decisions, alone, row_of
from portal.recovery.following import follow
from portal.recovery.models import Attribution, Decision, Payment
from portal.recovery.places import Held, holder_of, places_of
from portal.recovery.queries import standing
from portal.recovery.reported.receipts import note_moved_receipts
from portal.recovery.words import trace_by_hand, trace_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from portal.foundation.access import Actor
    from portal.foundation.work import Work

__all__ = ["MOST_AT_ONCE", "approve", "propose_nobody", "propose_placement", "propose_split", "send_back"]

MOST_AT_ONCE = 1_000  # payments of one proposal
LONGEST_REASON = 1_000


# --- one person proposes ------------------------------------------------------------------------------------------------


def propose_placement(actor: Actor, attribution_id: int, placement_id: int, reason: str) -> int:
    """Credit a payment to this placement of its account; the proposal's number.

    NotFound for what is no exception and not contested; Refused where it is proposed already; DomainError naming the field for
    another account's placement, the one that has the credit, a reversal, or a reason that is missing.
    """
    with _proposing(actor, reason) as work:
        (old,) = _exceptions(work, [attribution_id])
        _refuse_reversal(old)
        if old.decision is Decision.CREDITED and old.placement_id == placement_id:
            words = say("It is credited to this placement. If that is right, answer the objection instead.")
            raise DomainError("exception.same", words, field="placement_id")
        held = places_of(work.session, [old.account_id]).get(old.account_id, [])
        if placement_id not in {each.place.window.placement_id for each in held}:
            raise DomainError("exception.placement", say("Choose a placement of this account."), field="placement_id")
        return _propose(work, ClearingKind.PLACEMENT, reason, [(old, old.account_id, placement_id, old.amount_minor)])


def propose_split(actor: Actor, attribution_id: int, shares: Sequence[tuple[int, int]], reason: str) -> int:
    """Name the accounts of the customer that a payment pays, with the share of each in minor units of its currency.

    Raises as `propose_placement`; DomainError where the shares are not the payment's cents, one by one above zero.
    """
    with _proposing(actor, reason) as work:
        (old,) = _exceptions(work, [attribution_id])
        _refuse_reversal(old)
        known = {account.id for account in accounts_of_customer(work, old)}
        if not {account_id for account_id, _ in shares} <= known:
            raise DomainError("exception.account", say("Choose accounts of this customer in the payment's currency."))
        fault = share_faults(old.amount_minor, shares)
        if fault == "sum":
            words = say(
                "The shares add up to %(sum)s. The payment is %(amount)s: every cent of it has to have its account.",
                sum=format_amount(sum(share for _, share in shares), old.currency),
                amount=format_amount(old.amount_minor, old.currency),
            )
            raise DomainError("exception.shares", words)
        if fault:
            raise DomainError("exception.shares", say("Each account has one share, above zero."))
        lines = [(old, account_id, None, share) for account_id, share in shares]
        return _propose(work, ClearingKind.SPLIT, reason, lines)


def propose_nobody(actor: Actor, attribution_ids: Sequence[int], reason: str) -> int:
    """Credit nobody with these payments, for good: the bank recovered them itself, or nobody knows. Raises as
    `propose_placement`; DomainError for more than `MOST_AT_ONCE`, or none."""
    with _proposing(actor, reason) as work:
        found = _exceptions(work, attribution_ids)
        return _propose(
            work, ClearingKind.NOBODY, reason, [(old, old.account_id, None, old.amount_minor) for old in found]
        )


def _proposing(actor: Actor, reason: str) -> Any:
    demand(actor, Permission.EXCEPTIONS_PROPOSE)
    _given(reason)
    return transaction(actor)


def _given(reason: str) -> str:
    return given_reason(reason, LONGEST_REASON, "exception.reason", say("Say why, so that others can follow."))


def _exceptions(work: Work, attribution_ids: Sequence[int]) -> list[Attribution]:
    """The exceptions of these numbers, all of them; nobody decides about them until this transaction ends."""
    wanted = set(attribution_ids)
    if not wanted:
        raise DomainError("exception.nothing", say("Choose the payments first."))
    if len(wanted) > MOST_AT_ONCE:
        raise DomainError("exception.many", say("At most %(most)s payments in one step.", most=MOST_AT_ONCE))
    alone(work)
    found = _waiting(work, wanted)
    if len(found) != len(wanted):
        raise NotFound
    claimed = work.session.scalar(
        visible(ClearingClaim, work.actor)
        .where(ClearingClaim.attribution_id.in_(wanted))
        .with_only_columns(ClearingClaim.clearing_id)
        .limit(1)
    )
    if claimed is not None:
        raise Refused("exception.proposed", say("For one of these payments there is a proposal already."))
    return found


def _waiting(work: Work, attribution_ids: Collection[int]) -> list[Attribution]:
    wanted = standing(work.actor).where(Attribution.id.in_(attribution_ids), is_to_decide(work.actor))
    return list(work.session.scalars(wanted.order_by(Attribution.id).execution_options(populate_existing=True)))


def _refuse_reversal(old: Attribution) -> None:
    if old.amount_minor < 0:
        words = say("A reversal is credited to nobody by itself: it follows the payment that it takes back.")
        raise DomainError("exception.reversal", words)


def accounts_of_customer(work: Work, old: Attribution) -> list[Account]:
    """The accounts that a payment may have been meant for: those of its customer in its currency."""
    customer = sa.select(Account.customer_id).where(Account.id == old.account_id).scalar_subquery()
    wanted = visible(Account, work.actor).where(Account.customer_id == customer, Account.currency == old.currency)
    return list(work.session.scalars(wanted.order_by(Account.id)))


def _propose(
    work: Work, kind: ClearingKind, reason: str, lines: Sequence[tuple[Attribution, int, int | None, int]]
) -> int:
    if work.actor.user_id is None:
        raise Refused("exception.person", say("A person proposes, not the portal by itself."))
    olds = {old.id for old, *_ in lines}
    clearing = Clearing(
        kind=kind, reason=_given(reason), payment_count=len(olds), proposed_by=work.actor.user_id, proposed_at=work.now
    )
    clearing.lines = [
        ClearingLine(attribution_id=old.id, account_id=account_id, placement_id=placement_id, amount_minor=amount)
        for old, account_id, placement_id, amount in lines
    ]
    work.session.add(clearing)
    work.session.flush()
    work.session.add_all(ClearingClaim(attribution_id=old_id, clearing_id=clearing.id) for old_id in sorted(olds))
    work.session.flush()
    work.audit(
        "clearing.proposed", clearing, after={"kind": kind.value, "payments": len(olds), "reason": clearing.reason}
    )
    return clearing.id


# --- another one decides ------------------------------------------------------------------------------------------------


def send_back(actor: Actor, clearing_id: int, reason: str) -> None:
    """Refuse a proposal, with the reason; its payments wait again. Refused to the person who proposed it."""
    demand(actor, Permission.EXCEPTIONS_CHECK)
    reason = _given(reason)
    with transaction(actor) as work:
        _decide(work, _open(work, clearing_id), approved=False, reason=reason)


def approve(actor: Actor, clearing_id: int) -> None:
    """What was proposed becomes the decision on its payments, and on what reverses them.

    Refused to the person who proposed it, and where a payment has been decided otherwise in the meantime.
    """
    demand(actor, Permission.EXCEPTIONS_CHECK)
    with transaction(actor) as work:
        alone(work)
        clearing = _open(work, clearing_id)
        _decide(work, clearing, approved=True)
        _put_into_place(work, clearing)


def _open(work: Work, clearing_id: int) -> Clearing:
    wanted = visible(Clearing, work.actor).where(Clearing.id == clearing_id).options(selectinload(Clearing.lines))
    clearing = work.session.scalar(wanted.with_for_update(of=Clearing))
    if clearing is None:
        raise NotFound
    if work.session.scalar(
        sa.select(ClearingDecision.approved).where(ClearingDecision.clearing_id == clearing_id)
    ) is not None:  # fmt: skip
        raise Refused("exception.decided", say("This proposal has been decided already."))
    if clearing.proposed_by == work.actor.user_id or work.actor.user_id is None:
        raise Refused("exception.own", say("You proposed this yourself; another person has to check it."))
    return clearing


def _decide(work: Work, clearing: Clearing, *, approved: bool, reason: str = "") -> None:
    work.session.add(
        ClearingDecision(
            clearing_id=clearing.id, proposed_by=clearing.proposed_by, approved=approved, reason=reason,
            decided_by=work.actor.user_id, decided_at=work.now,
        )
    )  # fmt: skip
    gone = sa.delete(ClearingClaim).where(ClearingClaim.clearing_id == clearing.id)
    work.session.execute(gone, execution_options={"synchronize_session": False})
    work.session.flush()
    word = "clearing.approved" if approved else "clearing.sent_back"
    work.audit(word, clearing, after={"payments": clearing.payment_count, "reason": reason or None})


def _put_into_place(work: Work, clearing: Clearing) -> None:
    olds = {old.id: old for old in _waiting(work, {line.attribution_id for line in clearing.lines})}
    if len(olds) != clearing.payment_count:
        words = say("A payment of this proposal has been decided otherwise in the meantime. Send the proposal back.")
        raise Refused("exception.moved", words)
    proposer = work.session.scalar(sa.select(User.name).where(User.id == clearing.proposed_by)) or ""
    by_hand = _ByHand(work, clearing, proposer)
    decisions = Decisions(work.session)
    decisions.insert(by_hand.rows(olds), list(olds.values()))
    moved = sorted({old.payment_id for old in olds.values()})
    follow(work.session, moved, decisions, work.now)
    decisions.sum_up()
    note_moved_receipts(work, moved)


class _ByHand:
    """The decisions that a proposal becomes."""

    def __init__(self, work: Work, clearing: Clearing, proposer: str) -> None:
        self._work, self._clearing, self._proposer = work, clearing, proposer
        self._places = places_of(work.session, {line.account_id for line in clearing.lines})

    def rows(self, olds: Mapping[int, Attribution]) -> list[tuple[Any, ...]]:
        """The values to insert: of a payment that is split, the first share takes the exception's place, and the others come
        behind the shares that it may have had before."""
        payments = self._payments({old.payment_id for old in olds.values()})
        seen: dict[int, int] = {}
        last = self._last_shares({old.payment_id for old in olds.values()})
        found = []
        for line in self._clearing.lines:
            old = olds[line.attribution_id]
            part = seen.get(old.id, 0)
            seen[old.id] = part + 1
            credit, holder, decision, result = self._outcome(line, old, payments[old.payment_id])
            trace = trace_by_hand(result, self._proposer, self._work.actor.name, self._clearing.reason)
            found.append(
                row_of(
                    old, line.account_id, line.amount_minor, credit, holder, trace, BY_HAND, self._work.now,
                    payment_id=old.payment_id, decision=decision, share=last[old.payment_id] + part if part else old.share,
                    supersedes=None if part else old.id,
                )
            )  # fmt: skip
        return found

    def _outcome(
        self, line: ClearingLine, old: Attribution, payment: Payment
    ) -> tuple[Credit, Held | None, Decision, Message]:
        held = self._places.get(line.account_id, [])
        if self._clearing.kind is ClearingKind.PLACEMENT:
            chosen = next(each for each in held if each.place.window.placement_id == line.placement_id)
            window = chosen.place.window
            words = say(
                "Credited to %(holder)s, who held the account from %(start)s to %(end)s.",
                holder=chosen.organisation_name, start=window.placed_on, end=window.ended_on or say("today"),
            )  # fmt: skip
            return Credit(Decision.CREDITED, window), chosen, Decision.CREDITED, words
        if self._clearing.kind is ClearingKind.NOBODY:
            return Credit(Decision.NOBODY, None), None, Decision.NOBODY, say("Nobody is credited, for good.")
        credit = decide(Paid(old.paid_on, payment.received_by.value, payment.channel), [each.place for each in held])
        holder = holder_of(credit, held)
        words = say(
            "%(share)s of %(amount)s is for this account. %(trace)s",
            share=format_amount(line.amount_minor, old.currency), amount=format_amount(old.amount_minor, old.currency),
            trace=trace_of(old.paid_on, credit, holder),
        )  # fmt: skip
        return credit, holder, Decision(credit.decision) if holder else Decision.NOBODY, words

    def _last_shares(self, payment_ids: Collection[int]) -> dict[int, int]:
        latest = (
            visible(Attribution, self._work.actor)
            .with_only_columns(Attribution.payment_id, sa.func.max(Attribution.share))
            .where(Attribution.payment_id.in_(payment_ids))
            .group_by(Attribution.payment_id)
        )
        return {payment_id: int(share) for payment_id, share in self._work.session.execute(latest)}

    def _payments(self, payment_ids: Collection[int]) -> dict[int, Payment]:
        wanted = visible(Payment, self._work.actor).where(Payment.id.in_(payment_ids))
        return {payment.id: payment for payment in self._work.session.scalars(wanted)}
