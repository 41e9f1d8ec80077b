"""Arrangements with debtors: drawn up by the agency that holds the account, decided by the bank where they go beyond its
authority, agreed to by the debtor, and from then on kept or broken by what is paid (arrangement_follow).

While one is in force nobody collects: a hold `plan` stands on the account.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.contact import queries
from portal.contact.arrangements.models import (
    HOLD_REASON,
    LIVE,
    Arrangement,
    ArrangementState,
    IncomeStatement,
    Instalment,
)
from portal.contact.arrangements.rules import (
    Authority,
    Beyond,
    Kind,
    Offer,
    beyond_authority,
    floor_of,
    needs_income,
    schedule_of,
)
from portal.contact.arrangements.terms import Owed, Wish, check_reason, offer_of, valid_until_of
from portal.contact.limits.keeping import note_agreement
from portal.contact.models import CarriedPromise, Promise, PromiseState, WorkItem
from portal.contact.policy import policy, with_grace
from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.language import say
from portal.foundation.money import Money
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.placement.models import Placement
from portal.portfolio.models import Hold, HoldFlag
from portal.portfolio.operations import add_hold, end_hold
from portal.vendors.models import ContractVersion
from portal.vendors.terms import terms_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from sqlalchemy.orm import Session

    from portal.contact.arrangements.rules import Part
    from portal.foundation.access import Actor
    from portal.foundation.work import Work
    from portal.portfolio.models import Account
    from portal.vendors.terms import Settlement

__all__ = [
    "INCOME_VALID_DAYS", "Draft", "agree", "approve", "draft", "draw_up", "hold_of", "lowest_of", "put_in_queue", "refuse", "withdraw",
]  # fmt: skip

INCOME_VALID_DAYS = 90
# With whom nothing can be arranged: whoever inherits, the court, or the bank's own inquiry comes first.
BARRING = (HoldFlag.DECEASED, HoldFlag.BANKRUPT, HoldFlag.FRAUD_CLAIMED)


@dataclass(frozen=True)
class Draft:
    """An arrangement before it is kept: the offer, why the bank would have to decide, whether the debtor's income has to be
    known, and the statement of it that is on file. `floor_minor`: the least that may be agreed to without asking."""

    offer: Offer
    beyond: tuple[Beyond, ...]
    floor_minor: int | None
    needs_income: bool
    income: IncomeStatement | None
    valid_until: date

    @property
    def lacks_income(self) -> bool:
        """Whether the statement of income and outgoings is missing."""
        return self.needs_income and self.income is None


def draft(session: Session, actor: Actor, account_id: int, wish: Wish, today: date) -> Draft:
    """What a wish would come to, with nothing changed. NotFound for an account that is not held; DomainError as `offer_of`."""
    held = queries.held_account(session, actor, account_id)
    if held is None:
        raise NotFound
    return _draft(session, actor, held[0], held[1], wish, today)


def _draft(session: Session, actor: Actor, placement: Placement, account: Account, wish: Wish, today: date) -> Draft:
    owed = Owed(account.total_minor, account.interest_minor, account.fees_minor, account.currency)
    if owed.total <= 0:
        raise Refused("arrangement.nothing_owed", say("Nothing is owed on this account."))
    offer = offer_of(wish, owed, today)
    authority = _authority(session, actor, placement, account.id, today)
    beyond = beyond_authority(offer, authority, policy())
    floor = None if authority.lowest is None else floor_of(owed.total, authority.lowest)
    if authority.bank_floor is not None:
        floor = authority.bank_floor if floor is None else min(floor, authority.bank_floor)
    needed = needs_income(offer, beyond, wish.reason_behind, policy())
    until = valid_until_of(wish.valid_until, offer.parts[0].due_on, today)
    return Draft(offer, beyond, floor, needed, _income(session, actor, account.id, today), until)


def _authority(session: Session, actor: Actor, placement: Placement, account_id: int, today: date) -> Authority:
    """What the contract leaves to the agency, and to what the bank has consented for this account."""
    settlement = _settlement(session, actor, placement)
    consent = session.scalar(
        visible(Arrangement, actor)
        .with_only_columns(Arrangement.floor_minor)
        .where(Arrangement.account_id == account_id, Arrangement.state == ArrangementState.OFFERED)
        .where(
            Arrangement.kind == Kind.SETTLEMENT, Arrangement.decided_at.is_not(None), Arrangement.valid_until >= today
        )
    )
    if settlement is None:
        return Authority(bank_floor=consent)
    return Authority(settlement.lowest, settlement.waive_interest, settlement.waive_fees, consent)


def _settlement(session: Session, actor: Actor, placement: Placement) -> Settlement | None:
    version = session.scalar(visible(ContractVersion, actor).where(ContractVersion.id == placement.contract_version_id))
    return terms_of(version).settlement if version else None


def lowest_of(session: Session, actor: Actor, placement: Placement) -> Decimal | None:
    """The part of the balance from which the contract lets the agency settle without asking; None: from none."""
    settlement = _settlement(session, actor, placement)
    return settlement.lowest if settlement else None


def _income(session: Session, actor: Actor, account_id: int, today: date) -> IncomeStatement | None:
    """The latest statement of income and outgoings that is not too old."""
    return session.scalars(
        visible(IncomeStatement, actor)
        .where(IncomeStatement.account_id == account_id)
        .where(IncomeStatement.taken_on >= today - timedelta(days=INCOME_VALID_DAYS))
        .order_by(IncomeStatement.id.desc())
        .limit(1)
    ).first()


# --- drawing up -----------------------------------------------------------------------------------------------------------


def draw_up(actor: Actor, account_id: int, wish: Wish, *, agreed: bool = False) -> int:
    """Keep an arrangement for an account that the actor's organisation holds; its id.

    Within the agency's authority it is an offer at once, or in force where the debtor has `agreed` to it already; beyond it
    the bank decides first. One that waits is replaced. NotFound for an account that is not held; Refused where one is in
    force, or where nothing can be arranged with the person; DomainError as `offer_of`, and where the statement of income
    and outgoings is missing.
    """
    demand(actor, Permission.ARRANGEMENTS_DRAW)
    with transaction(actor) as work:
        held = queries.held_account(work.session, actor, account_id)
        if held is None:
            raise NotFound
        placement, account, customer = held
        _alone_with(work, placement)
        _refuse_barred(work, customer.id, account_id)
        made = _draft(work.session, actor, placement, account, wish, work.today)
        reason = check_reason(wish.reason)
        if made.lacks_income:
            words = say(
                "This needs a statement of income and outgoings not older than %(days)s days. Take it down first.",
                days=INCOME_VALID_DAYS,
            )
            raise DomainError("arrangement.income", words)
        _replace_waiting(work, account_id)
        row = _row(work, placement, account, made, wish, reason)
        work.session.add(row)
        work.session.flush()
        work.audit("arrangement.drawn_up", row, after=facts_of(row))
        if agreed and not made.beyond:
            _put_in_force(work, row, work.today)
        return row.id


def _row(work: Work, placement: Placement, account: Account, made: Draft, wish: Wish, reason: str) -> Arrangement:
    offer = made.offer
    return Arrangement(
        account_id=account.id, customer_id=account.customer_id, placement_id=placement.id,
        organisation_id=placement.organisation_id, kind=offer.kind, currency=account.currency,
        state=ArrangementState.PROPOSED if made.beyond else ArrangementState.OFFERED, balance_minor=offer.balance,
        agreed_minor=offer.agreed, waived_minor=offer.waived, waived_interest_minor=offer.waived_interest,
        waived_fees_minor=offer.waived_fees, floor_minor=made.floor_minor, parts=len(offer.parts), rhythm=wish.rhythm,
        own_amounts=bool(wish.own_amounts), first_on=offer.parts[0].due_on, last_on=offer.parts[-1].due_on,
        beyond=[code.value for code in made.beyond], reason_behind=wish.reason_behind, reason=reason,
        income_statement_id=made.income.id if made.income else None, valid_until=made.valid_until,
        made_by=work.actor.user_id, made_at=work.now, answer="", paid_minor=0, end_reason="",
        instalments=_instalments(account.id, offer.parts),
    )  # fmt: skip


def _instalments(account_id: int, parts: Sequence[Part]) -> list[Instalment]:
    return [
        Instalment(
            account_id=account_id, number=number, due_on=part.due_on, kept_until=with_grace(part.due_on),
            amount_minor=part.amount, paid_minor=0,
        )
        for number, part in enumerate(parts, 1)
    ]  # fmt: skip


def _alone_with(work: Work, placement: Placement) -> None:
    """Two who draw up for one account at once do so one after the other, and the later one takes the place of the first."""
    lock = visible(Placement, work.actor).with_only_columns(Placement.id).where(Placement.id == placement.id)
    work.session.execute(lock.with_for_update())


def _refuse_barred(work: Work, customer_id: int, account_id: int) -> None:
    standing = work.session.scalar(
        visible(Hold, work.actor)
        .where(Hold.customer_id == customer_id, Hold.flag.in_(BARRING), Hold.released_at.is_(None))
        .where(sa.or_(Hold.account_id.is_(None), Hold.account_id == account_id))
        .limit(1)
    )
    if standing is not None:
        words = say("Nothing can be arranged while a death, a bankruptcy or a fraud is reported on this account.")
        raise Refused("arrangement.barred", words)


def _replace_waiting(work: Work, account_id: int) -> None:
    """What waits for the bank or the debtor gives way; what is in force does not."""
    standing = work.session.scalar(
        visible(Arrangement, work.actor)
        .where(Arrangement.account_id == account_id, Arrangement.state.in_(LIVE))
        .with_for_update()
    )
    if standing is None:
        return
    if standing.state is ArrangementState.AGREED:
        words = say("Arrangement %(number)s is in force on this account.", number=standing.number)
        raise Refused("arrangement.in_force", words)
    end(work, standing, ArrangementState.WITHDRAWN, "replaced")


# --- the bank -------------------------------------------------------------------------------------------------------------


def approve(
    actor: Actor, arrangement_id: int, floor_minor: int | None, valid_until: date | None, answer: str = ""
) -> None:
    """The bank consents: to the amount that was proposed, or, of a settlement, to no less than `floor_minor`; until a day.

    A floor above what was proposed raises the amount, in equal parts on the same days; one below it leaves the agency room
    to agree to less. NotFound; Refused for who made it, and where it waits no more; DomainError naming the field.
    """
    demand(actor, Permission.ARRANGEMENTS_DECIDE)
    with transaction(actor) as work:
        row = _to_decide(work, arrangement_id)
        before = facts_of(row)
        row.valid_until = valid_until_of(valid_until or row.valid_until, row.first_on, work.today)
        if row.kind is Kind.SETTLEMENT:
            _set_floor(work, row, row.agreed_minor if floor_minor is None else floor_minor)
        row.state = ArrangementState.OFFERED
        row.answer = check_reason(answer, "answer") if answer.strip() else ""
        row.decided_by, row.decided_at = actor.user_id, work.now
        work.session.flush()
        work.audit("arrangement.approved", row, before=before, after=facts_of(row))


def _set_floor(work: Work, row: Arrangement, floor: int) -> None:
    if not 0 < floor < row.balance_minor:
        words = say(
            "The least that the bank consents to lies between nought and the balance, %(owed)s.",
            owed=Money(row.balance_minor, row.currency),
        )
        raise DomainError("arrangement.floor", words, field="floor")
    row.floor_minor = floor
    if floor <= row.agreed_minor:
        return
    row.agreed_minor, row.waived_minor, row.own_amounts = floor, row.balance_minor - floor, False
    row.instalments.clear()
    work.session.flush()  # their numbers are free again
    row.instalments = _instalments(row.account_id, schedule_of(floor, row.parts, row.rhythm, row.first_on))


def refuse(actor: Actor, arrangement_id: int, answer: str) -> None:
    """The bank does not consent, with the reason. NotFound; Refused and DomainError as `approve`."""
    demand(actor, Permission.ARRANGEMENTS_DECIDE)
    answer = check_reason(answer)
    with transaction(actor) as work:
        row = _to_decide(work, arrangement_id)
        row.answer, row.decided_by, row.decided_at = answer, actor.user_id, work.now
        end(work, row, ArrangementState.REFUSED, "")


def _to_decide(work: Work, arrangement_id: int) -> Arrangement:
    row = locked(work, arrangement_id)
    if row.state is not ArrangementState.PROPOSED:
        raise Refused("arrangement.state", say("This arrangement waits for no decision any more."))
    if row.made_by is not None and row.made_by == work.actor.user_id:
        raise Refused("arrangement.own", say("You drew this up, so another person has to decide it."))
    if row.valid_until < work.today:
        raise Refused("arrangement.lapsed", say("Its last day has passed; it has to be drawn up anew."))
    return row


# --- the debtor -----------------------------------------------------------------------------------------------------------


def agree(actor: Actor, arrangement_id: int, agreed_on: date | None) -> None:
    """The debtor has agreed to what was offered: it is in force from that day, and nobody collects while it is kept.

    NotFound; Refused where it is no offer any more or the balance has fallen below it; DomainError for a day that cannot
    be.
    """
    demand(actor, Permission.ARRANGEMENTS_DRAW)
    with transaction(actor) as work:
        row = locked(work, arrangement_id)
        held = queries.held_account(work.session, actor, row.account_id)
        if held is None:
            raise NotFound
        if row.state is not ArrangementState.OFFERED or row.valid_until < work.today:
            raise Refused("arrangement.state", say("This is no offer that can be agreed to any more."))
        if held[1].total_minor < row.agreed_minor:
            words = say("Less is owed by now than was to be paid. Draw it up anew.")
            raise Refused("arrangement.balance", words)
        begun = (row.decided_at or row.made_at).date()
        day = agreed_on or work.today
        if not min(begun, work.today) <= day <= work.today:
            words = say("The day lies between the offer and today.")
            raise DomainError("arrangement.agreed_on", words, field="agreed_on")
        _put_in_force(work, row, day)


def _put_in_force(work: Work, row: Arrangement, day: date) -> None:
    """From this day on payments count, promises give way and contact stops."""
    first = row.instalments[0]
    row.state, row.agreed_on = ArrangementState.AGREED, day
    row.next_due_on, row.judge_on = first.due_on, first.kept_until + timedelta(days=1)
    work.session.flush()
    for table in (Promise, CarriedPromise):
        work.session.execute(
            sa.update(table)
            .where(table.account_id == row.account_id, table.state == PromiseState.OPEN)
            .values(state=PromiseState.REPLACED)
        )
    add_hold(work, row.customer_id, row.account_id, HoldFlag.PLAN, f"{HOLD_REASON}agreed")
    put_in_queue(work, row.account_id, "plan", row.judge_on)
    note_agreement(work, row)
    work.audit("arrangement.agreed", row, after=facts_of(row))


def withdraw(actor: Actor, arrangement_id: int, reason: str) -> None:
    """Take back what waits, or end what is in force, with the reason. What is in force only the bank ends.

    NotFound; Refused where it has ended already.
    """
    demand(actor, Permission.ARRANGEMENTS_DECIDE if actor.is_bank else Permission.ARRANGEMENTS_DRAW)
    reason = check_reason(reason)
    with transaction(actor) as work:
        row = locked(work, arrangement_id)
        if row.state not in LIVE:
            raise Refused("arrangement.ended", say("This arrangement has ended already."))
        was_in_force = row.state is ArrangementState.AGREED
        if was_in_force and not actor.is_bank:
            words = say("What is in force only the bank can end. Ask it, with the reason.")
            raise Refused("arrangement.bank_only", words)
        end(work, row, ArrangementState.WITHDRAWN, reason)
        if was_in_force:
            stop_holding(work, row, "withdrawn")
            put_in_queue(work, row.account_id, "rest", work.today)


# --- what all of this shares ------------------------------------------------------------------------------------------------


def locked(work: Work, arrangement_id: int) -> Arrangement:
    """The arrangement as it is now, held until the transaction ends. NotFound."""
    row = work.session.scalar(
        visible(Arrangement, work.actor)
        .where(Arrangement.id == arrangement_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound
    return row


def end(work: Work, row: Arrangement, state: ArrangementState, reason: str, on: date | None = None) -> None:
    """The arrangement ends so, today unless another day is named; `reason` is a code of ours or somebody's words."""
    before = facts_of(row)
    row.state, row.end_reason, row.ended_on = state, reason, on or work.today
    row.next_due_on = row.judge_on = None
    work.session.flush()
    details = {"reason": reason or row.answer} if reason or row.answer else {}
    work.audit(f"arrangement.{state.value}", row, before=before, after=facts_of(row), **details)


def hold_of(work: Work, account_id: int) -> Hold | None:
    """The hold by which an arrangement stops collection; one that a file or a person raised is not it."""
    return work.session.scalar(
        visible(Hold, work.actor).where(
            Hold.account_id == account_id, Hold.flag == HoldFlag.PLAN, Hold.released_at.is_(None),
            Hold.reason.startswith(HOLD_REASON, autoescape=True),
        )
    )  # fmt: skip


def stop_holding(work: Work, row: Arrangement, why: str) -> None:
    """Contact is open again as far as this arrangement goes."""
    hold = hold_of(work, row.account_id)
    if hold is not None:
        end_hold(work, hold, f"{HOLD_REASON}{why}")


def put_in_queue(work: Work, account_id: int, kind: str, on: date) -> None:
    """The account's turn comes on that day, with whoever holds it."""
    item = work.session.scalar(
        visible(WorkItem, work.actor).where(WorkItem.account_id == account_id, WorkItem.open.is_(True))
    )
    if item is not None:
        item.next_kind, item.next_on, item.next_at = kind, on, None
        item.try_by = max(item.try_by, on)


def facts_of(row: Arrangement) -> dict[str, Any]:
    """What the audit trail keeps of it."""
    return {
        "kind": row.kind.value, "state": row.state.value, "account": row.account_id, "currency": row.currency,
        "agreed_minor": row.agreed_minor, "waived_minor": row.waived_minor, "parts": row.parts,
        "valid_until": row.valid_until.isoformat(),
    }  # fmt: skip
