"""Amounts, dates and names as people of the reader's language write them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from flask import Flask, render_template_string
from flask_babel import Babel, force_locale

from portal.foundation import formats
from portal.foundation.language import Named, as_data, from_data, say, translate
from portal.foundation.money import Money

DAY = date(2026, 11, 20)
INSTANT = datetime(2026, 11, 20, 18, 5, tzinfo=UTC)  # in Shanghai it is the next day


class Bucket(StrEnum):
    M3 = "M3"


@pytest.fixture(autouse=True)
def app() -> Iterator[Flask]:
    app = Flask("formats")
    Babel(app, default_locale="en", default_timezone="Asia/Shanghai")
    formats.set_up_formats(app)
    with app.test_request_context():
        yield app


@pytest.mark.parametrize(
    ("minor", "currency", "english", "chinese"),
    [
        (5283895, "CNY", "CN¥52,838.95", "¥52,838.95"),
        (16573524700, "TWD", "NT$165,735,247.00", "NT$165,735,247.00"),
        (-120, "CNY", "−CN¥1.20", "−¥1.20"),
        (1000, "JPY", "¥1,000", "JP¥1,000"),
        (1234567, "KWD", "KWD 1,234.567", "KWD 1,234.567"),
        (0, "USD", "$0.00", "US$0.00"),
        (2**63 - 1, "CNY", "CN¥92,233,720,368,547,758.07", "¥92,233,720,368,547,758.07"),
    ],
)
def test_an_amount_carries_the_sign_that_the_language_uses(
    minor: int, currency: str, english: str, chinese: str
) -> None:
    assert formats.money(minor, currency).replace("\xa0", " ") == english
    with force_locale("zh_Hans"):
        assert formats.money(minor, currency).replace("\xa0", " ") == chinese


def test_money_brings_its_own_currency() -> None:
    assert formats.money(Money(150, "TWD")) == "NT$1.50"
    assert formats.amount(Money(-150, "TWD")) == "−1.50"


def test_a_day_is_never_read_both_ways() -> None:
    assert formats.day(DAY) == "20 Nov 2026"
    assert formats.day(DAY, short=True) == "20 Nov"
    assert formats.month(DAY) == "November 2026"
    with force_locale("zh_Hans"):
        assert formats.day(DAY) == "2026年11月20日"
        assert formats.day(DAY, short=True) == "11月20日"
        assert formats.month(DAY) == "2026年11月"


def test_an_instant_is_shown_in_the_zone_of_its_reader() -> None:
    assert formats.instant(INSTANT) == "21 Nov 2026 02:05"
    assert formats.day(INSTANT) == "21 Nov 2026"
    assert formats.clock_time(INSTANT) == "02:05"
    with force_locale("zh_Hans"):
        assert formats.instant(INSTANT) == "2026年11月21日 02:05"


@pytest.mark.parametrize(
    ("rate", "words"),
    [(Decimal("0.35"), "35%"), (Decimal("0.1255"), "12.55%"), (Decimal("-0.012"), "−1.2%"), (0, "0%"), (1, "100%")],
)
def test_a_rate_is_written_in_percent(rate: Decimal, words: str) -> None:
    assert formats.percent(rate) == words


def test_digits_behind_the_point_can_be_fixed() -> None:
    assert formats.percent(Decimal("0.3"), 2) == "30.00%"
    assert formats.number(Decimal("1234.5"), 2) == "1,234.50"
    assert formats.number(-12418) == "−12,418"


@pytest.mark.parametrize(
    ("value", "words"),
    [("M3", "M3"), (Bucket.M3, "M3"), (1, "M1"), (6, "M6"), (7, "M7+"), (None, "not overdue"), (0, "not overdue")],
)
def test_a_bucket_is_written_as_the_field_does(value: Any, words: str) -> None:
    assert formats.bucket(value) == words


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 B"), (1023, "1,023 B"), (1024, "1 KB"), (3_565_158, "3.4 MB"), (200 * 1024**2, "200 MB")],
)
def test_a_file_has_a_size_that_people_can_compare(size: int, words: str) -> None:
    assert formats.file_size(size) == words


def test_two_people_of_one_name_are_told_apart() -> None:
    assert formats.person("王伟", "wangwei") == "王伟 (wangwei)"
    assert formats.person("王伟") == "王伟"
    assert formats.person(None, "wangwei") == "wangwei"


@pytest.mark.parametrize(
    "name", ["money", "amount", "number", "percent", "day", "instant", "month", "file_size", "person"]
)
def test_what_is_missing_is_seen_to_be_missing(name: str) -> None:
    assert getattr(formats, name)(None) == "–"


def test_a_template_prints_a_message_in_the_language_of_the_page_and_escapes_it() -> None:
    message = say("%(name)s was left out.", name="<b>")

    assert render_template_string("{{ message }}", message=message) == "&lt;b&gt; was left out."


def test_amounts_and_days_inside_a_sentence_are_written_as_its_reader_writes_them() -> None:
    sentence = say("%(owed)s by %(day)s", owed=Money(5765866, "CNY"), day=DAY)
    assert from_data(as_data(sentence)) == sentence
    assert translate(sentence) == "CN¥57,658.66 by 20 Nov 2026"
    with force_locale("zh_Hans"):
        assert translate(sentence) == "¥57,658.66 by 2026年11月20日"


def test_a_message_within_a_page_s_own_sentence_is_written_for_its_reader_too() -> None:
    words = say("%(owed)s & more", owed=Money(5765866, "CNY"))
    with force_locale("zh_Hans"):
        assert render_template_string("{{ _('before: %(words)s', words=words) }}", words=words) == (
            "before: ¥57,658.66 &amp; more"
        )


def test_an_organisation_in_a_kept_sentence_has_the_name_that_the_reader_reads(app: Flask) -> None:
    sentence = from_data(
        as_data(say("%(holder)s and %(other)s", holder=Named("众信", "Zhongxin"), other=Named("恒通")))
    )
    assert str(sentence) == "Zhongxin and 恒通"
    for locale, words in (("en", "Zhongxin and 恒通"), ("zh_Hans", "众信 and 恒通")):
        with force_locale(locale):
            assert translate(sentence) == words
