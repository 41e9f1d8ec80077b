"""Forms of complaints: what was heard, what is said about it, how it is decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import DateField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.contact.complaints.codes import LONGEST_TEXT, Category, Outcome, Source
from portal.contact.complaints.labels import CATEGORIES, OUTCOMES, SOURCES
from portal.contact.complaints.operations import Heard
from portal.contact.requests.forms import uploaded
from portal.contact.requests.operations import Said
from portal.foundation.errors import DomainError
from portal.foundation.forms import options, to_choose
from portal.foundation.language import _l, say
from portal.foundation.money import Money, parse_amount

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

__all__ = ["CloseForm", "DeadlineForm", "RaiseForm", "SayForm"]

_needed = InputRequired(_l("Fill this in."))
_chosen = InputRequired(_l("Choose one."))
_PROOF = _l("A PDF, PNG or JPEG file of up to 10 MB.")
BANK = "bank"  # among whom a complaint can be about
NOTE, QUESTION = "note", "question"


class RaiseForm(FlaskForm):
    """What somebody complains of."""

    category = SelectField(
        _l("What about"), [_chosen], choices=to_choose([(c.value, CATEGORIES[c]) for c in Category]),
        render_kw={"autofocus": True},
    )  # fmt: skip
    source = SelectField(_l("How it came"), [_chosen], choices=to_choose([(s.value, SOURCES[s]) for s in Source]))
    received_on = DateField(_l("Received on"), [_needed])
    about = SelectField(_l("Whom it is about"), [_chosen])
    text = TextAreaField(
        _l("What is complained of"), [_needed, Length(max=LONGEST_TEXT)],
        description=_l("Kept sealed. What the bank writes here the organisation does not see."),
    )  # fmt: skip
    proof = FileField(_l("File"), description=_PROOF)

    def __init__(self, organisations: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        known = [(str(key), name) for key, name in organisations]
        self.about.choices = to_choose([*known, (BANK, _l("the bank"))])

    def heard(self) -> Heard:
        """What was entered."""
        return Heard(
            Category(self.category.data),
            Source(self.source.data),
            _day(self.received_on),
            None if self.about.data == BANK else int(self.about.data),
        )

    def said(self) -> Said:
        """Words and file; DomainError naming the field for a file that is not taken."""
        return Said(self.text.data or "", uploaded(self.proof))


class SayForm(FlaskForm):
    """A note of the bank's own or a question to the organisation; for the organisation its reply."""

    step = RadioField(
        _l("For whom"), [_needed], default=NOTE,
        choices=options([(NOTE, _l("a note that only the bank reads")), (QUESTION, _l("a question to the organisation"))]),
    )  # fmt: skip
    text = TextAreaField(_l("In words"), [Optional(), Length(max=LONGEST_TEXT)])
    proof = FileField(_l("File"), description=_PROOF)

    def __init__(self, *, may_ask: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.text.flags.required = True
        if not may_ask:
            del self.step

    @property
    def is_question(self) -> bool:
        """Whether the organisation is to read it."""
        return "step" in self and self.step.data == QUESTION

    def said(self) -> Said:
        """Words and file; DomainError naming the field for a file that is not taken."""
        return Said(self.text.data or "", uploaded(self.proof))


class DeadlineForm(FlaskForm):
    """A later day to decide, with the reason."""

    due_on = DateField(_l("Decide until"), [_needed])
    reason = TextAreaField(_l("Reason"), [_needed, Length(max=LONGEST_TEXT)])

    def until(self) -> date:
        """The day that was entered."""
        return _day(self.due_on)


class CloseForm(FlaskForm):
    """How a complaint is decided."""

    outcome = SelectField(
        _l("What it came to"), [_chosen], choices=to_choose([(o.value, OUTCOMES[o].label) for o in Outcome])
    )
    compensation = StringField(
        _l("Compensation"), [Optional(), Length(max=28)],
        description=_l("What the debtor is paid, in the account's currency. Left empty: nothing."),
    )  # fmt: skip
    reason = TextAreaField(
        _l("Reason"), [_needed, Length(max=LONGEST_TEXT)],
        description=_l("Kept sealed. What the bank writes here the organisation does not see."),
    )  # fmt: skip

    def paid(self, currency: str) -> Money | None:
        """The amount; DomainError naming the field where it is none."""
        written = (self.compensation.data or "").strip()
        if not written:
            return None
        try:
            return Money(parse_amount(written, currency), currency)
        except ValueError as error:
            words = say("Write an amount, for example 5000 or 5,000.50.")
            raise DomainError("complaint.compensation", words, field="compensation") from error


def _day(field: DateField) -> date:
    """The day of a field that was found filled in."""
    found = field.data
    if found is None:
        raise DomainError("complaint.day", say("Fill this in."), field=field.short_name)
    return found
