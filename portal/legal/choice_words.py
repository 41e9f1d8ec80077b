"""What a pack was built of, in words for its page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.foundation.formats import bucket, money
from portal.foundation.language import say, translate
from portal.legal.choosing import Selection
from portal.portfolio.region_names import region_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from portal.legal.models import LetterPack

__all__ = ["choice_words"]


def choice_words(pack: LetterPack) -> str:
    """Which accounts of the batch were taken."""
    found = list(_words(Selection.from_data(pack.criteria), pack.currency))
    return "; ".join(found) if found else translate(say("all that were in no pack yet"))


def _words(selection: Selection, currency: str) -> Iterator[str]:
    asked = selection.conditions
    if selection.buckets:
        yield ", ".join(bucket(name) for name in selection.buckets)
    if selection.balance_from is not None:
        yield translate(say("balance from %(amount)s", amount=money(selection.balance_from, currency)))
    if selection.balance_to is not None:
        yield translate(say("balance up to %(amount)s", amount=money(selection.balance_to, currency)))
    if asked.days_from is not None:
        yield translate(say("from %(days)s days past due", days=asked.days_from))
    if asked.days_to is not None:
        yield translate(say("up to %(days)s days past due", days=asked.days_to))
    if asked.regions:
        yield region_names(asked.regions)
    if asked.products:
        yield ", ".join(asked.products)
    if selection.without_holds:
        yield translate(say("without a hold"))
    if selection.again:
        yield translate(say("written again where a letter was left out, void or came back"))
