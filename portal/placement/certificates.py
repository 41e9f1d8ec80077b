"""Certificates of return and deletion: what an organisation confirms about the bank's data once it has nothing of it.

One falls due with a batch that is over, where its contract asks for it and people were open to the organisation; and with
every exit that is done. A certificate is evidence: a correction is a new one that names the old one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.foundation import hooks
from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.free_text import check_free_text
from portal.foundation.language import say
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.placement.leaving_models import Certificate, CertificateDuty, OrganisationExit
from portal.placement.models import BatchState, Placement, PlacementBatch
from portal.vendors.models import ContractVersion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from portal.foundation.access import Actor
    from portal.foundation.work import Work

__all__ = ["METHODS", "USUAL_DAYS", "Confirmation", "certificate_days", "confirm", "fall_due_with_exit"]

USUAL_DAYS = 30
LONGEST_TEXT = 1000
LONGEST_NAME = 120
METHODS = {
    "returned_files": say("files given back to the bank through a secure transfer"),
    "returned_paper": say("paper given back to the bank against a receipt"),
    "system_erased": say("records erased from the work systems and their databases"),
    "recordings_erased": say("recordings of calls erased"),
    "backups_erased": say("back-ups erased or overwritten"),
    "keys_destroyed": say("encryption keys destroyed"),
    "media_destroyed": say("media destroyed physically"),
    "paper_shredded": say("paper shredded"),
    "phones_cleared": say("numbers and messages removed from telephones and diallers"),
    "subcontractors": say("the same done and confirmed by every subcontractor"),
}


@dataclass(frozen=True)
class Confirmation:
    """What the organisation's leader confirms. `methods`: codes of METHODS; `kept` empty: nothing is kept."""

    returned: str
    deleted: str
    methods: tuple[str, ...]
    carried_out_by: str
    carried_out_on: date
    kept: str = ""
    kept_until: date | None = None

    def check(self, ended_on: date, today: date) -> Confirmation:
        """The same without spaces around it; DomainError naming the field where it cannot be so."""
        plain = Confirmation(
            self.returned.strip(), self.deleted.strip(), self.methods, self.carried_out_by.strip(),
            self.carried_out_on, self.kept.strip(), self.kept_until,
        )  # fmt: skip
        for field in ("returned", "deleted", "carried_out_by"):
            if not getattr(plain, field):
                raise DomainError("certificate.empty", say("Fill this in."), field=field)
        for field, most in (
            ("returned", LONGEST_TEXT), ("deleted", LONGEST_TEXT), ("kept", LONGEST_TEXT), ("carried_out_by", LONGEST_NAME),
        ):  # fmt: skip
            check_free_text(getattr(plain, field), most, "certificate", field)
        if not plain.methods or not set(plain.methods) <= set(METHODS):
            raise DomainError("certificate.methods", say("Say how: choose at least one."), field="methods")
        plain._check_days(ended_on, today)
        return plain

    def _check_days(self, ended_on: date, today: date) -> None:
        if not ended_on <= self.carried_out_on <= today:
            words = say("The day lies between the end, %(end)s, and today.", end=ended_on)
            raise DomainError("certificate.day", words, field="carried_out_on")
        if self.kept and (self.kept_until is None or self.kept_until <= today):
            words = say("Say until which day ahead it is kept.")
            raise DomainError("certificate.kept_until", words, field="kept_until")
        if self.kept_until is not None and not self.kept:
            words = say("Say what is kept, and by which law; or leave the day out.")
            raise DomainError("certificate.kept", words, field="kept")


def certificate_days(clauses: Mapping[str, Any]) -> int | None:
    """In how many days after the end a contract wants the certificate; None where it asks for none."""
    data = clauses.get("data") or {}
    return int(data.get("within_days", USUAL_DAYS)) if data.get("certificate") else None


@hooks.batch_ended.register
def fall_due_with_batch(work: Work, batch: PlacementBatch) -> None:
    """In the transaction that ends the batch. What was never opened to the organisation needs no certificate."""
    clauses = work.session.scalar(
        visible(ContractVersion, work.actor)
        .with_only_columns(ContractVersion.clauses)
        .where(ContractVersion.id == batch.contract_version_id)
    )
    days = certificate_days(clauses or {})
    if batch.state is not BatchState.ENDED or days is None:
        return
    opened = sa.select(sa.func.count()).where(Placement.batch_id == batch.id, Placement.accepted_at.is_not(None))
    count = work.session.scalar(opened) or 0
    known = work.session.scalar(visible(CertificateDuty, work.actor).where(CertificateDuty.batch_id == batch.id))
    if count and known is None:
        _fall_due(work, batch.organisation_id, batch.number, days, count, batch_id=batch.id)


def fall_due_with_exit(work: Work, row: OrganisationExit) -> None:
    """Whatever the contracts say, who leaves confirms it for all; within the shortest time of any of its contracts."""
    versions = work.session.scalars(
        visible(ContractVersion, work.actor)
        .with_only_columns(ContractVersion.clauses)
        .where(ContractVersion.organisation_id == row.organisation_id)
    )
    days = [n for clauses in versions if (n := certificate_days(clauses)) is not None]
    opened = sa.select(sa.func.count()).where(
        Placement.organisation_id == row.organisation_id, Placement.accepted_at.is_not(None)
    )
    count = work.session.scalar(opened) or 0
    _fall_due(work, row.organisation_id, row.number, min(days, default=USUAL_DAYS), count, exit_id=row.id)


def _fall_due(work: Work, organisation_id: int, subject: str, days: int, count: int, **of: int) -> None:
    today: date = work.today
    duty = CertificateDuty(
        organisation_id=organisation_id, subject=subject, ended_on=today, due_on=today + timedelta(days=days),
        account_count=count, fell_due_at=work.now, **of,
    )  # fmt: skip
    work.session.add(duty)
    work.session.flush()
    work.audit("certificate.fell_due", duty, after={"subject": subject, "due_on": duty.due_on.isoformat()})


def confirm(actor: Actor, duty_id: int, said: Confirmation) -> int:
    """The organisation confirms; the certificate's id. Where one stands already the new one corrects it.

    NotFound for another's; Refused for the bank's own people; DomainError naming the field.
    """
    demand(actor, Permission.BATCHES_ACCEPT)
    with transaction(actor) as work:
        duty = work.session.scalar(visible(CertificateDuty, actor).where(CertificateDuty.id == duty_id))
        if duty is None:
            raise NotFound
        if duty.organisation_id != actor.organisation_id:
            raise Refused("certificate.not_yours", say("Only the organisation itself confirms this."), status=403)
        said = said.check(duty.ended_on, work.today)
        before = work.session.scalar(standing_certificate(actor, duty.id))
        count = work.session.scalar(sa.select(sa.func.count()).where(Certificate.duty_id == duty.id)) or 0
        row = Certificate(
            number=f"C-{duty.subject}" + (f"-{count + 1}" if count else ""), duty_id=duty.id,
            organisation_id=duty.organisation_id, corrects_id=before.id if before else None,
            returned=said.returned, deleted=said.deleted, methods=list(said.methods),
            carried_out_by=said.carried_out_by, carried_out_on=said.carried_out_on, kept=said.kept,
            kept_until=said.kept_until, confirmed_by=actor.user_id, confirmed_name=actor.name, confirmed_at=work.now,
            confirmed_on=work.today,
        )  # fmt: skip
        work.session.add(row)
        work.session.flush()
        work.audit("certificate.confirmed", row, after={"number": row.number, "corrects": row.corrects_id})
        return row.id


def standing_certificate(actor: Actor, duty_id: int) -> sa.Select[tuple[Certificate]]:
    """The certificate of a duty that none has corrected."""
    later = aliased(Certificate)
    return visible(Certificate, actor).where(
        Certificate.duty_id == duty_id, ~sa.exists().where(later.corrects_id == Certificate.id)
    )
