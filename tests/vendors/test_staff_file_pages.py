"""The pages and the command of the staff register by file, as a leader and the bank use them."""

from __future__ import annotations

import io
import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from portal.cli import main
from portal.foundation.access import Role
from portal.foundation.jobs import run_pending
from portal.foundation.work import reading
from portal.portfolio.models import ImportRun
from tests.identity.factories import make_agency, make_bank, make_user, observer
from tests.vendors.staff_files import (
    HAN,
    LI,
    NOBODY,
    a_file,
    bring,
    counts,
    leader_of,
    members,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask import Flask

    from portal.identity.models import User
    from tests.support.pages import PageClient

    Client = Callable[[User], PageClient]

TODAY = date(2005, 7, 1)
pytestmark = [pytest.mark.settings(today=TODAY), pytest.mark.usefixtures("app")]


@pytest.mark.parametrize("locale", ["en", "zh_Hans"])
def test_a_leader_sends_a_file_looks_at_it_tries_it_and_imports_it(app: Flask, client_for: Client, locale: str) -> None:
    agency = make_agency()
    leader = client_for(make_user(Role.AGENCY_LEADER, agency, locale=locale))
    words = {
        "en": ("Staff by file", "New people 2", "Rejected 1"),
        "zh_Hans": ("文件导入人员", "新增人员 2", "拒收 1"),
    }[locale]

    empty = leader.get(leader.get("/staff").links[words[0]])
    assert empty.path == "/staff/imports"
    page = leader.post("/staff/imports/new", {"file": (io.BytesIO(a_file(LI, HAN, NOBODY)), "staff.csv")})
    assert "李*" in page.text and "李雷" not in page.html
    page = page.submit("prepare", step="try")
    run_pending(app)
    page = leader.get(page.path)
    assert words[1] in page and words[2] in page
    assert not members()
    page = page.submit("prepare", step="import")
    run_pending(app)
    page = leader.get(page.path)

    assert words[1] in page and words[2] in page
    assert [m.employee_no for m in members()] == ["E1", "E2"]
    rejects = leader.client.get(f"{page.path}/rejects.csv")
    assert rejects.status_code == 200 and "E5" in rejects.text


def test_the_bank_says_whose_staff_it_is_and_sees_it_in_the_list(app: Flask, client_for: Client) -> None:
    make_bank()
    agency = make_agency("HT", name_en="Hengtong")
    vendor = client_for(make_user(Role.VENDOR_MANAGER))

    wrong = vendor.post("/staff/imports/new", {"file": (io.BytesIO(a_file(LI)), "staff.csv")}, status=422)
    assert "Say whose file it is." in wrong
    form = vendor.get(vendor.get(f"/vendors/{agency.id}").links["Staff by file"])
    assert form.field("organisation").get("value") or str(agency.id) in form.html
    page = vendor.post(
        "/staff/imports/new", {"file": (io.BytesIO(a_file(LI)), "staff.csv"), "organisation": str(agency.id)}
    )
    assert "Hengtong" in page
    page.submit("prepare", step="import")
    run_pending(app)

    assert "Hengtong" in vendor.get("/staff/imports")
    assert members()[0].organisation_id == agency.id


def test_anothers_file_and_anothers_name_are_not_there(client_for: Client) -> None:
    agency, rival = make_agency("HT"), make_agency("ZX", name_en="Zhongxin")
    bring(leader_of(rival), rival, a_file(LI, NOBODY))
    leader = client_for(make_user(Role.AGENCY_LEADER, agency))
    with reading(observer()) as session:
        run = session.scalars(sa.select(ImportRun.id)).one()

    assert "Zhongxin" not in leader.get("/staff/imports").html
    for path in (f"/staff/imports/{run}", f"/staff/imports/{run}/prepare", f"/staff/imports/{run}/rejects.csv"):
        assert leader.get(path, status=404)
    assert leader.get(f"/staff/imports/new?organisation={rival.id}", status=404)
    sent = {"file": (io.BytesIO(a_file(HAN)), "staff.csv"), "organisation": str(rival.id)}
    assert leader.post("/staff/imports/new", sent, status=404)
    assert "Layouts" not in leader.get("/staff/imports").links
    collector = client_for(make_user(Role.AGENCY_STAFF, agency))
    assert collector.get("/staff/imports", status=403)


def test_a_leader_keeps_no_layout_but_reads_a_file_of_other_headers(app: Flask, client_for: Client) -> None:
    agency = make_agency()
    leader = client_for(make_user(Role.AGENCY_LEADER, agency))
    content = a_file("7,李雷,2005-01-10,x", header="员工编号,员工姓名,到职日期,星座")

    page = leader.post("/staff/imports/new", {"file": (io.BytesIO(content), "hr.csv")})
    assert "Keep the layout" not in page
    assert page.submit("prepare", step="save", status=403)
    page = leader.get(page.path).submit("prepare", step="import")
    run_pending(app)

    assert "Columns that feed no field" in leader.get(page.path)
    assert [m.employee_no for m in members()] == ["7"]


def test_the_command_takes_a_code_and_prints_a_summary(app: Flask, tmp_path: Path) -> None:
    agency, _rival = make_agency("HT"), make_agency("ZX")
    make_bank()
    make_user(Role.ADMINISTRATOR)
    make_user(Role.AGENCY_LEADER, agency, user_name="ht.boss")
    file = tmp_path / "staff.csv"
    file.write_bytes(a_file(LI, NOBODY))

    def run(*more: str) -> tuple[int, dict[str, Any], str]:
        result = CliRunner().invoke(main, ["import", "staff", str(file), *more], obj=app)
        return result.exit_code, json.loads(result.stdout), result.stderr

    for given, words in (
        ((), "Say whose file it is."),
        (("--organisation", "NONE"), "There is no agency or law firm of this code."),
        (("--as", "ht.boss", "--organisation", "ZX"), "There is no agency or law firm of this code."),
    ):
        code, summary, said = run(*given)
        assert (code, summary["status"]) == (3, "refused")
        assert words in said
    code, summary, _said = run("--organisation", "HT", "--dry-run")
    assert (code, summary["status"], counts(summary)) == (0, "dry_run", (1, 0, 0, 1))
    code, summary, _said = run("--as", "ht.boss")
    assert (code, summary["status"], counts(summary)) == (0, "applied", (1, 0, 0, 1))
    assert summary["errors"] == {"missing": 2}
    code, summary, _said = run("--organisation", "HT")
    assert (code, summary["status"], summary["unchanged"]) == (0, "already_imported", 2)


@pytest.mark.parametrize(("locale", "words"), [("en", "No file has been imported yet."), ("zh_Hans", "尚未导入文件")])
def test_before_the_first_file_the_page_says_so_and_names_the_columns(
    client_for: Client, locale: str, words: str
) -> None:
    leader = client_for(make_user(Role.AGENCY_LEADER, make_agency(), locale=locale))

    page = leader.get("/staff/imports")
    form = leader.get(page.links["Import a file" if locale == "en" else "导入文件"])

    assert words in page
    assert "certificate_valid_until_3 · 证书有效期至3" in form and "employee_no · 工号 *" in form
    assert "organisation" not in {each.get("name") for each in form.root.iter("select")}
