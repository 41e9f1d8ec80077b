"""What the scripts of the frame do for people at the keyboard, in Debian's chromium, under the strict policy.

A small application of its own, so that the frame is tested before any room has a page.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, redirect, render_template_string, request
from flask_bootstrap import Bootstrap5
from flask_login import LoginManager, UserMixin
from flask_wtf import CSRFProtect
from playwright.sync_api import Browser, Dialog, Page, expect
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from werkzeug.serving import make_server

from portal.application import ROOT
from portal.foundation.access import ROLE_PERMISSIONS, Actor, OrganisationKind, Role
from portal.foundation.formats import set_up_formats
from portal.foundation.frame import set_up_frame, set_up_languages
from portal.foundation.states import StateTag
from portal.foundation.tables import Column, Filter, Table

pytestmark = pytest.mark.browser
MANAGER = Actor(
    user_id=1,
    name="王伟",
    organisation_kind=OrganisationKind.BANK,
    role=Role.VENDOR_MANAGER,
    permissions=ROLE_PERMISSIONS[Role.VENDOR_MANAGER],
    locale="en",
)
LIST = """{% extends "layout.html" %}{% import "macros/table.html" as tables %}
{% block title %}Accounts{% endblock %}
{% block content %}{% call tables.show(table, choose="/done") %}<button>Recall</button>{% endcall %}{% endblock %}"""
FORM = """{% extends "layout.html" %}{% import "macros/form.html" as forms %}
{% block title %}Form{% endblock %}
{% block content %}<form id="plain" method="post" action="/sent" data-guard data-dirty>{{ forms.guards() }}
<input name="words"><button name="step" value="save">Save</button></form>
{{ forms.action("/sent", "Remove", confirm="Remove it for good?") }}{% endblock %}"""
JOB = """{% extends "layout.html" %}{% import "macros/job.html" as jobs %}
{% block title %}Job{% endblock %}{% block head %}{{ jobs.refresh(job) }}{% endblock %}
{% block content %}{{ jobs.progress(job) }}{% endblock %}"""


class Base(DeclarativeBase):
    pass


class Line(Base):
    __tablename__ = "line"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


@dataclass
class Site:
    """The application while it is served, and what it received."""

    url: str
    sent: list[dict[str, str]] = field(default_factory=list)
    asked: int = 0


class Manager(UserMixin):  # type: ignore[misc]
    actor = MANAGER


def lines() -> Table:
    return Table(
        name="lines",
        statement=sa.select(Line),
        key=Line.id,
        default_sort="name",
        columns=[Column("name", "Name", expression=Line.name, sortable=True)],
        filters=[Filter("half", "Half", "choice", lambda s, v: s.where(Line.id % 2 == int(v)), [("0", "even"), ("1", "odd")])],
        row_url=lambda line: f"/lines/{line.id}",
    )  # fmt: skip


def make_site(site: Site) -> Flask:
    app = Flask("portal", root_path=str(ROOT / "portal"), template_folder=str(ROOT / "templates"))
    app.static_folder = str(ROOT / "static")
    app.config.update(SECRET_KEY=secrets.token_hex(), BOOTSTRAP_SERVE_LOCAL=True)
    app.extensions["portal"] = SimpleNamespace(
        settings=SimpleNamespace(time_zone="UTC"), clock=SimpleNamespace(now=lambda: datetime(2026, 11, 20, tzinfo=UTC))
    )
    for set_up in (Bootstrap5, CSRFProtect, set_up_languages, set_up_formats, set_up_frame):
        set_up(app)
    LoginManager(app).request_loader(lambda _: Manager())
    app.jinja_env.globals["form_token"] = secrets.token_hex
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool, connect_args={"check_same_thread": False})
    Base.metadata.create_all(engine)
    with Session(engine, info={"actor": MANAGER}) as session:
        session.add_all(Line(id=n, name=f"line {n:02}") for n in range(1, 31))
        session.commit()
    add_pages(app, site, engine)
    return app


def add_pages(app: Flask, site: Site, engine: sa.Engine) -> None:
    @app.get("/")
    def accounts() -> str:
        with Session(engine, info={"actor": MANAGER}) as session:
            return render_template_string(LIST, table=lines().page(session, request.args))

    @app.get("/form")
    def form() -> str:
        return render_template_string(FORM)

    @app.post("/sent")
    def sent() -> Any:
        site.sent.append(request.form.to_dict())
        return redirect("/done")

    @app.get("/job")
    def job() -> str:
        shown = {"id": 7, "title": "Import", "state": StateTag("running", "running", "go"), "done": 0, "total": 4}
        return render_template_string(JOB, job=shown | {"is_over": False, "poll_url": "/jobs/7.json"})

    @app.get("/jobs/7.json")
    def progress() -> dict[str, Any]:
        site.asked += 1
        over = site.asked > 2
        words = f"{site.asked} of 4"
        return {"done": site.asked, "total": 4, "words": words, "is_over": over, "next_url": "/done" if over else None}

    app.add_url_rule("/favicon.ico", "icon", lambda: ("", 204))
    app.add_url_rule("/search", "portfolio.search", lambda: LIST)
    app.add_url_rule("/done", "done", lambda: "<h1>done</h1>")
    app.add_url_rule("/lines/<int:line>", "line", lambda line: f"<h1>line {line}</h1>")

    @app.after_request
    def strictly(response: Any) -> Any:
        response.headers["Content-Security-Policy"] = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'"
        return response


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site("")
    server = make_server("127.0.0.1", 0, make_site(site), threaded=True)
    site.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield site
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """A page that must ask nothing of other machines and break no rule of the policy."""
    context = browser.new_context(base_url=site.url)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda r: complaints.append(r.url) if not r.url.startswith(site.url) else None)
    yield page
    context.close()
    assert not complaints


def test_slash_goes_to_the_search_and_writes_itself_there_only_when_one_is_writing(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type("a/b")

    expect(page.locator("#search")).to_be_focused()
    expect(page.locator("#search")).to_have_value("a/b")


def test_rows_are_walked_with_j_and_k_and_opened_with_enter(page: Page) -> None:
    page.goto("/")
    for key in "jjjk":
        page.keyboard.press(key)
    expect(page.locator("tr.is-here")).to_have_count(1)
    page.keyboard.press("Enter")

    page.wait_for_url("**/lines/2")


def test_a_click_anywhere_on_a_row_opens_it(page: Page) -> None:
    page.goto("/")
    page.locator("tbody tr").nth(4).click(position={"x": 600, "y": 8})

    page.wait_for_url("**/lines/5")


def test_chosen_rows_are_counted_and_without_one_nothing_can_be_done(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("button", name="Recall")).to_be_disabled()
    page.keyboard.press("j")
    page.keyboard.press("x")

    expect(page.locator("[data-chosen]")).to_have_text("1 chosen")
    page.get_by_label("Choose all rows of this page").check()
    expect(page.locator("[data-chosen]")).to_have_text("30 chosen")
    expect(page.get_by_role("button", name="Recall")).to_be_enabled()


def test_a_choice_filters_at_once_and_the_address_holds_only_what_was_asked(page: Page, site: Site) -> None:
    page.goto("/")
    page.get_by_label("Half").select_option("odd")
    page.wait_for_url("**half=1")

    assert page.url == f"{site.url}/?half=1"
    expect(page.locator("tbody tr")).to_have_count(15)


def test_a_second_click_sends_nothing(page: Page, site: Site) -> None:
    page.goto("/form")
    page.evaluate(
        "() => { const save = document.querySelector('#plain button'); save.click(); save.click(); save.click(); }"
    )
    page.wait_for_url("**/done")

    assert [sent["step"] for sent in site.sent] == ["save"]


def test_what_cannot_be_undone_is_asked_about_first(page: Page, site: Site) -> None:
    page.goto("/form")
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("dialog")).to_contain_text("Remove it for good?")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert not site.sent

    page.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    page.wait_for_url("**/done")
    assert len(site.sent) == 1


def test_what_was_written_is_not_lost_by_a_stray_click(page: Page) -> None:
    asked: list[str] = []

    def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", leave)
    page.goto("/form")
    page.locator("[name=words]").fill("half a sentence")
    page.goto("/done")

    assert asked == ["beforeunload"]


def test_a_job_moves_its_bar_and_leads_on_to_its_result(page: Page, site: Site) -> None:
    page.goto("/job")
    expect(page.locator("[data-job-words]")).to_have_text("1 of 4", timeout=10_000)
    assert page.locator("progress").evaluate("bar => bar.value / bar.max") == 0.25
    page.wait_for_url("**/done")

    assert site.asked == 3


def test_in_a_narrow_window_the_navigation_folds_and_nothing_is_cut_off(page: Page) -> None:
    page.set_viewport_size({"width": 400, "height": 800})
    page.goto("/")

    expect(page.get_by_role("navigation", name="Main navigation")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") == 400
