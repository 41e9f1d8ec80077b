"""Everything that the document allows, and much that it does not, asked of the interface by schemathesis, every check on.

A few examples here, many in the load tier. A request may be well-formed and yet say what cannot be (an outcome that does not
go with its channel, a promise without an amount): such 422 are no fault of the document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig

from tests.api.machines import make_machine
from tests.contact.factories import NOON, at_time, make_person
from tests.support.apps import dispose, make_app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from portal.config import Settings

# What is asked is the same on both databases: one is enough.
pytestmark = [pytest.mark.databases("sqlite"), pytest.mark.settings(api_rate=1_000_000)]
OPERATIONS = 22  # all but the document itself
CONFIG: dict[str, Any] = {
    "checks": {
        "positive_data_acceptance": {"expected-statuses": ["2xx", "401", "403", "404", "409", "422"]},
        "negative_data_rejection": {"expected-statuses": ["4xx"]},
    }
}


class Asker:
    """Asks the interface of an agency that holds one account, from outside."""

    def __init__(self, app: Any) -> None:
        with app.app_context():
            at_time(NOON)
            person = make_person()
            machine = make_machine(app, person)
            self.known = {"account_ref": machine.account_ref, "contact_point_id": person.mobile}
        config = SchemathesisConfig.from_dict(CONFIG)
        self.schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app, config=config)
        self.head = {"Authorization": f"Bearer {machine.secret}", "Accept-Language": "en"}

    def ask(self, case: Any) -> None:
        """One request and every check of its answer."""
        case.call_and_validate(headers=self.head)

    def ask_about_ours(self, case: Any) -> None:
        """The same about the account that is there, which no chance would name."""
        for place in (case.path_parameters, case.body):
            if isinstance(place, dict):
                place.update({name: value for name, value in self.known.items() if name in place})
        self.ask(case)

    def walk(self, examples: int) -> None:
        """Every operation: what it allows, what it does not, and what it allows about the account that is there."""
        operations = [found.ok() for found in self.schema.get_all_operations()]
        assert len(operations) == OPERATIONS
        usual = settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        for operation in operations:
            right = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
            usual(given(case=right)(lambda case: self.ask(case)))()
            usual(given(case=right)(lambda case: self.ask_about_ours(case)))()
            if operation.query or operation.body or operation.path_parameters:
                wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
                usual(given(case=wrong)(lambda case: self.ask(case)))()

    def walk_boundaries(self) -> int:
        """Every boundary that the document draws, within and without; how many there were."""
        asked = 0
        for found in self.schema.get_all_operations():
            operation = found.ok()
            for case in self.schema.iter_coverage_cases(
                operation,
                generation_modes=list(GenerationMode),
                generation_config=self.schema.config.generation_for(operation=operation, phase="coverage"),
            ):
                self.ask(case)
                asked += 1
        return asked


@pytest.fixture
def asker(settings: Settings, compiled_templates: Path) -> Iterator[Asker]:
    """Without an application's context: each request has one of its own, as when it is served."""
    app = make_app(settings, compiled_templates)
    yield Asker(app)
    dispose(app)


def test_nothing_that_is_asked_finds_a_fault(asker: Asker) -> None:
    asker.walk(examples=5)


@pytest.mark.load
def test_nothing_that_is_asked_long_finds_a_fault(asker: Asker) -> None:
    asker.walk(examples=150)
    assert asker.walk_boundaries() > 500
