"""Forms of imports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, IntegerField, SelectField, StringField
from wtforms.validators import Length, Optional

from portal.foundation.errors import DomainError
from portal.foundation.language import _l
from portal.portfolio.importing import Options
from portal.portfolio.intake import load_profile, shipped_profiles

if TYPE_CHECKING:
    from portal.portfolio.models import ImportKind

__all__ = ["ImportForm"]


class ImportForm(FlaskForm):
    """A file and how it is to be read. Only mappings that the portal knows can be chosen here."""

    file = FileField(
        _l("File"), [FileRequired(_l("Choose a file."))], description=_l("CSV (UTF-8 or GB18030) or XLSX.")
    )
    mapping = SelectField(_l("Layout"))
    as_of = DateField(_l("As of"), [Optional()], description=_l("Left empty: the last date that the layout knows."))
    sheet = StringField(
        _l("Sheet"), [Optional(), Length(max=64)], description=_l("Of a workbook. Left empty: the first one.")
    )
    encoding = StringField(
        _l("Encoding"), [Optional(), Length(max=32)],
        description=_l("Only where the file is neither UTF-8 nor GB18030, for example big5."),
    )  # fmt: skip
    control_count = IntegerField(_l("Rows it should have"), [Optional()])
    control_total = StringField(
        _l("Amount it should add up to"), [Optional(), Length(max=40)],
        description=_l("Where count or amount differ, nothing is imported."),
    )  # fmt: skip

    @classmethod
    def for_kind(cls, kind: ImportKind) -> ImportForm:
        """The form with the layouts that read this kind of file."""
        form = cls()
        form.mapping.choices = [(name, _title(name, kind)) for name in shipped_profiles() if _fits(name, kind)]
        if kind.value != "accounts":
            del form.as_of
        return form

    def options(self) -> Options:
        """What was chosen."""
        return Options(
            mapping=self.mapping.data,
            as_of=self.as_of.data if "as_of" in self else None,
            sheet=(self.sheet.data or "").strip() or None,
            encoding=(self.encoding.data or "").strip() or None,
            control_count=self.control_count.data,
            control_total=(self.control_total.data or "").strip() or None,
        )


def _title(name: str, kind: ImportKind) -> Any:
    return _l("Standard layout") if name == "standard" else load_profile(name, kind.value).title


def _fits(name: str, kind: ImportKind) -> bool:
    try:
        load_profile(name, kind.value)
    except DomainError:
        return False
    return True
