"""The first rows of a file as a mapping reads them: good, skipped or rejected, personal data masked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from portal.foundation.errors import DomainError
from portal.foundation.formats import amount, day, instant
from portal.foundation.language import say, translate
from portal.foundation.tabular import cell_text
from portal.portfolio import labels
from portal.portfolio.intake import RejectedRow, SkippedRow
from portal.portfolio.intake.binding import bind
from portal.portfolio.intake.layout import AMOUNTS, LAYOUTS
from portal.portfolio.masking import mask_field
from portal.portfolio.models import HoldFlag
from portal.portfolio.region_names import region_name

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.language import Message
    from portal.portfolio.importing import FileKind
    from portal.portfolio.intake import MappingProfile
    from portal.portfolio.sample import Sample

__all__ = ["Preview", "PreviewRow", "preview"]

ROWS: Final = 20


@dataclass(frozen=True)
class PreviewRow:
    """A row of the file: `state` is good, skipped or rejected; `cells` go with the preview's fields."""

    line: int
    state: str
    cells: tuple[str, ...]
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preview:
    """`problem`: why no row can be shown (a required column is missing, a date that the mapping does not know)."""

    fields: tuple[str, ...] = ()
    rows: tuple[PreviewRow, ...] = ()
    unknown_columns: tuple[str, ...] = ()
    problem: Message | None = None

    def count(self, state: str) -> int:
        """How many of the shown rows are in a state."""
        return sum(row.state == state for row in self.rows)


def preview(
    session: Session, rules: FileKind, sample: Sample, profile: MappingProfile, *, as_of: date | None, today: date,
    organisation_id: int | None = None,
) -> Preview:  # fmt: skip
    """The head of a file through the very reading that the import uses."""
    try:
        found = rules.read(
            sample.table(), profile, as_of=as_of, today=today, session=session, organisation_id=organisation_id
        )
        binding = bind(profile, sample.header, found.as_of)
        names = [column.field for column in LAYOUTS[profile.kind] if column.field in found.fields]
        invented = profile.made_up.fields if profile.made_up else ()
        fields = tuple(dict.fromkeys([*names, *(name for name in invented if name not in names)]))
        raw = {row.line: binding.read(row.cells) for row in sample.rows}
        rows = tuple(_row(outcome, fields, raw.get(outcome.line, {})) for outcome in islice(found, ROWS))
    except DomainError as error:
        return Preview(problem=error.message)
    return Preview(fields, rows, found.unknown_columns)


def _row(outcome: Any, fields: tuple[str, ...], raw: dict[str, Any]) -> PreviewRow:
    if isinstance(outcome, RejectedRow):
        cells = tuple(mask_field(name, cell_text(raw.get(name, ""))) for name in fields)
        return PreviewRow(outcome.line, "rejected", cells, tuple(map(_issue, outcome.errors)))
    row = outcome.row if isinstance(outcome, SkippedRow) else outcome
    cells = tuple(mask_field(name, _value(row, name, raw.get(name, ""))) for name in fields)
    warnings = tuple(map(_issue, row.warnings))
    if isinstance(outcome, SkippedRow):
        return PreviewRow(outcome.line, "skipped", cells, (outcome.reason,), warnings)
    if getattr(row, "posted_before", False):
        warnings += (translate(say("Posted before, or already in a row above: nothing changes.")),)
    return PreviewRow(outcome.line, "good", cells, (), warnings)


def _issue(issue: Any) -> str:
    words = translate(issue.message)
    return labels.of_column(issue.column, words)


def _value(row: Any, name: str, raw: Any) -> str:
    """A field of a row as it was read, in the reader's notation; as it stands in the file where the row has no such field."""
    if name.startswith("phone_"):
        place, _, relation = name.removeprefix("phone_").partition("_")
        entry = next((e for e in row.phones if e.position == int(place)), None)
        if entry is None:
            return ""
        return str(labels.RELATIONS.get(entry.relation, entry.relation) if relation else entry.phone.number)
    value: Any = getattr(row, name, raw)
    if value is None:
        return ""
    if name in AMOUNTS:
        return amount(value, row.currency)
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return day(value)
    if name == "flags" and isinstance(value, tuple):
        return "; ".join(str(labels.HOLD_LABELS[HoldFlag(flag)]) for flag in value)
    if name == "received_by":
        return str(labels.RECEIVERS.get(str(value), value))
    if name == "region":
        return str(region_name(value))
    return "; ".join(value) if isinstance(value, tuple) else str(value)
