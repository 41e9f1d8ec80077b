"""Labels and the printer's test page: every address whole, nothing of the debt."""

from __future__ import annotations

from pathlib import Path

import pikepdf
import pytest

from letters import write_labels, write_test_page
from letters.sheets import LABELS_A_SHEET
from tests.letters.factories import letter
from tests.letters.support import assert_sound, pages_text, squeeze
from tests.letters.test_print_file import HOSTILE


def test_labels_say_who_and_where_and_nothing_of_the_debt(tmp_path: Path) -> None:
    data = [letter(n, debtor_name=name, address=address) for n, (name, address) in enumerate(HOSTILE, 1)]
    assert write_labels(data, tmp_path / "labels.pdf") == 1
    (text,) = pages_text(tmp_path / "labels.pdf")
    for name, address in HOSTILE:
        assert squeeze(address) in text
        assert squeeze(name) + "（收）" in text
    for secret in ("52,838.95", "4417", "律函"):
        assert secret not in text
    assert_sound(tmp_path / "labels.pdf")


def test_a_sheet_holds_24_labels_and_the_next_begins_another(tmp_path: Path) -> None:
    data = [letter(n, address=f"世纪大道{n}号甲") for n in range(1, LABELS_A_SHEET + 2)]
    assert write_labels(data, tmp_path / "labels.pdf") == 2
    first, second = pages_text(tmp_path / "labels.pdf")
    assert "世纪大道24号甲" in first
    assert "世纪大道25号甲" in second
    assert "世纪大道25号甲" not in first


def test_a_very_long_address_stays_on_its_label_whole(tmp_path: Path) -> None:
    address = "".join(f"第{n}号路口向东" for n in range(1, 40))
    write_labels([letter(address=address)], tmp_path / "labels.pdf")
    (text,) = pages_text(tmp_path / "labels.pdf")
    assert address in text
    assert text.endswith("（收）")


@pytest.mark.parametrize("language", ["en-US", "en-GB"])
def test_an_english_label_begins_with_the_name_and_ends_with_the_postcode(tmp_path: Path, language: str) -> None:
    data = letter(debtor_name="Ann Sample", address="1 Sample Road\nLeeds", postcode="LS1 4AP")
    write_labels([data], tmp_path / "labels.pdf", language)
    assert pages_text(tmp_path / "labels.pdf") == ["AnnSample1SampleRoadLeedsLS14AP"]


def test_without_a_row_there_is_no_file(tmp_path: Path) -> None:
    assert write_labels([], tmp_path / "labels.pdf") == 0
    assert list(tmp_path.iterdir()) == []


def test_the_same_labels_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.pdf", "b.pdf"):
        write_labels([letter(n) for n in range(30)], tmp_path / name)
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


def test_the_test_page_has_a_back_for_printing_on_both_sides(tmp_path: Path) -> None:
    for duplex, pages in ((False, 1), (True, 2)):
        write_test_page("北京示例 <律师> & 事务所", tmp_path / "test.pdf", duplex=duplex)
        texts = pages_text(tmp_path / "test.pdf")
        assert len(texts) == pages
        assert all("北京示例<律师>&事务所" in text and "100mm" in text for text in texts)
        with pikepdf.open(tmp_path / "test.pdf") as document:
            assert [round(float(edge)) for edge in document.pages[0].mediabox] == [0, 0, 595, 842]


def test_the_test_page_of_letters_of_the_united_states_is_of_their_paper(tmp_path: Path) -> None:
    write_test_page("Sample & Counsel LLP", tmp_path / "test.pdf", language="en-US")
    assert "#10envelope" in pages_text(tmp_path / "test.pdf")[0]
    with pikepdf.open(tmp_path / "test.pdf") as document:
        assert [round(float(edge)) for edge in document.pages[0].mediabox] == [0, 0, 612, 792]
