"""What the forms of all rooms share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from wtforms import FileField, MultipleFileField, SelectMultipleField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # its stubs are older
from wtforms.widgets import CheckboxInput, ListWidget

from portal.foundation.errors import errors_in
from portal.foundation.language import _l, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask_wtf import FlaskForm
    from wtforms import Field

    from portal.foundation.errors import DomainError
    from portal.foundation.language import Message

__all__ = ["MINUTES", "ChoicesField", "instant_of", "key_of", "options", "show_error", "to_choose"]

MINUTES: Final = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]  # how browsers and people write day and time


class ChoicesField(SelectMultipleField):
    """Several of a few, each with its box."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def show_error(form: FlaskForm, error: DomainError) -> None:
    """Put what an operation refused beside its field, or above the form where it has none. Files that came with the form are
    to be chosen again: no browser sends them back."""
    for each in errors_in(error):
        if each.field and each.field in form:
            _add(form[each.field], each.message)
        else:
            form.form_errors.append(each.message)
    for field in form:
        if isinstance(field, FileField | MultipleFileField) and not field.errors and (names := _names(field)):
            _add(field, say("Choose the file again, nothing was kept of it: %(names)s.", names=names))


def _add(field: Field, message: Message) -> None:
    field.errors = [*field.errors, message]  # type: ignore[list-item]  # translated when shown


def _names(field: Field) -> str:
    several = field.data if isinstance(field.data, list | tuple) else [field.data]
    return ", ".join(file.filename for file in several if getattr(file, "filename", ""))


def options(pairs: Iterable[tuple[Any, Any]]) -> Any:
    """The choices of a select from pairs of value and label."""
    return [SelectChoice(value, label) for value, label in pairs]


def to_choose(pairs: Iterable[tuple[Any, Any]], nothing: Any = None) -> Any:
    """The choices of a select that stands on none of them at first. `nothing`: what that is called; "choose" if left out."""
    return options([("", nothing or _l("choose")), *pairs])


def key_of(text: str | None) -> int | None:
    """The id that a select or an address holds; None for what cannot be one."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def instant_of(entered: datetime | None, zone: str) -> datetime | None:
    """What was entered as the clock of a zone shows it, as an instant."""
    return entered.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) if entered else None
