"""Reads for the page of one payment and of one exception. An agency sees what of it is, or was, its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, selectinload

from portal.foundation.errors import NotFound
from portal.foundation.visibility import visible
from portal.identity.models import Organisation, User
from portal.placement.models import Placement, PlacementBatch
from portal.portfolio.models import Account, ImportRun
from portal.recovery.attribution import BY_HAND
from portal.recovery.clearing_models import Clearing, ClearingClaim, ClearingDecision, ClearingLine
from portal.recovery.contested import is_to_decide
from portal.recovery.decisions import not_ended, not_superseded
from portal.recovery.models import Attribution, Payment, SecondLook
from portal.recovery.places import EXCLUDING_KINDS
from portal.recovery.queries import standing
from portal.vendors.models import Contract, ContractVersion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = [
    "Step", "account_of", "accounts_for_shares", "chain_of", "claim_on", "clearing_for", "clearing_lines", "clearings",
    "clearings_to_check", "exception_for", "file_of", "original_of", "payment_for", "placements_of", "proposals_about",
    "reversals_of", "second_looks", "similar", "to_decide_of",
]  # fmt: skip

MOST_REVERSALS, MOST_SIMILAR, MOST_LOOKS, MOST_ACCOUNTS = 100, 5, 20, 20


@dataclass(frozen=True)
class Step:
    """A decision on a payment, the placement that it names, and whether it stands."""

    decision: Attribution
    organisation: Organisation | None
    batch: PlacementBatch | None
    contract: Contract | None
    version: int | None
    stands: bool


def payment_for(session: Session, actor: Actor, payment_id: int) -> tuple[Attribution, Payment | None]:
    """A payment's latest decision that the actor may see, and to the bank the posting. NotFound where there is none."""
    wanted = visible(Attribution, actor).where(Attribution.payment_id == payment_id)
    found = session.scalar(wanted.order_by(Attribution.id.desc()).limit(1))
    if found is None:
        raise NotFound
    payment = session.scalar(visible(Payment, actor).where(Payment.id == payment_id)) if actor.is_bank else None
    return found, payment


def account_of(session: Session, actor: Actor, account_id: int) -> Account | None:
    """The account of a payment, if the actor may open it."""
    return session.scalar(visible(Account, actor).where(Account.id == account_id))


def chain_of(session: Session, actor: Actor, payment_id: int) -> list[Step]:
    """All decisions on a payment that the actor may see, the first one first."""
    replaced = ~sa.and_(not_superseded(), not_ended(Attribution.id))
    rows = session.execute(
        visible(Attribution, actor)
        .where(Attribution.payment_id == payment_id)
        .outerjoin(Organisation, Organisation.id == Attribution.organisation_id)
        .outerjoin(PlacementBatch, PlacementBatch.id == Attribution.batch_id)
        .outerjoin(ContractVersion, ContractVersion.id == PlacementBatch.contract_version_id)
        .outerjoin(Contract, Contract.id == ContractVersion.contract_id)
        .add_columns(Organisation, PlacementBatch, Contract, ContractVersion.version, ~replaced)
        .order_by(Attribution.id)
    )
    return [Step(*row) for row in rows]


def reversals_of(session: Session, actor: Actor, decisions: Sequence[Attribution]) -> list[Attribution]:
    """What stands of the reversals of a payment, given its decisions; the oldest value date first."""
    wanted = standing(actor).where(Attribution.reverses_id.in_([each.id for each in decisions]))
    return list(session.scalars(wanted.order_by(Attribution.paid_on, Attribution.id).limit(MOST_REVERSALS)))


def original_of(session: Session, actor: Actor, decisions: Sequence[Attribution]) -> Attribution | None:
    """What a reversal takes back, by the last of its decisions that names something."""
    ids = [each.reverses_id for each in decisions if each.reverses_id]
    return session.scalar(visible(Attribution, actor).where(Attribution.id == ids[-1])) if ids else None


def file_of(session: Session, actor: Actor, payment: Payment) -> ImportRun | None:
    """The file that a payment came in with."""
    return session.scalar(visible(ImportRun, actor).where(ImportRun.id == payment.import_run_id))


# --- exceptions ---------------------------------------------------------------------------------------------------------


def exception_for(session: Session, actor: Actor, payment_id: int) -> tuple[Attribution, Payment]:
    """A decision on a payment that is before the bank, with the payment; of contested shares the first. NotFound where what
    stands is not contested."""
    found = to_decide_of(session, actor, payment_id)
    payment = session.scalar(visible(Payment, actor).where(Payment.id == payment_id))
    if found is None or payment is None:
        raise NotFound
    return found, payment


def to_decide_of(session: Session, actor: Actor, payment_id: int) -> Attribution | None:
    """The decision on a payment that is before the bank; of contested shares the first one without a proposal."""
    proposed = ClearingClaim.attribution_id.is_not(None)
    wanted = (
        standing(actor)
        .outerjoin(ClearingClaim, ClearingClaim.attribution_id == Attribution.id)
        .where(Attribution.payment_id == payment_id, is_to_decide(actor))
        .order_by(proposed, Attribution.share)
    )
    return session.scalar(wanted.limit(1))


def placements_of(session: Session, actor: Actor, account_id: int) -> list[Any]:
    """All placements of an account that may take credit, the first one first: (Placement, Organisation, PlacementBatch)."""
    wanted = (
        visible(Placement, actor)
        .join(Organisation, Organisation.id == Placement.organisation_id)
        .join(PlacementBatch, PlacementBatch.id == Placement.batch_id)
        .add_columns(Organisation, PlacementBatch)
        .where(Placement.account_id == account_id, Placement.kind.in_(EXCLUDING_KINDS))
        .order_by(Placement.placed_on, Placement.id)
    )
    return list(session.execute(wanted))


def accounts_for_shares(session: Session, actor: Actor, payment: Payment) -> list[Account]:
    """The accounts that a payment may have been meant for, its own first."""
    wanted = visible(Account, actor).where(
        Account.customer_id == payment.customer_id, Account.currency == payment.currency
    )
    own_first = sa.case((Account.id == payment.account_id, 0), else_=1)
    return list(session.scalars(wanted.order_by(own_first, Account.id).limit(MOST_ACCOUNTS)))


def similar(session: Session, actor: Actor, exception: Attribution) -> list[Any]:
    """How the latest exceptions of the same kind were cleared: (Clearing, what was decided by hand, the account's reference)."""
    old = aliased(Attribution)
    wanted = (
        visible(Clearing, actor)
        .join(ClearingDecision, ClearingDecision.clearing_id == Clearing.id)
        .join(ClearingLine, ClearingLine.clearing_id == Clearing.id)
        .join(old, old.id == ClearingLine.attribution_id)
        .join(Attribution, Attribution.supersedes_id == old.id)
        .join(Account, Account.id == Attribution.account_id)
        .add_columns(Attribution, Account.account_ref)
        .where(ClearingDecision.approved, old.decision == exception.decision, Attribution.rule == BY_HAND)
        .order_by(Clearing.id.desc(), ClearingLine.id)
        .limit(MOST_SIMILAR)
    )
    return list(session.execute(wanted))


def proposals_about(session: Session, actor: Actor, decisions: Sequence[Attribution]) -> list[Any]:
    """What was proposed so far for a payment, given its decisions: as `clearings`, the latest first."""
    about = sa.select(ClearingLine.clearing_id).where(
        ClearingLine.attribution_id.in_([decision.id for decision in decisions])
    )
    wanted = clearings(actor, waiting=False).where(Clearing.id.in_(about)).order_by(Clearing.id.desc())
    return list(session.execute(wanted.limit(MOST_LOOKS)))


def claim_on(session: Session, actor: Actor, attribution_id: int) -> int | None:
    """The open proposal that an exception is part of."""
    wanted = visible(ClearingClaim, actor).where(ClearingClaim.attribution_id == attribution_id)
    return session.scalar(wanted.with_only_columns(ClearingClaim.clearing_id))


def clearings(actor: Actor, *, waiting: bool) -> sa.Select[Any]:
    """Proposals with who made and who decided them; those that wait, or all."""
    proposer, decider = aliased(User), aliased(User)
    wanted = (
        visible(Clearing, actor)
        .join(proposer, proposer.id == Clearing.proposed_by)
        .outerjoin(ClearingDecision, ClearingDecision.clearing_id == Clearing.id)
        .outerjoin(decider, decider.id == ClearingDecision.decided_by)
        .add_columns(proposer.name.label("proposer"), ClearingDecision, decider.name.label("decider"))
    )
    return wanted.where(ClearingDecision.clearing_id.is_(None)) if waiting else wanted


def clearings_to_check(session: Session, actor: Actor) -> int:
    """How many proposals of others wait for this person."""
    wanted = clearings(actor, waiting=True).where(Clearing.proposed_by.is_distinct_from(actor.user_id))
    return session.scalar(sa.select(sa.func.count()).select_from(wanted.with_only_columns(Clearing.id).subquery())) or 0


def clearing_for(session: Session, actor: Actor, clearing_id: int) -> Any:
    """One proposal, as `clearings`. NotFound."""
    wanted = clearings(actor, waiting=False).where(Clearing.id == clearing_id).options(selectinload(Clearing.lines))
    found = session.execute(wanted).one_or_none()
    if found is None:
        raise NotFound
    return found


def clearing_lines(actor: Actor, clearing_id: int) -> sa.Select[Any]:
    """What a proposal says of each payment: the line, the decision it is about, account and placement."""
    return (
        visible(ClearingLine, actor)
        .join(Attribution, Attribution.id == ClearingLine.attribution_id)
        .join(Account, Account.id == ClearingLine.account_id)
        .outerjoin(Placement, Placement.id == ClearingLine.placement_id)
        .outerjoin(Organisation, Organisation.id == Placement.organisation_id)
        .add_columns(Attribution, Account.account_ref, Placement.placed_on, Organisation)
        .where(ClearingLine.clearing_id == clearing_id)
    )


def second_looks(session: Session, actor: Actor) -> list[Any]:
    """Decisions by hand that the rules would now make otherwise: (SecondLook, Attribution)."""
    wanted = (
        standing(actor)
        .join(SecondLook, SecondLook.attribution_id == Attribution.id)
        .add_columns(SecondLook)
        .order_by(SecondLook.found_at.desc(), Attribution.id.desc())
        .limit(MOST_LOOKS)
    )
    return list(session.execute(wanted))
