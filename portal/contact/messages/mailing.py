"""E-mail through the bank's own server: each message is handed over once.

A server that is asked twice sends twice. So a message is claimed before the server is asked, and when a worker died
between the question and the answer nobody asks again: what became of it is not known, and the message says so.
"""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from portal.contact.limits.keeping import note_dispatched
from portal.contact.messages.dispatch import locked_message, move
from portal.contact.messages.gateway import MAIL
from portal.contact.messages.models import MessageState, OutgoingMessage
from portal.contact.messages.operations import SUBJECT, TEXT
from portal.contact.messages.sifting import sift
from portal.contact.models import Channel
from portal.foundation.daily import Due
from portal.foundation.errors import Refused
from portal.foundation.jobs import handler
from portal.foundation.language import Message, _l, as_data, say
from portal.foundation.services import services
from portal.foundation.visibility import visible
from portal.foundation.work import transaction

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.config import Settings
    from portal.foundation.access import Actor
    from portal.foundation.jobs import JobView, Progress

__all__ = ["Letter", "deliver", "mail", "mail_that_waits"]

PATIENCE = 30  # seconds to wait for the server
LEFT_FOR = timedelta(minutes=15)  # an e-mail that waits longer is asked about again, once an hour
ASKED_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail as the server gets it. `mark`: the same for the same message, so that a server or reader can tell."""

    mark: str
    sender: str
    to: str
    subject: str
    text: str
    at: datetime


class _Unanswered(Exception):
    """The server was given the message and did not say what became of it."""


class _NotTaken(Exception):
    """The server certainly has not taken the message. `for_good`: asking again would not help."""

    def __init__(self, for_good: bool) -> None:
        super().__init__()
        self.for_good = for_good


@handler(MAIL, _l("Sending an e-mail"))
def mail(job: JobView, progress: Progress) -> dict[str, Any]:
    """Hand one message to the server. Run again, it does not send it twice."""
    message_id = int(job.payload["message"])
    found = _claim(job.actor, message_id)
    if isinstance(found, Message):
        return _result(message_id, found)
    try:
        deliver(services().settings, found)
    except _NotTaken as error:
        if error.for_good:
            _settle(job.actor, message_id, MessageState.FAILED, "refused")
            return _result(message_id, say("The mail server has refused the message."))
        _release(job.actor, message_id)
        words = say("The mail server could not be reached or did not take the message. Try again later.")
        raise Refused("mail.not_taken", words) from None
    except _Unanswered:
        return _result(message_id, _unknown(job.actor, message_id))
    _settle(job.actor, message_id, MessageState.SENT, "")
    return _result(message_id, say("The mail server has the message."))


def mail_that_waits(session: Session, actor: Actor, now: datetime) -> list[Due]:
    """E-mails that have waited too long: the rules forbade them, or the server was away."""
    if not services().settings.smtp_url:
        return []
    waiting = (
        visible(OutgoingMessage, actor)
        .with_only_columns(OutgoingMessage.id)
        .where(OutgoingMessage.state == MessageState.QUEUED, OutgoingMessage.channel == Channel.EMAIL)
        .where(OutgoingMessage.made_at < now - LEFT_FOR)
        .order_by(OutgoingMessage.id)
        .limit(ASKED_AT_ONCE)
    )
    return [Due(MAIL, f"{number}@{now:%Y%m%d%H}", {"message": number}) for number in session.scalars(waiting)]


def _result(message_id: int, words: Message) -> dict[str, Any]:
    return {"message": as_data(words), "url": f"/messages/{message_id}"}


# --- the message's side -------------------------------------------------------------------------------------------------


def _claim(actor: Actor, message_id: int) -> Letter | Message:
    """The letter to hand over, from now on claimed; or why there is none."""
    settings = services().settings
    with transaction(actor) as work:
        message = locked_message(work, message_id)
        if message.state is not MessageState.QUEUED:
            return say("This message does not wait any more.")
        if message.handed_at is not None:
            message.state, message.failure = MessageState.FAILED, "unknown"
            move(work, message, "unknown")
            return _unknown_words()
        sifted = sift(work.session, actor, [message.id], work.now)
        for _, code in sifted.over:
            message.state, message.failure = MessageState.FAILED, code
            move(work, message, code)
            return say("This message is not sent any more: what it was about is over.")
        if not sifted.go:
            return say("The rules forbid this message now. It waits.")
        row = sifted.go[0]
        key = row.Customer.person_key
        letter = Letter(
            mark=f"<message-{message.id}-{message.content_sha256[:16]}@{settings.mail_from.rpartition('@')[2]}>",
            sender=formataddr((_one_line(row.Organisation.name), settings.mail_from)),
            to=work.vault.open(key, row.ContactPoint.value_sealed, row.ContactPoint.kind.value) or "",
            subject=_one_line(work.vault.open(key, message.subject_sealed, SUBJECT) or ""),
            text=work.vault.open(key, message.text_sealed, TEXT) or "",
            at=work.real_now,
        )
        message.handed_at = work.real_now
        return letter


def _release(actor: Actor, message_id: int) -> None:
    """The server certainly does not have it: it may be asked again."""
    with transaction(actor) as work:
        locked_message(work, message_id).handed_at = None


def _settle(actor: Actor, message_id: int, state: MessageState, code: str) -> None:
    with transaction(actor) as work:
        message = locked_message(work, message_id)
        message.state, message.failure = state, code
        if state is MessageState.SENT:
            message.dispatched_at = work.now
        move(work, message, code)
        if state is MessageState.SENT:
            note_dispatched(work, [message.id])
        work.audit("message.mailed", message, after={"state": state.value, "failure": code})


def _unknown(actor: Actor, message_id: int) -> Message:
    _settle(actor, message_id, MessageState.FAILED, "unknown")
    return _unknown_words()


def _unknown_words() -> Message:
    return say(
        "It is not known whether the mail server took this message, so it is not sent again. Ask the server’s operator."
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


# --- the server's side --------------------------------------------------------------------------------------------------


def deliver(settings: Settings, letter: Letter) -> None:
    """Hand a letter to the server. Raises where it did not take it, and where it did not say whether it did."""
    try:
        server = _connected(settings.smtp_url)
    except (OSError, smtplib.SMTPException) as error:
        raise _NotTaken(for_good=False) from error
    try:
        server.send_message(_composed(letter), settings.mail_from, [letter.to])
    except smtplib.SMTPRecipientsRefused as error:
        code = next(iter(error.recipients.values()), (0, b""))[0]
        raise _NotTaken(for_good=code >= 500) from error
    except smtplib.SMTPResponseException as error:
        raise _NotTaken(for_good=error.smtp_code >= 500) from error
    except (OSError, smtplib.SMTPException) as error:
        raise _Unanswered from error
    finally:
        _leave(server)


def _connected(url: str) -> smtplib.SMTP:
    """A session with the server: under TLS, unless the server is on this machine."""
    parts = urlsplit(url)
    host, context = parts.hostname or "", ssl.create_default_context()
    server: smtplib.SMTP
    if parts.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, parts.port or 465, timeout=PATIENCE, context=context)
    else:
        server = smtplib.SMTP(host, parts.port or 587, timeout=PATIENCE)
    try:
        if parts.scheme == "smtp" and not _is_here(host):
            server.starttls(context=context)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
    except BaseException:
        _leave(server)
        raise
    return server


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _leave(server: smtplib.SMTP) -> None:
    """Say goodbye; what came of the message is known by now, or is not known anyway."""
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()


def _composed(letter: Letter) -> EmailMessage:
    message = EmailMessage()
    message["Message-ID"] = letter.mark
    message["Date"] = format_datetime(letter.at)
    message["From"] = letter.sender
    message["To"] = letter.to
    message["Subject"] = letter.subject
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    return message
