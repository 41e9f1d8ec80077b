"""The vault: a key per person, purposes that do not mix, erasure that nothing undoes, keys that can change."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.config import Settings
from portal.foundation.vault import PersonKey, Vault, VaultError


def key(name: str) -> str:
    return f"{name}:" + base64.b64encode(hashlib.sha256(name.encode()).digest()).decode()


VAULT = Vault(Settings(data_key=key("one")))


@given(st.text())
def test_what_is_sealed_opens_as_it_was_and_never_twice_the_same(text: str) -> None:
    person = VAULT.new_key()
    first, second = VAULT.seal(person, text, "name"), VAULT.seal(person, text, "name")

    assert VAULT.open(person, first, "name") == text
    assert first != second


def test_another_person_another_purpose_or_a_changed_byte_does_not_open() -> None:
    person, other = VAULT.new_key(), VAULT.new_key()
    sealed = VAULT.seal(person, "王小明", "name")

    for who, what, purpose in (
        (other, sealed, "name"),
        (person, sealed, "phone"),
        (person, sealed[:-1] + bytes([sealed[-1] ^ 1]), "name"),
    ):
        with pytest.raises(VaultError) as error:
            VAULT.open(who, what, purpose)
        assert "王" not in str(error.value)


def test_an_erased_person_opens_to_nothing_and_takes_nothing_new() -> None:
    person = VAULT.new_key()
    sealed = VAULT.seal(person, "王小明", "name")

    person.salt = None

    assert VAULT.open(person, sealed, "name") is None
    with pytest.raises(VaultError):
        VAULT.seal(person, "again", "name")


def test_a_new_data_key_seals_and_the_old_one_still_opens() -> None:
    person = VAULT.new_key()
    sealed = VAULT.seal(person, "王小明", "name")
    rotated = Vault(Settings(data_key=f"{key('two')},{key('one')}"))

    assert rotated.open(person, sealed, "name") == "王小明"
    assert rotated.new_key().key_id == "two"
    assert rotated.fingerprint("name", "王小明") == VAULT.fingerprint("name", "王小明")
    with pytest.raises(VaultError, match="one"):
        Vault(Settings(data_key=key("two"))).open(person, sealed, "name")


def test_hashes_are_found_by_whole_values_of_one_kind_under_one_key() -> None:
    assert VAULT.fingerprint("name", " Anna  LEE ") == VAULT.fingerprint("name", "annalee")
    assert VAULT.fingerprint("name", "5678") != VAULT.fingerprint("phone", "5678")
    assert VAULT.fingerprint("phone", "5678") != Vault(Settings(data_key=key("two"))).fingerprint("phone", "5678")
    assert len(VAULT.fingerprint("name", "x")) == 16


def test_secrets_that_belong_to_nobody_are_sealed_too() -> None:
    sealed = VAULT.seal_secret("JBSWY3DP", "totp")

    assert b"JBSWY3DP" not in sealed
    assert VAULT.open_secret(sealed, "totp") == "JBSWY3DP"
    with pytest.raises(VaultError):
        VAULT.open_secret(sealed, "other")


def test_nothing_sealed_opens_to_nothing() -> None:
    assert VAULT.open(PersonKey(key_id="one", salt=b"x" * 16), None, "id_no") is None
