"""Approved texts and people of both sides, for the tests of what is written to debtors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.contact.messages.texts import Content, TextDetails, approve_text, make_text, submit_text
from portal.contact.models import Channel
from portal.contact.wording import Purpose
from portal.foundation.access import Role
from portal.foundation.work import transaction
from portal.portfolio.models import ContactKind, ContactPoint, ContactSource, Customer
from portal.vendors.models import StaffMember
from tests.contact.factories import ACCEPTED
from tests.identity.factories import actor_of, make_bank, make_user, observer

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from tests.contact.factories import Desk

DEMAND = (
    "【{bank}】{name}您好，{agency}（工号{staff_number}）受{bank}委托提醒您：尾号{account_tail}的信用卡截至{as_of}应还{amount}，请尽快还款。"
    "如有疑问请致电{phone}。"
)
REMINDER = (
    "【{bank}】{name}您好，{agency}受{bank}委托提醒您：您承诺于{promise_on}还款{promise_amount}。咨询电话{phone}。"
)
NOTICE = "【{bank}】{name}您好，您尾号{account_tail}的信用卡账户已于{placed_on}委托{agency}（电话{phone}）催收。如有疑问请致电我行{bank_phone}。"
MAIL = "{name}您好：\n{agency}（工号{staff_number}）受{bank}委托与您联系，请致电{phone}。"
_made = iter(range(1, 10_000))


def clerk(role: Role = Role.VENDOR_MANAGER) -> Actor:
    """Somebody new at the bank, which has a telephone."""
    bank = make_bank(phone="95500")
    return actor_of(make_user(role, bank))


def leader_of(desk: Desk) -> Actor:
    """A new leader of the desk's agency."""
    return actor_of(make_user(Role.AGENCY_LEADER, desk.agency))


def details(purpose: Purpose = Purpose.DEMAND, channel: Channel = Channel.SMS, **fields: Any) -> TextDetails:
    number = next(_made)
    usual: dict[str, Any] = {"code": f"T-{number:04d}", "name": f"Text {number}", "language": "zh_Hans"}
    return TextDetails(purpose=purpose, channel=channel, **(usual | fields))


def make_approved(
    actor: Actor, text: str = DEMAND, purpose: Purpose = Purpose.DEMAND, channel: Channel = Channel.SMS, **fields: Any
) -> int:
    """A text of the actor's organisation that may be sent; its key."""
    subject = fields.pop("subject", "")
    template_id = make_text(actor, details(purpose, channel, **fields), Content(text, subject))
    submit_text(actor, template_id)
    approve_text(clerk(), template_id, 1)
    return template_id


def register_staff(desk: Desk, number: str = "HT-007") -> None:
    """The desk's person stands in the staff register, and the agency has a telephone."""
    with transaction(observer()) as work:
        work.session.add(
            StaffMember(
                organisation_id=desk.agency.id, user_id=desk.user.id, name=desk.user.name, employee_no=number,
                started_on=ACCEPTED.date(), created_at=ACCEPTED,
            )
        )  # fmt: skip


def add_point(person_id: int, kind: ContactKind, value: str, position: int = 8) -> int:
    """An e-mail or postal address of the person's own."""
    with transaction(observer()) as work:
        customer = work.session.get_one(Customer, person_id)
        point = ContactPoint(
            customer_id=person_id, kind=kind, relation="self", value_sealed=work.vault.seal(customer.person_key, value, kind.value),
            value_masked=value[:2] + "****", value_hash=work.vault.fingerprint(kind.value, value), postcode="200120",
            source=ContactSource.RESERVED, position=position, made_up=True, created_at=ACCEPTED,
        )  # fmt: skip
        work.session.add(point)
        work.session.flush()
        return point.id


__all__ = [
    "DEMAND", "MAIL", "NOTICE", "REMINDER", "add_point", "clerk", "details",
    "leader_of", "make_approved", "register_staff",
]  # fmt: skip
