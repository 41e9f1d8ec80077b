"""The project's own source, read once, for tests that look at how it is written."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENDORED = ("static/vendor",)  # other people's files, kept as they came


def files(*patterns: str) -> list[Path]:
    """Files of the project that match, without what others wrote and without what the tools leave behind."""
    found = {path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()}
    return sorted(
        path
        for path in found
        if "__pycache__" not in path.parts and not any(relative(path).startswith(folder) for folder in VENDORED)
    )


def relative(path: Path) -> str:
    """The path as it reads from the project's top."""
    return path.relative_to(ROOT).as_posix()


@cache
def text(path: Path) -> str:
    """The file's text."""
    return path.read_text(encoding="utf-8")


@cache
def tree(path: Path) -> ast.Module:
    """The file's syntax tree."""
    return ast.parse(text(path), str(path))


def name_of(node: ast.AST) -> str:
    """The dotted name of an expression (`sa.text`, `work.session.get`); a part that is no name reads `?`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return "?"


def calls(path: Path) -> list[tuple[int, str, ast.Call]]:
    """Every call in the file: line, dotted name, node."""
    return [(node.lineno, name_of(node.func), node) for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
