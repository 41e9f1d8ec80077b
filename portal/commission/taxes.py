"""Tax on a statement's total: counted once on the whole, rounded half up. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from portal.foundation.money import divided_half_up

__all__ = ["Taxed", "taxed"]


class Taxed(NamedTuple):
    """A total with its tax, in minor units: net + tax = gross, always."""

    net: int
    tax: int
    gross: int


def taxed(total: int, rate: Decimal, included: bool) -> Taxed:
    """`rate` as a share (0.06), from 0 to below 1. `included`: the total holds the tax already, and the tax is the part
    rate ÷ (1 + rate) of it; else it comes on top."""
    over, under = rate.as_integer_ratio()
    if included:
        tax = divided_half_up(total * over, under + over)
        return Taxed(total - tax, tax, total)
    tax = divided_half_up(total * over, under)
    return Taxed(total, tax, total + tax)
