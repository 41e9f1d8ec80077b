"""What a template may name beside its declared fields, and when: one list for the page and for the check of the page."""

from __future__ import annotations

from collections.abc import Sequence

from letters.languages import language
from letters.schema import Field

SUBTOTAL_OF = ("principal", "interest_and_fees")
"""A list whose rows have both of these gets their sum as `subtotal`."""

ALWAYS = ("currency_name", "qr", "citations", "settings")
LOOP = ("index", "index0", "revindex", "revindex0", "first", "last", "length")
"""What may be asked of `loop` inside a loop."""


def has_subtotal(entry: Field) -> bool:
    """Whether the rows of this list have a subtotal."""
    return set(SUBTOTAL_OF) <= {member.name for member in entry.members}


def has_deadline(fields: Sequence[Field]) -> bool:
    """Whether `deadline` follows: the date of the letter and the days to pay are both declared."""
    return {"issued_on", "pay_within_days"} <= {entry.name for entry in fields}


def derived_names(fields: Sequence[Field], tag: str) -> list[str]:
    """Dotted names that the page has without their being declared."""
    capitals = language(tag).counts_in_capitals
    amounts = [entry.name for entry in fields if entry.type == "amount"]
    return [
        *ALWAYS,
        *(f"{name}_in_words" for name in amounts),
        *(f"{name}_uppercase" for name in amounts if capitals),
        *(["issued_on_numerals"] if capitals else []),
        *(["deadline"] if has_deadline(fields) else []),
    ]
