"""What an agency holds of the bank's money, what of it it owes, and what it kept. Pure: standard library only.

Payments that an agency received belong to the bank. Under `gross` remittance it hands over all of it and bills its whole
commission; under `net` it keeps the commission on what it received, hands over the rest, and bills the commission on what
the bank received (reference/commission.md). Either way the bank ends with the same cash. What the agency hands over pays the
oldest of what it owes first, unless the bank says which payments it is for. All amounts in minor units of one currency;
a reversal is negative in all of its amounts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

__all__ = ["GROSS", "NET", "Balance", "Due", "Receipt", "Settled", "balance", "dues", "oldest_first", "settle"]

GROSS, NET = "gross", "net"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A payment that the agency received, on `on`; `commission`: what it has earned on statements that it was shown;
    `way`: gross or net, by the contract; `days` within which the contract wants it remitted, None: nothing is agreed."""

    id: int
    on: date
    amount: int
    commission: int = 0
    way: str = GROSS
    days: int | None = None

    @property
    def kept(self) -> int:
        """What of it the agency may keep."""
        return self.commission if self.way == NET else 0

    @property
    def owed(self) -> int:
        """What of it is to be remitted."""
        return self.amount - self.kept


@dataclass(frozen=True, slots=True)
class Due:
    """What is still owed of one receipt; `by`: the last day for it, None where nothing is agreed."""

    receipt: Receipt
    left: int
    by: date | None


@dataclass(frozen=True, slots=True)
class Balance:
    """Of one agency and currency: received, kept, remitted; `holds` is what is left with it and is what it `owes`, negative
    where it handed over more than it had to."""

    received: int
    kept: int
    remitted: int

    @property
    def holds(self) -> int:
        """What the agency has in hand of the bank's money."""
        return self.received - self.kept - self.remitted


def balance(receipts: Iterable[Receipt], remitted: int) -> Balance:
    """The sums over all receipts and all that was remitted."""
    every = list(receipts)
    return Balance(sum(r.amount for r in every), sum(r.kept for r in every), remitted)


def oldest_first(open_: Iterable[tuple[int, int]], amount: int) -> tuple[list[tuple[int, int]], int]:
    """An amount laid on open sums (id, left), which come oldest first: what each gets, and what is over at the end."""
    covers = []
    for key, left in open_:
        part = min(left, amount)
        if part > 0:
            covers.append((key, part))
            amount -= part
        if amount <= 0:
            break
    return covers, amount


def dues(receipts: Sequence[Receipt], covered: Mapping[int, int], unassigned: int = 0) -> list[Due]:
    """What is left to be remitted, oldest first. `covered`: what remittances cover by receipt; `unassigned`: what was
    remitted beyond that. Reversals and over-payments make room: they pay the oldest first as well."""
    ordered = sorted(receipts, key=lambda r: (r.on, r.id))
    left = {r.id: r.owed - covered.get(r.id, 0) for r in ordered}
    spare = unassigned - sum(value for value in left.values() if value < 0)
    paid, _over = oldest_first([(key, value) for key, value in left.items() if value > 0], spare)
    for key, part in paid:
        left[key] -= part
    return [Due(r, left[r.id], _last_day(r)) for r in ordered if left[r.id] > 0]


def _last_day(receipt: Receipt) -> date | None:
    return None if receipt.days is None else receipt.on + timedelta(days=receipt.days)


@dataclass(frozen=True, slots=True)
class Settled:
    """Once all is handed over and billed: what the agency remitted, what it then billed, and what the bank is left with."""

    remitted: int
    invoice: int
    bank_net: int


def settle(payments: Iterable[tuple[str, int, int]], way: str) -> Settled:
    """Payments as (received by, amount, commission) settled under one way of remittance. Nothing is offset."""
    by_bank = by_agency = fee_on_bank = fee_on_agency = 0
    for received_by, amount, commission in payments:
        if received_by == "agency":
            by_agency, fee_on_agency = by_agency + amount, fee_on_agency + commission
        else:
            by_bank, fee_on_bank = by_bank + amount, fee_on_bank + commission
    kept = fee_on_agency if way == NET else 0
    remitted, invoice = by_agency - kept, fee_on_bank + fee_on_agency - kept
    return Settled(remitted, invoice, by_bank + remitted - invoice)
