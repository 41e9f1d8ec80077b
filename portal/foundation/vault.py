"""Personal data, encrypted with a key per person.

A person's key is derived from the environment's data key and a salt that is stored with the person. Destroying the salt
makes every sealed field of that person unreadable, in every row that ever held one, without touching the rows: evidence
survives erasure. Searching works by keyed hashes under another key.

A sealed field is `key id | nonce | AES-256-GCM ciphertext`; its purpose (`name`, `phone`) is authenticated, so that a
field cannot be moved to another column.
"""

from __future__ import annotations

import hmac
import os
from typing import TYPE_CHECKING

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.orm import Mapped, mapped_column

from portal.foundation.database import Model, key_column
from portal.foundation.visibility import PlacedPeople

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal.config import Settings

__all__ = ["PersonKey", "Vault", "VaultError"]

NONCE = 12
SALT = 16


class VaultError(Exception):
    """A sealed field does not open: wrong key, wrong purpose, or altered bytes. Never carries the content."""


class PersonKey(Model, PlacedPeople):
    """A person's salt. `salt` is null once the person is erased; the row stays, so that references hold."""

    __tablename__ = "person_key"
    id: Mapped[int] = key_column()
    # The customer whose key this is; no foreign key, since the customer's row is made after its key.
    placed_customer_id: Mapped[int | None] = mapped_column("customer_id", sa.BigInteger(), index=True)
    key_id: Mapped[str] = mapped_column(sa.String(16), comment="which data key of the environment")
    salt: Mapped[bytes | None] = mapped_column(sa.LargeBinary, comment="null: erased")


class Vault:
    """Seals and opens personal data; makes the hashes by which it is searched."""

    def __init__(self, settings: Settings) -> None:
        self._keys = settings.data_keys()
        self._current = next(iter(self._keys))
        self._search = settings.search_key_bytes()

    def new_key(self) -> PersonKey:
        """A fresh key for a person, under the environment's current data key."""
        return PersonKey(key_id=self._current, salt=os.urandom(SALT))

    def seal(self, key: PersonKey, text: str, purpose: str) -> bytes:
        """Encrypt a field of a person. VaultError if the person is erased."""
        return self.sealer(key)(text, purpose)

    def sealer(self, key: PersonKey) -> Callable[[str, str], bytes]:
        """Encrypts fields of one person, `sealer(key)(text, purpose)`: the person's key is derived once for all of them.

        VaultError if the person is erased.
        """
        return _sealer(self._person(key), key.key_id)

    def open(self, key: PersonKey, sealed: bytes | None, purpose: str) -> str | None:
        """Decrypt a field; None where nothing was sealed or the person is erased. VaultError if it was altered."""
        if sealed is None or key.salt is None:
            return None
        return self._open(self._person(key), sealed, purpose)

    def seal_content(self, key: PersonKey, content: bytes, purpose: str) -> bytes:
        """Encrypt a file about a person, whole, before it goes into the storage. VaultError if the person is erased."""
        return _seal(self._person(key), key.key_id, content, purpose)

    def open_content(self, key: PersonKey, sealed: bytes, purpose: str) -> bytes | None:
        """Decrypt what `seal_content` made; None where the person is erased. VaultError if it was altered."""
        return None if key.salt is None else self._opened(self._person(key), sealed, purpose)

    def seal_secret(self, text: str, purpose: str) -> bytes:
        """Encrypt a secret that belongs to no customer (a one-time-code seed)."""
        return _sealer(self._derived(self._current, b"secret"), self._current)(text, purpose)

    def open_secret(self, sealed: bytes, purpose: str) -> str:
        """Decrypt what `seal_secret` made."""
        key_id = sealed[1 : 1 + sealed[0]].decode()
        return self._open(self._derived(key_id, b"secret"), sealed, purpose)

    def fingerprint(self, kind: str, value: str) -> bytes:
        """The keyed hash under which a value (`phone`, `id_no`, `name`) is found again; 16 bytes."""
        folded = "".join(value.split()).casefold().encode()
        return hmac.digest(self._search, kind.encode() + b"\0" + folded, "sha256")[:16]

    def _person(self, key: PersonKey) -> bytes:
        if key.salt is None:
            raise VaultError("this person is erased")
        return self._derived(key.key_id, b"person" + key.salt)

    def _derived(self, key_id: str, context: bytes) -> bytes:
        try:
            data_key = self._keys[key_id]
        except KeyError as error:
            raise VaultError(f"PORTAL_DATA_KEY does not hold key {key_id!r}") from error
        return hmac.digest(data_key, context, "sha256")

    def _open(self, key: bytes, sealed: bytes, purpose: str) -> str:
        return self._opened(key, sealed, purpose).decode()

    @staticmethod
    def _opened(key: bytes, sealed: bytes, purpose: str) -> bytes:
        start = 1 + sealed[0]
        nonce, content = sealed[start : start + NONCE], sealed[start + NONCE :]
        try:
            return AESGCM(key).decrypt(nonce, content, purpose.encode())
        except InvalidTag as error:
            raise VaultError(f"a sealed {purpose} does not open") from error


def _sealer(key: bytes, key_id: str) -> Callable[[str, str], bytes]:
    """Every field under a nonce of its own; the head names the data key."""
    name = key_id.encode()
    head, encrypt = bytes([len(name)]) + name, AESGCM(key).encrypt

    def seal(text: str, purpose: str) -> bytes:
        nonce = os.urandom(NONCE)
        return head + nonce + encrypt(nonce, text.encode(), purpose.encode())

    return seal


def _seal(key: bytes, key_id: str, content: bytes, purpose: str) -> bytes:
    """One content under a nonce of its own, in the form of a sealed field."""
    name, nonce = key_id.encode(), os.urandom(NONCE)
    return bytes([len(name)]) + name + nonce + AESGCM(key).encrypt(nonce, content, purpose.encode())
