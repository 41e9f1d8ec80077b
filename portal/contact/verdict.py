"""What the rules say of the contact that stands in the log form, in words: when the page opens, and whenever a field changes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from portal.contact import queries
from portal.contact.conduct import FrequencyCap
from portal.contact.correcting import change_words, named, way_words
from portal.contact.entries import POINT_KINDS
from portal.contact.facts import Checked, facts_of
from portal.contact.history import Debtor, local_day
from portal.contact.labels import moment_words
from portal.contact.models import Channel, Direction
from portal.contact.presumptions import is_closed, reasons_to_choose
from portal.contact.recording import Subject, checked_entry
from portal.contact.wishes.queries import of_account as wishes_of
from portal.contact.wishes.unheeded import asked_against
from portal.contact.words import VERDICT_TAGS, deciding, finding_words, rule_words, source_words
from portal.foundation.language import Message, _l, say
from portal.foundation.states import StateTag
from portal.portfolio.models import PROVED_WRONG, ContactKind, ContactStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from portal.contact.conduct import Decision
    from portal.contact.entries import Entry
    from portal.contact.history import Known
    from portal.contact.models import ContactAttempt
    from portal.foundation.access import Actor
    from portal.portfolio.models import ContactPoint

__all__ = ["Verdict", "verdict_of"]

ONE_DAY = 24 * 3600
_NUMBERLESS = StateTag("no_number", _l("no number"), "wait")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one question. `zone`: the reader's; `theirs`: the debtor's; `old`: the entry that is put right. `asked`:
    what the debtor asked for that is against it and that no rule heeds. `numberless`: it needs a number, and none is left."""

    checked: Checked
    entry: Entry
    point: ContactPoint | None
    now: datetime
    zone: str
    theirs: str
    old: ContactAttempt | None = None
    asked: tuple[Message, ...] = ()
    numberless: bool = False

    @property
    def decision(self) -> Decision:
        return self.checked.decision

    @property
    def tag(self) -> StateTag:
        """What the rules say; with care at the least, where the debtor has asked for something else."""
        if self.lacks_number:
            return _NUMBERLESS
        allowed = self.decision.verdict == "allow"
        return VERDICT_TAGS["warn" if allowed and self.asked else self.decision.verdict]

    @property
    def lacks_number(self) -> bool:
        """Whether it has no number to go by, and none is left; a stop that no time heals goes before that."""
        is_stopped = is_closed(self.decision) and self.decision.next_allowed is None
        return self.numberless and self.is_planned and not is_stopped

    @property
    def about(self) -> Message:
        """Which contact it is about: the way, and the number or address."""
        way = way_words(self.entry.channel, self.entry.direction)
        return (
            say("%(way)s %(address)s", way=way, address=self.point.value_masked)
            if self.point
            else say("%(way)s", way=way)
        )

    @property
    def words(self) -> Message:
        """The sentence of the conduct line."""
        calls = self.entry.channel is Channel.CALL and self.entry.direction is Direction.OUTBOUND
        if self.lacks_number:
            return say("No number is left that serves.")
        if self.decision.verdict == "presume":
            return self._presumed_words()
        if self.decision.is_blocked:
            return self._blocked_words(calls)
        if self.asked:
            return say("The rules allow it, but the debtor has asked otherwise.")
        until = self.decision.allowed_until
        if until is None:
            return say("May be called now.") if calls else say("Open now.")
        when = self._moment(until)
        return (
            say("May be called now, until %(when)s.", when=when)
            if calls
            else say("Open now, until %(when)s.", when=when)
        )

    def _blocked_words(self, calls: bool) -> Message:
        if self.decision.next_allowed is None:
            if calls:
                return say("Not to be called, and no time is known from which that would change.")
            return say("Closed, and no time is known from which that would change.")
        when = self._moment(self.decision.next_allowed)
        return say("May be called from %(when)s.", when=when) if calls else say("Open from %(when)s.", when=when)

    def _presumed_words(self) -> Message:
        if not self.is_planned:
            return say("Presumed to be against the rules.")
        if is_closed(self.decision):
            words = say("Closed: it is presumed to be against the rules.")
        else:
            words = say("Closed until you say why it goes on: it is presumed to be against the rules.")
        free = self._free_from
        return say("%(words)s Free from %(when)s.", words=words, when=self._moment(free)) if free else words

    @property
    def _free_from(self) -> datetime | None:
        """When nothing presumes any more, where that is known of each rule."""
        moments = [finding.next_allowed for finding in self.decision.findings if finding.verdict == "presume"]
        known = [moment for moment in moments if moment is not None]
        return max(known) if known and len(known) == len(moments) else None

    def _moment(self, value: datetime) -> Message | str:
        here = moment_words(value, self.now, self.zone)
        if not self.theirs or self.theirs == self.zone:
            return here
        clock = f"{value.astimezone(ZoneInfo(self.theirs)):%H:%M}"
        if clock == f"{value.astimezone(ZoneInfo(self.zone)):%H:%M}":
            return here
        return say("%(here)s (%(theirs)s where the debtor is)", here=here, theirs=clock)

    @property
    def left_words(self) -> Message | None:
        """How many conversations the day still allows."""
        if is_closed(self.decision) or self.lacks_number:
            return None
        left = self.decision.left.get("conversation")
        caps = (rule for rule in self.checked.facts.pack.rules if isinstance(rule, FrequencyCap))
        most = min((cap.most for cap in caps if cap.measure == "conversation" and cap.days == 1), default=None)
        if left is None or most is None:
            return None
        return say("%(left)s of %(most)s conversations left today", left=left, most=most)

    @property
    def reasons(self) -> list[Any]:
        """Why: what is against it, or which rules were asked; each with its sources."""
        if self.decision.findings:
            return [_with_sources(finding_words(f), f.sources) for f in self.decision.findings]
        rules = [rule for rule in self.checked.facts.pack.rules if rule.scope.covers(self.checked.question)]
        return [_with_sources(words, rule.sources) for rule in rules if (words := rule_words(rule))]

    @property
    def against(self) -> Message | None:
        """What is against it in one sentence, in sight without unfolding anything: what decides, before what is only noted."""
        finding = deciding(self.decision)
        return finding_words(finding) if finding else None

    @property
    def number_words(self) -> Message | None:
        """That the number or address proved wrong, whatever the rules say of it."""
        if self.point is None or self.point.status not in PROVED_WRONG:
            return None
        if self.point.status is ContactStatus.THIRD_PARTY:
            return say("This number or address is not the debtor's: it turned out to be somebody else's.")
        return say("This number or address does not serve: it was found to be dead.")

    @property
    def pack_words(self) -> str:
        return f"{self.decision.pack} {self.decision.version}"

    @property
    def overrides(self) -> tuple[str, ...]:
        """The reasons of which one opens it; of what has happened already, those for which it went on."""
        return reasons_to_choose(self.decision) if self.is_planned else self.decision.overrides

    @property
    def is_planned(self) -> bool:
        """Whether it is about to be made; what has happened is logged whatever the rules say."""
        return not self.entry.already_happened and self.old is None

    @property
    def turns_in(self) -> int | None:
        """In how many seconds the answer may be another one, within a day."""
        turn = self.decision.allowed_until or self.decision.next_allowed
        seconds = int((turn - self.now).total_seconds()) + 1 if turn else 0
        return seconds if 0 < seconds <= ONE_DAY else None

    @property
    def old_words(self) -> Message | None:
        """Which entry is put right."""
        return named(self.old) if self.old is not None else None

    @property
    def change_words(self) -> Message | None:
        """What a correction changes that the rules count by."""
        if self.old is None:
            return None
        on = local_day(self.entry.at or self.old.at, self.theirs, self.zone)
        return change_words(self.old, self.entry.channel, self.entry.direction, on)


def _with_sources(words: Message, sources: Sequence[Any]) -> Message:
    cited: Message | None = None
    for source in sources:
        one = source_words(source)
        cited = one if cited is None else say("%(first)s; %(second)s", first=cited, second=one)
    return say("%(words)s %(sources)s", words=words, sources=cited) if cited else words


def verdict_of(
    session: Session,
    actor: Actor,
    held: tuple[Any, Any, Any],
    entry: Entry,
    now: datetime,
    *,
    known: Known | None = None,
    wishes: Sequence[Any] | None = None,
) -> Verdict:
    """What the rules say of an entry about an account that is held (placement, account, customer), as of its own time.

    `known`: the facts of now, `wishes`: what was noted, where they have been read. What is not the person's or not there is not asked about.
    """
    placement, account, customer = held
    old = queries.own_attempt(session, actor, account.id, entry.corrects_id)
    point = queries.point_of_person(session, actor, customer.id, entry.contact_point_id)
    debts = queries.held_debts(session, actor, customer.id) if entry.debts_placed_for else {}
    entry = replace(
        entry, contact_point_id=point.id if point else None,
        debts_placed_for=tuple(debt for debt in entry.debts_placed_for if debt in debts),
    )  # fmt: skip
    at = min(entry.at or (old.at if old else now), now)
    if known is None or at != now or old is not None:
        debtor = Debtor.of(account, customer)
        known = facts_of(session, actor, [debtor], at, log=True, but=old)[account.id]
    subject = Subject(placement, account, customer, point, actor.time_zone)
    checked = checked_entry(known, subject, entry, at, chosen=not _lacks_number(entry))
    wishes = wishes_of(session, actor, account) if wishes is None else wishes
    asked = asked_against(wishes, actor, account, checked.facts, checked.question)
    numberless = _needs_another(entry, point) and not queries.has_number(session, actor, customer.id)
    return Verdict(checked, entry, point, now, actor.time_zone, customer.time_zone, old, asked, numberless)


def _lacks_number(entry: Entry) -> bool:
    """Before a number is chosen what is counted by number is asked of none."""
    return _goes_by_number(entry) and entry.contact_point_id is None


def _needs_another(entry: Entry, point: ContactPoint | None) -> bool:
    """Whether it goes by a number, and has none or one that proved wrong."""
    return _goes_by_number(entry) and (point is None or point.status in PROVED_WRONG)


def _goes_by_number(entry: Entry) -> bool:
    return POINT_KINDS.get(entry.channel) is ContactKind.PHONE and entry.direction is Direction.OUTBOUND
