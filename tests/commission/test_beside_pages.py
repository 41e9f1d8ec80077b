"""Pages of costs and adjustments, scores, plans that are tried, and of what batches leave."""

from __future__ import annotations

import io
from datetime import date
from typing import TYPE_CHECKING

import pytest

from portal.commission.charging import Adjustment, approve_charge, propose_adjustment
from portal.foundation.access import Role
from tests.commission.factories import make_finance, released
from tests.commission.test_beside import BONUS, RECEIPT, batch_of, litigated
from tests.commission.test_plans_paid import LADDER, post
from tests.commission.test_trials import contract_of
from tests.identity.factories import make_user
from tests.recovery.factories import held_account
from tests.recovery.test_payments import paid
from tests.support.pages import PageClient

if TYPE_CHECKING:
    from flask import Flask

pytestmark = [pytest.mark.settings(today=date(2005, 8, 15)), pytest.mark.databases("sqlite")]


def test_an_adjustment_is_proposed_by_one_and_approved_by_another_and_the_agency_reads_it(app: Flask) -> None:
    held, finance = held_account("0.10"), make_finance()
    maker, checker = PageClient(app).sign_in(finance.maker), PageClient(app).sign_in(finance.checker)
    agency = PageClient(app).sign_in(held.leader)
    form = maker.get("/charges/new")
    wrong = form.submit(
        "/charges/new",
        status=422,
        organisation_id=str(held.agency.id),
        currency="TWD",
        amount="x",
        reason="Twice",
        about="D-1",
    )
    assert "Write the amount as 1234.50" in wrong
    page = wrong.submit("/charges/new", amount="-12.50", to="/charges/1")
    assert "You proposed this. Another person at the bank has to decide." in page
    maker.post("/charges/1/approve", status=409)
    agency.get("/charges/1", status=404)

    assert "waits for a second person" in checker.get("/")
    assert "AD-" not in maker.get("/")

    page = checker.get("/charges/1").submit("/charges/1/approve", to="/charges/1")

    assert "the next statement pays it" in page
    assert "Twice" in agency.get("/charges/1")
    (statement,) = released(finance)
    assert "adjustment" in agency.get(f"/statements/{statement}")
    assert "Paid by" in maker.get("/charges/1")


def test_an_adjustment_of_a_line_leads_to_that_line(app: Flask) -> None:
    held, finance = held_account("0.10"), make_finance()
    post(held, paid("P-1", "1000.00"))
    (statement,) = released(finance)
    number = f"CS-{held.agency.code}-2005-0001"
    wanted = Adjustment(held.agency.id, "TWD", "-1", reason="Twice", statement=number, line=1)
    approve_charge(finance.releaser, propose_adjustment(finance.issuer, wanted))

    for reader in (finance.maker, held.leader):
        links = PageClient(app).sign_in(reader).get("/charges/1").links
        assert links[f"{number} / 1"] == f"/statements/{statement}/lines/1"
        assert "/batches/1" in links.values()


def test_a_firm_enters_a_cost_with_its_receipt_which_leaves_only_as_a_file(app: Flask) -> None:
    held, finance = litigated(), make_finance()
    firm, bank = PageClient(app).sign_in(held.leader), PageClient(app).sign_in(finance.maker)
    entered = {
        "account_ref": held.account.account_ref, "amount": "300", "charged_on": "2005-07-20", "reason": "Court fee",
    }  # fmt: skip
    form = firm.get("/charges/costs/new")
    labels = {label.get("for"): "".join(label.itertext()).strip() for label in form.root.iter("label")}
    assert labels["proof"] == "Receipt"  # not "(optional)"
    wrong = form.submit("/charges/costs/new", status=422, **entered)
    assert "Add the receipt" in wrong
    script = {"proof": (io.BytesIO(b"<html><script>alert(1)</script>"), "court.pdf")}
    assert "no PDF, PNG or JPEG" in firm.post("/charges/costs/new", entered | script, status=422)
    receipt = {"proof": (io.BytesIO(RECEIPT), "../法院 court.pdf")}
    page = firm.post("/charges/costs/new", entered | receipt, to="/charges/1")
    assert "court" in page and "Court fee" in page
    for reader in (firm, bank):  # also before anybody has decided
        shown = reader.get("/charges/1")
        assert held.account.account_ref in shown and "/batches/2" in shown.links.values()
    assert "/accounts/1" in bank.get("/charges/1").links.values()
    for reader in (firm, bank):
        file = reader.client.get("/charges/1/file")
        assert file.data == RECEIPT and file.mimetype == "application/pdf"
        assert (
            file.headers["Content-Disposition"].startswith("attachment")
            and "/" not in file.headers["Content-Disposition"]
        )
        assert file.headers["Content-Security-Policy"].startswith("sandbox")
    PageClient(app).sign_in(litigated().leader).get("/charges/1/file", status=404)
    firm.get("/charges/new", status=403)
    bank.get("/charges/costs/new", status=403)
    page = bank.get("/charges/1").submit("/charges/1/refuse", reason="No such fee", to="/charges/1")
    assert "No such fee" in firm.get("/charges/1") and "refused" in bank.get("/charges?state=refused")


def test_scores_of_a_month_are_counted_marked_and_fixed_by_another(app: Flask) -> None:
    held = held_account(plan=BONUS)
    post(held, paid("P-1", "1000.00"))
    maker, checker = (PageClient(app).sign_in(make_user(Role.VENDOR_MANAGER)) for _ in range(2))
    form = maker.get("/scores/new?period=2005-07&currency=TWD")
    page = form.submit("marks", to="/scores/1", **{f"mark-{held.agency.id}": "90"})
    assert "You proposed this" in page and "80.00" in page  # nobody worked an account: 70 + 10

    assert "Scores of 2005-07 wait for a second person" in checker.get("/")
    page = checker.get("/scores/1").submit("/scores/1/fix", to="/scores/1")

    assert "The scores are fixed" in page
    assert "July 2005" in maker.get("/scores")
    maker.get("/scores/new?period=x", status=422)


def test_a_plan_is_tried_from_its_version_and_from_a_statement_and_can_be_taken_away_as_a_file(app: Flask) -> None:
    held, finance = held_account(plan=LADDER), make_finance()
    post(held, paid("P-1", "1000.00"))
    (statement,) = released(finance)
    manager = PageClient(app).sign_in(make_user(Role.VENDOR_MANAGER))
    contract = contract_of(held)
    assert "Try it on last year" in manager.get(f"/contracts/{contract}/versions/1")
    assert "Try another plan on this month" in manager.get(f"/statements/{statement}")

    form = manager.get(f"/trials/new?contract={contract}&version=1&first=2005-07-01&last=2005-07-31")
    wrong = form.submit("form", status=422, **{"p-bands-0-rate": "500%"})
    assert "The plan cannot be tried yet" in wrong
    page = form.submit("form", to="/trials/1", **{"p-bands-0-rate": "50%"})

    assert "NT$500.00" in page and "NT$20.00" in page and "NT$480.00" in page
    assert "480.00" in manager.client.get("/trials/1?export=csv").text
    assert "No plan has been tried yet." not in manager.get("/trials")
    PageClient(app).sign_in(held.leader).get("/trials/1", status=403)
    again = manager.get(page.links["Try another"])
    assert again.field("p-bands-0-rate").get("value") == "50%"
    same = manager.get(form.path).submit(
        "form", to="/trials/2"
    )  # as it stands it is the version's plan, and the trial says so
    assert "version=1" in same.links["Try another"]


def test_the_contract_of_a_trial_is_chosen_from_a_list_and_known_where_one_comes_from(app: Flask) -> None:
    held, other, finance = held_account(plan=LADDER), held_account("0.10"), make_finance()
    post(held, paid("P-1", "1000.00"))
    (statement,) = released(finance)
    manager = PageClient(app).sign_in(make_user(Role.VENDOR_MANAGER))

    page = manager.get("/trials/new")

    options = {option.get("value") for option in page.field("contract").iter("option")}
    assert {str(contract_of(held)), str(contract_of(other))} <= options
    assert "p-bands-0-rate" in manager.get(f"/trials/new?contract={contract_of(held)}").html
    assert "p-bands-0-rate" in manager.get(f"/trials/new?organisation={held.agency.id}").html
    address = manager.get(f"/statements/{statement}").links["Try another plan on this month"]
    assert f"contract={contract_of(held)}" in address
    assert manager.get(address).field("first_on").get("value") == "2005-07-01"
    manager.get("/trials/new?contract=999999", status=404)


def test_a_batch_says_what_it_leaves_to_the_bank_and_to_both_how_far_the_next_step_is(app: Flask) -> None:
    held, finance = held_account(plan=LADDER), make_finance()
    post(held, paid("P-1", "10000.00"))
    (statement,) = released(finance)
    batch, number = batch_of(held)
    bank, agency = PageClient(app).sign_in(make_user(Role.VENDOR_MANAGER)), PageClient(app).sign_in(held.leader)

    mine, theirs = bank.get(f"/batches/{batch}"), agency.get(f"/batches/{batch}")

    for page in (mine, theirs):
        assert "NT$5,000.00" in page and "3 % from NT$15,000.00" in page and "NT$250.00" in page
    for page in (bank.get(f"/statements/{statement}"), agency.get(f"/statements/{statement}")):
        assert "3 % from NT$15,000.00" in page and "NT$5,000.00" in page and page.element("steps") is not None
    assert "NT$9,800.00" in mine and "What it leaves" not in theirs
    assert number in agency.get("/") and "Steps within reach" in bank.get("/")
    listed = bank.get("/contribution")
    assert number in listed and "NT$9,800.00" in listed
    assert number in bank.client.get("/contribution?export=csv").text
    agency.get("/contribution", status=403)


def test_what_batches_leave_says_what_is_not_billed_and_follows_the_organisation(app: Flask) -> None:
    held, other, finance = held_account("0.10"), held_account("0.10"), make_finance()
    post(held, paid("P-1", "1000.00"))
    post(other, paid("P-2", "500.00"))
    released(finance)
    post(held, paid("P-3", "77.00", "2005-08-10"))
    bank = PageClient(app).sign_in(make_user(Role.VENDOR_MANAGER))

    page = bank.get("/contribution")

    totals = [["".join(cell.itertext()).strip() for cell in row] for row in page.root.iter("tr")]
    (mine,) = [row[2:5] for row in totals if row[1] == "TWD" and row[2] == "NT$1,077.00"]
    assert mine == ["NT$1,077.00", "NT$77.00", "NT$100.00"]
    (whole,) = [row[2:5] for row in totals if row[:2] == ["In all", "TWD"]]
    assert whole == ["NT$1,577.00", "NT$77.00", "NT$150.00"]
    one = bank.get(f"/contribution?organisation={other.agency.id}")
    assert "NT$1,077.00" not in one and "In all" not in one and "NT$500.00" in one


def test_the_list_of_statements_is_narrowed_by_organisation_and_offers_an_agency_the_states_that_it_meets(
    app: Flask,
) -> None:
    held, other, finance = held_account("0.10"), held_account("0.10"), make_finance()
    post(held, paid("P-1", "1000.00"))
    post(other, paid("P-2", "500.00"))
    released(finance)
    bank, agency = PageClient(app).sign_in(finance.maker), PageClient(app).sign_in(held.leader)

    narrowed = bank.get(f"/statements?organisation={other.agency.id}")

    assert "NT$500.00" in narrowed and "NT$1,000.00" not in narrowed

    def offered(client: PageClient) -> set[str]:
        return {option.get("value") or "" for option in client.get("/statements").field("state").iter("option")}

    assert {"drawn", "issued", "withdrawn", "released"} <= offered(bank)
    assert not {"drawn", "issued", "withdrawn"} & offered(agency) and "released" in offered(agency)


def test_a_cost_is_offered_to_enter_to_who_can_have_one(app: Flask) -> None:
    firm, held = litigated(), held_account("0.10")

    assert "New cost" in PageClient(app).sign_in(firm.leader).get("/charges").links
    assert "New cost" not in PageClient(app).sign_in(held.leader).get("/charges").links
