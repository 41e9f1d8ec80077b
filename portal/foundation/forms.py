"""What the forms of all rooms share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wtforms import SelectMultipleField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # its stubs are older
from wtforms.widgets import CheckboxInput, ListWidget

from portal.foundation.errors import SeveralErrors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask_wtf import FlaskForm
    from wtforms import Field

    from portal.foundation.errors import DomainError

__all__ = ["ChoicesField", "options", "show_error"]


class ChoicesField(SelectMultipleField):
    """Several of a few, each with its box."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def show_error(form: FlaskForm, error: DomainError) -> None:
    """Put what an operation refused beside its field, or above the form where it has none."""
    if isinstance(error, SeveralErrors):
        for each in error.errors:
            show_error(form, each)
        return
    if error.field and error.field in form:
        field: Field = form[error.field]
        field.errors = [*field.errors, error.message]  # type: ignore[list-item]  # translated when shown
    else:
        form.form_errors.append(error.message)


def options(pairs: Iterable[tuple[Any, Any]]) -> Any:
    """The choices of a select from pairs of value and label."""
    return [SelectChoice(value, label) for value, label in pairs]
