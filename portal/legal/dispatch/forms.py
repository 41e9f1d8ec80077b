"""Forms of letters on their way. What is wrong with what was entered, the operations say, all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, DateField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from portal.contact.requests.forms import uploaded
from portal.foundation.forms import to_choose
from portal.foundation.language import _l
from portal.foundation.values import plain
from portal.legal.dispatch.labels import RESULTS
from portal.legal.dispatch.terms import LONGEST_NAME, LONGEST_REASON, MailResult, Outcome, Sent

if TYPE_CHECKING:
    from portal.legal.dispatch.queries import Way
    from portal.vendors.proofs import Proof

__all__ = ["PackSentForm", "ResultForm", "SentForm"]

_needed = InputRequired(_l("Fill this in."))


class PackSentForm(FlaskForm):
    """One carrier and one day for all letters of a pack."""

    carrier = StringField(
        _l("Carrier"), [_needed, Length(max=LONGEST_NAME)], description=_l("China Post EMS, for example.")
    )
    dispatched_on = DateField(_l("Dispatched on"), [_needed])


class SentForm(PackSentForm):
    """How one letter went out."""

    tracking_no = StringField(
        _l("Tracking number"), [Optional(), Length(max=LONGEST_NAME)], render_kw={"autocomplete": "off"}
    )

    all_the_same = BooleanField(_l("It has gone out all the same"))

    def fill_from(self, way: Way) -> None:
        """What is said so far, to be corrected."""
        if way.dispatch is not None:
            self.carrier.data, self.tracking_no.data = way.dispatch.carrier, way.dispatch.tracking_no
            self.dispatched_on.data = way.dispatch.dispatched_on

    def sent(self) -> Sent:
        """What was entered; the form was validated."""
        assert self.dispatched_on.data is not None  # noqa: S101
        return Sent(
            (self.carrier.data or "").strip(), plain(self.tracking_no.data or ""), self.dispatched_on.data
        )  # fmt: skip


class ResultForm(FlaskForm):
    """What came of one letter."""

    result = SelectField(_l("What came of it"), [InputRequired(_l("Choose one."))])
    result_on = DateField(
        _l("On"), [_needed], description=_l("The day on which it was delivered, refused or sent back.")
    )
    reason = StringField(
        _l("Reason"), [Optional(), Length(max=LONGEST_REASON)],
        description=_l("The carrier's; needed for a letter that was sent back. No personal data."),
    )  # fmt: skip
    proof = FileField(
        _l("Proof of delivery"), description=_l("A PDF, PNG or JPEG file of up to 10 MB, kept sealed with the debtor.")
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.result.choices = to_choose((result.value, tag.label) for result, tag in RESULTS.items())

    def fill_from(self, way: Way) -> None:
        """What is said so far, to be corrected."""
        if way.result is not None:
            self.result.data, self.result_on.data = way.result.result.value, way.result.result_on
            self.reason.data = way.result.reason

    def outcome(self) -> Outcome:
        """What was entered; the form was validated."""
        assert self.result_on.data is not None  # noqa: S101
        return Outcome(MailResult(self.result.data), self.result_on.data, (self.reason.data or "").strip())

    def file(self) -> Proof | None:
        """The file that was sent along; DomainError where it is none of the kinds that are taken."""
        return uploaded(self.proof)
