"""Forms of contracts and their versions."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import DateField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from portal.foundation.errors import DomainError
from portal.foundation.forms import options
from portal.foundation.language import _l, say
from portal.foundation.money import minor_digits, parse_amount
from portal.vendors.labels import KIND_LABELS
from portal.vendors.models import PlacementKind
from portal.vendors.terms import Terms, parse_rate

__all__ = ["ContractForm", "VersionForm"]

_needed = InputRequired(_l("Fill this in."))


class _TermsForm(FlaskForm):
    """The terms, as both forms ask for them. Figures are read here exactly; what they may be, `Terms` knows."""

    rate = StringField(
        _l("Commission rate"),
        [_needed, Length(max=16)],
        description=_l("Flat, of what is recovered: 0.35 or 35%. For letters it is the success fee, 0 if none."),
    )
    letter_fee = StringField(_l("Fee per letter"), [Optional(), Length(max=24)])
    term_days = StringField(_l("Days of a placement"), [_needed, Length(max=8)], default="90")
    capacity = StringField(
        _l("Capacity, accounts"), [Optional(), Length(max=12)], description=_l("Empty: as many as are sent.")
    )

    def terms(self, currency: str) -> Terms:
        """The terms as entered; DomainError naming the field where a figure is none."""
        return Terms(
            rate=parse_rate(self.rate.data or ""),
            letter_fee_minor=_amount(self.letter_fee.data or "0", currency),
            term_days=_count("term_days", self.term_days.data or ""),
            capacity_accounts=_count("capacity", self.capacity.data) if self.capacity.data else None,
        )


class ContractForm(_TermsForm):
    """A new contract with its first version."""

    organisation_id = SelectField(_l("Organisation"), [_needed], coerce=int)
    number = StringField(_l("Contract number"), [_needed, Length(max=64)])
    kind = SelectField(_l("Kind"), [_needed], coerce=PlacementKind)
    currency = StringField(_l("Currency"), [_needed, Length(min=3, max=3, message=_l("A code of three letters."))])
    started_on = DateField(_l("In force from"), [_needed])
    ended_on = DateField(_l("In force until"), [Optional()])

    def __init__(self, organisations: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.organisation_id.choices = options(organisations)
        self.kind.choices = options((k.value, KIND_LABELS[k]) for k in (PlacementKind.COLLECTION, PlacementKind.LETTER))


class VersionForm(_TermsForm):
    """New terms of a contract."""

    effective_from = DateField(_l("In force from"), [_needed])


def _amount(text: str, currency: str) -> int:
    try:
        return parse_amount(text, currency)
    except ValueError as error:
        digits = minor_digits(currency)
        words = say("Write an amount with at most %(digits)s digits behind the point.", digits=digits)
        raise DomainError("contract.fee", words, field="letter_fee") from error


def _count(field: str, text: str) -> int:
    written = text.strip().replace(",", "")
    if not written.isascii() or not written.isdigit():
        raise DomainError(f"contract.{field}", say("Write a whole number."), field=field)
    return int(written)
