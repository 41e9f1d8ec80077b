"""Which kinds can be noted for an account, by the rules that hold for its debtor today; the others are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.contact.wishes.effect import kinds_for
from portal.foundation.errors import DomainError
from portal.foundation.language import say

if TYPE_CHECKING:
    from portal.contact.conduct import Pack
    from portal.contact.wishes.kinds import Kind

__all__ = ["check_kind"]


def check_kind(kind: Kind, pack: Pack) -> None:
    """DomainError for a kind that belongs to another law: kept here it would look as if it bound somebody."""
    known = kinds_for(pack)
    if kind not in known:
        words = say(
            "The rules that hold for this debtor (%(pack)s) know nothing of “%(kind)s”. What can be noted: %(known)s.",
            pack=pack.id, kind=kind.value, known=", ".join(each.value for each in known),
        )  # fmt: skip
        raise DomainError("wish.kind", words, field="kind")
