"""Single letters for the archive: PDF/A-3u by what the file itself holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from click.testing import CliRunner

from letters import render_single, template_names
from letters.command import letters
from tests.letters.factories import job, letter
from tests.letters.support import assert_sound, pages_text
from tests.letters.test_templates import sample

# WeasyPrint 70 leaves the profile it read from its own package for the reference counter to close.
pytestmark = pytest.mark.filterwarnings(r"ignore:unclosed file .*sRGB2014\.icc:ResourceWarning")

ID = "{http://www.aiim.org/pdfa/ns/id/}"


def mark(pdf: Path) -> tuple[str | None, str | None]:
    """Part and conformance that the XMP states."""
    with pikepdf.open(pdf) as document, document.open_metadata() as xmp:
        return xmp.get(f"{ID}part"), xmp.get(f"{ID}conformance")


def fonts(document: pikepdf.Pdf) -> list[Any]:
    """The fonts that the pages use, the descendants of composite ones."""
    found = []
    for page in document.pages:
        for font in page.Resources.get("/Font", {}).values():
            assert "/ToUnicode" in font
            found.extend(font.get("/DescendantFonts", [font]))
    return found


@pytest.mark.parametrize("name", template_names())
def test_a_letter_for_the_archive_is_pdf_a_3u(name: str, tmp_path: Path) -> None:
    template, head, first = sample(name)
    pdf = tmp_path / "a.pdf"
    pdf.write_bytes(render_single(template, head, first, archive=True))
    assert mark(pdf) == ("3", "U")
    with pikepdf.open(pdf) as document:
        (intent,) = document.Root.OutputIntents
        assert intent.S == "/GTS_PDFA1"
        assert "sRGB" in str(intent.OutputConditionIdentifier)
        assert bytes(intent.DestOutputProfile.read_bytes())[36:40] == b"acsp"  # an ICC profile
        assert not document.is_encrypted and "/ID" in document.trailer
        descriptors = [font.FontDescriptor for font in fonts(document)]
        assert descriptors
        assert all({"/FontFile2", "/FontFile3"} & set(descriptor.keys()) for descriptor in descriptors)
        assert "/JavaScript" not in document.Root.get("/Names", {}) and "/AA" not in document.Root
    assert_sound(pdf)


def test_it_says_the_same_and_gives_the_same_bytes_each_time() -> None:
    plain = render_single(*sample("lawyer-letter-zh"))
    kept = render_single(*sample("lawyer-letter-zh"), archive=True)
    assert pages_text(kept) == pages_text(plain)
    assert kept == render_single(*sample("lawyer-letter-zh"), archive=True)


def test_the_command_marks_single_letters_and_never_the_print_file(tmp_path: Path) -> None:
    data = tmp_path / "data.json"
    data.write_text(json.dumps(job(letter(1), letter(2))), "utf-8")
    out, single = tmp_path / "out.pdf", tmp_path / "single"
    asked = ["render", str(data), "--out", str(out)]
    done = CliRunner().invoke(letters, [*asked, "--split", str(single), "--archive"])
    assert done.exit_code == 0, done.stderr
    assert [mark(file) for file in sorted(single.iterdir())] == [("3", "U")] * 2
    assert mark(out) == (None, None)
    with pikepdf.open(out) as document:
        assert "/OutputIntents" not in document.Root
    plain = CliRunner().invoke(letters, [*asked, "--split", str(tmp_path / "plain")])
    assert plain.exit_code == 0
    assert [mark(file) for file in sorted((tmp_path / "plain").iterdir())] == [(None, None)] * 2


def test_an_archive_without_single_letters_is_wrong_usage(tmp_path: Path) -> None:
    done = CliRunner().invoke(letters, ["render", "data.json", "--out", str(tmp_path / "out.pdf"), "--archive"])
    assert done.exit_code == 2 and "--split" in done.stderr
