"""Handing over what agencies received: announced by the agency, recorded by the bank, laid on what is owed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portal.commission import remittance_queries as queries
from portal.commission.remittance_models import Remittance, RemittanceCover, RemittanceEvent, RemittanceState
from portal.foundation.access import OrganisationKind, Permission, demand
from portal.foundation.bulk import one_at_a_time
from portal.foundation.errors import DomainError, Faults, NotFound, Refused
from portal.foundation.free_text import check_free_text, given_reason
from portal.foundation.language import say
from portal.foundation.money import format_amount
from portal.foundation.services import services
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.identity.models import Organisation
from portal.recovery.remitting import dues, oldest_first
from portal.recovery.reported.models import AgencyReceipt
from portal.vendors.proofs import keep_proof

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from portal.foundation.access import Actor
    from portal.foundation.work import Work
    from portal.vendors.proofs import Proof

__all__ = ["Handed", "announce", "record", "take_back", "withdraw"]

S = RemittanceState
MOST_NAMED = 500  # payments that a remittance is said to be for


@dataclass(frozen=True, slots=True)
class Handed:
    """`amount` in minor units of `currency`; `on`: sent (agency) or received (bank) on that day; `reference`: the bank's."""

    currency: str
    amount: int
    on: date
    reference: str = ""


def announce(actor: Actor, handed: Handed, proof: Proof | None = None) -> int:
    """The agency says that it has paid the bank; the remittance's id. DomainError naming the fields."""
    demand(actor, Permission.REMITTANCES_ANNOUNCE)
    if actor.organisation_kind is not OrganisationKind.AGENCY:
        raise Refused("remittance.whose", say("A remittance is announced by the agency that sends it."))
    _check(handed)
    digest = keep_proof(proof) if proof else ""
    with transaction(actor) as work:
        row = _new(work, actor.organisation_id or 0, handed.currency, digest, proof.name if proof else "")
        _add(work, row, S.ANNOUNCED, handed)
        work.audit("remittance.announced", row, after=_facts(handed))
        return row.id


def record(
    actor: Actor,
    organisation_id: int,
    handed: Handed,
    payment_refs: Sequence[str] = (),
    remittance_id: int | None = None,
) -> int:
    """The bank has received money of an agency; the remittance's id. It covers the payments that are named, else the oldest
    that are owed first; what is over stays over. `remittance_id`: the announcement that it answers.

    Raises NotFound, DomainError naming the fields: a bank reference that was recorded before, a payment that the agency did
    not receive or has remitted.
    """
    demand(actor, Permission.REMITTANCES_RECORD)
    _check(handed, with_reference=True)
    with transaction(actor) as work:
        # One after the other, so that two do not cover the same payment.
        one_at_a_time(work.session, f"remittance.{organisation_id}")
        row = _announced(work, organisation_id, handed, remittance_id)
        known = visible(RemittanceEvent, actor).where(
            RemittanceEvent.state == S.RECEIVED, RemittanceEvent.reference == handed.reference
        )
        if work.session.scalar(known) is not None:
            words = say("A remittance with this reference has been recorded already.")
            raise DomainError("remittance.reference", words, field="reference", status=409)
        covers = _covers(work, organisation_id, handed, payment_refs)
        if row is None:
            row = _new(work, organisation_id, handed.currency)
        event = _add(work, row, S.RECEIVED, handed)
        work.session.add_all(
            RemittanceCover(event_id=event.id, organisation_id=organisation_id, attribution_id=key, amount_minor=amount)
            for key, amount in covers
        )
        work.session.flush()
        work.audit("remittance.received", row, after=_facts(handed) | {"covers": len(covers)})
        return row.id


def _announced(work: Work, organisation_id: int, handed: Handed, remittance_id: int | None) -> Remittance | None:
    """The announcement that is answered; None where there is none. NotFound for an agency that is none."""
    house = work.session.scalar(
        visible(Organisation, work.actor).where(
            Organisation.id == organisation_id, Organisation.kind == OrganisationKind.AGENCY
        )
    )
    if house is None:
        raise NotFound
    if remittance_id is None:
        return None
    row = queries.remittance_for(work.session, work.actor, remittance_id, lock=True)
    if row.organisation_id != organisation_id:
        raise NotFound
    if row.currency != handed.currency:
        words = say("It was announced in %(currency)s.", currency=row.currency)
        raise DomainError("remittance.currency", words, field="currency")
    if queries.state_of(work.session, work.actor, row.id) is not S.ANNOUNCED:
        raise Refused("remittance.state", say("This remittance is not announced any more. Look at its state."))
    return row


def _covers(work: Work, organisation_id: int, handed: Handed, payment_refs: Sequence[str]) -> list[tuple[int, int]]:
    open_, covered = queries.receipts(work.session, work.actor, organisation_id, handed.currency)
    left = dues(open_, covered)
    if payment_refs:
        named = _named(work, organisation_id, payment_refs)
        keys = {due.receipt.id for due in left}
        missing = sorted(ref for ref in payment_refs if named.get(ref) not in keys)
        if missing:
            words = say("Of these payments nothing is owed: %(refs)s.", refs=", ".join(missing[:5]))
            raise DomainError("remittance.payments", words, field="payments")
        left = [due for due in left if due.receipt.id in set(named.values())]
    covers, _over = oldest_first([(due.receipt.id, due.left) for due in left], handed.amount)
    return covers


def _named(work: Work, organisation_id: int, refs: Sequence[str]) -> dict[str, int]:
    if len(refs) > MOST_NAMED:
        words = say("Name at most %(most)s payments.", most=MOST_NAMED)
        raise DomainError("remittance.payments", words, field="payments")
    wanted = visible(AgencyReceipt, work.actor).where(
        AgencyReceipt.organisation_id == organisation_id, AgencyReceipt.payment_ref.in_(refs)
    )
    # The last decision on a payment is the one that stands.
    rows = work.session.scalars(wanted.order_by(AgencyReceipt.attribution_id))
    return {row.payment_ref: row.attribution_id for row in rows}


def withdraw(actor: Actor, remittance_id: int, reason: str) -> None:
    """The agency takes an announcement back. NotFound; Refused once the bank has recorded it."""
    demand(actor, Permission.REMITTANCES_ANNOUNCE)
    _end(actor, remittance_id, S.ANNOUNCED, S.WITHDRAWN, reason)


def take_back(actor: Actor, remittance_id: int, reason: str) -> None:
    """The bank takes a record back that was wrong: it counts no more, and what it covered is owed again."""
    demand(actor, Permission.REMITTANCES_RECORD)
    _end(actor, remittance_id, S.RECEIVED, S.TAKEN_BACK, reason)


def _end(actor: Actor, remittance_id: int, before: S, after: S, reason: str) -> None:
    reason = given_reason(reason, 1_000, "remittance.reason", say("Say why, so that the other side can follow."))
    with transaction(actor) as work:
        row = queries.remittance_for(work.session, actor, remittance_id, lock=True)
        if queries.state_of(work.session, actor, row.id) is not before:
            raise Refused("remittance.state", say("This remittance has moved on in the meantime. Look at its state."))
        _add(work, row, after, None, reason)
        work.audit(f"remittance.{after.value}", row, after={"reason": reason})


def _new(work: Work, organisation_id: int, currency: str, proof_digest: str = "", proof_name: str = "") -> Remittance:
    row = Remittance(
        organisation_id=organisation_id, currency=currency, proof_digest=proof_digest, proof_name=proof_name,
        created_at=work.now,
    )  # fmt: skip
    work.session.add(row)
    work.session.flush()
    return row


def _add(work: Work, row: Remittance, state: S, handed: Handed | None, reason: str = "") -> RemittanceEvent:
    event = RemittanceEvent(
        remittance_id=row.id, organisation_id=row.organisation_id, state=state,
        amount_minor=handed.amount if handed else None, on=handed.on if handed else None,
        reference=handed.reference if handed else "", reason=reason, by=work.actor.user_id, at=work.now,
    )  # fmt: skip
    work.session.add(event)
    work.session.flush()
    return event


def _check(handed: Handed, *, with_reference: bool = False) -> None:
    faults, today = Faults(), services().clock.today()
    if handed.amount <= 0:
        faults.read(lambda: _fail("amount", say("The amount is above zero.")), None)
    if handed.on > today:
        faults.read(lambda: _fail("on", say("The date is still to come.")), None)
    if with_reference and not handed.reference:
        faults.read(lambda: _fail("reference", say("A required value is missing.")), None)
    faults.read(lambda: check_free_text(handed.reference, 64, "remittance.reference", "reference"), None)
    faults.tell()


def _fail(field: str, words: Any) -> None:
    raise DomainError(f"remittance.{field}", words, field=field)


def _facts(handed: Handed) -> dict[str, Any]:
    return {
        "amount": f"{format_amount(handed.amount, handed.currency)} {handed.currency}",
        "on": handed.on.isoformat(),
        "reference": handed.reference or None,
    }
