"""One delivery over the wire: the name is resolved once, every address behind it is judged, and the one that was judged is
connected to. No redirect is followed, and of the answer nothing but its status is kept.

What the standard library's client does by itself would resolve the name a second time, and wait for a receiver that
sends a byte now and then for as long as it does; so the connection is made here and cut when its time is over.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
from dataclasses import dataclass
from threading import Timer
from typing import TYPE_CHECKING, Final

from portal.api.webhook_addresses import Fault, Target, may_reach, target_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from ipaddress import IPv4Network, IPv6Network

__all__ = ["Answer", "Patience", "post"]

MOST_READ: Final = 64 * 1024  # bytes of an answer
MOST_ADDRESSES: Final = 2  # of a name, that are tried


@dataclass(frozen=True)
class Patience:
    """Seconds: to connect, and from then on for the whole answer."""

    connect: float = 5.0
    read: float = 10.0


@dataclass(frozen=True)
class Answer:
    """How a try went: the status that was answered, or the code of what went wrong before one was (see labels)."""

    status: int | None = None
    error: str = ""

    @property
    def is_taken(self) -> bool:
        """Whether the receiver has the event: any answer of the 200s."""
        return self.status is not None and 200 <= self.status < 300


class _Failed(Exception):
    """The try ends here; `args[0]` is the code."""


def post(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    plain_allowed: bool,
    networks: Sequence[IPv4Network | IPv6Network] = (),
    patience: Patience = Patience(),
) -> Answer:
    """Send the body once. Never raises for what the other side does or is."""
    try:
        target = target_of(url, plain_allowed=plain_allowed)
        addresses = _addresses(target, networks)
        with _connected(target, addresses, patience) as (connection, is_late):
            return _exchange(connection, target, headers, body, is_late)
    except Fault:
        return Answer(error="url")
    except _Failed as failed:
        return Answer(error=str(failed.args[0]))


def _addresses(target: Target, networks: Sequence[IPv4Network | IPv6Network]) -> list[str]:
    """Where the name leads. One address that may not be reached is enough to refuse the name."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise _Failed("name") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not addresses or not all(may_reach(address, networks) for address in addresses):
        raise _Failed("private")
    return addresses[:MOST_ADDRESSES]


class _Watch:
    """Cuts a connection when its time is over; true once it has."""

    def __init__(self, connection: socket.socket, seconds: float) -> None:
        self._socket, self._has_cut = connection, False
        self._timer = Timer(seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def __bool__(self) -> bool:
        return self._has_cut

    def _cut(self) -> None:
        self._has_cut = True
        with contextlib.suppress(OSError):
            # the plain socket's own: TLS would take the connection apart under the thread that reads it
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def stop(self) -> None:
        self._timer.cancel()


@contextlib.contextmanager
def _connected(
    target: Target, addresses: Sequence[str], patience: Patience
) -> Iterator[tuple[http.client.HTTPConnection, _Watch]]:
    """An open connection to the first of the addresses that answers, and the watch over its time."""
    plain = _first_open(target, addresses, patience)
    watch = _Watch(plain, patience.connect + patience.read if target.is_secure else patience.read)
    try:
        connection: http.client.HTTPConnection
        if target.is_secure:
            context = ssl.create_default_context()
            try:
                secured = context.wrap_socket(plain, server_hostname=target.host)
            except (OSError, ValueError) as error:
                raise _Failed("timeout" if isinstance(error, TimeoutError) or watch else "tls") from error
            watch.stop()
            plain = secured
            watch = _Watch(secured, patience.read)
            connection = http.client.HTTPSConnection(target.host, target.port, context=context)
        else:
            connection = http.client.HTTPConnection(target.host, target.port)
        plain.settimeout(patience.read)
        connection.sock = plain  # the one that was judged; the client would resolve the name anew
        yield connection, watch
    finally:
        watch.stop()
        plain.close()


def _first_open(target: Target, addresses: Sequence[str], patience: Patience) -> socket.socket:
    code = "connect"
    for address in addresses:
        try:
            return socket.create_connection((address, target.port), timeout=patience.connect)
        except TimeoutError:
            code = "timeout"
        except OSError:
            code = "connect"
    raise _Failed(code)


def _exchange(
    connection: http.client.HTTPConnection, target: Target, headers: Mapping[str, str], body: bytes, watch: _Watch
) -> Answer:
    try:
        connection.request("POST", target.path, body=body, headers=dict(headers))
        response = connection.getresponse()
    except TimeoutError as error:
        raise _Failed("timeout") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _Failed("timeout" if watch else "broken") from error
    with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
        response.read(MOST_READ)  # read so that the other side sees an orderly end, and forgotten
    if 300 <= response.status < 400:
        return Answer(response.status, "redirect")
    return Answer(response.status, "" if 200 <= response.status < 300 else "status")
