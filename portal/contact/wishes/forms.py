"""Forms of wishes: one whose fields follow the kind, and what ends one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, DateField, DateTimeLocalField, SelectField, StringField, TextAreaField, TimeField
from wtforms.validators import InputRequired, Length, Optional

from portal.contact.labels import CHANNELS
from portal.contact.models import Channel
from portal.contact.requests.forms import uploaded
from portal.contact.rules.labels import DAY_WORDS
from portal.contact.wishes.kinds import DAY, LONGEST_NOTE, SPECS, End, Kind, Place, Subject, Terms
from portal.contact.wishes.labels import ENDS, PLACES, SAID, SAID_AT
from portal.contact.wishes.operations import Ending, Telling
from portal.foundation.errors import DomainError, Faults
from portal.foundation.forms import MINUTES, ChoicesField, instant_of, key_of, options, to_choose
from portal.foundation.language import _l, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import time

__all__ = ["EndForm", "WishForm"]

_needed = InputRequired(_l("Fill this in."))
_CLOCK = ["%H:%M", "%H:%M:%S"]
_PROOF = _l("A PDF, PNG or JPEG file of up to 10 MB.")
_SEALED = _l("Kept sealed. Your organisation and the bank read it, nobody else.")


class WishForm(FlaskForm):
    """What is noted; fields that do not belong to the kind are not there. Times are entered in the person's own zone, hours
    of the day are those where the debtor is."""

    said_at = DateTimeLocalField(SAID, [_needed], format=MINUTES, render_kw={"autofocus": True})
    whole_person = BooleanField(_l("for all accounts of the person"))
    channel = SelectField(_l("Way of contact"), [Optional()])
    contact_point_id = SelectField(_l("Number or address"), [Optional()])
    weekdays = ChoicesField(_l("Days of the week"), [Optional()])
    opens = TimeField(_l("From what hour"), [Optional()], format=_CLOCK)
    closes = TimeField(_l("To what hour"), [Optional()], format=_CLOCK)
    place = SelectField(_l("Which place"), [Optional()])
    dials = StringField(_l("Dials a day"), [Optional(), Length(max=4)])
    is_crisis = BooleanField(_l("for a crisis of mental health: it has no last day before the treatment ends"))
    until = DateField(_l("Last day"), [Optional()])
    note = TextAreaField(_l("In words"), [Optional(), Length(max=LONGEST_NOTE)], description=_SEALED)
    proof = FileField(_l("File"), description=_PROOF)

    def __init__(self, kind: Kind, points: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        """`points`: the person's numbers and addresses, masked."""
        super().__init__(**kwargs)
        self._kind, spec = kind, SPECS[kind]
        for name in Terms.__slots__:
            if name not in spec.terms:
                del self[name]
        if spec.subject is not Subject.EITHER:
            del self.whole_person
        self.said_at.label.text = SAID_AT.get(kind, SAID)
        for name in spec.needs:
            self[name].flags.required = True
        self._offer(points)
        self._explain(spec.loosens)

    def _offer(self, points: Sequence[tuple[int, str]]) -> None:
        named = [(str(key), words) for key, words in points]
        if "channel" in self:
            self.channel.choices = to_choose([(c.value, CHANNELS[c]) for c in Channel], _l("any way"))
        if "contact_point_id" in self:
            self.contact_point_id.choices = to_choose(named, _l("any, or not known"))
        if "weekdays" in self:
            self.weekdays.choices = options(DAY_WORDS.items())
        if "place" in self:
            self.place.choices = to_choose([(p.value, PLACES[p]) for p in Place])

    def _explain(self, loosens: bool) -> None:
        if "opens" in self:
            self.opens.description = _l(
                "Hours where the debtor is. Without hours: the whole day. They may go over midnight."
            )
        if self._kind is Kind.MEDIA_STOP:
            self.contact_point_id.description = _l("Choose a way, a number, or both.")
        if self._kind is Kind.INCONVENIENT_PLACE:
            self.contact_point_id.description = _l("By which the person is reached there, where that is known.")
        if loosens:
            self.note.description = _l("How it was given, unless the file shows it. Kept sealed.")

    def telling(self, zone: str, faults: Faults) -> Telling:
        """What was entered; what cannot be read goes to the faults."""
        terms = Terms(
            channel=self._text("channel"),
            contact_point_id=key_of(self._text("contact_point_id")),
            weekdays=self._bits() or None,
            opens=_minutes(self.opens.data) if "opens" in self else None,
            closes=_minutes(self.closes.data, ends=True) if "closes" in self else None,
            place=self._text("place"),
            dials=faults.read(self._dials, 1) if "dials" in self else None,
            until=self.until.data if "until" in self else None,
            is_crisis=bool(self.is_crisis.data) if "is_crisis" in self else False,
        )
        return Telling(
            kind=self._kind, said_at=instant_of(self.said_at.data, zone), terms=terms,
            whole_person="whole_person" in self and bool(self.whole_person.data), note=self.note.data or "",
            proof=faults.read(lambda: uploaded(self.proof), None),
        )  # fmt: skip

    def _text(self, name: str) -> str:
        return (self[name].data or "") if name in self else ""

    def _bits(self) -> int:
        chosen = set(self.weekdays.data or ()) if "weekdays" in self else set()
        return sum(1 << bit for bit in range(7) if str(bit) in chosen)

    def _dials(self) -> int | None:
        written = (self.dials.data or "").strip()
        if written and not (written.isascii() and written.isdigit()):
            raise DomainError("wish.dials", say("Write a whole number."), field="dials")
        return int(written) if written else None


class EndForm(FlaskForm):
    """Why it ends, and since when."""

    reason = SelectField(_l("Why it ends"), [InputRequired(_l("Choose one."))])
    at = DateTimeLocalField(_l("Since"), [_needed], format=MINUTES)
    note = TextAreaField(_l("In words"), [Optional(), Length(max=LONGEST_NOTE)], description=_SEALED)
    proof = FileField(_l("File"), description=_PROOF)

    def __init__(self, reasons: Iterable[End], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.reason.choices = to_choose([(end.value, ENDS[end]) for end in reasons])

    def ending(self, zone: str) -> Ending:
        """What was entered; DomainError naming the field for a file that is not taken."""
        at, note, proof = instant_of(self.at.data, zone), self.note.data or "", uploaded(self.proof)
        return Ending(reason=End(self.reason.data), at=at, note=note, proof=proof)


def _minutes(clock: time | None, *, ends: bool = False) -> int | None:
    """Minutes of the day; an end at midnight is the day's own."""
    if clock is None:
        return None
    minutes = clock.hour * 60 + clock.minute
    return DAY if ends and minutes == 0 else minutes
