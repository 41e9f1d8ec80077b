"""CSV as banks export it: any line end, three delimiters, encodings tried strictly and never guessed."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from typing import IO, Final

from portal.foundation.errors import DomainError
from portal.foundation.language import say
from portal.foundation.tabular.cells import Cell, Row, is_trailer, unescape_formula
from portal.foundation.tabular.limits import Limits

__all__ = ["read"]

_CHUNK: Final = 1 << 20
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What a person may name; anything else (hex, punycode, unicode_escape, …) is no encoding of a bank's file.
_NAMEABLE: Final = frozenset(
    "utf-8 utf-8-sig utf-16 utf-16-le utf-16-be gb18030 gbk gb2312 big5 big5hkscs cp950 cp1252 iso8859-1 iso8859-15 "
    "shift_jis cp932 euc_jp euc_kr cp949 ascii".split()
)
# Codes that GB18030 leaves to its users. Behind them, to U+E864, stand ideographs that old files do hold.
_PRIVATE: Final = re.compile("[\ue000-\ue814]")
_DOS_END: Final = "\x1a"  # some old exports still end with it
_DELIMITERS: Final = ",;\t|"
_LONGEST_CSV_CELL: Final = csv.field_size_limit()


def read(stream: IO[bytes], encoding: str | None, limits: Limits) -> tuple[list[Cell], Iterator[Row], str, str]:
    """Header, data rows, encoding and delimiter of a delimited file; DomainError for what cannot be read as one."""
    used = _named_encoding(encoding) if encoding else _encoding_of(stream)
    ends_in_mid_line = _check_bytes(stream, used)
    stream.seek(0)
    text = io.TextIOWrapper(io.BufferedReader(_Unclosed(stream), _CHUNK), encoding=used, errors="strict", newline="")
    lines = _Lines(text, limits)
    header_line = lines.first()
    delimiter = _delimiter_of(header_line)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    records = _records(reader, lines, limits)
    header = next(records, None)
    if header is None:
        raise DomainError("tabular.empty", say("The file is empty."), field="file")
    if len(header.cells) > limits.columns:
        raise DomainError(
            "tabular.too_many_columns",
            say(
                "The header has %(count)s columns; %(limit)s are the most.",
                count=len(header.cells),
                limit=limits.columns,
            ),
            field="file",
        )
    return header.cells, _complete(records, len(header.cells), ends_in_mid_line), used, delimiter


class _Unclosed(io.RawIOBase):
    """The caller's stream under a text reader that would otherwise close it when it goes."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # the stub names a private buffer type
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class _Lines:
    """Lines with their ends, none longer than the limit; counts them and remembers the first."""

    def __init__(self, text: io.TextIOWrapper, limits: Limits) -> None:
        self._text = text
        self._limit = limits.line_characters
        self._ahead: str | None = None
        self.count = 0

    def first(self) -> str:
        """The first line that holds anything, without taking it; earlier blank ones are passed over."""
        while True:
            line = self._next_line()
            if not line or line.strip():
                break
        self._ahead = line
        self.count -= 1
        return line

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._ahead is not None:
            line, self._ahead = self._ahead, None
            self.count += 1
        else:
            line = self._next_line()
        if not line:
            raise StopIteration
        return line

    def _next_line(self) -> str:
        line = self._text.readline(self._limit)
        self.count += 1
        if len(line) >= self._limit:
            raise DomainError(
                "tabular.line_too_long",
                say("Line %(line)s is longer than %(limit)s characters.", line=self.count, limit=self._limit),
                field="file",
            )
        return line


def _records(reader: Iterator[list[str]], lines: _Lines, limits: Limits) -> Iterator[Row]:
    line, longest = lines.count + 1, limits.cell_characters
    try:
        for cells in reader:
            if cells == [_DOS_END]:
                continue
            if sum(map(len, cells)) > longest:
                _check_lengths(cells, line, longest)
            yield Row(line, [unescape_formula(cell) if cell[:1] == "'" else cell for cell in cells])
            line = lines.count + 1
    except csv.Error as error:
        raise _unreadable(str(error), line) from None


def _check_lengths(cells: list[str], line: int, longest: int) -> None:
    for place, cell in enumerate(cells, 1):
        if len(cell) > longest:
            raise DomainError(
                "tabular.cell_too_long",
                say(
                    "The cell in line %(line)s, column %(column)s is longer than %(limit)s characters.",
                    line=line,
                    column=place,
                    limit=longest,
                ),
                field="file",
            )


def _unreadable(reason: str, line: int) -> DomainError:
    """The csv module's complaint in words that help."""
    if "unexpected end of data" in reason:
        return DomainError(
            "tabular.truncated",
            say(
                "The file ends inside a quoted cell that begins in the row at line %(line)s; it is cut off.", line=line
            ),
            field="file",
        )
    if "field larger than" in reason:
        return DomainError(
            "tabular.cell_too_long",
            say(
                "A cell of the row at line %(line)s is longer than %(limit)s characters; a quotation mark may be open.",
                line=line,
                limit=_LONGEST_CSV_CELL,
            ),
            field="file",
        )
    return DomainError(
        "tabular.quotes",
        say("The quotation marks of the row at line %(line)s do not close as they should.", line=line),
        field="file",
    )


def _complete(records: Iterator[Row], width: int, ends_in_mid_line: bool) -> Iterator[Row]:
    """The rows; a last one that stops short of the header without a line end means that the file was cut off."""
    previous: Row | None = None
    for row in records:
        if previous is not None:
            yield previous
        previous = row
    if previous is None:
        return
    if ends_in_mid_line and len(previous.cells) < width and not is_trailer(previous.cells):
        raise DomainError(
            "tabular.truncated",
            say("The file stops in the middle of line %(line)s; it seems to be cut off.", line=previous.line),
            field="file",
        )
    yield previous


def _delimiter_of(header_line: str) -> str:
    """Comma, semicolon, tab or vertical bar: whichever stands most often outside quotation marks in the header line."""
    outside = "".join(header_line.split('"')[::2])
    return max(_DELIMITERS, key=outside.count)


def _named_encoding(name: str) -> str:
    try:
        known = codecs.lookup(name.strip()).name
    except (LookupError, ValueError):
        known = ""
    if known not in _NAMEABLE:
        raise DomainError(
            "tabular.encoding_unknown",
            say("The encoding “%(name)s” is not known; name one such as utf-8, gb18030 or big5.", name=name),
            field="encoding",
        )
    return "utf-8-sig" if known == "utf-8" else known


def _encoding_of(stream: IO[bytes]) -> str:
    """By byte order mark, then strict UTF-8, then strict GB18030 over the whole file; never a guess.

    Nearly all of Big5 decodes as GB18030 too, but into the private use area: such a file's encoding has to be named.
    """
    stream.seek(0)
    head = stream.read(4)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    trouble = _decoding_trouble(stream, "utf-8")
    if trouble is None:
        return "utf-8"
    if trouble == "unfinished":
        raise DomainError(
            "tabular.truncated", say("The file ends in the middle of a character; it is cut off."), field="file"
        )
    trouble = _decoding_trouble(stream, "gb18030")
    if trouble is None:
        return "gb18030"
    if trouble == "private":
        raise DomainError(
            "tabular.encoding",
            say(
                "Read as GB18030 the file would hold characters that nobody writes; it may be Big5. Name the encoding."
            ),
            field="encoding",
        )
    raise DomainError(
        "tabular.encoding",
        say("The file's encoding is neither UTF-8 nor GB18030. Name the encoding and try again."),
        field="encoding",
    )


def _decoding_trouble(stream: IO[bytes], encoding: str) -> str | None:
    """None if all bytes decode; `unfinished` if only the last character is cut off after others of its kind.

    `private` if they decode into private use characters in an encoding that is not Unicode's own.
    """
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    stream.seek(0)
    beyond_ascii = private = False
    try:
        while chunk := stream.read(_CHUNK):
            text = decoder.decode(chunk)
            beyond_ascii = beyond_ascii or not text.isascii()
            private = private or (encoding != "utf-8" and _PRIVATE.search(text) is not None)
    except UnicodeDecodeError:
        return "invalid"
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "unfinished" if beyond_ascii else "invalid"
    return "private" if private else None


def _check_bytes(stream: IO[bytes], encoding: str) -> bool:
    """Refuses NUL characters and undecodable bytes before anything is read; tells whether the last line has no end."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    stream.seek(0)
    line, last = 1, ""
    try:
        while True:
            chunk = stream.read(_CHUNK)
            text = decoder.decode(chunk, final=not chunk)
            if "\0" in text:
                line += _line_ends(text[: text.index("\0")])
                raise DomainError(
                    "tabular.binary",
                    say(
                        "Line %(line)s holds a NUL byte: this is no text, or UTF-16 whose encoding has to be named.",
                        line=line,
                    ),
                    field="file",
                )
            line += _line_ends(text)
            last = text.rstrip(_DOS_END)[-1:] or last
            if not chunk:
                return last not in ("\n", "\r")
    except UnicodeDecodeError:
        raise DomainError(
            "tabular.encoding",
            say("Near line %(line)s the text is not %(encoding)s. Name the right encoding and try again.",
                line=line, encoding=encoding),
            field="encoding",
        ) from None  # fmt: skip


def _line_ends(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")
