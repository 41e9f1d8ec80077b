"""The benchmarks measure what they say, on a small book; how fast that was is nobody's business here."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from click.testing import CliRunner

from portal.bench.book import rejected_of, write_book
from portal.bench.measuring import growth, p95
from portal.bench.visiting import PAGES, QUEUE_PAGES
from portal.cli import main
from portal.identity.operations import create_bank_and_administrator

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask

    from tests.support.servers import PostgreSQL

ACCOUNTS = 500


def _bench(*words: str) -> dict[str, Any]:
    result = CliRunner().invoke(main, ["bench", *words])
    assert result.exit_code == 0, result.stderr or result.exception
    return dict(json.loads(result.stdout))


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest) -> list[str]:
    """The option that names the database, and nothing else of the test's."""
    if request.param == "sqlite":
        return ["--sqlite"]
    server: PostgreSQL = request.getfixturevalue("postgresql_server")
    return ["--database", server.url]


def _databases(server: PostgreSQL) -> set[str]:
    with psycopg.connect(server.url) as connection:
        return {name for (name,) in connection.execute("SELECT datname FROM pg_database")}


def test_the_made_up_book_is_the_same_each_time(tmp_path: Path) -> None:
    for name in ("one.csv", "two.csv"):
        write_book(tmp_path / name, 50)

    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_growth_is_one_where_each_row_costs_the_same() -> None:
    assert growth([10, 100, 1000], [1, 10, 200]) == [1.0, 2.0]


def test_nineteen_of_twenty_do_not_pass_the_95th() -> None:
    assert p95([float(n) for n in range(1, 21)]) == 19.0


@pytest.mark.bench
def test_the_import_is_measured_beside_a_bare_copy_of_what_it_wrote(where: list[str]) -> None:
    figures = _bench("import", *where, "--accounts", str(ACCOUNTS), "--accounts", str(2 * ACCOUNTS))

    assert [size["accounts"] for size in figures["sizes"]] == [ACCOUNTS, 2 * ACCOUNTS]
    assert len(figures["growth_a_row"]) == 1
    for size in figures["sizes"]:
        good = size["accounts"] - rejected_of(size["accounts"])
        assert size["rows_written"] > 10 * good  # a key, a person, points, hashes, a party, a snapshot each
        assert size["seconds"] > 0 < size["yardstick_seconds"]
        assert size["peak_mb"] > 0
        assert size["ratio"] == pytest.approx(size["seconds"] / size["yardstick_seconds"], rel=0.1)
    assert figures["ratio"] == figures["sizes"][-1]["ratio"]


@pytest.mark.bench
def test_allocation_is_measured_beside_as_many_bare_placements(where: list[str]) -> None:
    figures = _bench("allocate", *where, "--accounts", str(ACCOUNTS))

    (size,) = figures["sizes"]
    assert size["placed"] >= ACCOUNTS * 9 // 10
    assert set(size["steps"]) == {"make", "submit_and_approve", "send"}
    assert size["seconds"] > 0 < size["yardstick_seconds"]
    assert figures["ratio"] == size["ratio"] > 0


@pytest.mark.bench
def test_attribution_and_the_close_are_measured_beside_the_bare_join_and_as_many_bare_rows(where: list[str]) -> None:
    figures = _bench("attribution", *where, "--accounts", str(ACCOUNTS), "--accounts", str(2 * ACCOUNTS))

    assert [size["payments"] for size in figures["sizes"]] == [ACCOUNTS, 2 * ACCOUNTS]
    assert len(figures["growth_a_row"]) == 1
    for size in figures["sizes"]:
        payments = size["payments"]
        assert size["placements"] == payments * 3 // 2  # half of the accounts had another holder before
        # A payment, its decision, its account's clock, its claim and its line each; for each of ten agencies the sums of 31
        # days, a statement, its event and its batch's share.
        assert size["rows_written"] == 5 * payments + 10 * (31 + 3)
        assert size["seconds"] == pytest.approx(size["attribute_seconds"] + size["close_seconds"], abs=0.02)
        assert size["seconds"] > 0 < size["yardstick_seconds"] and size["join_seconds"] < size["yardstick_seconds"]
        assert size["peak_mb"] > 0
        assert size["ratio"] == pytest.approx(size["seconds"] / size["yardstick_seconds"], rel=0.1)
    assert figures["ratio"] == figures["sizes"][-1]["ratio"]


@pytest.mark.bench
def test_a_close_that_left_anything_out_is_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "portal.bench.attributing.PERIOD", date(2026, 7, 1)
    )  # on days of the first holders, of every second

    result = CliRunner().invoke(main, ["bench", "attribution", "--sqlite", "--accounts", "200"])

    assert result.exit_code == 1
    assert "the close did not do its work: 100 lines" in str(result.exception)


@pytest.mark.bench
def test_counts_of_segments_are_measured_beside_a_bare_count(where: list[str]) -> None:
    figures = _bench("segments", *where, "--accounts", str(ACCOUNTS))

    (size,) = figures["sizes"]
    counted = {name: segment["accounts"] for name, segment in size["segments"].items()}
    assert len(counted) == 5
    assert 0 < counted["M1 early 早期"] < ACCOUNTS
    assert all(segment["eligible"] <= segment["accounts"] for segment in size["segments"].values())
    assert size["yardstick_seconds"] > 0
    assert figures["ratio"] == size["ratio"] > 0


@pytest.mark.bench
def test_every_list_page_is_measured_beside_the_same_page_of_a_small_portal(
    where: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.bench.visiting.SMALL", 300)
    monkeypatch.setattr("portal.bench.visiting.WARM", 1)

    figures = _bench("pages", *where, "--accounts", "400", "--times", "1")

    (size,) = figures["sizes"]
    assert {f"{who} {path}" for who, path in PAGES} <= set(size["pages"])
    assert "bench-checker /accounts (next page)" in size["pages"]
    assert all(page["small_ms"] > 0 < page["large_ms"] for page in size["pages"].values())
    assert figures["ratio"] == max(page["ratio"] for page in size["pages"].values())


@pytest.mark.bench
def test_an_agencys_queue_is_measured_with_its_workbench(where: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.bench.visiting.SMALL", 300)
    monkeypatch.setattr("portal.bench.visiting.WARM", 1)

    figures = _bench("queue", *where, "--accounts", "400", "--times", "1")

    (size,) = figures["sizes"]
    assert {f"{who} {path}" for who, path in QUEUE_PAGES} <= set(size["pages"])
    assert all(" /queue" in name for name in size["pages"])
    assert "bench-leader /queue/{account}" in size["pages"]


@pytest.mark.bench
def test_all_benchmarks_run_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.bench.visiting.SMALL", 300)

    figures = _bench("all", "--sqlite", "--accounts", "300")

    assert set(figures["ratio"]) == {"letters", "import", "allocate", "attribution", "segments", "attempts", "pages"}
    assert all(ratio > 0 for ratio in figures["ratio"].values())


@pytest.mark.bench
def test_letters_are_measured_beside_a_call_each() -> None:
    assert _bench("letters", "--letters", "3", "--calls", "2")["ratio"] > 0


@pytest.mark.bench
def test_a_benchmark_leaves_nothing_on_the_server(postgresql_server: PostgreSQL) -> None:
    before = _databases(postgresql_server)

    _bench("allocate", "--database", postgresql_server.url, "--accounts", "200")

    assert _databases(postgresql_server) == before


@pytest.mark.databases("postgresql")
def test_a_database_that_holds_a_bank_is_refused(app: Flask, database_url: str) -> None:
    create_bank_and_administrator()

    result = CliRunner().invoke(main, ["bench", "import", "--database", database_url])

    assert result.exit_code == 2
    assert "holds a bank" in result.stderr


@pytest.mark.parametrize("words", [["--database", "sqlite:///x"], ["--database", "postgresql://x/y", "--sqlite"]])
def test_a_database_that_cannot_be_meant_is_wrong_usage(words: list[str]) -> None:
    assert CliRunner().invoke(main, ["bench", "import", *words]).exit_code == 2


def test_logging_an_attempt_is_measured_beside_a_bare_insert_and_the_check_over_two_logs(where: list[str]) -> None:
    figures = _bench(
        "attempts", "--accounts", str(ACCOUNTS), "--stored", "200", "--stored", "1000", "--times", "2", *where
    )

    assert figures["ratio"] > 0 and figures["check_ratio"] > 0
    assert [size["stored"] for size in figures["sizes"]] == [200, 1_000]
    assert all(size["log_ms"] > 0 and size["operation_ratio"] > 0 for size in figures["sizes"])
