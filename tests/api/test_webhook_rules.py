"""Pure rules of webhooks: when a delivery is tried again, how it is signed, which addresses may be asked."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.api.webhook_addresses import Fault, Target, may_reach, target_of
from portal.api.webhook_rules import DELAYS, MOST_TRIES, signature_of, wait_after


def test_eight_tries_lie_further_and_further_apart_and_span_almost_two_days() -> None:
    assert [wait_after(tries) for tries in range(1, MOST_TRIES + 1)] == [*DELAYS, None]
    assert list(DELAYS) == sorted(DELAYS)
    assert sum(DELAYS, timedelta()) == timedelta(hours=44, minutes=36)
    assert wait_after(MOST_TRIES + 3) is None
    with pytest.raises(ValueError, match="nothing"):
        wait_after(0)


@given(st.text(min_size=1), st.binary(), st.integers(0, 2**40))
def test_the_signature_is_that_of_time_and_body_for_every_secret(secret: str, body: bytes, at: int) -> None:
    key = secret.encode("utf-8", "replace").decode()
    expected = hmac.new(key.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    both = signature_of((key, "another"), str(at), body).split(",")
    assert both[0] == f"v1={expected}" and len(both) == 2 and both[1].startswith("v1=")
    assert signature_of((key,), str(at + 1), body) != both[0]


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://systems.example.com", Target(True, "systems.example.com", 443, "/")),
        ("https://systems.example.com:8443/a/b?c=%20d", Target(True, "systems.example.com", 8443, "/a/b?c=%20d")),
        ("https://[2606:4700::1]/x", Target(True, "2606:4700::1", 443, "/x")),
        ("https://1.2.3.4?x", Target(True, "1.2.3.4", 443, "/?x")),
    ],
)
def test_an_address_is_taken_apart(url: str, target: Target) -> None:
    assert target_of(url, plain_allowed=False) == target


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://systems.example.com/", "scheme"),
        ("ftp://systems.example.com/", "scheme"),
        ("systems.example.com", "scheme"),
        ("", "scheme"),
        ("https:///x", "host"),
        ("https://[::1/x", "host"),
        ("https://me:secret@example.com/", "user"),
        ("https://example.com@10.0.0.1/", "user"),
        ("https://example.com/#part", "fragment"),
        ("https://example.com:0/", "port"),
        ("https://example.com:99999/", "port"),
        ("https://example.com:x/", "port"),
        ("https://example.com/a b", "characters"),
        ("https://example.com/a\r\nHost: x", "characters"),
        ("https://例子.cn/", "characters"),
        ("https://example.com\\@10.0.0.1/", "characters"),
        ("https://example.com/" + "x" * 500, "long"),
    ],
)
def test_an_address_that_cannot_be_meant_is_told_by_its_fault(url: str, code: str) -> None:
    with pytest.raises(Fault) as fault:
        target_of(url, plain_allowed=False)
    assert fault.value.code == code


@given(st.text())
def test_no_text_is_anything_but_an_address_or_a_fault(text: str) -> None:
    for url in (text, f"https://{text}"):
        try:
            target = target_of(url, plain_allowed=True)
        except Fault:
            continue
        assert target.host and 0 < target.port < 65536 and target.path.startswith("/")


@pytest.mark.parametrize(
    "address",
    [
        *(
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
        ),
        *(
            "224.0.0.1",
            "233.252.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.2.1",
            "::",
            "::1",
            "fe80::1",
        ),
        *("fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "ff0e::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1"),
        *("2002:a00:1::1", "2002:7f00:1::", "64:ff9b::a00:1", "64:ff9b::808:808", "2001:db8::1"),
    ],
)
def test_machines_inside_are_not_reached(address: str) -> None:
    assert not may_reach(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "2002:808:808::1"])
def test_public_machines_are_reached(address: str) -> None:
    assert may_reach(address)


def test_a_network_that_is_allowed_by_name_is_reached_and_no_other() -> None:
    allowed = (ip_network("10.20.0.0/16"), ip_network("fd00:1::/32"))
    assert (
        may_reach("10.20.3.4", allowed) and may_reach("fd00:1::5", allowed) and may_reach("::ffff:10.20.0.1", allowed)
    )
    assert not may_reach("10.21.0.1", allowed) and not may_reach("fd00:2::5", allowed)


@given(st.ip_addresses())
def test_whatever_is_reached_is_public_and_one_machine(address: IPv4Address | IPv6Address) -> None:
    if may_reach(str(address)):
        assert not (address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified)
