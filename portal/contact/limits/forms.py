"""Forms of limits: what begins the time to sue anew, noted by a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from portal.contact.conduct import Ground
from portal.contact.limits.labels import GROUNDS
from portal.contact.limits.operations import LONGEST_WORDS
from portal.foundation.forms import to_choose
from portal.foundation.language import _l

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["RestartForm"]

_needed = InputRequired(_l("Fill this in."))
_chosen = InputRequired(_l("Choose one."))


class RestartForm(FlaskForm):
    """What happened, when, its number, and the file that proves it."""

    ground = SelectField(_l("What happened"), [_chosen])
    happened_on = DateField(
        _l("On"), [_needed], description=_l("The day on which it was filed or signed, or on which the letter went out.")
    )
    words = StringField(
        _l("Number of the case or letter"), [_needed, Length(max=LONGEST_WORDS)],
        description=_l("Read by the bank and by whoever notes it. No personal data."),
    )  # fmt: skip
    proof = FileField(
        _l("What proves it"), [FileRequired(_l("Choose the file that proves it."))],
        description=_l("A PDF, PNG or JPEG file of up to 10 MB."),
    )  # fmt: skip

    def __init__(self, grounds: Iterable[Ground], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.proof.flags.required = True
        self.ground.choices = to_choose((ground.value, GROUNDS[ground]) for ground in grounds)

    def chosen_ground(self) -> Ground:
        """What happened."""
        return Ground(self.ground.data)
