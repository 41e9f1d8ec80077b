"""A person's data: sealed wherever it lies, found by whole values, shown by click and recorded, gone when erased."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.foundation.access import Role
from portal.foundation.audit import AuditEvent
from portal.foundation.errors import NotFound
from portal.foundation.services import services
from portal.foundation.vault import PersonKey
from portal.foundation.work import reading, transaction
from portal.portfolio.models import Account, ContactKind, ContactPoint, Customer
from portal.portfolio.queries import found_accounts
from portal.portfolio.reveal import reveal_contact_point, reveal_identity_number, reveal_name
from tests.identity.factories import actor_of, make_agency, make_user, observer
from tests.portfolio.bringing import bring_accounts, sender
from tests.portfolio.intake.files import TODAY, accounts_file

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.config import Settings

pytestmark = [pytest.mark.settings(today=TODAY), pytest.mark.usefixtures("app")]

NAME, ID_NO, PHONE, EMAIL, STREET = (
    "欧阳慕容雪",
    "11010519491231002X",
    "13912345678",
    "xue@example.com",
    "长安街九十九号",
)
PERSON = {
    "name": NAME, "id_no": ID_NO, "phone_1": PHONE, "phone_2": "010-85295678转801", "phone_2_relation": "单位",
    "email": EMAIL, "address": f"北京市东城区{STREET}",
}  # fmt: skip


def found(words: str) -> list[str]:
    with reading(observer()) as session:
        return [account.account_ref for account in found_accounts(session, observer(), services().vault, words)]


def customer_of(session: Session, reference: str = "A-1") -> int:
    return session.scalars(sa.select(Account.customer_id).where(Account.account_ref == reference)).one()


def erase(customer_id: int) -> None:
    with transaction(observer()) as work:
        key = work.session.scalars(
            sa.select(PersonKey)
            .join(Customer, Customer.person_key_id == PersonKey.id)
            .where(Customer.id == customer_id)
        ).one()
        key.salt = None


@pytest.mark.databases("sqlite")
def test_nothing_of_a_person_lies_in_clear_in_the_database_or_the_files(settings: Settings) -> None:
    bring_accounts(accounts_file(PERSON, {"name": NAME, "days_past_due": "never"}))

    written = b"".join(path.read_bytes() for path in Path(settings.home).rglob("*") if path.is_file())

    assert b"A-1" in written
    for secret in (NAME, ID_NO, PHONE, PHONE[3:], "85295678", EMAIL, STREET):
        assert secret.encode() not in written, secret


@pytest.mark.parametrize(
    "words",
    ["A-1", "C-1", NAME, f" {NAME} ", ID_NO, ID_NO.lower(), PHONE, "+86 139 1234 5678", "5678", "010 8529 5678"],
)
def test_a_person_is_found_by_whole_values(words: str) -> None:
    bring_accounts(accounts_file(PERSON, {"phone_1": "13800138111"}))

    assert found(words) == ["A-1"]


@pytest.mark.parametrize("words", ["", "欧阳", "1391234", "8529567", "A-", "%", "0"])
def test_parts_and_patterns_find_nobody(words: str) -> None:
    bring_accounts(accounts_file(PERSON))

    assert found(words) == []


def test_an_agency_finds_and_sees_nobody_whose_account_it_does_not_hold(db_session: Session) -> None:
    bring_accounts(accounts_file(PERSON))
    stranger = actor_of(make_user(Role.AGENCY_STAFF, make_agency()))
    point = db_session.scalars(sa.select(ContactPoint.id).order_by(ContactPoint.id)).first()
    assert point

    with reading(stranger) as session:
        assert found_accounts(session, stranger, services().vault, NAME) == []
    for look in (
        lambda: reveal_name(stranger, customer_of(db_session)),
        lambda: reveal_identity_number(stranger, customer_of(db_session)),
        lambda: reveal_contact_point(stranger, point),
    ):
        with pytest.raises(NotFound):
            look()
    assert not db_session.scalar(sa.select(sa.func.count()).where(AuditEvent.action == "person.revealed"))


def test_each_look_is_answered_in_full_and_recorded_without_the_value(db_session: Session) -> None:
    bring_accounts(accounts_file(PERSON))
    actor, customer_id = sender(), customer_of(db_session)
    kinds = db_session.scalars(sa.select(ContactPoint).order_by(ContactPoint.position, ContactPoint.id)).all()

    shown = [reveal_contact_point(actor, point.id) for point in kinds]

    assert [point.kind for point in kinds] == [
        ContactKind.PHONE, ContactKind.PHONE, ContactKind.EMAIL, ContactKind.ADDRESS
    ]  # fmt: skip
    assert shown == [f"+86{PHONE}", "+861085295678;ext=801", EMAIL, f"北京市东城区{STREET}"]
    assert (reveal_name(actor, customer_id), reveal_identity_number(actor, customer_id)) == (NAME, ID_NO)
    events = db_session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "person.revealed")).all()
    assert len(events) == 6
    assert {event.actor_user_id for event in events} == {actor.user_id}
    told = str([(event.details, event.before, event.after) for event in events])
    assert not [secret for secret in (NAME, ID_NO, PHONE, EMAIL, STREET) if secret in told]


def test_an_erased_person_is_unreadable_and_the_rows_stand(db_session: Session) -> None:
    bring_accounts(accounts_file(PERSON))
    customer_id = customer_of(db_session)

    erase(customer_id)

    with pytest.raises(NotFound):
        reveal_name(sender(), customer_id)
    assert db_session.scalar(sa.select(sa.func.count()).select_from(ContactPoint)) == 4


def test_a_later_file_brings_nothing_back_of_an_erased_person(db_session: Session) -> None:
    bring_accounts(accounts_file(PERSON))
    customer_id = customer_of(db_session)
    erase(customer_id)

    summary = bring_accounts(accounts_file(PERSON | {"phone_3": "13700000001", "principal": "7"}))

    assert summary["updated"] == 1
    assert db_session.scalar(sa.select(sa.func.count()).select_from(ContactPoint)) == 4
    with pytest.raises(NotFound):
        reveal_name(sender(), customer_id)


@pytest.mark.parametrize(
    ("row", "zone"),
    [
        ({"region": "上海市"}, "Asia/Shanghai"),
        ({}, "Asia/Shanghai"),
        ({"currency": "TWD", "phone_1": "+886912345678"}, ""),
        ({"region": "TW", "currency": "TWD", "phone_1": "+886912345678"}, "Asia/Taipei"),
        ({"region": "US-MA", "currency": "USD", "phone_1": "+16175550100"}, ""),
    ],
)
def test_a_persons_zone_is_known_from_the_region_or_stays_unknown(
    row: dict[str, str], zone: str, db_session: Session
) -> None:
    bring_accounts(accounts_file(row))

    assert db_session.scalars(sa.select(Customer.time_zone)).one() == zone
