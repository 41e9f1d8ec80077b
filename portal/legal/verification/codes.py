"""Codes and letter numbers as people type them off paper. Pure: no database, no Flask."""

from __future__ import annotations

import unicodedata

from portal.legal.numbering import ALPHABET, GROUP, GROUPS

__all__ = ["NO_CODE", "read_code", "read_number"]

LONGEST = 200  # characters looked at; nobody types more off a letter
# Asked for in the place of what cannot be a code, so that the answer takes the same way.
NO_CODE = "-".join("0" * GROUP for _ in range(GROUPS))


def read_code(text: str) -> str:
    """The code in the form in which it is kept, however it was typed: with or without dashes and spaces, in small letters,
    full width. NO_CODE for what cannot be one."""
    plain = "".join(c for c in _plain(text) if c.isascii() and c.isalnum())
    if len(plain) != GROUP * GROUPS or set(plain) - set(ALPHABET):
        return NO_CODE
    return "-".join(plain[place : place + GROUP] for place in range(0, len(plain), GROUP))


def read_number(text: str) -> str:
    """A letter number by its letters and figures alone, so that brackets, spaces and dashes may be left out."""
    return "".join(c for c in _plain(text) if c.isalnum())


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text[:LONGEST]).upper()
