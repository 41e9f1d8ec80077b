"""The list of accounts: the bank's whole book, or what an organisation holds.

The two are read from different ends. The bank's list follows the indexes of accounts; a holder's follows those of its
placements, and asks for the accounts of a page by their keys, so that neither costs more where the other is long.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import url_for

from portal.foundation import hooks
from portal.foundation.access import Permission
from portal.foundation.language import _l, say
from portal.foundation.tables import Column, Empty, Filter, Table
from portal.foundation.visibility import holdings
from portal.portfolio import labels, queries
from portal.portfolio.buckets import BUCKETS
from portal.portfolio.models import Account, AccountStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = ["accounts_table"]

_BUCKETS = [(name, name) for name in BUCKETS]


def accounts_table(session: Session, who: Actor) -> Table:
    """Accounts that the person may see."""
    return _book(session, who) if who.is_bank else _held(session, who)


def _book(session: Session, who: Actor) -> Table:
    states = [(state.value, tag.label) for state, tag in labels.ACCOUNT_STATES.items()]
    return Table(
        name="accounts",
        statement=queries.accounts(who),
        key=Account.id,
        default_sort="-total",
        columns=[
            Column("account", _l("Account"), expression=Account.account_ref, value="account_ref", sortable=True),
            Column("name", _l("Name"), value="customer.name_masked"),
            Column("bucket", _l("Bucket"), "bucket", value="bucket"),
            Column("days", _l("Days past due"), "number", expression=Account.days_past_due, value="days_past_due"),
            Column("total", _l("Owed"), "money", expression=Account.total_minor, value="total_minor", sortable=True),
            Column("as_of", _l("As of"), "day", value="balance_as_of"),
            Column("state", _l("State"), "state", value="status", states=labels.ACCOUNT_STATES),
        ],
        filters=[
            Filter("bucket", _l("Bucket"), "choice", _in_bucket, _BUCKETS),
            Filter("currency", _l("Currency"), "choice", _in_currency, _same(queries.currencies(session, who))),
            Filter("state", _l("State"), "choice", _in_state, states),
        ],
        row_url=lambda row: url_for("portfolio.account", account_id=row.id),
        empty=_nothing(who),
    )


@dataclass(frozen=True, slots=True)
class _Held:
    """An account and since when its holder has it, with what was owed that day (minor units of its currency)."""

    account: Account
    placed_on: date
    placed_minor: int

    @property
    def currency(self) -> str:
        """The account's."""
        return self.account.currency


def _held(session: Session, who: Actor) -> Table:
    statement, held = holdings(who)

    def complete(session: Session, rows: Sequence[Any]) -> list[_Held]:
        found = {a.id: a for a in session.scalars(queries.accounts(who).where(Account.id.in_([r[1] for r in rows])))}
        return [_Held(found[r.account_id], r.placed_on, r.placed_total_minor) for r in rows]

    return Table(
        name="accounts",
        statement=statement,
        key=held.id,
        complete=complete,
        default_sort="-since",
        columns=[
            Column("account", _l("Account"), value="account.account_ref"),
            Column("name", _l("Name"), value="account.customer.name_masked"),
            Column("bucket", _l("Bucket"), "bucket", value="account.bucket"),
            Column("days", _l("Days past due"), "number", value="account.days_past_due"),
            Column("total", _l("Owed"), "money", value="account.total_minor"),
            Column("as_of", _l("As of"), "day", value="account.balance_as_of"),
            Column("state", _l("State"), "state", value="account.status", states=labels.ACCOUNT_STATES),
            Column("since", _l("Placed on"), "day", expression=held.placed_on, value="placed_on", sortable=True),
            Column(
                "placed", _l("Owed when placed"), "money", expression=held.placed_total_minor, value="placed_minor",
                sortable=True,
            ),
        ],
        filters=[
            Filter(
                "bucket", _l("Bucket when placed"), "choice",
                lambda statement, value: statement.where(held.placed_bucket == value), _BUCKETS,
            ),
            *(each for room in hooks.account_filters(session, who, held.id) for each in room),
        ],
        row_url=lambda row: url_for("portfolio.account", account_id=row.account.id),
        empty=_nothing(who),
    )  # fmt: skip


def _same(words: Sequence[str]) -> list[tuple[str, str]]:
    return [(word, word) for word in words]


def _nothing(who: Actor) -> Empty:
    if who.can(Permission.ACCOUNTS_IMPORT):
        return Empty(say("No account is here yet."), say("Import a file"), url_for("portfolio.new_import"))
    if who.is_bank:
        return Empty(say("No account is here yet."))
    return Empty(say("No account is with you now."), say("Accounts come with the batches that you accept."))


def _in_bucket(statement: Any, value: str) -> Any:
    return statement.where(Account.bucket == value)


def _in_currency(statement: Any, value: str) -> Any:
    return statement.where(Account.currency == value)


def _in_state(statement: Any, value: str) -> Any:
    return statement.where(Account.status == AccountStatus(value))
