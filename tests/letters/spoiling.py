"""Copies of shipped templates, to be spoilt."""

from __future__ import annotations

import shutil
from pathlib import Path

from letters import Problem, check_template
from letters.template import TEMPLATES
from letters.watchdog import TooSlow, processor_limit


def copy_of(name: str, tmp_path: Path) -> Path:
    """A copy of a shipped template's folder."""
    target = tmp_path / "templates" / name
    shutil.copytree(TEMPLATES / name, target)
    return target


def append(folder: Path, words: str) -> int:
    """Put words on a line of their own before the end of the page; the line's number."""
    page = folder / "template.html"
    text = page.read_text("utf-8")
    before = text[: text.index("</body>")]
    page.write_text(before + words + "\n</body>\n</html>\n", "utf-8")
    return before.count("\n") + 1


def places(folder: Path) -> list[tuple[str, str]]:
    return [(problem.code, problem.field) for problem in check_template(folder)]


def problems(folder: Path) -> list[Problem]:
    return check_template(folder)


def work_without_end() -> str:
    """What a worker process says after it was stopped in endless work that catches every exception."""
    try:
        with processor_limit(0.3):
            while True:
                try:
                    sum(range(1000))
                except Exception:
                    continue
    except TooSlow:
        return "stopped"
