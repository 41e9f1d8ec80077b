"""Hearings as a calendar file (RFC 5545). Pure: no database, no Flask.

Lines end with CRLF and are folded at 75 octets, never within a character. An entry keeps its UID for good; a change raises
SEQUENCE and moves DTSTAMP, by which calendars know that they have an older one. Read twice without a change, it is the same
file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["REMINDERS", "Entry", "calendar"]

LONGEST_LINE = 75  # octets, the line's end not counted
REMINDERS = (timedelta(days=3), timedelta(days=1), timedelta(hours=2))
PRODUCT = "-//Agency collaboration portal//Hearings//EN"


@dataclass(frozen=True, slots=True)
class Entry:
    """One hearing. Instants in any zone; `sequence` counts its changes. `reminded`: with alarms before it."""

    uid: str
    starts_at: datetime
    lasts: timedelta
    changed_at: datetime
    sequence: int
    summary: str
    location: str = ""
    description: str = ""
    url: str = ""
    cancelled: bool = False
    reminded: bool = True


def calendar(name: str, entries: Iterable[Entry]) -> bytes:
    """The file, UTF-8; `name` is what calendars call it."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODUCT}", "CALSCALE:GREGORIAN", "METHOD:PUBLISH"]
    lines += [f"X-WR-CALNAME:{_text(name)}", f"NAME:{_text(name)}"]
    lines += ["REFRESH-INTERVAL;VALUE=DURATION:PT1H", "X-PUBLISHED-TTL:PT1H"]
    for entry in entries:
        lines += _event(entry)
    lines.append("END:VCALENDAR")
    return b"".join(piece + b"\r\n" for line in lines for piece in _folded(line))


def _event(entry: Entry) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{_text(entry.uid)}"
    yield f"DTSTAMP:{_instant(entry.changed_at)}"
    yield f"LAST-MODIFIED:{_instant(entry.changed_at)}"
    yield f"SEQUENCE:{entry.sequence}"
    yield f"STATUS:{'CANCELLED' if entry.cancelled else 'CONFIRMED'}"
    yield f"DTSTART:{_instant(entry.starts_at)}"
    yield f"DURATION:{_duration(entry.lasts)}"
    yield f"SUMMARY:{_text(entry.summary)}"
    for word, text in (("LOCATION", entry.location), ("DESCRIPTION", entry.description)):
        if text:
            yield f"{word}:{_text(text)}"
    if entry.url:
        yield f"URL:{_plain(entry.url)}"
    if entry.reminded and not entry.cancelled:
        for before in REMINDERS:
            yield from ("BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{_text(entry.summary)}")
            yield from (f"TRIGGER:-{_duration(before)}", "END:VALARM")
    yield "END:VEVENT"


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _duration(span: timedelta) -> str:
    """Whole days, hours, minutes."""
    hours, minutes = divmod(span.seconds // 60, 60)
    time = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    days = f"{span.days}D" if span.days else ""
    return f"P{days}" + (f"T{time}" if time or not days else "") + ("" if time or days else "0M")


def _plain(text: str) -> str:
    """Without what would end a line or is no character of a text."""
    return "".join(c for c in text if c.isprintable())


def _text(text: str) -> str:
    """A value of the kind TEXT."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    escaped = (line.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,") for line in map(_plain, lines))
    return "\\n".join(escaped)


def _folded(line: str) -> Iterator[bytes]:
    """A line in pieces of at most 75 octets; those behind the first begin with a space."""
    piece = b""
    for character in line:
        octets = character.encode()
        if len(piece) + len(octets) > LONGEST_LINE:
            yield piece
            piece = b" "
        piece += octets
    yield piece
