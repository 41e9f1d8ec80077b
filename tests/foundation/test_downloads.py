"""Files that an answer brings may have Chinese names, though headers may not hold them."""

from __future__ import annotations

import pytest
from flask import Response
from werkzeug.http import parse_options_header

from portal.foundation.downloads import name_as_file


@pytest.mark.parametrize("name", ["accounts.csv", "W2005-京示-print.pdf", 'a "b";c 𠮷.pdf'])
def test_a_file_keeps_its_name_in_a_header_of_latin_letters(name: str) -> None:
    header = name_as_file(Response(), name).headers["Content-Disposition"]

    header.encode("ascii")
    assert parse_options_header(header) == ("attachment", {"filename": name})


def test_line_breaks_in_a_name_do_not_begin_another_header() -> None:
    with pytest.raises(ValueError, match="newline"):
        name_as_file(Response(), "a\r\nX-Other: b.pdf")
