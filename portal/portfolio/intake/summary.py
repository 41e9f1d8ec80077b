"""The summary of an import, with exactly the keys of reference/files.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from portal.foundation.money import format_amount
from portal.portfolio.intake.rows import RejectedRow, SkippedRow

__all__ = ["Status", "Summary"]

Status = Literal["applied", "already_imported", "dry_run", "refused"]
_NOTHING: Final = "0.00"


class Summary:
    """Counts as the rows go by (`note`) and what became of them (`applied`); `as_dict` is what is printed and kept."""

    def __init__(self, unknown_columns: Sequence[str] = ()) -> None:
        self.rows = self.created = self.updated = self.unchanged = self.skipped = self.rejected = 0
        self.errors: Counter[str] = Counter()
        self.warnings: Counter[str] = Counter()
        self.skips: Counter[str] = Counter()
        self.totals: Counter[str] = Counter()
        self.unknown_columns = list(unknown_columns)
        self.rejects_file: str | None = None
        self.breach: int | None = None

    def note(self, outcome: Any) -> None:
        """A row as the reading gave it: rejected, skipped, or good (an object with `warnings`)."""
        self.rows += 1
        if isinstance(outcome, RejectedRow):
            self.rejected += 1
            self.errors.update(issue.code for issue in outcome.errors)
            return
        good = outcome.row if isinstance(outcome, SkippedRow) else outcome
        if good.warnings:
            self.warnings.update(issue.code for issue in good.warnings)
        if isinstance(outcome, SkippedRow):
            self.skipped += 1
            self.skips[outcome.reason] += 1

    def known_after_all(self, skips: Mapping[str, int]) -> None:
        """Skipped rows, by reason, whose account turned out to be known and was updated (or unchanged) instead."""
        self.skipped -= sum(skips.values())
        self.skips.subtract(skips)

    def left_out(self, reason: str, count: int) -> None:
        """Good rows of which it turned out that they are out of scope once all had been read."""
        self.skipped += count
        self.skips[reason] += count

    def applied(
        self, *, created: int = 0, updated: int = 0, unchanged: int = 0, totals: Mapping[str, int] | None = None
    ) -> None:
        """What became of good rows; `totals` by currency in minor units over those created or updated."""
        self.created += created
        self.updated += updated
        self.unchanged += unchanged
        self.totals.update(totals or {})

    def as_dict(self, status: Status) -> dict[str, Any]:
        """The keys of reference/files.md; amounts as decimal strings, an object by currency where there are several.

        Of attempts that were kept also `breach`: how many were against the conduct rules.
        """
        told = {
            "status": status,
            "rows": self.rows,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "skipped": self.skipped,
            "rejected": self.rejected,
            "total": self._total(),
            "rejects_file": self.rejects_file,
            "errors": dict(sorted(self.errors.items())),
            "warnings": dict(sorted(self.warnings.items())),
            "skips": {reason: count for reason, count in sorted(self.skips.items()) if count},
            "unknown_columns": self.unknown_columns,
        }
        return told if self.breach is None else told | {"breach": self.breach}

    @classmethod
    def already_imported(cls, earlier: Mapping[str, Any]) -> dict[str, Any]:
        """The summary of a file that was applied before, from the summary it had then: all its rows unchanged."""
        again = cls(earlier.get("unknown_columns", ()))
        again.rows = again.unchanged = int(earlier["rows"])
        again.breach = 0 if "breach" in earlier else None
        return again.as_dict("already_imported")

    def _total(self) -> str | dict[str, str]:
        if not self.created and not self.updated:
            return _NOTHING
        written = {currency: format_amount(minor, currency) for currency, minor in sorted(self.totals.items())}
        return written if len(written) > 1 else next(iter(written.values()), _NOTHING)
