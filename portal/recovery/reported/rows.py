"""Rows of an agency's file of reported payments. The words of a row are read here; what they mean together, `telling` judges."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from portal.foundation.language import say
from portal.portfolio.intake.layout import REPORT_KINDS
from portal.portfolio.intake.seen import SeenReferences
from portal.recovery.reported.models import ReportKind
from portal.recovery.reported.telling import LONGEST_CHANNEL, Telling, content_of, faults_of

if TYPE_CHECKING:
    from datetime import date

    from portal.portfolio.intake.draft import Draft
    from portal.portfolio.intake.rows import RowIssue
    from portal.recovery.reported.queries import Placed

__all__ = ["KIND_WORDS", "ReportCheck", "ReportRow"]

KIND_WORDS: Final = tuple(REPORT_KINDS)
_CODES: Final = {
    "missing": "missing", "negative": "negative", "currency": "currency", "future_date": "future_date",
    "card_number": "card_number", "received_on": "unknown_value",
}  # fmt: skip


class Ledger(Protocol):
    """What is on file already; both are asked once for a batch."""

    def accounts(self, refs: Collection[str]) -> Mapping[str, Placed]:
        """Accounts that the agency may report payments on, among these references."""

    def reports(self, refs: Collection[str]) -> Mapping[str, bytes]:
        """Content hashes of those of these references that the agency has reported."""


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A good row. `reported_before`: the same reference with the same content is on file; nothing is to be done."""

    line: int
    account_ref: str
    placed: Placed
    told: Telling
    reported_before: bool
    warnings: tuple[RowIssue, ...] = field(default=(), compare=False)

    # As the preview of a file asks them, field by field.

    @property
    def currency(self) -> str:
        """Of the amount."""
        return self.told.currency

    @property
    def amount(self) -> int:
        """In minor units."""
        return self.told.amount

    @property
    def paid_on(self) -> date:
        """When the debtor paid, or says it will have."""
        return self.told.paid_on

    @property
    def received_on(self) -> date | None:
        """When it was in the agency's account."""
        return self.told.received_on


class ReportCheck:
    """Turns a draft into a report, or leaves the reasons in it."""

    def __init__(self, ledger: Ledger, today: date) -> None:
        self._ledger = ledger
        self._today = today
        self._accounts: Mapping[str, Placed] = {}
        self._known: Mapping[str, bytes] = {}
        self._in_file = SeenReferences()

    def prepare(self, drafts: Sequence[Draft]) -> None:
        """Asks the ledger for what this batch names."""
        self._accounts = self._ledger.accounts({draft.plain("account_ref") for draft in drafts})
        self._known = self._ledger.reports({draft.plain("reported_ref") for draft in drafts})

    def check(self, draft: Draft) -> ReportRow | None:
        """The row; None where the draft has errors."""
        reference, account_ref = draft.reference("reported_ref"), draft.reference("account_ref")
        draft.key, draft.key_field = reference, "reported_ref"
        placed = self._accounts.get(account_ref)
        if placed is None and account_ref:
            words = say("You hold no account with this reference, and none whose tail still runs.")
            draft.fail("account_ref", "unknown_account", words)
        draft.currency = currency = draft.read_currency(placed.currency if placed else "CNY")
        kind = draft.word("kind", REPORT_KINDS, say("Either expected or received."))
        if not kind and not draft.plain("kind"):
            draft.missing("kind")
        amount = draft.amount = draft.money("amount", currency, required=True)
        paid_on = draft.day("paid_on", required=True)
        received_on = draft.day("received_on")
        channel = draft.limited("channel", LONGEST_CHANNEL)
        draft.refuse_card_numbers(("reported_ref", "account_ref", "channel"))
        if draft.errors or amount is None or paid_on is None or placed is None:
            return None
        told = Telling(reference, ReportKind(kind), amount, currency, paid_on, received_on, channel)
        for fault in faults_of(told, self._today, placed.currency):
            code = _CODES.get(fault.code.partition(".")[2], "unknown_value")
            draft.fail(fault.field or "", code, fault.message)
        before = self._was_reported(draft, told, account_ref)
        if draft.errors:
            return None
        return ReportRow(draft.line, account_ref, placed, told, before, tuple(draft.warnings))

    def _was_reported(self, draft: Draft, told: Telling, account_ref: str) -> bool:
        known = self._known.get(told.reported_ref)
        if known is not None and known != content_of(account_ref, told):
            draft.fail("reported_ref", "conflict", say("This reference was seen before with other content."))
        return known is not None
