"""The part of a contract's form that says which payments count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wtforms import BooleanField, StringField
from wtforms.validators import Length, Optional

from portal.foundation.errors import DomainError
from portal.foundation.language import _l, say
from portal.vendors.recovery_terms import RecoveryClauses, channel_words

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["RecoveryFields"]


class RecoveryFields:
    """Fields that the forms of contracts and versions share; see templates/vendors/_recovery_terms.html."""

    grace_days = StringField(
        _l("Days of grace after the end"), [Optional(), Length(max=4)],
        description=_l("So long it comes before who holds the account next. Empty: the new holder comes first."),
    )  # fmt: skip
    exclude_automatic = BooleanField(_l("Automatic debits do not count"))
    automatic_channels = StringField(
        _l("Words of their channels"), [Optional(), Length(max=500)],
        description=_l("Parted by commas. Empty: the usual ones, such as autopay, direct debit, 代扣."),
    )  # fmt: skip
    exclude_before_contact = BooleanField(_l("Payments before the first contact do not count"))
    contest_days = StringField(
        _l("Days to contest a decision"),
        [Optional(), Length(max=4)],
        description=_l("Empty: not agreed, and 10 days count."),
    )  # CONTEST_DAYS

    def recovery_reads(self) -> list[Callable[[], object]]:
        """What has to be readable, each by itself."""
        return [
            lambda: _count("grace_days", self.grace_days.data),
            lambda: _count("contest_days", self.contest_days.data),
        ]

    def recovery_clauses(self) -> RecoveryClauses:
        """The clauses as entered; DomainError naming the field where a figure is none."""
        return RecoveryClauses(
            grace_days=_count("grace_days", self.grace_days.data) or 0,
            exclude_automatic=bool(self.exclude_automatic.data),
            automatic_channels=channel_words(self.automatic_channels.data or ""),
            exclude_before_contact=bool(self.exclude_before_contact.data),
            contest_days=_count("contest_days", self.contest_days.data),
        )

    def show_recovery(self, clauses: RecoveryClauses) -> None:
        """Put clauses into the fields, as somebody would have entered them."""
        self.grace_days.data = str(clauses.grace_days or "")
        self.exclude_automatic.data = clauses.exclude_automatic
        self.automatic_channels.data = ", ".join(clauses.automatic_channels)
        self.exclude_before_contact.data = clauses.exclude_before_contact
        self.contest_days.data = str(clauses.contest_days or "")


def _count(field: str, text: str | None) -> int | None:
    written = (text or "").strip()
    if not written:
        return None
    if not written.isascii() or not written.isdigit():
        raise DomainError(f"contract.{field}", say("Write a whole number."), field=field)
    return int(written)
