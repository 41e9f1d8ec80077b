"""The form in which an attempt is logged."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Length, Optional

from portal.contact.entries import LONGEST_NOTE, Entry, read_promised
from portal.contact.labels import CHANNELS, INCOMING, INCOMING_CALL
from portal.contact.models import Channel, Direction
from portal.contact.outcomes import OUTCOMES, PARTIES, REASONS_BEHIND
from portal.foundation.errors import DomainError
from portal.foundation.language import _l, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from portal.contact.queries import PointCheck

__all__ = ["AttemptForm"]

_MINUTES = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]


class AttemptForm(FlaskForm):
    """One attempt. Times are entered in the person's own zone; amounts in the account's currency."""

    channel = RadioField(_l("Way of contact"), [Optional()], validate_choice=False)
    contact_point_id = RadioField(_l("Number or address"), [Optional()], validate_choice=False)
    outcome = RadioField(_l("Outcome"), [Optional()], validate_choice=False)
    party = SelectField(_l("Who was reached"), [Optional()], validate_choice=False)
    promise_amount = StringField(_l("Amount promised"), [Optional(), Length(max=28)])
    promise_on = DateField(_l("To be paid by"), [Optional()])
    callback_at = DateTimeLocalField(_l("Call back at"), [Optional()], format=_MINUTES)
    reason_behind = SelectField(_l("Behind because"), [Optional()], validate_choice=False)
    note = TextAreaField(_l("Note"), [Optional(), Length(max=LONGEST_NOTE)])
    at = DateTimeLocalField(_l("When it took place"), [Optional()], format=_MINUTES)
    already_happened = BooleanField(_l("It has already taken place, although the rules forbid it"))
    corrects_id = HiddenField()

    def __init__(self, points: Iterable[PointCheck], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        incoming = (INCOMING_CALL, INCOMING)
        for needed in (self.promise_amount, self.promise_on, self.callback_at):
            needed.flags.required = True  # where they are in sight, they are
        self.channel.choices = [
            (Channel.CALL.value, CHANNELS[Channel.CALL]), incoming,
            *((c.value, label) for c, label in CHANNELS.items() if c is not Channel.CALL),
        ]  # fmt: skip
        self.contact_point_id.choices = [(str(p.point.id), p.point.value_masked) for p in points]
        self.outcome.choices = [(code, outcome.label) for code, outcome in OUTCOMES.items()]
        self.party.choices = [("", _l("whose number it is")), *PARTIES.items()]
        self.reason_behind.choices = [("", _l("not said")), *REASONS_BEHIND.items()]

    def entry(self, currency: str, zone: str) -> Entry:
        """What was entered. DomainError, with its field, for what cannot be read."""
        channel = self.channel.data or ""
        if channel != INCOMING_CALL and channel not in {c.value for c in Channel}:
            raise DomainError("attempt.channel", say("Choose the way of contact."), field="channel")
        incoming = channel == INCOMING_CALL
        return Entry(
            channel=Channel.CALL if incoming else Channel(channel),
            direction=Direction.INBOUND if incoming else Direction.OUTBOUND,
            outcome=self.outcome.data or "",
            contact_point_id=_number(self.contact_point_id.data),
            party=self.party.data or "",
            at=_instant(self.at.data, zone),
            note=(self.note.data or "").strip(),
            reason_behind=self.reason_behind.data or "",
            promise_minor=read_promised(self.promise_amount.data, currency),
            promise_on=self.promise_on.data,
            callback_at=_instant(self.callback_at.data, zone),
            corrects_id=_number(self.corrects_id.data),
            already_happened=bool(self.already_happened.data),
        )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def _instant(entered: datetime | None, zone: str) -> datetime | None:
    return entered.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) if entered else None
