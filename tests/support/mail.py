"""A mail server on this machine, small and real: it speaks SMTP over a socket and keeps what it takes."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

__all__ = ["MailServer", "mail_server"]


@dataclass
class MailServer:
    """What it has taken, and how it answers: `refuses` a recipient for good, is `busy`, or `dies` without an answer once it
    has the message."""

    url: str = ""
    taken: list[EmailMessage] = field(default_factory=list)
    refuses: bool = False
    busy: bool = False
    dies: bool = False


class _Session(socketserver.StreamRequestHandler):
    mail: MailServer

    def handle(self) -> None:
        self._say("220 tests")
        while line := self.rfile.readline():
            word = line.strip().upper()
            if word.startswith(b"RCPT") and self.mail.refuses:
                self._say("550 nobody of this name")
            elif word.startswith(b"RCPT") and self.mail.busy:
                self._say("451 later")
            elif word == b"DATA":
                self._say("354 go on")
                if not self._take():
                    return
            elif word == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 tests")

    def _take(self) -> bool:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        message = message_from_bytes(b"".join(lines), policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.mail.taken.append(message)
        if not self.mail.dies:
            self._say("250 taken")
        return not self.mail.dies

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """A server on a free port of 127.0.0.1, stopped at the end."""
    mail = MailServer()
    handler = type("Session", (_Session,), {"mail": mail})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        mail.url = f"smtp://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield mail
        finally:
            server.shutdown()
            thread.join()
