"""Filters of a table: one row of fields that the address bar holds, so that a view can be bookmarked and sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Literal

from portal.foundation.language import Message, say

if TYPE_CHECKING:
    from sqlalchemy import Select

__all__ = ["BadFilter", "Filter", "FilterKind", "FilterState"]

FilterKind = Literal["choice", "text", "range", "date", "period"]
LONGEST_TEXT = 200
_LARGEST = Decimal(10) ** 15


class BadFilter(ValueError):
    """What stands in the field cannot be meant; `args[0]` is the `Message` that says so."""

    @property
    def message(self) -> Message:
        """The words for the person."""
        reason: Message = self.args[0]
        return reason


@dataclass(frozen=True, slots=True)
class FilterState:
    """A filter as it stands on a page: what was written into it, and what is wrong with that."""

    filter: Filter
    field_names: tuple[str, ...]
    written: tuple[str, ...]
    choices: tuple[tuple[str, Any], ...] = ()
    error: Message | None = None

    @property
    def is_set(self) -> bool:
        """Whether somebody narrowed the list by it: what it does by itself is nobody's doing."""
        return self.error is None and any(self.written) and self.written != (self.filter.default,)


@dataclass(frozen=True)
class Filter:
    """A filter by name, label and kind; `apply(statement, value)` narrows the statement.

    The value is a str of `choices` (choice), a str (text), a date (date), a pair of Decimals (range) or of dates
    (period) of which one may be None; both ends belong to it. `choices` are pairs of value and label, or a callable
    that answers them. `default` is used while the address says nothing; an empty field overrides it.
    """

    name: str
    label: Any
    kind: FilterKind
    apply: Callable[[Select[Any], Any], Select[Any]]
    choices: Sequence[tuple[str, Any]] | Callable[[], Sequence[tuple[str, Any]]] = field(default=())
    default: str = ""

    def field_names(self, prefix: str = "") -> tuple[str, ...]:
        """The names in the address: one field, or two for what has two ends."""
        name = prefix + self.name
        return (f"{name}_from", f"{name}_to") if self.kind in ("range", "period") else (name,)

    def narrow(
        self, statement: Select[Any], args: Mapping[str, str], prefix: str = ""
    ) -> tuple[Select[Any], FilterState]:
        """The statement with this filter, and the filter as the page shows it. A bad value narrows nothing."""
        names = self.field_names(prefix)
        written = tuple(str(args.get(name, self.default)).strip()[:LONGEST_TEXT] for name in names)
        choices = tuple(self.choices() if callable(self.choices) else self.choices)
        error = None
        if any(written):
            try:
                statement = self.apply(statement, self._parse(written, choices))
            except BadFilter as bad:
                error = bad.message
        return statement, FilterState(self, names, written, choices, error)

    def _parse(self, written: tuple[str, ...], choices: tuple[tuple[str, Any], ...]) -> Any:
        if self.kind == "choice":
            if written[0] not in {str(value) for value, _ in choices}:
                raise BadFilter(say("This is none of the choices."))
            return written[0]
        if self.kind == "text":
            if not written[0].isprintable():
                raise BadFilter(say("Write letters and figures only."))
            return written[0]
        if self.kind == "date":
            return _date(written[0])
        read: Callable[[str], Any] = _figure if self.kind == "range" else _date
        low, high = (read(text) if text else None for text in written)
        if low is not None and high is not None and low > high:
            raise BadFilter(say("The first value is greater than the second."))
        return low, high


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadFilter(say("Write the date as year-month-day, for example 2026-11-20.")) from error


def _figure(text: str) -> Decimal:
    try:
        value = Decimal(text.replace(",", ""))
    except InvalidOperation as error:
        raise BadFilter(say("Write a number, for example 5000 or 5000.50.")) from error
    if not value.is_finite() or abs(value) > _LARGEST:
        raise BadFilter(say("This number is too large."))
    return value
