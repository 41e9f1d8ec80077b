"""The data of one letter as its template takes it (docs/letters.md): an account, the balance that is stated, and the person."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from portal.foundation.money import format_amount
from portal.identity.models import LetterLaw
from portal.legal.itemization import Balance, itemized

if TYPE_CHECKING:
    from collections.abc import Mapping

    from letters import Template
    from portal.portfolio.models import Account

__all__ = ["LAST_STATEMENT", "Said", "Stated", "fields_of", "said_now"]

LAST_STATEMENT = "last_statement_on"  # an extra column of the bank's file, YYYY-MM-DD


class Said(NamedTuple):
    """What a file said of an account on a day."""

    balance: Balance
    days: int


class Stated(NamedTuple):
    """The balance that a letter states, and what is known of other days."""

    balance: Balance
    as_of: date
    days: int
    known: Mapping[date, Said]


def said_now(account: Account, known: Mapping[date, Said]) -> Stated:
    """What the latest file said."""
    balance = Balance(account.principal_minor, account.interest_minor, account.fees_minor)
    return Stated(balance, account.balance_as_of, account.days_past_due, known)


def fields_of(
    template: Template, account: Account, stated: Stated, *, client: str, code: str, name: str, address: str, postcode: str,
    interest: str,
) -> dict[str, Any]:  # fmt: skip
    """The fields that the template declares, as far as they are known."""
    balance = stated.balance
    amounts = {
        "principal": balance.principal, "interest": balance.interest, "fees": balance.fees, "total": balance.total,
    }  # fmt: skip
    data: dict[str, Any] = {
        "debtor_name": name,
        "postcode": postcode,
        "address": address,
        "card_last4": account.card_last4,
        "currency": account.currency,
        **{field: format_amount(minor, account.currency) for field, minor in amounts.items()},
        "as_of": stated.as_of.isoformat(),
        "days_past_due": stated.days,
        "items": [],
        "verify_code": code,
        "agreement_date": account.opened_on.isoformat() if account.opened_on else "",
        "interest_continues": interest,
    }
    if template.jurisdiction == LetterLaw.STATES:
        data |= _itemization(account, stated, client)
    declared = {field.name for field in template.fields if field.part == "letter"}
    return {field: value for field, value in data.items() if field in declared}


def _itemization(account: Account, stated: Stated, client: str) -> dict[str, str]:
    """12 CFR 1006.34(c)(2); empty where the files do not say it exactly."""
    found = itemized(
        stated.balance, stated.as_of, {on: said.balance for on, said in stated.known.items()},
        last_statement=_day((account.extra or {}).get(LAST_STATEMENT)), charged_off=account.charged_off_on,
        last_payment=account.last_paid_on,
    )  # fmt: skip
    if found is None:
        return {}
    amounts = {
        "amount_then": found.then, "interest": found.interest, "fees": found.fees, "credits": found.credits,
    }  # fmt: skip
    return {
        "itemization_creditor": client,
        "itemization_date": found.on.isoformat(),
        "itemization_event": found.event,
        **{field: format_amount(minor, account.currency) for field, minor in amounts.items()},
    }


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None
