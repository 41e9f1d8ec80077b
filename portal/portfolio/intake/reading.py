"""The walk through a file: rows checked in small batches, duplicates, the trailer, what the controls compare.

Memory does not grow with the file but for sixteen bytes a row (`seen`), of accounts as many again for their customers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Final, Generic, Protocol, TypeVar

from portal.foundation.errors import DomainError
from portal.foundation.language import say
from portal.foundation.tabular import Row, Table, is_trailer
from portal.portfolio.intake.binding import bind
from portal.portfolio.intake.control import ControlFigures, Trailer
from portal.portfolio.intake.draft import Draft
from portal.portfolio.intake.profile import MappingProfile
from portal.portfolio.intake.rows import RejectedRow
from portal.portfolio.intake.seen import SeenReferences

__all__ = ["Reading", "RowCheck"]

Good = TypeVar("Good")
Checked = TypeVar("Checked", covariant=True)
_BATCH: Final = 1_000


class RowCheck(Protocol[Checked]):
    """What a kind of file knows about its rows."""

    def prepare(self, drafts: Sequence[Draft]) -> None:
        """Looks up for a whole batch what the rows need from elsewhere."""

    def check(self, draft: Draft) -> Checked | None:
        """The row, or None with its errors in the draft. Sets the draft's key, currency and amount."""


class Reading(Generic[Good]):
    """Iterate once; every data row comes out as a good row (of the kind's own types) or a RejectedRow.

    Afterwards `check_control` compares what was read with what the sender says. `header`, `fields`,
    `unknown_columns` and `as_of` are known from the beginning.
    """

    def __init__(self, table: Table, profile: MappingProfile, as_of: date, check: RowCheck[Good]) -> None:
        self.profile = profile
        self.as_of = as_of
        self.header = table.header
        self._table = table
        self._check = check
        self._binding = bind(profile, table.header, as_of)
        self._seen = SeenReferences()
        self._figures = ControlFigures()
        self._trailer: Trailer | None = None

    @property
    def fields(self) -> frozenset[str]:
        """The fields that the file speaks of."""
        return self._binding.fields

    @property
    def unknown_columns(self) -> tuple[str, ...]:
        """Columns that neither the layout nor the mapping knows; kept with each row as extra fields."""
        return self._binding.unknown_columns

    @property
    def rows(self) -> int:
        """Data rows read so far, without header and trailer."""
        return self._figures.count

    def __iter__(self) -> Iterator[Good | RejectedRow]:
        rows = self._data_rows()
        while batch := [Draft(row.line, row.cells, self._binding) for row in islice(rows, _BATCH)]:
            self._check.prepare(batch)
            for draft in batch:
                yield self._judge(draft)

    def check_control(self, *, count: int | None = None, total: str | Decimal | None = None) -> None:
        """Compares all data rows, rejected ones included, with the given figures and with the file's trailer.

        Call it when all rows have been read and before anything is kept. DomainError `intake.control_count` or
        `intake.control_total` where they differ; a row whose amount cannot be read makes any total differ.
        """
        self._figures.compare(count, total, say("the control figures"))
        if self._trailer is not None:
            trailer = self._trailer
            self._figures.compare(trailer.count, trailer.total, say("the trailer"), in_minor=trailer.in_minor)

    def _data_rows(self) -> Iterator[Row]:
        for row in self._table.rows():
            if self._trailer is not None:
                raise DomainError(
                    "intake.rows_after_trailer",
                    say("Line %(line)s stands behind the trailer row.", line=row.line),
                    field="file",
                )
            if is_trailer(row.cells):
                forms = self._binding.amount_of
                self._trailer = Trailer.of(row, forms.get("total") or forms.get("principal") or forms.get("amount"))
            else:
                yield row

    def _judge(self, draft: Draft) -> Good | RejectedRow:
        good = self._check.check(draft)
        self._figures.add(draft.currency, draft.amount)
        if draft.key:
            if self._seen.get(draft.key) is not None:
                draft.fail(
                    draft.key_field, "duplicate",
                    say("A second row with the same reference; the first good one stands."),
                )  # fmt: skip
            elif good is not None:
                self._seen.add(draft.key)
        if good is None or draft.errors:
            return RejectedRow(draft.line, tuple(draft.cells), tuple(draft.errors))
        return good
