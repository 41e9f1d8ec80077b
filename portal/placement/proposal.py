"""From criteria and shares to a proposal: what is eligible, what is left out, and who would get what.

The same steps make the preview of a page and the lines of a run, so that what is frozen is what was shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from operator import itemgetter
from typing import TYPE_CHECKING

from portal.foundation.errors import DomainError
from portal.foundation.language import Message, say
from portal.placement import queries
from portal.placement.allocation import Allocation, Candidate, Decision, Receiver, Strategy, allocate, choose_most
from portal.placement.allocation.writing import receiver_as_data
from portal.placement.criteria import Criteria, Share
from portal.placement.evidence import NO_EVIDENCE, Evidence, step_as_data
from portal.placement.fairness import Bands, Book, Group, Tally, compare_books, group_by_bucket, shares_of_steps
from portal.placement.method import Method, as_method

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.placement.receivers import PossibleReceiver

__all__ = ["LARGEST_AT_ONCE", "Preview", "Proposal", "TakingPart", "preview", "propose", "take_part"]

LARGEST_AT_ONCE = 20_000  # accounts that are allocated while the page waits; more are a job


@dataclass(frozen=True)
class TakingPart:
    """The receivers of a run on its day, and the strategy. `picked`: references of picked accounts by their key."""

    receivers: Sequence[Receiver]
    strategy: Strategy
    picked: Mapping[str, str]

    @property
    def on_date(self) -> date:
        """The day on which the placements would begin."""
        return self.strategy.date

    @property
    def needs_history(self) -> bool:
        """Whether a rule asks who held an account before, and until when."""
        rules = self.strategy.rules
        return rules.former_holders.within_rounds != 0 or rules.cool_down_days > 0

    def in_words(self, allocation: Allocation) -> Allocation:
        """Refused picks by the reference that was written, not by the key."""
        refused = [
            pick._replace(account=self.picked.get(pick.account, pick.account)) for pick in allocation.refused_picks
        ]
        return replace(allocation, refused_picks=refused)


@dataclass(frozen=True)
class Proposal:
    """Who gets what: what the rules decided, each decision beside its account, and how many eligible accounts were not
    asked for."""

    part: TakingPart
    allocation: Allocation
    pairs: Sequence[tuple[Candidate, Decision]]
    beyond: int
    beyond_minor: int

    @property
    def accounts(self) -> int:
        """How many are to be placed."""
        return sum(decision.receiver is not None for _, decision in self.pairs)

    @property
    def total_minor(self) -> int:
        """The amount that is to be placed."""
        return sum(c.total_minor for c, decision in self.pairs if decision.receiver is not None)

    def groups(self) -> list[Group]:
        """The proposal by receiver and bucket."""
        rows: Iterator[tuple[int | None, str, int, int]] = (
            (d.receiver, c.bucket, c.total_minor, c.days_past_due) for c, d in self.pairs
        )
        return group_by_bucket(rows)

    def books(self) -> list[Book]:
        """The proposal by receiver, in the order in which they were asked, with the make-up of each book."""
        shares = shares_of_steps(self.allocation.steps)
        bands = Bands.of(self.part.strategy, (c for c, _ in self.pairs))
        books = compare_books(self.pairs, shares, bands)
        there = {book.organisation_id for book in books}
        books += [Book(r.key, None) for r in self.part.receivers if r.key not in there]
        place = {r.key: number for number, r in enumerate(self.part.receivers)}
        return sorted(books, key=lambda book: place.get(book.organisation_id or 0, len(place)))

    def not_placed(self) -> list[Tally]:
        """What nobody gets, by the reason, the most first."""
        counts: dict[str, list[int]] = {}
        for candidate, decision in self.pairs:
            if decision.receiver is None:
                sums = counts.setdefault(decision.reason.value, [0, 0])
                sums[0] += 1
                sums[1] += candidate.total_minor
        return [Tally(reason, *sums) for reason, sums in sorted(counts.items(), key=lambda item: -item[1][0])]

    def evidence(self) -> Evidence:
        """What stays with the run, so that it can be explained and repeated."""
        currency = self.part.strategy.currency
        return Evidence(
            books=self.books(),
            not_placed=self.not_placed(),
            steps=[step_as_data(step) for step in self.allocation.steps],
            refused_picks=[(pick.account, pick.receiver, pick.reason.value) for pick in self.allocation.refused_picks],
            receivers=[receiver_as_data(r, currency) | {"organisation_id": r.key} for r in self.part.receivers],
            strategy=self.part.strategy.as_data(),
        )


@dataclass(frozen=True)
class Preview:
    """What a run would do, before anything is written. `books` is empty where nobody takes part yet, where the shares
    make no whole (`problem`), or where it is too much to be worked out while the page waits (`too_large`)."""

    eligible: Tally
    left_out: Sequence[Tally]
    evidence: Evidence = NO_EVIDENCE
    beyond: int = 0
    beyond_minor: int = 0
    too_large: bool = False
    problem: Message | None = None

    @property
    def can_be_saved(self) -> bool:
        """Whether these answers make a run."""
        return self.too_large or any(book.organisation_id is not None and book.accounts for book in self.books)

    @property
    def books(self) -> Sequence[Book]:
        """What each receiver would get."""
        return self.evidence.books


def take_part(
    session: Session, asked: Method | Sequence[Share], criteria: Criteria, possible: Sequence[PossibleReceiver]
) -> TakingPart:
    """The receivers of a run and the strategy that it follows. DomainError naming the field for what cannot be meant, or
    for somebody who cannot receive."""
    method = as_method(asked).check()
    known = {p.id: p for p in possible if p.may_receive}
    if any(organisation not in known for organisation in method.values):
        words = say("One of the organisations has no valid contract or licence for this kind on this day.")
        raise DomainError("run.receiver", words, field="shares")
    picked = {code for _, code in method.picks}
    unknown = sorted(picked - {p.organisation.code for p in known.values()})
    if unknown:
        words = say("Nothing can be placed with “%(code)s”: name a receiver by its code.", code=unknown[0])
        raise DomainError("run.picks", words, field="picks")
    taking = [p for p in known.values() if p.id in method.values or p.organisation.code in picked]
    ids = queries.account_ids(session, {ref for ref, _ in method.picks})
    codes = {p.id: p.organisation.code for p in taking}
    strategy = method.strategy(codes, ids, criteria, taking[0].on_date)
    return TakingPart([p.as_receiver() for p in taking], strategy, {str(i): ref for ref, i in ids.items()})


def propose(session: Session, criteria: Criteria, part: TakingPart) -> Proposal:
    """Read the eligible accounts and split them."""
    eligible = queries.candidates(session, criteria, part.on_date, history=part.needs_history)
    chosen = eligible
    if criteria.most is not None and len(eligible) > criteria.most:
        chosen = choose_most(eligible, criteria.most, criteria.order, criteria.seed)
    allocation = allocate(chosen, part.receivers, part.strategy)
    return Proposal(
        part=part,
        allocation=part.in_words(allocation),
        pairs=list(zip(sorted(chosen, key=itemgetter(0)), allocation.decisions, strict=True)),
        beyond=len(eligible) - len(chosen),
        beyond_minor=sum(c.total_minor for c in eligible) - sum(c.total_minor for c in chosen),
    )


def preview(
    session: Session,
    criteria: Criteria,
    asked: Method | Sequence[Share],
    possible: Sequence[PossibleReceiver],
    today: date,
) -> Preview:
    """Counts always; the split where somebody takes part."""
    tallies = queries.tally_by_obstacle(session, criteria, today)
    eligible = next((t for t in tallies if t.reason is None), Tally(None, 0, 0))
    left_out = [t for t in tallies if t.reason is not None]
    if not (asked.values if isinstance(asked, Method) else asked) or not eligible.accounts:
        return Preview(eligible, left_out)
    try:
        part = take_part(session, asked, criteria, possible)
    except DomainError as error:
        return Preview(eligible, left_out, problem=error.message)
    if eligible.accounts > LARGEST_AT_ONCE:
        return Preview(eligible, left_out, too_large=True)
    proposal = propose(session, criteria, part)
    return Preview(eligible, left_out, proposal.evidence(), proposal.beyond, proposal.beyond_minor)
