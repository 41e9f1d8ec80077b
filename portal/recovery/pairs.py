"""Payments that their own file takes back whole: found once all rows are read, where the bank's rules leave them out.

The rows wait on disk, not in memory; what is kept in memory are the file's reversals, which are few.
"""

from __future__ import annotations

import pickle
import tempfile
import weakref
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from portal.foundation.language import say
from portal.portfolio.intake.rows import RowIssue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from portal.recovery.posting import PaymentRow

__all__ = ["REVERSED_IN_FILE", "WaitingRows", "told_of"]

REVERSED_IN_FILE: Final = "reversed_in_file"


class WaitingRows:
    """Rows kept back until all have been read."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed when it is forgotten, however the import ends
        weakref.finalize(self, self._file.close)
        self._reversals: dict[str, list[PaymentRow]] = defaultdict(list)
        self.count = 0

    def add(self, row: PaymentRow) -> None:
        """Keep one. Its warnings have been told."""
        row = replace(row, warnings=())
        pickle.dump(row, self._file, protocol=pickle.HIGHEST_PROTOCOL)
        self.count += 1
        if row.reverses:
            self._reversals[row.reverses].append(row)

    def left_out(self) -> dict[str, PaymentRow]:
        """By reference both rows of each pair: a payment and the one reversal of all of it, neither posted before, with
        nothing that reverses the reversal."""
        pairs: dict[str, PaymentRow] = {}
        for row in self.rows():
            back = self._reversals.get(row.payment_ref, ())
            if row.reverses or row.posted_before or len(back) != 1 or not _takes_back(back[0], row):
                continue
            if back[0].payment_ref not in self._reversals:
                pairs |= {row.payment_ref: row, back[0].payment_ref: back[0]}
        return pairs

    def rows(self) -> Iterator[PaymentRow]:
        """All of them, in the file's order."""
        self._file.seek(0)
        for _ in range(self.count):
            yield pickle.load(self._file)  # noqa: S301  # written above, by this process


def _takes_back(reversal: PaymentRow, payment: PaymentRow) -> bool:
    same = reversal.account_ref == payment.account_ref and reversal.currency == payment.currency
    return same and reversal.amount == payment.amount and not reversal.posted_before


def told_of(row: PaymentRow) -> RowIssue:
    """What the import's report says of a row that was left out."""
    words = say("Left out: the payment and its reversal stand in the same file.")
    return RowIssue(row.line, "payment_ref", row.payment_ref, REVERSED_IN_FILE, words, "payment_ref")
