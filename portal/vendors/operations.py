"""Making contracts and agreeing new terms. Versions are append-only: the database refuses to change one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, NotFound
from portal.foundation.language import say
from portal.foundation.money import minor_digits
from portal.foundation.work import transaction
from portal.vendors.models import Contract, ContractVersion, PlacementKind
from portal.vendors.queries import KINDS_OF, contract_for, organisation_for

if TYPE_CHECKING:
    from datetime import date

    from portal.foundation.access import Actor
    from portal.foundation.work import Work
    from portal.vendors.terms import Terms

__all__ = ["add_version", "create_contract"]

LONGEST_NUMBER = 64
WRITTEN_AS_THEY_ARE = (
    "letter_fee_minor", "term_days", "capacity_accounts", "capacity_minor", "answer_hours", "recall_notice_days",
    "objection_days", "payment_extends_days",
)  # fmt: skip


def create_contract(
    actor: Actor,
    organisation_id: int,
    *,
    number: str,
    kind: PlacementKind,
    currency: str,
    started_on: date,
    ended_on: date | None = None,
    terms: Terms,
) -> int:
    """A contract with its first version, which holds from `started_on`. Answers its id.

    NotFound for an organisation that is not there; DomainError naming the field for what cannot be: a kind that this
    organisation has no licence for, an end before the start, a number that is taken, a second contract for the same
    days.
    """
    demand(actor, Permission.CONTRACTS_MANAGE)
    number = number.strip()
    _check(number, currency, started_on, ended_on)
    terms.check()
    with transaction(actor) as work:
        organisation = organisation_for(work.session, actor, organisation_id, for_update=True)
        if kind not in KINDS_OF[organisation.kind]:
            words = say("This organisation cannot have a contract of this kind.")
            raise DomainError("contract.kind", words, field="kind")
        _refuse_second(work, organisation_id, kind, currency, started_on, ended_on)
        contract = Contract(
            organisation_id=organisation.id,
            number=number,
            kind=kind,
            currency=currency,
            started_on=started_on,
            ended_on=ended_on,
            created_at=work.now,
        )
        work.session.add(contract)
        try:
            work.session.flush()
        except IntegrityError as error:
            words = say("There is already a contract with this number.")
            raise DomainError("contract.number", words, field="number") from error
        version = _write_version(work, contract, 1, started_on, terms)
        work.audit("contract.created", contract, after={"number": number, "kind": kind.value} | _terms_of(version))
        return contract.id


def add_version(actor: Actor, contract_id: int, effective_from: date, terms: Terms) -> int:
    """New terms of a contract from a date on. Answers the version's id. Batches that were sent keep the version that
    they were sent under. Keys of the plan that the terms do not name are carried over.

    NotFound; DomainError naming the field where the date is not after the last version's, or behind the contract's end.
    """
    demand(actor, Permission.CONTRACTS_MANAGE)
    terms.check()
    with transaction(actor) as work:
        contract = contract_for(work.session, actor, contract_id)
        last = work.session.scalar(
            sa.select(ContractVersion)
            .where(ContractVersion.contract_id == contract.id)
            .order_by(ContractVersion.version.desc())
            .limit(1)
        )
        if last is None:
            raise NotFound
        if effective_from <= last.effective_from:
            words = say("New terms begin after those of version %(n)s.", n=last.version)
            raise DomainError("contract.effective_from", words, field="effective_from")
        if contract.ended_on is not None and effective_from > contract.ended_on:
            words = say("The contract has ended by then.")
            raise DomainError("contract.effective_from", words, field="effective_from")
        try:
            version = _write_version(work, contract, last.version + 1, effective_from, terms, last)
        except IntegrityError as error:
            words = say("Somebody else has just added a version. Look at it before you add another one.")
            raise DomainError("contract.version", words, status=409) from error
        work.audit("contract.version_added", version, before=_terms_of(last), after=_terms_of(version))
        return version.id


def _check(number: str, currency: str, started_on: date, ended_on: date | None) -> None:
    if not number or len(number) > LONGEST_NUMBER or not number.isprintable():
        words = say("A contract needs a number of up to %(most)s letters and figures.", most=LONGEST_NUMBER)
        raise DomainError("contract.number", words, field="number")
    try:
        minor_digits(currency)
    except ValueError as error:
        words = say("This is no currency code.")
        raise DomainError("contract.currency", words, field="currency") from error
    if ended_on is not None and ended_on < started_on:
        raise DomainError("contract.ended_on", say("A contract ends after it starts."), field="ended_on")


def _refuse_second(
    work: Work, organisation_id: int, kind: PlacementKind, currency: str, started_on: date, ended_on: date | None
) -> None:
    """Which terms hold on a day must never be a question of taste."""
    overlapping = sa.select(Contract.number).where(
        Contract.organisation_id == organisation_id,
        Contract.kind == kind,
        Contract.currency == currency,
        sa.or_(Contract.ended_on.is_(None), Contract.ended_on >= started_on),
    )
    if ended_on is not None:
        overlapping = overlapping.where(Contract.started_on <= ended_on)
    other = work.session.scalar(overlapping.order_by(Contract.started_on, Contract.id).limit(1))
    if other is not None:
        words = say(
            "Contract %(number)s covers the same kind and currency on these days. Add a version to it.", number=other
        )
        raise DomainError("contract.overlap", words, field="started_on")


def _write_version(
    work: Work,
    contract: Contract,
    number: int,
    effective_from: date,
    terms: Terms,
    before: ContractVersion | None = None,
) -> ContractVersion:
    version = ContractVersion(
        contract_id=contract.id,
        organisation_id=contract.organisation_id,
        version=number,
        effective_from=effective_from,
        plan=terms.plan(contract.currency, before.plan if before else None),
        clauses=terms.clauses(),
        **{name: getattr(terms, name) for name in WRITTEN_AS_THEY_ARE},
        created_by=work.actor.user_id,
        created_at=work.now,
    )
    work.session.add(version)
    work.session.flush()
    return version


def _terms_of(version: ContractVersion) -> dict[str, object]:
    return {
        "version": version.version,
        "effective_from": version.effective_from.isoformat(),
        "plan": version.plan,
        "clauses": version.clauses,
    } | {name: getattr(version, name) for name in WRITTEN_AS_THEY_ARE}
