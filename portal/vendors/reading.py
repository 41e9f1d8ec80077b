"""A version of a contract in words, term by term, and what it changes against the version before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portal.commission.plan import faults_of, read_plan
from portal.foundation.formats import percent
from portal.foundation.language import Message, say
from portal.foundation.money import Money
from portal.vendors.plans.words import clauses_of
from portal.vendors.recovery_terms import recovery_lines
from portal.vendors.terms import WORK_DAYS, AtEnd, terms_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from portal.vendors.models import ContractVersion
    from portal.vendors.terms import DataClauses, Settlement

__all__ = ["Line", "lines_of", "plan_lines"]

AT_END = {
    AtEnd.RETURN: say("returned to the bank within %(n)s days of the end"),
    AtEnd.DELETE: say("deleted within %(n)s days of the end"),
    AtEnd.BOTH: say("returned to the bank and deleted within %(n)s days of the end"),
}
YES, NO = say("yes"), say("no")
NOTHING = say("nothing agreed")


@dataclass(frozen=True)
class Line:
    """One term: what it is about, what it says, and what it said before where that was something else. `of_plan`: it says what
    is earned, which takes longer words."""

    label: Message
    words: Message | str
    before: Message | str | None = None
    of_plan: bool = False


def lines_of(version: ContractVersion, before: ContractVersion | None, currency: str) -> list[Line]:
    """Every term of a version in the order of a contract; `before` is the version that it followed. What it no longer says
    stands there as well."""
    now = {str(label): (label, words) for label, words in _terms(version, currency)}
    then = {str(label): (label, words) for label, words in _terms(before, currency)} if before else now
    lines = []
    of_plan = {str(label) for each in (version, before) if each is not None for label, _ in plan_lines(each.plan)}
    for key in _in_order(list(now), list(then)):
        label, words = now.get(key) or (then[key][0], NOTHING)
        earlier = then[key][1] if key in then else NOTHING
        lines.append(Line(label, words, earlier if earlier != words else None, key in of_plan))
    return lines


def _in_order(now: list[str], then: list[str]) -> list[str]:
    """What is said now, and behind what stood before it whatever is said no more."""
    found = list(now)
    for place, key in enumerate(then):
        if key not in found:
            at = next((found.index(other) + 1 for other in reversed(then[:place]) if other in found), 0)
            found.insert(at, key)
    return found


def _terms(version: ContractVersion, currency: str) -> Iterator[tuple[Message, Message | str]]:
    terms = terms_of(version)
    yield from plan_lines(version.plan)
    yield say("Handed over within"), say("not agreed") if terms.remit_days is None else _days(terms.remit_days)
    yield say("Fee per letter"), _money(terms.letter_fee_minor, currency) if terms.letter_fee_minor else say("none")
    yield say("Success fee beside another's recovery"), YES if terms.success else NO
    yield say("Length of a placement"), _days(terms.term_days)
    yield say("Capacity, accounts"), _limit(terms.capacity_accounts)
    yield say("Capacity, amount"), _limit(terms.capacity_minor, currency)
    yield say("An account is tried within"), _days(terms.work_days or WORK_DAYS)
    yield say("A batch is answered within"), say("%(n)s hours", n=terms.answer_hours)
    yield say("Notice before a recall is final"), _days(terms.recall_notice_days)
    yield say("An objection may ask for at most"), _days(terms.objection_days)
    yield say("A payment moves the recall by"), _days(terms.payment_extends_days)
    yield from recovery_lines(terms.recovery)
    yield from _settlement(terms.settlement)
    yield from _data(terms.data)


def plan_lines(plan: dict[str, Any]) -> Iterator[tuple[Message, Message | str]]:
    """The plan topic by topic, the tail in any case."""
    if faults_of(plan):
        yield say("Commission rate"), say("a plan that this portal cannot read")
        return
    clauses = clauses_of(read_plan(plan))
    for clause in clauses:
        yield clause.label, clause.words
    if not any(clause.code == "tail" for clause in clauses):
        yield say("Tail"), say("none: what comes after the end earns nothing")


def _days(days: int) -> Message:
    return say("%(n)s days", n=days) if days else say("none")


def _money(minor: int, currency: str) -> Message:
    return say("%(amount)s", amount=Money(minor, currency))


def _limit(most: int | None, currency: str = "") -> Message:
    if most is None:
        return say("unlimited")
    return _money(most, currency) if currency else say("%(n)s accounts", n=f"{most:,}")


def _settlement(settlement: Settlement | None) -> Iterator[tuple[Message, Message | str]]:
    nothing = say("only with the bank's consent")
    yield (
        say("Settlement without asking"),
        say("from %(part)s of the balance", part=percent(settlement.lowest)) if settlement else nothing,
    )
    yield say("May waive interest"), _yes(settlement.waive_interest) if settlement else nothing
    yield say("May waive fees"), _yes(settlement.waive_fees) if settlement else nothing


def _data(data: DataClauses | None) -> Iterator[tuple[Message, Message | str]]:
    unsaid = say("not agreed in this version")
    at_end = Message(AT_END[data.at_end].msgid, {"n": data.within_days}) if data else unsaid
    yield say("Data at the end"), at_end
    yield say("Certificate of it"), (YES if data.certificate else NO) if data else unsaid
    yield say("Subcontracting"), _allowed(data.subcontracting) if data else unsaid
    yield say("Data outside the country"), _allowed(data.leaves_country) if data else unsaid
    yield say("Call recordings are kept for"), _days(data.recordings_days) if data else unsaid


def _yes(value: bool) -> Message:
    return YES if value else NO


def _allowed(value: bool) -> Message:
    return say("allowed") if value else say("not allowed")
