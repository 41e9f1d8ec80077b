"""What stands in the fields of a text: who writes, for whom, what is owed. Amounts and days as the text's language has them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import sqlalchemy as sa
from babel import dates, numbers
from sqlalchemy.orm import Session

from portal.contact.messages.texts import wording_words
from portal.contact.wording import WordingError, measure, render
from portal.foundation.access import OrganisationKind, system_actor
from portal.foundation.database import db
from portal.foundation.errors import DomainError
from portal.foundation.money import format_amount, minor_digits
from portal.foundation.visibility import visible
from portal.identity.models import Organisation
from portal.portfolio.intake.regions import country_of
from portal.vendors.models import StaffMember

if TYPE_CHECKING:
    from portal.contact.messages.models import MessageTemplate, MessageTemplateVersion
    from portal.contact.models import Promise
    from portal.foundation.access import Actor
    from portal.portfolio.models import Account

__all__ = [
    "Filled",
    "Head",
    "Sender",
    "amount_in",
    "bank_head",
    "day_in",
    "fill",
    "language_for",
    "sender_of",
    "staff_number_of",
    "values_of",
]

_CHINESE = frozenset({"CN", "TW", "HK", "MO"})
_DAYS = {"zh_Hans": "y年M月d日", "en": "d MMMM y"}


@dataclass(frozen=True, slots=True)
class Head:
    """The bank as a text names it."""

    name: str
    name_en: str
    phone: str


@dataclass(frozen=True, slots=True)
class Sender:
    """The agency as a text names it."""

    name: str
    name_en: str
    phone: str


@dataclass(frozen=True, slots=True)
class Filled:
    """A text with its fields filled. `parts`: of a short message, how many are charged."""

    subject: str
    text: str
    parts: int

    @property
    def digest(self) -> str:
        """What is kept as the content's mark."""
        return hashlib.sha256(f"{self.subject}\n{self.text}".encode()).hexdigest()


def bank_head() -> Head:
    """The bank's name and telephone. An agency cannot see the bank's row, so a named system actor asks, in a transaction of
    its own."""
    with Session(db.engine, info={"actor": system_actor("message-head")}) as session:
        wanted = sa.select(Organisation.name, Organisation.name_en, Organisation.phone)
        return Head(*session.execute(wanted.where(Organisation.kind == OrganisationKind.BANK)).one())


def sender_of(session: Session, actor: Actor, organisation_id: int) -> Sender:
    """An organisation's name and telephone."""
    wanted = visible(Organisation, actor).where(Organisation.id == organisation_id)
    found = session.scalars(wanted).one()
    return Sender(found.name, found.name_en, found.phone)


def staff_number_of(session: Session, actor: Actor) -> str:
    """The number under which the actor stands in the staff register; empty for who is not in it."""
    wanted = visible(StaffMember, actor).where(StaffMember.user_id == actor.user_id, StaffMember.ended_on.is_(None))
    return session.scalar(wanted.with_only_columns(StaffMember.employee_no)) or ""


def values_of(
    language: str,
    head: Head,
    sender: Sender,
    account: Account,
    name: str,
    *,
    staff_number: str = "",
    promise: Promise | None = None,
    placed_on: date | None = None,
) -> dict[str, str]:
    """The values of all fields; empty for what is not known here."""
    english = language == "en"
    return {
        "name": name,
        "bank": (english and head.name_en) or head.name,
        "bank_phone": head.phone,
        "agency": (english and sender.name_en) or sender.name,
        "phone": sender.phone,
        "staff_number": staff_number,
        "account_tail": account.card_last4,
        "amount": amount_in(language, account.total_minor, account.currency),
        "as_of": day_in(language, account.balance_as_of),
        "days_past_due": str(account.days_past_due),
        "promise_amount": amount_in(language, promise.amount_minor, promise.currency) if promise else "",
        "promise_on": day_in(language, promise.promised_on) if promise else "",
        "placed_on": day_in(language, placed_on) if placed_on else "",
    }


def fill(template: MessageTemplate, version: MessageTemplateVersion, values: dict[str, str]) -> Filled:
    """The text with its fields filled. DomainError for a field without a value."""
    try:
        subject, text = render(version.subject, values), render(version.text, values)
    except WordingError as error:
        raise DomainError(
            "message.gap", wording_words(error, template.purpose), field="template_id"
        ) from error  # fmt: skip
    return Filled(subject, text, measure(text).parts if template.channel.value == "sms" else 1)


def language_for(region: str) -> str:
    """The language in which a debtor of a region is written to first; where the region is not known, that of the bank's home."""
    return "zh_Hans" if (country_of(region) or "CN") in _CHINESE else "en"


def amount_in(language: str, minor: int, currency: str) -> str:
    """An amount as a text says it: 52,838.95元 in Chinese yuan, else with the currency's code before it."""
    pattern = "#,##0." + "0" * minor_digits(currency) if minor_digits(currency) else "#,##0"
    figure = numbers.format_decimal(Decimal(format_amount(minor, currency)), format=pattern, locale=language)
    return f"{figure}元" if (language, currency) == ("zh_Hans", "CNY") else f"{currency} {figure}"


def day_in(language: str, day: date) -> str:
    """A day as a text says it: 2005年7月5日, 5 July 2005."""
    return dates.format_date(day, format=_DAYS[language], locale=language)
