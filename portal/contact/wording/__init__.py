"""What is written to a debtor, or said at the beginning of a call: fields, length, and what may not be said.

Pure: no database, no Flask, nothing but the standard library. `texts` fills the fields of an approved text, `sms` counts
what a message costs, `rules` says what stands against a text; which rules hold is data (`packs/wording/*.yaml`).
"""

from __future__ import annotations

from portal.contact.wording.rules import (
    Finding,
    Forbidden,
    ForbiddenFields,
    Required,
    Rule,
    Wording,
    Written,
    check,
    gap,
    is_blocked,
)
from portal.contact.wording.sms import Length, measure
from portal.contact.wording.texts import FIELDS, Purpose, WordingError, check_fields, fields_for, fields_in, render

__all__ = [
    "FIELDS", "Finding", "Forbidden", "ForbiddenFields", "Length", "Purpose", "Required", "Rule", "Wording", "WordingError",
    "Written", "check", "check_fields", "fields_for", "fields_in", "gap", "is_blocked", "measure", "render",
]  # fmt: skip
