"""Many letters into one print file: bounded parts, recycled worker processes, the same bytes always.

Letters are cut into parts by their place in the data and by nothing else, so that neither the number of
workers nor their speed can show in the file. Memory is bounded by a part a worker; workers are replaced
after a few parts, since layout leaves memory behind.
"""

from __future__ import annotations

import multiprocessing
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from typing import Any

from letters.check import check_data, check_head, check_letter
from letters.content import content_hash
from letters.errors import LettersError, NothingToPrint, Problem, Stopped
from letters.kept import Outcome, finished, name_of_part
from letters.manifest import ManifestRow
from letters.merge import merge_parts
from letters.options import PrintOptions
from letters.paint import Painter, Refusal
from letters.pieces import in_chunks
from letters.template import Template
from letters.worker import Part, end_with_parent, render_part, single_name

LETTERS_A_PART = 100
PARTS_A_WORKER = 6
"""How many parts a worker process makes before it is replaced."""


def render_single(
    template: Template, head: Mapping[str, Any], letter: Mapping[str, Any], *, archive: bool = False
) -> bytes:
    """The PDF of one letter, as it will print, for review; with `archive` as PDF/A-3u.

    `letter_no` and `verify_code` may be missing: the page says that they come with the approval.
    LettersError with the first problem if the letter cannot be printed.
    """
    problems = check_letter(template, head, letter)
    if not problems:
        try:
            painter = Painter(template, head)
            return painter.write([painter.lay_out(letter)], archive=archive)
        except Refusal as refusal:
            problems = [refusal.problem]
    first = problems[0]
    raise LettersError(first.code, first.message_en, first.message_zh, field=first.field)


def render_print_file(
    template: Template,
    head: Mapping[str, Any],
    letters: Iterable[Mapping[str, Any]],
    out: Path,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    options: PrintOptions | None = None,
) -> list[ManifestRow]:
    """Render letters to one print file, in the order given, and say what became of each.

    A letter that cannot be printed is held (its row says why) and the rest goes on. `out` appears whole or
    not at all. `progress(done, total)` is called after each part (total 0 if `letters` has no length);
    `should_stop()` is asked between parts.

    Raises NothingToPrint (no letter, all held, or one held under `strict`; its `rows` are the manifest),
    Stopped, FontsMissing, OSError where there is no room.
    """
    chosen = options or PrintOptions()
    total = len(letters) if isinstance(letters, Sized) else 0
    with tempfile.TemporaryDirectory(prefix=".letters-", dir=out.parent) as scratch:
        kept = chosen.kept or Path(scratch)
        kept.mkdir(mode=0o700, parents=True, exist_ok=True)
        job = _Job(template, head, kept, chosen)
        for done in job.run(letters, workers, should_stop or (lambda: False)):
            if progress:
                progress(done, total)
        job.refuse_if_nothing()
        whole = Path(scratch) / "print.pdf"
        merge_parts(job.parts, job.bookmarks(), template.title(template.language), whole, duplex=chosen.duplex)
        if chosen.split:
            _take_files(job.split, job.singles(), chosen.split)
        whole.replace(out)
    return job.rows


class _Job:
    """One print file in the making: its rows and parts so far, the numbers seen, the page reached."""

    def __init__(self, template: Template, head: Mapping[str, Any], folder: Path, options: PrintOptions) -> None:
        self.rows: list[ManifestRow] = []
        self.parts: list[tuple[Path, list[int]]] = []
        self.split = folder / "split"
        self.split.mkdir(exist_ok=True)
        self._options = options
        self._template = template
        self._head = {key: value for key, value in head.items() if key != "letters"}
        self._head_problems = check_head(template, head)
        self._folder = folder
        self._positions: dict[str, int] = {}
        self._page = 0

    def run(self, letters: Iterable[Any], workers: int, should_stop: Callable[[], bool]) -> Iterator[int]:
        """Check, lay out and write part by part; yields how many letters are done."""
        done = 0
        for generation in in_chunks(self._parts(letters), max(1, workers) * PARTS_A_WORKER):
            for part, outcomes in _render(generation, workers, should_stop):
                self._take(part, outcomes)
                done = max([done, *(position for position, _ in part.letters)])
                yield done
        if len(self.rows) > done:
            yield len(self.rows)

    def refuse_if_nothing(self) -> None:
        """NothingToPrint if no letter is left, or if one is held and the caller wants all or none."""
        held = sum(row.status == "held" for row in self.rows)
        if held == len(self.rows):
            raise NothingToPrint(
                "letters.nothing", "There is no letter to print.", "没有可打印的函件。", rows=self.rows
            )
        if self._options.strict and held:
            raise NothingToPrint(
                "letters.held",
                f"{held} of {len(self.rows)} letters are held; nothing was written.",
                f"{len(self.rows)} 封中有 {held} 封被扣留，未生成文件。",
                rows=self.rows,
            )

    def bookmarks(self) -> list[tuple[str, int]]:
        """Number and name of each printed letter, with its first page."""
        return [(f"{row.letter_no} {row.name}", row.first_page) for row in self.rows if row.first_page is not None]

    def singles(self) -> list[str]:
        """The file names of the printed letters' own PDFs."""
        return [single_name(row.position, row.letter_no) for row in self.rows if row.status == "printed"]

    def _parts(self, letters: Iterable[Any]) -> Iterator[Part]:
        """The data cut into parts of LETTERS_A_PART rows, held rows left out of them."""
        numbered = enumerate(letters, start=1)
        split = self.split if self._options.split else None
        for number, chunk in enumerate(in_chunks(numbered, LETTERS_A_PART)):
            good = tuple((position, letter) for position, letter in chunk if self._examine(position, letter))
            if good:
                rows = [self.rows[position - 1] for position, _ in good]
                held = [(row.position, row.letter_no, row.content_sha256) for row in rows]
                how = self._options
                name = name_of_part(number, held, split=split is not None, archive=how.archive)
                out = self._folder / f"{name}.pdf"
                folder = self._template.folder.parent
                yield Part(self._template.name, folder, self._head, good, out, split, how.archive)

    def _examine(self, position: int, letter: Any) -> bool:
        """Add the letter's row; whether nothing holds it so far."""
        rules = not self._head_problems
        own = check_data(self._template, self._head, letter, printed=True, rules=rules)
        problems = [*self._head_problems, *own]
        number = _text(letter, "letter_no").strip()
        earlier = self._positions.setdefault(number, position) if number else position
        if earlier != position:
            problems.append(_duplicate(earlier))
        self.rows.append(
            ManifestRow(
                position=position,
                letter_no=_text(letter, "letter_no"),
                name=_text(letter, "debtor_name"),
                postcode=_text(letter, "postcode"),
                address=_text(letter, "address"),
                currency=_text(letter, "currency"),
                total=_text(letter, "total"),
                as_of=_text(letter, "as_of"),
                content_sha256=content_hash(self._template, self._head, letter) if isinstance(letter, Mapping) else "",
                status="held" if problems else "printed",
                problems=tuple(problems),
            )
        )
        return not problems

    def _take(self, part: Part, outcomes: Sequence[Outcome]) -> None:
        """Enter a finished part: page numbers for what was printed, reasons for what was not."""
        for outcome in outcomes:
            row = self.rows[outcome.position - 1]
            if outcome.problem:
                self.rows[outcome.position - 1] = replace(row, status="held", problems=(outcome.problem,))
            else:
                blank = outcome.pages % 2 if self._options.duplex else 0
                first, self._page = self._page + 1, self._page + outcome.pages + blank
                self.rows[outcome.position - 1] = replace(row, first_page=first, last_page=self._page)
        lengths = [outcome.pages for outcome in outcomes if outcome.problem is None]
        if lengths:
            self.parts.append((part.out, lengths))


def _render(
    parts: Sequence[Part], workers: int, should_stop: Callable[[], bool]
) -> Iterator[tuple[Part, list[Outcome]]]:
    """Parts with their outcomes, in order; what an earlier process finished is taken as it is, and a single part for one
    worker is made in this process."""
    if should_stop():
        raise Stopped
    known = {part.out: finished(part.out) for part in parts}
    to_make = [part for part in parts if known[part.out] is None]
    if workers <= 1 and len(to_make) <= 1:
        for part in parts:
            yield part, known[part.out] or render_part(part)
        return
    spawn = multiprocessing.get_context("spawn")
    count = max(1, min(workers, len(to_make)))
    pool = ProcessPoolExecutor(max_workers=count, mp_context=spawn, initializer=end_with_parent)
    try:
        waiting = {part.out: pool.submit(render_part, part) for part in to_make}
        for part in parts:
            yield part, known[part.out] or waiting[part.out].result()
            if should_stop():
                raise Stopped
    except BrokenProcessPool:
        raise LettersError(
            "letters.worker_died", "A worker process died; no file was written.", "工作进程异常终止，文件未生成。"
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _duplicate(earlier: int) -> Problem:
    return Problem(
        "letter.number_duplicate",
        "letter_no",
        f"field letter_no is already the number of letter {earlier}",
        f"字段 letter_no：与第 {earlier} 封重复",
    )


def _text(letter: Any, name: str) -> str:
    """A value as the manifest shows it, empty where there is none fit to show."""
    value = letter.get(name) if isinstance(letter, Mapping) else None
    return "" if value is None or isinstance(value, list | dict | bool) else str(value)


def _take_files(source: Path, names: Iterable[str], target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for name in names:
        if (source / name).exists() or not (target / name).exists():  # an attempt before may have taken it
            shutil.move(source / name, target / name)
