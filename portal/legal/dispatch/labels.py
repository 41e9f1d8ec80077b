"""Words for where letters are on their way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.foundation.language import _l
from portal.foundation.states import StateTag
from portal.legal.dispatch.queries import Standing
from portal.legal.dispatch.terms import MailResult

if TYPE_CHECKING:
    from portal.legal.dispatch.models import LetterDispatch, LetterResult

__all__ = ["RESULTS", "ROWS", "WAYS", "way_tag"]

RESULTS = {
    MailResult.DELIVERED: StateTag("delivered", _l("delivered"), "good"),
    MailResult.RETURNED: StateTag("returned", _l("sent back"), "bad"),
    MailResult.REFUSED: StateTag("refused", _l("not accepted"), "bad"),
    MailResult.UNCLAIMED: StateTag("unclaimed", _l("not fetched"), "wait"),
}
ROWS = {
    Standing.STANDS: StateTag("stands", _l("stands"), "good"),
    Standing.CORRECTED: StateTag("corrected", _l("corrected since")),
    Standing.TAKEN_BACK: StateTag("taken_back", _l("taken back since"), "bad"),
    Standing.TAKES_BACK: StateTag("takes_back", _l("taken back")),
}
WAYS = {
    "to_send": StateTag("to_send", _l("to be sent"), "wait"),
    "waiting": StateTag("waiting", _l("waits for a result"), "go"),
    **{result.value: tag for result, tag in RESULTS.items()},
    "void": StateTag("void", _l("void"), "bad"),
}


def way_tag(dispatch: LetterDispatch | None, result: LetterResult | None, *, void: bool) -> StateTag:
    """Where a numbered letter of a ready pack is."""
    if result is not None:
        return RESULTS[result.result]
    if dispatch is not None:
        return WAYS["waiting"]
    return WAYS["void" if void else "to_send"]
