"""From criteria and shares to a proposal: what is eligible, what is left out, and who would get what.

The same steps make the preview of a page and the lines of a run, so that what is frozen is what was shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from portal.foundation.errors import DomainError
from portal.foundation.language import Message, say
from portal.placement import queries
from portal.placement.allocation import Candidate, Decision, Receiver, allocate, choose_most, fixed_shares
from portal.placement.criteria import Criteria, Share, check_shares
from portal.placement.fairness import Book, Group, Tally, books_of, group_by_bucket

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.placement.receivers import PossibleReceiver

__all__ = ["LARGEST_AT_ONCE", "Preview", "Proposal", "preview", "propose", "take_part"]

LARGEST_AT_ONCE = 20_000  # accounts that are allocated while the page waits; more are a job


@dataclass(frozen=True)
class Proposal:
    """Who gets what: a decision beside its account, and how many eligible accounts were not asked for."""

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

    def books(self, shares: Sequence[Share]) -> list[Book]:
        """The proposal by receiver."""
        return books_of(self.groups(), {s.organisation_id: s.share for s in shares})


@dataclass(frozen=True)
class Preview:
    """What a run would do, before anything is written. `books` is empty where nobody takes part yet, where the shares
    make no whole (`problem`), or where it is too much to be worked out while the page waits (`too_large`)."""

    eligible: Tally
    left_out: Sequence[Tally]
    books: Sequence[Book] = ()
    beyond: int = 0
    beyond_minor: int = 0
    too_large: bool = False
    problem: Message | None = None

    @property
    def can_be_saved(self) -> bool:
        """Whether these answers make a run."""
        return self.too_large or any(book.organisation_id is not None and book.accounts for book in self.books)


@dataclass(frozen=True)
class TakingPart:
    """The receivers of a run on its day, and their shares by code."""

    receivers: Sequence[Receiver]
    shares: Mapping[str, Decimal]
    on_date: date


def take_part(shares: Sequence[Share], possible: Sequence[PossibleReceiver]) -> TakingPart:
    """The receivers of a run. DomainError for shares that do not make the whole, or for somebody who cannot receive."""
    check_shares(list(shares))
    known = {p.id: p for p in possible if not p.licence_ended}
    if any(s.organisation_id not in known for s in shares):
        words = say("One of the organisations has no valid contract or licence for this kind on this day.")
        raise DomainError("run.receiver", words, field="shares")
    taking = [known[s.organisation_id] for s in shares]
    return TakingPart(
        receivers=[Receiver(p.id, p.organisation.code, room_accounts=p.room) for p in taking],
        shares={known[s.organisation_id].organisation.code: s.share for s in shares},
        on_date=taking[0].on_date,
    )


def propose(session: Session, criteria: Criteria, part: TakingPart) -> Proposal:
    """Read the eligible accounts and split them."""
    eligible = queries.candidates(session, criteria, part.on_date)
    chosen = eligible
    if criteria.most is not None and len(eligible) > criteria.most:
        chosen = choose_most(eligible, criteria.most, criteria.order, criteria.seed)
    strategy = fixed_shares(part.shares, seed=criteria.seed, date=part.on_date, currency=criteria.currency)
    decisions = allocate(chosen, part.receivers, strategy).decisions
    by_account = sorted(chosen)
    return Proposal(
        pairs=list(zip(by_account, decisions, strict=True)),
        beyond=len(eligible) - len(chosen),
        beyond_minor=sum(c.total_minor for c in eligible) - sum(c.total_minor for c in chosen),
    )


def preview(
    session: Session, criteria: Criteria, shares: Sequence[Share], possible: Sequence[PossibleReceiver], today: date
) -> Preview:
    """Counts always; the split where somebody takes part."""
    tallies = queries.tally_by_obstacle(session, criteria, today)
    eligible = next((t for t in tallies if t.reason is None), Tally(None, 0, 0))
    left_out = [t for t in tallies if t.reason is not None]
    if not shares or not eligible.accounts:
        return Preview(eligible, left_out)
    try:
        part = take_part(shares, possible)
    except DomainError as error:
        return Preview(eligible, left_out, problem=error.message)
    if eligible.accounts > LARGEST_AT_ONCE:
        return Preview(eligible, left_out, too_large=True)
    proposal = propose(session, criteria, part)
    return Preview(eligible, left_out, proposal.books(shares), proposal.beyond, proposal.beyond_minor)
