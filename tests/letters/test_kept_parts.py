"""Sheets, order and resumption of a print file."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from letters import PrintOptions, in_postal_order, render_print_file
from letters import render as render_module
from letters import worker as worker_module
from letters.paint import Painter
from tests.letters.factories import head, letter, template
from tests.letters.support import bookmarks, pages_text

LONG = [{"label": f"第{n}期", "principal": "1.00", "interest_and_fees": "0.00"} for n in range(30)]


def three_pages(number: int) -> dict[str, object]:
    return letter(number, principal="30.00", interest="0", fees="0", total="30.00", items=LONG)


def test_on_both_sides_each_letter_begins_on_the_front_of_a_sheet(tmp_path: Path) -> None:
    data = [three_pages(1), letter(2), three_pages(3)]
    plain = render_print_file(template(), head(), data, tmp_path / "a.pdf")
    rows = render_print_file(template(), head(), data, tmp_path / "b.pdf", options=PrintOptions(duplex=True))
    assert [row.pages for row in plain] == [3, 2, 3]
    assert [(row.first_page, row.last_page) for row in rows] == [(1, 4), (5, 6), (7, 10)]
    assert [page for _, page in bookmarks(tmp_path / "b.pdf")] == [1, 5, 7]
    texts = pages_text(tmp_path / "b.pdf")
    assert [number for number, text in enumerate(texts, 1) if not text] == [4, 10]
    with pikepdf.open(tmp_path / "b.pdf") as document:
        assert len({tuple(float(edge) for edge in page.mediabox) for page in document.pages}) == 1


def test_postal_order_is_by_postcode_and_then_by_address_and_none_comes_last() -> None:
    data = [
        letter(1, postcode="200120"),
        letter(2, postcode=""),
        letter(3, postcode="100020", address="乙"),
        letter(4, postcode="100020", address="丙"),
        letter(5, postcode=None),
    ]
    assert [data[place]["letter_no"][-3:-1] for place in in_postal_order(data)] == ["04", "03", "01", "02", "05"]


@given(st.lists(st.sampled_from(["", "100020", "200120", "SW1A 1AA", "sw1a1aa"]), max_size=12))
def test_postal_order_keeps_every_letter_and_does_not_depend_on_where_equal_ones_stood(postcodes: list[str]) -> None:
    data = [{"postcode": postcode, "address": "x"} for postcode in postcodes]
    order = in_postal_order(data)
    assert sorted(order) == list(range(len(data)))
    assert all(a < b for a, b in pairwise(order) if data[a] == data[b])


def test_a_job_that_died_goes_on_with_the_parts_that_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render_module, "LETTERS_A_PART", 2)
    data = [letter(n) for n in range(1, 6)]
    render_print_file(template(), head(), data, tmp_path / "whole.pdf")
    kept = PrintOptions(kept=tmp_path / "kept")
    laid_out: list[str] = []
    lay_out = Painter.lay_out

    def count_and_die(self: Painter, one: dict[str, str]) -> object:
        if len(laid_out) == 3:
            raise KeyboardInterrupt
        laid_out.append(one["letter_no"])
        return lay_out(self, one)

    monkeypatch.setattr(worker_module.Painter, "lay_out", count_and_die)
    monkeypatch.setattr(render_module, "PARTS_A_WORKER", 1)
    with pytest.raises(KeyboardInterrupt):
        render_print_file(template(), head(), data, tmp_path / "a.pdf", options=kept)
    assert not (tmp_path / "a.pdf").exists()

    laid_out.clear()
    monkeypatch.setattr(
        worker_module.Painter, "lay_out", lambda self, one: (laid_out.append(one["letter_no"]), lay_out(self, one))[1]
    )
    render_print_file(template(), head(), data, tmp_path / "a.pdf", options=kept)

    assert [number[-3:-1] for number in laid_out] == ["03", "04", "05"]
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "whole.pdf").read_bytes()


@pytest.mark.parametrize("changed", [{"debtor_name": "李四"}, {"letter_no": "(2026)京示律函字第000009号"}])
def test_a_part_of_other_data_is_not_taken_for_one_that_is_finished(tmp_path: Path, changed: dict[str, str]) -> None:
    kept = PrintOptions(kept=tmp_path / "kept")
    render_print_file(template(), head(), [letter()], tmp_path / "a.pdf", options=kept)
    render_print_file(template(), head(), [letter() | changed], tmp_path / "b.pdf", options=kept)
    assert next(iter(changed.values())) in pages_text(tmp_path / "b.pdf")[0]


def test_what_a_killed_process_left_half_written_is_made_again(tmp_path: Path) -> None:
    kept = PrintOptions(kept=tmp_path / "kept")
    render_print_file(template(), head(), [letter()], tmp_path / "a.pdf", options=kept)
    (outcomes,) = (tmp_path / "kept").glob("*.json")
    for broken in ("", "[", '[{"position": 1}]'):
        outcomes.write_text(broken, "utf-8")
        render_print_file(template(), head(), [letter()], tmp_path / "b.pdf", options=kept)
        assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()
    (part,) = (tmp_path / "kept").glob("*.pdf")
    part.unlink()
    render_print_file(template(), head(), [letter()], tmp_path / "c.pdf", options=kept)
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "c.pdf").read_bytes()


def test_a_full_disk_leaves_no_file_and_the_finished_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render_module, "LETTERS_A_PART", 1)
    monkeypatch.setattr(render_module, "PARTS_A_WORKER", 1)
    kept = PrintOptions(kept=tmp_path / "kept")
    write, written = worker_module.write_whole, []

    def no_room(file: Path, content: bytes) -> None:
        if len(written) == 2:
            file.with_suffix(".part").write_bytes(content[:100])
            raise OSError(28, "No space left on device")
        written.append(file)
        write(file, content)

    monkeypatch.setattr(worker_module, "write_whole", no_room)
    with pytest.raises(OSError, match="No space left"):
        render_print_file(template(), head(), [letter(n) for n in (1, 2, 3)], tmp_path / "a.pdf", options=kept)
    assert not (tmp_path / "a.pdf").exists()
    assert len(list((tmp_path / "kept").glob("*.json"))) == 2
    monkeypatch.setattr(worker_module, "write_whole", write)
    rows = render_print_file(template(), head(), [letter(n) for n in (1, 2, 3)], tmp_path / "a.pdf", options=kept)
    assert [row.status for row in rows] == ["printed"] * 3
