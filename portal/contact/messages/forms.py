"""Forms of texts, messages, and what goes out by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.contact.messages.labels import LANGUAGE_LABELS, PURPOSES, TEXT_CHANNELS
from portal.contact.messages.texts import Content, TextDetails
from portal.contact.models import Channel
from portal.contact.wording import Purpose
from portal.foundation.errors import DomainError
from portal.foundation.forms import key_of, options
from portal.foundation.language import _l, say

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["NewTextForm", "NoticeForm", "RemindersForm", "TextForm", "WriteForm"]

_needed = InputRequired(_l("Fill this in."))
_chosen = InputRequired(_l("Choose one."))
BANKS_OWN = "bank"


class TextForm(FlaskForm):
    """What a text says."""

    subject = StringField(_l("Subject"), [Optional(), Length(max=200)], description=_l("Of an e-mail only."))
    text = TextAreaField(
        _l("Text"), [_needed, Length(max=4_000)],
        description=_l("Fields stand in braces. Nothing else can be put in when it is sent."),
    )  # fmt: skip

    def content(self) -> Content:
        """What was written, with lines ended as we end them."""
        return Content((self.text.data or "").replace("\r\n", "\n"), self.subject.data or "")


class NewTextForm(TextForm):
    """A text with what it is for."""

    code = StringField(_l("Code"), [_needed, Length(max=32)], description=_l("Short, for example SMS-01."))
    name = StringField(_l("Name of the text"), [_needed, Length(max=80)])
    organisation_id = SelectField(_l("Whose text"), [Optional()])
    channel = SelectField(
        _l("Way of contact"), [_chosen], choices=options((c.value, w) for c, w in TEXT_CHANNELS.items())
    )
    purpose = SelectField(_l("For"), [_chosen])
    language = SelectField(_l("Language"), [_chosen], choices=options(LANGUAGE_LABELS.items()))

    def __init__(self, agencies: Iterable[tuple[int, str]], of_bank: bool, **kwargs: Any) -> None:
        # what goes together with the first way of contact and the first owner
        super().__init__(data={"purpose": (Purpose.NOTICE if of_bank else Purpose.CONTACT).value}, **kwargs)
        theirs = [(str(number), name) for number, name in agencies]
        self.organisation_id.choices = options([(BANKS_OWN, _l("the bank’s own")), *theirs])
        purposes = [p for p in PURPOSES if of_bank or p is not Purpose.NOTICE]
        self.purpose.choices = options((p.value, PURPOSES[p]) for p in purposes)

    def details(self, of_bank: bool) -> TextDetails:
        """What the text is."""
        whose = self.organisation_id.data
        theirs = int(whose) if of_bank and whose and whose.isdigit() else None
        return TextDetails(
            self.code.data or "",
            self.name.data or "",
            Channel(self.channel.data),
            Purpose(self.purpose.data),
            self.language.data,
            theirs,
        )


class WriteForm(FlaskForm):
    """An approved text and where it goes. Read first, then sent: `was_read` says what was read."""

    template_id = RadioField(_l("Text"), [_chosen], validate_choice=False)
    contact_point_id = RadioField(_l("Number or address"), [_chosen], validate_choice=False)
    was_read = HiddenField()

    def chosen(self) -> tuple[int, int]:
        """Text and point; DomainError where one is not chosen."""
        return _number(self.template_id), _number(self.contact_point_id)

    def version_read(self, template_id: int, point_id: int) -> int | None:
        """The version of this text that was read as it goes to this number or address; None where none was."""
        whole, _, version = (self.was_read.data or "").rpartition(".")
        return key_of(version) if whole == f"{template_id}.{point_id}" else None

    def note_read(self, template_id: int, point_id: int, version: int) -> None:
        """The page shows this version of the text as it goes to this number or address."""
        self.was_read.data = f"{template_id}.{point_id}.{version}"


def _number(field: Any) -> int:
    text = field.data or ""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise DomainError("message.choice", say("Choose one."), field=field.name)
    return int(text)


class RemindersForm(FlaskForm):
    """When an agency reminds of promises, and with which text."""

    reminder_days = IntegerField(
        _l("Days before a promise falls due"), [Optional()], description=_l("1 to 14; empty: no reminders.")
    )
    reminder_template_id = SelectField(_l("Text of the reminders"), [Optional()])

    def __init__(self, texts: Iterable[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.reminder_template_id.choices = _texts(texts)

    def template(self) -> int | None:
        """The text that was chosen."""
        return int(self.reminder_template_id.data) if self.reminder_template_id.data else None


class NoticeForm(FlaskForm):
    """The bank's text for notices of entrusting."""

    notice_template_id = SelectField(
        _l("Text of the notices"), [Optional()],
        description=_l("Drawn up for every account of a batch that is sent to be collected or sued for."),
    )  # fmt: skip

    def __init__(self, texts: Iterable[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.notice_template_id.choices = _texts(texts)

    def template(self) -> int | None:
        """The text that was chosen."""
        return int(self.notice_template_id.data) if self.notice_template_id.data else None


def _texts(texts: Iterable[tuple[int, str]]) -> Any:
    return options([("", _l("none")), *((str(number), name) for number, name in texts)])
