"""A receiver of webhooks on this machine: it answers as it is told to and keeps what it was sent."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

__all__ = ["Post", "Receiver", "receiving"]


@dataclass(frozen=True)
class Post:
    """One request: its path, its headers, the very bytes."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Receiver:
    """`answers`: statuses for the next requests, or `slow`, `drop`, `drip`; afterwards 200."""

    url: str = ""
    answers: list[int | str] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)

    @property
    def kinds(self) -> list[str]:
        return [post.told["kind"] for post in self.posts]


@contextmanager
def receiving(context: Any = None) -> Iterator[Receiver]:
    """A receiver that listens on a free port of 127.0.0.1, over TLS with a `context`."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            post = Post(self.path, dict(self.headers.items()), body)
            receiver.posts.append(post)
            self._answer(receiver.answers.pop(0) if receiver.answers else 200)

        def _answer(self, answer: int | str) -> None:
            if answer == "drop":
                self.close_connection = True
                self.connection.close()
                return
            if answer == "slow":
                time.sleep(0.8)
            if answer == "drip":  # a byte now and then, for ever
                for _ in range(20):
                    self.wfile.write(b"H")
                    time.sleep(0.1)
                return
            self.send_response(answer if isinstance(answer, int) else 200)
            if answer == 302:
                self.send_header("Location", f"{receiver.url}/elsewhere")
            self.send_header("Content-Length", "100000")
            self.end_headers()
            self.wfile.write(b"x" * 100_000)

        def log_message(self, *_words: Any) -> None:
            """The test looks at what it keeps."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_where: Any) -> None:
            """Whoever sends may hang up in the middle of an answer."""

    server = Server(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    host = "localhost" if context is not None else "127.0.0.1"
    receiver.url = f"{'https' if context else 'http'}://{host}:{server.server_port}/portal"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
