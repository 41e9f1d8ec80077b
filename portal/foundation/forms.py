"""What the forms of all rooms share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wtforms import FileField, MultipleFileField, SelectMultipleField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # its stubs are older
from wtforms.widgets import CheckboxInput, ListWidget

from portal.foundation.errors import errors_in
from portal.foundation.language import say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask_wtf import FlaskForm
    from wtforms import Field

    from portal.foundation.errors import DomainError
    from portal.foundation.language import Message

__all__ = ["ChoicesField", "options", "show_error"]


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
