"""The form of a segment. Its fields stand in the address while it is tried, as those of a new run do."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Form, SelectField, SelectMultipleField, StringField
from wtforms.widgets import CheckboxInput, DateInput, ListWidget

from portal.foundation.errors import DomainError, Faults
from portal.foundation.formats import bucket
from portal.foundation.forms import options
from portal.foundation.language import _l, say
from portal.foundation.money import format_amount, parse_amount
from portal.placement.conditions import LARGEST, LARGEST_ID, Conditions
from portal.placement.criteria import PLACEABLE_BUCKETS, Criteria
from portal.portfolio.region_names import region_names, written_regions
from portal.vendors.models import PlacementKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["SegmentForm", "fields_of"]

LONGEST_ANSWER = 400
_NUMBERS = ("days_from", "days_to", "rounds_from", "rounds_to")
_DAYS = ("paid_from", "paid_to", "opened_from", "opened_to", "due_from", "due_to")
CHARGED_OFF = {"": _l("any"), "yes": _l("yes"), "no": _l("no")}


class DayField(StringField):
    """A day that stays what was written until it is asked for."""

    widget = DateInput()


class SegmentForm(Form):
    """A name, the accounts that it stands for, and a note."""

    name = StringField(_l("Name of the segment"))
    note = StringField(_l("Note"))
    currency = SelectField(_l("Currency"))
    buckets = SelectMultipleField(_l("Buckets"), widget=ListWidget(), option_widget=CheckboxInput())
    balance_from = StringField(_l("Balance from"))
    balance_to = StringField(_l("Balance up to"))
    days_from = StringField(_l("Days past due from"))
    days_to = StringField(_l("Days past due up to"))
    rounds_from = StringField(_l("Rounds before from"))
    rounds_to = StringField(_l("Rounds before up to"))
    regions = StringField(_l("Regions"))
    products = StringField(_l("Products"))
    charged_off = SelectField(_l("Charged off"), choices=options(CHARGED_OFF.items()))
    paid_from = DayField(_l("Last paid from"))
    paid_to = DayField(_l("Last paid up to"))
    never_paid = BooleanField(_l("never paid too"))
    opened_from = DayField(_l("Opened from"))
    opened_to = DayField(_l("Opened up to"))
    due_from = DayField(_l("Oldest unpaid from"))
    due_to = DayField(_l("Oldest unpaid up to"))
    former_holders = SelectMultipleField(_l("Was with"), widget=ListWidget(), option_widget=CheckboxInput())
    returned_by = StringField(_l("Came back by recall no."))

    def __init__(
        self,
        asked: MultiDict[str, str],
        currencies: Sequence[str],
        holders: Sequence[tuple[int, str]],
        recall_numbered: Callable[[str], int | None],
    ) -> None:
        """`asked`: the fields of the address or of the sent form; none of them is the first showing. `holders`:
        organisations by id and name; `recall_numbered` answers a recall's id."""
        asked = MultiDict((name, _printable(value)) for name, value in asked.items(multi=True))
        usual: dict[str, Any] = {"buckets": ["M2", "M3"], "charged_off": ""}
        super().__init__(asked if "currency" in asked else None, data=usual)
        self.currency.choices = options((code, code) for code in currencies)
        self.buckets.choices = options((name, bucket(name)) for name in PLACEABLE_BUCKETS)
        self.former_holders.choices = options((str(number), name) for number, name in holders)
        if self.currency.data not in currencies:
            self.currency.data = currencies[0] if currencies else ""
        if self.charged_off.data not in CHARGED_OFF:
            self.charged_off.data = ""
        self.asked = asked
        self._holder_ids = {str(number) for number, _name in holders}
        self._recall_numbered = recall_numbered

    def criteria(self) -> Criteria:
        """The question as entered; DomainError naming the field where it cannot be meant."""
        currency = self.currency.data or ""
        if not currency:
            raise DomainError("run.currency", say("There are no accounts yet: import a file first."), field="currency")
        faults = Faults()
        least = faults.read(lambda: self._amount("balance_from", currency), None)
        largest = faults.read(lambda: self._amount("balance_to", currency), None)
        conditions = faults.read(self._conditions, Conditions())
        faults.tell()
        return Criteria(
            kind=PlacementKind.COLLECTION,
            currency=currency,
            buckets=tuple(name for name in PLACEABLE_BUCKETS if name in (self.buckets.data or ())),
            from_minor=least,
            to_minor=largest,
            conditions=conditions,
        ).check()

    def _conditions(self) -> Conditions:
        faults = Faults()
        numbers = {name: faults.read(partial(self._number, name), None) for name in _NUMBERS}
        days = {name: faults.read(partial(self._day, name), None) for name in _DAYS}
        regions = faults.read(lambda: written_regions(self.regions.data or "", "regions"), ())
        holders, recall = faults.read(self._holders, ()), faults.read(self._recall, None)
        faults.tell()
        return Conditions(
            **numbers,  # type: ignore[arg-type]
            **days,  # type: ignore[arg-type]
            regions=regions,
            products=tuple(_listed(self.products.data)),
            charged_off={"yes": True, "no": False}.get(self.charged_off.data or ""),
            never_paid=bool(self.never_paid.data),
            former_holders=holders,
            returned_by=recall,
        )

    def entries(self, *others: tuple[str, str]) -> list[tuple[str, str]]:
        """Every field with its value, to be sent again unseen, and others beside them."""
        names = {field.name for field in self}
        return [pair for pair in self.asked.items(multi=True) if pair[0] in names] + list(others)

    def _written(self, field: str) -> str:
        return (self[field].data or "").strip()

    def _amount(self, field: str, currency: str) -> int | None:
        if not self._written(field):
            return None
        try:
            return parse_amount(self._written(field), currency)
        except ValueError as error:
            words = say("Write an amount of the currency, for example 5000 or 5000.50.")
            raise DomainError("run.amount", words, field=field) from error

    def _number(self, field: str) -> int | None:
        text = self._written(field).replace(",", "")
        if text and not (text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST))):
            raise DomainError("run.count", say("Write a whole number."), field=field)
        return int(text) if text else None

    def _day(self, field: str) -> date | None:
        try:
            return date.fromisoformat(self._written(field)) if self._written(field) else None
        except ValueError as error:
            raise DomainError("segment.day", say("Write a day as 2005-07-01."), field=field) from error

    def _holders(self) -> tuple[int, ...]:
        chosen = self.former_holders.data or []
        if any(value not in self._holder_ids for value in chosen):
            raise DomainError("run.order", say("This is none of the choices."), field="former_holders")
        return tuple(int(value) for value in chosen)

    def _recall(self) -> int | None:
        number = self._written("returned_by")
        found = self._recall_numbered(number) if number else None
        if number and (found is None or not 0 < found < LARGEST_ID):
            words = say("There is no recall with the number %(number)s.", number=number)
            raise DomainError("segment.recall", words, field="returned_by")
        return found


def fields_of(name: str, note: str, criteria: Criteria, recall_number: str) -> MultiDict[str, str]:
    """What the form of a saved segment begins with."""
    asked = criteria.conditions
    plain: dict[str, Any] = {
        "name": name, "note": note, "currency": criteria.currency, "returned_by": recall_number,
        "regions": region_names(asked.regions), "products": ", ".join(asked.products),
        "charged_off": {True: "yes", False: "no", None: ""}[asked.charged_off],
    }  # fmt: skip
    for field, minor in (("balance_from", criteria.from_minor), ("balance_to", criteria.to_minor)):
        plain[field] = None if minor is None else format_amount(minor, criteria.currency)
    for limit in ("days", "rounds", "paid", "opened", "due"):
        for end in ("from", "to"):
            plain[f"{limit}_{end}"] = getattr(asked, f"{limit}_{end}")
    found = [(field, str(value)) for field, value in plain.items() if value not in (None, "")]
    found += [("never_paid", "y")] if asked.never_paid else []
    found += [("buckets", name) for name in criteria.buckets]
    found += [("former_holders", str(number)) for number in asked.former_holders]
    return MultiDict(found)


def _listed(written: str | None) -> Iterable[str]:
    parts = (written or "").replace("，", ",").replace("、", ",").replace(";", ",").split(",")
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _printable(value: str) -> str:
    """What a field may show again, whatever an address holds."""
    return "".join(filter(str.isprintable, value))[:LONGEST_ANSWER]
