"""The pages of runs and batches, as the people of both sides use them."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

import pytest

from portal.foundation.access import Role
from portal.foundation.jobs import run_pending
from portal.foundation.money import format_amount
from portal.placement.allocation import RULE
from portal.placement.operations import make_run, submit_run
from tests.identity.factories import actor_of, make_agency, make_bank, make_law_firm, make_user
from tests.placement.factories import (
    batches,
    criteria,
    even_shares,
    make_desk,
    placed,
    placements,
    sent_run,
)
from tests.portfolio.factories import make_accounts, make_hold
from tests.vendors.factories import make_contract

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from portal.identity.models import Organisation, User
    from tests.support.pages import PageClient

    Client = Callable[[User], PageClient]

pytestmark = pytest.mark.settings(today=date(2005, 7, 1))


def agency(code: str, **fields: object) -> Organisation:
    organisation = make_agency(code, name_en=f"Agency {code}", **fields)
    make_contract(organisation)
    return organisation


def manager(**fields: object) -> User:
    make_bank()
    return make_user(Role.VENDOR_MANAGER, **fields)  # type: ignore[arg-type]


def test_the_whole_way_from_the_question_to_the_accepted_batch(app: Flask, client_for: Client) -> None:
    one, two = agency("HT"), agency("ZX")
    accounts = make_accounts(20, days=45)
    make_hold(accounts[0])
    maker, checker, leader = client_for(manager()), client_for(manager()), client_for(make_user(organisation=one))
    question = f"kind=collection&currency=TWD&buckets=M2&order=largest&seed=1&share_{one.id}=60&share_{two.id}=40"

    page = maker.get(f"/placements/new?{question}")
    assert "Accounts eligible 19" in page
    assert "hold: dispute" in page
    draft = page.submit("save")
    assert draft.h1 == "Run R2005-07-01-01"
    assert "draft" in draft
    waiting = draft.submit("submit", to=draft.path)
    assert "another person has to approve" in waiting
    assert not [f for f in waiting.forms if (f.get("action") or "").endswith("/approve")]
    assert maker.post(f"{draft.path}/approve", status=409)

    assert re.search(r"Placements waiting: 1", _navigation(checker.get("/placements")))
    sent = checker.get(draft.path).submit("approve", to=draft.path)
    assert "approved" in sent
    run_pending(app)
    page = checker.get(draft.path)
    assert "W2005-07-01-HT-01" in page and "W2005-07-01-ZX-01" in page

    arrived = leader.get("/batches")
    assert "W2005-07-01-HT-01" in arrived and "W2005-07-01-ZX-01" not in arrived
    batch = leader.get(arrived.links["W2005-07-01-HT-01"])
    assert batch.h1 == "Batch W2005-07-01-HT-01"
    sent = next(b for b in batches(int(draft.path.rsplit("/", 1)[1])) if b.organisation_id == one.id)
    wrong = batch.submit("accept", count="99", amount=format_amount(sent.total_minor, "TWD"), status=422)
    assert "You have received 99 accounts" in wrong
    assert wrong.field("count").get("value") == "99"
    batch = wrong.submit("accept", count=str(sent.account_count), to=batch.path)
    assert "The batch is accepted" in batch
    account = next(url for url in batch.links.values() if url.startswith("/accounts/"))
    assert "W2005-07-01-HT-01" in leader.get(account)


def _navigation(page: object) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.html))  # type: ignore[attr-defined]


@pytest.mark.parametrize("locale", ["en", "zh_Hans"])
def test_the_first_showing_of_the_form_has_usual_answers(client_for: Client, locale: str) -> None:
    receiver = agency("HT", licence_until=date(2005, 7, 20))
    make_accounts(5, days=45)

    page = client_for(manager(locale=locale)).get("/placements/new")

    assert page.field("seed").get("value") == "20050701"
    assert page.field(f"share_{receiver.id}") is not None
    assert ("the licence ends on 20 Jul 2005, before these placements do" in page) == (locale == "en")
    assert not [f for f in page.forms if f.get("id") == "save"]


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("kind=collection&currency=TWD&order=largest&seed=1", "Choose at least one bucket."),
        ("kind=collection&currency=TWD&buckets=M2&order=largest&seed=x", "Write a whole number."),
        ("kind=collection&currency=TWD&buckets=M2&order=largest&seed=1&balance_from=a", "Write an amount"),
        ("kind=collection&currency=TWD&buckets=M2&order=none&seed=1", "none of the choices"),
        ("kind=litigation&currency=ZZZ&buckets=M2&order=largest&seed=1&share_{id}=100", "Accounts eligible"),
        ("kind=collection&currency=TWD&buckets=M2&order=largest&seed=1&share_{id}=70", "The shares add up to 70%."),
        ("kind=collection&currency=TWD&buckets=M2&order=largest&seed=1&share_{id}=a+third", "Write a share"),
    ],
)
def test_what_cannot_be_meant_is_said_and_cannot_be_saved(client_for: Client, question: str, words: str) -> None:
    receiver = agency("HT")
    make_accounts(3, days=45)

    page = client_for(manager()).get("/placements/new?" + question.format(id=receiver.id))

    assert words in page
    if "share" in question and "litigation" not in question:
        assert not [f for f in page.forms if f.get("id") == "save"]


def test_numbers_written_for_one_method_are_not_read_as_those_of_another(client_for: Client) -> None:
    one, two = agency("HT"), agency("ZX")
    make_accounts(4, days=45)
    maker = client_for(manager())
    question = f"kind=collection&currency=TWD&buckets=M2&seed=1&share_{one.id}=12.5&share_{two.id}=7"

    same = maker.get(f"/placements/new?{question}&method=performance&meant=performance")
    assert same.element(f"share_{one.id}").get("value") == "12.5"
    other = maker.get(f"/placements/new?{question}&method=ranked&meant=performance")
    assert other.element(f"share_{one.id}").get("value") == ""
    assert "Give at least one receiver" in other
    equal = maker.get(f"/placements/new?{question}&method=equal&meant=equal")
    assert equal.element(f"share_{one.id}").get("checked") is not None
    assert equal.element(f"share_{one.id}").get("type") == "checkbox"


def test_a_number_that_cannot_be_read_is_named_with_its_receiver(client_for: Client) -> None:
    one = agency("HT")
    make_accounts(1, days=45)
    page = client_for(manager()).get(
        f"/placements/new?kind=collection&currency=TWD&buckets=M2&seed=1&share_{one.id}=lots"
    )
    assert page.links["Agency HT"] == f"#share_{one.id}"
    assert page.element(f"share_{one.id}").get("aria-invalid") == "true"
    assert page.element(f"share_{one.id}").get("value") == "lots"


def test_everything_that_is_wrong_with_a_question_is_said_at_once(client_for: Client) -> None:
    one = agency("HT")
    make_accounts(1, days=45)
    question = f"kind=collection&currency=TWD&buckets=M2&seed=x&most=y&balance_from=a&cool_down=z&picks=A%0AB+HT%0AC+D+E&share_{one.id}=lots"

    page = client_for(manager()).get(f"/placements/new?{question}")

    at = {
        page.links[words]
        for words in ("Seed", "Accounts at most", "Balance from", "Days between placements", "Picked by hand")
    }
    assert at == {"#seed", "#most", "#balance_from", "#cool_down", "#picks"}
    assert page.links["Agency HT"] == f"#share_{one.id}"
    assert "Line 1, 3: write" in page


def test_a_saved_question_that_no_longer_holds_is_shown_again(client_for: Client) -> None:
    receiver = agency("HT")
    make_accounts(3, days=45)
    fields = {"kind": "collection", "currency": "TWD", "buckets": "M2", "order": "largest", "seed": "1"}

    page = client_for(manager()).post("/placements/new", fields | {f"share_{receiver.id}": "70"}, status=422)

    assert "The shares add up to 70%." in page


def test_a_refused_run_says_why_and_lets_its_maker_begin_again(client_for: Client) -> None:
    receiver = agency("HT")
    make_accounts(3, days=45)
    maker, checker = manager(), manager()
    run_id = make_run(actor_of(maker), criteria(buckets=("M2",)), even_shares(receiver))
    submit_run(actor_of(maker), run_id)

    client_for(checker).get(f"/placements/{run_id}").submit("refuse", reason="one agency is too few")

    page = client_for(maker).get(f"/placements/{run_id}")
    assert "one agency is too few" in page
    again = client_for(maker).get(page.links["New run from this one"])
    assert again.field(f"share_{receiver.id}").get("value") == "100"


def test_the_lines_of_a_run_are_filtered_and_taken_away(client_for: Client) -> None:
    one, two = agency("HT"), agency("ZX")
    accounts = make_accounts(6, days=45)
    make_hold(accounts[0])
    maker = manager()
    run_id = make_run(actor_of(maker), criteria(), even_shares(one, two))
    pages = client_for(maker)

    held = pages.get(f"/placements/{run_id}?reason=hold:dispute")
    assert accounts[0].account_ref in held
    assert accounts[1].account_ref not in held
    file = pages.client.get(f"/placements/{run_id}?organisation={one.id}&export=csv").text
    assert len(file.strip().splitlines()) in (3, 4)
    assert "share" not in file.splitlines()[0]


def test_an_unopened_batch_shows_sums_and_no_account(client_for: Client) -> None:
    receiver = agency("HT")
    accounts = make_accounts(4, days=45)
    batch_id = placed(make_desk(), receiver, accepted=False)

    leader = client_for(make_user(organisation=receiver))
    page = leader.get(f"/batches/{batch_id}")
    file = leader.client.get(f"/batches/{batch_id}?export=csv").text

    assert len(file.strip().splitlines()) == 1
    assert "Accounts 4" in page
    assert "opened to you once you accept" in page
    assert not [a for a in accounts if a.account_ref in page.html]


@pytest.mark.parametrize("role", [Role.AGENCY_LEADER, Role.LEGAL_PARTNER])
def test_a_batch_of_another_is_not_there(client_for: Client, role: Role) -> None:
    make_accounts(2)
    batch_id = placed(make_desk(), agency("HT"))
    stranger = client_for(make_user(role))

    assert stranger.get(f"/batches/{batch_id}", status=404)
    for step in ("accept", "refuse"):
        assert stranger.post(f"/batches/{batch_id}/{step}", {"reason": "x"}, status=404)
    assert stranger.get("/placements", status=403)


def test_a_refusal_goes_back_with_its_reason(client_for: Client) -> None:
    receiver = agency("HT")
    make_accounts(2, days=45)
    batch_id = placed(make_desk(), receiver, accepted=False)
    leader = client_for(make_user(organisation=receiver))

    assert leader.post(f"/batches/{batch_id}/refuse", {"reason": " "}, status=422)
    page = leader.get("/batches").submit("refuse", reason="no staff", to=f"/batches/{batch_id}")

    assert "Refused: no staff" in page
    assert "no staff" in client_for(manager()).get(f"/batches/{batch_id}")


def test_a_letter_run_offers_law_firms_only(client_for: Client) -> None:
    collector, firm = agency("HT"), make_law_firm("JL", name_en="Firm JL")
    make_contract(firm, letter_fee_minor=3_000)
    make_accounts(3, days=45)

    page = client_for(manager()).get("/placements/new?kind=letter&currency=TWD&buckets=M2&order=largest&seed=1")

    assert "Firm JL" in page
    assert "Agency HT" not in page
    assert f"share_{collector.id}" not in page.html


def test_the_account_page_says_why_the_account_is_where_it_is(client_for: Client) -> None:
    desk, receiver = make_desk(), agency("HT")
    accounts = make_accounts(3, days=45)
    (batch,) = batches(sent_run(desk, even_shares(receiver)))

    page = client_for(manager()).get(f"/accounts/{placements(batch.id)[0].account_id}")

    assert batch.number in page
    assert RULE in page
    assert len(accounts) == 3


@pytest.mark.parametrize(("changed", "shown"), [("method", "0.00"), ("share_1", "–")])
def test_recoveries_are_reckoned_only_where_the_receivers_are_renewed(
    client_for: Client, changed: str, shown: str
) -> None:
    make_accounts(3)
    placed(make_desk(), agency("HT"))

    page = client_for(manager()).get("/placements/new?currency=TWD", headers={"X-Changed": changed})

    cells = [cell.text or "" for cell in page.element("receivers").iter() if cell.get("class") == "num"]
    assert shown in cells[-1]
