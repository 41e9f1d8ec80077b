"""Each sample letter is, stroke for stroke, what was looked at; its text is its data, whatever the names."""

from __future__ import annotations

import json
import shutil
import subprocess
import unicodedata
from functools import lru_cache
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from letters import check_letter, render_single
from letters.fonts import font_set
from letters.merge import merge_parts
from tests.letters.factories import head, letter, template
from tests.letters.golden_letters import (
    FOLDER,
    PICTURED,
    content_digest,
    picture_file,
    pictures,
    sample_letters,
    sample_pdf,
    versions,
)
from tests.letters.support import assert_sound
from tests.letters.test_templates import sample

HASHES = json.loads((FOLDER / "hashes.json").read_text("utf-8"))
SAMPLES = list(sample_letters())

FAR = 64
"""A pixel differs by this many of 255 shades where something moved; stored shades and smoothing differ by less."""

MOST_FAR = 0.0002
"""The share of a page's pixels that may: a dozen or two, less than a short word."""

same_versions = pytest.mark.skipif(
    HASHES["for"] != versions(), reason=f"golden letters are for {HASHES['for']}, here are {versions()}"
)
with_poppler = pytest.mark.skipif(not shutil.which("pdftotext"), reason="poppler-utils is not installed")


@lru_cache(maxsize=len(SAMPLES))
def printed(name: str, number: int) -> bytes:
    return sample_pdf(name, number)


def share_far(one: Image.Image, other: Image.Image) -> float:
    """The share of pixels that differ far; all of them where the sizes differ."""
    if one.size != other.size:
        return 1.0
    histogram = ImageChops.difference(one, other).histogram()
    return sum(histogram[FAR:]) / (one.width * one.height)


@same_versions
@pytest.mark.parametrize(("name", "number"), SAMPLES)
def test_the_content_of_a_sample_letter_is_what_it_was(name: str, number: int) -> None:
    assert content_digest(printed(name, number)) == HASHES["content"][f"{name}-{number + 1}"]


@same_versions
@with_poppler
@pytest.mark.parametrize(("name", "number"), [(name, number) for name, number in SAMPLES if number < PICTURED])
def test_its_pages_look_as_they_did(name: str, number: int) -> None:
    shown = pictures(printed(name, number))
    kept = [picture_file(name, number, page) for page in range(1, len(shown) + 1)]
    assert sorted(kept) == sorted(FOLDER.glob(f"{name}-{number + 1}-*.png"))
    for file, picture in zip(kept, shown, strict=True):
        assert share_far(Image.open(file).convert("L"), picture) <= MOST_FAR, file.name


@same_versions
@with_poppler
def test_a_word_or_a_seal_that_is_not_the_same_is_seen() -> None:
    template_, shared, first = sample("lawyer-letter-zh")
    kept = [Image.open(picture_file("lawyer-letter-zh", 0, page)).convert("L") for page in (1, 2)]
    other = pictures(render_single(template_, shared, first | {"debtor_name": "王炜明"}))
    assert share_far(kept[0], other[0]) > MOST_FAR
    sealed = shared | {"firm": shared["firm"] | {"seal": "seal-placeholder.png"}}
    assert share_far(kept[1], pictures(render_single(template_, sealed, first))[1]) > MOST_FAR


@pytest.mark.parametrize(("name", "number"), SAMPLES)
def test_nothing_is_wrong_with_the_file(name: str, number: int, tmp_path: Path) -> None:
    single, merged = tmp_path / "single.pdf", tmp_path / "merged.pdf"
    single.write_bytes(printed(name, number))
    with pikepdf.open(single) as document:
        lengths = [len(document.pages)]
    merge_parts([(single, lengths), (single, lengths)], [("一", 1)], "title", merged)
    for file in (single, merged):
        assert_sound(file)


@lru_cache(maxsize=1)
def blocks() -> list[str]:
    """Characters that the fonts cover, by blocks of 256: so a rare block is tried as often as the common one."""
    found: dict[int, list[str]] = {}
    for low, high in font_set().ranges:
        for code in range(low, high + 1):
            if unicodedata.category(chr(code))[0] not in "CZ":
                found.setdefault(code >> 8, []).append(chr(code))
    return ["".join(block) for _, block in sorted(found.items())]


MARKUP = ["<b>", "&amp;", "&#65;", '"', "'", "{{ total }}", "{% if", "]]>", "<!--", "\\", "%s", "${x}", "--", "</p>"]
COMBINED = ["e\u0301", "A\u0300\u0302", "か\u3099", "\u1112\u1161\u11ab", "ﬁ", "ffi", "〜～", "⼀一", "·‧・", "１1"]


@st.composite
def names(draw: st.DrawFn) -> str:
    """A name or an address of characters from all over, markup and combined characters among them."""
    anything = st.sampled_from(blocks()).flatmap(st.sampled_from)
    pieces = st.one_of(anything, anything, anything, st.sampled_from(MARKUP), st.sampled_from(COMBINED))
    return "".join(draw(st.lists(pieces, min_size=1, max_size=60)))


@with_poppler
@settings(max_examples=12, deadline=None, derandomize=True)
@given(name=names(), address=names())
def test_the_text_of_the_pdf_is_the_data(name: str, address: str) -> None:
    data = letter(debtor_name=name, address=address)
    if check_letter(template(), head(), data, printed=True):
        return  # held with its reason: nothing is printed that is not exact
    done = subprocess.run(
        ["pdftotext", "-raw", "-l", "1", "-enc", "UTF-8", "-", "-"],
        input=render_single(template(), head(), data),
        capture_output=True,
        check=True,
    )
    text = "".join(done.stdout.decode().split())
    assert f"{''.join(address.split())}{''.join(name.split())}（收）" in text
