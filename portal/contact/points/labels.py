"""Words for contact points that were found."""

from __future__ import annotations

from typing import Any, Final

from portal.foundation.language import _l

__all__ = ["GROUND_LABELS"]

# On what ground a contact point may be used (reference/conduct.md 1.2).
GROUND_LABELS: Final[dict[str, Any]] = {
    "contract": _l("named in the contract"),
    "authorisation": _l("authorised by the debtor"),
    "public_source": _l("a lawful public source"),
    "reserved_contact": _l("told by a contact on file"),
    "credit_bureau": _l("a credit bureau, as authorised"),
}
