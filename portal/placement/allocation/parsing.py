"""Reading JSON's values with care: what is missing, unknown or of the wrong kind is noted with its place and goes on."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from portal.placement.allocation.strategy import Problem, StrategyError

__all__ = ["Part", "Reader"]

LONGEST_TEXT = 200
MOST_DIGITS = 28


class Reader:
    """Collects what is wrong."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def part(self, data: Any, where: str, keys: str | None = None) -> Part:
        """A JSON object that has these keys and no other (None: any)."""
        if not isinstance(data, dict):
            text = "An object is meant here: { … }."
            self.problems.append(Problem("kind_of_value", where or "the file", text))
            data = {}
        known = None if keys is None else keys.split()
        if known is not None:
            for name in data:
                if name not in known:
                    text = f"“{name[:LONGEST_TEXT]}” is not known here. Known are: {', '.join(known)}."
                    self.problems.append(Problem("unknown_key", where or "the file", text))
        return Part(self, data, where)

    def check(self) -> None:
        """StrategyError if anything is wrong."""
        if self.problems:
            raise StrategyError(self.problems)


class Part:
    """A JSON object and where it stands. Reading a value that is missing or wrong notes it and answers a stand-in."""

    def __init__(self, reader: Reader, data: dict[str, Any], where: str) -> None:
        self.reader = reader
        self._data = data
        self._where = where

    def __contains__(self, name: str) -> bool:
        return name in self._data

    def get(self, name: str, otherwise: Any = None) -> Any:
        """The value as it stands."""
        return self._data.get(name, otherwise)

    def wrong(self, code: str, name: str, text: str) -> None:
        """Note something wrong with a value of this part."""
        self.reader.problems.append(Problem(code, self._place(name), text))

    def has_problems(self, name: str) -> bool:
        """Whether something is wrong within that value."""
        return any(problem.where.startswith(self._place(name)) for problem in self.reader.problems)

    def within(self, name: str) -> Part:
        """The object of that name, whose keys are codes."""
        return Part(self.reader, self.mapping(name), self._place(name))

    def inner(self, name: str, keys: str) -> Part:
        """An object that may be left out."""
        return self.reader.part(self._data.get(name, {}), self._place(name), keys)

    def text(self, name: str, otherwise: str | None = None) -> str:
        """A text, not empty unless it may be left out."""
        given = self._data.get(name, otherwise)
        if not isinstance(given, str) or len(given) > LONGEST_TEXT or not (given or otherwise == ""):
            self.wrong("text", name, f"A text of at most {LONGEST_TEXT} characters is meant here.")
            return ""
        if not given.isprintable():
            self.wrong("text", name, "Take out what cannot be printed.")
            return ""
        return given

    def whole(self, name: str, least: int, most: int, otherwise: int | None = None) -> int:
        """A whole number from `least` to `most`."""
        if name not in self._data and otherwise is not None:
            return otherwise
        given = self._data.get(name)
        if not isinstance(given, int) or isinstance(given, bool) or not least <= given <= most:
            self.wrong("whole_number", name, f"A whole number from {least} to {most} is meant here.")
            return least
        return given

    def decimal(self, name: str, least: Decimal, most: Decimal, otherwise: Decimal | None = None) -> Decimal:
        """An exact decimal written as text; a whole number may be a number."""
        if name not in self._data and otherwise is not None:
            return otherwise
        given = self._data.get(name)
        plain = isinstance(given, int) and not isinstance(given, bool)
        written = str(given) if plain and abs(given or 0) <= most else given
        try:
            if not isinstance(written, str) or not written.isascii() or len(written) > MOST_DIGITS:
                raise InvalidOperation
            value = Decimal(written)
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or not least <= value <= most or "e" in str(given).lower():
            text = f'An exact number from {least} to {most}, written as text, is meant here, as "0.25".'
            self.wrong("number", name, text)
            return least
        return value

    def flag(self, name: str, otherwise: bool) -> bool:
        """True or false."""
        given = self._data.get(name, otherwise)
        if not isinstance(given, bool):
            self.wrong("flag", name, "Write true or false.")
            return otherwise
        return given

    def day(self, name: str) -> date:
        """A date as 2026-11-26."""
        given = self._data.get(name)
        try:
            if isinstance(given, str) and len(given) == len("2026-11-26"):
                return date.fromisoformat(given)
        except ValueError:
            pass
        self.wrong("date", name, 'Write a date as "2026-11-26".')
        return date.min

    def listed(self, name: str, otherwise: list[Any]) -> list[Any]:
        """A list."""
        given = self._data.get(name, otherwise)
        if not isinstance(given, list):
            self.wrong("list", name, "A list is meant here: [ … ].")
            return otherwise
        return given

    def mapping(self, name: str) -> dict[str, Any]:
        """An object by codes or references, not empty."""
        given = self._data.get(name)
        if not isinstance(given, dict) or not given:
            if not self.has_problems(name):
                self.wrong("mapping", name, 'An object with at least one entry is meant here: {"HT": …}.')
            return {}
        return given

    def names(self, name: str, known: Collection[str] = ()) -> frozenset[str] | None:
        """A list of names that may be left out (None); of `known` ones, where given."""
        if name not in self._data:
            return None
        given = self._data[name]
        if not isinstance(given, list) or not all(isinstance(each, str) and each for each in given):
            self.wrong("names", name, 'A list of names is meant here: ["…"].')
            return None
        unknown = sorted(set(given) - set(known)) if known else []
        if unknown:
            self.wrong("unknown_word", name, f"“{unknown[0][:LONGEST_TEXT]}” is none of {', '.join(known)}.")
        return frozenset(given)

    def codes(self, name: str) -> tuple[str, ...]:
        """A list of receivers' codes, each once, not empty."""
        given = self._data.get(name)
        if not isinstance(given, list) or not given or not all(isinstance(code, str) and code for code in given):
            self.wrong("codes", name, 'A list of receivers\' codes is meant here: ["HT", "ZX"].')
            return ()
        if len(set(given)) < len(given):
            self.wrong("duplicate_receiver", name, "A receiver stands here twice. Name each once.")
        return tuple(dict.fromkeys(given))

    def _place(self, name: str) -> str:
        return f"{self._where}.{name}" if self._where else name
