"""Words that people write: no longer than there is room for, and without the number of a card."""

from __future__ import annotations

from portal.foundation.errors import DomainError
from portal.foundation.language import Message, say
from portal.foundation.values import card_number_in

__all__ = ["check_free_text", "given_reason"]


def check_free_text(text: str, most: int, code: str, field: str) -> None:
    """DomainError `code`.long or `code`.card, naming the field. Whoever needs a card can be asked for its last four digits."""
    if len(text) > most:
        raise DomainError(f"{code}.long", say("Say it in at most %(most)s characters.", most=most), field=field)
    if card_number_in(text):
        raise DomainError(f"{code}.card", say("Leave card numbers out."), field=field)


def given_reason(text: str, most: int, code: str, needed: Message, field: str = "reason") -> str:
    """Why somebody did something, without the spaces around it; never cut off.

    DomainError `code` with the words `needed` where nothing is said, and what `check_free_text` refuses.
    """
    reason = text.strip()
    if not reason:
        raise DomainError(code, needed, field=field)
    check_free_text(reason, most, code, field)
    return reason
