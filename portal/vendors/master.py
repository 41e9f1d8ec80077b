"""What the bank writes down about a vendor: rank, dates and limits, contacts, papers, and what it requires of all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal.foundation.access import OrganisationKind, Permission, demand
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.language import say
from portal.foundation.money import minor_digits
from portal.foundation.values import parse_email, trim
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.portfolio.buckets import BUCKETS
from portal.vendors.models import Credential, CredentialKind, Item, Requirement, Tier, Vendor, VendorContact
from portal.vendors.proofs import Proof, keep_proof
from portal.vendors.queries import organisation_for
from portal.vendors.standing import GROUPS

if TYPE_CHECKING:
    from datetime import date

    from portal.foundation.access import Actor
    from portal.foundation.work import Work

__all__ = [
    "ContactDetails", "PaperDetails", "VendorDetails", "add_contact", "add_paper", "edit_contact", "edit_vendor",
    "remove_contact", "require",
]  # fmt: skip

LONGEST_NOTE = 2_000


@dataclass(frozen=True)
class VendorDetails:
    """What may be changed about a vendor. Dates are first and last days; empty regions (ISO 3166-2) or buckets mean all."""

    tier: Tier | None = None
    listed: bool = False
    started_on: date | None = None
    exits_on: date | None = None
    regions: tuple[str, ...] = ()
    buckets: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class ContactDetails:
    """Somebody whom the bank may ask, and for what."""

    name: str
    duty: str
    phone: str = ""
    email: str = ""


@dataclass(frozen=True)
class PaperDetails:
    """A licence, insurance or certificate. `insured_minor` in minor units of `currency`, for insurances alone."""

    kind: CredentialKind
    number: str
    valid_from: date
    valid_until: date | None = None
    issuer: str = ""
    insured_minor: int | None = None
    currency: str = ""


def edit_vendor(actor: Actor, organisation_id: int, details: VendorDetails) -> None:
    """Write down how the bank ranks and limits an agency or law firm. NotFound; DomainError naming the field."""
    demand(actor, Permission.VENDORS_MANAGE)
    if details.started_on and details.exits_on and details.exits_on < details.started_on:
        raise DomainError("vendor.exits_on", say("It ends after it begins."), field="exits_on")
    if any(bucket not in BUCKETS for bucket in details.buckets):
        raise DomainError("vendor.buckets", say("This is no bucket."), field="buckets")
    if len(details.note) > LONGEST_NOTE:
        words = say("At most %(n)s characters.", n=LONGEST_NOTE)
        raise DomainError("vendor.note", words, field="note")
    with transaction(actor) as work:
        organisation = organisation_for(work.session, actor, organisation_id, for_update=True)
        row = work.session.scalar(sa.select(Vendor).where(Vendor.organisation_id == organisation.id))
        if row is None:
            row = Vendor(organisation_id=organisation.id, listed=False, regions=[], buckets=[], note="")
            work.session.add(row)
        values = vars(details) | {"regions": list(details.regions), "buckets": list(details.buckets)}
        before, after = _write(row, values)
        if after:
            work.audit("vendor.changed", organisation, before, after)


# --- contacts ---------------------------------------------------------------------------------------------------------


def add_contact(actor: Actor, organisation_id: int, details: ContactDetails) -> int:
    """One more person to ask. Answers the row's id."""
    demand(actor, Permission.VENDORS_MANAGE)
    _check_contact(details)
    with transaction(actor) as work:
        organisation = organisation_for(work.session, actor, organisation_id)
        row = VendorContact(organisation_id=organisation.id, **vars(details))
        work.session.add(row)
        work.audit("vendor.contact_added", row, after=_masked(vars(details)), organisation=organisation.code)
        return row.id


def edit_contact(actor: Actor, contact_id: int, details: ContactDetails) -> None:
    """Another name, duty or way to reach somebody."""
    demand(actor, Permission.VENDORS_MANAGE)
    _check_contact(details)
    with transaction(actor) as work:
        row = _contact(work, contact_id)
        before, after = _write(row, vars(details))
        if after:
            work.audit("vendor.contact_changed", row, _masked(before), _masked(after))


def remove_contact(actor: Actor, contact_id: int) -> None:
    """Somebody who is not asked any more."""
    demand(actor, Permission.VENDORS_MANAGE)
    with transaction(actor) as work:
        row = _contact(work, contact_id)
        if row.removed_at is None:
            row.removed_at = work.now
            values = {"name": row.name, "duty": row.duty, "phone": row.phone, "email": row.email}
            work.audit("vendor.contact_removed", row, before=_masked(values))


def _contact(work: Work, contact_id: int) -> VendorContact:
    row = work.session.scalar(visible(VendorContact, work.actor).where(VendorContact.id == contact_id))
    if row is None:
        raise NotFound
    return row


def _check_contact(details: ContactDetails) -> None:
    for field in ("name", "duty"):
        if not trim(getattr(details, field)):
            raise DomainError(f"contact.{field}", say("Fill this in."), field=field)
    if not details.phone and not details.email:
        words = say("Write a telephone number or an e-mail address.")
        raise DomainError("contact.phone", words, field="phone")
    if details.email:
        try:
            parse_email(details.email)
        except ValueError as error:
            words = say("This is no e-mail address.")
            raise DomainError("contact.email", words, field="email") from error


# --- papers -----------------------------------------------------------------------------------------------------------


def add_paper(
    actor: Actor,
    organisation_id: int,
    details: PaperDetails,
    *,
    supersedes_id: int | None = None,
    proof: Proof | None = None,
) -> int:
    """A paper of an organisation, or the one that follows or corrects another of the same kind. Answers its id.

    NotFound; DomainError naming the field; Refused where the other has been superseded already.
    """
    demand(actor, Permission.VENDORS_MANAGE)
    _check_paper(details)
    digest = keep_proof(proof) if proof else ""  # before the transaction: a store far away must not hold its lock
    with transaction(actor) as work:
        organisation = organisation_for(work.session, actor, organisation_id)
        if supersedes_id is not None:
            _check_superseded(work, organisation.id, details, supersedes_id)
        row = Credential(
            organisation_id=organisation.id,
            supersedes_id=supersedes_id,
            proof_digest=digest,
            proof_name=proof.name if proof else "",
            created_by=actor.user_id,
            created_at=work.now,
            **vars(details),
        )
        work.session.add(row)
        try:
            work.session.flush()
        except IntegrityError as error:
            raise _already_superseded() from error
        after = _plain(vars(details)) | {"supersedes": supersedes_id, "proof": digest}
        work.audit("vendor.paper_added", row, after=after, organisation=organisation.code)
        return row.id


def _check_paper(details: PaperDetails) -> None:
    if not trim(details.number):
        raise DomainError("paper.number", say("Fill this in."), field="number")
    if details.valid_until is not None and details.valid_until < details.valid_from:
        raise DomainError("paper.valid_until", say("It ends after it begins."), field="valid_until")
    insured = GROUPS[details.kind] == "insurance"
    if insured and (details.insured_minor is None or details.insured_minor <= 0):
        words = say("Write for how much it insures.")
        raise DomainError("paper.insured", words, field="insured")
    if insured and details.valid_until is None:
        words = say("An insurance has an end. Write its last day.")
        raise DomainError("paper.valid_until", words, field="valid_until")
    if not insured and details.insured_minor is not None:
        words = say("Only an insurance has an insured amount.")
        raise DomainError("paper.insured", words, field="insured")
    if insured:
        try:
            minor_digits(details.currency)
        except ValueError as error:
            words = say("This is no currency code.")
            raise DomainError("paper.currency", words, field="currency") from error


def _check_superseded(work: Work, organisation_id: int, details: PaperDetails, supersedes_id: int) -> None:
    other = work.session.scalar(
        visible(Credential, work.actor).where(
            Credential.id == supersedes_id, Credential.organisation_id == organisation_id
        )
    )
    if other is None:
        raise NotFound
    if other.kind is not details.kind:
        words = say("A paper is followed by one of its kind.")
        raise DomainError("paper.kind", words, field="kind")
    if details.valid_from < other.valid_from:
        words = say("The paper before it begins on %(day)s: this one begins then or later.", day=other.valid_from)
        raise DomainError("paper.valid_from", words, field="valid_from")
    if work.session.scalar(sa.select(Credential.id).where(Credential.supersedes_id == other.id)):
        raise _already_superseded()


def _already_superseded() -> Refused:
    return Refused("paper.superseded", say("Another paper has taken the place of this one already. Look at that one."))


# --- what is required ---------------------------------------------------------------------------------------------------


def require(actor: Actor, kind: OrganisationKind, item: Item, from_on: date | None) -> None:
    """Ask something of all organisations of a kind from a day on; None: no longer."""
    demand(actor, Permission.VENDORS_MANAGE)
    if kind is OrganisationKind.BANK:
        raise Refused("requirement.bank", say("Nothing is required of the bank itself."))
    with transaction(actor) as work:
        wanted = sa.select(Requirement).where(Requirement.organisation_kind == kind, Requirement.item == item)
        row = work.session.scalar(wanted)
        before = row.from_on.isoformat() if row else None
        after = from_on.isoformat() if from_on else None
        if before == after:
            return
        if row and from_on is None:
            work.session.delete(row)
        elif row and from_on:
            row.from_on = from_on
        elif from_on:
            work.session.add(Requirement(organisation_kind=kind, item=item, from_on=from_on))
        deed = {"kind": kind.value, "item": item.value}
        work.audit("vendor.requirement_changed", "requirement", deed | {"from": before}, deed | {"from": after})


# --- what several of these need -----------------------------------------------------------------------------------------


def _write(row: Any, values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write the values into the row; what was there and what is there now, of those that differ."""
    old = {name: getattr(row, name) for name in values}
    changed = [name for name, value in values.items() if old[name] != value]
    for name in changed:
        setattr(row, name, values[name])
    return _plain({name: old[name] for name in changed}), _plain({name: values[name] for name in changed})


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {n: v.isoformat() if hasattr(v, "isoformat") else getattr(v, "value", v) for n, v in values.items()}


def _masked(values: dict[str, Any]) -> dict[str, Any]:
    """A contact for the audit trail: of the person no more than the first letter."""
    return {n: f"{v[:1]}*" if n in ("name", "phone", "email") and v else v for n, v in values.items()}
