"""Forms of rule packs: a version that is put up, its publishing, and which pack holds for which place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, DateField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.contact.rules.publishing import LONGEST_REASON, Publication
from portal.foundation.errors import DomainError
from portal.foundation.forms import options
from portal.foundation.language import _l, say

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

__all__ = ["ChoiceForm", "PublishForm", "VersionForm"]

_needed = InputRequired(_l("Fill this in."))


class VersionForm(FlaskForm):
    """A new version, as a file."""

    file = FileField(
        _l("File"), [FileRequired(_l("Choose a file."))],
        description=_l("YAML in UTF-8, as a version that was downloaded here. Give it a version of its own."),
    )  # fmt: skip
    note = TextAreaField(
        _l("What changes and why"), [_needed, Length(max=LONGEST_REASON)],
        description=_l("The person who publishes it reads this first."),
    )  # fmt: skip


class PublishForm(FlaskForm):
    """From when a version holds; and who answers for it where a source was not read in full."""

    effective_from = DateField(
        _l("First day"), [_needed], description=_l("Today or later. From then on, by the calendar where the debtor is.")
    )
    signed = BooleanField(
        _l("I answer by name for the sources that were not read in full"),
        [InputRequired(_l("Sources of this pack were not read in full. Say by name that you answer for it, or wait for counsel."))],
    )  # fmt: skip
    sign_off = TextAreaField(
        _l("Why it is published all the same"), [_needed, Length(max=LONGEST_REASON)],
        description=_l("For example: confirmed by counsel on a day, with the reference of the opinion."),
    )  # fmt: skip
    sha256 = HiddenField()

    def __init__(self, unsettled: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not unsettled:
            del self.signed, self.sign_off

    def publication(self) -> Publication:
        """What was entered. DomainError for a day that is none."""
        return Publication(
            effective_from=_given(self.effective_from.data),
            sha256=self.sha256.data or "",
            sign_off=(self.sign_off.data or "") if "sign_off" in self else "",
            signed=bool(self.signed.data) if "signed" in self else False,
        )


class ChoiceForm(FlaskForm):
    """Another pack for debtors of a place."""

    region = StringField(
        _l("Place"), [Optional(), Length(max=40)], description=_l("By its name or code, for example CN or US-MA."),
    )  # fmt: skip
    elsewhere = BooleanField(_l("every other and every unknown place"))
    pack = SelectField(_l("Rule pack"), [_needed])
    effective_from = DateField(_l("First day"), [_needed])

    def __init__(self, packs: Iterable[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pack.choices = options((name, name) for name in packs)

    def day(self) -> date:
        """From when on. DomainError for a day that is none."""
        return _given(self.effective_from.data)

    def place(self) -> str:
        """What was written; empty: everywhere else, which has to be said. DomainError where nothing was, or both."""
        written = (self.region.data or "").strip()
        if bool(written) == bool(self.elsewhere.data):
            words = say("Write a place, or say that every other place is meant.")
            raise DomainError("rules.region", words, field="region")
        return written


def _given(day: date | None) -> date:
    if day is None:
        raise DomainError("rules.day", say("Fill this in."), field="effective_from")
    return day
