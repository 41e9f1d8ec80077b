"""The form of a plan that is tried."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import DateField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.commission.trying import Asked
from portal.foundation.errors import DomainError
from portal.foundation.forms import key_of
from portal.foundation.language import _l, say

__all__ = ["TrialForm"]

_needed = InputRequired(_l("Fill this in."))


class TrialForm(FlaskForm):
    """Which plan, on whose payments, over which days."""

    contract_id = SelectField(_l("Contract"), [_needed])
    first_on = DateField(_l("Value dates from"), [_needed])
    last_on = DateField(_l("to"), [_needed])
    version = StringField(
        _l("Version whose plan is tried"), [Optional(), Length(max=6)], description=_l("Or write a plan below.")
    )
    plan = TextAreaField(
        _l("Plan to try"), [Optional(), Length(max=20_000)], render_kw={"rows": 8},
        description=_l("In the notation, as the contract's page shows it. It goes before the version."),
    )  # fmt: skip

    def asked(self) -> Asked:
        """As entered; DomainError where neither a version nor a plan is."""
        version = key_of((self.version.data or "").strip())
        plan = self.plan.data or ""
        if version is None and not plan.strip():
            words = say("Write the number of a version of the contract, or a plan.")
            raise DomainError("trial.version", words, field="version")
        first, last = self.first_on.data, self.last_on.data
        if first is None or last is None:
            raise DomainError("trial.days", say("Fill this in."), field="first_on")
        return Asked(key_of(self.contract_id.data) or 0, first, last, version, plan)
