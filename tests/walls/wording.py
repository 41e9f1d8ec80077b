"""Texts and messages of both sides: approved ones, a draft, one that waits; what was sent, exported and told by notice."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.contact.messages.dispatch import EXPORT_FILES, ask_export
from portal.contact.messages.models import OutgoingMessage
from portal.contact.messages.operations import send_message
from portal.contact.messages.settings import choose_notice, choose_reminders
from portal.contact.messages.texts import Content, TextDetails, approve_text, make_text, submit_text
from portal.contact.models import Channel
from portal.contact.wording import Purpose
from portal.foundation.access import Role
from portal.foundation.jobs import run_pending
from portal.foundation.work import reading, transaction
from portal.placement.models import Placement
from portal.portfolio.models import Account, ContactKind, ContactPoint
from portal.vendors.models import StaffMember
from tests.contact.message_factories import DEMAND, NOTICE, REMINDER
from tests.identity.factories import observer
from tests.walls.world import SIDES

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from tests.walls.world import World

__all__ = ["messages_of_both_sides", "notice_that_goes_out"]


def notice_that_goes_out(world: World) -> None:
    """The bank's notice, with which every batch from here on is told of."""
    bank = world.person(Role.VENDOR_MANAGER).actor
    words = NOTICE.replace("{bank_phone}", "{phone}")
    choose_notice(bank, _approved(world, bank, "BANK", words, Purpose.NOTICE, "BANK-NOTICE"))


def messages_of_both_sides(world: World) -> None:
    """Each agency has a text that it may send and has sent, one that reminds, one that waits, and a draft; the bank has
    taken the outbox away."""
    for side in SIDES:
        code = f"{side.mark}AG"
        leader = world.person(Role.AGENCY_LEADER, code).actor
        text = _approved(world, leader, code, DEMAND, Purpose.DEMAND, f"{code}-SENT")
        choose_reminders(leader, 2, _approved(world, leader, code, REMINDER, Purpose.REMINDER, f"{code}-REMINDER"))
        for name in ("WAITS", "DRAFT"):
            template_id = make_text(leader, _details(f"{code}-{name}", Purpose.DEMAND), Content(DEMAND))
            world.keep("text", code, template_id)
            if name == "WAITS":
                submit_text(leader, template_id)
        _send(world.person(Role.AGENCY_STAFF, code).actor, f"{side.mark}-WORKED-2", text)
    _export(world)


def _export(world: World) -> None:
    export_id = ask_export(world.person(Role.VENDOR_MANAGER).actor)
    run_pending(world.app)
    world.keep("export", "BANK", export_id)
    for name in EXPORT_FILES:
        world.keep("file of an export", "BANK", export_id, name)
    codes = {organisation.id: code for code, organisation in world.organisations.items()}
    wanted = sa.select(OutgoingMessage, Placement).join(Placement, Placement.id == OutgoingMessage.placement_id)
    with reading(observer()) as session:
        for message, placement in session.execute(wanted):
            code = codes[message.organisation_id]
            world.keep("message", code, message.id)
            opened = placement.accepted_at is not None and placement.ended_at is None
            place = world.things if opened else world.shut  # whoever does not hold the account reads no text
            place.setdefault("open message", []).append((code, (message.id,)))


def _approved(world: World, writer: Actor, owner: str, words: str, purpose: Purpose, code: str) -> int:
    template_id = make_text(writer, _details(code, purpose), Content(words))
    submit_text(writer, template_id)
    approve_text(world.person(Role.COMPLIANCE, locale="zh_Hans").actor, template_id, 1)
    world.keep("text", owner, template_id)
    return template_id


def _details(code: str, purpose: Purpose) -> TextDetails:
    return TextDetails(code, f"{code} text", Channel.SMS, purpose, "zh_Hans")


def _send(staff: Actor, reference: str, template_id: int) -> None:
    with transaction(observer()) as work:
        work.session.add(
            StaffMember(
                organisation_id=staff.organisation_id, user_id=staff.user_id, name=staff.name, employee_no="S-1",
                started_on=date(2005, 1, 1), created_at=work.now,
            )
        )  # fmt: skip
    with reading(staff) as session:
        account = session.scalars(sa.select(Account).where(Account.account_ref == reference)).one()
        points = sa.select(ContactPoint.id).where(ContactPoint.customer_id == account.customer_id)
        point = session.scalars(points.where(ContactPoint.kind == ContactKind.PHONE)).first()
        account_id = account.id
    send_message(staff, account_id, template_id, 1, point or 0)
