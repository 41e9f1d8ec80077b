"""The notice that an account is entrusted, and to whom: drawn up with the batch, once an account, and its dispatch kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from portal.contact.messages import notices
from portal.contact.messages.dispatch import ask_export
from portal.contact.messages.models import EntrustingNotice, MessageState, OutgoingMessage
from portal.contact.messages.notices import ask_notices, draw_notices
from portal.contact.messages.operations import reveal_message
from portal.contact.messages.settings import choose_notice
from portal.contact.messages.texts import withdraw_text
from portal.contact.models import Channel
from portal.contact.timeline import timeline_of
from portal.contact.wording import Purpose
from portal.foundation.access import Role
from portal.foundation.errors import DomainError, Refused
from portal.foundation.jobs import run_pending
from portal.foundation.work import reading
from portal.identity.models import Organisation
from portal.placement.batches import accept_batch, refuse_batch
from portal.placement.criteria import Criteria
from portal.portfolio.models import Account, ContactKind
from portal.vendors.models import PlacementKind
from tests.contact.factories import NOON, at_time, make_account, make_person
from tests.contact.message_factories import NOTICE, add_point, clerk, make_approved
from tests.identity.factories import actor_of, make_agency, make_bank, make_law_firm, make_user
from tests.placement import factories as placement
from tests.support.pages import PageClient
from tests.vendors.factories import make_contract

pytestmark = pytest.mark.usefixtures("app")
Client = Callable[..., PageClient]


@pytest.fixture
def desk(app: Flask) -> placement.Desk:
    at_time(NOON)
    make_bank(phone="95500")
    return placement.make_desk()


@pytest.fixture
def agency(desk: placement.Desk) -> Organisation:
    agency = make_agency("HT", name="恒通催收公司")
    make_contract(agency, currency="CNY")
    return agency


def chosen(channel: Channel = Channel.SMS) -> int:
    """A text that the bank has approved and chosen."""
    bank = clerk()
    text = make_approved(bank, NOTICE, Purpose.NOTICE, channel)
    choose_notice(bank, text)
    return text


def cny(kind: PlacementKind = PlacementKind.COLLECTION) -> Criteria:
    return placement.criteria(kind, "CNY")


def figures(session: Session) -> tuple[int, int, int]:
    notice = session.scalars(sa.select(EntrustingNotice)).one()
    return notice.drawn, notice.unreachable, notice.dispatched


def test_notices_are_drawn_up_when_a_batch_is_sent_and_their_dispatch_is_kept(
    app: Flask, desk: placement.Desk, agency: Organisation, db_session: Session
) -> None:
    chosen()
    accounts = [make_account(make_person(name=name)) for name in ("王小明", "李小红")]
    batch_id = placement.placed(desk, agency, cny(), accepted=False)
    run_pending(app)
    assert figures(db_session) == (2, 0, 0)
    messages = db_session.scalars(sa.select(OutgoingMessage).order_by(OutgoingMessage.account_id)).all()
    assert [m.account_id for m in messages] == accounts
    assert {(m.organisation_id, m.batch_id, m.purpose, m.attempt_id) for m in messages} == {
        (agency.id, batch_id, Purpose.NOTICE, None)
    }
    said = reveal_message(actor_of(make_user(Role.COMPLIANCE)), messages[0].id)
    assert "王小明您好" in said.text and "2005年7月1日委托恒通催收公司（电话010-55550100）" in said.text
    ask_export(desk.maker)
    run_pending(app)
    assert figures(db_session) == (2, 0, 2)
    notice = db_session.scalars(sa.select(EntrustingNotice)).one()
    assert notice.first_dispatched_at == notice.last_dispatched_at == NOON


def test_a_notice_may_be_a_letter(app: Flask, desk: placement.Desk, agency: Organisation, db_session: Session) -> None:
    chosen(Channel.LETTER)
    person = make_person()
    address = add_point(person.id, ContactKind.ADDRESS, "上海市浦东新区世纪大道1号")
    make_account(person)
    make_account(make_person())  # nobody knows where this one lives
    placement.placed(desk, agency, cny())
    run_pending(app)
    assert figures(db_session) == (1, 1, 0)
    assert db_session.scalars(sa.select(OutgoingMessage.contact_point_id)).all() == [address]


def test_a_batch_that_is_sent_without_a_text_says_so_and_its_notices_are_drawn_up_later(
    app: Flask, desk: placement.Desk, agency: Organisation, db_session: Session, client_for: Client
) -> None:
    make_account(make_person())
    batch_id = placement.placed(desk, agency, cny())
    run_pending(app)
    manager = make_user(Role.VENDOR_MANAGER, make_bank())
    page = client_for(manager).get(f"/batches/{batch_id}")
    assert "No notices were drawn up: no approved text is chosen for them." in page
    with pytest.raises(Refused) as refused:
        ask_notices(desk.maker, batch_id)
    assert refused.value.code == "notice.no_text"
    chosen()
    page = client_for(manager).get(f"/batches/{batch_id}")
    assert "No notices were drawn up when this batch was sent." in page
    page = page.client.post(f"/batches/{batch_id}/notices")
    run_pending(app)
    assert figures(db_session) == (1, 0, 0)
    assert "Drawn up" in client_for(manager).get(f"/batches/{batch_id}")
    with pytest.raises(Refused):
        ask_notices(desk.maker, batch_id)


def test_the_agency_sees_that_its_debtors_were_told(
    app: Flask, desk: placement.Desk, agency: Organisation, client_for: Client
) -> None:
    chosen()
    account_id = make_account(make_person())
    batch_id = placement.placed(desk, agency, cny())
    run_pending(app)
    ask_export(desk.maker)
    run_pending(app)
    leader = make_user(Role.AGENCY_LEADER, agency)
    assert "Went out" in client_for(leader).get(f"/batches/{batch_id}")
    assert "Notice of entrusting, exported" in client_for(leader).get(f"/queue/{account_id}")
    actor = actor_of(leader)
    with reading(actor) as session:
        account = session.scalars(sa.select(Account).where(Account.id == account_id)).one()
        titles = [str(event.title) for event in timeline_of(session, actor, account, date(2005, 7, 1))]
    assert titles == ["SMS: Notice of entrusting, exported"]  # the text is the bank's, and so is its name


def test_no_account_gets_a_second_notice_whoever_dies(
    app: Flask, desk: placement.Desk, agency: Organisation, db_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen()
    for _ in range(5):
        make_account(make_person())
    batch_id = placement.placed(desk, agency, cny())
    monkeypatch.setattr(notices, "_AT_ONCE", 2)
    done: list[int] = []

    def die(count: int) -> None:
        done.append(count)
        if len(done) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        draw_notices(desk.checker, batch_id, die)
    assert len(db_session.scalars(sa.select(OutgoingMessage.id)).all()) == 4
    run_pending(app)
    assert figures(db_session) == (5, 0, 0)
    assert draw_notices(desk.checker, batch_id) == 5
    assert len(db_session.scalars(sa.select(OutgoingMessage.id)).all()) == 5


def test_a_batch_that_comes_back_takes_its_notices_with_it(
    app: Flask, desk: placement.Desk, agency: Organisation, db_session: Session
) -> None:
    chosen()
    make_account(make_person())
    batch_id = placement.placed(desk, agency, cny(), accepted=False)
    run_pending(app)
    refuse_batch(placement.answerer(agency), batch_id, "no room")
    assert db_session.scalars(sa.select(OutgoingMessage.state)).all() == [MessageState.FAILED]
    with pytest.raises(Refused):
        ask_export(desk.maker)


def test_before_a_batch_is_accepted_its_agency_reads_nothing_of_its_people(
    app: Flask, desk: placement.Desk, agency: Organisation, client_for: Client, db_session: Session
) -> None:
    chosen()
    reference = db_session.get_one(Account, make_account(make_person())).account_ref
    batch_id = placement.placed(desk, agency, cny(), accepted=False)
    run_pending(app)
    leader = make_user(Role.AGENCY_LEADER, agency)
    message_id = db_session.scalars(sa.select(OutgoingMessage.id)).one()
    assert "No message has been drawn up yet." in client_for(leader).get("/messages")
    client_for(leader).get(f"/messages/{message_id}", status=404)
    for path in ("/messages", f"/batches/{batch_id}"):
        page = client_for(leader).get(path)
        assert reference not in page and "王" not in page and "138*" not in page, path
    client_for(leader).post(f"/messages/{message_id}/reveal", status=404)
    accept_batch(actor_of(leader), batch_id)
    assert reference in client_for(leader).get("/messages")
    assert reference in client_for(leader).get(f"/messages/{message_id}")


def test_a_lawyers_letter_is_no_entrusting(
    app: Flask, desk: placement.Desk, agency: Organisation, db_session: Session
) -> None:
    chosen()
    firm = make_law_firm("MH")
    make_contract(firm, kind=PlacementKind.LETTER, currency="CNY")
    make_account(make_person())
    placement.placed(desk, firm, cny(PlacementKind.LETTER))
    run_pending(app)
    assert db_session.scalars(sa.select(OutgoingMessage)).all() == []


def test_only_an_approved_text_is_chosen_and_one_that_is_withdrawn_is_used_no_more(
    app: Flask, desk: placement.Desk, agency: Organisation, db_session: Session
) -> None:
    text = chosen()
    with pytest.raises(DomainError):
        choose_notice(clerk(), text + 77)
    with pytest.raises(Refused):
        choose_notice(placement.answerer(agency), text)
    withdraw_text(clerk(), text, "wrong")
    make_account(make_person())
    placement.placed(desk, agency, cny())
    run_pending(app)
    assert db_session.scalars(sa.select(EntrustingNotice)).all() == []
    choose_notice(clerk(), None)


def test_a_text_with_a_gap_is_drawn_up_for_nobody(
    app: Flask, desk: placement.Desk, agency: Organisation, db_session: Session
) -> None:
    chosen()
    make_account(make_person())
    agency_without = make_agency("XX", phone="")
    make_contract(agency_without, currency="CNY")
    placement.placed(desk, agency_without, cny())
    run_pending(app)
    assert figures(db_session) == (0, 1, 0)
