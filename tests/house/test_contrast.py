"""Every text colour of the portal can be read on every ground it is used on (WCAG 2.2 AA: 4.5 to 1)."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

CSS = Path(__file__).parents[2] / "static" / "css" / "portal.css"
PAIRS = [
    ("ink", "paper"), ("ink", "ground"), ("ink", "accent-ground"), ("ink", "plain-ground"), ("ink", "wait-ground"),
    ("ink", "bad-ground"), ("ink", "good-ground"), ("quiet", "paper"), ("quiet", "ground"), ("quiet", "plain-ground"),
    ("plain", "plain-ground"), ("plain", "ground"), ("wait", "wait-ground"), ("good", "good-ground"), ("bad", "bad-ground"),
    ("bad", "paper"), ("accent", "paper"), ("accent", "accent-ground"), ("accent-dark", "accent-ground"),
    ("paper", "accent"), ("paper", "accent-dark"), ("paper", "bad"), ("paper", "plain"),
]  # fmt: skip
LINES = [("line-strong", "paper"), ("accent", "ground"), ("bad", "paper")]  # edges of controls: 3 to 1


@cache
def colours() -> dict[str, str]:
    found = re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", CSS.read_text(encoding="utf-8"))
    return {name: value if len(value) == 7 else "#" + "".join(2 * c for c in value[1:]) for name, value in found}


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(colours()[one]), luminance(colours()[other])), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_can_be_read_on_its_ground(text: str, ground: str) -> None:
    assert contrast(text, ground) >= 4.5


@pytest.mark.parametrize(("line", "ground"), LINES)
def test_the_edge_of_a_control_can_be_seen(line: str, ground: str) -> None:
    assert contrast(line, ground) >= 3


def test_nothing_of_the_look_comes_from_elsewhere() -> None:
    css = CSS.read_text(encoding="utf-8")

    assert all(address.startswith("../images/") for address in re.findall(r"url\([\"']?([^)\"']*)", css))
    assert "@import" not in css
