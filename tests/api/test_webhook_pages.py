"""Pages of webhooks: the secret is shown once, what fails is seen, buttons do what they say."""

from __future__ import annotations

from datetime import date
from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.api.webhook_models import DeliveryState, Webhook, WebhookDelivery
from portal.api.webhook_operations import MOST_WEBHOOKS, send_test
from portal.foundation.access import Role
from portal.foundation.jobs import run_pending
from portal.foundation.work import transaction
from portal.identity.models import User
from tests.api.factories import deliveries, listening, make_holder, the_webhook
from tests.api.receiver import receiving
from tests.identity.factories import make_bank, make_user, observer
from tests.placement.factories import make_desk, placed
from tests.portfolio.factories import make_accounts

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from tests.support.pages import PageClient

    Client = Callable[[User], PageClient]

pytestmark = [
    pytest.mark.settings(today=date(2005, 7, 1), webhook_networks=(ip_network("127.0.0.0/8"),)),
    pytest.mark.databases("sqlite"),
]
ALL = {"kinds": ["batch.sent", "batch.accepted"]}
SECRET = "whsec_"


def leader_of(code: str = "HT") -> User:
    """Somebody who leads an agency, and the bank, whose portal delivers."""
    make_bank()
    return make_user(Role.AGENCY_LEADER, make_holder(code))


def test_a_leader_makes_a_webhook_and_sees_its_secret_this_once(app: Flask, client_for: Client) -> None:
    browser = client_for(leader_of())
    assert "Nothing is told to another system yet." in browser.get("/webhooks").text
    page = browser.post("/webhooks/new", {"url": "https://example.com/portal"} | ALL)
    assert SECRET in page.html and "https://example.com/portal" in page.text
    assert SECRET not in browser.get(page.path).html
    assert the_webhook(1).kinds == ["batch.sent", "batch.accepted"]

    page = browser.post("/webhooks/1/rotate", {})
    assert SECRET in page.html and "Signed with two secrets until" in page.text
    assert SECRET not in browser.get("/webhooks/1").html


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://example.com", "has to begin with https://"),
        ("https://10.1.2.3/x", "inside a private network"),
        ("https://example.com/a b", "written as %XX"),
        ("", "Fill this in."),
    ],
)
def test_an_address_that_cannot_be_says_what_is_wrong_and_how_to_mend_it(
    app: Flask, client_for: Client, url: str, words: str
) -> None:
    page = client_for(leader_of()).post("/webhooks/new", {"url": url} | ALL, status=422)
    assert words in page.text


def test_without_a_kind_nothing_is_made(app: Flask, client_for: Client) -> None:
    page = client_for(leader_of()).post("/webhooks/new", {"url": "https://example.com", "kinds": []}, status=422)
    assert "Choose at least one kind of event." in page.text


def test_an_organisation_has_ten_at_most(app: Flask, client_for: Client) -> None:
    leader = leader_of()
    for _ in range(MOST_WEBHOOKS):
        listening(leader.organisation)
    page = client_for(leader).post("/webhooks/new", {"url": "https://example.com"} | ALL, status=422)
    assert "There are 10 webhooks already" in page.text


def test_what_was_sent_is_seen_with_its_answer_and_sent_again_by_the_button(app: Flask, client_for: Client) -> None:
    leader = leader_of()
    with receiving() as receiver:
        receiver.answers = [500, 200]
        who, webhook_id, _ = listening(leader.organisation, receiver.url)
        send_test(who, webhook_id)
        run_pending(app)
        browser = client_for(leader)
        page = browser.get(f"/webhooks/{webhook_id}")
        assert "is tried again" in page.text and "Answered 500." in page.text
        assert (
            "is tried again" not in browser.get(f"/webhooks/{webhook_id}?state=delivered").html.partition("<tbody")[2]
        )
        detail = browser.get(f"/webhooks/{webhook_id}/deliveries/{deliveries()[0].id}")
        assert '"kind": "test"' in detail.text

        browser.post(f"/webhooks/{webhook_id}/pause", {})
        assert "Nothing is sent." in browser.get(f"/webhooks/{webhook_id}").text
        browser.post(f"/webhooks/{webhook_id}/resume", {})
        run_pending(app)
        assert "delivered" in browser.get(f"/webhooks/{webhook_id}").text
        browser.post(f"/webhooks/{webhook_id}/chosen", {"row": str(deliveries()[0].id)})
        run_pending(app)
        assert len(receiver.posts) == 3
        assert leader.name in browser.get(f"/webhooks/{webhook_id}/deliveries/{deliveries()[-1].id}").text


def test_everything_since_a_time_is_asked_for_in_the_readers_own_zone(app: Flask, client_for: Client) -> None:
    leader = leader_of()
    _, webhook_id, _ = listening(leader.organisation)
    make_accounts(1)
    placed(make_desk(), leader.organisation)
    browser = client_for(leader)
    with transaction(observer()) as work:
        work.session.execute(sa.update(WebhookDelivery).values(state=DeliveryState.GIVEN_UP, next_at=None))
    none = browser.post(f"/webhooks/{webhook_id}/replay", {"since": "2005-07-03T00:00"}, status=422)
    assert "There is nothing to send" in none.text
    browser.post(f"/webhooks/{webhook_id}/replay", {"since": "2005-07-01T00:00"})
    assert len(deliveries()) == 4
    assert browser.post(f"/webhooks/{webhook_id}/replay", {"since": "soon"}, status=422)


def test_a_failing_webhook_is_told_on_the_home_page_and_in_the_navigation(app: Flask, client_for: Client) -> None:
    leader = leader_of()
    _, webhook_id, _ = listening(leader.organisation)
    browser = client_for(leader)
    assert "Webhooks do not reach their systems" not in browser.get("/").text
    with transaction(observer()) as work:
        work.session.execute(sa.update(Webhook).values(failing_since=work.now))
    home = browser.get("/")
    assert "Webhooks do not reach their systems" in home.text and f"/webhooks/{webhook_id}" in home.html
    assert "failing" in browser.get("/webhooks").text


def test_another_organisation_finds_nothing_and_staff_may_not_look(app: Flask, client_for: Client) -> None:
    leader = leader_of()
    who, webhook_id, _ = listening(leader.organisation)
    send_test(who, webhook_id)
    other = client_for(leader_of("ZX"))
    for path in ("", "/edit", f"/deliveries/{deliveries()[0].id}"):
        assert other.client.get(f"/webhooks/{webhook_id}{path}").status_code == 404
    assert "example.com" not in other.get("/webhooks").text
    staff = client_for(make_user(Role.AGENCY_STAFF, leader.organisation))
    assert staff.client.get("/webhooks").status_code == 403


def test_the_administrator_sees_whose_they_are_and_adds_one_for_an_organisation(app: Flask, client_for: Client) -> None:
    holder = make_holder()
    listening(holder)
    browser = client_for(make_user(Role.ADMINISTRATOR, make_bank()))
    assert "HT" in browser.get("/webhooks").text
    made = browser.post("/webhooks/new", {"url": "https://example.com/two", "organisation": str(holder.id)} | ALL)
    assert the_webhook(int(made.path.rpartition("/")[2])).organisation_id == holder.id


def test_a_list_may_be_taken_away_as_a_file(app: Flask, client_for: Client) -> None:
    leader = leader_of()
    who, webhook_id, _ = listening(leader.organisation)
    send_test(who, webhook_id)
    answer = client_for(leader).client.get(f"/webhooks/{webhook_id}?export=csv")
    assert "waiting" in answer.get_data(as_text=True)
