"""Forms of certificates and exits."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from wtforms import DateField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.foundation.forms import ChoicesField, options
from portal.foundation.language import _l
from portal.placement.certificates import METHODS, Confirmation
from portal.placement.leaving_labels import EXCEPTION_KINDS
from portal.placement.leaving_models import ExceptionKind

__all__ = ["CertificateForm", "ExceptionsForm", "ExitForm"]

_needed = InputRequired(_l("Fill this in."))


class CertificateForm(FlaskForm):
    """What the organisation's leader confirms."""

    returned = TextAreaField(
        _l("What was given back"), [_needed, Length(max=1000)], render_kw={"rows": 3},
        description=_l("Files, papers, recordings, in words. No names, numbers or addresses of debtors."),
    )  # fmt: skip
    deleted = TextAreaField(_l("What was deleted"), [_needed, Length(max=1000)], render_kw={"rows": 3})
    methods = ChoicesField(
        _l("How"), [InputRequired(_l("Say how: choose at least one."))], choices=options(METHODS.items())
    )
    carried_out_by = StringField(_l("Carried out by"), [_needed, Length(max=120)])
    carried_out_on = DateField(_l("Carried out on"), [_needed])
    kept = TextAreaField(
        _l("What must be kept by law"), [Optional(), Length(max=1000)], render_kw={"rows": 2},
        description=_l("With the law that says so. Empty: nothing is kept."),
    )  # fmt: skip
    kept_until = DateField(_l("Kept until"), [Optional()])

    def confirmation(self) -> Confirmation:
        """As entered."""
        return Confirmation(
            returned=self.returned.data or "",
            deleted=self.deleted.data or "",
            methods=tuple(self.methods.data or ()),
            carried_out_by=self.carried_out_by.data or "",
            carried_out_on=self.carried_out_on.data or date.min,
            kept=self.kept.data or "",
            kept_until=self.kept_until.data,
        )


class ExitForm(FlaskForm):
    """Who leaves is in the address; when, and why."""

    last_on = DateField(_l("Last day"), [_needed], description=_l("What goes back earns up to and including this day."))
    reason = TextAreaField(_l("Reason"), [_needed, Length(max=400)], render_kw={"rows": 3})


class ExceptionsForm(FlaskForm):
    """Until which day each kind of exception stays; empty: it goes back with everything else."""

    until_suit = DateField(EXCEPTION_KINDS[ExceptionKind.SUIT], [Optional()])
    until_plan = DateField(EXCEPTION_KINDS[ExceptionKind.PLAN], [Optional()])
    until_objection = DateField(EXCEPTION_KINDS[ExceptionKind.OBJECTION], [Optional()])
    until_promise = DateField(EXCEPTION_KINDS[ExceptionKind.PROMISE], [Optional()])

    def of(self, kind: ExceptionKind) -> Any:
        """The field of a kind."""
        return self[f"until_{kind.value}"]

    def choices(self) -> dict[ExceptionKind, date | None]:
        """As entered."""
        return {kind: self.of(kind).data for kind in ExceptionKind}
