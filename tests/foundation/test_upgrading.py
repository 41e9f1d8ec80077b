"""A bank's database of an earlier revision comes to the present one with everything that stands in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import create_app
from portal.config import Settings
from portal.foundation.database import db
from portal.foundation.migrating import downgrade, missing_guards, upgrade
from portal.migrations.guards import EVIDENCE
from tests.support.apps import SECRET, dispose
from tests.support.servers import PostgreSQL

BEFORE_ISSUE_3 = "0011"
NOW, DAY = datetime(2005, 7, 1, 2, tzinfo=UTC), date(2005, 7, 1)
# one row of each, in the order of their references; what is not said is made up by the column's type
ROWS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("organisation", {"kind": "agency", "active": True, "code": "HT"}),
    ("user_account", {"role": "vendor_manager", "active": True, "user_name": "vendor"}),
    ("contract", {"kind": "collection"}),
    ("contract_version", {}),
    ("person_key", {}),
    ("customer", {}),
    ("account", {"status": "open", "total_minor": 3}),
    ("allocation_run", {"kind": "collection", "state": "sent"}),
    ("placement_batch", {"kind": "collection", "state": "accepted", "term_ends_on": date(2005, 9, 28)}),
    ("placement", {"kind": "collection", "accepted_at": NOW}),
    ("contact_attempt", {"channel": "call", "direction": "outbound"}),
)

# Columns that a later revision has put elsewhere.
GONE = {
    ("placement_batch", column) for column in ("recall_asked_by", "recall_asked_at", "recall_reason", "recalled_by")
} | {("organisation", column) for column in ("licence_no", "licence_until")}  # a paper of its own: test_migrations


@pytest.fixture
def own_app(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """An application over a database that stands at the earlier revision."""
    url = f"sqlite:///{tmp_path / 'earlier.sqlite3'}"
    if database_kind == "postgresql":
        server: PostgreSQL = request.getfixturevalue("postgresql_server")
        url = server.create_database("upgrading")
    app = create_app(Settings(env="test", home=tmp_path, database_url=url, secret_key=SECRET))
    upgrade(app, BEFORE_ISSUE_3)
    yield app
    dispose(app)


def value_of(column: sa.Column[Any]) -> Any:
    if column.foreign_keys or column.name == "id":
        return 1
    samples = (
        (sa.JSON, {}), (sa.LargeBinary, b"x"), (sa.Boolean, False), (sa.DateTime, NOW), (sa.Date, DAY),
        (sa.Integer, 1), (sa.String, "1"),
    )  # fmt: skip
    return next(sample for kind, sample in samples if isinstance(column.type, kind))


@pytest.fixture
def engine(own_app: Flask) -> Iterator[sa.Engine]:
    with own_app.app_context():
        yield db.engine


@contextmanager
def as_bank(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction of the database's owner, whom the row policies bind as well, with the bank's eyes."""
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT set_config('portal.scope', 'bank', true)")
        yield connection


def fill(engine: sa.Engine) -> None:
    with as_bank(engine) as connection:
        for name, said in ROWS:
            table = sa.Table(name, sa.MetaData(), autoload_with=connection, resolve_fks=False)
            wanted = [c for c in table.columns if not c.nullable or c.name in said]
            connection.execute(table.insert(), {c.name: said.get(c.name, value_of(c)) for c in wanted})


def row_of(engine: sa.Engine, name: str) -> Any:
    with as_bank(engine) as connection:
        return connection.exec_driver_sql(f"SELECT * FROM {name}").mappings().one()


def test_placements_keep_their_batch_s_term_and_everything_else(engine: sa.Engine, own_app: Flask) -> None:
    fill(engine)
    before = {name: dict(row_of(engine, name)) for name, _ in ROWS}
    upgrade(own_app)
    for name, _ in ROWS:
        after = row_of(engine, name)
        kept = {key: value for key, value in before[name].items() if (name, key) not in GONE}
        assert {key: after[key] for key in kept} == kept, name
    placement = row_of(engine, "placement")
    assert str(placement["term_ends_on"]) == "2005-09-28"
    assert not placement["reverse"]
    assert placement["closure_code"] == ""
    assert missing_guards(engine) == []


def test_what_excludes_each_other_still_does_after_the_table_was_copied(engine: sa.Engine, own_app: Flask) -> None:
    fill(engine)
    upgrade(own_app)
    table = sa.Table("placement", sa.MetaData(), autoload_with=engine, resolve_fks=False)
    values = {c.name: value_of(c) for c in table.columns if not c.nullable} | {"id": 2, "kind": "litigation"}
    values |= {"ended_at": NOW + timedelta(hours=1), "ended_on": DAY, "end_reason": "recalled"}
    with pytest.raises(sa.exc.DBAPIError, match=r"overlap"), as_bank(engine) as connection:
        connection.execute(table.insert(), values)


def test_a_filled_database_goes_back_too(engine: sa.Engine, own_app: Flask) -> None:
    fill(engine)
    upgrade(own_app)
    downgrade(own_app, BEFORE_ISSUE_3)
    assert row_of(engine, "placement")["ended_at"] is None
    later = {evidence.table for evidence in EVIDENCE if evidence.since > BEFORE_ISSUE_3} | {"contact_attempt_findings"}
    later |= {"work_item_desk_insert", "work_item_desk_update", "person_key_erase_evidence", "statement_number_gap"}
    later |= {"charge_event_checker", "letter_event_withdraws"}
    assert {guard.partition("_keep_")[0] for guard in missing_guards(engine)} == later


def test_the_recall_of_a_batch_becomes_a_recall_like_any_other_and_back(engine: sa.Engine, own_app: Flask) -> None:
    fill(engine)
    batch = sa.table("placement_batch", *map(sa.column, ("recall_asked_by", "recall_asked_at", "recall_reason")))
    asked = {"recall_asked_by": 1, "recall_asked_at": NOW.replace(tzinfo=None), "recall_reason": "complaints"}
    with as_bank(engine) as connection:
        connection.execute(sa.update(batch).values(asked))

    upgrade(own_app)

    recall, line = row_of(engine, "recall"), row_of(engine, "recall_line")
    assert (recall["number"], recall["state"], recall["note"]) == ("RC-1", "asked", "complaints")
    assert (recall["asked_by"], recall["decided_by"], recall["account_count"]) == (1, None, 1)
    assert (line["recall_id"], line["placement_id"], line["state"]) == (recall["id"], 1, "asked")
    assert not {column for column in row_of(engine, "placement_batch") if column.startswith("recall")}

    downgrade(own_app, "0015")

    back = row_of(engine, "placement_batch")
    assert (back["recall_asked_by"], back["recall_reason"], back["recalled_by"]) == (1, "complaints", None)
    assert back["recall_asked_at"] is not None


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_a_file_of_before_stays_the_bank_s_and_files_of_staff_go_with_their_revision(
    engine: sa.Engine, own_app: Flask
) -> None:
    fill(engine)
    upgrade(own_app, "0020")
    add_run(engine, 1, "accounts")
    upgrade(own_app, "0021")
    assert row_of(engine, "import_run")["organisation_id"] is None
    add_run(engine, 2, "staff", organisation_id=1)

    downgrade(own_app, "0020")

    assert (row_of(engine, "import_run")["kind"], row_of(engine, "rejected_row")["import_run_id"]) == ("accounts", 1)
    with pytest.raises(sa.exc.IntegrityError):
        add_run(engine, 3, "staff")


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_credits_of_before_are_summed_up_and_superseded_ones_are_not(engine: sa.Engine, own_app: Flask) -> None:
    fill(engine)
    upgrade(own_app, "0022")
    add_run(engine, 1, "payments")
    held = {
        "organisation_id": 1,
        "placement_id": 1,
        "batch_id": 1,
        "decision": "credited",
        "paid_on": DAY,
        "currency": "CNY",
    }
    for number, credit, of, more in (
        (1, 700, 1, held), (2, 50, 2, held), (3, 0, 2, {"decision": "not_placed", "supersedes_id": 2}),
        (4, -200, 4, {**held, "reverses_id": 1}),
    ):  # fmt: skip
        if of == number:
            insert(engine, "payment", {"id": number, "payment_ref": f"P-{number}", "received_by": "bank"})
        insert(engine, "attribution", {"id": number, "payment_id": of, "credit_minor": credit, **more})

    upgrade(own_app)

    day = row_of(engine, "day_credit")
    assert (day["batch_id"], day["import_run_id"], day["credit_minor"], str(day["paid_on"])) == (1, 1, 500, str(DAY))


def test_what_the_rules_found_before_has_its_rows_and_sums(engine: sa.Engine, own_app: Flask) -> None:
    fill(engine)
    upgrade(own_app, "0024")
    rules = [
        {"rule": "cn.hours", "verdict": "block", "code": "HOURS"}, {"rule": "house.care", "verdict": "warn", "code": "HOLD"},
    ]  # fmt: skip
    said = {"channel": "call", "direction": "outbound", "decision": {"pack": "cn-card", "rules": rules}}
    for number, corrects in ((2, None), (3, 2), (4, None)):
        insert(
            engine, "contact_attempt",
            {"id": number, "attempt_ref": f"A{number}", "verdict": "block", "corrects_id": corrects, **said},
        )  # fmt: skip

    upgrade(own_app)

    with as_bank(engine) as connection:
        found = connection.exec_driver_sql(
            "SELECT attempt_id, rule, verdict, code, pack FROM conduct_finding ORDER BY 1"
        ).all()
    assert [tuple(row) for row in found] == [(n, "cn.hours", "block", "HOURS", "cn-card") for n in (2, 3, 4)]
    sums = row_of(engine, "conduct_day_count")
    assert (sums["organisation_id"], sums["rule"], sums["count"]) == (1, "cn.hours", 2)


def test_what_stood_in_a_queue_is_in_the_pool_with_its_day_by_the_usual_standard(
    engine: sa.Engine, own_app: Flask
) -> None:
    fill(engine)
    upgrade(own_app, "0024")
    tried = {"open": True, "next_kind": "rest", "next_on": DAY, "last_attempt_at": NOW, "value_minor": 300}
    insert(engine, "work_item", {"id": 1, "placement_id": 1, **tried})

    upgrade(own_app)

    item, pool = row_of(engine, "work_item"), row_of(engine, "desk_total")
    assert (item["assigned_to"], item["standard_days"], str(item["try_by"])) == (None, 7, str(DAY + timedelta(days=7)))
    assert item["currency"] == pool["currency"] == row_of(engine, "placement")["currency"]
    assert (pool["user_id"], pool["accounts"], pool["value_minor"]) == (0, 1, 300)


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_letters_of_before_hold_their_places_unless_they_are_over(engine: sa.Engine, own_app: Flask) -> None:
    """What may go out or is out holds one; what stood aside, came back or is of a refused pack does not."""
    fill(engine)
    upgrade(own_app, "0050")
    for n, state in ((2, "ready"), (3, "review"), (4, "refused")):
        insert(engine, "allocation_run", {"id": n, "number": f"R{n}", "kind": "letter", "state": "sent"})
        batch = {"id": n, "number": f"B{n}", "run_id": n, "kind": "letter", "state": "accepted"}
        insert(engine, "placement_batch", batch)
        insert(engine, "letter_pack", {"id": n, "number": f"P{n}", "batch_id": n, "state": state})
    for n, pack, number in ((2, 2, 1), (3, 2, None), (4, 2, 2), (5, 3, None), (6, 4, None)):
        insert(engine, "account", {"id": n, "account_ref": f"A{n}", "status": "open", "total_minor": 3})
        insert(engine, "placement", {"id": n, "account_id": n, "batch_id": pack, "kind": "letter"})
        numbered = {"year": 2005, "number": number, "letter_no": f"N{number}"} if number else {}
        letter = {"id": n, "pack_id": pack, "placement_id": n, "account_id": n, "position": n, "verify_code": f"C{n}"}
        insert(engine, "letter", letter | numbered)
    insert(engine, "letter_dispatch", {"letter_id": 4})
    insert(engine, "letter_result", {"letter_id": 4, "result": "returned", "reason": "moved"})

    upgrade(own_app)

    with as_bank(engine) as connection:
        live = connection.execute(sa.text("SELECT letter_id, placement_id FROM live_letter ORDER BY letter_id")).all()
        assert [tuple(row) for row in live] == [(2, 2), (5, 5)]
    assert missing_guards(engine) == []
    downgrade(own_app, "0050")
    with as_bank(engine) as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM letter")) == 5


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_firms_of_before_write_under_the_law_of_their_time_zone_and_nobody_else_does(
    engine: sa.Engine, own_app: Flask
) -> None:
    fill(engine)
    upgrade(own_app, "0052")
    zones = ("Asia/Shanghai", "America/New_York", "America/Los_Angeles", "Europe/London", "Asia/Taipei", "UTC")
    for number, zone in enumerate(zones, 2):
        insert(engine, "organisation", {"id": number, "code": f"F{number}", "kind": "law_firm", "time_zone": zone})
    insert(engine, "organisation", {"id": 9, "code": "AG", "kind": "agency", "time_zone": "America/New_York"})

    upgrade(own_app)

    with as_bank(engine) as connection:
        laws = connection.scalars(sa.text("SELECT letter_law FROM organisation ORDER BY id")).all()
    assert laws == ["cn", "cn", "us", "us", "uk", "cn", "cn", "cn"]
    with pytest.raises(sa.exc.IntegrityError, match=r"letter_?law"), as_bank(engine) as connection:
        connection.execute(sa.text("UPDATE organisation SET letter_law = 'fr'"))
    assert missing_guards(engine) == []

    downgrade(own_app, "0052")

    assert "letter_law" not in {column["name"] for column in sa.inspect(engine).get_columns("organisation")}
    with as_bank(engine) as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM organisation")) == 8


def add_run(engine: sa.Engine, number: int, kind: str, **said: Any) -> None:
    """An import with a row that it left out."""
    insert(
        engine, "import_run", {"id": number, "kind": kind, "state": "applied", "content_sha256": str(number), **said}
    )
    insert(engine, "rejected_row", {"id": number, "import_run_id": number, **said})


def insert(engine: sa.Engine, name: str, values: dict[str, Any]) -> None:
    """A row; what is not said is made up by the column's type."""
    with as_bank(engine) as connection:
        table = sa.Table(name, sa.MetaData(), autoload_with=connection, resolve_fks=False)
        wanted = [c for c in table.columns if not c.nullable or c.name in values]
        connection.execute(table.insert(), {c.name: values.get(c.name, value_of(c)) for c in wanted})
