"""The calendar file: lines, folding, escaping, what a change says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from portal.legal.matters.calendar import Entry, calendar

ENTRY = Entry(
    uid="hearing-7@portal.example", starts_at=datetime(2005, 8, 3, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai")),
    lasts=timedelta(hours=1), changed_at=datetime(2005, 7, 20, 2, 0, tzinfo=UTC), sequence=2, summary="开庭 · MA-MH-2005-0001",
    location="上海市浦东新区人民法院 第三法庭", description="案号：(2005)沪0115民初1234号", url="https://portal.example/matters/1",
)  # fmt: skip


def unfolded(content: bytes) -> list[str]:
    """The lines as a reader puts them together."""
    assert content.endswith(b"\r\n") and b"\n" not in content.replace(b"\r\n", b"")
    pieces = content[:-2].split(b"\r\n")
    assert all(len(piece) <= 75 for piece in pieces)
    for piece in pieces:
        piece.decode()  # no character is cut
    return content.replace(b"\r\n ", b"").decode()[:-2].split("\r\n")


def unescaped(text: str) -> str:
    found, characters = "", iter(text)
    for character in characters:
        following = next(characters) if character == "\\" else ""
        found += {"n": "\n", "N": "\n"}.get(following, following) if following else character
    return found


def test_a_hearing_is_an_event_with_alarms_before_it() -> None:
    lines = unfolded(calendar("Hearings", [ENTRY]))
    assert lines[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"] and lines[-1] == "END:VCALENDAR"
    for line in (
        "UID:hearing-7@portal.example", "DTSTART:20050803T013000Z", "DURATION:PT1H", "DTSTAMP:20050720T020000Z", "SEQUENCE:2",
        "STATUS:CONFIRMED", "SUMMARY:开庭 · MA-MH-2005-0001", "LOCATION:上海市浦东新区人民法院 第三法庭", "TRIGGER:-P3D", "TRIGGER:-P1D",
        "TRIGGER:-PT2H", "URL:https://portal.example/matters/1",
    ):  # fmt: skip
        assert line in lines
    assert lines.count("BEGIN:VALARM") == lines.count("END:VALARM") == 3


def test_one_that_is_cancelled_says_so_and_reminds_nobody() -> None:
    lines = unfolded(calendar("Hearings", [replace(ENTRY, cancelled=True)]))
    assert "STATUS:CANCELLED" in lines and "BEGIN:VALARM" not in lines
    assert "BEGIN:VALARM" not in unfolded(calendar("Hearings", [replace(ENTRY, reminded=False)]))


def test_without_a_change_it_is_the_same_file() -> None:
    assert calendar("Hearings", [ENTRY]) == calendar("Hearings", [ENTRY])


@given(st.text(max_size=200))
def test_any_text_comes_back_as_it_was_but_for_what_no_calendar_can_hold(text: str) -> None:
    lines = unfolded(calendar("Hearings", [replace(ENTRY, location=f"x{text}")]))
    (line,) = (line for line in lines if line.startswith("LOCATION:"))
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    wanted = "x" + "".join(c for c in plain if c == "\n" or c.isprintable())
    assert unescaped(line.removeprefix("LOCATION:")) == wanted
    assert lines.count("BEGIN:VEVENT") == 1


def test_nothing_in_a_text_begins_a_line_of_its_own() -> None:
    lines = unfolded(
        calendar("a\r\nBEGIN:VEVENT", [replace(ENTRY, summary="x\r\nEND:VEVENT\nATTACH:http://evil.example")])
    )
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == 1
    assert not any(line.startswith("ATTACH") for line in lines)
