"""Rows of payments: every rule of reference/files.md for one row, all its errors at once. Pure.

What must be known from elsewhere (accounts, payments posted before) is asked of a `Ledger`, a batch at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Protocol

from portal.foundation.language import say
from portal.foundation.tabular import Table
from portal.portfolio.intake.draft import Draft
from portal.portfolio.intake.layout import RECEIVERS
from portal.portfolio.intake.profile import MappingProfile
from portal.portfolio.intake.reading import Reading
from portal.portfolio.intake.rows import RowIssue
from portal.portfolio.intake.seen import SeenReferences, digest_of, mark_of_digest
from portal.recovery.rule_models import AboveBalance

__all__ = ["KnownAccount", "Ledger", "PaymentRow", "read_payments"]

_CURRENCY_WHERE_UNKNOWN: Final = "CNY"
_REFERENCES_AND_FREE_TEXT: Final = ("payment_ref", "account_ref", "channel", "reverses")
_LONGEST_CHANNEL: Final = 64


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """What posting has to know of an account: its currency and what is owed, in minor units."""

    currency: str
    balance: int


class Ledger(Protocol):
    """What is on file already. Both are asked once for a batch of up to a thousand rows."""

    def accounts(self, refs: Collection[str]) -> Mapping[str, KnownAccount]:
        """The known ones among these account references."""

    def payments(self, refs: Collection[str]) -> Mapping[str, bytes]:
        """The content hash (`PaymentRow.content_hash`) of those of these payments that were posted before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRow:
    """A validated payment. `amount` and its parts in minor units of `currency`, always positive.

    A row with `reverses` takes back the payment of that reference. `posted_before`: the same reference with the same
    content is on file, or stood earlier in this file; nothing is to be done. `owed`: what its account owes, where that is less
    and the bank's rules have somebody decide about it; None: the payment is attributed as any other.
    """

    line: int
    payment_ref: str
    account_ref: str
    amount: int
    currency: str
    principal: int | None
    interest: int | None
    fees: int | None
    paid_on: date
    received_on: date | None
    cleared_on: date | None
    posted_on: date | None
    received_by: str
    channel: str
    reverses: str
    content_hash: bytes
    posted_before: bool
    owed: int | None = None
    extra: Mapping[str, str]
    warnings: tuple[RowIssue, ...] = field(default=(), compare=False)

    @property
    def signed_amount(self) -> int:
        """The amount as totals count it: reversals are subtracted."""
        return -self.amount if self.reverses else self.amount


def read_payments(
    table: Table, profile: MappingProfile, *, today: date, ledger: Ledger,
    above_balance: AboveBalance = AboveBalance.TAKE,
) -> Reading[PaymentRow]:  # fmt: skip
    """The payments of an open file, row by row. `today` is the business date: value dates beyond it are rejected.
    `above_balance`: what the bank's rules say of a payment of more than its account owes."""
    check = _PaymentCheck(today, ledger, above_balance)
    return Reading(table, profile, profile.as_of(None, today), check)


class _PaymentCheck:
    """Turns a draft into a payment, or leaves the reasons in it."""

    def __init__(self, today: date, ledger: Ledger, above_balance: AboveBalance) -> None:
        self._today = today
        self._above_balance = above_balance
        self._ledger = ledger
        self._accounts: Mapping[str, KnownAccount] = {}
        self._posted: Mapping[str, bytes] = {}
        # Earlier rows of this file, each marked by its content.
        self._in_file = SeenReferences()

    def prepare(self, drafts: Sequence[Draft]) -> None:
        """Asks the ledger for what this batch names."""
        self._accounts = self._ledger.accounts({draft.plain("account_ref") for draft in drafts})
        self._posted = self._ledger.payments({draft.plain("payment_ref") for draft in drafts})

    def check(self, draft: Draft) -> PaymentRow | None:
        """The payment; None where the draft has errors."""
        payment_ref = draft.reference("payment_ref")
        account_ref = draft.reference("account_ref")
        account = self._accounts.get(account_ref)
        if account is None and account_ref:
            draft.fail("account_ref", "unknown_account", say("There is no account with this reference."))
        draft.currency = currency = _currency(draft, account)
        reverses = draft.reference("reverses", required=False)
        amount, parts = _amounts(draft, currency, is_reversal=bool(reverses))
        paid_on = self._value_date(draft)
        days = tuple(draft.optional_day(name) for name in ("received_on", "cleared_on", "posted_on"))
        received_by = _receiver(draft)
        channel = draft.limited("channel", _LONGEST_CHANNEL)
        draft.refuse_card_numbers(_REFERENCES_AND_FREE_TEXT)
        content = digest_of(account_ref, amount, currency, *parts, paid_on, *days, received_by, channel, reverses)
        posted_before = self._was_posted(draft, payment_ref, content)
        owed = None
        if account is not None and amount is not None and not reverses and amount > account.balance:
            # What is on file already is taken or unchanged, whatever is owed by now.
            owed = self._more_than_owed(draft, AboveBalance.TAKE if posted_before else self._above_balance, account)
        if draft.errors or amount is None or paid_on is None:
            return None
        self._in_file.add(payment_ref, mark_of_digest(content))
        return PaymentRow(
            line=draft.line,
            payment_ref=payment_ref,
            account_ref=account_ref,
            amount=amount,
            currency=currency,
            principal=parts[0],
            interest=parts[1],
            fees=parts[2],
            paid_on=paid_on,
            received_on=days[0],
            cleared_on=days[1],
            posted_on=days[2],
            received_by=received_by,
            channel=channel,
            reverses=reverses,
            content_hash=content,
            posted_before=posted_before,
            owed=owed,
            extra=draft.extra,
            warnings=tuple(draft.warnings),
        )

    @staticmethod
    def _more_than_owed(draft: Draft, rule: AboveBalance, account: KnownAccount) -> int | None:
        """As the rule says; what is owed, where somebody has to decide about the payment."""
        if rule is AboveBalance.REJECT:
            draft.fail("amount", "above_balance", say("More than the account owes."))
            return None
        if rule is AboveBalance.QUEUE:
            draft.warn("amount", "above_balance", say("More than the account owes; it waits in the exceptions."))
            return account.balance
        draft.warn("amount", "above_balance", say("More than the account owes; taken all the same."))
        return None

    def _value_date(self, draft: Draft) -> date | None:
        day = draft.day("paid_on", required=True)
        if day is not None and day > self._today:
            draft.fail("paid_on", "future_date", say("The date is still to come."))
        return day

    def _was_posted(self, draft: Draft, payment_ref: str, content: bytes) -> bool:
        """Seen before with the same content; with other content it is a conflict."""
        if not payment_ref:
            return False
        posted = self._posted.get(payment_ref)
        earlier = self._in_file.get(payment_ref)
        if (posted is not None and posted != content) or (earlier is not None and earlier != mark_of_digest(content)):
            draft.fail("payment_ref", "conflict", say("This reference was seen before with other content."))
        return posted is not None or earlier is not None


def _currency(draft: Draft, account: KnownAccount | None) -> str:
    """The currency of the row; where it names none, the account's."""
    currency = draft.read_currency(account.currency if account else _CURRENCY_WHERE_UNKNOWN)
    if account is not None and currency != account.currency:
        draft.fail("currency", "currency", say("The account is kept in %(currency)s.", currency=account.currency))
    return currency


def _amounts(
    draft: Draft, currency: str, *, is_reversal: bool
) -> tuple[int | None, tuple[int | None, int | None, int | None]]:
    """The amount, above 0, and its parts; keeps the amount for the control total, a reversal subtracted."""
    amount = draft.money("amount", currency, required=True)
    parts = (
        draft.money("principal", currency),
        draft.money("interest", currency),
        draft.money("fees", currency),
    )
    if amount == 0:
        draft.fail("amount", "negative", say("The amount of a payment is above zero."))
    if amount is None:
        return None, parts
    draft.amount = -amount if is_reversal else amount
    given = [part for part in parts if part is not None]
    if given and ((len(given) == len(parts) and sum(given) != amount) or sum(given) > amount):
        draft.fail("amount", "sum_mismatch", say("Principal, interest and fees do not add up to the amount."))
    return amount, parts


def _receiver(draft: Draft) -> str:
    word = draft.plain("received_by").lower()
    receiver = RECEIVERS.get(word or "bank")
    if receiver is None:
        draft.fail("received_by", "unknown_value", say("Received by the bank or by the agency, nobody else."))
    return receiver or "bank"
