"""Forms of contracts and their versions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from portal.foundation.errors import DomainError
from portal.foundation.forms import options, show_error
from portal.foundation.language import _l, say
from portal.foundation.money import format_amount, minor_digits, parse_amount
from portal.foundation.values import parse_currency
from portal.vendors.labels import AT_END_LABELS, KIND_LABELS
from portal.vendors.models import PlacementKind
from portal.vendors.recovery_form import RecoveryFields
from portal.vendors.terms import AtEnd, DataClauses, Settlement, Tail, TailUnit, Terms, parse_rate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from decimal import Decimal

__all__ = ["ContractForm", "VersionForm", "read_currency"]

_needed = InputRequired(_l("Fill this in."))
_CLAUSE_COUNTS = ("data_within_days", "recordings_days")
_COUNTS = ("term_days", "answer_hours", "recall_notice_days", "objection_days", "payment_extends_days")


class _TermsForm(RecoveryFields, FlaskForm):
    """The terms, as both forms ask for them. Figures are read here exactly; what they may be, `Terms` knows."""

    rate = StringField(
        _l("Commission rate"),
        [Optional(), Length(max=16)],
        description=_l("Flat, of what is recovered: 0.35 or 35%. For letters it is the success fee, 0 if none."),
    )
    tail_length = StringField(
        _l("Tail"), [Optional(), Length(max=4)],
        description=_l("How long after the end payments still earn, unless another holds the account. Empty: not at all."),
    )  # fmt: skip
    tail_unit = SelectField(
        _l("Tail, counted in"), [_needed], coerce=TailUnit,
        choices=options(((TailUnit.DAYS.value, _l("days")), (TailUnit.MONTHS.value, _l("months")))),
    )  # fmt: skip
    letter_fee = StringField(_l("Fee per letter"), [Optional(), Length(max=24)])
    success = BooleanField(
        _l("Success fee beside another's recovery"),
        description=_l(
            "Of letters: the rate is also earned on what a collection agency recovers of the account meanwhile."
        ),
    )
    term_days = StringField(_l("Days of a placement"), [_needed, Length(max=8)], default="90")
    capacity = StringField(
        _l("Capacity, accounts"), [Optional(), Length(max=12)], description=_l("Empty: as many as are sent.")
    )
    capacity_amount = StringField(
        _l("Capacity, amount"), [Optional(), Length(max=24)],
        description=_l("What may be held at one time, in the contract's currency. Empty: no limit."),
    )  # fmt: skip
    answer_hours = StringField(_l("Hours to answer a batch"), [_needed, Length(max=6)], default="48")
    recall_notice_days = StringField(
        _l("Days of notice before a recall is final"), [_needed, Length(max=6)], default="0"
    )
    objection_days = StringField(_l("Most days that an objection may ask for"), [_needed, Length(max=6)], default="30")
    payment_extends_days = StringField(
        _l("Days by which a payment moves the recall"), [_needed, Length(max=6)], default="0"
    )
    remit_days = StringField(
        _l("Handed over within, days"), [Optional()], description=_l("Of receiving it; empty: no day is agreed.")
    )
    work_days = StringField(
        _l("Days within which an account is tried"), [Optional(), Length(max=4)],
        description=_l("From the acceptance, and again from each try. Empty: within 7 days."),  # WORK_DAYS
    )  # fmt: skip
    settle_from = StringField(
        _l("Lowest settlement"), [Optional(), Length(max=16)],
        description=_l("Part of the balance from which it may settle without asking: 80%. Empty: it asks each time."),
    )  # fmt: skip
    waive_interest = BooleanField(_l("It may waive interest"))
    waive_fees = BooleanField(_l("It may waive fees"))
    data_at_end = SelectField(
        _l("Data at the end"), [Optional()], description=_l("Without an agreement none of the clauses below is kept.")
    )
    data_within_days = StringField(_l("Within days of the end"), [Optional(), Length(max=6)], default="30")
    data_certificate = BooleanField(_l("A certificate of it is required"), default=True)
    subcontracting = BooleanField(_l("Subcontracting is allowed"))
    leaves_country = BooleanField(_l("Data may leave the country"))
    recordings_days = StringField(
        _l("Days for which call recordings are kept"), [Optional(), Length(max=6)], default="730"
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_at_end.choices = options([("", _l("not agreed")), *((e.value, AT_END_LABELS[e]) for e in AtEnd)])

    def figures_readable(self, currency: str) -> bool:
        """Whether every figure can be read as it is written; each that cannot says so beside its field, all at once."""
        reads: list[Callable[[], object]] = [
            lambda: parse_rate(self.rate.data) if self.rate.data else None,
            lambda: self._count("tail_length") if self.tail_length.data else None,
            lambda: _amount("letter_fee", self.letter_fee.data or "0", currency),
            lambda: self._count("capacity") if self.capacity.data else None,
            lambda: self._capacity(currency),
            self._work_days,
            *self.recovery_reads(),
            self._remit_days,
            self._settlement,
            *(partial(self._count, name) for name in _COUNTS),
            *(partial(self._count, name) for name in _CLAUSE_COUNTS if self.data_at_end.data),
            self._data,
        ]
        for read in reads:
            try:
                read()
            except DomainError as error:
                if error.field is None or not self[error.field].errors:
                    show_error(self, error)
        return not self.errors

    def terms(self, currency: str, notation: Mapping[str, Any] | None = None) -> Terms:
        """The terms as entered, with the whole plan; DomainError naming the field where a figure is none."""
        counts: dict[str, Any] = {name: self._count(name) for name in _COUNTS}
        return Terms(
            notation=notation,
            rate=parse_rate(self.rate.data) if self.rate.data else None,
            tail=Tail(self._count("tail_length"), self.tail_unit.data) if self.tail_length.data else None,
            letter_fee_minor=_amount("letter_fee", self.letter_fee.data or "0", currency),
            capacity_accounts=self._count("capacity") if self.capacity.data else None,
            capacity_minor=self._capacity(currency),
            settlement=self._settlement(),
            data=self._data(),
            work_days=self._work_days(),
            recovery=self.recovery_clauses(),
            remit_days=self._remit_days(),
            success=bool(self.success.data),
            **counts,
        )

    def show(self, terms: Terms, currency: str) -> None:
        """Put terms into the fields, as somebody would have entered them."""
        for name in _COUNTS:
            self[name].data = str(getattr(terms, name))
        self.rate.data = "" if terms.rate is None else _percent(terms.rate)
        self.letter_fee.data = format_amount(terms.letter_fee_minor, currency) if terms.letter_fee_minor else ""
        self.success.data = terms.success
        self.capacity.data = "" if terms.capacity_accounts is None else str(terms.capacity_accounts)
        self.remit_days.data = "" if terms.remit_days is None else str(terms.remit_days)
        self.work_days.data = "" if terms.work_days is None else str(terms.work_days)
        self.show_recovery(terms.recovery)
        amount = terms.capacity_minor
        self.capacity_amount.data = "" if amount is None else format_amount(amount, currency)
        if terms.tail is not None:
            self.tail_length.data, self.tail_unit.data = str(terms.tail.length), terms.tail.unit
        if terms.settlement is not None:
            self.settle_from.data = _percent(terms.settlement.lowest)
            self.waive_interest.data = terms.settlement.waive_interest
            self.waive_fees.data = terms.settlement.waive_fees
        if terms.data is not None:
            self.data_at_end.data = terms.data.at_end.value
            self.data_within_days.data = str(terms.data.within_days)
            self.data_certificate.data = terms.data.certificate
            self.subcontracting.data = terms.data.subcontracting
            self.leaves_country.data = terms.data.leaves_country
            self.recordings_days.data = str(terms.data.recordings_days)

    def _count(self, name: str) -> int:
        return _count(name, self[name].data or "")

    def _capacity(self, currency: str) -> int | None:
        return _amount("capacity_amount", self.capacity_amount.data, currency) if self.capacity_amount.data else None

    def _work_days(self) -> int | None:
        return self._count("work_days") if self.work_days.data else None

    def _remit_days(self) -> int | None:
        return self._count("remit_days") if self.remit_days.data else None

    def _settlement(self) -> Settlement | None:
        if self.settle_from.data:
            lowest = parse_rate(self.settle_from.data, "settle_from")
            return Settlement(lowest, bool(self.waive_interest.data), bool(self.waive_fees.data))
        if self.waive_interest.data or self.waive_fees.data:
            words = say("Who may waive something needs the lowest part of the balance that it may settle for.")
            raise DomainError("contract.settle_from", words, field="settle_from")
        return None

    def _data(self) -> DataClauses | None:
        if not self.data_at_end.data:
            if self.subcontracting.data or self.leaves_country.data:
                words = say("Choose what happens with the data at the end, so that the clauses below are kept.")
                raise DomainError("contract.data_at_end", words, field="data_at_end")
            return None
        return DataClauses(
            at_end=AtEnd(self.data_at_end.data),
            within_days=self._count("data_within_days"),
            certificate=bool(self.data_certificate.data),
            subcontracting=bool(self.subcontracting.data),
            leaves_country=bool(self.leaves_country.data),
            recordings_days=self._count("recordings_days"),
        )


class ContractForm(_TermsForm):
    """A new contract with its first version."""

    organisation_id = SelectField(_l("Organisation"), [_needed], coerce=int)
    number = StringField(_l("Contract number"), [_needed, Length(max=64)])
    kind = SelectField(_l("Kind"), [_needed], coerce=PlacementKind)
    currency = StringField(_l("Currency"), [_needed, Length(max=16)], default="CNY")
    started_on = DateField(_l("In force from"), [_needed])
    ended_on = DateField(_l("In force until"), [Optional()])

    def __init__(self, organisations: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.organisation_id.choices = options(organisations)
        self.kind.choices = options((kind.value, label) for kind, label in KIND_LABELS.items())

    def code(self) -> str:
        """The currency's code; DomainError where what was written is none."""
        return read_currency(self.currency.data)

    def currency_or(self, usual: str = "CNY") -> str:
        """The currency's code; the usual one where what was written is none."""
        try:
            return self.code()
        except DomainError:
            return usual

    def readable(self) -> bool:
        """Whether currency and figures can be read. Amounts of an unknown currency are read with two decimals."""
        try:
            self.code()
        except DomainError as error:
            show_error(self, error)
        return self.figures_readable(self.currency_or())


class VersionForm(_TermsForm):
    """New terms of a contract."""

    effective_from = DateField(_l("In force from"), [_needed])


def read_currency(text: str | None) -> str:
    """The code of a currency as somebody wrote it, 人民币 included; DomainError where it is none."""
    try:
        return parse_currency(text or "")
    except ValueError as error:
        words = say("Write the currency as a code of three letters, such as CNY, TWD or USD.")
        raise DomainError("currency.unknown", words, field="currency") from error


def _amount(field: str, text: str, currency: str) -> int:
    try:
        return parse_amount(text, currency)
    except ValueError as error:
        digits = minor_digits(currency)
        words = say("Write an amount with at most %(digits)s digits behind the point.", digits=digits)
        if _shape_is_right(text, digits):
            words = say("This number is too large.")
        raise DomainError(f"contract.{field}", words, field=field) from error


def _shape_is_right(text: str, digits: int) -> bool:
    whole, _, fraction = text.strip().replace(",", "").lstrip("+-").partition(".")
    return whole.isdigit() and (not fraction or fraction.isdigit()) and len(fraction.rstrip("0")) <= digits


def _count(field: str, text: str) -> int:
    written = text.strip().replace(",", "")
    if not written.isascii() or not written.isdigit():
        raise DomainError(f"contract.{field}", say("Write a whole number."), field=field)
    return int(written)


def _percent(rate: Decimal) -> str:
    """A rate as people write it; `parse_rate` reads it back."""
    return format((rate * 100).normalize(), "f") + "%"
