"""Rows of accounts: every rule of reference/files.md for one row, all its errors at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from portal.foundation.language import say
from portal.foundation.phones import Phone, parse_phone
from portal.foundation.tabular import Table
from portal.foundation.values import (
    card_number_in,
    has_chinese_identity_form,
    identity_number_is_right,
    parse_email,
    parse_whole,
    plain,
)
from portal.portfolio.intake.draft import Draft
from portal.portfolio.intake.layout import FLAGS, PHONE_COUNT, RELATIONS
from portal.portfolio.intake.profile import MappingProfile
from portal.portfolio.intake.reading import Reading
from portal.portfolio.intake.regions import country_of, parse_region
from portal.portfolio.intake.rows import AccountRow, PhoneEntry, SkippedRow
from portal.portfolio.intake.seen import HALF, SeenReferences, mark_of
from portal.portfolio.madeup import MadeUpPerson, invent

__all__ = ["OnFile", "read_accounts"]

_DEFAULT_CURRENCY: Final = "CNY"
_COUNTRY_OF_CURRENCY: Final = {"TWD": "TW", "HKD": "HK", "MOP": "MO", "GBP": "GB", "USD": "US"}
_REFERENCES_AND_FREE_TEXT: Final = (
    "account_ref",
    "customer_ref",
    "name",
    "email",
    "address",
    "postcode",
    "region",
    "product",
    "card_last4",
    "flags",
)
_LONGEST_NAME, _LONGEST_ADDRESS, _LONGEST_PRODUCT, _LONGEST_POSTCODE = 200, 500, 64, 16
_MOST_DAYS: Final = 99_999
# The words that a file takes, with what they mean for who reads another language.
_FLAGS: Final = say("bankrupt, complaint, deceased, dispute, do_not_contact, hardship, plan, represented")
_PHONES: Final = tuple((n, f"phone_{n}", f"phone_{n}_relation") for n in range(1, PHONE_COUNT + 1))


@dataclass(frozen=True, slots=True)
class OnFile:
    """What an import has to know of an account that is on file: its currency, and whose it is."""

    currency: str
    customer_ref: str


Known = Callable[[Collection[str]], Mapping[str, OnFile]]


def _none_known(refs: Collection[str]) -> Mapping[str, OnFile]:
    return {}


def read_accounts(
    table: Table, profile: MappingProfile, *, as_of: date | None, today: date, known: Known = _none_known
) -> Reading[AccountRow | SkippedRow]:
    """The accounts of an open file, row by row, as the profile reads them.

    `as_of` is the date the file speaks of (None: the profile's last choice, else `today`), `today` the business date;
    `known` answers for references of accounts on file, a batch at a time.
    DomainError where the file or the date does not fit the profile.
    """
    day = profile.as_of(as_of, today)
    return Reading(table, profile, day, _AccountCheck(profile, day, today, known))


def _check_against(draft: Draft, on_file: OnFile, currency: str, customer_ref: str) -> None:
    """An account keeps its currency, or its history would be in two units of money; and it stays its customer's, or one
    person's debt and telephone numbers would come to another."""
    if currency != on_file.currency:
        draft.fail("currency", "currency", say("The account is kept in %(currency)s.", currency=on_file.currency))
    if customer_ref and customer_ref != on_file.customer_ref:
        draft.fail("customer_ref", "conflict", say("The account is another customer’s on file."))


class _AccountCheck:
    """Turns a draft into an account, or leaves the reasons in it."""

    def __init__(self, profile: MappingProfile, as_of: date, today: date, known: Known) -> None:
        self._profile = profile
        self._as_of = as_of
        self._today = today
        self._known = known
        self._on_file: Mapping[str, OnFile] = {}
        self._persons = SeenReferences()  # of each customer in the file, what the first good row says of the person

    def prepare(self, drafts: Sequence[Draft]) -> None:
        """What stands on file of the accounts of this batch."""
        self._on_file = self._known({draft.plain("account_ref") for draft in drafts})

    def check(self, draft: Draft) -> AccountRow | SkippedRow | None:
        """The account, in or out of scope; None where the draft has errors."""
        draft.key = account_ref = draft.reference("account_ref")
        invented = self._invent(draft)
        currency = draft.read_currency(_DEFAULT_CURRENCY)
        customer_ref = draft.reference("customer_ref")
        on_file = self._on_file.get(account_ref)
        if on_file is not None:
            _check_against(draft, on_file, currency, customer_ref)
        principal, interest, fees, owed = self._parts(draft, currency)
        days = _days_past_due(draft)
        region = _region(draft)
        id_no = _identity_number(draft, region)
        country = country_of(region) or _COUNTRY_OF_CURRENCY.get(currency, "CN")
        phones = _phones(draft, country)
        address = draft.limited("address", _LONGEST_ADDRESS)
        if not address and not draft.plain("phone_1"):
            draft.missing("phone_1")
        name = draft.limited("name", _LONGEST_NAME, required=True)
        said = mark_of(name or ""), mark_of(id_no or "")
        self._compare_person(draft, customer_ref, said)
        draft.refuse_card_numbers(_REFERENCES_AND_FREE_TEXT)
        row = AccountRow(
            line=draft.line,
            account_ref=account_ref,
            customer_ref=customer_ref,
            name=name,
            id_no=id_no,
            phones=phones,
            email=_email(draft),
            address=address,
            postcode=draft.limited("postcode", _LONGEST_POSTCODE),
            region=region,
            product=draft.limited("product", _LONGEST_PRODUCT),
            card_last4=_last_four(draft),
            currency=currency,
            principal=principal,
            interest=interest,
            fees=fees,
            days_past_due=days,
            due_date=draft.optional_day("due_date"),
            opened_on=self._past_day(draft, "opened_on"),
            charged_off_on=self._past_day(draft, "charged_off_on"),
            last_paid_on=self._past_day(draft, "last_paid_on"),
            last_paid_amount=_last_paid_amount(draft, currency),
            balance_as_of=self._balance_date(draft),
            flags=_flags(draft),
            extra=draft.extra,
            made_up=invented,
            warnings=tuple(draft.warnings),
        )
        if draft.errors:
            return None
        self._persons.add(customer_ref, said[0] << HALF | said[1])
        return self._in_scope(row, owed)

    def _compare_person(self, draft: Draft, customer_ref: str, said: tuple[int, int]) -> None:
        """One customer is one person: a second name or identity number is kept nowhere, so that somebody has to hear of it."""
        known = self._persons.get(customer_ref)
        if known is None:
            return
        for field, before, now in (("name", known >> HALF, said[0]), ("id_no", known & (1 << HALF) - 1, said[1])):
            if before and now and before != now:
                draft.warn(
                    field, "conflict", say("An earlier row of this customer says otherwise here, and that stands.")
                )

    def _in_scope(self, row: AccountRow, owed: int) -> AccountRow | SkippedRow:
        for rule in self._profile.scope:
            if (rule == "not_overdue" and row.days_past_due == 0) or (rule == "no_balance" and owed <= 0):
                return SkippedRow(row, rule)
        return row

    def _invent(self, draft: Draft) -> tuple[str, ...]:
        made_up = self._profile.made_up
        if made_up is None:
            return ()
        person = invent(made_up.seed, draft.plain("customer_ref") or draft.key, made_up.style)
        values: dict[str, str] = _as_values(person)
        missing = tuple(field for field in made_up.fields if not draft.text(field))
        draft.values = {**draft.values, **{field: values[field] for field in missing}}
        return missing

    def _parts(self, draft: Draft, currency: str) -> tuple[int, int, int, int]:
        """Principal, interest, fees, and what is owed; keeps the amount for the control total beside them."""
        errors_before = len(draft.errors)
        credit_is_error = "no_balance" not in self._profile.scope
        stated = draft.money("total", currency, credit_is_error=credit_is_error)
        alone = self._profile.total_alone and stated is not None and not draft.plain("principal")
        principal = stated if alone else draft.money(
            "principal", currency, required=True, credit_is_error=credit_is_error
        )  # fmt: skip
        interest, fees = draft.money("interest", currency), draft.money("fees", currency)
        parts = (principal or 0, interest or 0, fees or 0)
        owed = sum(parts)
        unreadable = any(issue.code in ("unreadable", "missing") for issue in draft.errors[errors_before:])
        draft.currency = currency
        draft.amount = None if unreadable else (owed if stated is None else stated)
        if unreadable or alone or not draft.in_range("principal", owed):
            return max(parts[0], 0), parts[1], parts[2], owed
        if stated is not None and stated != owed:
            if interest is not None and fees is not None:
                draft.fail("total", "sum_mismatch", say("Principal, interest and fees do not add up to the total."))
            else:
                draft.warn(
                    "total", "sum_mismatch", say("The total differs from the parts that are given; the parts count.")
                )
        return max(parts[0], 0), parts[1], parts[2], owed

    def _past_day(self, draft: Draft, field: str) -> date | None:
        """The day of something that has happened; one that is still to come is left out, since deadlines hang on it."""
        day = draft.optional_day(field)
        if day is not None and day > self._today:
            draft.warn(field, "future_date", say("The date is still to come; left out."))
            return None
        return day

    def _balance_date(self, draft: Draft) -> date:
        day = draft.day("balance_as_of")
        if day is not None and day > self._today:
            draft.fail("balance_as_of", "future_date", say("The date is still to come."))
        return day or self._as_of


def _as_values(person: MadeUpPerson) -> dict[str, str]:
    return {
        "name": person.name,
        "id_no": person.id_no,
        "phone_1": person.phone,
        "address": person.address,
        "postcode": person.postcode,
        "card_last4": person.card_last4,
    }


def _days_past_due(draft: Draft) -> int:
    text = draft.plain("days_past_due")
    if not text:
        draft.missing("days_past_due")
        return 0
    try:
        days = parse_whole(text)
    except ValueError:
        days = _MOST_DAYS + 1
    if days > _MOST_DAYS:
        draft.fail("days_past_due", "unreadable", say("Not a whole number of days."))
    if days < 0:
        draft.fail("days_past_due", "negative", say("Days past due are 0 or more."))
    return days


def _region(draft: Draft) -> str:
    text = draft.text("region")
    if not text:
        return ""
    try:
        return parse_region(text)
    except ValueError:
        draft.warn("region", "unknown_value", say("This region is not known; left out."))
        return ""


def _identity_number(draft: Draft, region: str) -> str:
    """Checked by GB 11643 when it has the Chinese form or the region is (mainland) China."""
    text = draft.plain("id_no").upper()
    if not text:
        return ""
    chinese = has_chinese_identity_form(text) or country_of(region) == "CN"
    if chinese and not identity_number_is_right(text):
        draft.fail("id_no", "id_check", say("The identity number's check digit or form is wrong (GB 11643)."))
    elif not chinese and card_number_in(text) is not None:
        draft.fail("id_no", "card_number", say("A full card number; send the token and the last four digits."))
    elif len(text) > _LONGEST_PRODUCT:
        draft.fail("id_no", "unreadable", say("Longer than %(limit)s characters.", limit=_LONGEST_PRODUCT))
    return text


def _phones(draft: Draft, country: str) -> tuple[PhoneEntry, ...]:
    entries: list[PhoneEntry] = []
    values: Mapping[str, object] = draft.values
    for position, field, relation_field in _PHONES:
        if not values.get(field) and not values.get(relation_field):
            continue
        relation = _relation(draft, relation_field)
        phone = _phone(draft, field, country)
        if phone is not None:
            entries.append(PhoneEntry(position, phone, relation))
    return tuple(entries)


def _relation(draft: Draft, field: str) -> str:
    word = draft.plain(field)
    if not word:
        return "self"
    relation = RELATIONS.get(word.lower())
    if relation is None:
        known = ", ".join(RELATIONS)
        draft.fail(field, "unknown_value", say("This relation is not known; known are %(known)s.", known=known))
    return relation or "other"


def _phone(draft: Draft, field: str, country: str) -> Phone | None:
    text = draft.text(field)
    if not text:
        return None
    try:
        return parse_phone(text, country)
    except ValueError:
        pass
    if card_number_in(text) is not None:
        draft.fail(field, "card_number", say("A full card number; send the token and the last four digits."))
    elif field == "phone_1" and not draft.text("address"):
        draft.fail(field, "unreadable", say("Not a telephone number, and there is no address either."))
    else:
        draft.warn(field, "unreadable", say("Not a telephone number; left out."))
    return None


def _email(draft: Draft) -> str:
    text = draft.plain("email")
    if not text:
        return ""
    try:
        return parse_email(text)
    except ValueError:
        draft.warn("email", "unreadable", say("Not an e-mail address; left out."))
        return ""


def _last_four(draft: Draft) -> str:
    text = draft.plain("card_last4")
    if not text:
        draft.missing("card_last4")
    elif not (len(text) == 4 and text.isascii() and text.isdigit()) and card_number_in(text) is None:
        draft.fail("card_last4", "unreadable", say("The last four digits of the card are four digits."))
    return text


def _last_paid_amount(draft: Draft, currency: str) -> int | None:
    text = draft.plain("last_paid_amount")
    if not text:
        return None
    try:
        amount = draft.read_amount("last_paid_amount", text, currency)
    except ValueError:
        amount = -1
    if amount < 0:
        draft.warn("last_paid_amount", "unreadable", say("Not an exact amount; left out."))
        return None
    return amount


def _flags(draft: Draft) -> tuple[str, ...]:
    text = draft.plain("flags")
    if not text:
        return ()
    words = dict.fromkeys(word for part in text.split(";") if (word := plain(part).lower()))
    for word in words:
        if word not in FLAGS:
            draft.fail(
                "flags", "unknown_value", say("One of the flags is not known; known are %(known)s.", known=_FLAGS)
            )
            break
    return tuple(words)
