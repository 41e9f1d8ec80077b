"""The one form of a new run. Its fields stand in the address, so that a question can be sent; saving sends the same ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import Form, SelectField, SelectMultipleField, StringField
from wtforms.widgets import CheckboxInput, ListWidget

from portal.foundation.errors import DomainError
from portal.foundation.formats import bucket
from portal.foundation.forms import options
from portal.foundation.language import _l, say
from portal.foundation.money import parse_amount
from portal.placement.allocation import Order
from portal.placement.criteria import PLACEABLE_BUCKETS, PLACEABLE_KINDS, Criteria, Share
from portal.placement.labels import ORDERS
from portal.vendors.labels import KIND_LABELS
from portal.vendors.models import PlacementKind

__all__ = ["RunForm", "share_field"]

SHARE = "share_"
LONGEST_ANSWER = 40


def share_field(organisation_id: int) -> str:
    """The name of the field that holds an organisation's share."""
    return f"{SHARE}{organisation_id}"


class RunForm(Form):
    """Which accounts, in which order, how many. Shares are fields beside it, one for each possible receiver."""

    kind = SelectField(_l("Kind"), choices=options((k.value, KIND_LABELS[k]) for k in PLACEABLE_KINDS))
    currency = SelectField(_l("Currency"))
    buckets = SelectMultipleField(_l("Buckets"), widget=ListWidget(), option_widget=CheckboxInput())
    balance_from = StringField(_l("Balance from"))
    balance_to = StringField(_l("Balance up to"))
    most = StringField(_l("Accounts at most"))
    order = SelectField(_l("In this order"), choices=options((o.value, ORDERS[o]) for o in Order))
    seed = StringField(_l("Seed"))

    def __init__(self, asked: MultiDict[str, str], currencies: list[str], seed: int) -> None:
        """`asked`: the address's fields or a form's; nothing in it is the first showing, with the usual answers."""
        asked = MultiDict([(name, _printable(value)) for name, value in _pairs(asked)])
        usual: dict[str, Any] = {"buckets": ["M2", "M3"], "seed": str(seed), "order": Order.LARGEST.value}
        super().__init__(asked if "kind" in asked else None, data=usual)
        self.currency.choices = options((code, code) for code in currencies)
        self.buckets.choices = options((name, bucket(name)) for name in PLACEABLE_BUCKETS)
        if self.currency.data not in currencies:
            self.currency.data = currencies[0] if currencies else ""
        if self.kind.data not in {kind.value for kind in PLACEABLE_KINDS}:
            self.kind.data = PlacementKind.COLLECTION.value
        self.asked = asked

    @property
    def chosen_kind(self) -> PlacementKind:
        """The kind that receivers are looked up for."""
        return PlacementKind(self.kind.data)

    def criteria(self) -> Criteria:
        """The criteria as entered; DomainError naming the field where they cannot be meant."""
        currency = self.currency.data or ""
        if not currency:
            raise DomainError("run.currency", say("There are no accounts yet: import a file first."), field="currency")
        return Criteria(
            kind=self.chosen_kind,
            currency=currency,
            buckets=tuple(b for b in PLACEABLE_BUCKETS if b in (self.buckets.data or ())),
            from_minor=_amount("balance_from", self.balance_from.data, currency),
            to_minor=_amount("balance_to", self.balance_to.data, currency),
            most=_count("most", self.most.data),
            order=_order(self.order.data),
            seed=_count("seed", self.seed.data) or 0,
        ).check()

    def shares(self, organisation_ids: Iterable[int]) -> list[Share]:
        """The shares as entered, in percent on the page and of one here; who has none takes no part."""
        found = []
        for organisation_id in organisation_ids:
            written = self.asked.get(share_field(organisation_id), "").strip().removesuffix("%").strip()
            if written:
                found.append(Share(organisation_id, _percent(written)))
        return [share for share in found if share.share]

    def entries(self) -> list[tuple[str, str]]:
        """Every field with its value, to be sent again unseen."""
        names = {field.name for field in self}
        return [
            (name, value)
            for name, value in _pairs(self.asked)
            if name in names or name.startswith(SHARE)
        ]  # fmt: skip


def _printable(value: str) -> str:
    """What a field may show again, whatever an address holds."""
    return "".join(filter(str.isprintable, value))[:LONGEST_ANSWER]


def _pairs(asked: Mapping[str, str]) -> list[tuple[str, str]]:
    return list(asked.items(multi=True))  # type: ignore[call-arg]


def _amount(field: str, written: str | None, currency: str) -> int | None:
    if not (written or "").strip():
        return None
    try:
        return parse_amount(written or "", currency)
    except ValueError as error:
        words = say("Write an amount of the currency, for example 5000 or 5000.50.")
        raise DomainError("run.amount", words, field=field) from error


def _count(field: str, written: str | None) -> int | None:
    text = (written or "").strip().replace(",", "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise DomainError("run.count", say("Write a whole number."), field=field)
    return int(text)


def _order(written: str | None) -> Order:
    try:
        return Order(written or "")
    except ValueError as error:
        raise DomainError("run.order", say("This is none of the choices."), field="order") from error


def _percent(written: str) -> Decimal:
    try:
        share = Decimal(written) / 100
    except InvalidOperation as error:
        raise _no_share() from error
    if not share.is_finite() or share < 0 or share > 1 or share != round(share, 6):
        raise _no_share()
    return share


def _no_share() -> DomainError:
    words = say("Write a share as a percentage with at most four digits behind the point, for example 33.34.")
    return DomainError("run.share", words, field="shares")
