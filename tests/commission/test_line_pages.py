"""The page of one line, for what is no payment too: what it is, why, on what it rests as far as the reader may see it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from portal.commission.charging import approve_charge, enter_cost, propose_adjustment
from portal.commission.operations import issue_statement, release_statement
from portal.commission.scoring import fix_scoring, propose_scoring
from portal.foundation.access import Role
from portal.legal.dispatch.operations import dispatch_pack
from portal.recovery.clearing import approve, propose_nobody, propose_placement
from tests.commission.factories import JULY, Finance, drawn, make_finance, released
from tests.commission.test_beside import BONUS, adjustment, cost, letters_beside, litigated, managers, name_of, of
from tests.commission.test_contested import contest, handed_over
from tests.commission.test_letter_fees import approved_pack, at
from tests.commission.test_plans_paid import AUGUST, LADDER, lines, post
from tests.identity.factories import make_user
from tests.legal.factories import the_pack
from tests.recovery.factories import held_account
from tests.recovery.telling import report
from tests.recovery.test_clearing import exception_of
from tests.recovery.test_payments import paid, reversal
from tests.support.pages import PageClient

if TYPE_CHECKING:
    from flask import Flask

    from tests.recovery.factories import Held
    from tests.support.pages import Page

pytestmark = [pytest.mark.settings(today=date(2005, 9, 15)), pytest.mark.databases("sqlite")]


def both(app: Flask, finance: Finance, held: Held, statement: int, position: int) -> tuple[Page, Page]:
    """A line as the bank's finance and as its own agency or firm sees it."""
    path = f"/statements/{statement}/lines/{position}"
    return PageClient(app).sign_in(finance.maker).get(path), PageClient(app).sign_in(held.leader).get(path)


def headings(page: Page) -> list[str]:
    """What a line is and rests on; the agency's form to contest it left aside."""
    found = ["".join(heading.itertext()).strip() for heading in page.root.iter("h2")]
    return [heading for heading in found if heading != "Contest this line"]


def test_an_adjustment_says_both_persons_and_rests_on_nothing_else(app: Flask) -> None:
    held, finance = held_account("0.10"), make_finance()
    approve_charge(finance.releaser, propose_adjustment(finance.issuer, adjustment(held, "-12.50")))
    (statement,) = released(finance)

    for page in both(app, finance, held, statement, 1):
        assert "-NT$12.50" in page.text.replace("−", "-")  # the minus of a page is a minus
        for words in ("Paid twice by mistake", "D-1", finance.maker.name, finance.checker.name):
            assert words in page
        assert headings(page) == ["Adjustment", "Other lines about it"]
        assert "Nothing else was paid for it." in page
        assert "Next line" not in page and "Line before" not in page


def test_a_cost_leads_to_its_account_and_placement(app: Flask) -> None:
    held, finance = litigated(), make_finance()
    approve_charge(finance.releaser, enter_cost(held.actor, cost(held)))
    (statement,) = released(finance)

    bank, firm = both(app, finance, held, statement, 1)

    for page in (bank, firm):
        assert "NT$300.00" in page and "Court fee" in page
        assert headings(page) == ["Costs", "Placement", "Other lines about it"]
        assert held.account.account_ref in page
    assert "20 Jul 2005" in bank


def test_a_bonus_says_rank_and_factor_and_shows_the_clause(app: Flask) -> None:
    held, finance = held_account(plan=BONUS), make_finance()
    post(held, paid("P-1", "1000.00"))
    maker, checker = managers()
    fix_scoring(checker, propose_scoring(maker, JULY, "TWD", {held.agency.id: 80_00}))
    (statement,) = released(finance)

    for page in both(app, finance, held, statement, 2):
        assert "NT$5.00" in page and "factor 1.05" in page and "Rank 1" in page
        assert headings(page) == ["Bonus or penalty", "Clause", "Other lines about it"]
        assert "Line before" in page.links and "Next line" not in page.links
        made_of = page.links["all lines of this contract version"]
        assert "P-1" in page.client.get(made_of.partition("#")[0])
    manager = PageClient(app).sign_in(make_user(Role.VENDOR_MANAGER)).get(f"/statements/{statement}/lines/2")
    assert manager.links["July 2005"] == "/scores/1"
    assert "/scores/1" not in both(app, finance, held, statement, 2)[0].links.values()


def test_a_success_fee_names_the_payment_and_nothing_of_who_recovered_it(app: Flask) -> None:
    held, finance = held_account("0.20"), make_finance()
    firm = letters_beside(held)
    post(held, paid("P-1", "100.00"))
    statement = of(released(finance), firm)

    bank, mine = both(app, finance, firm, statement, 1)

    for page in (bank, mine):
        assert "NT$2.00" in page and "success fee" in page and "P-1" in page
        assert headings(page) == ["Payment", "Placement", "Clause", "Other lines about it"]
        assert held.account.account_ref in page
    # The credit is another's: the bank is led to the payment, the firm sees neither it nor who was credited.
    assert "P-1" in bank.links and "P-1" not in mine.links
    assert held.agency.name in bank and held.agency.name not in mine.html
    PageClient(app).sign_in(held.leader).get(f"/statements/{statement}/lines/1", status=404)


@pytest.mark.settings(today=date(2005, 7, 1))
def test_letters_are_counted_with_their_fee_and_clause(app: Flask) -> None:
    firm, pack_id = approved_pack(app, 850)
    finance = make_finance()
    at(8, 3)
    dispatch_pack(firm.actor, pack_id, "EMS", date(2005, 8, 3))
    at(9, 2)
    (statement,) = released(finance, AUGUST)
    path = f"/statements/{statement}/lines/1"

    for reader in (finance.maker, firm.lawyer):
        page = PageClient(app).sign_in(reader).get(path)
        assert "CN¥25.50" in page and "3 at CN¥8.50 each" in page and "letter fee" in page
        assert headings(page) == ["Letter fees", "Clause", "Other lines about it"]
        assert the_pack(pack_id).number in page
    assert page.links[the_pack(pack_id).number] == f"/packs/{pack_id}"  # the firm's; finance sees no packs


def test_a_true_up_leads_to_the_line_that_it_mends(app: Flask) -> None:
    held, finance = held_account(plan=LADDER), make_finance()
    post(held, paid("P-1", "10000.00"))
    (july,) = released(finance)
    post(held, paid("P-2", "6000.00", "2005-08-10"))
    (august,) = released(finance, AUGUST)
    assert lines(august)[0] == ("P-1", 10_000, "true_up")

    for page in both(app, finance, held, august, 1):
        before = next(href for href in page.links.values() if href == f"/statements/{july}/lines/1")
        assert "NT$200.00" in page.client.get(before)
        assert f"/statements/{august}/lines/1" in page.client.get(before).links.values()


def test_a_reversal_leads_to_the_line_that_it_takes_back_and_that_one_to_it(app: Flask) -> None:
    held, finance = held_account("0.10"), make_finance()
    post(held, paid("P-1", "100.00"), paid("P-2", "70.00"), reversal("R-2", "P-2", "20.00", "2005-07-25"))
    (july,) = released(finance)
    post(held, reversal("R-1", "P-1", "40.00", "2005-08-10"))
    (august,) = released(finance, AUGUST)
    assert [reference for reference, *_ in lines(july)] == ["P-1", "P-2", "R-2"]

    for page in both(app, finance, held, august, 1):
        assert page.links[name_of(july)] == f"/statements/{july}/lines/1"
        assert "Nothing else was paid for it." not in page
    for page in both(app, finance, held, july, 1):
        assert page.links[name_of(august)] == f"/statements/{august}/lines/1"
    for page in both(app, finance, held, july, 3):  # on the same statement
        assert page.links[name_of(july)] in (f"/statements/{july}", f"/statements/{july}/lines/2")
        assert f"/statements/{july}/lines/2" in page.links.values()


def test_a_payment_leads_to_what_it_earned_its_file_and_its_report(app: Flask) -> None:
    held, finance = held_account("0.20"), make_finance()
    firm = letters_beside(held)
    report(held)
    post(held, paid("P-1", "100.00", "2005-07-10"))
    bank, agency = PageClient(app).sign_in(finance.maker), PageClient(app).sign_in(held.leader)
    assert "No statement pays for it yet." in bank.get("/payments/1")
    statements = drawn(finance)
    assert "No statement pays for it yet." in agency.get("/payments/1")  # a draft is the bank's own
    for each in statements:
        issue_statement(finance.issuer, each)
        release_statement(finance.releaser, each)
    beside = of(statements, firm)
    (own,) = [each for each in statements if each != beside]

    page = bank.get("/payments/1")

    addresses = set(page.links.values())
    assert {f"/statements/{own}/lines/1", f"/statements/{beside}/lines/1", "/payments/imports/1"} <= addresses
    assert "/payments/reported/1" in addresses
    assert "NT$20.00" in page and "NT$2.00" in page and "Commission in all: NT$22.00" in page
    page = agency.get("/payments/1")
    addresses = set(page.links.values())
    assert {f"/statements/{own}/lines/1", "/payments/reported/1"} <= addresses
    assert not {f"/statements/{beside}/lines/1", "/payments/imports/1"} & addresses
    assert "NT$20.00" in page and "NT$2.00" not in page


def test_a_credit_that_was_taken_back_is_shown_with_the_decision_that_stands(app: Flask) -> None:
    (held, other), finance = handed_over(), make_finance()
    post(held, paid("P-1", "100.00"), paid("P-2", "50.00"))
    (july,) = released(finance)
    assert "The credit today" not in headings(both(app, finance, held, july, 1)[0])
    contest(held, july, 1, 2)
    approve(finance.releaser, propose_nobody(finance.issuer, [exception_of("P-1")], "Paid at our counter"))
    proposal = propose_placement(finance.issuer, exception_of("P-2"), other.placement_id, "Their promise")
    approve(finance.releaser, proposal)
    mine, _ = released(finance, AUGUST)
    assert [reason for *_, reason in lines(mine)] == ["taken_back"] * 2

    for statement in (july, mine):
        bank, agency = both(app, finance, held, statement, 1)
        assert "no longer holds" in bank and "Paid at our counter" in bank
        assert "no longer holds" in agency and "This payment is not credited to you any more." in agency
        assert "Paid at our counter" not in agency
        bank, agency = both(app, finance, held, statement, 2)
        assert "Their promise" in bank and other.agency.name in bank
        assert "Their promise" not in agency and other.agency.name not in agency.html


def test_a_line_that_is_not_there_is_not_found(app: Flask) -> None:
    held, finance = held_account("0.10"), make_finance()
    post(held, paid("P-1"))
    (statement,) = released(finance)
    post(held, paid("P-2", day="2005-08-10"))
    (draft,) = drawn(finance, AUGUST)
    mine, other = PageClient(app).sign_in(held.leader), PageClient(app).sign_in(held_account().leader)

    mine.get(f"/statements/{statement}/lines/1")
    for client, path in ((mine, "lines/2"), (mine, "lines/0"), (other, "lines/1")):
        client.get(f"/statements/{statement}/{path}", status=404)
    mine.get(f"/statements/{draft}/lines/1", status=404)  # the bank has not released it
    PageClient(app).sign_in(finance.maker).get(f"/statements/{draft}/lines/1")
