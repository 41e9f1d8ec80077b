"""Accounts of a file written in chunks: people sealed one by one, rows moved by COPY and set-based SQL.

Everything happens in the import's one transaction; memory holds one chunk. A row that says nothing new changes nothing,
and a file that speaks of an earlier day does not overwrite what a later one said.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.foundation import hooks
from portal.foundation.bulk import among, insert_rows, reserve_ids, stage_rows
from portal.foundation.database import MinorUnits
from portal.foundation.vault import PersonKey
from portal.portfolio.buckets import bucket
from portal.portfolio.changes import Changes, Told
from portal.portfolio.hold_terms import review_day
from portal.portfolio.intake import AccountRow, OnFile, SkippedRow
from portal.portfolio.masking import mask_name
from portal.portfolio.models import (
    Account,
    AccountParty,
    AccountStatus,
    BalanceSnapshot,
    ContactPoint,
    Customer,
    Hold,
    HoldFlag,
    PartyKind,
    PersonIndex,
)
from portal.portfolio.people import contact_rows, index_rows, time_zone_of
from portal.portfolio.queries import hold_days

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from sqlalchemy.orm import Session

    from portal.foundation.work import Work
    from portal.portfolio.intake import RowIssue

__all__ = ["AccountWriter", "Applied", "AppliesAtOnce", "accounts_on_file"]

CHUNK = 2_000
BALANCE = ("principal_minor", "interest_minor", "fees_minor", "total_minor", "days_past_due")
ACCOUNT_COLUMNS = (
    "id", "account_ref", "customer_id", "product", "card_last4", "currency", *BALANCE, "bucket", "due_date", "opened_on",
    "charged_off_on", "last_paid_on", "last_paid_minor", "balance_as_of", "region", "status", "made_up", "extra",
    "import_run_id", "created_at",
)  # fmt: skip
REFRESHED = (*BALANCE, "bucket", "due_date", "last_paid_on", "last_paid_minor", "balance_as_of", "status")


@dataclass
class Applied:
    """What became of the good rows; totals by currency in minor units over created and updated ones. `waiting`: rows that
    their writer keeps back until all have been read. `breach`: contacts against the conduct rules, None for files of others."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    waiting: int = 0
    totals: dict[str, int] = field(default_factory=dict)
    known_skips: dict[str, int] = field(default_factory=dict)
    late_skips: dict[str, list[RowIssue]] = field(default_factory=dict)  # by reason: known when all rows had been read
    changes: Told | None = None
    breach: int | None = None

    def add_total(self, row: AccountRow) -> None:
        """Count a row that was created or updated into the control total."""
        self.totals[row.currency] = self.totals.get(row.currency, 0) + row.total


def accounts_on_file(session: Session, refs: Collection[str]) -> dict[str, OnFile]:
    """Those of these accounts that are on file, by reference."""
    wanted = (
        sa.select(Account.account_ref, Account.currency, Customer.customer_ref)
        .join(Customer, Customer.id == Account.customer_id)
        .where(among(session, Account.account_ref, refs))
    )
    return {ref: OnFile(currency, customer_ref) for ref, currency, customer_ref in session.execute(wanted)}


class AppliesAtOnce:
    """A writer of a file that keeps no row back."""

    def complete(self, tell: Callable[[], None]) -> None:
        """Nothing is left to apply: every chunk was applied as it came."""


class AccountWriter(AppliesAtOnce):
    """Applies chunks of validated rows in an open unit of work."""

    def __init__(self, work: Work, run_id: int) -> None:
        self._work = work
        self._session = work.session
        self._run_id = run_id
        self._changes = Changes()
        self._has_holds = False  # whether the file raises any
        self.applied = Applied(changes=self._changes)

    def write(self, outcomes: Iterable[AccountRow | SkippedRow]) -> None:
        """One chunk: new people and accounts are created, known accounts refreshed, known paid-up ones closed."""
        known = self._known_accounts(outcomes := list(outcomes))
        new: list[AccountRow] = []
        seen: list[tuple[AccountRow, sa.Row[Any]]] = []
        for outcome in outcomes:
            row = outcome.row if isinstance(outcome, SkippedRow) else outcome
            if row.account_ref in known:
                seen.append((row, known[row.account_ref]))
                if isinstance(outcome, SkippedRow):
                    reasons = self.applied.known_skips
                    reasons[outcome.reason] = reasons.get(outcome.reason, 0) + 1
            elif isinstance(outcome, AccountRow):
                new.append(row)
        people = self._people([*new, *(row for row, _ in seen)])
        created = self._create(new, people)
        refreshed = self._refresh(seen)
        self._snapshots([*created, *refreshed])
        self._holds([*created, *self._flagged(seen)])

    def finish(self) -> None:
        """Placements hear of balances when they look; of holds whoever has to stop is told, and of new days of payment
        whoever reckons with them."""
        hooks.accounts_filed(self._work, self._run_id)
        if self._has_holds:
            hooks.holds_filed(self._work, self._run_id)

    # --- people --------------------------------------------------------------------------------------------------------

    def _people(self, rows: list[AccountRow]) -> dict[str, int]:
        """Customer ids by reference; who is new is made, with a key of their own, and contact points are added."""
        by_ref = {row.customer_ref: row for row in reversed(rows)}
        found = self._session.execute(
            sa.select(Customer.customer_ref, Customer.id, PersonKey)
            .join(PersonKey, PersonKey.id == Customer.person_key_id)
            .where(among(self._session, Customer.customer_ref, by_ref))
        ).all()
        keys: dict[str, tuple[int, PersonKey]] = {ref: (customer_id, key) for ref, customer_id, key in found}
        known = frozenset(keys)
        keys |= self._create_people({ref: row for ref, row in by_ref.items() if ref not in keys})
        erased = {ref for ref, (_, key) in keys.items() if key.salt is None}
        people = [(keys[row.customer_ref], row) for row in rows if row.customer_ref not in erased]
        self._write_contacts([one for one in people if one[1].customer_ref not in known], new=True)
        found_out = self._write_contacts([one for one in people if one[1].customer_ref in known], new=False)
        self._changes.add("contact_points", found_out)
        for _, key in keys.values():
            if sa.inspect(key).persistent:
                self._session.expunge(key)
        return {ref: customer_id for ref, (customer_id, _) in keys.items()}

    def _create_people(self, rows: dict[str, AccountRow]) -> dict[str, tuple[int, PersonKey]]:
        vault, now = self._work.vault, self._work.now
        key_ids = reserve_ids(self._session, PersonKey, len(rows))
        ids = reserve_ids(self._session, Customer, len(rows))
        made: dict[str, tuple[int, PersonKey]] = {}
        people = []
        for key_id, customer_id, (ref, row) in zip(key_ids, ids, rows.items(), strict=True):
            key = vault.new_key()
            made[ref] = (customer_id, key)
            seal = vault.sealer(key)
            sealed_id = seal(row.id_no, "id_no") if row.id_no else None
            people.append(
                (customer_id, ref, key_id, seal(row.name, "name"), mask_name(row.name), sealed_id,
                 row.region, time_zone_of(row), "name" in row.made_up, now)
            )  # fmt: skip
        insert_rows(
            self._session,
            PersonKey,
            ("id", "customer_id", "key_id", "salt"),
            [(i, c, key.key_id, key.salt) for i, (c, key) in zip(key_ids, made.values(), strict=True)],
        )
        insert_rows(
            self._session,
            Customer,
            ("id", "customer_ref", "person_key_id", "name_sealed", "name_masked", "id_no_sealed", "region", "time_zone",
             "made_up", "created_at"),
            people,
        )  # fmt: skip
        return made

    def _write_contacts(self, people: list[tuple[tuple[int, PersonKey], AccountRow]], *, new: bool) -> int:
        """Contact points and the hashes by which people are found. Of people who are `new` nothing is on file, so that the
        database need not look at every row whether it is: what their own rows say twice is left out here. How many points
        were added."""
        vault, now = self._work.vault, self._work.now
        points: dict[Any, tuple[Any, ...]] = {}
        for (cid, key), row in people:
            for place, point in enumerate(contact_rows(vault, cid, key, row, now)):
                points.setdefault((*point[:2], point[5]) if new else (row.line, place), (*point, self._run_id))
        index = dict.fromkeys(entry for (cid, _), row in people for entry in index_rows(vault, cid, row))
        added = insert_rows(
            self._session,
            ContactPoint,
            ("customer_id", "kind", "relation", "value_sealed", "value_masked", "value_hash", "postcode", "source",
             "status", "position", "made_up", "created_at", "import_run_id"),
            points.values(),
            skip_existing=not new,
        )  # fmt: skip
        insert_rows(self._session, PersonIndex, ("customer_id", "kind", "hash"), index, skip_existing=not new)
        return added

    # --- accounts ------------------------------------------------------------------------------------------------------

    def _known_accounts(self, outcomes: Iterable[AccountRow | SkippedRow]) -> dict[str, sa.Row[Any]]:
        refs = [(o.row if isinstance(o, SkippedRow) else o).account_ref for o in outcomes]
        columns = (Account.account_ref, Account.id, Account.customer_id)
        rows = self._session.execute(
            sa.select(*columns, *(getattr(Account, name) for name in REFRESHED)).where(
                among(self._session, Account.account_ref, refs)
            )
        )
        return {row.account_ref: row for row in rows}

    def _create(self, rows: list[AccountRow], people: dict[str, int]) -> list[tuple[int, AccountRow, int]]:
        ids = reserve_ids(self._session, Account, len(rows))
        insert_rows(
            self._session,
            Account,
            ACCOUNT_COLUMNS,
            [self._account_values(i, row, people) for i, row in zip(ids, rows, strict=True)],
        )
        insert_rows(
            self._session,
            AccountParty,
            ("account_id", "customer_id", "party"),
            [(i, people[row.customer_ref], PartyKind.HOLDER.value) for i, row in zip(ids, rows, strict=True)],
        )
        self.applied.created += len(rows)
        for row in rows:
            self.applied.add_total(row)
            self._changes.create(row)
        return [(i, row, people[row.customer_ref]) for i, row in zip(ids, rows, strict=True)]

    def _account_values(self, account_id: int, row: AccountRow, people: dict[str, int]) -> tuple[Any, ...]:
        return (
            account_id, row.account_ref, people[row.customer_ref], row.product, row.card_last4, row.currency,
            row.principal, row.interest, row.fees, row.total, row.days_past_due, bucket(row.days_past_due),
            row.due_date, row.opened_on, row.charged_off_on, row.last_paid_on, row.last_paid_amount,
            row.balance_as_of, row.region, _status(row), bool(row.made_up), dict(row.extra) or None,
            self._run_id, self._work.now,
        )  # fmt: skip

    def _refresh(self, seen: list[tuple[AccountRow, sa.Row[Any]]]) -> list[tuple[int, AccountRow, int]]:
        changed = []
        for row, account in seen:
            newer = row.balance_as_of >= account.balance_as_of
            same = _refreshed_values(row) == tuple(getattr(account, name) for name in REFRESHED)
            if newer and not same:
                changed.append((account.id, row, account.customer_id))
                self.applied.add_total(row)
                self._changes.refresh(row, account)
            elif not newer:
                self._changes.add("older", 1)
        self.applied.updated += len(changed)
        self.applied.unchanged += len(seen) - len(changed)
        if changed:
            self._update_accounts(changed)
        return changed

    def _update_accounts(self, changed: list[tuple[int, AccountRow, int]]) -> None:
        types: dict[str, Any] = {name: Account.__table__.c[name].type for name in REFRESHED}
        types |= {"status": sa.String(32), **{name: MinorUnits() for name in BALANCE[:4]}}
        staged = stage_rows(
            self._session,
            "staged_refresh",
            [sa.Column("id", sa.BigInteger()), *(sa.Column(name, types[name]) for name in REFRESHED)],
            [(i, *_refreshed_values(row)) for i, row, _ in changed],
        )
        table: sa.Table = Account.__table__  # type: ignore[assignment]
        values: dict[str, Any] = {name: staged.c[name] for name in REFRESHED}
        self._session.connection().execute(
            sa.update(table).where(table.c.id == staged.c.id).values(**values, import_run_id=self._run_id)
        )

    # --- what goes with an account ---------------------------------------------------------------------------------------

    def _snapshots(self, rows: list[tuple[int, AccountRow, int]]) -> None:
        insert_rows(
            self._session,
            BalanceSnapshot,
            ("account_id", "import_run_id", "as_of", *BALANCE, "bucket"),
            [
                (i, self._run_id, row.balance_as_of, *_balance(row), bucket(row.days_past_due))
                for i, row, _ in rows
            ],
        )  # fmt: skip

    def _flagged(self, seen: list[tuple[AccountRow, sa.Row[Any]]]) -> list[tuple[int, AccountRow, int]]:
        """Known accounts for their holds. A row older than what is known does not raise again what was released since."""
        older = {account.id for row, account in seen if row.flags and row.balance_as_of < account.balance_as_of}
        released = self._released(older)
        return [
            (account.id, _without(row, account.id, released) if account.id in older else row, account.customer_id)
            for row, account in seen
        ]

    def _released(self, account_ids: set[int]) -> dict[tuple[int, str], date]:
        """When holds of these accounts were last released."""
        if not account_ids:
            return {}
        rows = self._session.execute(
            sa.select(Hold.account_id, Hold.flag, sa.func.max(Hold.released_at))
            .where(Hold.account_id.in_(account_ids), Hold.released_at.is_not(None))
            .group_by(Hold.account_id, Hold.flag)
        )
        return {(account_id, flag.value): at.date() for account_id, flag, at in rows}

    def _holds(self, rows: list[tuple[int, AccountRow, int]]) -> None:
        days = hold_days(self._session, self._work.actor)
        raised = insert_rows(
            self._session,
            Hold,
            ("customer_id", "account_id", "flag", "reason", "raised_at", "due_on", "release_reason"),
            [
                (
                    customer_id,
                    account_id,
                    HoldFlag(flag).value,
                    "file",
                    self._work.now,
                    review_day(HoldFlag(flag), self._work.today, days),
                    "",
                )
                for account_id, row, customer_id in rows
                for flag in row.flags
            ],
            skip_existing=True,
        )
        self._changes.add("holds", raised)
        self._has_holds = self._has_holds or bool(raised)


def _without(row: AccountRow, account_id: int, released: Mapping[tuple[int, str], date]) -> AccountRow:
    """The row without the flags whose holds were released after its day."""
    kept = (flag for flag in row.flags if released.get((account_id, flag), date.min) <= row.balance_as_of)
    return replace(row, flags=tuple(kept))


def _balance(row: AccountRow) -> tuple[int, int, int, int, int]:
    return (row.principal, row.interest, row.fees, row.total, row.days_past_due)


def _refreshed_values(row: AccountRow) -> tuple[Any, ...]:
    return (
        *_balance(row), bucket(row.days_past_due), row.due_date, row.last_paid_on, row.last_paid_amount,
        row.balance_as_of, _status(row),
    )  # fmt: skip


def _status(row: AccountRow) -> str:
    owed = row.total > 0 and row.days_past_due > 0
    return (AccountStatus.OPEN if owed else AccountStatus.CLOSED).value
