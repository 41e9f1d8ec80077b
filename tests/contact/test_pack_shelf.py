"""Which pack and which version hold for whom on which day."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.contact.conduct import Pack
from portal.contact.rules import shelf as pack_shelf
from portal.contact.rules.shelf import Choice, Edition, Shelf
from tests.contact.packs import alone_text, own_text

DAY = date(2005, 7, 1)


def edition(number: int, begins: date | None, name: str = "alone", extends: str = "") -> Edition:
    return Edition(number, name, str(number), f"{name}-{number}-{begins}", extends, begins)


def shelf(*editions: Edition, choices: tuple[Choice, ...] = ()) -> Shelf:
    def text(number: int) -> str:
        one = next(each for each in editions if each.id == number)
        made = own_text if one.extends else alone_text
        return made(one.version)

    return Shelf(editions, choices, text)


def test_a_version_holds_from_its_day_until_the_next() -> None:
    full = shelf(edition(1, None), edition(2, date(2005, 7, 1)), edition(3, date(2005, 8, 1)))
    found = [full.named("alone", day).version for day in (date(2005, 6, 30), DAY, date(2005, 7, 31), date(2005, 8, 1))]
    assert found == ["1", "2", "2", "3"]


def test_before_the_first_version_the_first_holds_since_there_is_never_no_rule() -> None:
    assert shelf(edition(1, DAY), edition(2, date(2006, 1, 1))).named("alone", date(2000, 1, 1)).version == "1"


def test_of_two_that_begin_on_one_day_the_later_one_holds() -> None:
    assert shelf(edition(1, DAY), edition(2, DAY)).named("alone", DAY).version == "2"


@pytest.mark.parametrize(
    ("region", "pack"),
    [
        ("CN", "cn-card"), ("CN-SH", "cn-card"), ("US", "us-federal"), ("US-CA", "us-federal"), ("US-MA", "us-ma"),
        ("GB-SCT", "uk"), ("", "cn-card"), ("TW", "cn-card"), ("CNX", "cn-card"), ("USA", "cn-card"),
    ],
)  # fmt: skip
def test_the_pack_goes_by_the_nearest_place_and_elsewhere_by_the_banks_choice(region: str, pack: str) -> None:
    assert shelf().name_for(region, DAY) == pack


def test_a_choice_holds_from_its_day_for_its_place_and_no_other() -> None:
    full = shelf(choices=(Choice(1, "US-CA", "us-ma", DAY), Choice(2, "", "uk", date(2005, 8, 1))))
    assert full.name_for("US-CA", date(2005, 6, 30)) == "us-federal"
    assert full.name_for("US-CA", DAY) == "us-ma" and full.name_for("US-NY", DAY) == "us-federal"
    assert [full.name_for("TW", day) for day in (DAY, date(2005, 8, 1))] == ["cn-card", "uk"]


def test_a_choice_waits_for_the_first_version_of_its_pack_and_outlives_one_that_was_withdrawn() -> None:
    chosen = (Choice(1, "CN", "alone", DAY),)
    waiting = shelf(edition(1, date(2005, 8, 1)), choices=chosen)
    assert [waiting.name_for("CN", day) for day in (DAY, date(2005, 8, 1))] == ["cn-card", "alone"]
    assert shelf(choices=chosen).pack_for("CN", date(2005, 9, 1)).id == "cn-card"


def test_an_overlay_lies_over_the_version_of_the_same_day() -> None:
    below = (edition(1, None, "cn-card"), edition(2, DAY, "cn-card"))

    def text(number: int) -> str:
        return own_text() if number == 3 else alone_text(str(number), name="cn-card")

    full = Shelf([*below, edition(3, None, "own-cn", "cn-card")], (), text)
    assert full.named("own-cn", date(2005, 6, 30)).base == ("cn-card", "1")
    later = full.named("own-cn", DAY)
    assert later.base == ("cn-card", "2") and {rule.id for rule in later.rules} == {"alone.hours", "own.conversations"}
    assert full.exactly("own-cn", "3", ("cn-card", "1")).base == ("cn-card", "1")  # as a decision of June names it


def test_a_version_that_nobody_keeps_is_named() -> None:
    with pytest.raises(LookupError):
        shelf().exactly("cn-card", "1999.1", None)
    assert shelf().exactly("cn-card", "2026.11.2", None).id == "cn-card"


def test_a_text_is_understood_once_a_process_however_often_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def load(text: str, base: object) -> Pack:
        read.append(text)
        return Pack("alone", "1", ())

    monkeypatch.setattr(pack_shelf, "load_pack", load)
    full = shelf(edition(77, None))
    assert full.named("alone", DAY) is full.named("alone", DAY) is shelf(edition(77, None)).named("alone", DAY)
    assert len(read) == 1


DAYS = st.dates(date(2005, 1, 1), date(2005, 12, 31))


@given(st.lists(st.one_of(st.none(), DAYS), min_size=1, max_size=6), DAYS)
def test_the_version_of_a_day_is_the_latest_that_has_begun(begins: list[date | None], day: date) -> None:
    editions = [edition(number, begin) for number, begin in enumerate(begins, 1)]
    found = shelf(*editions).edition("alone", day)
    assert found is not None
    begun = [one for one in editions if one.begins <= day]
    if begun:
        assert found.begins == max(one.begins for one in begun)
    else:
        assert found.begins == min(one.begins for one in editions)
