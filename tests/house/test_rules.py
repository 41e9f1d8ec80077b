"""The pure rules are what a bank's auditor reads: nothing but money and the standard library stands behind them."""

from __future__ import annotations

import ast
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.house.source import ROOT, tree

if TYPE_CHECKING:
    from pathlib import Path

RULES = [
    "portal.portfolio.buckets",
    "portal.portfolio.limitation",
    "portal.placement.allocation",
    "portal.placement.codes",
    "portal.placement.recall_dates",
    "portal.contact.conduct",
    "portal.contact.complaints.codes",
    "portal.contact.requests.thread",
    "portal.contact.wording",
    "portal.recovery.attribution",
    "portal.recovery.dates",
    "portal.recovery.matching",
    "portal.recovery.remitting",
    "portal.commission.plan",
    "portal.vendors.plans.entries",
    "portal.commission.taxes",
    "portal.legal.matters.stages",
    "portal.legal.matters.calendar",
    "portal.legal.itemization",
]
PURE = {"portal.foundation.money"}


def _files(module: str) -> list[Path]:
    """The files of a rule: one, or a package's."""
    place = ROOT / module.replace(".", "/")
    return sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]


def _imports(module: str) -> set[str]:
    """The modules that a rule names in its import statements, itself left out."""
    names: set[str] = set()
    for path in _files(module):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                # `from portal.foundation import money` names a module too
                names |= {f"{node.module}.{alias.name}" for alias in node.names} & PURE or {node.module or "."}
    return {name for name in names if name != module and not name.startswith(f"{module}.")}


@pytest.mark.parametrize("module", [*RULES, *sorted(PURE)])
def test_a_pure_rule_imports_nothing_but_money_and_the_standard_library(module: str) -> None:
    foreign = {name for name in _imports(module) - PURE if name.partition(".")[0] not in sys.stdlib_module_names}
    assert not foreign


@pytest.mark.parametrize("module", RULES)
def test_importing_a_pure_rule_loads_no_flask_and_no_database(module: str) -> None:
    ask = f"import sys, {module}; print(sorted({{'flask', 'sqlalchemy', 'werkzeug', 'jinja2'}} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_importing_the_application_loads_no_flask_before_it_is_created() -> None:
    ask = "import sys, portal, letters; print('flask' in sys.modules, 'sqlalchemy' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["False", "False"]
