"""Holds with what proves them: raised by either side, proved further by either, ended by the bank."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.contact.history import Debtor, pack_of
from portal.contact.holds.effect import hold_effect
from portal.contact.holds.models import HoldProof
from portal.contact.proofs import KeptProof, keep_for_customer, keep_sealed
from portal.foundation import hooks
from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, NotFound
from portal.foundation.free_text import given_reason
from portal.foundation.language import say
from portal.foundation.visibility import visible
from portal.foundation.work import reading, transaction
from portal.identity.models import Organisation, User
from portal.portfolio.keepers import refuse_kept
from portal.portfolio.models import RAISED_BY_HAND, Account, Customer, Hold, HoldFlag
from portal.portfolio.operations import add_hold, end_hold

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from portal.contact.conduct import Pack
    from portal.foundation.access import Actor
    from portal.foundation.language import Message
    from portal.foundation.work import Work
    from portal.vendors.proofs import Proof

__all__ = [
    "add_proof",
    "hold_for",
    "pack_for_hold",
    "proof_for",
    "proofs_of",
    "put_on_hold",
    "raise_within",
    "release_with_proof",
]

LONGEST_REASON = 200


# --- what is done -------------------------------------------------------------------------------------------------------


def put_on_hold(
    actor: Actor,
    account_id: int,
    flag: HoldFlag,
    reason: str,
    proof: Proof | None = None,
    *,
    whole_person: bool = False,
) -> int:
    """Stop placing and contact for an account, or for all accounts of its person, with what proves it; the hold's id.

    Both sides see it at once. A hold that stands already is answered, and the file put to it. Raises NotFound for an
    account that the actor may not see, DomainError naming the field for what is missing.
    """
    demand(actor, Permission.HOLDS_RAISE)
    _check_flag(flag)
    reason = _given(reason, "reason")
    kept = keep_sealed(actor, account_id, proof)
    with transaction(actor) as work:
        hold = raise_within(work, account_id, flag, reason, whole_person=whole_person)
        work.session.flush()
        _keep(work, hold, kept)
        return hold.id


def raise_within(
    work: Work, account_id: int, flag: HoldFlag | None, reason: str, *, whole_person: bool = False
) -> Hold:
    """Within another operation: the hold by itself. NotFound; DomainError for a flag that nobody raises by hand."""
    flag = _check_flag(flag)
    account = work.session.scalar(visible(Account, work.actor).where(Account.id == account_id))
    if account is None:
        raise NotFound
    return add_hold(work, account.customer_id, None if whole_person else account_id, flag, reason)


def _check_flag(flag: HoldFlag | None) -> HoldFlag:
    if flag is None or flag not in RAISED_BY_HAND:
        raise DomainError("hold.flag", say("Choose a reason from the list."), field="flag")
    return flag


def add_proof(actor: Actor, hold_id: int, proof: Proof | None) -> None:
    """Put a file to a hold. Raises NotFound, DomainError without a file."""
    demand(actor, Permission.HOLDS_RAISE)
    if proof is None:
        raise DomainError("hold.proof", say("Choose a file."), field="proof")
    kept = keep_for_customer(actor, _customer_of(actor, hold_id), proof)
    with transaction(actor) as work:
        _keep(work, hold_for(work.session, actor, hold_id).Hold, kept)


def release_with_proof(actor: Actor, hold_id: int, reason: str, proof: Proof | None = None) -> None:
    """End a hold, with the reason why it may be ended and what proves that. Raises NotFound, also where it has ended,
    DomainError without a reason, Refused where it is kept (`keepers`)."""
    demand(actor, Permission.HOLDS_MANAGE)
    reason = _given(reason, "reason")
    kept = keep_for_customer(actor, _customer_of(actor, hold_id), proof)
    with transaction(actor) as work:
        hold = hold_for(work.session, actor, hold_id).Hold
        if hold.released_at is not None:
            raise NotFound
        refuse_kept(work.session, actor, hold)
        _keep(work, hold, kept)
        end_hold(work, hold, reason)


def _keep(work: Work, hold: Hold, kept: KeptProof) -> None:
    if not kept.digest:
        return
    row = HoldProof(
        hold_id=hold.id, organisation_id=None if work.actor.is_bank else work.actor.organisation_id,
        proof_digest=kept.digest, proof_name=kept.name, by=work.actor.user_id, at=work.now,
    )  # fmt: skip
    work.session.add(row)
    work.audit("hold.proved", hold, proof=kept.digest)


def _given(reason: str, field: str) -> str:
    return given_reason(reason, LONGEST_REASON, "hold.reason", say("Say in a word why."), field)


# --- what is read -------------------------------------------------------------------------------------------------------


def hold_for(session: Session, actor: Actor, hold_id: int) -> Any:
    """One hold with its account's reference (None: of the whole person) and the person's masked name; NotFound where there
    is none, or it is of an account that the actor may not see."""
    raiser, releaser = aliased(User), aliased(User)
    row = session.execute(
        visible(Hold, actor)
        .join(Customer, Customer.id == Hold.customer_id)
        .outerjoin(Account, Account.id == Hold.account_id)
        .outerjoin(raiser, raiser.id == Hold.raised_by)
        .outerjoin(releaser, releaser.id == Hold.released_by)
        .add_columns(
            Account.account_ref, Customer.name_masked, Customer.customer_ref, raiser.name.label("raiser"),
            releaser.name.label("releaser"),
        )
        .where(Hold.id == hold_id, sa.or_(Hold.account_id.is_(None), Account.id.is_not(None)))
    ).first()  # fmt: skip
    if row is None:
        raise NotFound
    return row


def pack_for_hold(session: Session, actor: Actor, hold: Hold, now: datetime) -> Pack:
    """The rules where the debtor of a hold is. Raises NotFound where no account of theirs is in sight."""
    accounts = visible(Account, actor).where(Account.customer_id == hold.customer_id).order_by(Account.id)
    if hold.account_id is not None:
        accounts = accounts.where(Account.id == hold.account_id)
    account = session.scalar(accounts.limit(1))
    if account is None:
        raise NotFound
    return pack_of(session, actor, Debtor.of(account, account.customer), now)


@hooks.hold_effects.register
def effects_of(
    session: Session, actor: Actor, account: Account, holds: Collection[Hold], now: datetime
) -> dict[int, Message]:
    """What each of an account's holds does to contact."""
    if not holds:
        return {}
    pack = pack_of(session, actor, Debtor.of(account, account.customer), now)
    return {hold.id: hold_effect(pack, hold.flag.value) for hold in holds}


def _customer_of(actor: Actor, hold_id: int) -> int:
    with reading(actor) as session:
        customer_id: int = hold_for(session, actor, hold_id).Hold.customer_id
        return customer_id


def proofs_of(session: Session, actor: Actor, hold_id: int) -> Sequence[Any]:
    """The files put to a hold that the actor may see, in their order, each with who brought it."""
    wanted = (
        visible(HoldProof, actor)
        .outerjoin(Organisation, Organisation.id == HoldProof.organisation_id)
        .outerjoin(User, User.id == HoldProof.by)
        .add_columns(Organisation, User.name.label("who"))
        .where(HoldProof.hold_id == hold_id)
    )
    return session.execute(wanted.order_by(HoldProof.id)).all()


def proof_for(session: Session, actor: Actor, proof_id: int) -> Any:
    """One file with the person whose hold it is about; NotFound where there is none that the actor may see."""
    row = session.execute(
        visible(HoldProof, actor)
        .join(Hold, Hold.id == HoldProof.hold_id)
        .add_columns(Hold.customer_id.label("customer_id"))
        .where(HoldProof.id == proof_id)
    ).first()
    if row is None:
        raise NotFound
    return row
