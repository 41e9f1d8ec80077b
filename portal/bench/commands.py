"""`portal bench letters|import|allocate|attribution|segments|queue|attempts|pages|all`: figures as JSON, with what they were measured on."""

from __future__ import annotations

import json
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

import click
import structlog

from portal.foundation.command_line import PUBLIC, access

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["bench"]

QUICK = 2_000  # accounts, where no size is named


@click.group("bench", help="Benchmarks: real work beside a bare yardstick; prints JSON with a key `ratio`.")
def bench() -> None:
    """The benchmarks' commands."""


def _sized(command: Any) -> Any:
    """The options of a benchmark that fills a database of its own."""
    options: list[Callable[[Any], Any]] = [
        click.option("--sqlite", is_flag=True, help="On an SQLite file, as where no database is named."),
        click.option(
            "--database",
            metavar="URL",
            help="PostgreSQL server on which a scratch database is made and dropped, as somebody who may do that.",
        ),
        click.option(
            "--accounts",
            "sizes",
            multiple=True,
            type=click.IntRange(100, 5_000_000),
            default=(QUICK,),
            show_default=True,
            help="How many; several times for several sizes.",
        ),
    ]
    for option in options:
        command = option(command)
    return command


def _server(database: str | None, sqlite: bool) -> str | None:
    if database and sqlite:
        raise click.UsageError("Name a --database or --sqlite, not both.")
    if database and not database.startswith(("postgresql:", "postgres:")):
        raise click.UsageError("--database takes postgresql://user:password@host/name.")
    return database


def _print(figures: dict[str, Any]) -> None:
    click.echo(json.dumps(figures, ensure_ascii=False, indent=1))


def _measured(bench_of: Callable[[str | None, tuple[int, ...]], dict[str, Any]], given: dict[str, Any]) -> None:
    """Run a benchmark and print its figures; what operations log is none of them."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    _print(bench_of(_server(given["database"], given["sqlite"]), given["sizes"]))


@bench.command("letters")
@click.option("--letters", "count", type=click.IntRange(1, 100_000), default=300, show_default=True)
@click.option("--calls", type=click.IntRange(1, 1_000), default=12, show_default=True, help="Letters of the yardstick.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True)
@access(PUBLIC)
def letters_command(count: int, calls: int, workers: int) -> None:
    """A print file of many letters beside one WeasyPrint call per letter."""
    from letters.bench import bench as bench_letters

    _print(bench_letters(count, calls, workers))


@bench.command("import")
@_sized
@access(PUBLIC)
def import_command(**given: Any) -> None:
    """A file of accounts through the import, beside COPY of the same content into the same tables."""
    from portal.bench.importing import bench_import

    _measured(bench_import, given)


@bench.command("allocate")
@_sized
@access(PUBLIC)
def allocate_command(**given: Any) -> None:
    """A book split over ten agencies and sent, beside one INSERT … SELECT of as many bare placements."""
    from portal.bench.allocating import bench_allocate

    _measured(bench_allocate, given)


@bench.command("attribution")
@_sized
@access(PUBLIC)
def attribution_command(**given: Any) -> None:
    """Payments attributed and paid on statements, beside the bare join and COPY of as many rows; a payment an account."""
    from portal.bench.attributing import bench_attribution

    _measured(bench_attribution, given)


@bench.command("segments")
@_sized
@access(PUBLIC)
def segments_command(**given: Any) -> None:
    """Counts of saved segments as the application's role, beside a bare count of the same table."""
    from portal.bench.segmenting import bench_segments

    _measured(bench_segments, given)


@bench.command("attempts")
@click.option("--sqlite", is_flag=True, help="On an SQLite file, as where no database is named.")
@click.option("--database", metavar="URL", help="PostgreSQL server on which a scratch database is made and dropped.")
@click.option(
    "--accounts", type=click.IntRange(100, 5_000_000), default=QUICK, show_default=True, help="Accounts placed."
)
@click.option(
    "--stored", multiple=True, type=click.IntRange(100, 100_000_000), default=(1_000, 10_000), show_default=True,
    help="Attempts that are logged already; several times for several sizes.",
)  # fmt: skip
@click.option("--times", type=click.IntRange(1, 10_000), default=100, show_default=True, help="How often each is done.")
@access(PUBLIC)
def attempts_command(*, sqlite: bool, database: str | None, accounts: int, stored: tuple[int, ...], times: int) -> None:
    """Logging an attempt beside a bare insert, and the live check over logs of several sizes."""
    from portal.bench.logging_attempts import bench_attempts

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    _print(bench_attempts(_server(database, sqlite), accounts, stored, times))


@bench.command("pages")
@_sized
@click.option("--times", type=click.IntRange(1, 1_000), default=40, show_default=True, help="How often each is asked.")
@access(PUBLIC)
def pages_command(times: int, **given: Any) -> None:
    """Every list page over a large book, beside the same page over 1,000 accounts."""
    from portal.bench.visiting import bench_pages

    _measured(partial(bench_pages, times=times), given)


@bench.command("queue")
@_sized
@click.option("--times", type=click.IntRange(1, 1_000), default=40, show_default=True, help="How often each is asked.")
@access(PUBLIC)
def queue_command(times: int, **given: Any) -> None:
    """An agency's queue and workbench over a large book, beside the same pages over 1,000 accounts."""
    from portal.bench.visiting import QUEUE_PAGES, bench_pages

    _measured(partial(bench_pages, times=times, pages=QUEUE_PAGES), given)


@bench.command("all")
@_sized
@access(PUBLIC)
def all_command(**given: Any) -> None:
    """All of them, one after the other; `ratio` has each one's by its name."""
    from letters.bench import bench as bench_letters
    from portal.bench.allocating import bench_allocate
    from portal.bench.attributing import bench_attribution
    from portal.bench.importing import bench_import
    from portal.bench.logging_attempts import bench_attempts
    from portal.bench.segmenting import bench_segments
    from portal.bench.visiting import bench_pages

    def every_one(server: str | None, sizes: Sequence[int]) -> dict[str, Any]:
        figures = {
            "letters": bench_letters(),
            "import": bench_import(server, sizes),
            "allocate": bench_allocate(server, sizes),
            "attribution": bench_attribution(server, sizes),
            "segments": bench_segments(server, sizes),
            "attempts": bench_attempts(server, max(sizes), (1_000, 10_000), 100),
            "pages": bench_pages(server, sizes, 40),  # the queue's among them
        }
        return {"ratio": {name: measured["ratio"] for name, measured in figures.items()}, "benchmarks": figures}

    _measured(every_one, given)
