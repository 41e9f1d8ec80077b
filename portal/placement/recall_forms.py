"""Forms of the way back: recalls, objections and their answers, returns, retention, and the answer to a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.foundation.errors import DomainError
from portal.foundation.forms import options, to_choose
from portal.foundation.language import _l, say
from portal.foundation.money import parse_amount
from portal.placement.batches import Received
from portal.placement.codes import ClosureCode, ObjectionReason, RecallCategory, RecallReason
from portal.placement.recall_labels import CATEGORIES, CLOSURE_CODES, OBJECTION_REASONS, RECALL_REASONS
from portal.placement.recalls import Wish

if TYPE_CHECKING:
    from portal.placement.models import PlacementBatch

__all__ = ["AcceptForm", "AnswerForm", "ObjectionForm", "RecallForm", "RetentionForm", "ReturnForm"]

_needed = InputRequired(_l("Fill this in."))
_chosen = InputRequired(_l("Choose one."))
AT_ONCE, ON_A_DAY, AT_TERM = "now", "day", "term"
ASKED_BY_PEOPLE = [reason for reason in RecallReason if reason is not RecallReason.TERM]


class RecallForm(FlaskForm):
    """What the bank wants back, why and when."""

    reason = SelectField(
        _l("Reason"), [_chosen], choices=to_choose((r.value, RECALL_REASONS[r]) for r in ASKED_BY_PEOPLE)
    )
    category = SelectField(
        _l("Category"), choices=options((c.value, words) for c, words in CATEGORIES.items()),
        description=_l("A compliance recall stops the organisation's work the moment it is asked for."),
    )  # fmt: skip
    when = RadioField(
        _l("When"), [_needed], default=AT_ONCE,
        choices=options([
            (AT_ONCE, _l("at once, when another person carries it out")),
            (ON_A_DAY, _l("on a last day, with time for objections")),
            (AT_TERM, _l("each account at its term, as for a rotation")),
        ]),
    )  # fmt: skip
    final_on = DateField(_l("Last day"), [Optional()], description=_l("Only where the accounts go on a last day."))
    note = TextAreaField(
        _l("Note"), [Optional(), Length(max=400)], description=_l("Both sides read it. No personal data."),
    )  # fmt: skip
    reverse = BooleanField(_l("Placed in error: leave it out of all statistics"))

    def wish(self) -> Wish:
        """What was asked for; DomainError naming the field where it is none of the choices."""
        if self.when.data == ON_A_DAY and self.final_on.data is None:
            raise DomainError("recall.final_on", say("Say which day is the last."), field="final_on")
        return Wish(
            RecallReason(self.reason.data),
            RecallCategory(self.category.data),
            note=self.note.data or "",
            reverse=bool(self.reverse.data),
            final_on=self.final_on.data if self.when.data == ON_A_DAY else None,
            at_term=self.when.data == AT_TERM,
        )


class ObjectionForm(FlaskForm):
    """Why an organisation wants to keep accounts, and for how many days more."""

    reason = SelectField(
        _l("Reason"), [_chosen], choices=to_choose((r.value, words) for r, words in OBJECTION_REASONS.items())
    )
    days = StringField(_l("Days beyond the last day"), [_needed, Length(max=4)])
    note = TextAreaField(
        _l("Note"), [Optional(), Length(max=400)], description=_l("Both sides read it. No personal data.")
    )

    def chosen_reason(self) -> ObjectionReason:
        """The reason as entered."""
        return ObjectionReason(self.reason.data)


class AnswerForm(FlaskForm):
    """The bank's answer to objections: days granted, or a refusal with its reason."""

    grant = RadioField(
        _l("Answer"),
        [_needed],
        default="yes",
        choices=options([("yes", _l("grant days")), ("no", _l("refuse, with the reason"))]),
    )
    days = StringField(_l("Days granted"), [Optional(), Length(max=4)])
    answer = TextAreaField(_l("In words"), [Optional(), Length(max=400)])

    def granted(self) -> int | None:
        """Days that are granted, None for a refusal; DomainError where they are no number."""
        return whole("days", self.days.data) if self.grant.data == "yes" else None


class ReturnForm(FlaskForm):
    """Why an organisation gives accounts back."""

    code = SelectField(
        _l("Closure code"), [_chosen], choices=to_choose((c.value, words) for c, words in CLOSURE_CODES.items())
    )
    note = TextAreaField(
        _l("Note"), [Optional(), Length(max=400)], description=_l("Both sides read it. No personal data.")
    )

    def chosen_code(self) -> ClosureCode:
        """The code as entered."""
        return ClosureCode(self.code.data)


class RetentionForm(FlaskForm):
    """For how long accounts are to stay past their term, and why."""

    days = StringField(_l("Days past the term"), [_needed, Length(max=4)])
    reason = TextAreaField(_l("Why they are to stay"), [_needed, Length(max=400)])


class AcceptForm(FlaskForm):
    """What an organisation has received of a batch."""

    count = StringField(_l("Accounts received"), [_needed, Length(max=12)])
    amount = StringField(_l("Amount received"), [_needed, Length(max=30)])

    def received(self, batch: PlacementBatch) -> Received:
        """The figures as entered; DomainError naming the field where one is none."""
        try:
            amount = parse_amount(self.amount.data or "", batch.currency)
        except ValueError as error:
            words = say("Write an amount of the currency, for example 5000 or 5000.50.")
            raise DomainError("batch.amount", words, field="amount") from error
        return Received(whole("count", self.count.data), amount)


def whole(field: str, written: str | None) -> int:
    """A whole number; DomainError naming the field otherwise."""
    text = (written or "").strip().replace(",", "")
    if not text.isascii() or not text.isdigit():
        raise DomainError("recall.number", say("Write a whole number."), field=field)
    return int(text)
