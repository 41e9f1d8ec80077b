"""The form in which an attempt is logged."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    DateField,
    DateTimeField,
    DateTimeLocalField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Length, Optional

from portal.contact.entries import LONGEST_NOTE, MOST_PROMISES, Entry, Promised, outcome_named, read_promised
from portal.contact.labels import CHANNELS, INCOMING, INCOMING_CALL
from portal.contact.models import Channel, Direction
from portal.contact.outcomes import NEXT_ACTIONS, OUTCOMES, PARTIES, REASONS_BEHIND
from portal.contact.presumptions import reason_words
from portal.foundation.errors import DomainError, Faults
from portal.foundation.forms import MINUTES, ChoicesField, instant_of, key_of, to_choose
from portal.foundation.language import _l, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["AttemptForm"]

WAYS = frozenset({INCOMING_CALL, *(c.value for c in Channel)})


class AttemptForm(FlaskForm):
    """One attempt. Times are entered in the person's own zone; amounts in the account's currency."""

    channel = RadioField(_l("Way of contact"), [Optional()], validate_choice=False)
    contact_point_id = RadioField(_l("Number or address"), [Optional()], validate_choice=False)
    outcome = RadioField(_l("Outcome"), [Optional()], validate_choice=False)
    party = SelectField(_l("Who was reached"), [Optional()], validate_choice=False)
    promise_amount = StringField(_l("Amount promised"), [Optional(), Length(max=28)])
    promise_on = DateField(_l("To be paid by"), [Optional()])
    promise_amount_2 = StringField(_l("Amount, second day"), [Optional(), Length(max=28)])
    promise_on_2 = DateField(_l("Second day"), [Optional()])
    promise_amount_3 = StringField(_l("Amount, third day"), [Optional(), Length(max=28)])
    promise_on_3 = DateField(_l("Third day"), [Optional()])
    promise_amount_4 = StringField(_l("Amount, fourth day"), [Optional(), Length(max=28)])
    promise_on_4 = DateField(_l("Fourth day"), [Optional()])
    callback_at = DateTimeLocalField(_l("Call back at"), [Optional()], format=MINUTES)
    reason_behind = SelectField(_l("Behind because"), [Optional()], validate_choice=False)
    note = TextAreaField(_l("Note"), [Optional(), Length(max=LONGEST_NOTE)])
    at = DateTimeLocalField(_l("When it took place"), [Optional()], format=MINUTES)
    next_action = SelectField(_l("Next step"), [Optional()], validate_choice=False)
    again_on = DateField(_l("On"), [Optional()])
    debts_placed_for = ChoicesField(_l("Debts it was about"), [Optional()], validate_choice=False)
    debts_discussed = ChoicesField(_l("Debts talked of"), [Optional()], validate_choice=False)
    evidence = FileField(_l("Recording or photo"))
    already_happened = BooleanField(_l("It has already taken place, whatever the rules say"))
    override_reason = SelectField(_l("Why it goes on all the same"), [Optional()], validate_choice=False)
    corrects_id = HiddenField()

    def __init__(self, debts: Mapping[int, str], **kwargs: Any) -> None:
        """`debts`: the person's accounts that are with the organisation, by their references."""
        super().__init__(**kwargs)
        incoming = (INCOMING_CALL, INCOMING)
        for needed in (self.promise_amount, self.promise_on, self.callback_at):
            needed.flags.required = True  # where they are in sight, they are
        self.channel.choices = [
            (Channel.CALL.value, CHANNELS[Channel.CALL]), incoming,
            *((c.value, label) for c, label in CHANNELS.items() if c is not Channel.CALL),
        ]  # fmt: skip
        self.contact_point_id.choices = []  # the page draws them, each with what may be done with it
        self.outcome.choices = [(code, outcome.label) for code, outcome in OUTCOMES.items()]
        self.party.choices = [("", _l("whose number it is")), *PARTIES.items()]
        self.reason_behind.choices = [("", _l("not said")), *REASONS_BEHIND.items()]
        self.next_action.choices = [("", _l("as the outcome says")), *NEXT_ACTIONS.items()]
        self.offer_reasons(())
        self.offer_debts(debts)

    def offer_reasons(self, codes: Iterable[str]) -> None:
        """The reasons for which the contact may go on against a presumption."""
        self.override_reason.choices = to_choose((code, reason_words(code)) for code in codes)

    def offer_debts(self, debts: Mapping[int, str]) -> None:
        """The accounts that may be chosen from."""
        for several in (self.debts_placed_for, self.debts_discussed):
            several.choices = [(str(key), ref) for key, ref in debts.items()]

    def entry(self, currency: Callable[[], str], zone: str, faults: Faults) -> Entry:
        """What was entered; what cannot be read is in `faults`. Raises all of them where it is not even known by which way the
        contact was. `currency`: asked for where an amount was entered."""
        contact = faults.read(partial(self.contact, zone), None)
        for field in self:
            if isinstance(field, DateTimeField) and field.data is None and any(field.raw_data or ()):
                faults.read(partial(_no_day, field), None)
        promised = faults.read(partial(read_promised, self.promise_amount.data, currency), None)
        promises = self._further_promises(currency, faults)
        if contact is None:
            faults.read(partial(outcome_named, self.outcome.data or ""), None)
            raise faults.error()
        return replace(
            contact,
            outcome=self.outcome.data or "",
            note=(self.note.data or "").strip(),
            reason_behind=self.reason_behind.data or "",
            promise_minor=promised,
            promises=promises,
            promise_on=self.promise_on.data,
            callback_at=instant_of(self.callback_at.data, zone),
            next_action=self.next_action.data or "",
            again_on=self.again_on.data,
            debts_discussed=_numbers(self.debts_discussed.data) or None,
        )

    def contact(self, zone: str) -> Entry:
        """What the rules are asked about: by which way, whom, when, for which debts. DomainError for no way of contact."""
        if self.channel.data not in WAYS:
            raise DomainError("attempt.channel", say("Choose the way of contact."), field="channel")
        return self.asked(zone)

    def asked(self, zone: str) -> Entry:
        """The same while the form is being filled in: a call as long as no way of contact is chosen."""
        channel = self.channel.data if self.channel.data in WAYS else Channel.CALL.value
        incoming = channel == INCOMING_CALL
        return Entry(
            channel=Channel.CALL if incoming else Channel(channel),
            direction=Direction.INBOUND if incoming else Direction.OUTBOUND,
            outcome="",
            contact_point_id=key_of(self.contact_point_id.data),
            party=self.party.data or "",
            at=instant_of(self.at.data, zone),
            corrects_id=key_of(self.corrects_id.data),
            already_happened=bool(self.already_happened.data),
            debts_placed_for=_numbers(self.debts_placed_for.data),
            override_reason=self.override_reason.data or "",
        )

    @property
    def further_promises(self) -> list[tuple[Any, Any]]:
        """The fields for the second day and those behind it."""
        return [(self[f"promise_amount_{n}"], self[f"promise_on_{n}"]) for n in range(2, MOST_PROMISES + 1)]

    def _further_promises(self, currency: Callable[[], str], faults: Faults) -> tuple[Promised, ...]:
        """What was promised behind the first day; rows that are empty are none."""
        found = [
            Promised(faults.read(partial(read_promised, amount.data, currency, amount.name), None), on.data)
            for amount, on in self.further_promises
        ]
        while found and found[-1] == (None, None):  # what could not be read is told by itself
            found.pop()
        return tuple(found)


def _no_day(field: DateTimeField) -> None:
    words = say("Write the day as 2005-07-31.")
    if isinstance(field, DateTimeLocalField):
        words = say("Write day and time as 2005-07-31 14:30.")
    raise DomainError("attempt.unreadable", words, field=field.name)


def _numbers(texts: Iterable[str] | None) -> tuple[int, ...]:
    return tuple(number for text in texts or () if (number := key_of(text)) is not None)
