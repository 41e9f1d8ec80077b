"""Reads of accounts, people, holds and import runs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from portal.foundation.errors import NotFound
from portal.foundation.visibility import visible
from portal.identity.models import User
from portal.portfolio.hold_terms import USUAL
from portal.portfolio.limitation import limitation
from portal.portfolio.models import (
    Account,
    BalanceSnapshot,
    ContactPoint,
    Customer,
    Hold,
    HoldFlag,
    HoldTerm,
    ImportKind,
    ImportRun,
    ImportState,
    LimitationClock,
    PersonIndex,
    RejectedRow,
    StoredMapping,
    StoredMappingVersion,
)

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.vault import Vault
    from portal.portfolio.limitation import Limitation

__all__ = [
    "account_for", "accounts", "applied_before", "contact_points_of", "currencies", "files_of", "found_accounts", "hold_days", "holds", "holds_of",
    "holds_soon_due", "import_run_for", "import_runs", "is_soon_due", "last_paid", "layouts", "limitation_for", "overdue_holds", "rejected_rows_of",
    "snapshots_of", "versions_with_people",
    "waiting_imports",
]  # fmt: skip

MOST_FOUND = 50
SOON_DAYS = 7  # so far ahead homes tell of holds that are to be decided about


def accounts(actor: Actor) -> sa.Select[tuple[Account]]:
    """Accounts that the actor may see, with the masked name of the person."""
    return visible(Account, actor).join(Account.customer).options(contains_eager(Account.customer))


def account_for(session: Session, actor: Actor, account_id: int) -> Account:
    """One account with its person; NotFound where there is none that the actor may see."""
    found = session.scalar(accounts(actor).where(Account.id == account_id))
    if found is None:
        raise NotFound
    return found


def limitation_for(session: Session, actor: Actor, account: Account) -> Limitation | None:
    """Until when an account's claim can be sued for, with what restarted it; None where no law of its place is known."""
    clock = session.scalar(visible(LimitationClock, actor).where(LimitationClock.account_id == account.id))
    return limitation(
        account.region, account.due_date, last_paid(account.last_paid_on, clock), account.days_past_due,
        account.balance_as_of, clock.restarted_on if clock else None,
    )  # fmt: skip


def last_paid(by_file: date | None, clock: LimitationClock | None) -> date | None:
    """The day of the last payment: what the bank's file says, or a payment that was posted since."""
    days = (by_file, clock.paid_on if clock else None)
    return max((day for day in days if day is not None), default=None)


def currencies(session: Session, actor: Actor) -> list[str]:
    """Currencies of the accounts that the actor may see; a few index probes, whatever the size of the table."""
    found: list[str] = []
    while True:
        wanted = visible(Account, actor).with_only_columns(sa.func.min(Account.currency))
        following = session.scalar(wanted.where(Account.currency > found[-1]) if found else wanted)
        if following is None:
            return found
        found.append(following)


def contact_points_of(session: Session, actor: Actor, customer_id: int) -> list[ContactPoint]:
    """A person's contact points in the order of the file."""
    wanted = visible(ContactPoint, actor).where(ContactPoint.customer_id == customer_id)
    return list(session.scalars(wanted.order_by(ContactPoint.position, ContactPoint.id)))


def snapshots_of(session: Session, actor: Actor, account_id: int) -> list[BalanceSnapshot]:
    """What files said about an account, the latest first."""
    wanted = visible(BalanceSnapshot, actor).where(BalanceSnapshot.account_id == account_id)
    return list(session.scalars(wanted.order_by(BalanceSnapshot.as_of.desc(), BalanceSnapshot.id.desc()).limit(36)))


def holds_of(session: Session, actor: Actor, account: Account) -> list[Hold]:
    """Holds of an account and of its person, standing ones first."""
    wanted = visible(Hold, actor).where(
        Hold.customer_id == account.customer_id, sa.or_(Hold.account_id == account.id, Hold.account_id.is_(None))
    )
    standing_first = (Hold.released_at.is_not(None), Hold.raised_at.desc(), Hold.id.desc())
    return list(session.scalars(wanted.order_by(*standing_first)))


def holds(actor: Actor) -> sa.Select[Any]:
    """Standing holds with the account's reference (None: the whole person) and the person's masked name."""
    return (
        visible(Hold, actor)
        .where(Hold.released_at.is_(None))
        .add_columns(Account.account_ref, Customer.name_masked, Customer.customer_ref)
        .join(Customer, Customer.id == Hold.customer_id)
        .outerjoin(Account, Account.id == Hold.account_id)
    )


def hold_days(session: Session, actor: Actor) -> dict[HoldFlag, int | None]:
    """How many days the bank gives itself for each kind of hold."""
    return USUAL | {term.flag: term.days for term in session.scalars(visible(HoldTerm, actor))}


def overdue_holds(actor: Actor, today: date) -> sa.Select[Any]:
    """Standing holds whose day has passed."""
    return visible(Hold, actor).where(Hold.released_at.is_(None), Hold.due_on < today)


def holds_soon_due(actor: Actor, today: date) -> sa.Select[Any]:
    """Standing holds whose clock runs out within the next days."""
    return visible(Hold, actor).where(Hold.released_at.is_(None), is_soon_due(today))


def is_soon_due(today: date) -> sa.ColumnElement[bool]:
    """Whether a hold is to be decided about today or within `SOON_DAYS`."""
    return Hold.due_on.between(today, today + timedelta(days=SOON_DAYS))


def import_runs(actor: Actor, kind: ImportKind) -> sa.Select[tuple[ImportRun]]:
    """Files of a kind that were received."""
    return visible(ImportRun, actor).where(ImportRun.kind == kind)


def applied_before(session: Session, actor: Actor, run: ImportRun) -> ImportRun | None:
    """The run that applied the same bytes under the same mapping and date."""
    with session.no_autoflush:
        return session.scalar(
            import_runs(actor, run.kind)
            .where(ImportRun.content_sha256 == run.content_sha256, ImportRun.mapping == run.mapping)
            .where(ImportRun.state == ImportState.APPLIED, ImportRun.as_of.is_not_distinct_from(run.as_of))
            .where(ImportRun.organisation_id.is_not_distinct_from(run.organisation_id))
        )


def import_run_for(session: Session, actor: Actor, kind: ImportKind, run_id: int) -> ImportRun:
    """One run; NotFound where there is none of this kind that the actor may see."""
    found = session.scalar(import_runs(actor, kind).where(ImportRun.id == run_id))
    if found is None:
        raise NotFound
    return found


def waiting_imports(actor: Actor, kind: ImportKind) -> sa.Select[tuple[ImportRun]]:
    """Files that were received and wait for somebody to say how they are to be read, the oldest first."""
    return import_runs(actor, kind).where(ImportRun.state == ImportState.WAITING).order_by(ImportRun.id)


def files_of(session: Session, actor: Actor, run_ids: Collection[int]) -> dict[int, str]:
    """Names of files by their run, of those that the actor may see."""
    if not run_ids:
        return {}
    wanted = visible(ImportRun, actor).where(ImportRun.id.in_(run_ids))
    return {run.id: run.file_name for run in session.scalars(wanted)}


def layouts(actor: Actor, kind: ImportKind) -> sa.Select[Any]:
    """Stored layouts of a kind with their latest version and since when it stands."""
    latest = (
        sa.select(
            StoredMappingVersion.mapping_profile_id,
            sa.func.max(StoredMappingVersion.version).label("version"),
            sa.func.max(StoredMappingVersion.created_at).label("since"),
        )
        .group_by(StoredMappingVersion.mapping_profile_id)
        .subquery()
    )
    return (
        visible(StoredMapping, actor)
        .where(StoredMapping.kind == kind)
        .join(latest, latest.c.mapping_profile_id == StoredMapping.id)
        .add_columns(latest.c.version, latest.c.since)
    )


def versions_with_people(session: Session, actor: Actor, profile_id: int) -> list[Any]:
    """Versions of a layout, the latest first, each with who made it."""
    wanted = visible(StoredMappingVersion, actor).where(StoredMappingVersion.mapping_profile_id == profile_id)
    people = wanted.outerjoin(User, User.id == StoredMappingVersion.created_by).add_columns(User.name, User.user_name)
    return list(session.execute(people.order_by(StoredMappingVersion.version.desc())))


def rejected_rows_of(actor: Actor, run_id: int) -> sa.Select[tuple[RejectedRow]]:
    """The first thousand rows that a run left out."""
    return visible(RejectedRow, actor).where(RejectedRow.import_run_id == run_id)


def found_accounts(session: Session, actor: Actor, vault: Vault, words: str) -> list[Account]:
    """Accounts by reference, by the person's name, whole identity or phone number, or a phone's last four digits.

    Only whole values are found: personal data is searched by keyed hashes. At most 50.
    """
    words = words.strip()
    if not words:
        return []
    digits = "".join(c for c in words if c.isdigit())
    prints = [("name", words), ("id_no", words.upper())]
    prints += [("phone", number) for number in _phone_forms(words, digits)]
    prints += [("phone_last4", digits)] if len(digits) == 4 and digits == words else []
    by_print = sa.or_(*(sa.and_(PersonIndex.kind == k, PersonIndex.hash == vault.fingerprint(k, v)) for k, v in prints))
    people = sa.select(PersonIndex.customer_id).where(by_print)
    # each way to an account by its own index: one condition over all of them would read every account
    of_people = sa.union(people, sa.select(Customer.id).where(Customer.customer_ref == words))
    ids = sa.union(
        sa.select(Account.id).where(Account.account_ref == words),
        sa.select(Account.id).where(Account.customer_id.in_(of_people)),
    )
    wanted = accounts(actor).where(Account.id.in_(ids))
    return list(session.scalars(wanted.order_by(Account.id).limit(MOST_FOUND)))


def _phone_forms(words: str, digits: str) -> list[str]:
    """The ways in which a typed number may be on file."""
    if len(digits) < 7:
        return []
    national = digits.removeprefix("0")
    return [f"+{digits}", *(f"+{code}{national}" for code in ("86", "886", "852", "44", "1"))]
