"""An entry that puts another right: what the other said, and what changes with it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from portal.contact.labels import CHANNELS, INCOMING, INCOMING_CALL
from portal.contact.models import Direction
from portal.contact.outcomes import OUTCOMES
from portal.foundation.formats import instant
from portal.foundation.language import Message, say
from portal.foundation.money import format_amount

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from typing import Any

    from portal.contact.forms import AttemptForm
    from portal.contact.models import Channel, ContactAttempt, Promise

__all__ = ["change_words", "fill_from", "named", "way_words"]


def way_words(channel: Channel, direction: Direction) -> Any:
    """The way of contact, as the form calls it."""
    return INCOMING if direction is Direction.INBOUND else CHANNELS[channel]


def named(old: ContactAttempt) -> Message:
    """The entry that is put right, so that whoever corrects sees which one it is."""
    return say(
        "You put right the entry of %(when)s: %(way)s, %(outcome)s. It stays in the history.",
        when=instant(old.at), way=way_words(old.channel, old.direction), outcome=OUTCOMES[old.outcome].label,
    )  # fmt: skip


def change_words(old: ContactAttempt, channel: Channel, direction: Direction, on: date) -> Message | None:
    """What a correction changes that the rules count by; None where it changes neither."""
    was, now = way_words(old.channel, old.direction), way_words(channel, direction)
    way = (old.channel, old.direction) != (channel, direction)
    if way and old.local_date != on:
        return say(
            "It moves the entry from %(was)s on %(day)s to %(now)s on %(other)s: the counts of both days change.",
            was=was, day=old.local_date, now=now, other=on,
        )  # fmt: skip
    if way:
        return say("It changes the way of contact from %(was)s to %(now)s: the day is counted anew.", was=was, now=now)
    if old.local_date != on:
        return say(
            "It moves the entry from %(day)s to %(other)s: the counts of both days change.",
            day=old.local_date, other=on,
        )  # fmt: skip
    return None


def fill_from(
    form: AttemptForm, old: ContactAttempt, promises: Sequence[Promise], callback_at: datetime | None, zone: str
) -> None:
    """The form as the entry stands; but for its note, which is sealed, and its recording. `callback_at`: the call-back that
    it agreed. An empty time is the entry's own."""
    form.corrects_id.data = str(old.id)
    form.channel.data = INCOMING_CALL if old.direction is Direction.INBOUND else old.channel.value
    form.contact_point_id.data = str(old.contact_point_id or "")
    form.outcome.data, form.party.data, form.reason_behind.data = old.outcome, old.party, old.reason_behind
    form.next_action.data, form.again_on.data = old.next_action, old.again_on
    form.override_reason.data = old.override_reason
    form.debts_placed_for.data = [str(debt) for debt in old.debts_placed_for]
    form.debts_discussed.data = [str(debt) for debt in old.debts_discussed]
    fields = [(form.promise_amount, form.promise_on), *form.further_promises]
    for (amount, on), promise in zip(fields, sorted(promises, key=lambda each: each.promised_on), strict=False):
        amount.data, on.data = format_amount(promise.amount_minor, promise.currency), promise.promised_on
    if callback_at is not None:
        form.callback_at.data = callback_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
