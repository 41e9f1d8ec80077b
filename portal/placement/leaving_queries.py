"""Reads of certificates and exits, and of what a tail still earns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload

from portal.foundation.access import OrganisationKind, system_actor
from portal.foundation.errors import NotFound
from portal.foundation.visibility import visible
from portal.foundation.work import reading
from portal.identity.models import Organisation, User
from portal.placement.leaving_models import (
    Certificate,
    CertificateDuty,
    ExceptionKind,
    ExitException,
    ExitState,
    OrganisationExit,
)
from portal.placement.models import Placement, PlacementBatch
from portal.placement.tail import first_end_that_earns
from portal.portfolio.models import Account
from portal.vendors.models import Contract, ContractVersion

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = [
    "bank_name", "certificates_of", "certificates_of_organisation_open", "certificates_open", "certificates_overdue", "duty_for", "duty_of_exit", "duty_rows", "duty_state",
    "exception_rows", "exit_for", "exit_rows", "exits_to_approve", "exits_to_close", "exits_under_way", "last_end", "live_counts", "lives_with", "next_certificate", "tail_ends", "tail_rows", "tail_versions",
]  # fmt: skip

MOST_COUNTED = 1_000

# --- certificates -------------------------------------------------------------------------------------------------------


def duty_rows(actor: Actor) -> sa.Select[Any]:
    """Certificates that have fallen due, each with its organisation and the number and day of what was confirmed."""
    later = aliased(Certificate)
    stands = sa.and_(
        Certificate.duty_id == CertificateDuty.id,
        ~sa.exists().where(later.corrects_id == Certificate.id).correlate(Certificate),
    )
    return (
        visible(CertificateDuty, actor)
        .add_columns(
            Organisation,
            Certificate.id.label("certificate_id"),
            Certificate.number.label("certificate_no"),
            Certificate.confirmed_on.label("confirmed_on"),
        )
        .join(Organisation, Organisation.id == CertificateDuty.organisation_id)
        .outerjoin(Certificate, stands)
    )


def duty_state(statement: sa.Select[Any], state: str, today: date) -> sa.Select[Any]:
    """Those that are open, overdue or confirmed."""
    confirmed = sa.exists().where(Certificate.duty_id == CertificateDuty.id).correlate(CertificateDuty)
    if state == "confirmed":
        return statement.where(confirmed)
    late = CertificateDuty.due_on < today
    return statement.where(~confirmed, late if state == "overdue" else ~late)


def duty_for(session: Session, actor: Actor, duty_id: int) -> CertificateDuty:
    """One, with its organisation; NotFound where the actor sees none."""
    found = session.scalar(
        visible(CertificateDuty, actor)
        .where(CertificateDuty.id == duty_id)
        .options(joinedload(CertificateDuty.organisation), joinedload(CertificateDuty.batch))
    )
    if found is None:
        raise NotFound
    return found


def duty_of_exit(session: Session, actor: Actor, exit_id: int) -> Any:
    """The row of `duty_rows` that belongs to an exit; None before it is done."""
    return session.execute(duty_rows(actor).where(CertificateDuty.exit_id == exit_id)).first()


def certificates_of(session: Session, actor: Actor, duty_id: int) -> list[Certificate]:
    """What was confirmed, the latest first: that one stands."""
    wanted = visible(Certificate, actor).where(Certificate.duty_id == duty_id)
    return list(session.scalars(wanted.order_by(Certificate.id.desc())))


def certificates_open(session: Session, actor: Actor) -> int:
    """How many are to be confirmed, overdue ones among them; a thousand at the most."""
    return _count_duties(session, actor, sa.true())


def certificates_of_organisation_open(session: Session, actor: Actor, organisation_id: int) -> int:
    """How many one organisation has still to confirm; a thousand at the most."""
    return _count_duties(session, actor, CertificateDuty.organisation_id == organisation_id)


def next_certificate(session: Session, actor: Actor) -> date | None:
    """The first day by which one that is open should be confirmed."""
    return session.scalar(_open_duties(actor).with_only_columns(sa.func.min(CertificateDuty.due_on)))


def certificates_overdue(session: Session, actor: Actor, today: date) -> int:
    """How many should have been confirmed before today; a thousand at the most."""
    return _count_duties(session, actor, CertificateDuty.due_on < today)


def _open_duties(actor: Actor) -> sa.Select[tuple[CertificateDuty]]:
    confirmed = sa.exists().where(Certificate.duty_id == CertificateDuty.id).correlate(CertificateDuty)
    return visible(CertificateDuty, actor).where(~confirmed)


def _count_duties(session: Session, actor: Actor, condition: sa.ColumnElement[bool]) -> int:
    wanted = _open_duties(actor).with_only_columns(CertificateDuty.id).where(condition)
    return session.scalar(sa.select(sa.func.count()).select_from(wanted.limit(MOST_COUNTED).subquery())) or 0


# --- exits --------------------------------------------------------------------------------------------------------------

Planner, Decider = aliased(User), aliased(User)


def exit_rows(actor: Actor) -> sa.Select[Any]:
    """Exits with their organisation and the names of who planned and who decided."""
    return (
        visible(OrganisationExit, actor)
        .add_columns(Organisation, Planner.name.label("planner"), Decider.name.label("decider"))
        .join(Organisation, Organisation.id == OrganisationExit.organisation_id)
        .outerjoin(Planner, Planner.id == OrganisationExit.planned_by)
        .outerjoin(Decider, Decider.id == OrganisationExit.decided_by)
    )


def exit_for(session: Session, actor: Actor, exit_id: int) -> Any:
    """One row of `exit_rows`; NotFound where the actor sees none."""
    found = session.execute(exit_rows(actor).where(OrganisationExit.id == exit_id)).first()
    if found is None:
        raise NotFound
    return found


def exits_to_approve(session: Session, actor: Actor) -> int:
    """How many exits wait for this person, who did not plan them."""
    waiting = visible(OrganisationExit, actor).where(
        OrganisationExit.state == ExitState.SUBMITTED, OrganisationExit.planned_by.is_distinct_from(actor.user_id)
    )
    return session.scalar(sa.select(sa.func.count()).select_from(waiting.subquery())) or 0


def exits_to_close(session: Session, actor: Actor) -> list[OrganisationExit]:
    """Exits that are done and whose organisation has confirmed every certificate, its own and those of its batches, while
    its people can still sign in; the first to be done first."""
    owed = _open_duties(actor).where(CertificateDuty.organisation_id == OrganisationExit.organisation_id)
    wanted = (
        visible(OrganisationExit, actor)
        .join(Organisation, Organisation.id == OrganisationExit.organisation_id)
        .where(
            OrganisationExit.state == ExitState.DONE, OrganisationExit.sign_in_closed_at.is_(None), Organisation.active,
            ~owed.correlate(OrganisationExit).exists(),
        )
        .order_by(OrganisationExit.done_at, OrganisationExit.id)
    )  # fmt: skip
    return list(session.scalars(wanted.options(joinedload(OrganisationExit.organisation))))


def exits_under_way(session: Session, actor: Actor) -> list[OrganisationExit]:
    """Exits that are approved and not done, the earliest last day first."""
    wanted = visible(OrganisationExit, actor).where(OrganisationExit.state.in_((ExitState.APPROVED, ExitState.RUNNING)))
    return list(
        session.scalars(
            wanted.options(joinedload(OrganisationExit.organisation)).order_by(
                OrganisationExit.last_on, OrganisationExit.id
            )
        )
    )


def exception_rows(actor: Actor, exit_id: int) -> sa.Select[Any]:
    """What stood against ending placements when it was last counted, with the account's reference and the batch."""
    return (
        visible(ExitException, actor)
        .add_columns(Placement, Account.account_ref, PlacementBatch.number.label("batch_no"))
        .join(Placement, Placement.id == ExitException.placement_id)
        .join(Account, Account.id == Placement.account_id)
        .join(PlacementBatch, PlacementBatch.id == Placement.batch_id)
        .where(ExitException.exit_id == exit_id)
    )


def live_counts(session: Session, actor: Actor, exit_id: int) -> dict[ExceptionKind, int]:
    """How many of the exceptions still live, by kind."""
    wanted = (
        visible(ExitException, actor)
        .join(Placement, Placement.id == ExitException.placement_id)
        .where(ExitException.exit_id == exit_id, Placement.ended_at.is_(None))
        .with_only_columns(ExitException.kind, sa.func.count())
        .group_by(ExitException.kind)
    )
    return {row[0]: row[1] for row in session.execute(wanted)}


def lives_with(session: Session, actor: Actor, organisation_id: int) -> bool:
    """Whether anything lives with the organisation."""
    wanted = visible(Placement, actor).where(Placement.organisation_id == organisation_id, Placement.ended_at.is_(None))
    return session.scalar(wanted.with_only_columns(Placement.id).limit(1)) is not None


# --- tails --------------------------------------------------------------------------------------------------------------


def tail_versions(session: Session, actor: Actor, organisation_id: int) -> dict[int, dict[str, int]]:
    """The contract versions of an organisation whose plan has a tail, with it."""
    wanted = visible(ContractVersion, actor).where(ContractVersion.organisation_id == organisation_id)
    return {version.id: version.plan["tail"] for version in session.scalars(wanted) if version.plan.get("tail")}


def tail_rows(actor: Actor, organisation_id: int, versions: dict[int, dict[str, int]]) -> sa.Select[Any]:
    """The ended placements whose payments earn beyond their end, with reference, batch and contract."""
    return (
        visible(Placement, actor)
        .add_columns(Account.account_ref, PlacementBatch.number.label("batch_no"), Contract.number.label("contract_no"))
        .join(Account, Account.id == Placement.account_id)
        .join(PlacementBatch, PlacementBatch.id == Placement.batch_id)
        .join(ContractVersion, ContractVersion.id == Placement.contract_version_id)
        .join(Contract, Contract.id == ContractVersion.contract_id)
        .where(
            Placement.organisation_id == organisation_id,
            Placement.ended_at.is_not(None),
            Placement.ended_on >= Placement.placed_on,
            Placement.contract_version_id.in_(versions),
        )
    )


def tail_ends(
    statement: sa.Select[Any], versions: dict[int, dict[str, int]], today: date, *, over: bool
) -> sa.Select[Any]:
    """Those whose tail is over, or those that still earn."""
    earns = sa.or_(
        sa.false(),
        *(
            sa.and_(Placement.contract_version_id == version, Placement.ended_on >= first_end_that_earns(today, tail))
            for version, tail in versions.items()
        ),
    )
    return statement.where(~earns if over else earns)


def last_end(
    session: Session, actor: Actor, organisation_id: int, versions: dict[int, dict[str, int]]
) -> dict[int, date]:
    """The latest end of a placement under each of these versions."""
    ends = {}
    for version in versions:
        wanted = visible(Placement, actor).where(
            Placement.organisation_id == organisation_id, Placement.contract_version_id == version,
            Placement.ended_at.is_not(None), Placement.ended_on >= Placement.placed_on,
        ).with_only_columns(Placement.ended_on)  # fmt: skip
        found = session.scalar(wanted.order_by(Placement.ended_on.desc()).limit(1))
        if found is not None:
            ends[version] = found
    return ends


def bank_name(language: str) -> str:
    """What the bank is called in a language (`zh`, `en`). An organisation does not see the bank's row, so the system asks;
    whatever the session held before is put away."""
    with reading(system_actor("certificate")) as session:
        bank = session.scalars(sa.select(Organisation).where(Organisation.kind == OrganisationKind.BANK)).one()
        return bank.name_en if language == "en" and bank.name_en else bank.name
