"""Control count and total: what the sender says the file holds against what was read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from portal.foundation.errors import DomainError
from portal.foundation.language import Message, say
from portal.foundation.money import minor_digits
from portal.foundation.tabular import Row, cell_text
from portal.foundation.values import parse_whole, plain
from portal.portfolio.intake.notation import NumberForm

__all__ = ["ControlFigures", "Trailer", "parse_total"]

_TOTAL: Final = re.compile(r"[+-]?(\d{1,30}|\d{1,3}(,\d{3}){1,9})(\.\d{1,9})?", re.ASCII)


def parse_total(text: str) -> Decimal:
    """An exact decimal with or without thousands separators; ValueError for anything else."""
    written = plain(text)
    if not _TOTAL.fullmatch(written):
        raise ValueError("not an exact amount")
    return Decimal(written.replace(",", ""))


@dataclass(frozen=True, slots=True)
class Trailer:
    """The last row of a file that counts its rows and adds them up; None where it leaves one blank."""

    count: int | None
    total: Decimal | None
    in_minor: bool = False

    @classmethod
    def of(cls, row: Row, form: NumberForm | None = None) -> Trailer:
        """From the cells of the trailer row, its total in the form of the file's amounts; DomainError `intake.trailer` if
        a figure cannot be read."""
        cells = [cell_text(cell) for cell in row.cells[1:3]] + ["", ""]
        texts = [plain(cell) for cell in cells]
        try:
            count = parse_whole(texts[0]) if texts[0] else None
            if not texts[1]:
                return cls(count, None)
            if form is None:
                return cls(count, parse_total(texts[1]))
            return cls(count, form.total(cells[1]), in_minor=form.minor)
        except ValueError:
            raise DomainError(
                "intake.trailer",
                say("The trailer row at line %(line)s does not hold a count and a total.", line=row.line),
                field="file",
            ) from None


@dataclass(slots=True)
class ControlFigures:
    """Count and sum over all data rows. The sum runs over all currencies, as hash totals do."""

    count: int = 0
    sums: dict[str, int] = field(default_factory=dict)
    unreadable: int = 0

    def add(self, currency: str, amount: int | None) -> None:
        """One data row with its amount in minor units, None where it cannot be read."""
        self.count += 1
        if amount is None:
            self.unreadable += 1
        else:
            self.sums[currency] = self.sums.get(currency, 0) + amount

    @property
    def total(self) -> Decimal:
        """The sum as an exact decimal."""
        return sum(
            (Decimal(minor).scaleb(-minor_digits(currency)) for currency, minor in self.sums.items()), Decimal(0)
        )

    def compare(
        self, count: int | None, total: str | Decimal | None, source: Message, *, in_minor: bool = False
    ) -> None:
        """DomainError where the figures of `source` are not those of the file; None is not compared. `in_minor`: the total
        counts minor units."""
        if count is not None and count != self.count:
            raise DomainError(
                "intake.control_count",
                say(
                    "The file has %(found)s rows, %(source)s say %(said)s. Nothing was imported.",
                    found=self.count,
                    said=count,
                    source=source,
                ),
                field="control_count",
            )
        if total is None:
            return
        try:
            said = parse_total(total) if isinstance(total, str) else total
        except ValueError:
            raise DomainError(
                "intake.control_total",
                say("The control total is not an exact amount; write it like 1,234,567.89."),
                field="control_total",
            ) from None
        if self.unreadable:
            raise DomainError(
                "intake.control_total",
                say(
                    "The total cannot be compared with %(source)s: %(count)s rows have an amount that cannot be read. "
                    "Nothing was imported.",
                    count=self.unreadable,
                    source=source,
                ),
                field="control_total",
            )
        found = Decimal(sum(self.sums.values())) if in_minor else self.total
        if said != found:
            raise DomainError(
                "intake.control_total",
                say(
                    "The file adds up to %(found)s, %(source)s say %(said)s. Nothing was imported.",
                    found=_figure(found),
                    said=_figure(said),
                    source=source,
                ),
                field="control_total",
            )


def _figure(total: Decimal) -> str:
    """A sum over all currencies as people write it, the same in both languages."""
    return f"{total:,f}".replace("-", "−")
