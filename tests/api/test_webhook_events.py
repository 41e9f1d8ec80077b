"""What organisations' systems are told: by whom, in which transaction, and what stands in it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from portal.api.webhook_models import EventKind, Webhook, WebhookDelivery, WebhookEvent
from portal.api.webhook_operations import pause_webhook
from portal.foundation.access import Role
from portal.foundation.daily import portal_itself
from portal.foundation.errors import Refused
from portal.foundation.jobs import run_pending
from portal.foundation.work import reading, transaction
from portal.placement.batches import accept_batch
from portal.placement.codes import RecallCategory, RecallReason
from portal.placement.recall_days import end_finals
from portal.placement.recalls import Wish, ask_batch_recall, carry_out, withdraw
from portal.portfolio.models import Account, HoldFlag
from portal.portfolio.operations import add_hold, raise_hold, release_hold
from portal.vendors.models import PlacementKind
from tests.api.factories import deliveries, events, listening, make_holder
from tests.identity.factories import actor_of, make_law_firm, make_user, observer
from tests.placement.factories import (
    Desk,
    answerer,
    batches,
    criteria,
    even_shares,
    make_desk,
    on,
    placed,
    recalled,
    sent_run,
)
from tests.portfolio.bringing import bring_accounts, bring_payments
from tests.portfolio.factories import make_accounts
from tests.portfolio.intake.files import accounts_file, csv_bytes
from tests.vendors.factories import make_contract

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from portal.identity.models import Organisation
    from tests.support.pages import PageClient

pytestmark = pytest.mark.settings(today=date(2005, 7, 1))


def told() -> list[tuple[str, dict[str, Any]]]:
    return [(event.kind.value, event.data) for event in events()]


def kinds() -> list[str]:
    return [event.kind.value for event in events()]


def test_a_batch_is_told_when_it_is_sent_accepted_and_over_with_its_numbers_and_no_name(app: Flask) -> None:
    desk, holder = make_desk(), make_holder()
    listening(holder)
    make_accounts(2, total_minor=150_050, days=40)
    batch_id = placed(desk, holder)
    recalled(desk, batch_id)

    by_kind = dict(told())
    assert set(by_kind) == {
        "batch.sent", "batch.accepted", "batch.ended", "recall.announced", "recall.carried_out",
    }  # fmt: skip
    assert by_kind["batch.sent"] == {
        "batch": "W2005-07-01-HT-01", "placement": "collection", "state": "sent", "accounts": 2, "amount": "3001.00",
        "currency": "TWD", "placed_on": "2005-07-01", "term_ends_on": by_kind["batch.sent"]["term_ends_on"],
        "accept_by": by_kind["batch.sent"]["accept_by"], "link": f"http://127.0.0.1:8000/batches/{batch_id}",
    }  # fmt: skip
    assert by_kind["batch.sent"]["accept_by"].endswith("Z")
    assert (by_kind["batch.accepted"]["state"], by_kind["batch.ended"]["state"]) == ("accepted", "ended")
    assert {event.organisation_id for event in events()} == {holder.id}


def test_who_has_no_webhook_is_told_nothing_and_nothing_is_kept(app: Flask) -> None:
    desk, holder, other = make_desk(), make_holder("HT"), make_holder("ZX")
    listening(holder)
    make_accounts(4)
    sent_run(desk, even_shares(holder, other))

    assert {(event.kind, event.organisation_id) for event in events()} == {(EventKind.BATCH_SENT, holder.id)}
    assert len(deliveries()) == 1


def test_a_webhook_is_told_what_it_asked_for_and_the_rest_is_kept_for_later(app: Flask) -> None:
    desk, holder = make_desk(), make_holder()
    _, told_all, _ = listening(holder)
    _, told_some, _ = listening(holder, kinds=[EventKind.BATCH_ACCEPTED])
    leader, paused, _ = listening(holder)
    pause_webhook(leader, paused)
    make_accounts(2)
    placed(desk, holder)

    assert kinds() == ["batch.sent", "batch.accepted"]
    assert [(d.webhook_id, d.event_id) for d in deliveries()] == [
        (told_all, events()[0].id), (told_all, events()[1].id), (told_some, events()[1].id),
    ]  # fmt: skip


def test_what_is_rolled_back_is_not_told(app: Flask) -> None:
    desk, holder = make_desk(), make_holder()
    listening(holder)
    make_accounts(2)
    batch_id = placed(desk, holder)
    before = kinds()
    with pytest.raises(Refused):
        accept_batch(answerer(holder), batch_id)
    assert kinds() == before


def test_a_recall_is_announced_when_its_organisation_hears_of_it_and_carried_out_when_accounts_go(app: Flask) -> None:
    on(app, date(2005, 7, 1))
    desk, holder = make_desk(), make_holder()
    listening(holder, kinds=[EventKind.RECALL_ANNOUNCED])
    make_accounts(3)
    batch_id = placed(desk, holder)
    wish = Wish(RecallReason.CLIENT, note="WORDS OF THE BANK", final_on=date(2005, 7, 8))
    recall_id = ask_batch_recall(desk.maker, batch_id, wish)
    assert "recall.announced" not in kinds()

    carry_out(desk.checker, recall_id)
    announced = told()[-1]
    assert announced[0] == "recall.announced"
    assert announced[1] == {
        "recall": "RC2005-07-01-HT-01", "state": "pending", "reason": "client", "category": "strategic", "accounts": 3,
        "at_term": False, "final_on": "2005-07-08", "link": f"http://127.0.0.1:8000/recalls/{recall_id}",
    }  # fmt: skip

    on(app, date(2005, 7, 9))
    bank = portal_itself()
    assert bank is not None
    end_finals(bank)
    gone = dict(told())["recall.carried_out"]
    assert (gone["gone"], gone["last_on"], gone["recall"]) == (3, "2005-07-08", "RC2005-07-01-HT-01")
    assert "WORDS" not in str(told())


def test_only_a_recall_that_was_announced_is_told_to_be_withdrawn(app: Flask) -> None:
    desk, holder = make_desk(), make_holder()
    listening(holder)
    make_accounts(2)
    batch_id = placed(desk, holder)
    withdraw(desk.maker, ask_batch_recall(desk.maker, batch_id, Wish(RecallReason.CLIENT)))
    assert not [kind for kind in kinds() if kind.startswith("recall")]

    stopping = ask_batch_recall(desk.maker, batch_id, Wish(RecallReason.CONDUCT, RecallCategory.COMPLIANCE))
    withdraw(desk.maker, stopping)
    assert [kind for kind in kinds() if kind.startswith("recall")] == ["recall.announced", "recall.withdrawn"]


def test_payments_of_a_file_are_one_event_for_each_organisation_with_sums_by_currency(app: Flask) -> None:
    on(app, date(2005, 7, 1))
    desk, first, second = make_desk(), make_holder("HT"), make_holder("ZX")
    listening(first, kinds=[EventKind.PAYMENTS_CREDITED])
    make_holder("AH")
    rows = [{"account_ref": f"AC-{n}", "currency": "TWD", "days_past_due": "45"} for n in range(4)]
    bring_accounts(accounts_file(*rows), as_of=date(2005, 6, 30))
    run_id = sent_run(desk, even_shares(first, second))
    for batch in batches(run_id):
        accept_batch(answerer(first if batch.organisation_id == first.id else second), batch.id)
    on(app, date(2005, 7, 10))
    head = ["payment_ref", "account_ref", "amount", "paid_on", "currency"]
    paid = [head, *([f"P-{n}", f"AC-{n}", "12.30", "2005-07-05", "TWD"] for n in range(4))]
    bring_payments(csv_bytes(paid))

    (event,) = [found for found in events() if found.kind is EventKind.PAYMENTS_CREDITED]
    assert event.organisation_id == first.id
    assert event.data["count"] == 2 and event.data["more"] == 0 and len(event.data["payments"]) == 2
    assert event.data["sums"] == [{"currency": "TWD", "amount": "24.60", "count": 2}]
    assert event.data["link"].endswith("/payments")


def _shared_person(desk: Desk, *holders: Organisation) -> tuple[list[int], int]:
    """An account of the same person with each holder; the accounts, and the person."""
    accounts = make_accounts(len(holders), accounts_each=len(holders), days=40)
    for account, holder in zip(accounts, holders, strict=True):
        with transaction(observer()) as work:
            for other in accounts:
                found = work.session.get(Account, other.id)
                assert found is not None
                found.currency = "TWD" if other.id == account.id else "USD"
        placed(desk, holder)
    return [account.id for account in accounts], accounts[0].customer_id


def test_a_hold_is_told_to_each_holder_with_its_own_accounts_without_kind_or_reason(
    app: Flask, client_for: Callable[..., PageClient]
) -> None:
    desk, first, second = make_desk(), make_holder("HT"), make_holder("ZX")
    listening(first)
    listening(second)
    accounts, _ = _shared_person(desk, first, second)
    officer = actor_of(make_user(Role.COMPLIANCE))

    hold = raise_hold(officer, accounts[0], HoldFlag.DECEASED, "REASON", whole_person=True)
    release_hold(officer, hold.id, "REASON")
    raise_hold(officer, accounts[1], HoldFlag.DISPUTE, "REASON")

    found = [event for event in events() if event.kind.value.startswith("hold")]
    assert [(e.kind.value, e.organisation_id, e.data["scope"]) for e in found] == [
        ("hold.raised", first.id, "person"), ("hold.raised", second.id, "person"),
        ("hold.released", first.id, "person"), ("hold.released", second.id, "person"),
        ("hold.raised", second.id, "account"),
    ]  # fmt: skip
    assert {event.data["link"] for event in found[:4]} == {f"http://127.0.0.1:8000/holds/{hold.id}"}
    for holder in (first, second):
        client_for(make_user(Role.AGENCY_STAFF, holder)).get(f"/holds/{hold.id}")
    assert [len(event.data["accounts"]) for event in found] == [1] * 5
    assert found[0].data["accounts"] != found[1].data["accounts"]
    assert "REASON" not in str(told()) and "deceased" not in str(told())


def test_a_hold_that_an_agency_raises_reaches_the_others_who_hold_the_person(app: Flask) -> None:
    """The agency knows nothing of them, so the portal itself tells them, asked in the same transaction."""
    desk, first, second = make_desk(), make_holder("HT"), make_holder("ZX")
    listening(first)
    listening(second)
    _, customer_id = _shared_person(desk, first, second)
    collector = actor_of(make_user(Role.AGENCY_STAFF, first))
    with transaction(collector) as work:
        add_hold(work, customer_id, None, HoldFlag.COMPLAINT, "REASON")

    assert [e.organisation_id for e in events() if e.kind is EventKind.HOLD_RAISED] == [first.id]
    run_pending(app)
    assert [e.organisation_id for e in events() if e.kind is EventKind.HOLD_RAISED] == [first.id, second.id]


def test_holds_of_a_file_are_one_event_for_each_holder(app: Flask) -> None:
    on(app, date(2005, 7, 1))
    desk, holder = make_desk(), make_holder()
    listening(holder, kinds=[EventKind.HOLD_RAISED])
    rows = [{"account_ref": f"AC-{n}", "currency": "TWD", "days_past_due": "45"} for n in range(3)]
    bring_accounts(accounts_file(*rows), as_of=date(2005, 6, 30))
    placed(desk, holder)
    on(app, date(2005, 8, 1))
    flagged = [row | {"flags": "dispute" if n else "", "days_past_due": "76"} for n, row in enumerate(rows)]
    bring_accounts(accounts_file(*flagged), as_of=date(2005, 7, 31))

    (event,) = [found for found in events() if found.kind is EventKind.HOLD_RAISED]
    assert (event.data["scope"], event.data["accounts"], event.data["hold"]) == ("file", ["AC-1", "AC-2"], None)
    assert event.data["link"].endswith("/accounts")


def test_a_law_firm_is_told_as_an_agency_is(app: Flask) -> None:
    desk, firm = make_desk(), make_law_firm("XT")
    make_contract(firm)
    listening(firm)
    make_accounts(2)
    placed(desk, firm, criteria(PlacementKind.LETTER))
    assert kinds() == ["batch.sent", "batch.accepted"]
    assert told()[0][1]["placement"] == "letter"


def test_an_event_is_never_changed(app: Flask) -> None:
    desk, holder = make_desk(), make_holder()
    listening(holder)
    make_accounts(1)
    placed(desk, holder)
    for statement in (sa.update(WebhookEvent).values(data={}), sa.delete(WebhookEvent)):
        with pytest.raises(DBAPIError), transaction(observer()) as work:
            work.session.execute(statement.execution_options(synchronize_session=False))


def test_another_organisation_sees_no_webhook_event_or_delivery(app: Flask) -> None:
    desk, holder, other = make_desk(), make_holder("HT"), make_holder("ZX")
    listening(holder)
    make_accounts(1)
    placed(desk, holder)
    with reading(answerer(other)) as session:
        for model in (Webhook, WebhookEvent, WebhookDelivery):
            assert session.scalars(sa.select(model)).all() == []
