"""One part of a print file, made in a worker process: some letters in, one PDF and their fates out."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import re
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from letters.kept import Outcome, write_outcomes
from letters.paint import Painter, Refusal
from letters.pieces import write_whole
from letters.template import load_template

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


@dataclass(frozen=True)
class Part:
    """The letters of one part (position in the data, data), where its PDF and single files go, and whether
    the single files are for the archive."""

    template: str
    templates: Path
    head: Mapping[str, Any]
    letters: tuple[tuple[int, Mapping[str, Any]], ...]
    out: Path
    split: Path | None
    archive: bool = False


def end_with_parent() -> None:
    """Called in a fresh worker process: it is killed with the process that started it, which may have been killed
    outright and then says goodbye to nobody. Linux; elsewhere such a worker waits for ever."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        parent = multiprocessing.parent_process()
        if parent is not None and os.getppid() != parent.pid:  # it was gone before this was set
            os._exit(1)


def render_part(part: Part) -> list[Outcome]:
    """Lay out the letters of a part and write them as one document; no file if none could be printed.

    Files appear whole: what a killed process leaves has another name.
    """
    with _garbage_seldom():
        outcomes = _render(part)
    write_outcomes(part.out, outcomes)
    return outcomes


def _render(part: Part) -> list[Outcome]:
    outcomes: list[Outcome] = []
    laid_out = []
    try:
        painter = Painter(load_template(part.template, part.templates), part.head)
    except Refusal as refusal:
        return [Outcome(position, 0, refusal.problem) for position, _ in part.letters]
    for position, letter in part.letters:
        try:
            document = painter.lay_out(letter)
        except Refusal as refusal:
            outcomes.append(Outcome(position, 0, refusal.problem))
            continue
        laid_out.append(document)
        outcomes.append(Outcome(position, len(document.pages)))
        if part.split:
            single = part.split / single_name(position, str(letter["letter_no"]))
            write_whole(single, painter.write([document], archive=part.archive))
    if laid_out:
        write_whole(part.out, painter.write(laid_out))
    return outcomes


@contextmanager
def _garbage_seldom() -> Iterator[None]:
    """Look for garbage less often: layout makes many objects that stay, and looking costs a tenth of the time."""
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def single_name(position: int, letter_no: str) -> str:
    """File name of a single letter: its place in the data, and what of its number a file name can hold."""
    return f"{position:06d}-{re.sub(r'[^0-9A-Za-z()_一-鿿-]', '_', letter_no)[:60]}.pdf"
