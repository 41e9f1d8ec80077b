"""What texts and messages are called on pages, and what the rules of wording say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from portal.contact.labels import CHANNELS
from portal.contact.messages.models import MessageState, TextState
from portal.contact.models import Channel
from portal.contact.wording import Purpose
from portal.contact.words import source_words
from portal.foundation.language import Message, _l, say
from portal.foundation.states import StateTag

if TYPE_CHECKING:
    from portal.contact.messages.models import MessageTemplate, OutgoingMessage
    from portal.contact.wording import Finding
    from portal.foundation.states import Tone

__all__ = [
    "FAILURES", "FIELD_LABELS", "FINDINGS", "LANGUAGE_LABELS", "MESSAGE_STATES", "PURPOSES", "TEXT_CHANNELS", "TEXT_STATES",
    "WEIGHTS", "finding_words", "message_title", "message_tone", "text_tag",
]  # fmt: skip

PURPOSES: Final[dict[Purpose, Any]] = {
    Purpose.OPENING: _l("Opening of a call"), Purpose.CONTACT: _l("Asks to be called back"),
    Purpose.DEMAND: _l("Asks for payment"), Purpose.REMINDER: _l("Reminder of a promise"),
    Purpose.NOTICE: _l("Notice of entrusting"),
}  # fmt: skip
TEXT_CHANNELS: Final = {c: CHANNELS[c] for c in (Channel.SMS, Channel.EMAIL, Channel.CALL, Channel.LETTER)}
LANGUAGE_LABELS: Final[dict[str, Any]] = {"zh_Hans": _l("Chinese"), "en": _l("English")}

TEXT_STATES: Final[dict[TextState, StateTag]] = {
    TextState.DRAFT: StateTag("draft", _l("draft")),
    TextState.SUBMITTED: StateTag("submitted", _l("waits for approval"), "wait"),
    TextState.APPROVED: StateTag("approved", _l("approved"), "good"),
    TextState.REFUSED: StateTag("refused", _l("refused"), "bad"),
    TextState.WITHDRAWN: StateTag("withdrawn", _l("taken back")),
}
_IN_USE = StateTag("in_use", _l("in use"), "good")
_IN_USE_AND_WAITS = StateTag("in_use_submitted", _l("in use; a new version waits"), "wait")
_OUT_OF_USE = StateTag("out_of_use", _l("out of use"))

MESSAGE_STATES: Final[dict[MessageState, StateTag]] = {
    MessageState.QUEUED: StateTag("queued", _l("in the outbox"), "wait"),
    MessageState.EXPORTED: StateTag("exported", _l("exported"), "go"),
    MessageState.SENT: StateTag("sent", _l("sent"), "go"),
    MessageState.DELIVERED: StateTag("delivered", _l("delivered"), "good"),
    MessageState.FAILED: StateTag("failed", _l("not sent or not delivered"), "bad"),
}
FAILURES: Final[dict[str, Message]] = {
    "ended": say("The account had gone back before it was sent."),
    "promise_over": say("The promise was no longer open."),
    "promise_past": say("The promised day had passed, so there was nothing left to remind of."),
    "address_wrong": say("The number or address had proved wrong."),
    "too_late": say("It had waited too long, so what it says may not be true any more."),
    "erased": say("The person’s data has been erased."),
    "dropped": say("It was taken out of the outbox."),
    "undelivered": say("The gateway says that it was not delivered."),
    "refused": say("The mail server has refused the message."),
    "unknown": say("It is not known whether the mail server took it."),
}
FIELD_LABELS: Final[dict[str, Any]] = {
    "name": _l("the debtor’s name"), "bank": _l("the bank’s name"), "bank_phone": _l("the bank’s telephone"),
    "agency": _l("the agency’s full name"), "phone": _l("the agency’s telephone"),
    "staff_number": _l("the staff number of who sends it"), "account_tail": _l("the last four figures of the card"),
    "amount": _l("what is owed"), "as_of": _l("the day of that amount"), "days_past_due": _l("days past due"),
    "promise_amount": _l("the amount promised"), "promise_on": _l("the day promised"),
    "placed_on": _l("the day of entrusting"),
}  # fmt: skip
WEIGHTS: Final[dict[str, StateTag]] = {
    "block": StateTag("block", _l("forbidden"), "bad"), "warn": StateTag("warn", _l("to be judged"), "wait"),
}  # fmt: skip

# What is wrong with a text; for a phrase that was found, and for something that is missing.
FINDINGS: Final[dict[str, Message]] = {
    "AGENCY_NAMED": say("The text does not say who writes or speaks: the agency’s full name."),
    "BANK_NAMED": say("The text does not say for which bank."),
    "MANDATE_SAID": say("The text does not say that the agency acts on behalf of the bank."),
    "STAFF_NAMED": say("The text does not say the staff number of who writes or speaks."),
    "NUMBER_SAID": say("The text gives no telephone number to ask at."),
    "ADDRESSED": say("A letter names the person it is for."),
    "COLLECTOR_SAID": say("The text does not say that it comes from a debt collector."),
    "OPT_OUT": say("The text does not say how to opt out of such messages."),
    "DEBT_BEFORE_IDENTITY": say("A call does not open with the debt: first it must be clear who is on the line."),
    "STATE_ORGAN": say("It poses as a court, the police or another state organ, or uses their forms."),
    "POSES_AS_BANK": say("An agency may not pose as the bank."),
    "POSES_AS_LAWYER": say("It poses as a lawyer."),
    "CRIMINAL_THREAT": say("It threatens with police or criminal law."),
    "ACTION_CLAIMED": say("It claims or announces legal steps that a text for everybody cannot know of."),
    "SUIT_NAMED": say("It names legal steps: only where they are really open and intended."),
    "THREAT": say("It threatens."),
    "ABUSE": say("It insults."),
    "EXPOSURE": say("It threatens to tell others or to make the debt public."),
    "BLACKLIST": say("It threatens with blacklists or consequences that are made up or exaggerated."),
    "CREDIT_RECORD": say("It names the credit record: only what is true of this account."),
    "EXTRA_FEES": say("It asks for extra fees or pushes new borrowing."),
    "PRIVATE_CHANNEL": say("It leads to private accounts or private means of contact."),
    "LINK": say(
        "It leads to a page: nobody can tell it from fraud. Only where the bank has agreed to this very address."
    ),
    "BAIT": say("It baits: it hides what it is about, or makes up a hurry."),
}


def finding_words(finding: Finding) -> Message:
    """What one rule has against a text, with what it found or misses, and its sources."""
    words = FINDINGS[finding.code]
    if finding.phrase:
        words = say("“%(phrase)s”: %(words)s", phrase=finding.phrase, words=words)
    elif finding.wanted:
        words = say("%(words)s Use %(fields)s.", words=words, fields=finding.wanted)
    for source in finding.sources:
        words = say("%(words)s %(sources)s", words=words, sources=source_words(source))
    return words


def text_tag(template: MessageTemplate, latest: TextState | None) -> StateTag:
    """A text's state in a word: whether it may be sent, and what its latest version waits for."""
    if template.version_in_use is not None:
        return _IN_USE_AND_WAITS if latest is TextState.SUBMITTED else _IN_USE
    if template.withdrawn_at is not None and latest is TextState.APPROVED:
        return _OUT_OF_USE
    return TEXT_STATES[latest] if latest is not None else TEXT_STATES[TextState.DRAFT]


def message_title(message: OutgoingMessage, text_name: str | None) -> Message:
    """A message in a line of an account's history."""
    what = say("%(channel)s: %(purpose)s", channel=CHANNELS[message.channel], purpose=PURPOSES[message.purpose])
    state = MESSAGE_STATES[message.state].label
    if text_name is None:
        return say("%(what)s, %(state)s", what=what, state=state)
    return say("%(what)s “%(text)s”, %(state)s", what=what, text=text_name, state=state)


def message_tone(message: OutgoingMessage) -> Tone:
    """How a message stands in the history."""
    if message.state is MessageState.FAILED:
        return "bad"
    return "good" if message.state is MessageState.DELIVERED else "plain"
