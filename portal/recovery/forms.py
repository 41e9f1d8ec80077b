"""Forms of exceptions: what is to become of a payment that no rule decides, and what a second person says to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.foundation.errors import DomainError
from portal.foundation.forms import key_of, show_error, to_choose
from portal.foundation.language import _l, say
from portal.foundation.money import parse_amount

if TYPE_CHECKING:
    from portal.portfolio.models import Account

__all__ = ["NobodyForm", "PlacementForm", "ReasonForm", "SplitForm", "split_form"]

_needed = InputRequired(_l("Fill this in."))
_SHARE = "share_"


class ReasonForm(FlaskForm):
    """Why: everybody who looks at the payment later reads it."""

    reason = TextAreaField(_l("Reason"), [_needed, Length(max=1000)])


class NobodyForm(ReasonForm):
    """Nobody is credited, for good."""


class PlacementForm(ReasonForm):
    """Credit it to one of the account's placements."""

    placement_id = SelectField(_l("Placement"), [_needed])

    def offer(self, placements: list[tuple[int, Any]]) -> None:
        """The placements of the account, each with how it is called."""
        self.placement_id.choices = to_choose([(str(key), label) for key, label in placements])

    def chosen(self) -> int:
        """The placement's key; DomainError for none."""
        key = key_of(self.placement_id.data)
        if key is None:
            raise DomainError("exception.placement", say("Choose a placement of this account."), field="placement_id")
        return key


class SplitForm(ReasonForm):
    """Which of the customer's accounts it pays, with how much; see `split_form`."""

    def share_fields(self) -> list[Any]:
        """One field for each account."""
        return [field for field in self if field.name.startswith(_SHARE)]

    def shares(self, currency: str) -> list[tuple[int, int]]:
        """The account and minor units of each share that was filled in; each that cannot be read says so beside its field,
        and DomainError is raised after the last."""
        found: list[tuple[int, int]] = []
        for field in self.share_fields():
            if not (field.data or "").strip():
                continue
            try:
                found.append((int(field.name.removeprefix(_SHARE)), parse_amount(field.data, currency)))
            except ValueError:
                words = say("Write an amount of this currency.")
                show_error(self, DomainError("exception.share", words, field=field.name))
        if self.errors:
            raise DomainError("exception.shares", say("A share cannot be read."))
        if not found:
            raise DomainError("exception.shares", say("Write at least one share."))
        return found


def split_form(accounts: list[Account], labels: list[Any], **kwargs: Any) -> SplitForm:
    """The form with a field for each of these accounts."""
    fields = {
        f"{_SHARE}{account.id}": StringField(label, [Optional(), Length(max=24)])
        for account, label in zip(accounts, labels, strict=True)
    }
    form: SplitForm = type("SplitFormOfAccounts", (SplitForm,), fields)(**kwargs)
    return form
