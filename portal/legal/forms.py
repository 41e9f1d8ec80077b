"""The one form of a new pack. Its fields stand in the address, so that the count is seen first; building sends the same ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, DateField, Form, HiddenField, SelectField, SelectMultipleField, StringField
from wtforms.widgets import CheckboxInput, ListWidget

from portal.foundation.errors import DomainError, Faults
from portal.foundation.formats import bucket
from portal.foundation.forms import options
from portal.foundation.language import _l, say
from portal.foundation.money import parse_amount
from portal.legal.choosing import Choice, Selection
from portal.placement.conditions import Conditions
from portal.placement.criteria import PLACEABLE_BUCKETS
from portal.portfolio.region_names import written_regions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

__all__ = ["PackForm"]

LONGEST = 400


class PackForm(Form):
    """Template, days and accounts of a pack of one batch."""

    batch = HiddenField()
    template = SelectField(_l("Template"))
    balance_on = DateField(_l("Balances as of"))
    pay_within_days = StringField(_l("Days to pay or to reply"))
    interest = StringField(_l("Interest that still runs"))
    no_interest = BooleanField(_l("no interest or charges are being added any more"))
    buckets = SelectMultipleField(_l("Buckets"), widget=ListWidget(), option_widget=CheckboxInput())
    balance_from = StringField(_l("Balance from"))
    balance_to = StringField(_l("Balance up to"))
    days_from = StringField(_l("Days past due from"))
    days_to = StringField(_l("Days past due up to"))
    regions = StringField(_l("Regions"))
    products = StringField(_l("Products"))
    without_holds = BooleanField(_l("leave out accounts with a hold"))
    again = BooleanField(_l("also those whose letter was left out, void or came back"))

    def __init__(
        self, asked: MultiDict[str, str], templates: Sequence[tuple[str, str]], usual: dict[str, Any], currency: str
    ) -> None:
        """`asked`: the address's fields or a form's; where no template is named in it, this is the first showing."""
        shown = MultiDict([(name, value[:LONGEST].replace("\x00", "")) for name, value in asked.items(multi=True)])
        super().__init__(shown if "template" in shown else None, data=usual | {"again": "again" in asked})
        self.template.choices = options(templates)
        self.buckets.choices = options((name, bucket(name)) for name in PLACEABLE_BUCKETS)
        if self.template.data not in dict(templates):
            self.template.data = templates[0][0] if templates else ""
        self._currency = currency

    def choice(self, *, needs_interest: bool) -> Choice:
        """What was entered. DomainError naming each field that cannot be read."""
        faults = Faults()

        def read(field: str, how: Callable[[str], Any]) -> Any:
            try:
                text = normalize("NFKC", self[field].data or "").strip()
                return how(text) if text else None
            except (ValueError, OverflowError):
                faults.add(DomainError("segment.number", say("This is no number that can be meant."), field=field))
                return None

        def amount(text: str) -> int:
            return parse_amount(text.lstrip("¥$£€").strip(), self._currency)

        if self.balance_on.raw_data and any(self.balance_on.raw_data) and self.balance_on.data is None:
            faults.add(DomainError("legal.balance_day", say("This is no day."), field="balance_on"))
        days = read("pay_within_days", _whole)
        low, high = read("balance_from", amount), read("balance_to", amount)
        conditions = Conditions(
            days_from=read("days_from", _whole), days_to=read("days_to", _whole),
            regions=faults.read(lambda: written_regions(self.regions.data or "", "regions"), ()),
            products=_names(self.products.data),
        )  # fmt: skip
        faults.tell()
        selection = Selection(
            tuple(self.buckets.data or ()), low, high, conditions, bool(self.without_holds.data), bool(self.again.data)
        )
        interest = None
        if needs_interest:
            interest = (self.interest.data or "").strip() or ("" if self.no_interest.data else None)
        on: date | None = self.balance_on.data
        return Choice(self.template.data or None, on, days, interest, selection.check())

    def entries(self) -> list[tuple[str, str]]:
        """The fields as the building is to get them."""
        found: list[tuple[str, str]] = []
        for each in self:
            if isinstance(each, BooleanField):
                found += [(each.name, "y")] if each.data else []
            elif isinstance(each, SelectMultipleField):
                found += [(each.name, value) for value in each.data or ()]
            elif each.data:
                found.append((each.name, str(each.data)))
        return found


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ValueError(text)
    return int(text)


def _names(text: str | None) -> tuple[str, ...]:
    """Names parted by commas."""
    written = (text or "").replace("，", ",").replace("、", ",")
    return tuple(part.strip() for part in written.split(",") if part.strip())
