"""What is said once an entry is kept: of whom it is, and what was kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.contact.correcting import way_words
from portal.contact.outcomes import NEXT_ACTIONS, OUTCOMES
from portal.contact.presumptions import reason_words
from portal.foundation.formats import instant, money
from portal.foundation.language import Message, say
from portal.portfolio.labels import HOLD_LABELS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from portal.contact.entries import Entry
    from portal.contact.operations import Kept, LeftHold, Logged

__all__ = ["left_words", "saved_words", "warnings_of"]


def saved_words(entry: Entry, kept: Kept) -> Message:
    """The sentence; the name as it is masked everywhere."""
    said = say("%(one)s", one=way_words(entry.channel, entry.direction))
    for part in _parts(entry, kept):
        said = say("%(first)s, %(second)s", first=said, second=part)
    if entry.corrects_id is not None:
        return say(
            "Put right: %(outcome)s. %(account)s, %(name)s: %(what)s.", outcome=OUTCOMES[entry.outcome].label,
            account=kept.account_ref, name=kept.name_masked, what=said,
        )  # fmt: skip
    return say(
        "Saved: %(outcome)s. %(account)s, %(name)s: %(what)s.", outcome=OUTCOMES[entry.outcome].label,
        account=kept.account_ref, name=kept.name_masked, what=said,
    )  # fmt: skip


def warnings_of(logged: Logged, kept: Kept) -> Iterator[Message]:
    """What else has to be known of a new entry. The page that says it is the next account's, so each names its own."""
    for words in _warnings(logged, kept):
        yield say("%(account)s, %(name)s: %(what)s", account=kept.account_ref, name=kept.name_masked, what=words)


def left_words(left: LeftHold, kept: Kept) -> Message:
    """That what a replaced entry marked on the account still stands."""
    return say(
        "%(account)s, %(name)s: the mark that the replaced entry set still stands: %(mark)s.",
        account=kept.account_ref, name=kept.name_masked, mark=HOLD_LABELS[left.flag],
    )  # fmt: skip


def _warnings(logged: Logged, kept: Kept) -> Iterator[Message]:
    if kept.changed is not None:
        yield kept.changed
    if logged.verdict == "block":
        yield say("This contact was against the conduct rules; it is recorded as a breach.")
    if logged.hold is not None:
        yield say("This is marked on the account. The bank sees it and releases it.")


def _parts(entry: Entry, kept: Kept) -> Iterator[Message]:
    for part in entry.promised:
        if part.minor is not None and part.on is not None:
            yield say("%(amount)s by %(day)s", amount=money(part.minor, kept.currency), day=part.on)
    if entry.callback_at is not None and entry.outcome == "callback_requested":
        yield say("call back %(when)s", when=instant(entry.callback_at))
    if entry.next_action:
        yield say("next: %(step)s", step=NEXT_ACTIONS[entry.next_action])
    if entry.again_on is not None:
        yield say("again on %(day)s", day=entry.again_on)
    if kept.override_reason:
        yield say("went on because: %(reason)s", reason=reason_words(kept.override_reason))
    if entry.note:
        yield say("with a note")
    if entry.evidence_name:
        yield say("with a recording or photo")
