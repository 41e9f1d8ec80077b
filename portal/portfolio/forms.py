"""Forms of imports: sending a file, and saying how it is to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, DateField, IntegerField, SelectField, StringField
from wtforms.validators import DataRequired, Length, Optional

from portal.foundation.forms import options, to_choose
from portal.foundation.language import _l
from portal.portfolio.intake.editing import OWN, ColumnUse, Editing, OtherSource
from portal.portfolio.intake.layout import LAYOUTS
from portal.portfolio.intake.notation import NUMBER_FORMS
from portal.portfolio.waiting import Choice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from portal.portfolio.intake import MappingProfile
    from portal.portfolio.models import ImportKind

__all__ = ["ImportForm", "PrepareForm", "posted_editing"]

_SCOPES = ("not_overdue", "no_balance")
_LONGEST = {"values": 4_000, "date": 80}


class ImportForm(FlaskForm):
    """A file; how it is to be read is asked once it has been looked at. `organisations`: whose it may be, where the bank
    sends it for one of them."""

    organisation = SelectField(_l("Organisation"), [DataRequired(_l("Say whose file it is."))])
    file = FileField(
        _l("File"), [FileRequired(_l("Choose a file."))],
        description=_l("CSV or XLSX. Nothing is imported before you have seen its first rows."),
    )  # fmt: skip

    def __init__(self, organisations: Sequence[tuple[int, str]] = (), chosen: int | None = None, **kwargs: Any) -> None:
        super().__init__(data={"organisation": str(chosen or "")}, **kwargs)
        if not organisations:
            del self.organisation
        else:
            known = ((str(key), name) for key, name in organisations)
            self.organisation.choices = to_choose(known)


class PrepareForm(FlaskForm):
    """What is said once for the whole file. The table of its columns is read by `posted_editing`."""

    sheet = SelectField(_l("Sheet"), validate_choice=False)
    encoding = StringField(
        _l("Encoding"), [Optional(), Length(max=32)],
        description=_l("UTF-8 and GB18030 are found by themselves; name any other, for example big5."),
    )  # fmt: skip
    mapping = SelectField(_l("Layout"), validate_choice=False)
    date = StringField(
        _l("How dates are written"), [Optional(), Length(max=80)],
        description=_l("For example DD/MM/YYYY or ROC/MM/DD; several separated by semicolons. Left empty: 2026-11-22, "
                       "2026/11/22, 20261122, 2026年11月22日."),
    )  # fmt: skip
    number = SelectField(_l("How amounts are written"), validate_choice=False)
    not_overdue = BooleanField(_l("Leave out rows that are not overdue"))
    no_balance = BooleanField(_l("Leave out rows that owe nothing (a credit balance is then no error)"))
    total_alone = BooleanField(_l("A total without its parts is all principal"))
    as_of = DateField(
        _l("As of"),
        [Optional()],
        description=_l("The day that the file speaks of. Left empty: today, or its own column."),
    )
    control_count = IntegerField(_l("Rows it should have"), [Optional()])
    control_total = StringField(
        _l("Amount it should add up to"), [Optional(), Length(max=40)],
        description=_l("Where count or amount differ, nothing is imported."),
    )  # fmt: skip
    profile_name = StringField(
        _l("Name of the layout"), [Optional(), Length(max=48)],
        description=_l("Small letters, digits and dashes. A name that is known gets its next version."),
    )  # fmt: skip
    note = StringField(_l("What is new in this version"), [Optional(), Length(max=200)])

    def show_editing(self, editing: Editing) -> None:
        """Fill in what the layout says of the whole file."""
        self.date.data, self.number.data = editing.date, editing.number
        self.total_alone.data = editing.total_alone
        for name in _SCOPES:
            self[name].data = name in editing.scope

    def offer(self, known: Sequence[tuple[str, Any]], sheets: Sequence[str]) -> None:
        """What can be chosen."""
        self.mapping.choices = options(known)
        self.sheet.choices = options([(name, name) for name in sheets])
        names = [*NUMBER_FORMS, *([OWN] if self.number.data == OWN else [])]
        words = {"123456": _l("123456 (whole minor units)"), OWN: _l("as the layout says")}
        self.number.choices = options([(name, words.get(name, name)) for name in names])

    def choice(self, mapping: str, own: dict[str, Any] | None) -> Choice:
        """What was decided, for the operation."""
        return Choice(
            mapping=mapping,
            own=own,
            as_of=self.as_of.data,
            control_count=self.control_count.data,
            control_total=(self.control_total.data or "").strip() or None,
        )


def posted_editing(
    form: PrepareForm, posted: Mapping[str, str], header: Sequence[str], kind: ImportKind, base: MappingProfile | None
) -> Editing:
    """What stands in the form about each column and field; what the table cannot show is the base's."""
    columns = tuple(
        ColumnUse(
            name,
            posted.get(f"c{place}", "extra"),
            _lines(posted.get(f"c{place}-values", "")),
            posted.get(f"c{place}-date", "").strip()[: _LONGEST["date"]],
            posted.get(f"c{place}-number", ""),
        )
        for place, name in enumerate(header)
    )
    others: dict[str, OtherSource] = {}
    for column in LAYOUTS[kind.value]:
        source = OtherSource(
            posted.get(f"f-{column.field}-column", ""), posted.get(f"f-{column.field}-value", "").strip()[:200]
        )
        if (source.column or source.value) and (not source.column or source.column in header):
            others[column.field] = source
    return Editing(
        columns=columns,
        others=others,
        date=(form.date.data or "").strip(),
        number=form.number.data or "1,234.56",
        scope=tuple(name for name in _SCOPES if form[name].data),
        total_alone=bool(form.total_alone.data),
        kept=Editing.of_profile(header, base).kept if base else {},
    )


def _lines(text: str) -> str:
    return "\n".join(line.strip() for line in text[: _LONGEST["values"]].splitlines() if line.strip())
