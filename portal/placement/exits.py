"""An agency or a law firm leaves: planned by one person, approved by another, then it goes by itself.

From the approval on nothing is placed with it. Once its last day has passed everything that lives with it goes back with
that day as the last that earns; what something stands against may stay until a day of its own. Its people keep their
sign-in for the history until the certificate of return and deletion is confirmed.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.foundation.access import Permission, demand
from portal.foundation.bulk import one_at_a_time
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.language import say
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.identity.models import Organisation
from portal.placement.bulk_exits import count_live, freeze_exceptions
from portal.placement.leaving_models import (
    Certificate,
    CertificateDuty,
    ExceptionKind,
    ExitState,
    OrganisationExit,
)
from portal.placement.leaving_queries import certificates_of_organisation_open
from portal.placement.operations import check_reason
from portal.vendors.models import Vendor
from portal.vendors.queries import organisation_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from portal.foundation.access import Actor
    from portal.foundation.work import Work

__all__ = [
    "EXIT", "LIVE_STATES", "approve_exit", "choices_of", "choose_exceptions", "close_sign_in", "count_again", "locked_exit",
    "plan_exit", "refuse_exit", "submit_exit", "withdraw_exit",
]  # fmt: skip

EXIT = "placement.exit"
FURTHEST = timedelta(days=731)  # a last day, and a day until which an exception stays
LIVE_STATES = (ExitState.DRAFT, ExitState.SUBMITTED, ExitState.APPROVED, ExitState.RUNNING)


def plan_exit(actor: Actor, organisation_id: int, last_on: date, reason: str) -> int:
    """A draft with what lives with the organisation counted; its id.

    NotFound; DomainError naming the field for a day that has passed or lies too far ahead, or no reason; Refused while
    another exit of the organisation is under way.
    """
    demand(actor, Permission.PLACEMENTS_PROPOSE)
    reason = check_reason(reason)
    with transaction(actor) as work:
        one_at_a_time(work.session, "placement.exit")
        organisation = organisation_for(work.session, actor, organisation_id)
        _check_day(work, last_on, "last_on", work.today)
        under_way = visible(OrganisationExit, actor).where(
            OrganisationExit.organisation_id == organisation_id, OrganisationExit.state.in_(LIVE_STATES)
        )
        if work.session.scalar(under_way) is not None:
            raise Refused("exit.under_way", say("An exit of this organisation is already under way."))
        row = OrganisationExit(
            number=_next_number(work, organisation), organisation_id=organisation_id, state=ExitState.DRAFT,
            last_on=last_on, reason=reason, choices={}, found={}, counted_at=work.now, planned_by=actor.user_id,
            planned_at=work.now,
        )  # fmt: skip
        work.session.add(row)
        work.session.flush()
        _count(work, row)
        work.audit("exit.planned", row, after=_facts(row))
        return row.id


def count_again(actor: Actor, exit_id: int) -> None:
    """Count what lives with the organisation, and what stands against ending it, as it is now."""
    demand(actor, Permission.PLACEMENTS_PROPOSE)
    with transaction(actor) as work:
        row = locked_exit(work, exit_id, ExitState.DRAFT)
        _count(work, row)
        work.audit("exit.counted", row, after=_facts(row))


def choose_exceptions(actor: Actor, exit_id: int, choices: Mapping[ExceptionKind, date | None]) -> None:
    """Say until which day each kind of exception stays; None: it goes back with everything else.

    DomainError naming the kind for a day that is not behind the organisation's last one.
    """
    demand(actor, Permission.PLACEMENTS_PROPOSE)
    with transaction(actor) as work:
        row = locked_exit(work, exit_id, ExitState.DRAFT)
        for kind, until in choices.items():
            if until is not None:
                _check_day(work, until, f"until_{kind.value}", row.last_on + timedelta(days=1))
        before = _facts(row)
        row.choices = {kind.value: until.isoformat() for kind, until in choices.items() if until is not None}
        _count(work, row)
        work.audit("exit.exceptions_chosen", row, before=before, after=_facts(row))


def submit_exit(actor: Actor, exit_id: int) -> None:
    """Ask for approval; what was counted and chosen is frozen. Refused unless it is a draft whose last day is to come."""
    demand(actor, Permission.PLACEMENTS_PROPOSE)
    with transaction(actor) as work:
        row = locked_exit(work, exit_id, ExitState.DRAFT)
        _refuse_past(work, row)
        row.state, row.submitted_at = ExitState.SUBMITTED, work.now
        work.audit("exit.submitted", row, after=_facts(row))


def withdraw_exit(actor: Actor, exit_id: int) -> None:
    """The organisation stays after all. Refused once it is approved."""
    demand(actor, Permission.PLACEMENTS_PROPOSE)
    with transaction(actor) as work:
        row = locked_exit(work, exit_id, ExitState.DRAFT, ExitState.SUBMITTED)
        row.state = ExitState.WITHDRAWN
        work.audit("exit.withdrawn", row, after=_facts(row))


def refuse_exit(actor: Actor, exit_id: int, reason: str) -> None:
    """The organisation stays, for this reason. Refused for who planned it."""
    demand(actor, Permission.PLACEMENTS_APPROVE)
    reason = check_reason(reason)
    with transaction(actor) as work:
        row = locked_exit(work, exit_id, ExitState.SUBMITTED)
        _refuse_maker(work, row)
        row.state, row.refusal = ExitState.REFUSED, reason
        row.decided_by, row.decided_at = actor.user_id, work.now
        work.audit("exit.refused", row, after=_facts(row), reason=reason)


def approve_exit(actor: Actor, exit_id: int) -> None:
    """From now on nothing is placed with the organisation, and its last day stands in the vendor master.

    Carried out by a job: at once where today is the last day, else once it has passed. Refused for who planned it.
    """
    demand(actor, Permission.PLACEMENTS_APPROVE)
    with transaction(actor) as work:
        row = locked_exit(work, exit_id, ExitState.SUBMITTED)
        _refuse_maker(work, row)
        _refuse_past(work, row)
        row.state, row.decided_by, row.decided_at = ExitState.APPROVED, actor.user_id, work.now
        _write_last_day(work, row)
        work.audit("exit.approved", row, after=_facts(row))
        if row.last_on <= work.today:
            work.request_job(EXIT, f"{row.id}-{work.today.isoformat()}", {"exit_id": row.id})


def close_sign_in(actor: Actor, exit_id: int) -> None:
    """Nobody of the organisation signs in any more. Refused before all its certificates are confirmed: of the exit, and of
    batches that ended before."""
    demand(actor, Permission.PLACEMENTS_APPROVE)
    with transaction(actor) as work:
        row = locked_exit(work, exit_id, ExitState.DONE)
        confirmed = (
            sa.select(Certificate.id)
            .join(CertificateDuty, CertificateDuty.id == Certificate.duty_id)
            .where(CertificateDuty.exit_id == row.id)
        )
        if work.session.scalars(confirmed.limit(1)).first() is None:
            words = say("Its people need their sign-in until the certificate of return and deletion is confirmed.")
            raise Refused("exit.no_certificate", words)
        if certificates_of_organisation_open(work.session, actor, row.organisation_id):
            words = say("Its people need their sign-in until the certificates of its batches are confirmed as well.")
            raise Refused("exit.no_certificate", words)
        if row.sign_in_closed_at is not None:
            raise Refused("exit.sign_in_closed", say("The sign-in is closed already."))
        row.sign_in_closed_at = work.now
        organisation = organisation_for(work.session, actor, row.organisation_id, for_update=True)
        organisation.active = False
        work.audit("exit.sign_in_closed", row, after=_facts(row))
        work.audit("organisation.changed", organisation, before={"active": True}, after={"active": False})


def locked_exit(work: Work, exit_id: int, *states: ExitState) -> OrganisationExit:
    """The exit in one of these states, kept for this transaction; NotFound, or Refused in another state."""
    statement = visible(OrganisationExit, work.actor).where(OrganisationExit.id == exit_id)
    row = work.session.scalar(statement.with_for_update().execution_options(populate_existing=True))
    if row is None:
        raise NotFound
    if row.state not in states:
        words = say("Somebody has already moved this exit on. Look at its state before you go on.")
        raise Refused("exit.state", words)
    return row


def choices_of(row: OrganisationExit) -> dict[ExceptionKind, date]:
    """Until which day each kind of exception stays; the others go back with everything else."""
    return {ExceptionKind(kind): date.fromisoformat(day) for kind, day in row.choices.items()}


def _count(work: Work, row: OrganisationExit) -> None:
    freeze_exceptions(work.session, row.id, row.organisation_id, choices_of(row))
    row.found = {
        kind: [list(line) for line in lines]
        for kind, lines in count_live(work.session, row.id, row.organisation_id).items()
    }
    row.counted_at = work.now


def _write_last_day(work: Work, row: OrganisationExit) -> None:
    """The vendor master says when the co-operation ends."""
    vendor = work.session.scalar(visible(Vendor, work.actor).where(Vendor.organisation_id == row.organisation_id))
    if vendor is None:
        vendor = Vendor(organisation_id=row.organisation_id, regions=[], buckets=[])
        work.session.add(vendor)
    before = {"exits_on": vendor.exits_on.isoformat() if vendor.exits_on else None}
    vendor.exits_on = row.last_on
    work.session.flush()
    work.audit(
        "vendor.changed",
        ("organisation", row.organisation_id),
        before=before,
        after={"exits_on": row.last_on.isoformat()},
    )


def _check_day(work: Work, day: date, field: str, first: date) -> None:
    if day < first:
        raise DomainError("exit.day", say("The first day possible is %(day)s.", day=first), field=field)
    if day > work.today + FURTHEST:
        raise DomainError("exit.day", say("That is further ahead than two years."), field=field)


def _refuse_past(work: Work, row: OrganisationExit) -> None:
    if row.last_on < work.today:
        words = say("The last day has passed meanwhile. Withdraw this exit and plan it anew.")
        raise Refused("exit.day_passed", words)


def _refuse_maker(work: Work, row: OrganisationExit) -> None:
    if row.planned_by is not None and row.planned_by == work.actor.user_id:
        raise Refused("exit.own", say("You planned this exit, so another person has to approve or refuse it."))


def _next_number(work: Work, organisation: Organisation) -> str:
    """X2005-09-30-HT-01: the first exit of that day that was planned for the organisation with the code HT."""
    planned = sa.select(sa.func.count()).where(OrganisationExit.organisation_id == organisation.id)
    return f"X{work.today.isoformat()}-{organisation.code}-{(work.session.scalar(planned) or 0) + 1:02d}"


def _facts(row: OrganisationExit) -> dict[str, Any]:
    return {
        "number": row.number,
        "state": row.state.value,
        "organisation_id": row.organisation_id,
        "last_on": row.last_on.isoformat(),
        "choices": row.choices,
        "found": row.found,
    }
