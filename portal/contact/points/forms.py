"""The form by which a number or address that was found is entered."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length

from portal.contact.outcomes import PARTIES
from portal.contact.points.labels import GROUND_LABELS
from portal.contact.points.operations import LONGEST_SOURCE, LONGEST_VALUE, Find
from portal.foundation.forms import options, to_choose
from portal.foundation.language import _l
from portal.portfolio.labels import CONTACT_KINDS
from portal.portfolio.models import ContactKind

__all__ = ["FoundForm"]

_needed = InputRequired(_l("Fill this in."))


class FoundForm(FlaskForm):
    """A contact point that is not on file: whose, where found, on which ground."""

    kind = SelectField(_l("Kind"), render_kw={"autofocus": True})
    value = StringField(_l("Number or address"), [_needed, Length(max=LONGEST_VALUE)])
    relation = SelectField(_l("Whose it is"))
    source = StringField(_l("Where it was found"), [_needed, Length(max=LONGEST_SOURCE)])
    lawful_ground = SelectField(_l("Lawful ground"), [_needed])

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind.choices = options((kind.value, label) for kind, label in CONTACT_KINDS.items())
        self.relation.choices = options(PARTIES.items())
        self.lawful_ground.choices = to_choose(GROUND_LABELS.items())

    def find(self) -> Find:
        """What was entered."""
        return Find(
            kind=ContactKind(self.kind.data), value=self.value.data or "", relation=self.relation.data or "",
            source=self.source.data or "", ground=self.lawful_ground.data or "",
        )  # fmt: skip
