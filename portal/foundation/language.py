"""Words that are said in the reader's language, decided late.

Operations and rules know no request, so they cannot know who will read them. They `say` a message; pages, command
line and files translate it when somebody reads it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from portal.foundation.money import Money

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Message", "Named", "_l", "as_data", "from_data", "say", "say_count", "translate"]


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence in English with named gaps; `str()` is the English sentence itself."""

    msgid: str
    params: Mapping[str, Any] = field(default_factory=dict)
    plural: str = ""  # the same of more than one `n`, where the words differ

    def __str__(self) -> str:
        words = self.plural if self.plural and self.params["n"] != 1 else self.msgid
        return words % self.params if self.params else words.replace("%%", "%")

    def __html__(self) -> str:
        """In the reader's language also where a page puts it into a sentence of its own."""
        from markupsafe import escape

        return escape(translate(self))


@dataclass(frozen=True, slots=True)
class Named:
    """An organisation's name in a sentence, with the one it has in English; that is empty where it has none."""

    name: str
    english: str = ""

    def __str__(self) -> str:
        return self.english or self.name

    def in_words(self) -> str:
        """The one that the reader reads."""
        from flask_babel import get_locale

        return str(self) if str(get_locale() or "en") == "en" else self.name


def say(msgid: str, **params: Any) -> Message:
    """Marks a sentence for the catalogue and keeps its values apart from its words."""
    return Message(msgid, params)


def say_count(one: str, several: str, n: int, **params: Any) -> Message:
    """The same for a sentence about `n` things."""
    return Message(one, params | {"n": n}, several)


def _l(msgid: str) -> Any:
    """A label that is translated when it is shown; needs Flask-Babel only at that moment."""
    from flask_babel import lazy_gettext

    return lazy_gettext(msgid)


def translate(message: Message | str) -> str:
    """The message in the language of the person who is being served; English outside a request or command."""
    from flask import has_app_context
    from flask_babel import gettext, ngettext

    if isinstance(message, str):
        return message
    if not has_app_context():
        return str(message)
    params = {name: _in_words(value) for name, value in message.params.items()}
    if message.plural:
        params["n"] = _counted(params["n"])
        return str(ngettext(message.msgid, message.plural, message.params["n"], **params))
    sentence: str = gettext(message.msgid)
    return sentence % params if params else sentence.replace("%%", "%")


def _in_words(value: Any) -> Any:
    """A value of a sentence as its reader writes it: amounts with their sign, days and organisations by their names."""
    from portal.foundation.formats import day, money

    if isinstance(value, Message):
        return translate(value)
    if isinstance(value, Money):
        return money(value)
    if isinstance(value, Named):
        return value.in_words()
    return day(value) if type(value) is date else value


def as_data(message: Message) -> dict[str, Any]:
    """The message as JSON, to be kept with a row that has to explain itself later in either language."""
    params = {name: _kept(value) for name, value in message.params.items()}
    return {"msgid": message.msgid, "params": params} | ({"plural": message.plural} if message.plural else {})


def from_data(data: Mapping[str, Any]) -> Message:
    """The inverse of `as_data`."""
    params = {name: _found(value) for name, value in (data.get("params") or {}).items()}
    return Message(data["msgid"], params, data.get("plural", ""))


def _counted(n: int) -> str:
    from portal.foundation.formats import number

    return number(n)


_AS_THEY_ARE = frozenset((str, int, type(None)))  # most of what a sentence is told: a file of payments has millions


def _kept(value: Any) -> Any:
    if type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, Message):
        return as_data(value)
    if isinstance(value, Money):
        return {"minor": value.minor, "currency": value.currency}
    if isinstance(value, Named):
        return {"name": value.name, "english": value.english}
    return {"day": value.isoformat()} if type(value) is date else value


def _found(value: Any) -> Any:
    match value:
        case {"msgid": _}:
            return from_data(value)
        case {"minor": int(minor), "currency": str(currency)}:
            return Money(minor, currency)
        case {"name": str(name), "english": str(english)}:
            return Named(name, english)
        case {"day": str(day)}:
            return date.fromisoformat(day)
    return value
