"""Which addresses a webhook may have, and which machines it may reach. Pure.

Whoever enters an address must not be able to make the portal ask machines inside the bank: so only public addresses are
reached, and the one that was judged is the one that is connected to. A bank that joins systems over a line of its own
allows that line's network by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ipaddress import IPv4Network

    Address = IPv4Address | IPv6Address
    Network = IPv4Network | IPv6Network

__all__ = ["LONGEST", "Fault", "Target", "may_reach", "target_of"]

LONGEST: Final = 500
# IPv6 addresses that stand for IPv4 ones behind a translator: what they reach cannot be judged by them.
TRANSLATED: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))


class Fault(ValueError):
    """The address cannot be a webhook's; `args[0]` is the code of what is wrong with it."""

    @property
    def code(self) -> str:
        """`long`, `characters`, `scheme`, `host`, `user`, `fragment` or `port`."""
        return str(self.args[0])


@dataclass(frozen=True)
class Target:
    """A webhook's address in its parts; `path` is what the request line says, with the query."""

    is_secure: bool
    host: str
    port: int
    path: str


def target_of(url: str, *, plain_allowed: bool) -> Target:
    """The parts of an address. `plain_allowed`: http may be used beside https. Fault for what cannot be meant."""
    if len(url) > LONGEST:
        raise Fault("long")
    if not url.isascii() or any(letter <= " " or letter == "\x7f" or letter in '"<>\\^`{|}' for letter in url):
        raise Fault("characters")
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError as error:
        raise Fault("port" if "port" in str(error).lower() else "host") from error
    if parts.scheme != "https" and not (plain_allowed and parts.scheme == "http"):
        raise Fault("scheme")
    if not host or len(host) > 253 or host.endswith("."):
        raise Fault("host")
    if "@" in parts.netloc:
        raise Fault("user")
    if parts.fragment or url.endswith("#"):
        raise Fault("fragment")
    if port == 0:
        raise Fault("port")
    is_secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(is_secure, host, port or (443 if is_secure else 80), path)


def may_reach(text: str, allowed: Sequence[Network] = ()) -> bool:
    """Whether a machine at this address may be asked: a public one, or one of a network that is allowed by name."""
    address = _plain(ip_address(text.partition("%")[0]))
    if any(address.version == network.version and address in network for network in allowed):
        return True
    if isinstance(address, IPv6Address) and any(address in network for network in TRANSLATED):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 one only carries."""
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or address.sixtofour or address
    return address
