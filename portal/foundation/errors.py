"""One type of error for everything that a person can mend or must be told."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from portal.foundation.language import Message, say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["DomainError", "Faults", "NotFound", "Refused", "SeveralErrors", "errors_in"]

Read = TypeVar("Read")
Otherwise = TypeVar("Otherwise")


class DomainError(Exception):
    """Something a person asked for cannot be done, with the words to say so.

    `code` is stable and dotted (`placement.own_run`), for files and interfaces; `message` is for people, in both
    languages; `field` names the form field it belongs to; `status` is what HTTP would say.
    """

    status = 422

    def __init__(self, code: str, message: Message, *, field: str | None = None, status: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.field = field
        if status is not None:
            self.status = status


class NotFound(DomainError):
    """What is not there, or not yours: for the asker that is the same."""

    status = 404

    def __init__(self, code: str = "not_found", message: Message | None = None) -> None:
        super().__init__(code, message or say("There is nothing here that you can see."))


class Refused(DomainError):
    """The state of things, or a rule about who may act, forbids it."""

    status = 409


class SeveralErrors(DomainError):
    """Several things to mend, told together; by itself it is the first of them."""

    def __init__(self, errors: Sequence[DomainError]) -> None:
        first = errors[0]
        super().__init__(first.code, first.message, field=first.field, status=first.status)
        self.errors = tuple(errors)


def errors_in(error: DomainError) -> tuple[DomainError, ...]:
    """Each of the things that an error tells together; itself where it tells one."""
    return error.errors if isinstance(error, SeveralErrors) else (error,)


class Faults:
    """What is wrong with what somebody wrote, gathered field by field, so that it is mended once."""

    def __init__(self) -> None:
        self._errors: list[DomainError] = []

    def __bool__(self) -> bool:
        return bool(self._errors)

    @property
    def fields(self) -> frozenset[str]:
        """The fields that something is wrong with."""
        return frozenset(error.field for error in self._errors if error.field)

    def read(self, how: Callable[[], Read], instead: Otherwise) -> Read | Otherwise:
        """What `how` reads; `instead` where that is an error, which is kept."""
        try:
            return how()
        except SeveralErrors as several:
            for each in several.errors:
                self.add(each)
        except DomainError as error:
            self.add(error)
        return instead

    def add(self, error: DomainError) -> None:
        """Keep what is known to be wrong. What cannot be read is not also missing: of a field the first thing is told."""
        if error.field is None or error.field not in self.fields:
            self._errors.append(error)

    def tell(self) -> None:
        """Raises what was gathered, where there is any."""
        if self:
            raise self.error()

    def error(self) -> DomainError:
        """All that was gathered, as one error; there is some."""
        return SeveralErrors(self._errors) if len(self._errors) > 1 else self._errors[0]
