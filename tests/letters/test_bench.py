"""The bench measures what it says (never how fast)."""

from __future__ import annotations

from letters import check_letter
from letters.bench import bench, made_up_letters
from tests.letters.factories import head, template


def test_made_up_letters_are_the_same_for_a_seed_and_have_no_problem() -> None:
    data = made_up_letters(50)
    assert data == made_up_letters(50)
    assert [check_letter(template(), head(), letter, printed=True) for letter in data] == [[]] * 50


def test_the_bench_says_time_size_and_ratio_of_both_ways() -> None:
    figures = bench(letters=3, calls=2)
    assert {"ratio", "plain_ms_a_letter", "batch_ms_a_letter", "batch_kb_a_letter", "peak_mb"} <= figures.keys()
    assert figures["batch_kb_a_letter"] < figures["plain_kb_a_letter"]
