"""Forms of holds: raised, proved, released, and how many days each kind may stand."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from portal.contact.holds.operations import LONGEST_REASON
from portal.foundation.forms import to_choose
from portal.foundation.language import _l
from portal.portfolio.labels import HOLD_LABELS
from portal.portfolio.models import RAISED_BY_HAND, HoldFlag

__all__ = ["HoldForm", "ProofForm", "ReleaseForm"]

_needed = InputRequired(_l("Fill this in."))
_chosen = InputRequired(_l("Choose one."))
_PROOF = _l("A PDF, PNG or JPEG file of up to 10 MB.")


class HoldForm(FlaskForm):
    """Why nothing may be placed and nobody pressed, with what proves it."""

    flag = SelectField(
        _l("Hold"), [_chosen],
        choices=to_choose((flag.value, HOLD_LABELS[flag]) for flag in RAISED_BY_HAND),
    )  # fmt: skip
    reason = StringField(
        _l("Reason"), [_needed, Length(max=LONGEST_REASON)], description=_l("Both sides read it. No personal data.")
    )
    whole_person = BooleanField(_l("for all accounts of the person"))
    proof = FileField(_l("What proves it"), description=_PROOF)

    def chosen_flag(self) -> HoldFlag:
        """The kind of hold."""
        return HoldFlag(self.flag.data)


class ProofForm(FlaskForm):
    """One more file."""

    proof = FileField(_l("File"), description=_PROOF)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.proof.flags.required = True


class ReleaseForm(FlaskForm):
    """Why a hold may be ended."""

    reason = StringField(
        _l("Why may it be released?"), [_needed, Length(max=LONGEST_REASON)],
        description=_l("Both sides read it. No personal data."),
    )  # fmt: skip
    proof = FileField(_l("What proves it"), description=_PROOF)
