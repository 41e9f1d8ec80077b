"""Tabular files in and out: CSV as banks export it and XLSX, read as a stream of rows, written as a stream of rows.

    table = open_table(path)
    for row in table.rows():
        row.line, row.cells

Whatever is wrong with a file as a whole is a DomainError (`tabular.…`) that says what and, where it can, at which
line; what is wrong with the values of one row is the business of whoever knows what they mean.
"""

from portal.foundation.tabular.cells import (
    Cell,
    NumberText,
    Row,
    cell_text,
    escape_formula,
    is_trailer,
    unescape_formula,
)
from portal.foundation.tabular.reading import Limits, Table, open_table, sheet_names
from portal.foundation.tabular.writing import CsvWriter, RowWriter, XlsxWriter

__all__ = [
    "Cell",
    "CsvWriter",
    "Limits",
    "NumberText",
    "Row",
    "RowWriter",
    "Table",
    "XlsxWriter",
    "cell_text",
    "escape_formula",
    "is_trailer",
    "open_table",
    "sheet_names",
    "unescape_formula",
]
