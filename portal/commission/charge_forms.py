"""Forms of costs and adjustments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import DateField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.commission.charging import Adjustment, Cost
from portal.foundation.errors import DomainError
from portal.foundation.forms import key_of, to_choose
from portal.foundation.language import _l, say
from portal.vendors.proofs import read_proof

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["AdjustmentForm", "CostForm"]

_needed = InputRequired(_l("Fill this in."))


class AdjustmentForm(FlaskForm):
    """What is to be added to an organisation's next statement, or taken from it."""

    organisation_id = SelectField(_l("Organisation"), [_needed])
    currency = StringField(_l("Currency"), [_needed, Length(max=3)], default="CNY")
    amount = StringField(
        _l("Amount"), [_needed, Length(max=24)],
        description=_l("With a minus it is taken from the organisation: -120.50."),
    )  # fmt: skip
    reason = TextAreaField(
        _l("Reason"), [_needed, Length(max=1000)], render_kw={"rows": 3},
        description=_l("It stands on the statement; the organisation reads it."),
    )  # fmt: skip
    statement = StringField(_l("About a line: number of the statement"), [Optional(), Length(max=64)])
    line = StringField(_l("Number of the line"), [Optional(), Length(max=9)])
    batch = StringField(_l("About a batch: its number"), [Optional(), Length(max=48)])
    about = StringField(_l("About a dispute or a paper: its number"), [Optional(), Length(max=200)])

    def __init__(self, organisations: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.organisation_id.choices = to_choose(organisations)

    def adjustment(self) -> Adjustment:
        """As entered; DomainError for a number of a line that is none."""
        line = key_of((self.line.data or "").strip())
        if self.line.data and line is None:
            raise DomainError("charge.line", say("Write the number of the line in figures."), field="line")
        return Adjustment(
            organisation_id=key_of(self.organisation_id.data) or 0,
            currency=(self.currency.data or "").strip().upper(),
            amount=(self.amount.data or "").strip().replace("−", "-"),
            reason=self.reason.data or "",
            statement=self.statement.data or "",
            line=line,
            batch=self.batch.data or "",
            about=self.about.data or "",
        )


class CostForm(FlaskForm):
    """What was advanced for an account, with the receipt."""

    account_ref = StringField(
        _l("Account"), [_needed, Length(max=64)], description=_l("The bank's reference of the account.")
    )
    amount = StringField(_l("Amount"), [_needed, Length(max=24)], description=_l("In the account's currency."))
    charged_on = DateField(_l("Day of the cost"), [_needed])
    reason = TextAreaField(
        _l("What for"), [_needed, Length(max=1000)], render_kw={"rows": 3},
        description=_l("For example court fee, service by publication, appraisal."),
    )  # fmt: skip
    proof = FileField(
        _l("Receipt"),
        [InputRequired(_l("Add the receipt as a PDF, PNG or JPEG file: a cost is paid by its proof."))],
        description=_l("A PDF, PNG or JPEG file of up to 10 MB."),
    )

    def cost(self) -> Cost:
        """As entered; DomainError for a file that is no receipt."""
        sent = self.proof.data
        if self.charged_on.data is None:
            raise DomainError("charge.day", say("Fill this in."), field="charged_on")
        return Cost(
            account_ref=self.account_ref.data or "",
            amount=(self.amount.data or "").strip(),
            charged_on=self.charged_on.data,
            reason=self.reason.data or "",
            proof=read_proof(sent.stream, sent.filename) if sent else None,
        )
