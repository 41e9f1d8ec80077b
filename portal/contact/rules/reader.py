"""How a pack is read, word by word: what is not known to the last word is refused, with the place where it stands.

A pack may come from anybody with a browser, so its text is hostile until it is understood: its size is bounded before it
is parsed and again when its aliases are spelled out, nothing in it makes an object, and no word stands twice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import time
from typing import Any, cast

import yaml

from portal.contact.conduct import Calendar
from portal.foundation.language import Message, say

__all__ = ["DAYS", "LONGEST_TEXT", "CalendarNamed", "PackError", "Reader", "clock", "parse"]

CalendarNamed = Callable[[str], Calendar]

LONGEST_TEXT = 100_000  # bytes; the longest pack that is shipped has a tenth of it
_MOST_NODES, _DEEPEST = 20_000, 30
_LARGEST_NUMBER = 36_500  # a hundred years of days
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class PackError(ValueError):
    """A pack says something that the engine does not know. `message` names the pack or rule and the word, in both languages."""

    def __init__(self, where: Message | str, what: Message) -> None:
        self.message = say("%(where)s: %(what)s", where=where, what=what)
        super().__init__(str(self.message))


class Reader:
    """A mapping whose every word must be known."""

    def __init__(self, where: Message | str, value: Any, known: set[str]) -> None:
        if not isinstance(value, dict):
            raise PackError(where, say("a mapping is wanted"))
        unknown = {str(key)[:60] for key in value} - known
        if unknown:
            raise PackError(where, say("unknown word “%(word)s”", word=sorted(unknown)[0]))
        self.where, self._value = where, cast("Mapping[str, Any]", value)

    def __contains__(self, key: str) -> bool:
        return key in self._value

    def __iter__(self) -> Iterator[str]:
        return iter(self._value)

    def error(self, what: Message) -> PackError:
        """What is wrong, with the place where it stands."""
        return PackError(self.where, what)

    def get(self, key: str) -> Any:
        if key not in self._value:
            raise self.error(say("“%(key)s” is missing", key=key))
        return self._value[key]

    def optional(self, key: str, default: Any) -> Any:
        return self._value.get(key, default)

    def items(self, key: str) -> list[Any]:
        """A list of one or more."""
        value = self.get(key)
        if not isinstance(value, list) or not value:
            raise self.error(say("“%(key)s” takes a list", key=key))
        return value

    def text(self, key: str, most: int = 200, default: str | None = None) -> str:
        """A line of text; numbers count as text, since YAML reads 1 as one."""
        value = self.get(key) if default is None else self.optional(key, default)
        if (
            isinstance(value, bool)
            or not isinstance(value, str | int)
            or not 0 < len(str(value)) + (default == "") <= most
        ):
            raise self.error(
                say("“%(key)s” takes a text of at most %(most)s characters, in quotes", key=key, most=most)
            )
        return str(value)

    def named(self, key: str, pattern: str, default: str | None = None) -> str:
        """A name of small letters, digits and the marks of `pattern`."""
        value = self.text(key, default=default)
        if value and not re.fullmatch(pattern, value):
            raise self.error(say("“%(key)s” is no name: use letters, digits, dots and hyphens", key=key))
        return value

    def flag(self, key: str) -> bool:
        """True or false; false where it is left out."""
        value = self.optional(key, False)
        if not isinstance(value, bool):
            raise self.error(say("“%(key)s” takes true or false", key=key))
        return value

    def words(self, key: str, known: frozenset[str] | None, default: list[str] | None = None) -> frozenset[str]:
        """A list of known words; of any where `known` is None."""
        value = self.get(key) if default is None else self.optional(key, default)
        if not isinstance(value, list) or not all(isinstance(word, str) and len(word) <= 200 for word in value):
            raise self.error(say("“%(key)s” takes a list of words", key=key))
        if known is not None and not set(value) <= known:
            raise self.error(say("“%(key)s” takes a list of %(words)s", key=key, words=", ".join(sorted(known))))
        return frozenset(value)

    def word(self, key: str, known: frozenset[str]) -> str:
        """One known word."""
        value = self.get(key)
        if not isinstance(value, str) or value not in known:
            raise self.error(say("“%(key)s” takes one of %(words)s", key=key, words=", ".join(sorted(known))))
        return value

    def number(self, key: str, default: int | None = None, most: int = _LARGEST_NUMBER) -> int:
        """A whole number of 1 or more; 0 where it may be left out and is."""
        value = self.get(key) if default is None else self.optional(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or (value < 1 and value != default) or value > most:
            raise self.error(say("“%(key)s” takes a whole number from 1 to %(most)s", key=key, most=most))
        return value


def clock(where: Message | str, value: Any) -> time:
    """A clock time, which YAML would read as a number without its quotes."""
    if not isinstance(value, str) or not _CLOCK.fullmatch(value):
        raise PackError(where, say("times are quoted, like “08:00”"))
    return time.fromisoformat(value)


# --- from text ------------------------------------------------------------------------------------------------------------


class _Loader(yaml.SafeLoader):
    """Plain values only, and no word of a mapping twice, since the later one would hide the earlier."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    named = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
    twice = [name for name, times in Counter(named).items() if times > 1]
    if twice:
        raise PackError(
            say("line %(line)s", line=node.start_mark.line + 1), say("“%(word)s” stands twice", word=min(twice))
        )
    loader.flatten_mapping(node)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def parse(text: str) -> Any:
    """The values of a YAML text. PackError for what is no YAML, too long, or too much once its aliases are spelled out."""
    pack = say("the pack")
    if len(text.encode("utf-8", "replace")) > LONGEST_TEXT:
        raise PackError(pack, say("longer than %(most)s bytes", most=LONGEST_TEXT))
    try:
        found = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except PackError:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = say("line %(line)s", line=mark.line + 1) if mark else pack
        raise PackError(where, say("this is no YAML; check indents, brackets and quotes")) from error
    except (yaml.YAMLError, RecursionError, ValueError, TypeError, OverflowError) as error:
        raise PackError(pack, say("this is no YAML; check indents, brackets and quotes")) from error
    _bound(found, [_MOST_NODES], 0)
    return found


def _bound(value: Any, left: list[int], depth: int) -> None:
    """Counts what is there with every alias spelled out: a few lines of aliases may stand for more than memory holds."""
    left[0] -= 1
    if left[0] < 0 or depth > _DEEPEST:
        raise PackError(say("the pack"), say("too much is nested in it"))
    if isinstance(value, dict):
        for key, each in value.items():
            _bound(key, left, depth + 1)
            _bound(each, left, depth + 1)
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            _bound(each, left, depth + 1)
