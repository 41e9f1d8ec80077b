"""Rows of a dialler's log: every rule of reference/files.md (Attempts) for one row, all its errors at once. Pure.

What must be known from elsewhere (accounts placed, numbers on file, attempts logged before, staff) is asked of a `Register`,
a batch at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from hashlib import blake2b
from typing import Final, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from portal.contact.entries import LONGEST_NOTE, POINT_KINDS, Entry, check_entry, check_promise
from portal.contact.history import local_day
from portal.contact.models import Channel, Direction
from portal.contact.outcomes import OUTCOMES
from portal.contact.points.operations import LONGEST_SOURCE, WANTED, read_point
from portal.foundation.errors import DomainError, Faults, errors_in
from portal.foundation.language import Message, say
from portal.foundation.money import Money
from portal.portfolio.intake.draft import Draft
from portal.portfolio.intake.layout import (
    ATTEMPT_CHANNELS,
    ATTEMPT_DIRECTIONS,
    ATTEMPT_PARTIES,
    ATTEMPT_REASONS,
    LAWFUL_GROUNDS,
)
from portal.portfolio.intake.rows import RowIssue
from portal.portfolio.intake.seen import SeenReferences, digest_of, mark_of_digest
from portal.portfolio.models import ContactKind

__all__ = ["COLUMN_WORDS", "AttemptCheck", "AttemptRow", "FoundPoint", "KnownAttempt", "PlacedAccount", "Register"]

_FREE_TEXT: Final = (
    "attempt_ref", "account_ref", "contact_point", "found_source", "debts_placed_for", "debts_discussed", "evidence", "note"
)  # fmt: skip
_STARTERS: Final = {"collector": "collector", "consumer": "consumer", "催收方": "collector", "债务人": "consumer"}
_LONGEST_NAME: Final = 255
OUTCOME_WORDS: Final = {word: code for code, outcome in OUTCOMES.items() for word in (code, outcome.name)}
# What a column takes that takes only words of a list, by code and in Chinese.
COLUMN_WORDS: Final[Mapping[str, Mapping[str, object]]] = {
    "channel": ATTEMPT_CHANNELS,
    "direction": ATTEMPT_DIRECTIONS,
    "initiated_by": _STARTERS,
    "lawful_ground": LAWFUL_GROUNDS,
    "party": ATTEMPT_PARTIES,
    "reason_behind": ATTEMPT_REASONS,
    "outcome": OUTCOME_WORDS,
}
# The field of an entry, where the column has another name.
_COLUMN_OF: Final = {"contact_point_id": "contact_point", "callback_at": "outcome"}


class PlacedAccount(NamedTuple):
    """An account as it was with the organisation: from when to when (None: still). Amounts in minor units.

    `owed`: the most that may have been owed at the time of an attempt.
    """

    account_id: int
    customer_id: int
    placement_id: int
    begins: datetime
    ends: datetime | None
    currency: str
    owed: int
    region: str
    zone: str


class KnownAttempt(NamedTuple):
    """An attempt that was logged before. `content`: of the row that brought it, None where no row did."""

    attempt_id: int
    account_id: int
    outcome: str
    channel: str
    at: datetime
    content: bytes | None
    is_corrected: bool


class Register(Protocol):
    """What is on file of an organisation. Each is asked once for a batch of up to a thousand rows."""

    def accounts(self, refs: Collection[str]) -> Mapping[str, Sequence[PlacedAccount]]:
        """The windows of those of these accounts that are or were with it."""

    def points(
        self, wanted: Collection[tuple[int, ContactKind, str]]
    ) -> Mapping[tuple[int, ContactKind, str], tuple[int, str]]:
        """Keys and relations of those of these contact points (customer, kind, value) that are on file."""

    def attempts(self, refs: Collection[str]) -> Mapping[str, KnownAttempt]:
        """Those of these attempts, by its own reference, that were logged before."""

    def staff(self) -> Mapping[str, int]:
        """Its people by user name."""

    def evidence(self, names: Collection[str]) -> Collection[str]:
        """Those of these names of which a file is kept."""


@dataclass(frozen=True, slots=True)
class FoundPoint:
    """A contact point that is not on file: found by the agency, with where and on what lawful ground."""

    kind: ContactKind
    value: str
    masked: str
    relation: str
    source: str
    ground: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """A validated attempt. `logged_before`: the same reference with the same content is on file, or stood earlier in this
    file; nothing is to be done. `corrects`: the reference of the entry that it takes the place of."""

    line: int
    entry: Entry
    placed: PlacedAccount
    found: FoundPoint | None
    staff_id: int | None
    corrects: str
    content_hash: bytes
    logged_before: bool
    # As they are shown before the import: what the file calls them.
    at: datetime
    account_ref: str
    currency: str
    promise_amount: int | None
    warnings: tuple[RowIssue, ...] = field(default=(), compare=False)


class AttemptCheck:
    """Turns a draft into an attempt, or leaves the reasons in it."""

    def __init__(self, register: Register, zone: str, now: datetime) -> None:
        self._register = register
        self._zone = ZoneInfo(zone)
        self._zone_name = zone
        self._now = now
        self._accounts: Mapping[str, Sequence[PlacedAccount]] = {}
        self._known: Mapping[str, KnownAttempt] = {}
        self._kept: Collection[str] = ()
        self._staff = register.staff()
        self._points: dict[tuple[int, ContactKind, str], tuple[int, str]] = {}
        # Earlier rows of this file: their content, their accounts, and which of them were corrected.
        self._contents, self._in_file, self._corrected = SeenReferences(), SeenReferences(), SeenReferences()

    def prepare(self, drafts: Sequence[Draft]) -> None:
        """Asks the register for what this batch names."""
        refs = {ref for draft in drafts for ref in (draft.plain("account_ref"), *_several(draft, "debts_placed_for"),
                                                    *_several(draft, "debts_discussed"))}  # fmt: skip
        self._accounts = self._register.accounts(refs - {""})
        attempts = {draft.plain(name) for draft in drafts for name in ("attempt_ref", "corrects")}
        self._known = self._register.attempts(attempts - {""})
        self._kept = self._register.evidence({draft.text("evidence") for draft in drafts} - {""})
        self._points = dict(self._register.points(self._named_points(drafts)))

    def check(self, draft: Draft) -> AttemptRow | None:
        """The attempt; None where the draft has errors."""
        attempt_ref = draft.reference("attempt_ref")
        account_ref = draft.reference("account_ref")
        at = draft.instant("at", self._zone, required=True)
        if at is not None and at > self._now:
            draft.fail("at", "future_date", say("An attempt is logged once it has taken place."))
        placed = self._placed(draft, account_ref, at)
        draft.currency = placed.currency if placed else "CNY"
        promise = draft.money("promise_amount", draft.currency)
        draft.amount = promise or 0
        channel = Channel(draft.word("channel", ATTEMPT_CHANNELS, _listed(ATTEMPT_CHANNELS), default="call"))
        if not draft.plain("channel"):
            draft.missing("channel")
        relation, point_id, found = self._point(draft, channel, placed)
        entry = self._entry(draft, attempt_ref, at, channel, promise)
        entry = replace(
            entry,
            contact_point_id=point_id,
            debts_placed_for=self._debts(draft, "debts_placed_for", placed),
            debts_discussed=self._debts(draft, "debts_discussed", placed) or None,
        )
        corrects = self._corrects(draft, placed)
        staff_id = self._member(draft)
        draft.refuse_card_numbers(_FREE_TEXT)
        content = _hash(draft, at)
        logged_before = self._was_logged(draft, attempt_ref, content)
        if draft.errors or at is None or placed is None:
            return None
        self._judge(draft, entry, placed, at, found, relation)
        if draft.errors:
            return None
        self._remember(attempt_ref, content, placed.account_id, corrects)
        return AttemptRow(
            line=draft.line, entry=entry, placed=placed, found=found, staff_id=staff_id, corrects=corrects,
            content_hash=content, logged_before=logged_before, at=at, account_ref=account_ref,
            currency=placed.currency, promise_amount=promise, warnings=tuple(draft.warnings),
        )  # fmt: skip

    # --- what stands in the row ----------------------------------------------------------------------------------------

    def _placed(self, draft: Draft, account_ref: str, at: datetime | None) -> PlacedAccount | None:
        """The account as it was with the organisation at the time; an error in the draft where it was not."""
        windows = self._accounts.get(account_ref, ())
        if account_ref and not windows:
            draft.fail("account_ref", "unknown_account", say("The agency has no account with this reference."))
        if at is None or not windows:
            return None
        for window in windows:
            if window.begins <= at and (window.ends is None or at < window.ends):
                return window
        draft.fail("at", "unknown_account", say("The account was not with the agency at that time."))
        return None

    def _entry(self, draft: Draft, ref: str, at: datetime | None, channel: Channel, promise: int | None) -> Entry:
        direction = Direction(
            draft.word("direction", ATTEMPT_DIRECTIONS, _listed(ATTEMPT_DIRECTIONS), default="outbound")
        )
        outcome = draft.word("outcome", OUTCOME_WORDS, _listed(_outcomes_as(draft)))
        if not draft.plain("outcome"):
            draft.missing("outcome")
        return Entry(
            channel=channel,
            direction=direction,
            initiated_by=draft.word("initiated_by", _STARTERS, say("The collector or the consumer began it.")),
            outcome=outcome,
            party=draft.word("party", ATTEMPT_PARTIES, _listed(ATTEMPT_PARTIES)),
            at=at,
            ended_at=draft.instant("ended_at", self._zone),
            note=draft.limited("note", LONGEST_NOTE),
            reason_behind=draft.word("reason_behind", ATTEMPT_REASONS, _listed(ATTEMPT_REASONS)),
            promise_minor=promise,
            promise_on=draft.day("promise_on"),
            attempt_ref=ref,
            already_happened=True,
            evidence_name=self._evidence(draft),
            of_log=True,
        )

    def _evidence(self, draft: Draft) -> str:
        name = draft.limited("evidence", _LONGEST_NAME).replace("\\", "/").rpartition("/")[2]
        if name and name not in self._kept:
            words = say("The file is not here yet; upload it under Evidence by this very name.")
            draft.warn("evidence", "missing", words)
        return name

    def _member(self, draft: Draft) -> int | None:
        name = draft.plain("staff").lower()
        if name and name not in self._staff:
            draft.fail("staff", "unknown_value", say("Nobody of the agency's staff signs in by this name."))
        return self._staff.get(name)

    def _debts(self, draft: Draft, name: str, placed: PlacedAccount | None) -> tuple[int, ...]:
        """The debts that a column names; all are of the row's person and with the organisation."""
        ids: dict[int, None] = {}
        for ref in _several(draft, name):
            same = [a for a in self._accounts.get(ref, ()) if placed and a.customer_id == placed.customer_id]
            if same:
                ids[same[0].account_id] = None
            elif placed:
                words = say("%(ref)s is no account of this person that is with the agency.", ref=ref)
                draft.fail(name, "unknown_account", words)
        return tuple(ids)

    # --- numbers and addresses -----------------------------------------------------------------------------------------

    def _named_points(self, drafts: Sequence[Draft]) -> set[tuple[int, ContactKind, str]]:
        named = set()
        for draft in drafts:
            windows = self._accounts.get(draft.plain("account_ref"))
            kind = POINT_KINDS.get(
                Channel(ATTEMPT_CHANNELS.get(draft.plain("channel").lower(), "call")), ContactKind.PHONE
            )
            if windows and (read := _read_point(draft, kind, windows[0])):
                named.add((windows[0].customer_id, kind, read[0]))
        return named

    def _point(
        self, draft: Draft, channel: Channel, placed: PlacedAccount | None
    ) -> tuple[str, int | None, FoundPoint | None]:
        """Whose number it is, its key if it is on file, else what was found; errors and warnings in the draft."""
        text = draft.text("contact_point")
        if not text or placed is None:
            if placed is not None and channel is Channel.CALL and draft.plain("direction") not in ("inbound", "呼入"):
                words = say("Without the number the cap per number is counted over all of the person's.")
                draft.warn("contact_point", "missing", words)
            return "", None, None
        kind = POINT_KINDS.get(channel, ContactKind.PHONE)
        read = _read_point(draft, kind, placed)
        if read is None:
            draft.fail("contact_point", "unreadable", WANTED[kind])
            return "", None, None
        known = self._points.get((placed.customer_id, kind, read[0]))
        if known is not None:
            return known[1], known[0], None
        return self._found(draft, kind, *read)

    def _found(self, draft: Draft, kind: ContactKind, value: str, masked: str) -> tuple[str, None, FoundPoint | None]:
        source = draft.limited("found_source", LONGEST_SOURCE)
        ground = draft.word("lawful_ground", LAWFUL_GROUNDS, _listed(LAWFUL_GROUNDS))
        for name, given in (("found_source", source), ("lawful_ground", draft.plain("lawful_ground"))):
            if not given:
                words = say("Not on file: a contact point that was found needs its source and its lawful ground.")
                draft.fail(name, "missing", words)
        relation = draft.word("party", ATTEMPT_PARTIES, _listed(ATTEMPT_PARTIES), default="self")
        if not source or not ground:
            return relation, None, None
        return relation, None, FoundPoint(kind, value, masked[:120], relation, source, ground)

    # --- what is known from elsewhere ----------------------------------------------------------------------------------

    def _corrects(self, draft: Draft, placed: PlacedAccount | None) -> str:
        ref = draft.reference("corrects", required=False)
        if not ref or placed is None:
            return ref
        known, in_file = self._known.get(ref), self._in_file.get(ref)
        if known is None and in_file is None:
            draft.fail("corrects", "unknown_value", say("No earlier entry has this reference."))
        elif (known.account_id if known else in_file) != placed.account_id:
            draft.fail("corrects", "conflict", say("The entry that it corrects is of another account."))
        elif self._corrected.get(ref) not in (None, _mark(draft.plain("attempt_ref"))) or (
            known is not None and known.is_corrected and draft.plain("attempt_ref") not in self._known
        ):
            draft.fail("corrects", "conflict", say("This entry has been corrected before; correct the later one."))
        return ref

    def _was_logged(self, draft: Draft, ref: str, content: bytes) -> bool:
        """Seen before with the same content; with other content it is a conflict."""
        if not ref:
            return False
        known, earlier = self._known.get(ref), self._contents.get(ref)
        if (known is not None and not _is_same(known, draft, content)) or earlier not in (
            None,
            mark_of_digest(content),
        ):
            draft.fail("attempt_ref", "conflict", say("This reference was seen before with other content."))
        return known is not None or earlier is not None

    def _remember(self, ref: str, content: bytes, account_id: int, corrects: str) -> None:
        self._contents.add(ref, mark_of_digest(content))
        self._in_file.add(ref, account_id)
        if corrects:
            self._corrected.add(corrects, _mark(ref))

    def _judge(
        self, draft: Draft, entry: Entry, placed: PlacedAccount, at: datetime, found: FoundPoint | None, relation: str
    ) -> None:
        """The same judgement as of an entry on the page; its words go into the row."""
        asked = entry if entry.party else replace(entry, party=relation)
        try:
            _check_all(asked, entry, placed, self._now, local_day(at, placed.zone, self._zone_name))
        except DomainError as error:
            for each in errors_in(error):
                field_name = _COLUMN_OF.get(each.field or "", each.field or "outcome")
                code = "missing" if each.code in ("promise.amount", "promise.day") else "conflict"
                draft.fail(field_name, code, each.message)


def _check_all(asked: Entry, entry: Entry, placed: PlacedAccount, now: datetime, day: date) -> None:
    faults, owed = Faults(), Money(placed.owed, placed.currency)
    faults.read(partial(check_entry, replace(asked, contact_point_id=None), OUTCOMES[entry.outcome], None, now), None)
    faults.read(partial(check_promise, entry, owed, now.date() + timedelta(days=1), day), None)
    faults.tell()


def _is_same(known: KnownAttempt, draft: Draft, content: bytes) -> bool:
    """Whether a row says what was logged. What came by the page has no row: account and outcome are compared then."""
    if known.content is not None:
        return known.content == content
    return known.outcome == draft.plain("outcome").lower() or OUTCOMES[known.outcome].name == draft.plain("outcome")


def _several(draft: Draft, name: str) -> list[str]:
    """References separated by semicolons."""
    return [ref for part in draft.plain(name).split(";") if (ref := part.strip())]


def _read_point(draft: Draft, kind: ContactKind, placed: PlacedAccount) -> tuple[str, str] | None:
    """A contact point as it is kept, and masked; None where it cannot be read."""
    text = draft.text("contact_point")
    try:
        return read_point(kind, text, placed.region) if text else None
    except ValueError:
        return None


def _outcomes_as(draft: Draft) -> Iterable[str]:
    """The outcomes in the language of the file: in both they would be a page of words."""
    return [outcome.name for outcome in OUTCOMES.values()] if draft.binding.called else OUTCOMES


def _listed(words: Iterable[str]) -> Message:
    return say("Not one of: %(known)s.", known=", ".join(words))


def _hash(draft: Draft, at: datetime | None) -> bytes:
    """What the row says, as one mark: every field as it stands, and the instant, however it was written."""
    parts = [f"{name}={text}" for name in sorted(draft.values) if name != "at" and (text := draft.plain(name))]
    return digest_of(*parts, at.isoformat() if at else "")


def _mark(ref: str) -> int:
    return mark_of_digest(blake2b(ref.encode(), digest_size=8).digest())
