"""A person of a file as sealed rows: contact points, and the hashes by which the person is found again."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from portal.portfolio.masking import mask_address, mask_email, mask_phone
from portal.portfolio.models import ContactKind, ContactSource, ContactStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from portal.foundation.vault import PersonKey, Vault
    from portal.portfolio.intake import AccountRow

__all__ = ["contact_rows", "index_rows", "phone_prints", "phone_text", "time_zone_of"]

# As they stand in the rows of a file of a million people.
_PHONE, _EMAIL, _ADDRESS = ContactKind.PHONE.value, ContactKind.EMAIL.value, ContactKind.ADDRESS.value
_RESERVED, _UNCHECKED = ContactSource.RESERVED.value, ContactStatus.UNCHECKED.value
# Where one zone serves the whole country. Elsewhere the zone has to be known from the region, or is the bank's.
_ZONES = {"CN": "Asia/Shanghai", "TW": "Asia/Taipei", "HK": "Asia/Hong_Kong", "MO": "Asia/Macau", "GB": "Europe/London"}


def time_zone_of(row: AccountRow) -> str:
    """The zone in which this person's days are counted; empty where neither region nor currency tells.

    Only an account in CNY stands for a person in China; for any other the missing zone stays a missing fact.
    """
    if row.region:
        return _ZONES.get(row.region.split("-")[0], "")
    return _ZONES["CN"] if row.currency == "CNY" else ""


def phone_text(number: str, extension: str) -> str:
    """A number with its extension, as it is sealed and shown: `+861012345678;ext=801`."""
    return f"{number};ext={extension}" if extension else number


def contact_rows(
    vault: Vault, customer_id: int, key: PersonKey, row: AccountRow, now: datetime
) -> Iterator[tuple[Any, ...]]:
    """Values of `ContactPoint` rows, in the order that the import writes them."""

    seal = vault.sealer(key)

    def point(kind: str, value: str, masked: str, relation: str, position: int, field: str) -> tuple[Any, ...]:
        return (
            customer_id, kind, relation, seal(value, kind), masked[:120], vault.fingerprint(kind, value),
            row.postcode if kind == _ADDRESS else "", _RESERVED, _UNCHECKED, position, field in row.made_up, now,
        )  # fmt: skip

    for entry in row.phones:
        text = phone_text(entry.phone.number, entry.phone.extension)
        masked = mask_phone(entry.phone.number) + (f" ext {entry.phone.extension}" if entry.phone.extension else "")
        yield point(_PHONE, text, masked, entry.relation, entry.position, f"phone_{entry.position}")
    if row.email:
        yield point(_EMAIL, row.email, mask_email(row.email), "self", 8, "email")
    if row.address:
        yield point(_ADDRESS, row.address, mask_address(row.address), "self", 9, "address")


def index_rows(vault: Vault, customer_id: int, row: AccountRow) -> Iterator[tuple[int, str, bytes]]:
    """Values of `PersonIndex` rows: name, identity number, whole phone numbers and their last four digits."""
    yield customer_id, "name", vault.fingerprint("name", row.name)
    if row.id_no:
        yield customer_id, "id_no", vault.fingerprint("id_no", row.id_no)
    for entry in row.phones:
        for kind, mark in phone_prints(vault, entry.phone.number):
            yield customer_id, kind, mark


def phone_prints(vault: Vault, text: str) -> Iterator[tuple[str, bytes]]:
    """By what a phone is found, of `phone_text`: the whole number without its extension, and its last four digits."""
    number = text.partition(";")[0]
    yield "phone", vault.fingerprint("phone", number)
    yield "phone_last4", vault.fingerprint("phone_last4", number[-4:])
