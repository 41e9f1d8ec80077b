"""`portal allocate plan`: who would get what, from two files. Loads no Flask and no database."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, Final

import click

from portal.foundation.declaring import PUBLIC, REFUSED, access
from portal.foundation.errors import DomainError
from portal.foundation.money import format_amount
from portal.foundation.tabular import CsvWriter
from portal.placement.allocation import (
    RULE,
    Allocation,
    Candidate,
    Decision,
    Receiver,
    StepOutcome,
    Strategy,
    StrategyError,
    allocate,
)
from portal.placement.fairness import (
    DIMENSIONS,
    Bands,
    Book,
    compare_books,
    largest_difference,
    shares_of_steps,
)
from portal.placement.plan_files import Accounts, AccountsError, LeftOut, read_accounts_file, read_strategy_file

__all__ = ["allocate_group"]

FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
COLUMNS: Final = ("account_ref", "customer_ref", "receiver", "reason", "step", "share", "stratum", "total", "stopped")
SHOWN_DIGITS: Final = Decimal("0.0001")


@click.group("allocate", help="Who gets which accounts.")
def allocate_group() -> None:
    """The commands of the allocation."""


@allocate_group.command("plan")
@click.argument("strategy", type=FILE)
@click.argument("accounts", type=FILE)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="CSV to write, one line an account.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
@access(PUBLIC)
def plan(strategy: Path, accounts: Path, out: Path | None, as_json: bool) -> None:
    """Say who would get which of ACCOUNTS (CSV or XLSX) by STRATEGY (JSON), and how fairly. Changes nothing.

    Prints the fairness tables, and every account that nobody gets with its reason; who gets which account too, unless
    --out names a file for it. The formats are in docs/allocation.md. Exit 0, or 3 where a file is refused.
    """
    if out is not None and not out.parent.is_dir():
        raise click.UsageError(f"The folder {out.parent} does not exist.")
    try:
        asked, receivers = read_strategy_file(strategy)
        found = read_accounts_file(accounts, asked, receivers)
        made = _Plan.of(asked, receivers, found)
        if out is not None:
            made.write(out)
    except StrategyError as error:
        _refuse(f"{strategy.name} is refused:", [f"{p.where}: {p.text}" for p in error.problems])
    except AccountsError as error:
        more = error.count - len(error.problems)
        _refuse(f"{accounts.name} is refused:", [*error.problems, *([f"… and {more} more"] if more else [])])
    except DomainError as error:
        _refuse(f"{accounts.name} is refused: {error.message}", [])
    except OSError as error:
        _refuse(f"{out} cannot be written: {error.strerror}.", [])
    else:
        for line in made.as_json(out) if as_json else made.as_tables(out):
            click.echo(line)


def _refuse(first: str, rest: Sequence[str]) -> None:
    encoding = sys.stderr.encoding or "ascii"
    for line in [first, *(f"  {each}" for each in rest)]:
        click.echo(line.encode(encoding, "backslashreplace").decode(encoding), err=True)
    sys.exit(REFUSED)


@dataclass(frozen=True)
class _Plan:
    """A plan that was made, and the ways to say it."""

    strategy: Strategy
    codes: Mapping[int, str]
    candidates: Sequence[Candidate]
    left_out: Sequence[LeftOut]
    result: Allocation
    bands: Bands
    books: Sequence[Book]

    @classmethod
    def of(cls, strategy: Strategy, receivers: Sequence[Receiver], accounts: Accounts) -> _Plan:
        """Allocate, and compare the books."""
        candidates = sorted(accounts.candidates, key=lambda c: str(c.account_id))
        result = allocate(candidates, receivers, strategy)
        pairs = zip(candidates, result.decisions, strict=True)
        bands = Bands.of(strategy, candidates)
        books = compare_books(pairs, shares_of_steps(result.steps), bands)
        codes = {receiver.key: receiver.code for receiver in receivers}
        left_out = sorted(accounts.left_out)
        return cls(strategy, codes, candidates, left_out, result, bands, books)

    def write(self, out: Path) -> None:
        """One line an account, those left out behind; the file whole or not at all."""
        unfinished = out.with_name(f".{out.name}.part")
        try:
            with unfinished.open("wb") as stream, CsvWriter(stream) as writer:
                writer.write(COLUMNS)
                for row in self._rows():
                    writer.write(row.values())
            unfinished.replace(out)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise

    def _rows(self) -> Iterator[dict[str, str]]:
        for candidate, decision in zip(self.candidates, self.result.decisions, strict=True):
            yield self._row(candidate, decision)
        for left in self.left_out:
            blank = dict.fromkeys(COLUMNS, "")
            total = "" if left.reason == "other_currency" else self._amount(left.total_minor)
            yield {**blank, "account_ref": left.account_ref, "reason": left.reason, "total": total}

    def _row(self, candidate: Candidate, decision: Decision) -> dict[str, str]:
        share = self.result.share_of(decision)
        return {
            "account_ref": str(candidate.account_id),
            "customer_ref": str(candidate.customer_id),
            "receiver": self._code(decision.receiver),
            "reason": decision.reason.value,
            "step": str(decision.step) if decision.step else "",
            "share": "" if share is None else str(_rounded(Decimal(share.numerator) / share.denominator)),
            "stratum": decision.stratum,
            "total": self._amount(candidate.total_minor),
            "stopped": "; ".join(f"{self.codes[key]}: {reason}" for key, reason in decision.stopped),
        }

    def _not_placed(self) -> Iterator[dict[str, str]]:
        return (row for row in self._rows() if not row["receiver"])

    # --- JSON

    def as_json(self, out: Path | None) -> Iterator[str]:
        """One JSON object, accounts one a line."""
        head = {
            "rule": RULE,
            "strategy": self.strategy.as_data(),
            "candidates": len(self.candidates),
            "placed": sum(decision.receiver is not None for decision in self.result.decisions),
            "books": [self._book(book) for book in self.books],
            "differences": self._differences(),
            "steps": [self._step(step) for step in self.result.steps],
            "refused_picks": [pick._asdict() for pick in self.result.refused_picks],
        }
        if out is not None:
            head["file"] = str(out)
        yield _json(head)[:-1] + ","
        yield from _list("not_placed", self._not_placed())
        if out is None:
            yield ","
            yield from _list("accounts", self._rows())
        yield "}"

    def _book(self, book: Book) -> dict[str, Any]:
        return {
            "receiver": self._code(book.organisation_id) or None,
            "accounts": book.accounts,
            "amount": self._amount(book.total_minor),
            "mean_days_past_due": _text(book.mean_days),
            "mean_balance": None if book.mean_minor is None else self._amount(book.mean_minor),
            "share": _text(book.share),
            "part": _text(book.part),
            "from_share": _text(book.from_share),
            "amount_part": _text(book.amount_part),
            "amount_from_share": _text(book.amount_from_share),
            **{f"by_{dimension}": self._spread(book, dimension) for dimension in DIMENSIONS},
        }

    def _step(self, step: StepOutcome) -> dict[str, Any]:
        receivers = {}
        for key in step.accounts:
            figures = {"accounts": step.accounts[key], "amount": self._amount(step.amounts[key])}
            if key in step.shares:
                share, target = step.shares[key], step.targets[key]
                minor = Decimal(target.numerator) / target.denominator
                figures["share"] = str(_rounded(Decimal(share.numerator) / share.denominator))
                figures["target"] = self._amount(round(target)) if step.by == "amount" else str(_rounded(minor))
            receivers[self._code(key)] = figures
        return {"step": step.number, "kind": step.kind, "by": step.by or None, "receivers": receivers}

    def _differences(self) -> list[dict[str, Any]]:
        found = (largest_difference(self.books, dimension) for dimension in DIMENSIONS)
        return [
            {
                "dimension": each.dimension,
                "value": each.value,
                "more": self._code(each.more),
                "less": self._code(each.less),
                "distance": _text(each.distance),
            }
            for each in found
            if each is not None
        ]

    # --- tables

    def as_tables(self, out: Path | None) -> Iterator[str]:
        """The same for people."""
        name = f" “{self.strategy.name}”" if self.strategy.name else ""
        yield f"Strategy{name}, {self.strategy.date}, seed {self.strategy.seed}, {self.strategy.currency}"
        yield ""
        yield from _table(_BOOK_HEADS, [self._book_line(book) for book in self.books])
        for dimension in DIMENSIONS:
            yield ""
            yield from self._spread_table(dimension)
        yield ""
        yield "Where the books differ most:"
        for each in self._differences():
            value = f"{each['dimension']} {each['value'] or '–'}"
            yield f"  {value}: {_percent(each['distance'])} points more at {each['more']} than at {each['less']}"
        yield ""
        yield from self._step_tables()
        yield from self._refused_lines()
        yield from self._not_placed_lines()
        if out is None:
            yield ""
            rows = ([row[name] for name in COLUMNS[:-1]] for row in self._rows() if row["receiver"])
            yield from _table(COLUMNS[:-1], list(rows))
        else:
            yield f"Written to {out}."

    def _book_line(self, book: Book) -> list[str]:
        mean = "–" if book.mean_minor is None else self._amount(book.mean_minor)
        return [
            self._code(book.organisation_id) or "nobody", str(book.accounts), self._amount(book.total_minor), mean,
            "–" if book.mean_days is None else f"{book.mean_days:.1f}", _percent(book.share), _percent(book.part),
            _percent(book.from_share, sign=True), _percent(book.amount_from_share, sign=True),
        ]  # fmt: skip

    def _spread_table(self, dimension: str) -> Iterator[str]:
        values = self._values(dimension)
        lines = [
            [self._code(book.organisation_id) or "nobody", *(_percent(book.part_in(dimension, v)) for v in values)]
            for book in self.books
        ]
        yield from _table([f"{dimension} %", *(value or "–" for value in values)], lines)

    def _spread(self, book: Book, dimension: str) -> dict[str, int]:
        return {v: book.spread(dimension)[v] for v in self._values(dimension) if book.spread(dimension)[v]}

    def _values(self, dimension: str) -> list[str]:
        """The buckets, bands or regions that are met, in their order."""
        met = {value for book in self.books for value in book.spread(dimension)}
        return [name for name in self.bands.names if name in met] if dimension == "band" else sorted(met)

    def _step_tables(self) -> Iterator[str]:
        for step in self.result.steps:
            told = self._step(step)
            yield f"Step {step.number}: {step.kind}{f' by {step.by}' if step.by else ''}"
            heads = ("", "accounts", "amount", "share", "target")
            lines = [
                [code, *(str(figures.get(name, "–")) for name in heads[1:])]
                for code, figures in told["receivers"].items()
            ]
            yield from _table(heads, lines)
            yield ""

    def _refused_lines(self) -> Iterator[str]:
        if self.result.refused_picks:
            yield "Picks that were refused:"
            for pick in self.result.refused_picks:
                yield f"  {pick.account} to {pick.receiver}: {pick.reason}"
            yield ""

    def _not_placed_lines(self) -> Iterator[str]:
        rows = list(self._not_placed())
        if not rows:
            yield "Every account is placed."
            return
        counted = Counter(row["reason"] for row in rows)
        yield f"Not placed: {len(rows)} ({', '.join(f'{reason} {count}' for reason, count in sorted(counted.items()))})"
        names = ("account_ref", "total", "reason", "stopped")
        yield from _table(names, [[row[name] for name in names] for row in rows])

    def _code(self, key: int | None) -> str:
        return "" if key is None else self.codes[key]

    def _amount(self, minor: int) -> str:
        return format_amount(minor, self.strategy.currency)


_BOOK_HEADS: Final = (
    "", "accounts", "amount", "mean balance", "mean days", "share %", "part %", "± accounts", "± amount",
)  # fmt: skip


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(SHOWN_DIGITS, ROUND_HALF_UP)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(_rounded(value))


def _percent(value: Decimal | str | None, *, sign: bool = False) -> str:
    if value is None:
        return "–"
    shown = (Decimal(value) * 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return f"{shown:+}" if sign else str(shown)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _list(name: str, rows: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """A list of a JSON object, an item a line, without holding them all."""
    yield f'"{name}": ['
    held: str | None = None
    for row in rows:
        if held is not None:
            yield held + ","
        held = _json(row)
    if held is not None:
        yield held
    yield "]"


def _table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns as wide as what stands in them; the first one left, the others right."""
    rows = [list(heads), *map(list, lines)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(heads))]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        yield "  ".join(cells).rstrip()
