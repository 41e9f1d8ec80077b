"""Accounts and their people for the tests of every room."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import count
from typing import TYPE_CHECKING, Any

from portal.foundation.services import services
from portal.foundation.work import transaction
from portal.portfolio.buckets import bucket
from portal.portfolio.models import Account, AccountStatus, Customer, Hold, HoldFlag
from tests.identity.factories import observer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

__all__ = ["make_accounts", "make_customer", "make_hold"]

MADE_AT = datetime(2005, 6, 30, 1, 0, tzinfo=UTC)
_numbers = count(1)


@contextmanager
def _open(session: Session | None) -> Iterator[Session]:
    if session is not None:
        yield session
        session.flush()
        return
    with transaction(observer()) as work:
        yield work.session
        work.session.flush()


def make_customer(session: Session, name: str = "王伟", **fields: Any) -> Customer:
    """A person with a key of their own and a sealed name."""
    vault = services().vault
    key = vault.new_key()
    session.add(key)
    session.flush()
    usual: dict[str, Any] = {"customer_ref": f"C{next(_numbers):07d}", "created_at": MADE_AT, "region": "CN-SH"}
    customer = Customer(
        person_key_id=key.id,
        name_sealed=vault.seal(key, name, "name"),
        name_masked=name[0] + "*" * (len(name) - 1),
        **(usual | fields),
    )
    session.add(customer)
    session.flush()
    key.placed_customer_id = customer.id
    session.flush()
    return customer


def make_accounts(
    n: int = 1,
    session: Session | None = None,
    *,
    days: int | None = None,
    total_minor: int | None = None,
    accounts_each: int = 1,
    currency: str = "TWD",
    **fields: Any,
) -> list[Account]:
    """So many open accounts, `accounts_each` of every person. Left out, days run from 1 to 210 and balances from 1,000
    upwards, different for each, the same in every run."""
    made: list[Account] = []
    with _open(session) as s:
        for i in range(n):
            if i % accounts_each == 0:
                customer = make_customer(s)
            number = next(_numbers)
            overdue = 1 + (i * 37) % 210 if days is None else days
            owed = 100_000 + i * 7_919 if total_minor is None else total_minor
            usual: dict[str, Any] = {"card_last4": f"{number % 10_000:04d}", "balance_as_of": date(2005, 6, 30)}
            usual |= {"status": AccountStatus.OPEN, "created_at": MADE_AT, "region": "CN-SH"}
            account = Account(
                account_ref=f"AC{number:07d}",
                customer_id=customer.id,
                currency=currency,
                principal_minor=owed,
                interest_minor=0,
                fees_minor=0,
                total_minor=owed,
                days_past_due=overdue,
                bucket=bucket(overdue),
                **(usual | fields),
            )
            s.add(account)
            made.append(account)
        s.flush()
    return made


def make_hold(account: Account, flag: HoldFlag = HoldFlag.DISPUTE, *, of_person: bool = False) -> Hold:
    """A hold that stands on the account, or on its person."""
    with _open(None) as s:
        hold = Hold(
            customer_id=account.customer_id,
            account_id=None if of_person else account.id,
            flag=flag,
            raised_at=MADE_AT,
        )
        s.add(hold)
        s.flush()
    return hold
