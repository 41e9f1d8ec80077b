"""Passwords: argon2id hashes with stated parameters, and the rules for what may be one."""

from __future__ import annotations

import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from portal.foundation.errors import DomainError
from portal.foundation.language import say
from portal.foundation.services import services

__all__ = ["LONGEST", "SHORTEST", "check_rules", "hash_password", "is_outdated", "matches"]

SHORTEST = 12  # characters; length is what counts, so no rule asks for kinds of characters (NIST SP 800-63B, 5.1.1.2)
LONGEST = 128  # so that nobody can make the server hash a novel


@cache
def _hasher(for_tests: bool) -> PasswordHasher:
    """Argon2id as RFC 9106, section 4, second recommended option: 64 MiB, 3 passes, 4 lanes.

    Tests hash the same way with hardly any work.
    """
    if for_tests:
        return PasswordHasher(time_cost=1, memory_cost=64, parallelism=1, type=Type.ID)
    return PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4, hash_len=32, salt_len=16, type=Type.ID)


def _current() -> PasswordHasher:
    return _hasher(services().settings.env == "test")


@cache
def _nobodys_hash(for_tests: bool) -> str:
    return _hasher(for_tests).hash("a password that nobody has")


def _plain(password: str) -> str:
    """The same characters whatever keyboard wrote them."""
    return unicodedata.normalize("NFKC", password)


def hash_password(password: str) -> str:
    """The argon2id hash to keep, parameters and salt included."""
    return _current().hash(_plain(password))


def matches(kept: str | None, password: str) -> bool:
    """Whether the password is the one that was hashed. Without a hash the same work is done, and the answer is no."""
    known = kept or _nobodys_hash(services().settings.env == "test")
    try:
        _current().verify(known, _plain(password[:LONGEST]))
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _current().check_needs_rehash(kept)


def check_rules(password: str, user_name: str, field: str = "password") -> None:
    """Raises DomainError where this may not be the person's password: too short, too long, too simple, the user name."""
    plain = _plain(password)
    if len(plain) < SHORTEST:
        raise DomainError("password.short", say("Use at least %(n)s characters.", n=SHORTEST), field=field)
    if len(plain) > LONGEST:
        raise DomainError("password.long", say("Use at most %(n)s characters.", n=LONGEST), field=field)
    folded = plain.casefold()
    if folded.strip("0123456789") == user_name.casefold() or folded == user_name.casefold():
        raise DomainError("password.is_name", say("The password must not be the user name."), field=field)
    if len(set(folded)) < 5:
        raise DomainError("password.simple", say("Use more than a few different characters."), field=field)
