"""References seen before are found again, whatever their number."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from portal.portfolio.intake.seen import SeenReferences


@given(st.lists(st.tuples(st.text(max_size=5), st.integers(0, 2**64 - 1))))
def test_it_remembers_like_a_dict_in_which_the_first_stands(entries: list[tuple[str, int]]) -> None:
    seen, known = SeenReferences(), dict[str, int]()
    for reference, mark in entries:
        assert seen.get(reference) == known.get(reference)
        seen.add(reference, mark)
        known.setdefault(reference, mark)

    assert len(seen) == len(known)
    assert all(seen.get(reference) == mark for reference, mark in known.items())


def test_it_grows() -> None:
    seen = SeenReferences()
    for n in range(20_000):
        seen.add(f"A-{n}", n)

    assert all(seen.get(f"A-{n}") == n for n in range(20_000))
    assert all(seen.get(f"B-{n}") is None for n in range(20_000))
