"""A version of a contract in words, term by term, and what it changes against the version before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portal.foundation.formats import percent
from portal.foundation.language import Message, say
from portal.foundation.money import Money
from portal.vendors.labels import exact_percent
from portal.vendors.terms import WORK_DAYS, AtEnd, TailUnit, terms_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from portal.vendors.models import ContractVersion
    from portal.vendors.terms import DataClauses, Settlement, Terms

__all__ = ["Line", "lines_of"]

AT_END = {
    AtEnd.RETURN: say("returned to the bank within %(n)s days of the end"),
    AtEnd.DELETE: say("deleted within %(n)s days of the end"),
    AtEnd.BOTH: say("returned to the bank and deleted within %(n)s days of the end"),
}
YES, NO = say("yes"), say("no")


@dataclass(frozen=True)
class Line:
    """One term: what it is about, what it says, and what it said before where that was something else."""

    label: Message
    words: Message | str
    before: Message | str | None = None


def lines_of(version: ContractVersion, before: ContractVersion | None, currency: str) -> list[Line]:
    """Every term of a version in the order of a contract; `before` is the version that it followed."""
    now = list(_terms(version, currency))
    then = [words for _, words in _terms(before, currency)] if before else [None] * len(now)
    return [
        Line(label, words, earlier if earlier is not None and earlier != words else None)
        for (label, words), earlier in zip(now, then, strict=True)
    ]


def _terms(version: ContractVersion, currency: str) -> Iterator[tuple[Message, Message | str]]:
    terms = terms_of(version)
    yield say("Commission rate"), _rate(version.plan, terms)
    yield say("Tail"), _tail(terms)
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
    yield from _settlement(terms.settlement)
    yield from _data(terms.data)


def _rate(plan: dict[str, Any], terms: Terms) -> Message | str:
    if terms.rate is None:
        return say("by a scale, as the plan of the contract has it")
    others = sorted(set(plan) - {"currency", "rate", "tail"})
    rate = exact_percent(terms.rate)
    return say("%(rate)s, with %(keys)s of the plan", rate=rate, keys=", ".join(others)) if others else rate


def _tail(terms: Terms) -> Message:
    if terms.tail is None:
        return say("none: what comes after the end earns nothing")
    if terms.tail.unit is TailUnit.MONTHS:
        return say("%(n)s months after the end", n=terms.tail.length)
    return say("%(n)s days after the end", n=terms.tail.length)


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
