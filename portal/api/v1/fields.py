"""What the parts of a request may be, and what is said where one is not: codes and sentences as everywhere else.

marshmallow keeps whatever is raised beside its field, so faults go through it as DomainErrors (`foundation/problems.py`
takes them out again).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from portal.api.v1.paging import bad_cursor
from portal.foundation.errors import DomainError
from portal.foundation.language import say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from portal.foundation.language import Message

__all__ = ["Asked", "Day", "Flag", "Instant", "Key", "Place", "Rows", "Text", "Texts", "Whole", "Word", "fault"]

LARGEST_KEY: Final = 2**63 - 1
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,6})?\d*([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DIGITS: Final = re.compile(r"-?\d{1,19}", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def fault(code: str, message: Message) -> Any:
    """One thing that is wrong, as marshmallow takes messages."""
    return [DomainError(f"field.{code}", message)]


def _refuse(code: str, message: Message) -> ValidationError:
    return ValidationError(fault(code, message))


_USUAL: Any = {
    "required": fault("missing", say("Fill this in.")),
    "null": fault("missing", say("Leave this out, or fill it in.")),
    "validator_failed": fault("invalid", say("This value cannot be read.")),
}


class Asked(Schema):
    """What a request holds. What nobody knows is refused: a misspelt name would be lost in silence."""

    class Meta:
        unknown = RAISE

    error_messages: Any = {
        "unknown": fault("unknown", say("There is no field of this name here."))[0],
        "type": fault("type", say("A JSON object is expected here."))[0],
    }


class Text(fields.String):
    """Text of at most so many characters."""

    default_error_messages: Any = _USUAL | {
        "invalid": fault("type", say("Text is expected here.")),
        "invalid_utf8": fault("type", say("Text is expected here.")),
    }

    def __init__(self, longest: int, *, shortest: int = 0, **more: Any) -> None:
        super().__init__(validate=_Length(min=shortest or None, max=longest), **more)


class Place(fields.String):
    """A cursor: what no page of any list gives out is told as such."""

    default_error_messages: Any = Text.default_error_messages

    def __init__(self, **more: Any) -> None:
        super().__init__(validate=[_Length(max=1_000), _OfCursor(r"^[A-Za-z0-9._-]*$")], **more)


class Word(fields.String):
    """One of a few words."""

    default_error_messages: Any = Text.default_error_messages

    def __init__(self, words: Iterable[str], **more: Any) -> None:
        super().__init__(validate=_OneOf(list(words)), **more)


class Whole(fields.Integer):
    """A whole number within bounds."""

    default_error_messages: Any = _USUAL | {
        "invalid": fault("type", say("A whole number is expected here.")),
        "too_large": fault("range", say("A whole number is expected here.")),
    }

    def __init__(self, least: int, most: int, *, in_address: bool = False, **more: Any) -> None:
        super().__init__(strict=True, validate=_Range(min=least, max=most), **more)
        self._in_address = in_address

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        if self._in_address:  # where everything is text
            if not _DIGITS.fullmatch(str(value)):
                raise self.make_error("invalid", input=value)
            value = int(value)
        elif isinstance(value, float) and value.is_integer():  # 1.0 is a whole number in JSON
            value = int(value)
        return super()._deserialize(value, attr, data, **more)


class Key(Whole):
    """The key of a row."""

    def __init__(self, **more: Any) -> None:
        super().__init__(1, LARGEST_KEY, **more)


class Flag(fields.Boolean):
    """true or false, and nothing that reads like them."""

    truthy = {True}
    falsy = {False}
    default_error_messages: Any = _USUAL | {"invalid": fault("type", say("true or false is expected here."))}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Instant(fields.DateTime):
    """A date and time with its offset (RFC 3339); in UTC from here on."""

    default_error_messages: Any = _USUAL | {
        "invalid": fault("instant", say("Write date, time and offset, for example 2005-07-01T09:30:00+08:00."))
    }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> datetime:
        found = _INSTANT.fullmatch(value) if isinstance(value, str) else None
        if not found:
            raise self.make_error("invalid")
        try:
            return datetime.fromisoformat(value.upper().replace(" ", "T")).astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.make_error("invalid") from None


class Day(fields.Date):
    """A day."""

    default_error_messages: Any = _USUAL | {"invalid": fault("day", say("Write a day, for example 2005-07-01."))}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> date:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise self.make_error("invalid")
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise self.make_error("invalid") from None


class Texts(fields.List[str]):
    """Several texts."""

    default_error_messages: Any = _USUAL | {"invalid": fault("type", say("A list is expected here."))}

    def __init__(self, longest: int, most: int, **more: Any) -> None:
        super().__init__(Text(longest, shortest=1), validate=_Length(max=most), **more)


class Rows(fields.List[Any]):
    """Several objects of one kind."""

    default_error_messages: Any = Texts.default_error_messages

    def __init__(self, schema: type[Schema], most: int, **more: Any) -> None:
        super().__init__(_Nested(schema), validate=_Length(min=1, max=most), **more)


class _Nested(fields.Nested):
    default_error_messages: Any = _USUAL | {"type": fault("type", say("A JSON object is expected here."))}


class _Length(validate.Length):
    def __call__(self, value: Any) -> Any:
        if self.min is not None and len(value) < self.min:
            raise _refuse("missing", say("Fill this in."))
        if self.max is not None and len(value) > self.max:
            words = say("At most %(most)s are taken here.", most=self.max)
            if isinstance(value, str):
                words = say("At most %(most)s characters are taken here.", most=self.max)
            raise _refuse("too_long", words)
        return value


class _OfCursor(validate.Regexp):
    def __call__(self, value: Any) -> Any:
        if not self.regex.fullmatch(value):
            raise ValidationError([bad_cursor()])
        return value


class _Range(validate.Range):
    def __call__(self, value: Any) -> Any:
        if (self.min is not None and value < self.min) or (self.max is not None and value > self.max):
            raise _refuse("range", say("From %(least)s to %(most)s.", least=self.min, most=self.max))
        return value


class _OneOf(validate.OneOf):
    def __call__(self, value: Any) -> Any:
        if value not in self.choices:
            raise _refuse("unknown_value", say("Not one of: %(known)s.", known=", ".join(map(str, self.choices))))
        return value
