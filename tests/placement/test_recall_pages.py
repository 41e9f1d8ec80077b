"""The pages of the way back, as the people of both sides use them."""

from __future__ import annotations

import io
import json
import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from portal.cli import main
from portal.foundation.access import Role
from portal.foundation.jobs import run_pending
from portal.foundation.work import reading
from portal.placement.codes import ObjectionReason, RecallCategory, RecallReason
from portal.placement.models import Placement
from portal.placement.objections import object_to_recall
from portal.placement.recall_files import import_recalls, receive_recalls
from portal.placement.recall_models import Recall, RecallLine, RecallState
from portal.placement.recalls import Wish, ask_batch_recall
from portal.portfolio.importing import ImportRefused, Options
from tests.identity.factories import actor_of, make_agency, make_bank, make_user, observer
from tests.placement.factories import answerer, make_desk, on, placed, placements, recall_terms, recalled
from tests.portfolio.factories import make_accounts
from tests.vendors.factories import make_contract

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask import Flask

    from portal.foundation.access import Actor
    from portal.identity.models import Organisation, User
    from tests.support.pages import Page, PageClient

    Client = Callable[[User], PageClient]

pytestmark = pytest.mark.settings(today=date(2005, 7, 1))


def agency(code: str = "HT", **terms: int) -> Organisation:
    organisation = make_agency(code, name_en=f"Agency {code}")
    make_contract(organisation)
    if terms:
        recall_terms(organisation, **terms)
    return organisation


def manager(**fields: Any) -> User:
    make_bank()
    return make_user(Role.VENDOR_MANAGER, **fields)


def choose(page: Page, step: str, *rows: int) -> str:
    """Where the page goes when these rows are chosen for a step."""
    form = next(form for form in page.forms if (form.get("action") or "").endswith(("/chosen", "/accounts")))
    fields = [("row", str(row)) for row in rows] + [("step", step)]
    hidden = [(i.get("name"), i.get("value")) for i in form.iter("input") if i.get("type") == "hidden"]
    answer = page.client.client.post(form.get("action"), data=_many(fields + hidden))
    assert answer.status_code == 302, answer.text
    return str(answer.headers["Location"])


def rows_to_choose(page: Page) -> set[str | None]:
    return {i.get("value") for i in page.root.iter("input") if i.get("name") == "row"}


def _many(pairs: list[tuple[Any, Any]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def test_a_batch_is_asked_back_by_one_and_taken_back_by_another(client_for: Client) -> None:
    receiver = agency()
    (account,) = make_accounts(1, days=45)
    batch_id = placed(make_desk(), receiver)
    asker, other = client_for(manager()), client_for(manager())
    leader = client_for(make_user(organisation=receiver))

    form = asker.get(asker.get(f"/batches/{batch_id}").links["Ask for recall"])
    assert "accounts that it still holds: 1" in form
    asked = form.submit("form", reason="client", category="strategic", when="now", note="complaints")
    assert asked.h1 == "Recall RC2005-07-01-HT-01"
    assert "Another person has to carry it out." in asked
    assert asker.post(f"{asked.path}/carry-out", status=409)
    assert "complaints" not in leader.get(f"/batches/{batch_id}")
    assert leader.get(asked.path, status=404)
    assert "Recalls for you to decide 1" in other.get("/recalls")
    done = other.get(asked.path).submit("carry-out", to=asked.path)

    assert "done" in done
    assert done.links["Place again"].endswith(f"/placements/new?recall={asked.path.rsplit('/', 1)[1]}")
    assert "All of its accounts have come back." in asker.get(f"/recalls/new?batch={batch_id}")
    assert leader.get(f"/accounts/{account.id}", status=404)
    known = leader.get(asked.path)
    assert "complaints" in known
    assert account.account_ref in known and f"/accounts/{account.id}" not in known.html  # a word of the history
    assert client_for(make_user(organisation=agency("ZX"))).get(asked.path, status=404)


@pytest.mark.parametrize("locale", ["en", "zh_Hans"])
def test_both_sides_see_the_same_last_days_reasons_and_answers(app: Flask, client_for: Client, locale: str) -> None:
    receiver = agency(recall_notice_days=10, term_days=30, objection_days=20)
    accounts = make_accounts(2, days=45)
    placed(make_desk(), receiver)
    on(app, date(2005, 7, 30))
    result = CliRunner().invoke(main, ["daily"], obj=app)
    assert result.exit_code == 0, result.output
    leader, vendor = client_for(make_user(organisation=receiver, locale=locale)), client_for(manager(locale=locale))
    number = "RC2005-07-30-HT-01"

    home = leader.get("/")
    assert "9 Aug 2005" in home or "2005年8月9日" in home  # the day by which it goes
    page = leader.get(leader.get("/recalls").links[number])
    assert "9" in page
    with reading(observer()) as session:
        line = session.execute(sa.text("SELECT min(id) FROM recall_line")).scalar()
    wrong = leader.get(choose(page, "object", int(line or 0))).submit(
        "form", reason="plan", days="21", note="30 %", status=422
    )
    unsaid = leader.get(choose(page, "object", int(line or 0))).submit("form", days="5", status=422)
    assert "Choose one." in unsaid or "请选择一项" in unsaid  # no reason is chosen for whoever forgets it
    assert wrong.field("days").get("value") == "21"
    assert "30 %" in wrong.html
    assert wrong.submit("form", days="20", to=page.path)
    again = leader.get(choose(leader.get(page.path), "object", int(line or 0))).submit(
        "form", reason="plan", days="5", status=422
    )
    assert "has been raised already" in again or "已提出过异议" in again
    assert accounts[0].account_ref in again
    assert rows_to_choose(leader.get(page.path)) == {str(int(line or 0) + 1)}  # one objection an account
    seen = vendor.get(vendor.get("/recalls/objections").links[number])
    assert rows_to_choose(vendor.get(seen.path)) == {str(line)}
    answered = vendor.get(choose(vendor.get(seen.path), "answer", int(line or 0)))
    assert "20" in answered and "30 %" in answered.html  # what was asked for, beside the answer
    answered.submit("form", grant="yes", days="7", answer="until the plan stands", to=page.path)

    last = date(2005, 8, 9) + timedelta(days=7)
    for client in (leader, vendor):
        page = client.get(page.path)
        assert (last.strftime("%-d %b") if locale == "en" else f"{last.month}月{last.day}日") in page.html or (
            last.isoformat() in page.html
        )
        assert "30 %" in page.html
        until = "16 Aug 2005" if locale == "en" else "2005年8月16日"
        granted = f"7 of 20 days, until {until}" if locale == "en" else f"同意 7 天（申请 20 天），至{until}"
        assert f"{granted} · until the plan stands" in page


def test_objections_that_wait_are_listed_by_the_last_day_that_comes_first(client_for: Client) -> None:
    desk, lasts = make_desk(), {"HT": date(2005, 8, 20), "ZX": date(2005, 8, 10)}
    for code, last in lasts.items():
        receiver = agency(code, objection_days=20)
        make_accounts(1, days=45)
        recall_id = recalled(desk, placed(desk, receiver), RecallReason.ROTATION, final_on=last)
        with reading(observer()) as session:
            line = session.scalars(sa.select(RecallLine.id).where(RecallLine.recall_id == recall_id)).one()
        object_to_recall(answerer(receiver), [line], ObjectionReason.PLAN, 5)
    vendor = client_for(manager())

    listed = vendor.get(vendor.get("/").links["Look and decide"])
    assert listed.text.index("RC2005-07-01-ZX-01") < listed.text.index("RC2005-07-01-HT-01")


def test_home_counts_the_accounts_that_go_and_not_the_recalls(client_for: Client) -> None:
    receiver = agency()
    make_accounts(3, days=45)
    recalled(make_desk(), placed(make_desk(), receiver), RecallReason.ROTATION, final_on=date(2005, 8, 20))
    words = client_for(make_user(Role.AGENCY_LEADER, receiver)).get("/").text
    assert re.search(r"Accounts are recalled and go on their last day\s*3\b", words)


def test_an_agency_keeps_apart_what_it_holds_and_what_it_has_to_accept(client_for: Client) -> None:
    receiver = agency()
    make_accounts(3, days=45)
    placed(make_desk(), receiver, accepted=False)
    leader = client_for(make_user(Role.AGENCY_LEADER, receiver))
    page = leader.get("/our-organisation")
    assert "Accounts held in all: 0. 3 more wait to be accepted." in page and "and 3 to be accepted" in page


def test_an_agency_gives_chosen_accounts_back_after_a_question(app: Flask, client_for: Client) -> None:
    receiver = agency()
    accounts = make_accounts(3, days=45)
    batch_id = placed(make_desk(), receiver)
    leader = client_for(make_user(organisation=receiver))
    first, second, _ = placements(batch_id)

    form = leader.get(choose(leader.get(f"/batches/{batch_id}"), "return", first.id, second.id))
    assert "2 accounts chosen" in form
    assert "cannot be undone" in form.html
    back = form.submit("form", code="skip", note="moved abroad", to=f"/batches/{batch_id}")

    assert "2 accounts are back with the bank." in back
    gone = client_for(manager()).get(f"/accounts/{accounts[0].id}")
    assert "given back" in gone and "cannot be found" in gone and "moved abroad" in gone
    staff = client_for(make_user(Role.AGENCY_STAFF, organisation=receiver))
    assert staff.get("/returns/new", status=403)

    form = leader.get(choose(leader.get(f"/batches/{batch_id}"), "return", placements(batch_id)[2].id))
    form.submit("form", code="deceased", to=f"/batches/{batch_id}")
    held = client_for(manager()).get("/holds")
    assert "given back by an organisation" in held and "return:" not in held.html


def test_the_accounts_of_another_are_in_no_form(client_for: Client) -> None:
    receiver, rival = agency(), agency("ZX")
    accounts = make_accounts(2, days=45)
    batch_id = placed(make_desk(), receiver)
    stranger = client_for(make_user(organisation=rival))
    mine = placements(batch_id)[0].id

    for path in (f"/returns/new?placement={mine}", f"/retentions/new?placement={mine}"):
        page = stranger.get(path)
        assert "Choose the accounts first." in page
        assert accounts[0].account_ref not in page.html
    assert stranger.get(f"/retentions/new?batch={batch_id}", status=404)
    assert stranger.post(f"/batches/{batch_id}/chosen", {"step": "return", "row": str(mine)}, status=404)


def test_a_wish_to_keep_accounts_is_answered_by_another(client_for: Client) -> None:
    receiver = agency()
    make_accounts(2, days=45)
    batch_id = placed(make_desk(), receiver)
    leader, vendor = client_for(make_user(organisation=receiver)), client_for(manager())

    form = leader.get(leader.get(f"/batches/{batch_id}").links["Keep past the term"])
    wrong = form.submit("form", days="many", reason="plans run", status=422)
    assert "Write a whole number." in wrong
    asked = wrong.submit("form", days="15")
    assert "plans run" in asked
    assert vendor.post(f"{asked.path}/answer", {"answer": "refuse", "reason": ""}, status=422)
    done = vendor.post(f"{asked.path}/answer", {"answer": "approve"}, to=asked.path)
    assert "approved" in done
    with reading(observer()) as session:
        terms = set(session.scalars(sa.select(Placement.term_ends_on)))
    assert terms == {date(2005, 7, 1) + timedelta(days=89 + 15)}


def test_accounts_of_the_list_are_recalled_together(client_for: Client) -> None:
    receiver = agency()
    accounts = make_accounts(3, days=45)
    placed(make_desk(), receiver)
    vendor = client_for(manager())

    address = choose(vendor.get("/accounts"), "recall", accounts[0].id, accounts[2].id)
    wrong = vendor.get(address).submit("form", reason="legal", when="day", final_on="", status=422)
    assert "Say which day is the last." in wrong
    asked = wrong.submit("form", reason="legal", category="strategic", when="day", final_on="2005-07-20")

    assert "Accounts 2" in asked
    assert "goes to court" in asked


def test_a_stopped_account_says_so_at_the_workbench_and_takes_no_contact(app: Flask, client_for: Client) -> None:
    desk, receiver = make_desk(), agency()
    (account,) = make_accounts(1, days=45)
    batch_id = placed(desk, receiver)
    on(app, date(2005, 7, 5), hour=11)
    staff = client_for(make_user(Role.AGENCY_STAFF, organisation=receiver))
    assert "Work stopped by the bank" not in staff.get(f"/queue/{account.id}")

    recall_id = ask_batch_recall(desk.maker, batch_id, Wish(RecallReason.CONDUCT, RecallCategory.COMPLIANCE))

    bench = staff.get(f"/queue/{account.id}")
    assert "Work stopped by the bank since 11:00" in bench
    assert "has stopped all work" in bench
    assert "RC2005-07-05-HT-01" in bench
    assert "work stopped" in client_for(make_user(organisation=receiver)).get(f"/batches/{batch_id}")
    client_for(manager()).post(f"/recalls/{recall_id}/withdraw", to=f"/recalls/{recall_id}")
    assert "Work stopped by the bank" not in staff.get(f"/queue/{account.id}")


# --- by file ------------------------------------------------------------------------------------------------------------


def a_file(*rows: str) -> bytes:
    return ("account_ref,reason,category,reverse,final_on\n" + "\n".join(rows) + "\n").encode()


def test_a_file_asks_for_one_recall_of_each_reason_and_organisation(client_for: Client, app: Flask) -> None:
    receiver = agency()
    one, two, three = make_accounts(3, days=45)
    placed(make_desk(), receiver)
    vendor = manager()
    actor = actor_of(vendor)
    content = a_file(
        f"{one.account_ref},dispute,compliance,no,", f"{two.account_ref},错误委案,,是,", f"{three.account_ref},dispute,compliance,,",
        "NOBODY,client,,,", f"{one.account_ref},client,,,", "X,nonsense,,,",
    )  # fmt: skip

    page = client_for(vendor).post("/recalls/imports/new", {"file": (io.BytesIO(content), "back.csv")})
    assert "rejected" in page.text.lower()  # what would be, before anything is asked for
    page = page.submit("prepare", step="import")
    run_pending(app)
    page = client_for(vendor).get(page.path)

    assert "Created 3" in page and "Rejected 3" in page
    assert page.links["Open the recalls"] == "/recalls"
    with reading(observer()) as session:
        found = session.scalars(sa.select(Recall).order_by(Recall.account_count.desc())).all()
        assert [(r.reason, r.account_count, r.reverse, r.state) for r in found] == [
            (RecallReason.DISPUTE, 2, False, RecallState.ASKED), (RecallReason.ERROR, 1, True, RecallState.ASKED),
        ]  # fmt: skip
    summary = again(actor, content)
    assert summary["status"] == "already_imported"
    with pytest.raises(ImportRefused) as asked:
        again(actor, a_file(f"{one.account_ref},client,,,2005-07-20"))
    assert asked.value.summary["errors"] == {"conflict": 1}


def again(actor: Actor, content: bytes) -> dict[str, Any]:
    run = receive_recalls(actor, io.BytesIO(content), "back.csv", Options(), as_job=False)
    return import_recalls(actor, run.id)


def test_the_command_prints_a_summary_and_names_the_rows_that_are_wrong(app: Flask, tmp_path: Path) -> None:
    receiver = agency()
    account, other = make_accounts(2, days=45)
    placed(make_desk(), receiver)
    vendor = manager(user_name="vendor.one")
    assert vendor
    file = tmp_path / "back.csv"
    file.write_bytes(a_file(f"{account.account_ref},legal,,,2005-07-20", f"{other.account_ref},,,,", "NOBODY,legal,,,"))

    def run(*more: str) -> tuple[int, dict[str, Any]]:
        result = CliRunner().invoke(main, ["import", "recalls", str(file), "--as", "vendor.one", *more], obj=app)
        return result.exit_code, json.loads(result.stdout)

    code, trial = run("--dry-run")
    assert (code, trial["status"], trial["rows"], trial["rejected"]) == (0, "dry_run", 3, 2)
    code, summary = run()
    assert (code, summary["status"], summary["created"]) == (0, "applied", 1)
    assert summary["errors"] == {"missing": 1, "unknown_account": 1}
    code, summary = run()
    assert (code, summary["status"], summary["unchanged"]) == (0, "already_imported", 3)


def test_what_was_recalled_by_the_bank_and_its_reason_stand_on_the_account_page(client_for: Client) -> None:
    desk, receiver = make_desk(), agency()
    (account,) = make_accounts(1, days=45)
    recalled(desk, placed(desk, receiver), RecallReason.BANKRUPT)

    page = client_for(manager()).get(f"/accounts/{account.id}")

    assert "recalled" in page and "bankrupt" in page


def test_a_compliance_recall_tells_who_leads_at_once_and_closes_the_form_before_the_hours_do(
    app: Flask, client_for: Client
) -> None:
    receiver = agency()
    (account,) = make_accounts(1)
    desk = make_desk()
    batch_id = placed(desk, receiver)
    on(app, date(2005, 7, 5), 23)
    leader = client_for(make_user(organisation=receiver))
    assert "stopped all work" not in leader.get("/")
    assert "where the debtor is" in leader.get(f"/queue/{account.id}")  # at night the hours close it

    ask_batch_recall(desk.maker, batch_id, Wish(RecallReason.CONDUCT, RecallCategory.COMPLIANCE))

    home = leader.get("/")
    assert "Recalls for compliance have stopped all work on their accounts" in home
    assert leader.get(home.links["See which"])
    closed = leader.get(f"/queue/{account.id}")
    assert "Contact has ended: The bank takes this account back" in closed


def test_a_recall_that_another_has_overtaken_is_not_told_of_the_batch_any_more(app: Flask, client_for: Client) -> None:
    receiver = agency(recall_notice_days=10)
    make_accounts(1, days=45)
    desk = make_desk()
    batch_id = placed(desk, receiver)
    leader = client_for(make_user(organisation=receiver))
    recalled(desk, batch_id, final_on=date(2005, 7, 20))
    assert "RC2005-07-01-HT-01" in leader.get(f"/batches/{batch_id}")

    recalled(desk, batch_id)

    page = leader.get(f"/batches/{batch_id}")
    assert "RC2005-07-01-HT-01" not in page
