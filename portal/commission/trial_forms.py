"""The form of a plan that is tried; the plan itself is edited as on the page of new terms (vendors/plans/)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_wtf import FlaskForm
from wtforms import DateField
from wtforms.validators import InputRequired

from portal.commission.trying import Asked
from portal.foundation.errors import DomainError
from portal.foundation.language import _l, say

if TYPE_CHECKING:
    from portal.vendors.models import Contract

__all__ = ["TrialForm"]

_needed = InputRequired(_l("Fill this in."))


class TrialForm(FlaskForm):
    """Over which days."""

    first_on = DateField(_l("Value dates from"), [_needed])
    last_on = DateField(_l("to"), [_needed])

    def asked(self, contract: Contract, version: int | None, plan: str) -> Asked:
        """As entered, for the plan of this version, or for one in the notation."""
        first, last = self.first_on.data, self.last_on.data
        if first is None or last is None:
            raise DomainError("trial.days", say("Fill this in."), field="first_on")
        return Asked(contract.id, first, last, version, "" if version else plan)
