"""What contracts are called on pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_babel import get_locale

from portal.foundation.formats import percent
from portal.foundation.language import _l
from portal.vendors.models import PlacementKind

if TYPE_CHECKING:
    from decimal import Decimal

    from sqlalchemy import Row

    from portal.identity.models import Organisation

__all__ = ["KIND_LABELS", "exact_percent", "name_of"]

KIND_LABELS: dict[PlacementKind, Any] = {
    PlacementKind.COLLECTION: _l("Collection"),
    PlacementKind.LITIGATION: _l("Litigation"),
    PlacementKind.LETTER: _l("Lawyer's letters"),
}


def name_of(organisation: Organisation | Row[Any]) -> str:
    """An organisation's name in the reader's language, where it has one in it; of the organisation or a row of its names."""
    in_english = str(get_locale() or "en") == "en"
    name: str = organisation.name_en if in_english and organisation.name_en else organisation.name
    return name


def exact_percent(rate: Decimal | None) -> str:
    """A rate with every digit that was agreed: 0.141275 is 14.1275%."""
    if rate is None:
        return percent(None)
    exponent = rate.normalize().as_tuple().exponent
    return percent(rate, max(0, -exponent - 2) if isinstance(exponent, int) else None)
