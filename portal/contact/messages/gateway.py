"""The way out of a message. By default it waits in the outbox until the bank takes it away as a file; e-mail goes by the
bank's own mail server where one is named (`PORTAL_SMTP_URL`). Another way is another class with `take`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from portal.contact.models import Channel
from portal.foundation.services import services

if TYPE_CHECKING:
    from portal.contact.messages.models import OutgoingMessage
    from portal.foundation.work import Work

__all__ = ["MAIL", "Gateway", "OutboxGateway", "SmtpGateway", "exported_channels", "gateway_for"]

MAIL = "contact.mail"  # the job that hands one e-mail to the server


class Gateway(Protocol):
    """Takes messages that were drawn up, each in the transaction that draws it up."""

    def take(self, work: Work, message: OutgoingMessage) -> None:
        """Have this message go out once the transaction stands."""


class OutboxGateway:
    """The message waits where it is; an export takes it."""

    def take(self, work: Work, message: OutgoingMessage) -> None:
        """Nothing is to be done: it is in the outbox."""


class SmtpGateway:
    """A job hands the message to the mail server."""

    def take(self, work: Work, message: OutgoingMessage) -> None:
        """Ask for the job."""
        work.request_job(MAIL, f"{message.id}", {"message": message.id})


def gateway_for(channel: Channel) -> Gateway:
    """The way out of this kind of message, as the portal is set up."""
    if channel is Channel.EMAIL and services().settings.smtp_url:
        return SmtpGateway()
    return OutboxGateway()


def exported_channels() -> tuple[Channel, ...]:
    """What goes out by file: all that no other gateway takes."""
    written = (Channel.SMS, Channel.EMAIL, Channel.LETTER)
    return tuple(channel for channel in written if isinstance(gateway_for(channel), OutboxGateway))
