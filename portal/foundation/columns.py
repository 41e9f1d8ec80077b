"""A column of a table: where its values come from, how they are shown, and how they go into a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum
from operator import attrgetter
from typing import Any, Literal

from sqlalchemy import ColumnElement

from portal.foundation.formats import local
from portal.foundation.money import Money, format_amount
from portal.foundation.states import StateTag

__all__ = ["Cell", "Column", "Kind"]

Kind = Literal[
    "text", "number", "money", "day", "month", "instant", "percent", "state", "bucket", "size", "why", "later"
]
FIGURES = frozenset({"number", "money", "percent", "size"})


@dataclass(frozen=True, slots=True)
class Cell:
    """One value, ready to be written by the macro or a file."""

    kind: Kind
    value: Any
    currency: str = ""
    link: str | None = None
    title: Any = None


@dataclass(frozen=True, kw_only=True)
class _Options:
    """What a column may say beside its name, label and kind."""

    expression: ColumnElement[Any] | Any = None
    value: Callable[[Any], Any] | str | None = None
    link: Callable[[Any], str | None] | None = None
    title: Callable[[Any], Any] | None = None
    currency: Callable[[Any], str] | str | None = None
    states: Mapping[Any, StateTag] = field(default_factory=dict)
    sortable: bool = False
    nullable: bool | None = None
    wraps: bool = False


@dataclass(frozen=True)
class Column(_Options):
    """A column by name, label and kind.

    `value`: how a row answers it, a callable or an attribute path; the name itself if left out.
    `expression`: the SQL that it sorts by; without one it cannot be sorted.
    `nullable`: whether the expression may be NULL; found out from the column where it can be.
    `currency` (money): a code, a callable of the row, or the attribute `currency` of the row if left out. Values are
    whole minor units or `Money`.
    `states` (state): from the value to its tag; a value that already is a `StateTag` needs none.
    A `why` is a sentence, or several, that unfolds in place; files carry it as text.
    `wraps`: long words that belong in sight break into lines instead of making the table wide.
    `link`: address of what the cell names. `title`: what hovering tells (a code behind a name).
    """

    name: str
    label: Any
    kind: Kind = "text"

    @property
    def is_figure(self) -> bool:
        """Figures stand at the right with aligned digits."""
        return self.kind in FIGURES

    def cell(self, row: Any) -> Cell:
        """The row's value of this column, for the page."""
        value = self._value(row)
        return Cell(
            self.kind,
            self._state(value) if self.kind == "state" else value,
            currency=self._currency(row, value) if self.kind == "money" and value is not None else "",
            link=self.link(row) if self.link else None,
            title=self.title(row) if self.title else None,
        )

    def heads_in_file(self, label: str, currency: str) -> list[str]:
        """Heads of this column in a file; an amount stands in two columns, figures and currency."""
        return [label, f"{label} ({currency})"] if self.kind == "money" else [label]

    def values_in_file(self, row: Any) -> list[Any]:
        """Values for a file: plain figures that a spreadsheet can add, codes for states,
        instants in the reader's zone."""
        cell = self.cell(row)
        value = cell.value
        if self.kind == "money":
            if value is None:
                return [None, None]
            minor = value.minor if isinstance(value, Money) else value
            return [Decimal(format_amount(minor, cell.currency)), cell.currency]
        if isinstance(value, StateTag):
            return [value.code]
        if isinstance(value, datetime):
            return [local(value)]
        if self.kind == "why" and not isinstance(value, str):
            return [" ".join(map(str, value or ()))]
        return [value.value if isinstance(value, Enum) else value]

    def _state(self, value: Any) -> Any:
        """A tag is its own, also one whose words carry values and so cannot be looked up."""
        return value if isinstance(value, StateTag) else self.states.get(value, value)

    def _value(self, row: Any) -> Any:
        if callable(self.value):
            return self.value(row)
        return attrgetter(self.value or self.name)(row)

    def _currency(self, row: Any, value: Any) -> str:
        if isinstance(value, Money):
            return value.currency
        if callable(self.currency):
            return self.currency(row)
        return self.currency or str(row.currency)
