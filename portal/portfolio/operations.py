"""What is done with accounts and people: importing them, holding them, looking a person's data up."""

from __future__ import annotations

from datetime import date, datetime
from typing import IO, TYPE_CHECKING, Any

from portal.foundation import hooks
from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, NotFound
from portal.foundation.free_text import given_reason
from portal.foundation.jobs import handler
from portal.foundation.language import _l, as_data, say
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.portfolio.bulk import AccountWriter, accounts_on_file
from portal.portfolio.hold_terms import LONGEST, review_day
from portal.portfolio.importing import FileKind, FileWriter, Options, receive, run_import, run_trial, try_file
from portal.portfolio.intake import Reading, read_accounts
from portal.portfolio.keepers import refuse_kept
from portal.portfolio.models import Account, Hold, HoldFlag, HoldTerm, ImportKind, ImportRun
from portal.portfolio.queries import hold_days

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.jobs import JobView, Progress
    from portal.foundation.language import Message
    from portal.foundation.tabular import Table
    from portal.foundation.work import Work
    from portal.portfolio.intake import MappingProfile

__all__ = [
    "ACCOUNTS",
    "add_hold",
    "add_import_jobs",
    "end_hold",
    "import_accounts",
    "raise_hold",
    "receive_accounts",
    "release_hold",
    "set_hold_days",
    "try_accounts",
]


class _Accounts:
    """Files of accounts (reference/files.md, Accounts)."""

    kind = ImportKind.ACCOUNTS

    def read(
        self, table: Table, profile: MappingProfile, *, as_of: date | None, today: date, session: Session,
        organisation_id: int | None = None,
    ) -> Reading[Any]:  # fmt: skip
        """The rows, checked against the accounts on file."""
        return read_accounts(
            table, profile, as_of=as_of, today=today, known=lambda refs: accounts_on_file(session, refs)
        )

    def writer(self, work: Work, run_id: int) -> FileWriter:
        """What creates and refreshes them."""
        return AccountWriter(work, run_id)


ACCOUNTS = _Accounts()


def receive_accounts(
    actor: Actor, content: IO[bytes], file_name: str, options: Options, *, as_job: bool = True
) -> ImportRun:
    """Keep a file of accounts; its import is asked for as a job, or done by the caller. Raises DomainError as `receive`."""
    return receive(actor, ACCOUNTS, content, file_name, options, as_job=as_job)


def try_accounts(actor: Actor, content: IO[bytes], file_name: str, options: Options) -> dict[str, Any]:
    """The summary that an import of this file would have."""
    return try_file(actor, ACCOUNTS, content, file_name, options)


def import_accounts(actor: Actor, run_id: int) -> dict[str, Any]:
    """Apply a received file now, for the command line. The summary. Raises as `run_import`."""
    return run_import(actor, run_id, ACCOUNTS)


def add_import_jobs(rules: FileKind, title: Any, trial_title: Any, address: str) -> None:
    """The two jobs of a kind of file: importing one, and trying it first. `address`: where its pages begin."""

    @handler(f"import.{rules.kind.value}", title)
    def _import_job(job: JobView, progress: Progress) -> dict[str, Any]:
        summary = run_import(job.actor, job.payload["run"], rules, progress.step)
        return {"message": as_data(ended(summary)), "url": f"{address}/{job.payload['run']}"}

    @handler(f"trial.{rules.kind.value}", trial_title)
    def _trial_job(job: JobView, progress: Progress) -> dict[str, Any]:
        trial = run_trial(job.actor, job.payload["run"], rules, progress.step)
        return {"message": as_data(tried(trial)), "url": f"{address}/{job.payload['run']}/prepare"}


add_import_jobs(ACCOUNTS, _l("Import of accounts"), _l("Trial of an import of accounts"), "/imports")


def tried(trial: dict[str, Any]) -> Message:
    """What a trial came to, in a sentence."""
    if trial["refusal"]:
        return say("Tried: the import would be refused. Nothing was changed.")
    return say("Tried: nothing was changed.")


def ended(summary: dict[str, Any]) -> Message:
    """How an import ended, in a sentence."""
    if summary["status"] == "already_imported":
        return say("This file was imported before; nothing was changed.")
    return say(
        "%(rows)s rows read: %(created)s created, %(updated)s updated, %(unchanged)s unchanged, %(skipped)s skipped, "
        "%(rejected)s rejected.",
        **{name: summary[name] for name in ("rows", "created", "updated", "unchanged", "skipped", "rejected")},
    )


def raise_hold(actor: Actor, account_id: int, flag: HoldFlag, reason: str, *, whole_person: bool = False) -> Hold:
    """Stop placing and contact for an account, or for all accounts of its person. Raises NotFound.

    `reason` is a short word without personal data; DomainError without one. A hold that stands already is answered,
    not doubled.
    """
    reason = _given(reason, say("Say in a word why nothing may be placed."))
    with transaction(actor) as work:
        account = work.session.scalar(visible(Account, actor).where(Account.id == account_id))
        if account is None:
            raise NotFound
        return add_hold(work, account.customer_id, None if whole_person else account_id, flag, reason)


def add_hold(
    work: Work, customer_id: int, account_id: int | None, flag: HoldFlag, reason: str, *, since: datetime | None = None
) -> Hold:
    """Within another operation: a hold on an account, or on the person where `account_id` is None.

    `since`: from when on it stands, where that was before it became known.
    """
    standing = work.session.scalar(
        visible(Hold, work.actor)
        .where(Hold.customer_id == customer_id, Hold.flag == flag, Hold.released_at.is_(None))
        .where(Hold.account_id.is_not_distinct_from(account_id))
    )
    if standing is not None:
        return standing
    hold = Hold(
        customer_id=customer_id, account_id=account_id, flag=flag, reason=reason[:200],
        raised_at=since or work.now,
        raised_by=work.actor.user_id, release_reason="",
        due_on=review_day(flag, work.today, hold_days(work.session, work.actor)),
    )  # fmt: skip
    work.session.add(hold)
    work.audit("hold.raised", hold, after={"flag": flag.value, "account": account_id, "customer": customer_id})
    hooks.hold_raised(work, hold)
    return hold


def release_hold(actor: Actor, hold_id: int, reason: str) -> None:
    """End a hold, with the reason why it may be ended. Raises NotFound, DomainError without a reason, Refused where it is
    kept (`keepers`)."""
    reason = _given(reason, say("Say why the hold may be released."))
    with transaction(actor) as work:
        hold = work.session.scalar(visible(Hold, actor).where(Hold.id == hold_id, Hold.released_at.is_(None)))
        if hold is None:
            raise NotFound
        refuse_kept(work.session, actor, hold)
        end_hold(work, hold, reason)


def end_hold(work: Work, hold: Hold, reason: str) -> None:
    """Within another operation: a standing hold ends, with the reason why it may."""
    hold.released_at, hold.released_by, hold.release_reason = work.now, work.actor.user_id, reason[:200]
    work.audit("hold.released", hold, before={"flag": hold.flag.value}, after={"released": True})
    hooks.hold_released(work, hold)


def set_hold_days(actor: Actor, days: Mapping[HoldFlag, int | None]) -> int:
    """How many days the bank gives itself to decide about holds of these kinds, None for no clock; how many changed.

    Holds that stand keep their day. DomainError naming the flag for days that cannot be meant.
    """
    demand(actor, Permission.HOLDS_MANAGE)
    for flag, wanted in days.items():
        if wanted is not None and not 1 <= wanted <= LONGEST:
            words = say("This goes from %(least)s to %(most)s.", least=1, most=LONGEST)
            raise DomainError("hold.days", words, field=flag.value)
    with transaction(actor) as work:
        known = hold_days(work.session, actor)
        rows = {term.flag: term for term in work.session.scalars(visible(HoldTerm, actor))}
        changed = {flag: wanted for flag, wanted in days.items() if known[flag] != wanted}
        for flag, wanted in changed.items():
            row = rows.get(flag) or HoldTerm(flag=flag)
            row.days = wanted
            work.session.add(row)
            work.audit("hold.days_set", row, before={"flag": flag.value, "days": known[flag]}, after={"days": wanted})
        return len(changed)


def _given(reason: str, without: Message) -> str:
    return given_reason(reason, 200, "hold.reason", without)
