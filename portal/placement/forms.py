"""The one form of a new run. Its fields stand in the address, so that a question can be sent; saving sends the same ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from functools import cached_property, partial
from typing import Any, TypeGuard, cast

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Form, HiddenField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.widgets import CheckboxInput, ListWidget

from portal.foundation.errors import DomainError, Faults
from portal.foundation.formats import bucket
from portal.foundation.forms import options
from portal.foundation.language import Message, _l, say
from portal.foundation.money import parse_amount
from portal.placement.allocation import By, Licence, Order, Overflow
from portal.placement.conditions import Conditions
from portal.placement.criteria import PLACEABLE_BUCKETS, PLACEABLE_KINDS, Criteria, UnknownLimitation
from portal.placement.labels import MEASURES, METHODS, ORDERS, OVERFLOWS, STRATA_WORDS
from portal.placement.method import Method, MethodKind
from portal.vendors.labels import KIND_LABELS
from portal.vendors.models import PlacementKind

__all__ = ["RunForm", "is_share_field", "method_fields", "role_field", "share_field"]

SHARE, ROLE = "share_", "role_"
LONGEST_ANSWER = 40
LONGEST_PICKS = 2_400  # it stands in the address
LARGEST_VALUE = 1_000_000
PERCENTAGES = {MethodKind.SHARES.value, MethodKind.CHAMPION.value}  # whose numbers mean the same


def role_field(organisation_id: int) -> str:
    """The name of the field that makes an organisation a challenger."""
    return f"{ROLE}{organisation_id}"


def share_field(organisation_id: int) -> str:
    """The name of the field that holds an organisation's share."""
    return f"{SHARE}{organisation_id}"


def is_share_field(name: str | None) -> TypeGuard[str]:
    """Whether it is the field of some organisation's share."""
    return name is not None and name.startswith(SHARE)


FORMER = {
    "never": _l("never again"),
    "1": _l("not right after"),
    "2": _l("not within 2 rounds"),
    "3": _l("not within 3 rounds"),
    "0": _l("allowed"),
}
LICENCES = {Licence.DAY: _l("on the day of placing"), Licence.TERM: _l("through the whole term")}
UNKNOWN = {UnknownLimitation.PLACE: _l("place it"), UnknownLimitation.LEAVE_OUT: _l("leave it out")}
SPREADS = ("balance", "region")  # the bucket always counts


class RunForm(Form):
    """Which accounts, in which order, how many, and how they are shared out. What each receiver gets are fields beside it,
    one for each possible receiver."""

    kind = SelectField(_l("Kind"), choices=options((k.value, KIND_LABELS[k]) for k in PLACEABLE_KINDS))
    segment = SelectField(_l("Segment"))
    recall = HiddenField()
    currency = SelectField(_l("Currency"))
    buckets = SelectMultipleField(_l("Buckets"), widget=ListWidget(), option_widget=CheckboxInput())
    balance_from = StringField(_l("Balance from"))
    balance_to = StringField(_l("Balance up to"))
    most = StringField(_l("Accounts at most"))
    order = SelectField(_l("In this order"), choices=options((o.value, ORDERS[o]) for o in Order))
    seed = StringField(_l("Seed"))
    method = SelectField(_l("Method"), choices=options((k.value, METHODS[k]) for k in MethodKind))
    by = SelectField(_l("Shares are"), choices=options((by.value, words) for by, words in MEASURES.items()))
    overflow = SelectField(_l("What does not fit"), choices=options((o.value, w) for o, w in OVERFLOWS.items()))
    part = StringField(_l("Challengers' part, %"))
    floor = StringField(_l("Smallest share, %"))
    ceiling = StringField(_l("Largest share, %"))
    fill = BooleanField(_l("what is left goes to whoever has room"))
    former = SelectField(_l("To a former holder"), choices=options(FORMER.items()))
    cool_down = StringField(_l("Days between placements"))
    licence = SelectField(_l("Licence valid"), choices=options((k.value, w) for k, w in LICENCES.items()))
    spread = SelectMultipleField(
        _l("Comparable also by"), widget=ListWidget(), option_widget=CheckboxInput(),
        choices=options((name, STRATA_WORDS[name]) for name in SPREADS),
    )  # fmt: skip
    unknown_limitation = SelectField(
        _l("Limitation not known"), choices=options((u.value, words) for u, words in UNKNOWN.items())
    )
    picks = TextAreaField(_l("Picked by hand"))
    meant = HiddenField()  # the method that the receivers' numbers were written for

    def __init__(
        self,
        asked: MultiDict[str, str],
        currencies: list[str],
        seed: int,
        segments: Sequence[tuple[int, str]] = (),
        criteria_of: Callable[[int], Criteria] | None = None,
    ) -> None:
        """`asked`: the address's fields or a form's; nothing in it is the first showing, with the usual answers.
        `segments`: saved ones by id and name; `criteria_of` answers what one of them asks for."""
        asked = MultiDict([(name, _printable(name, value)) for name, value in _pairs(asked)])
        method = asked.get("method") or MethodKind.SHARES.value
        self._is_new_method = asked.get("meant") != method
        if self._is_new_method and "meant" in asked and not {asked["meant"], method} <= PERCENTAGES:
            asked = MultiDict([(name, value) for name, value in _pairs(asked) if not name.startswith((SHARE, ROLE))])
        if "kind" in asked:
            asked["meant"] = method
        self.receiver_errors: dict[str, Message] = {}
        usual: dict[str, Any] = {
            "buckets": ["M2", "M3"], "seed": str(seed), "order": Order.LARGEST.value, "former": "never", "cool_down": "0",
            "part": "10", "floor": "0", "ceiling": "100", "spread": ["balance"], "segment": asked.get("segment", ""),
            "recall": asked.get("recall", ""),
        }  # fmt: skip
        if usual["recall"]:
            usual["buckets"] = list(PLACEABLE_BUCKETS)
        super().__init__(asked if "kind" in asked else None, data=usual)
        self.currency.choices = options((code, code) for code in currencies)
        self.buckets.choices = options((name, bucket(name)) for name in PLACEABLE_BUCKETS)
        self.segment.choices = [("", _l("none: as chosen here")), *options((str(n), name) for n, name in segments)]
        self._keep_to_choices(currencies, {str(number) for number, _ in segments})
        self.asked = asked
        self._criteria_of = criteria_of

    def _keep_to_choices(self, currencies: list[str], segments: set[str]) -> None:
        """What an address says that is none of the choices becomes the first of them."""
        if self.currency.data not in currencies:
            self.currency.data = currencies[0] if currencies else ""
        if self.segment.data not in segments:
            self.segment.data = ""
        known: tuple[tuple[SelectField, Sequence[str]], ...] = (
            (self.kind, PLACEABLE_KINDS), (self.method, tuple(MethodKind)), (self.by, tuple(By)),
            (self.overflow, tuple(Overflow)), (self.former, tuple(FORMER)), (self.licence, tuple(LICENCES)),
            (self.unknown_limitation, tuple(UNKNOWN)),
        )  # fmt: skip
        for field, choices in known:
            if field.data not in choices:
                field.data = str(choices[0])

    @property
    def chosen_kind(self) -> PlacementKind:
        """The kind that receivers are looked up for."""
        return PlacementKind(self.kind.data)

    @property
    def chosen_method(self) -> MethodKind:
        """How accounts are shared out."""
        return MethodKind(self.method.data)

    @property
    def chosen_currency(self) -> str:
        """The currency that receivers are looked up for: a segment has its own."""
        base = self._base
        return base.currency if base else self.currency.data or ""

    @cached_property
    def _base(self) -> Criteria | None:
        """What the chosen segment asks for; looked up once, though currency and criteria both come from it."""
        if not self.segment.data or self._criteria_of is None:
            return None
        return self._criteria_of(int(self.segment.data))

    def question(self, organisation_ids: Iterable[int]) -> tuple[Criteria, Method]:
        """Which accounts, and how they are shared out; DomainError naming every field that cannot be read."""
        ids, faults = list(organisation_ids), Faults()
        criteria = faults.read(self.criteria, None)
        method = faults.read(lambda: self.asked_method(ids), None)
        faults.tell()
        return cast("Criteria", criteria), cast("Method", method)  # none was at fault

    def criteria(self) -> Criteria:
        """The criteria as entered; DomainError naming the field where they cannot be meant."""
        currency = self.currency.data or ""
        if not currency:
            raise DomainError("run.currency", say("There are no accounts yet: import a file first."), field="currency")
        faults = Faults()
        most = faults.read(lambda: _count("most", self.most.data), None)
        order = faults.read(lambda: _order(self.order.data), Order.LARGEST)
        seed = faults.read(lambda: _count("seed", self.seed.data), None) or 0
        unknown = UnknownLimitation(self.unknown_limitation.data)
        base = self._base
        if base is None:
            least = faults.read(lambda: _amount("balance_from", self.balance_from.data, currency), None)
            largest = faults.read(lambda: _amount("balance_to", self.balance_to.data, currency), None)
        faults.tell()
        if base is not None:
            return replace(
                base, kind=self.chosen_kind, most=most, order=order, seed=seed, unknown_limitation=unknown
            ).check()
        return Criteria(
            kind=self.chosen_kind,
            currency=currency,
            buckets=tuple(b for b in PLACEABLE_BUCKETS if b in (self.buckets.data or ())),
            from_minor=least,
            to_minor=largest,
            most=most,
            order=order,
            seed=seed,
            unknown_limitation=unknown,
            conditions=Conditions(returned_by=_count("recall", self.recall.data)),
        ).check()

    def asked_method(self, organisation_ids: Iterable[int]) -> Method:
        """How accounts are to be shared out; DomainError naming the field where it cannot be read. Whether it can be meant
        is asked where it is used, so that a half-filled form shows its counts."""
        kind, faults = self.chosen_method, Faults()
        written = {
            organisation_id: self.asked.get(share_field(organisation_id), "") for organisation_id in organisation_ids
        }
        read = {
            organisation_id: faults.read(partial(_value_of, kind, organisation_id, text.strip()), Decimal(0))
            for organisation_id, text in written.items()
        }
        values = {organisation_id: value for organisation_id, value in read.items() if value}
        part, floor, ceiling = (
            faults.read(partial(_part, name, self[name].data), Decimal(0)) for name in ("part", "floor", "ceiling")
        )
        cool_down = faults.read(lambda: _count("cool_down", self.cool_down.data), None) or 0
        picks = faults.read(lambda: _picks(self.picks.data or ""), ())
        faults.tell()
        return Method(
            kind=kind,
            values=values,
            by=By(self.by.data),
            overflow=Overflow(self.overflow.data),
            challengers=frozenset(o for o in values if self.asked.get(role_field(o))),
            part=part,
            floor=floor,
            ceiling=ceiling,
            strata=("bucket", *(name for name in SPREADS if name in (self.spread.data or ()))),
            former_rounds=None if self.former.data == "never" else int(self.former.data),
            cool_down_days=cool_down,
            licence=Licence(self.licence.data),
            picks=picks,
            fill=bool(self.fill.data),
        )

    @property
    def wants_scores(self) -> bool:
        """Whether scores are asked for and nobody has written any: the portal then proposes what was recovered."""
        return (
            self._is_new_method
            and self.chosen_method is MethodKind.PERFORMANCE
            and not any(map(is_share_field, self.asked))
        )

    def fill_in(self, scores: Mapping[int, Decimal]) -> None:
        """Propose scores, as if somebody had written them."""
        for organisation_id, score in scores.items():
            self.asked[share_field(organisation_id)] = format(score.normalize(), "f")

    def entries(self) -> list[tuple[str, str]]:
        """Every field with its value, to be sent again unseen."""
        names = {field.name for field in self}
        return [
            (name, value)
            for name, value in _pairs(self.asked)
            if name in names or name.startswith((SHARE, ROLE))
        ]  # fmt: skip


def _value_of(kind: MethodKind, organisation_id: int, written: str) -> Decimal:
    """What stands in one receiver's field; 0 where nothing does. DomainError naming that field."""
    try:
        return _value(kind, written) if written else Decimal(0)
    except DomainError as error:
        raise DomainError(error.code, error.message, field=share_field(organisation_id)) from error


def _value(kind: MethodKind, written: str) -> Decimal:
    """What a receiver's field means: a percentage, a score, a rank, or that it takes part."""
    if kind in (MethodKind.SHARES, MethodKind.CHAMPION):
        return _percent(written.removesuffix("%").strip())
    if kind is MethodKind.EQUAL:
        return Decimal(0) if written in ("0", "no") else Decimal(1)
    try:
        value = Decimal(written)
    except InvalidOperation as error:
        raise _no_value(kind) from error
    whole = kind is not MethodKind.RANKED or value == int(value) if value.is_finite() else False
    if not whole or not 0 <= value <= LARGEST_VALUE or value != round(value, 6):
        raise _no_value(kind)
    return value


def _no_value(kind: MethodKind) -> DomainError:
    if kind is MethodKind.RANKED:
        return DomainError("run.rank", say("Write a rank as a whole number: 1 is filled first."), field="shares")
    return DomainError("run.score", say("Write a score as a number of 0 or more, for example 12.5."), field="shares")


def _part(field: str, written: str | None) -> Decimal:
    try:
        return _percent((written or "0").strip().removesuffix("%").strip())
    except DomainError as error:
        raise DomainError("run.share", error.message, field=field) from error


def _picks(written: str) -> tuple[tuple[str, str], ...]:
    """Lines of an account's reference and a receiver's code; DomainError naming the lines that are none."""
    lines = [line.replace(",", " ").replace(";", " ").split() for line in written.splitlines()]
    wrong = [str(number) for number, parts in enumerate(lines, 1) if len(parts) not in (0, 2)]
    if wrong:
        words = say("Line %(line)s: write an account's reference and a receiver's code.", line=", ".join(wrong))
        raise DomainError("run.picks", words, field="picks")
    return tuple((parts[0], parts[1].upper()) for parts in lines if parts)


def method_fields(method: Method) -> list[tuple[str, str]]:
    """The fields that ask for a method, for an address."""
    percent = method.kind in (MethodKind.SHARES, MethodKind.CHAMPION)
    fields = [
        ("method", method.kind.value), ("by", method.by.value), ("overflow", method.overflow.value),
        ("part", _hundredfold(method.part)), ("floor", _hundredfold(method.floor)),
        ("ceiling", _hundredfold(method.ceiling)), ("cool_down", str(method.cool_down_days)),
        ("former", "never" if method.former_rounds is None else str(method.former_rounds)),
        ("licence", method.licence.value),
    ]  # fmt: skip
    fields += [("spread", name) for name in method.strata if name in SPREADS]
    fields += [("fill", "y")] if method.fill else []
    fields += [("picks", "\n".join(" ".join(pick) for pick in method.picks))] if method.picks else []
    for organisation, value in method.values.items():
        fields.append((share_field(organisation), _hundredfold(value) if percent else format(value.normalize(), "f")))
        fields += [(role_field(organisation), "y")] if organisation in method.challengers else []
    return fields


def _hundredfold(part: Decimal) -> str:
    return format((part * 100).normalize(), "f")


def _printable(name: str, value: str) -> str:
    """What a field may show again, whatever an address holds."""
    if name == "picks":
        return "".join(c for c in value if c.isprintable() or c == "\n")[:LONGEST_PICKS]
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
