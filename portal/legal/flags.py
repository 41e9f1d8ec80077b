"""Why a letter stands aside, is left out or is void: a code with its facts, kept with the letter, and words for both.

`hold.<flag>` names a hold; codes with a dot that begin with `letter`, `field`, `date` and the like come from the letter
engine with words of their own.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from flask_babel import get_locale

from portal.foundation.formats import day
from portal.foundation.language import Message, say
from portal.portfolio.labels import HOLD_LABELS
from portal.portfolio.models import HoldFlag

if TYPE_CHECKING:
    from letters import Problem

__all__ = [
    "ACCOUNT_CLOSED", "BATCH_ENDED", "NO_ADDRESS", "NO_BALANCE", "NO_ITEMIZATION", "OLD_BALANCE", "OWES_LESS", "PAID_SINCE", "PERSON_ERASED", "PLACEMENT_ENDED", "SENT_BEFORE", "UNPRINTABLE",
    "WORK_STOPPED",
    "flag", "from_problem", "hold_code", "reason_words", "words",
]  # fmt: skip

ACCOUNT_CLOSED = "account_closed"
BATCH_ENDED = "batch_ended"
NO_ADDRESS = "no_address"
NO_BALANCE = "no_balance"
NO_ITEMIZATION = "no_itemization"
OLD_BALANCE = "old_balance"
OWES_LESS = "owes_less"
PAID_SINCE = "paid_since"
PERSON_ERASED = "person_erased"
SENT_BEFORE = "sent_before"
PLACEMENT_ENDED = "placement_ended"
UNPRINTABLE = "unprintable"
WORK_STOPPED = "work_stopped"
_HOLD = "hold."

_WORDS = {
    ACCOUNT_CLOSED: say("the account is paid or cured"),
    BATCH_ENDED: say("The bank took the batch back before the pack was approved."),
    NO_BALANCE: say("no file has told its balance up to the day that was chosen"),
    NO_ITEMIZATION: say(
        "no file has told the balance of its last statement, charge-off or last payment, which a US letter starts from"
    ),
    OWES_LESS: say("a later file says that less is owed"),
    PAID_SINCE: say("a payment was posted since the day of its balance"),
    NO_ADDRESS: say("no address on file that is still the person's"),
    PERSON_ERASED: say("the person's data was erased"),
    PLACEMENT_ENDED: say("the account is not placed with the firm any more"),
    SENT_BEFORE: say("it went out before, and the person's data has gone back since"),
    WORK_STOPPED: say("the bank takes the account back and has stopped all work on it"),
    UNPRINTABLE: say("it could not be laid out for print; the manifest says why"),
}


def flag(code: str, **params: Any) -> dict[str, Any]:
    """A flag as it is kept with the letter."""
    return {"code": code, "params": params}


def from_problem(problem: Problem) -> dict[str, Any]:
    """What the letter engine found, in its own words."""
    return {"code": problem.code, "en": problem.message_en, "zh": problem.message_zh}


def hold_code(hold: HoldFlag) -> str:
    """The code of a hold."""
    return _HOLD + hold.value


def words(kept: dict[str, Any]) -> Message | str:
    """What a kept flag says, for the reader of the page."""
    if "en" in kept:
        return str(kept["zh"] if str(get_locale()).startswith("zh") else kept["en"])
    if kept["code"] == OLD_BALANCE:
        as_of = date.fromisoformat(kept["params"]["as_of"])
        return say("the balance is of %(day)s, too old to be demanded", day=day(as_of))
    return reason_words(kept["code"])


def reason_words(reason: str) -> Message | str:
    """What a kept reason says: words for a code, and what a person wrote as it was written."""
    if reason.startswith(_HOLD) and reason.removeprefix(_HOLD) in set(HoldFlag):
        return say("a hold stands: %(flag)s", flag=str(HOLD_LABELS[HoldFlag(reason.removeprefix(_HOLD))]))
    return _WORDS.get(reason, reason)
