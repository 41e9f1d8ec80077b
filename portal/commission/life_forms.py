"""Forms of a statement's life: the answer to a contested line, the agency's invoice, what was paid, the tax."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_wtf import FlaskForm
from wtforms import DateField, FileField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.commission.invoice_files import read_invoice_file
from portal.commission.invoices import InvoiceDetails
from portal.commission.life_labels import FOLLOWS
from portal.commission.life_models import DisputeEnd, Follows
from portal.commission.paying import Paid
from portal.foundation.errors import DomainError
from portal.foundation.forms import options, to_choose
from portal.foundation.language import _l, say
from portal.foundation.money import Money, format_amount, parse_amount
from portal.vendors.proofs import Proof

__all__ = ["AnswerForm", "InvoiceForm", "SettlementForm", "TaxForm"]

_needed = InputRequired(_l("Fill this in."))
_DECIMAL = {"inputmode": "decimal"}


class AnswerForm(FlaskForm):
    """The bank's word on a contested line."""

    end = RadioField(
        _l("Answer"), [InputRequired(_l("Choose one."))],
        choices=options([(DisputeEnd.UPHELD.value, _l("The agency is right")), (DisputeEnd.REFUSED.value, _l("The line stands"))]),
    )  # fmt: skip
    follows = SelectField(
        _l("What follows"), [Optional()], choices=to_choose((f.value, FOLLOWS[f]) for f in Follows),
        description=_l("Where the agency is right. The line itself stays as it was issued."),
    )  # fmt: skip
    words = TextAreaField(_l("Reason"), [_needed, Length(max=1000)], render_kw={"rows": 3})

    def chosen(self) -> tuple[DisputeEnd, str, Follows | None]:
        """The answer as entered."""
        follows = Follows(self.follows.data) if self.follows.data else None
        return DisputeEnd(self.end.data), self.words.data or "", follows


class InvoiceForm(FlaskForm):
    """What stands on the invoice, and its file."""

    number = StringField(_l("Invoice number"), [_needed, Length(max=64)])
    issued_on = DateField(_l("Invoice date"), [_needed])
    amount = StringField(
        _l("Amount with tax"), [_needed, Length(max=24)], description=_l("In %(currency)s, as the invoice says."),
        render_kw=_DECIMAL,
    )  # fmt: skip
    tax = StringField(_l("Tax within it"), [_needed, Length(max=24)], render_kw=_DECIMAL)
    file = FileField(
        _l("File of the invoice"), [InputRequired(_l("Choose the file."))],
        description=_l("A PDF, OFD or XML file of up to 10 MB."),
    )  # fmt: skip

    def __init__(self, currency: str, tax: int | None, **kwargs: Any) -> None:
        """`tax`: what the statement says of it, in minor units; None where it has none, and the invoice alone says it."""
        super().__init__(**{"tax": None if tax is None else format_amount(tax, currency)} | kwargs)
        self.currency = currency
        self.amount.description = say("In %(currency)s, as the invoice says.", currency=currency)  # type: ignore[assignment]  # translated when shown

    def details(self) -> InvoiceDetails:
        """As entered; DomainError naming the field."""
        return InvoiceDetails(
            number=self.number.data or "",
            issued_on=self.issued_on.data or date.min,
            amount_minor=_amount(self.amount.data, self.currency, "amount"),
            tax_minor=_amount(self.tax.data, self.currency, "tax"),
        )

    def upload(self) -> Proof:
        """The file; DomainError for what is none of an invoice."""
        return read_invoice_file(self.file.data.stream, self.file.data.filename)


class SettlementForm(FlaskForm):
    """What was paid."""

    amount = StringField(_l("Amount"), [_needed, Length(max=24)], render_kw=_DECIMAL)
    paid_on = DateField(_l("Day of payment"), [_needed])
    bank_ref = StringField(_l("Bank's reference"), [_needed, Length(max=64)])
    reason = TextAreaField(
        _l("Why more than is owed"), [Optional(), Length(max=1000)], render_kw={"rows": 2},
        description=_l("Only where more was paid."),
    )  # fmt: skip

    def __init__(self, currency: str, owing: int, **kwargs: Any) -> None:
        super().__init__(**{"amount": format_amount(owing, currency)} | kwargs)
        self.currency = currency
        self.amount.description = say("Owed now: %(owing)s. A part is fine.", owing=Money(owing, currency))  # type: ignore[assignment]  # translated when shown

    def details(self) -> Paid:
        """As entered; DomainError naming the field."""
        amount = _amount(self.amount.data, self.currency, "amount")
        return Paid(amount, self.paid_on.data or date.min, self.bank_ref.data or "", self.reason.data or "")


class TaxForm(FlaskForm):
    """A tax from a day on."""

    organisation_id = SelectField(_l("Organisation"), [_needed])
    rate = StringField(
        _l("Rate in percent"),
        [_needed, Length(max=12)],
        description=_l("For example 6. 0: no tax."),
        render_kw=_DECIMAL,
    )
    included = RadioField(
        _l("The tax is"), [_needed], default="no",
        choices=options([("no", _l("on top of the amounts of the lines")), ("yes", _l("within the amounts of the lines"))]),
    )  # fmt: skip
    effective_from = DateField(
        _l("Valid from"), [_needed],
        description=_l("It counts for statements drawn up from now on whose month ends on this day or later."),
    )  # fmt: skip

    def __init__(self, organisations: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.organisation_id.choices = to_choose((str(key), name) for key, name in organisations)

    def share(self) -> Decimal:
        """The rate as a share; DomainError for none."""
        try:
            return Decimal((self.rate.data or "").strip().removesuffix("%").removesuffix("%").strip()) / 100
        except InvalidOperation:
            raise DomainError("tax.rate", say("Enter the rate as a number, for example 6."), field="rate") from None


def _amount(text: str | None, currency: str, field: str) -> int:
    try:
        return parse_amount(text or "", currency)
    except ValueError:
        words = say("Enter an amount of %(currency)s, for example 1234.50.", currency=currency)
        raise DomainError("commission.amount", words, field=field) from None
