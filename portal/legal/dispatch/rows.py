"""Rows of a firm's file of dispatches and results. The words of a row are read here; which days can be, `terms` judges.

An empty cell says nothing. What is on file is never changed by a file, only filled in: a tracking number where there was none,
a result where there was none. What is to be corrected a person corrects on the letter's page.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from portal.foundation.language import say
from portal.legal.dispatch.terms import (
    LONGEST_NAME,
    LONGEST_REASON,
    MailResult,
    Outcome,
    Sent,
    outcome_faults,
    same_item,
    sent_faults,
    tracked_twice,
)
from portal.legal.numbering import plain_number
from portal.portfolio.intake.layout import MAIL_RESULTS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from portal.foundation.errors import DomainError
    from portal.legal.dispatch.queries import Way
    from portal.legal.models import Letter
    from portal.portfolio.intake.draft import Draft
    from portal.portfolio.intake.rows import RowIssue

__all__ = ["RESULT_WORDS", "DispatchCheck", "DispatchRow"]

RESULT_WORDS: Final = tuple(MAIL_RESULTS)
# The codes of reference/files.md for what `terms` finds.
CODES: Final = {
    "dispatch.carrier": "missing", "dispatch.reason": "missing", "dispatch.future_date": "future_date",
    "dispatch.early": "early_date",
}  # fmt: skip
ON_FILE: Final = say("On file with another value. If that one is wrong, correct it on the letter's page.")


@dataclass(frozen=True, slots=True)
class DispatchRow:
    """A good row: what it adds to a letter; neither: all of it is on file."""

    line: int
    way: Way
    sent: Sent | None
    outcome: Outcome | None
    warnings: tuple[RowIssue, ...] = ()


class DispatchCheck:
    """Turns a draft into a row, or leaves the reasons in it. `letters`: those of the firm's ready packs by their numbers in
    plain form; `tracked`: its letters that are out under some tracking numbers, by carrier and number."""

    def __init__(
        self,
        letters: Callable[[Collection[str]], Mapping[str, Way]],
        tracked: Callable[[Collection[str]], Mapping[tuple[str, str], Letter]],
        today: date,
    ) -> None:
        self._letters, self._tracked = letters, tracked
        self._today = today
        self._known: Mapping[str, Way] = {}
        self._out: Mapping[tuple[str, str], Letter] = {}
        self._in_file: dict[tuple[str, str], Letter] = {}

    def prepare(self, drafts: Sequence[Draft]) -> None:
        """The letters that a batch names."""
        self._known = self._letters({draft.text("letter_no") for draft in drafts})
        self._out = self._tracked({draft.plain("tracking_no") for draft in drafts} - {""})

    def check(self, draft: Draft) -> DispatchRow | None:
        """The row; None where the draft has errors."""
        number = draft.limited("letter_no", LONGEST_NAME, required=True)
        draft.key, draft.key_field, draft.amount = plain_number(number), "letter_no", 0
        way = self._known.get(draft.key)
        if number and way is None:
            words = say("No letter of the firm's ready packs has this number.")
            draft.fail("letter_no", "unknown_letter", words)
        draft.refuse_card_numbers(("carrier", "reason"))
        sent = self._sent(draft, way)
        outcome = self._outcome(draft)
        if way is None or draft.errors:
            return None
        sent = self._new_sent(draft, way, sent)
        outcome = self._new_outcome(draft, way, sent, outcome)
        if sent is not None and sent.tracking_no:
            self._refuse_twice(draft, sent, way.letter)
        if draft.errors:
            return None
        if sent is not None:
            self._in_file[same_item(sent.carrier, sent.tracking_no)] = way.letter
        return DispatchRow(draft.line, way, sent, outcome, tuple(draft.warnings))

    # --- what the row says ---

    def _sent(self, draft: Draft, way: Way | None) -> Sent | None:
        """What the row says of the dispatch, filled up with what is on file; None where it says nothing."""
        carrier = draft.limited("carrier", LONGEST_NAME)
        tracking_no = draft.plain("tracking_no")
        if len(tracking_no) > LONGEST_NAME:
            draft.fail("tracking_no", "unreadable", say("Longer than %(limit)s characters.", limit=LONGEST_NAME))
        on = draft.day("dispatched_on")
        if not (carrier or tracking_no or draft.text("dispatched_on")):
            return None
        known = way.dispatch if way else None
        if known is not None:
            return Sent(carrier or known.carrier, tracking_no or known.tracking_no, on or known.dispatched_on)
        if not draft.text("dispatched_on"):
            draft.missing("dispatched_on")
        return Sent(carrier, tracking_no, on) if on else None

    def _outcome(self, draft: Draft) -> Outcome | None:
        words = say("Write delivered, returned, refused or unclaimed.")
        result = draft.word("result", MAIL_RESULTS, words)
        on = draft.day("result_on", required=bool(result))
        reason = draft.limited("reason", LONGEST_REASON)
        if not result and (draft.text("result_on") or reason) and not draft.plain("result"):
            draft.missing("result")
        return Outcome(MailResult(result), on, reason) if result and on else None

    # --- what of it is new ---

    def _new_sent(self, draft: Draft, way: Way, sent: Sent | None) -> Sent | None:
        if sent is None:
            return None
        self._fail(draft, sent_faults(sent, way.pack.issued_on, self._today))
        known = way.dispatch
        if known is None:
            if way.void:
                draft.fail("letter_no", "conflict", say("This letter is void and must not go out."))
            return sent
        if sent.carrier != known.carrier:
            draft.fail("carrier", "conflict", ON_FILE)
        if sent.on != known.dispatched_on:
            draft.fail("dispatched_on", "conflict", ON_FILE)
        if known.tracking_no and sent.tracking_no != known.tracking_no:
            draft.fail("tracking_no", "conflict", ON_FILE)
        return sent if sent.tracking_no != known.tracking_no else None

    def _refuse_twice(self, draft: Draft, sent: Sent, letter: Letter) -> None:
        """One item of mail is one letter."""
        item = same_item(sent.carrier, sent.tracking_no)
        for known, code in ((self._out, "conflict"), (self._in_file, "duplicate")):
            other = known.get(item)
            if other is not None and other.id != letter.id:
                draft.fail("tracking_no", code, tracked_twice(str(other.letter_no)))
                return

    def _new_outcome(self, draft: Draft, way: Way, sent: Sent | None, outcome: Outcome | None) -> Outcome | None:
        if outcome is None:
            return None
        dispatched_on = sent.on if sent else way.dispatch.dispatched_on if way.dispatch else None
        if dispatched_on is None:
            draft.fail("result", "missing", say("Say first when and how the letter went out."))
            return None
        self._fail(draft, outcome_faults(outcome, dispatched_on, self._today))
        known = way.result
        if known is None:
            return outcome
        for field, said, kept in (
            ("result", outcome.result, known.result), ("result_on", outcome.on, known.result_on),
            ("reason", outcome.reason or known.reason, known.reason),
        ):  # fmt: skip
            if said != kept:
                draft.fail(field, "conflict", ON_FILE)
        return None

    @staticmethod
    def _fail(draft: Draft, faults: Iterable[DomainError]) -> None:
        for fault in faults:
            draft.fail(fault.field or "", CODES.get(fault.code, "unknown_value"), fault.message)
