"""Forms of remittances."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import DateField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.commission.remittance import Handed
from portal.contact.requests.forms import uploaded
from portal.foundation.errors import DomainError
from portal.foundation.language import _l, say
from portal.foundation.values import parse_currency, plain, read_amount

if TYPE_CHECKING:
    from portal.vendors.proofs import Proof

__all__ = ["AnnounceForm", "RecordForm"]

_needed = InputRequired(_l("Fill this in."))


class _HandedForm(FlaskForm):  # type: ignore[misc]  # flask_wtf carries no types
    amount = StringField(
        _l("Amount"), [_needed, Length(max=40)], render_kw={"inputmode": "decimal", "autocomplete": "off"}
    )
    currency = StringField(_l("Currency"), [_needed, Length(max=16)], render_kw={"autocomplete": "off"})

    def _handed(self, on: DateField, reference: str = "") -> Handed:
        try:
            currency = parse_currency(plain(self.currency.data or ""))
        except ValueError:
            raise DomainError("remittance.currency", say("This currency is not known."), field="currency") from None
        try:
            amount = read_amount(plain(self.amount.data or ""), currency)
        except ValueError:
            raise DomainError("remittance.amount", say("Not an exact amount."), field="amount") from None
        assert on.data is not None  # noqa: S101  # the form was validated
        return Handed(currency, amount, on.data, reference)


class AnnounceForm(_HandedForm):
    """What the agency has sent."""

    on = DateField(_l("Sent on"), [_needed])
    proof = FileField(_l("Proof"), description=_l("A PDF, PNG or JPEG file of up to 10 MB."))

    def handed(self) -> Handed:
        """What was entered; DomainError naming the field."""
        return self._handed(self.on)

    def file(self) -> Proof | None:
        """The slip that was sent along."""
        return uploaded(self.proof)


class RecordForm(_HandedForm):
    """What the bank has received."""

    on = DateField(_l("Money received on"), [_needed])
    reference = StringField(
        _l("The bank's reference"), [_needed, Length(max=64)], render_kw={"autocomplete": "off"},
        description=_l("Of the posting in the bank's own account; recorded once."),
    )  # fmt: skip
    payments = TextAreaField(
        _l("For these payments"), [Optional(), Length(max=40_000)],
        description=_l("Their references, one a line. Left empty, the oldest that is owed is paid first."),
    )  # fmt: skip

    def handed(self) -> Handed:
        """What was entered; DomainError naming the field."""
        return self._handed(self.on, plain(self.reference.data or ""))

    def payment_refs(self) -> list[str]:
        """The references that were named."""
        return list(dict.fromkeys(part for part in re.split(r"[\s,;，；]+", self.payments.data or "") if part))
