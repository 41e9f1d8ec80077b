"""The one table: order, pages, filters and files, on both databases."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

import html5lib
import pytest
import python_calamine
import sqlalchemy as sa
from flask import Flask, render_template_string
from flask_babel import Babel
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from werkzeug.datastructures import MultiDict

from portal.application import ROOT
from portal.foundation.access import Actor, OrganisationKind
from portal.foundation.database import MinorUnits, UtcDateTime, choice
from portal.foundation.formats import set_up_formats
from portal.foundation.language import say
from portal.foundation.states import StateTag
from portal.foundation.tables import Cell, Column, Empty, Filter, Table, TablePage

BANK = Actor(user_id=1, name="bank", organisation_kind=OrganisationKind.BANK)
DAY = date(2026, 11, 20)
INSTANT = datetime(2026, 11, 20, 6, 5, tzinfo=UTC)


class Base(DeclarativeBase):
    pass


class Standing(StrEnum):
    OPEN = "open"
    SETTLED = "settled"


class Debt(Base):
    __tablename__ = "debt"
    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    name: Mapped[str]
    balance: Mapped[int] = mapped_column(MinorUnits())
    currency: Mapped[str] = mapped_column(default="CNY")
    placed_on: Mapped[date | None]
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    share: Mapped[Decimal | None] = mapped_column(sa.Numeric(9, 4))
    standing: Mapped[Standing] = mapped_column(choice(Standing))


STATES = {Standing.OPEN: StateTag("open", "under way", "go"), Standing.SETTLED: StateTag("settled", "settled", "good")}
DEBTS = Table(
    name="debts",
    statement=sa.select(Debt),
    key=Debt.id,
    default_sort="-placed_on",
    page_size=4,
    columns=[
        Column("name", "Name", expression=Debt.name, sortable=True),
        Column("balance", "Balance", kind="money", expression=Debt.balance, sortable=True),
        Column("placed_on", "Placed on", kind="day", expression=Debt.placed_on, sortable=True),
        Column("seen_at", "Seen", kind="instant", expression=Debt.seen_at, sortable=True),
        Column("share", "Share", kind="percent", expression=Debt.share, sortable=True),
        Column("standing", "State", kind="state", states=STATES, expression=Debt.standing, sortable=True),
        Column("number", "Number", kind="number", value="id", expression=Debt.id, sortable=True),
        Column("initial", "Initial", value=lambda debt: debt.name[:1]),
    ],
    filters=[
        Filter("name", "Name", "text", lambda s, v: s.where(Debt.name.startswith(v, autoescape=True))),
        Filter("standing", "State", "choice", lambda s, v: s.where(Debt.standing == v), [("open", "o"), ("settled", "s")]),
        Filter("balance", "Balance", "range", lambda s, v: s.where(Debt.balance >= int((v[0] or 0) * 100))),
        Filter("placed", "Placed", "period", lambda s, v: s.where(Debt.placed_on >= v[0]) if v[0] else s),
    ],
    row_url=lambda debt: f"/debts/{debt.id}",
    empty=Empty("No debts yet.", "Import a file", "/imports/new"),
)  # fmt: skip


def debt(number: int, **given: Any) -> Debt:
    """A debt whose values repeat, so that pages break in the middle of equal ones."""
    usual: dict[str, Any] = {
        "id": number,
        "name": f"debtor {number % 5}",
        "balance": (number % 3) * 1_000,
        "placed_on": None if number % 4 == 0 else DAY - timedelta(days=number % 3),
        "seen_at": None if number % 3 == 0 else INSTANT + timedelta(microseconds=number % 2),
        "share": None if number % 5 == 0 else Decimal(number % 2) / 8,
        "standing": Standing.OPEN if number % 2 else Standing.SETTLED,
    }
    return Debt(**usual | given)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    if request.param == "sqlite":
        engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    else:
        url = request.getfixturevalue("postgresql_server").create_database("tables")
        engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    Base.metadata.create_all(engine)
    if request.param == "postgresql":
        let_application_role_in(engine)
    with Session(engine, info={"actor": BANK}) as session:
        session.add_all(debt(number) for number in range(1, 24))
        session.commit()
    yield engine
    engine.dispose()


def let_application_role_in(engine: sa.Engine) -> None:
    """Sessions act as the application's role, which migrations make; these tables have none."""
    role = sa.quoted_name(f"{engine.url.database}_app", quote=True)
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE ROLE {role}"))
        connection.execute(sa.text(f"GRANT {role} TO CURRENT_USER"))
        connection.execute(sa.text(f"GRANT SELECT, INSERT ON debt TO {role}"))


@pytest.fixture
def session(engine: sa.Engine) -> Iterator[Session]:
    with Session(engine, info={"actor": BANK}) as session:
        yield session


@pytest.fixture
def app() -> Flask:
    app = Flask("tables", template_folder=str(ROOT / "templates"))
    Babel(app, default_locale="en", default_timezone="Asia/Shanghai")
    set_up_formats(app)
    app.jinja_env.globals.update(csrf_token=lambda: "c", form_token=lambda: "f")
    return app


def keys(page: TablePage) -> list[int]:
    return [row.key for row in page.rows]


def follow(url: str | None) -> MultiDict[str, str]:
    assert url is not None
    return MultiDict(parse_qsl(url.removeprefix("?"), keep_blank_values=True))


def cursor(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


SORTS = [sign + c.name for c in DEBTS.columns if c.sortable for sign in ("", "-")]


@pytest.mark.parametrize("sort", SORTS)
def test_older_pages_show_every_row_once_and_newer_pages_lead_the_same_way_back(session: Session, sort: str) -> None:
    pages = [DEBTS.page(session, {"sort": sort})]
    while pages[-1].older_url:
        pages.append(DEBTS.page(session, follow(pages[-1].older_url)))
    back = [pages[-1]]
    while back[-1].newer_url:
        back.append(DEBTS.page(session, follow(back[-1].newer_url)))

    assert sorted(key for page in pages for key in keys(page)) == list(range(1, 24))
    assert [keys(page) for page in pages] == [keys(page) for page in reversed(back)]
    assert pages[0].newer_url is None


@pytest.mark.parametrize("sort", ["balance", "-balance", "name", "-seen_at", "placed_on", "number"])
def test_a_list_stands_in_the_order_that_its_head_names(session: Session, sort: str) -> None:
    everything = replace(DEBTS, page_size=100).page(session, {"sort": sort})
    values = [getattr(row.row, "id" if "number" in sort else sort.removeprefix("-")) for row in everything.rows]
    known = [value for value in values if value is not None]

    assert known == sorted(known, reverse=sort.startswith("-"))
    assert [h.direction for h in everything.heads if h.direction] == [
        "descending" if sort.startswith("-") else "ascending"
    ]


@pytest.mark.parametrize(
    "place",
    [
        "x", "====", "AAAA", "é", cursor("-placed_on", "2026-11-20", None), cursor("name", "a", 1),
        cursor("-placed_on", 5, 1), cursor("-placed_on", "2026-99-99", 1), cursor("-placed_on", "2026-11-20", "1"),
        cursor("-placed_on", "2026-11-20", 10**30), cursor("-placed_on", {}, []), cursor("-placed_on"),
        cursor("-placed_on", "2026-11-20", 1.5), cursor("-placed_on", "\0", 1), "W" * 5_000, cursor(1, 2, 3, 4),
    ],
)  # fmt: skip
@pytest.mark.parametrize("way", ["after", "before"])
def test_a_place_that_no_page_gave_out_leads_to_the_first_page_and_says_so(
    session: Session, place: str, way: str
) -> None:
    page = DEBTS.page(session, {way: place})

    assert keys(page) == keys(DEBTS.page(session, {}))
    assert [m.msgid for m in page.messages] == ["The address named a page that does not exist; this is the first page."]


def test_an_unknown_sort_is_left_out(session: Session) -> None:
    assert keys(DEBTS.page(session, {"sort": "initial"})) == keys(DEBTS.page(session, {}))
    assert keys(DEBTS.page(session, {"sort": "; drop"})) == keys(DEBTS.page(session, {}))


def test_filters_narrow_the_list_and_stay_in_every_link(session: Session) -> None:
    page = DEBTS.page(session, MultiDict({"standing": "open", "balance_from": "10", "tab": "rest"}))

    assert page.rows
    assert all(row.row.standing == Standing.OPEN and row.row.balance >= 1_000 for row in page.rows)
    assert page.is_filtered
    older = follow(page.older_url)
    assert (older["standing"], older["balance_from"], older["tab"]) == ("open", "10", "rest")
    assert page.kept == (("tab", "rest"),)
    assert dict(follow(page.clear_url)) == {"tab": "rest"}


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        ({"standing": "gone"}, "This is none of the choices."),
        ({"balance_from": "much"}, "Write a number, for example 5000 or 5000.50."),
        ({"balance_from": "NaN"}, "This number is too large."),
        ({"balance_from": "1e999"}, "This number is too large."),
        ({"balance_from": "9", "balance_to": "8"}, "The first value is greater than the second."),
        ({"placed_from": "20.11.2026"}, "Write the date as year-month-day, for example 2026-11-20."),
        ({"name": "a\0b"}, "Write letters and figures only."),
    ],
)
def test_a_filter_that_cannot_be_meant_narrows_nothing_and_says_why(
    session: Session, args: dict[str, str], reason: str
) -> None:
    page = DEBTS.page(session, args)

    assert keys(page) == keys(DEBTS.page(session, {}))
    assert [str(m.params["reason"]) for m in page.messages] == [reason]


def test_a_default_filter_holds_until_the_field_is_emptied(session: Session) -> None:
    by_state = replace(DEBTS.filters[1], default="settled")
    table = replace(DEBTS, filters=[by_state], page_size=100)

    assert {row.row.standing for row in table.page(session, {}).rows} == {Standing.SETTLED}
    everything = table.page(session, follow(table.page(session, {}).clear_url))
    assert len({row.row.standing for row in everything.rows}) == 2


def test_two_tables_of_a_page_do_not_hear_each_other(session: Session) -> None:
    second = replace(DEBTS, prefix="b_")

    assert keys(second.page(session, {"sort": "number"})) == keys(DEBTS.page(session, {}))
    assert keys(second.page(session, {"b_sort": "number"})) == [1, 2, 3, 4]
    assert follow(second.page(session, {"sort": "name"}).older_url)["sort"] == "name"


def test_a_column_behind_an_outer_join_loses_no_row_without_a_partner(session: Session) -> None:
    other = sa.orm.aliased(Debt)
    table = Table(
        name="pairs",
        statement=sa.select(Debt.id, other.name.label("other")).outerjoin(other, other.id == Debt.id + 10),
        key=Debt.id,
        default_sort="other",
        page_size=5,
        columns=[Column("other", "Other", expression=other.name, sortable=True)],
    )
    seen, page = [], table.page(session, {})
    seen += keys(page)
    while page.older_url:
        page = table.page(session, follow(page.older_url))
        seen += keys(page)

    assert sorted(seen) == list(range(1, 24))


def test_a_page_counts_nothing_and_skips_over_nothing(session: Session, engine: sa.Engine) -> None:
    said: list[str] = []

    sa.event.listen(engine, "before_cursor_execute", lambda *args: said.append(args[2].lower()))
    first = DEBTS.page(session, {})
    DEBTS.page(session, follow(first.older_url))

    lists = [statement for statement in said if "from debt" in statement]
    assert len(lists) <= 3  # a page that reaches from values into NULLs asks twice
    # SQLAlchemy writes OFFSET 0 behind every LIMIT for SQLite.
    costly = ("count(",) if engine.dialect.name == "sqlite" else ("count(", "offset")
    assert not any(word in statement for word in costly for statement in lists)


def test_an_export_holds_all_that_the_filters_show_in_the_order_of_the_page(app: Flask, session: Session) -> None:
    with app.app_context():
        text = b"".join(DEBTS.export(session, {"standing": "open", "sort": "number"}, "csv")).decode("utf-8-sig")
    lines = text.splitlines()

    assert lines[0] == "Name,Balance,Balance (currency),Placed on,Seen,Share,State,Number,Initial"
    assert lines[1] == "debtor 1,10.00,CNY,2026-11-19,2026-11-20T14:05:00.000001+08:00,0.1250,open,1,d"
    assert len(lines) == 1 + 12


def test_an_export_runs_nothing_in_a_spreadsheet(app: Flask, session: Session) -> None:
    table = replace(DEBTS, columns=[Column("formula", "Formula", value=lambda _: "=1+1")], page_size=1)
    with app.app_context():
        text = b"".join(table.export(session, {}, "csv")).decode("utf-8-sig")

    assert not any(line.startswith("=") for line in text.splitlines())


def test_an_export_as_a_workbook_has_numbers_that_can_be_added(app: Flask, session: Session) -> None:
    with app.app_context():
        content = b"".join(DEBTS.export(session, {"sort": "number"}, "xlsx"))
    rows = python_calamine.load_workbook(BytesIO(content)).get_sheet_by_index(0).to_python()

    assert rows[1][1:3] == [10.0, "CNY"]
    assert rows[1][3] == date(2026, 11, 19)
    assert len(rows) == 24


def test_an_export_says_when_there_is_more_than_a_file_takes(app: Flask, session: Session) -> None:
    with app.app_context():
        text = b"".join(replace(DEBTS, export_cap=5).export(session, {}, "csv")).decode("utf-8-sig")

    assert len(text.splitlines()) == 1 + 5 + 1
    assert "There are more rows than the 5 a file takes" in text


PAGE = """<!doctype html><html lang="en"><head><title>t</title></head><body><h1>t</h1>
{%- import "macros/table.html" as tables %}
{%- if choose %}{% call tables.show(table, choose="/recall") %}<button>Recall</button>{% endcall %}
{%- else %}{{ tables.show(table) }}{% endif %}</body></html>"""


def drawn(app: Flask, page: TablePage, choose: bool = False) -> str:
    with app.test_request_context():
        html = render_template_string(PAGE, table=page, choose=choose)
    html5lib.HTMLParser(strict=True).parse(html)
    return html


def test_a_table_is_valid_html_with_a_link_in_each_row_and_the_sort_said(app: Flask, session: Session) -> None:
    html = drawn(app, DEBTS.page(session, {"sort": "number", "standing": "open", "balance_from": "x"}))

    assert html.count('aria-sort="ascending"') == 1
    assert html.count("data-row-link") == 4
    assert '<time datetime="2026-11-19">19 Nov 2026</time>' in html
    assert '<span class="tag tag-go">under way</span>' in html
    assert "style=" not in html


def test_rows_can_be_chosen_in_a_form_that_is_sent_once(app: Flask, session: Session) -> None:
    html = drawn(app, DEBTS.page(session, {}), choose=True)

    assert html.count('type="checkbox" name="row"') == 4
    assert 'name="form_token" value="f"' in html


def test_totals_stand_below_their_columns(app: Flask, session: Session) -> None:
    html = drawn(app, DEBTS.page(session, {}, totals={"balance": Cell("money", 123456, "CNY")}))

    assert '<th scope="row">Total</th>' in html
    assert "1,234.56</td>" in html


def test_an_empty_list_names_the_next_step_and_a_filtered_one_the_way_out(app: Flask, session: Session) -> None:
    nothing = DEBTS.with_statement(DEBTS.statement.where(Debt.id < 0))

    assert "No debts yet." in drawn(app, nothing.page(session, {}))
    assert 'href="/imports/new"' in drawn(app, nothing.page(session, {}))
    assert "Nothing matches these filters." in drawn(app, DEBTS.page(session, {"name": "nobody"}))


def test_an_empty_sentence_may_be_a_message(app: Flask, session: Session) -> None:
    nothing = replace(DEBTS, statement=DEBTS.statement.where(Debt.id < 0), empty=say("Nothing at all."))

    assert "Nothing at all." in drawn(app, nothing.page(session, {}))
