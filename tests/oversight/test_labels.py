"""Every deed that the code writes into the audit trail has words, and so has every kind of row it is done to."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from enum import StrEnum

from portal.application import load_models
from portal.commission.charge_models import ChargeState
from portal.commission.life_models import DisputeEnd, InvoiceState
from portal.commission.models import StatementState
from portal.commission.remittance_models import RemittanceState
from portal.commission.score_models import ScoringState
from portal.contact.arrangements.models import LIVE, ArrangementState
from portal.foundation.database import Model
from portal.legal.matters.models import CostState, HearingState
from portal.oversight.labels import ACTIONS, SUBJECTS
from portal.portfolio.models import ImportState
from tests.house.source import calls, files, relative

# Codes that are put together from a state: their beginnings, and what may follow.
FAMILIES: dict[str, Iterable[StrEnum]] = {
    "statement.": StatementState,
    "statement.line_": DisputeEnd,
    "statement.invoice_": (InvoiceState.PROPOSED, InvoiceState.ACCEPTED),
    "import.": ImportState,
    "arrangement.": ArrangementState,
    "remittance.": RemittanceState,
    "charge.": ChargeState,
    "scoring.": ScoringState,
    "legal.hearing_": HearingState,
    "legal.cost_": CostState,
}


def _codes() -> dict[str, list[str]]:
    """Codes of deeds with the places where they are written; an f-string counts as its beginning with a `*`."""
    found: dict[str, list[str]] = {}
    for path in files("portal/**/*.py"):
        for line, name, call in calls(path):
            if name.rpartition(".")[2] not in ("audit", "write_event", "_note"):
                continue
            for code in map(_code, call.args):
                if code:
                    found.setdefault(code, []).append(f"{relative(path)}:{line}")
    return found


def _code(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value:
        return node.value
    if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
        return str(node.values[0].value) + "*"
    return None


def test_every_deed_has_words() -> None:
    codes = _codes()
    assert len(codes) > 40

    without = [
        f"{places[0]}: {code}" for code, places in codes.items() if not code.endswith("*") and code not in ACTIONS
    ]

    assert not without


def test_every_deed_that_is_named_after_a_state_has_words_for_each_state() -> None:
    families = {code.removesuffix("*") for code in _codes() if code.endswith("*")}
    assert families <= FAMILIES.keys()
    ends = {ImportState.RECEIVED, ImportState.APPLIED, ImportState.REFUSED}

    wanted = {f"{family}{state.value}" for family in families for state in FAMILIES[family]}
    wanted -= {f"import.{state.value}" for state in set(ImportState) - ends}
    wanted -= {f"arrangement.{state.value}" for state in LIVE if state is not ArrangementState.AGREED}  # no ends

    assert wanted <= ACTIONS.keys()


def test_kinds_of_things_are_tables() -> None:
    load_models()
    tables = set(Model.metadata.tables)

    assert SUBJECTS.keys() - {"demo"} <= tables
