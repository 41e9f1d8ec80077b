"""Numbers and addresses as agencies write them: read, and those that they found kept with where and on what ground."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.exc import IntegrityError

from portal.contact import queries
from portal.contact.outcomes import PARTIES
from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, Faults, NotFound
from portal.foundation.language import say
from portal.foundation.phones import parse_phone
from portal.foundation.values import card_number_in, parse_email, plain
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.portfolio.found_points import FoundBy, add_found_point
from portal.portfolio.intake.layout import LAWFUL_GROUNDS
from portal.portfolio.intake.regions import country_of
from portal.portfolio.masking import mask_address, mask_email, mask_phone
from portal.portfolio.models import ContactKind, ContactPoint, ContactSource, ContactStatus
from portal.portfolio.people import phone_text

if TYPE_CHECKING:
    from collections.abc import Collection

    from portal.foundation.access import Actor
    from portal.foundation.language import Message
    from portal.foundation.work import Work

__all__ = [
    "GROUNDS",
    "LONGEST_SOURCE",
    "LONGEST_VALUE",
    "WANTED",
    "Find",
    "keep_found_point",
    "mark_point",
    "mark_points",
    "read_point",
]

LONGEST_SOURCE: Final = 200
LONGEST_VALUE: Final = 400
# What is wanted of each kind, to who wrote something else.
WANTED: Final[dict[ContactKind, Message]] = {
    ContactKind.PHONE: say(
        "This is no telephone number: write a mobile number in full, a fixed line with its area code (010-12345678), a number "
        "abroad with + and its country."
    ),
    ContactKind.EMAIL: say("This is no e-mail address: write it as name@example.com."),
    ContactKind.ADDRESS: say("This is no address: write it as it stands on a letter."),
}
GROUNDS: Final = tuple(dict.fromkeys(LAWFUL_GROUNDS.values()))


@dataclass(frozen=True, kw_only=True)
class Find:
    """A contact point that is not on file: whose it is, where it was found in words, and on which lawful ground."""

    kind: ContactKind
    value: str
    relation: str
    source: str
    ground: str


def read_point(kind: ContactKind, text: str, region: str) -> tuple[str, str]:
    """A contact point as it is kept, and masked. `region`: where the account is, for numbers without their country.

    ValueError where it cannot be read.
    """
    if kind is ContactKind.PHONE:
        phone = parse_phone(text, country_of(region) or "CN")
        extension = f" ext {phone.extension}" if phone.extension else ""
        return phone_text(phone.number, phone.extension), mask_phone(phone.number) + extension
    if kind is ContactKind.EMAIL:
        address = parse_email(plain(text))
        return address, mask_email(address)
    return text, mask_address(text)


def keep_found_point(actor: Actor, account_id: int, find: Find) -> tuple[ContactPoint, bool]:
    """The person's contact point of this value, made if it is not on file; whether it is new.

    Raises NotFound for an account that the actor's organisation does not hold, DomainError (all at once) for a value that
    cannot be read, and where relation, source or lawful ground is missing.
    """
    demand(actor, Permission.QUEUE_WORK)
    try:
        return _keep(actor, account_id, find)
    except IntegrityError:  # somebody else found it in the same moment: now it is on file
        return _keep(actor, account_id, find)


def _keep(actor: Actor, account_id: int, find: Find) -> tuple[ContactPoint, bool]:
    with transaction(actor) as work:
        held = queries.held_account(work.session, actor, account_id)
        if held is None:
            raise NotFound
        placement, account, customer = held
        value, masked = _checked(find, account.region)
        by = FoundBy(placement.organisation_id, find.source.strip(), find.ground)
        point, is_new = add_found_point(work, customer, find.kind, value, masked, find.relation, by)
        work.session.refresh(point)
        work.session.expunge(point)
        return point, is_new


def mark_points(actor: Actor, point_ids: Collection[int], status: ContactStatus) -> int:
    """The bank says of contact points that were found whether they serve; how many it changed. Each is audited."""
    demand(actor, Permission.HOLDS_MANAGE)
    with transaction(actor) as work:
        found = work.session.scalars(
            visible(ContactPoint, actor)
            .where(ContactPoint.id.in_(point_ids), ContactPoint.source == ContactSource.FOUND)
            .order_by(ContactPoint.id)
        )
        changed = [point for point in found if point.status is not status]
        for point in changed:
            mark_point(work, point, status)
        return len(changed)


def mark_point(work: Work, point: ContactPoint, status: ContactStatus, **details: Any) -> None:
    """Within another operation: whether a contact point serves, audited with what it is known by."""
    before, point.status = point.status, status
    work.audit(
        "contact_point.marked", point, before={"status": before.value}, after={"status": status.value}, **details
    )


def _checked(find: Find, region: str) -> tuple[str, str]:
    faults = Faults()
    read = faults.read(lambda: _value(find, region), ("", ""))
    faults.read(lambda: _origin(find), None)
    faults.tell()
    return read


def _value(find: Find, region: str) -> tuple[str, str]:
    text = find.value.strip()
    if not text or len(text) > LONGEST_VALUE:
        words = say("Write the number or address in at most %(most)s characters.", most=LONGEST_VALUE)
        raise DomainError("contact_point.value", words, field="value")
    _refuse_card_number(text, "value")
    try:
        return read_point(find.kind, text, region)
    except ValueError:
        raise DomainError("contact_point.value", WANTED[find.kind], field="value") from None


def _origin(find: Find) -> None:
    if find.relation not in PARTIES:
        raise DomainError("contact_point.relation", say("Choose from the list whose it is."), field="relation")
    source = find.source.strip()
    if not source or len(source) > LONGEST_SOURCE:
        words = say("Say in at most %(most)s characters where it was found.", most=LONGEST_SOURCE)
        raise DomainError("contact_point.source", words, field="source")
    _refuse_card_number(source, "source")
    if find.ground not in GROUNDS:
        words = say("Choose the lawful ground on which it may be used.")
        raise DomainError("contact_point.lawful_ground", words, field="lawful_ground")


def _refuse_card_number(text: str, field: str) -> None:
    if card_number_in(text):
        words = say("A full card number; send the token and the last four digits.")
        raise DomainError("contact_point.card_number", words, field=field)
