"""One type of error for everything that a person can mend or must be told."""

from __future__ import annotations

from portal.foundation.language import Message, say

__all__ = ["DomainError", "NotFound", "Refused"]


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
