"""A statement reckoned again, by page and by command: equal to the cent, and line by line what is not."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from portal.cli import main
from portal.commission.models import CommissionLine
from portal.commission.operations import refuse_statement
from portal.commission.rerunning import ask_for_rerun, rerun
from portal.foundation.database import db
from portal.foundation.errors import Refused
from portal.foundation.jobs import run_pending
from portal.foundation.work import transaction
from portal.migrations.guards import EVIDENCE, keep_on_sqlite
from tests.commission.factories import JULY, Finance, drawn, make_finance, released
from tests.commission.test_plans_paid import AUGUST, LADDER, all_statements, post
from tests.identity.factories import observer
from tests.recovery.factories import Held, held_account
from tests.recovery.test_payments import paid
from tests.support.pages import PageClient

if TYPE_CHECKING:
    from flask import Flask

pytestmark = [pytest.mark.settings(today=date(2005, 12, 1)), pytest.mark.databases("sqlite")]
LINES = next(evidence for evidence in EVIDENCE if evidence.table == "commission_line")


def asked(app: Flask, finance: Finance, *words: str) -> tuple[int, list[dict[str, Any]]]:
    who = ["--as", finance.checker.user_name]
    result = CliRunner().invoke(main, ["commission", "rerun", *words, *who], obj=app)
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]


def tampered(statement_id: int, **values: Any) -> None:
    """Somebody got at the database itself, past the guard that refuses this, and changed the first line of a statement."""
    line = CommissionLine.__table__
    change = sa.update(line).where(line.c.statement_id == statement_id, line.c.position == 1).values(**values)
    with db.engine.begin() as connection:
        connection.execute(sa.text("DROP TRIGGER commission_line_keep_update"))
        assert connection.execute(change).rowcount == 1
        for guard in keep_on_sqlite(LINES):
            if "keep_update" in guard:
                connection.execute(sa.text(guard))


def two_months() -> tuple[Held, Finance, int, int]:
    held, finance = held_account(plan=LADDER), make_finance()
    post(held, paid("P-1", "10000.00"))
    (july,) = released(finance)
    post(held, paid("P-2", "6000.00", "2005-08-10"))
    (august,) = released(finance, AUGUST)
    return held, finance, july, august


def test_the_command_says_of_each_statement_that_it_is_equal(app: Flask) -> None:
    held, finance, *_ = two_months()
    code = held.agency.code

    exit_code, told = asked(app, finance)
    assert exit_code == 0
    assert [(one["statement"], one["lines"], one["issued"], one["now"], one["equal"]) for one in told] == [
        (f"CS-{code}-2005-0001", 1, "200.00", "200.00", True), (f"CS-{code}-2005-0002", 2, "280.00", "280.00", True),
    ]  # fmt: skip
    assert [one["statement"] for one in asked(app, finance, "--period", "2005-08")[1]] == [f"CS-{code}-2005-0002"]
    assert [one["statement"] for one in asked(app, finance, f"CS-{code}-2005-0001")[1]] == [f"CS-{code}-2005-0001"]
    assert asked(app, finance, "CS-NONE")[0] not in (0, 1)


@pytest.mark.parametrize(
    ("values", "issued", "now"),
    [
        ({"commission_minor": 20_001}, 20_001, 20_000),  # a cent, so that what August trues up is another sum too
        ({"base_minor": 999_999}, 20_000, 20_000),  # the same sum of another base is no equal line
        ({"payment_ref": "P-X"}, 20_000, 20_000),
        ({"reason": "minimum"}, 20_000, 20_000),
    ],
)
def test_a_line_that_was_made_to_differ_is_named_by_page_and_command(
    app: Flask, values: dict[str, Any], issued: int, now: int
) -> None:
    held, finance, july, august = two_months()
    tampered(july, **values)

    found = rerun(held.actor, july)
    assert not found.is_equal and (found.count, found.issued, found.now) == (1, issued, now)
    exit_code, told = asked(app, finance)
    assert exit_code == 1
    assert [one["equal"] for one in told] == [False, issued == now]
    reference = values.get("payment_ref", "P-1")
    assert told[0]["differences"] == [{"line": 1, "payment": reference, "issued": issued, "now": now}]
    for person in (finance.maker, held.leader):
        client = PageClient(app).sign_in(person)
        job = client.get(f"/statements/{july}").submit(f"/statements/{july}/rerun")
        run_pending(app)
        shown = client.get(job.path)
        assert "differs in 1 of 1 lines" in shown and f"line 1, {reference}" in shown
    assert rerun(held.actor, august).is_equal == (issued == now)


def test_the_page_says_that_all_lines_are_equal(app: Flask) -> None:
    held, *_, august = two_months()
    client = PageClient(app).sign_in(held.leader)

    job = client.get(f"/statements/{august}").submit(f"/statements/{august}/rerun")
    run_pending(app)

    assert "all 2 lines and the total of NT$280.00 are equal, to the cent" in client.get(job.path)
    verdict = client.get(client.get(job.path).links["Open the result"], to=f"/statements/{august}")
    assert "all 2 lines and the total of NT$280.00 are equal, to the cent" in verdict


def test_a_line_too_many_and_one_too_few_are_found(app: Flask) -> None:
    held, _, july, _ = two_months()
    with transaction(observer()) as work:
        line = work.session.scalars(sa.select(CommissionLine).where(CommissionLine.statement_id == july)).one()
        columns = {c.key: getattr(line, c.key) for c in sa.inspect(CommissionLine).column_attrs if c.key != "id"}
        work.session.add(CommissionLine(**columns | {"position": 2, "commission_minor": 7}))

    found = rerun(held.actor, july)

    assert [tuple(each) for each in found.differences] == [(2, "P-1", 7, None)]
    assert (found.lines, found.issued, found.now) == (2, 20_007, 20_000)


def test_a_withdrawn_statement_holds_nothing_that_could_be_reckoned_again(app: Flask) -> None:
    held, finance = held_account("0.10"), make_finance()
    post(held, paid("P-1"))
    (first,) = drawn(finance, JULY)
    refuse_statement(finance.issuer, first, "too early")
    (second,) = drawn(finance, JULY)
    assert all_statements() == [first, second]

    for ask in (rerun, ask_for_rerun):
        with pytest.raises(Refused) as refused:
            ask(finance.issuer, first)
        assert refused.value.code == "commission.withdrawn"
    client = PageClient(app).sign_in(finance.maker)
    assert "Reckon it again" not in client.get(f"/statements/{first}")
    assert "Reckon it again" in client.get(f"/statements/{second}")
    exit_code, told = asked(app, finance)
    assert (exit_code, [one["equal"] for one in told]) == (0, [True])
