"""The two files of `portal allocate plan`: a strategy with its receivers, and accounts. No database, no Flask.

Accounts come in the standard layout (reference/files.md, either header) or in its small form: only `account_ref`,
`customer_ref`, `days_past_due`, and `total` or `principal` (`interest`, `fees`) have to be there. One more column may say
who held the account before: `former_holders` (曾委机构), as `HT:1:2025-01-31;ZX:2:2025-06-30` (code, round, last day).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn

from portal.foundation.money import LARGEST_MINOR
from portal.foundation.tabular import Cell, Table, cell_text, is_trailer, open_table
from portal.foundation.values import (
    card_number_in,
    is_scientific_notation,
    parse_currency,
    parse_date,
    parse_whole,
    plain,
    read_amount,
)
from portal.placement.allocation import (
    Candidate,
    Former,
    Problem,
    Receiver,
    Strategy,
    StrategyError,
    read_receivers,
)
from portal.portfolio.buckets import bucket
from portal.portfolio.intake.binding import header_key
from portal.portfolio.intake.layout import ACCOUNT_COLUMNS, FLAGS
from portal.portfolio.intake.regions import parse_region

__all__ = ["Accounts", "AccountsError", "LeftOut", "read_accounts_file", "read_strategy_file"]

FORMER: Final = ("former_holders", "曾委机构")
WANTED: Final = {
    column.field: (column.field, column.chinese)
    for column in ACCOUNT_COLUMNS
    if column.field
    in "account_ref customer_ref currency principal interest fees total days_past_due region flags".split()
} | {"former_holders": FORMER}
LARGEST_STRATEGY: Final = 64 * 1024 * 1024
MOST_SHOWN: Final = 50
MOST_DAYS: Final = 99_999
LONGEST_REF: Final = 64


class AccountsError(ValueError):
    """Rows that cannot be read; `problems` says line, column and what is wrong, up to `MOST_SHOWN`."""

    def __init__(self, problems: Sequence[str], count: int) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
        self.count = count


class LeftOut(NamedTuple):
    """An account that is no candidate, and why: `hold:<flag>`, `not_overdue`, `no_balance`, `other_currency`."""

    account_ref: str
    total_minor: int
    reason: str


@dataclass
class Accounts:
    """What a file of accounts holds."""

    candidates: list[Candidate] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


def read_strategy_file(path: Path) -> tuple[Strategy, list[Receiver]]:
    """The strategy and the receivers of a file. StrategyError with everything that is wrong, or with why it cannot be
    read."""
    data = _json(path)
    problems: list[Problem] = []
    strategy, receivers = None, None
    try:
        strategy = Strategy.from_data(data)
    except StrategyError as error:
        problems += error.problems
    try:
        receivers = read_receivers(data)
    except StrategyError as error:
        problems += [p for p in error.problems if p.where != "the file"]
    if problems or strategy is None or receivers is None:
        raise StrategyError(problems)
    return strategy, receivers


def read_accounts_file(path: Path, strategy: Strategy, receivers: Sequence[Receiver]) -> Accounts:
    """The accounts of a CSV or XLSX file. DomainError where it cannot be read as a whole, AccountsError for its rows."""
    with path.open("rb") as stream:
        table = open_table(stream)
        return _Rows(table, strategy, {receiver.code: receiver.key for receiver in receivers}).read()


def _json(path: Path) -> Any:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unreadable(f"It cannot be read: {error.strerror}.") from None
    if len(content) > LARGEST_STRATEGY:
        raise _unreadable("It is too large.")
    try:
        return json.loads(content.decode("utf-8-sig"), object_pairs_hook=_object, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise _unreadable(f"It is not UTF-8 text (byte {error.start + 1}). Save it as UTF-8.") from None
    except json.JSONDecodeError as error:
        raise _unreadable(f"It is not JSON: {error.msg} (line {error.lineno}, column {error.colno}).") from None
    except _Doubtful as error:
        raise _unreadable(str(error)) from None
    except (ValueError, RecursionError):
        raise _unreadable("It is not JSON.") from None


class _Doubtful(ValueError):
    """JSON that programs read differently."""


def _unreadable(text: str) -> StrategyError:
    return StrategyError([Problem("unreadable", "the file", text)])


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Doubtful(f"“{twice[:LONGEST_REF]}” stands twice in one object. Keep one of them.")
    return found


def _no_constant(name: str) -> NoReturn:
    raise _Doubtful(f"{name} is no number.")


class _Rows:
    """The walk through a file of accounts."""

    def __init__(self, table: Table, strategy: Strategy, keys: Mapping[str, int]) -> None:
        self._table = table
        self._currency = strategy.currency
        self._keys = keys
        places = {header_key(name): place for place, name in enumerate(table.header)}
        self._at = {
            name: places[header_key(header)]
            for name, headers in WANTED.items()
            for header in headers
            if header_key(header) in places
        }
        missing = [name for name in ("account_ref", "customer_ref", "days_past_due") if name not in self._at]
        if not {"total", "principal"} & set(self._at):
            missing.append("total")
        if missing:
            raise AccountsError([f"The file has no column {', '.join(missing)}."], 1)
        self._problems: list[str] = []
        self._count = 0

    def read(self) -> Accounts:
        """All rows; AccountsError where some cannot be read."""
        found = Accounts()
        seen: set[str] = set()
        for line, cells in self._rows():
            before = self._count
            candidate, out = self._row(line, cells)
            if candidate.account_id in seen:
                self._wrong(line, "account_ref", "stands in the file twice; keep one row")
            seen.add(str(candidate.account_id))
            if self._count > before:
                continue
            if out:
                found.left_out.append(LeftOut(str(candidate.account_id), candidate.total_minor, out))
            else:
                found.candidates.append(candidate)
        if self._count:
            raise AccountsError(self._problems, self._count)
        return found

    def _rows(self) -> Iterator[tuple[int, Sequence[Cell]]]:
        for row in self._table.rows():
            if is_trailer(row.cells):
                return
            yield row.line, row.cells

    def _row(self, line: int, cells: Sequence[Cell]) -> tuple[Candidate, str]:
        """The account, and why it is no candidate (empty: it is one)."""
        texts = {name: plain(cell_text(cells[place])) for name, place in self._at.items()}
        other = self._other_currency(line, texts.get("currency", ""))
        account = self._ref(line, "account_ref", texts)
        customer = self._ref(line, "customer_ref", texts)
        total = 0 if other else self._total(line, texts)
        days = self._days(line, texts["days_past_due"])
        former = self._former(line, texts.get("former_holders", ""))
        ended = max((each.last_day for each in former if each.last_day), default=None)
        region = self._region(texts.get("region", ""))
        candidate = Candidate(account, customer, total, days, bucket(days), region, former, ended)
        flags = sorted(word for each in texts.get("flags", "").split(";") if (word := plain(each).lower()))
        for flag in flags:
            if flag not in FLAGS:
                self._wrong(line, "flags", f"“{flag[:LONGEST_REF]}” is no flag; known are {', '.join(sorted(FLAGS))}")
        return candidate, self._left_out(other, flags, days, total)

    def _left_out(self, other: bool, flags: Sequence[str], days: int, total: int) -> str:
        if other:
            return "other_currency"
        if flags:
            return f"hold:{flags[0]}"
        if total <= 0:
            return "no_balance"
        return "" if days else "not_overdue"

    def _other_currency(self, line: int, text: str) -> bool:
        try:
            return bool(text) and parse_currency(text) != self._currency
        except ValueError:
            self._wrong(line, "currency", "is no currency; write its ISO 4217 code")
            return False

    def _ref(self, line: int, name: str, texts: Mapping[str, str]) -> str:
        text = texts[name]
        if not text or len(text) > LONGEST_REF:
            self._wrong(line, name, f"needs 1 to {LONGEST_REF} characters")
        elif is_scientific_notation(text):
            self._wrong(line, name, "was turned into a rounded number by a spreadsheet; format the column as text")
        elif card_number_in(text) is not None:
            self._wrong(line, name, "is a full card number; send the token")
        return text

    def _total(self, line: int, texts: Mapping[str, str]) -> int:
        """The total, or the sum of the parts; both where both are given have to agree."""
        amounts: dict[str, int] = {}
        for name in ("total", "principal", "interest", "fees"):
            text = texts.get(name, "")
            if not text:
                continue
            try:
                amounts[name] = read_amount(text, self._currency)
            except ValueError:
                self._wrong(line, name, f"is no exact amount in {self._currency}")
                return 0
        stated = amounts.pop("total", None)
        parts = sum(amounts.values())
        if stated is None and "principal" not in amounts:
            self._wrong(line, "total", "is missing; give total, or principal with interest and fees")
        elif stated is not None and len(amounts) == 3 and stated != parts:
            self._wrong(line, "total", "is not the sum of principal, interest and fees")
        total = parts if "principal" in amounts else stated or 0
        if abs(total) > LARGEST_MINOR:
            self._wrong(line, "total", "is too large")
        return total

    def _days(self, line: int, text: str) -> int:
        try:
            days = parse_whole(text)
        except ValueError:
            days = -1
        if 0 <= days <= MOST_DAYS:
            return days
        self._wrong(line, "days_past_due", f"is no whole number from 0 to {MOST_DAYS}")
        return 0

    def _region(self, text: str) -> str:
        """The region; one that is not known is none, as at import."""
        try:
            return parse_region(text) if text else ""
        except ValueError:
            return ""

    def _former(self, line: int, text: str) -> tuple[Former, ...]:
        found = []
        for each in filter(None, (plain(part) for part in text.split(";"))):
            code, _, rest = each.partition(":")
            number, _, day = rest.partition(":")
            try:
                round_ = parse_whole(number)
                if not code or round_ < 1:
                    raise ValueError
                found.append(Former(self._keys.get(code, 0), round_, parse_date(day) if day else None))
            except ValueError:
                self._wrong(line, "former_holders", "is written code:round:last day, as HT:1:2025-01-31;ZX:2")
        return tuple(sorted(found, key=lambda former: former.round))

    def _wrong(self, line: int, name: str, text: str) -> None:
        self._count += 1
        if len(self._problems) < MOST_SHOWN:
            column = self._table.header[self._at[name]] if name in self._at else name
            self._problems.append(f"line {line}, {column}: {text}.")
