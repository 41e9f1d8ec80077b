"""The hash a lawyer approves."""

from __future__ import annotations

from decimal import Decimal

from letters import content_hash
from letters.content import hash_of
from tests.letters.factories import head, letter, template

GOLDEN = "e1c6be064ed22783d3b73d07b9afdce9045edd09d5d64ca247f30342bf36ef1b"


def test_the_hash_of_known_content_never_changes() -> None:
    assert hash_of("lawyer-letter-zh", "1.0.0+0", "fonts/0", {"issued_on": "2026-11-22"}, letter()) == GOLDEN


def test_the_number_is_no_part_of_what_is_approved() -> None:
    assert content_hash(template(), head(), letter()) == content_hash(template(), head(), letter(letter_no=None))


def test_the_order_of_keys_and_the_type_of_an_amount_do_not_matter() -> None:
    turned = dict(reversed(letter(total=Decimal("52838.95")).items()))
    assert content_hash(template(), head(), turned) == content_hash(template(), head(), letter())


def test_everything_else_is_part_of_it() -> None:
    first = content_hash(template(), head(), letter())
    others = [
        content_hash(template(), head(), letter(debtor_name="王炜")),
        content_hash(template(), head(), letter(postcode=None)),
        content_hash(template(), head(pay_within_days=8), letter()),
        hash_of("lawyer-letter-zh", "another", "fonts/0", head(), letter()),
        hash_of("lawyer-letter-zh", "1.0.0+0", "another", head(), letter()),
    ]
    assert len({first, *others}) == 6
