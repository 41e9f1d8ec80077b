"""People who do not exist: always the same ones, reachable nowhere, and some of them hard on software."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.foundation.phones import parse_phone
from portal.foundation.values import card_number_in, identity_number_is_right
from portal.portfolio.intake.regions import country_of, parse_region
from portal.portfolio.madeup import STYLES, invent


@given(st.text(max_size=20), st.text(max_size=20), st.sampled_from(STYLES))
def test_a_person_depends_on_seed_and_reference_alone(seed: str, ref: str, style: str) -> None:
    assert invent(seed, ref, style) == invent(seed, ref, style)


def test_this_person_stays_who_they_are() -> None:
    person = invent("uci-default", "UCI-1", "tw")

    assert (person.name, person.phone, person.card_last4) == ("江英心", "0999917115", "4701")


@pytest.mark.parametrize("style", STYLES)
def test_people_have_what_a_row_needs(style: str) -> None:
    people = [invent("s", f"A-{n}", style) for n in range(2_000)]

    for person in people:
        country = country_of(parse_region(person.region))
        assert parse_phone(person.phone, country).number.startswith("+")
        assert person.name.strip() == person.name != ""
        assert person.address
        assert len(person.card_last4) == 4
        assert card_number_in(f"{person.name}\n{person.address}\n{person.postcode}") is None
    assert len({person.phone for person in people}) > (90 if style in ("gb", "us") else 1_900)


def test_chinese_identity_numbers_are_right_and_telephones_unallocated() -> None:
    for n in range(500):
        person = invent("s", str(n), "cn")
        assert identity_number_is_right(person.id_no)
        assert person.phone.startswith("154")


def test_some_names_and_addresses_are_hard_on_software() -> None:
    names = "".join(invent("s", str(n), "cn").name for n in range(2_000))

    assert all(rare in names for rare in "·𠮷㛃䶮")
    assert max(len(invent("s", str(n), "cn").address) for n in range(2_000)) > 50


def test_an_unknown_style_is_refused() -> None:
    with pytest.raises(ValueError):
        invent("s", "1", "mars")
