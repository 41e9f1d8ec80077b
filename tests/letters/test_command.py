"""`letters render`: exit codes, manifest, clear words for a bad file."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from letters.command import letters
from tests.letters.factories import job, letter


def run(tmp_path: Path, content: Any, *options: str) -> Result:
    data = tmp_path / "data.json"
    data.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return CliRunner().invoke(letters, ["render", str(data), "--out", str(tmp_path / "out.pdf"), *options])


def statuses(tmp_path: Path) -> list[str]:
    with (tmp_path / "out.pdf.manifest.csv").open(encoding="utf-8", newline="") as file:
        return [row["status"] for row in csv.DictReader(file)]


def test_a_file_of_letters_becomes_a_print_file_and_a_manifest(tmp_path: Path) -> None:
    done = run(tmp_path, job(letter(1), letter(2, total="1.00")))
    assert done.exit_code == 0
    assert json.loads(done.stdout)["printed"] == 1
    assert "letter 2" in done.stderr and "total" in done.stderr
    assert statuses(tmp_path) == ["printed", "held"]


def test_strict_or_nothing_left_is_exit_3_and_no_file(tmp_path: Path) -> None:
    for content, options in (
        (job(letter(1), letter(2, total="1")), ("--strict",)),
        (job(letter(1, total="1")), ()),
        (job(), ()),
    ):
        done = run(tmp_path, content, *options)
        assert done.exit_code == 3
        assert [file.name for file in tmp_path.iterdir()] == ["data.json"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b'{"template": "lawyer-letter-zh", ', "line 1"),
        ('{"template": "中"}'.encode("gb18030"), "not UTF-8"),
        (b"[]", "one JSON object"),
        (b'{"letters": []}', "no template"),
        (b'{"template": "lawyer-letter-zh"}', "no list of letters"),
        (b'{"template": "nothing-known", "letters": []}', "no template 'nothing-known'"),
        (b'{"template": NaN}', "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
    ],
)
def test_a_bad_file_is_said_in_one_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    done = run(tmp_path, content)
    assert done.exit_code == 3
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    done = CliRunner().invoke(letters, ["render", str(tmp_path / "none.json"), "--out", str(tmp_path / "out.pdf")])
    assert done.exit_code == 3
    assert "cannot be read" in done.stderr
