"""How the source is kept: short files, one clock, no floats near money, nothing unfinished, nothing from elsewhere."""

from __future__ import annotations

import ast
import re

from tests.house.source import calls, files, relative, text, tree

LONGEST = 500  # lines
UNFINISHED = re.compile(
    r"TODO|FIXME|XXX|raise NotImplementedError|coming soon|not implemented|placeholder page|待实现|敬请期待",
    re.IGNORECASE,
)
ELSEWHERE = re.compile(r"""(?:(?:src|href|action)\s*=\s*["']|url\(\s*["']?|@import\s+["'])(?:https?:)?//""")
INLINE = re.compile(
    r"""\sstyle\s*=|\son[a-z]+\s*=\s*["']|<style|<script(?![^>]*\b(?:src|nonce)\s*=)|javascript:""", re.IGNORECASE
)
TIME_OF_THE_MACHINE = {
    *("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.localtime", "time.gmtime"),
    *("datetime.datetime.now", "datetime.datetime.utcnow", "datetime.date.today", "dt.datetime.now", "dt.date.today"),
}
MONEY = [
    *("portal/foundation/money.py", "portal/commission/**/*.py", "portal/recovery/**/*.py"),
    *("portal/placement/allocation*.py", "portal/contact/arrangement*.py", "portal/portfolio/**/*.py"),
    "letters/amounts.py",
]

MADE_UP = {"portal/portfolio/standin.py", "portal/portfolio/madeup.py"}  # chances of made-up people, no amounts


def test_no_file_is_longer_than_500_lines() -> None:
    kept = files(
        "portal/**/*.py", "letters/**/*.py", "tests/**/*.py", "templates/**/*.html", "static/**/*.js", "static/**/*.css"
    )
    long = {relative(path): n for path in kept if (n := len(text(path).splitlines())) > LONGEST}
    assert not long


def test_only_the_clock_asks_the_machine_what_time_it_is() -> None:
    asked = [
        f"{relative(path)}:{line}: {name}()"
        for path in files("portal/**/*.py", "letters/**/*.py")
        if relative(path) != "portal/foundation/clock.py"
        for line, name, _ in calls(path)
        if name in TIME_OF_THE_MACHINE
    ]
    assert not asked


def test_no_float_comes_near_money() -> None:
    found = []
    for path in files(*MONEY):
        if relative(path) in MADE_UP:
            continue
        found += [f"{relative(path)}:{line}: float()" for line, name, _ in calls(path) if name == "float"]
        found += [
            f"{relative(path)}:{node.lineno}: {node.value}"
            for node in ast.walk(tree(path))
            if isinstance(node, ast.Constant) and isinstance(node.value, float)
        ]
    assert not found


def test_nothing_reads_like_something_unfinished() -> None:
    found = [
        f"{relative(path)}:{number}: {line.strip()}"
        for path in files("portal/**/*", "letters/**/*", "templates/**/*", "static/**/*.js", "static/**/*.css")
        if path.suffix in {".py", ".html", ".js", ".css", ".po", ".yaml", ".json", ".mako"}
        for number, line in enumerate(text(path).splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert not found


def test_pages_ask_nothing_of_other_machines_and_hold_no_style_or_script_of_their_own() -> None:
    """The content-security-policy would refuse them; better here than as a broken page."""
    found = []
    for path in files("templates/**/*.html", "static/**/*.css"):
        for number, line in enumerate(text(path).splitlines(), 1):
            if ELSEWHERE.search(line) or (path.suffix == ".html" and INLINE.search(line)):
                found.append(f"{relative(path)}:{number}: {line.strip()}")
    assert not found
